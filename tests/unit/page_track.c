/* SPDX-License-Identifier: MIT */
/* Page tracking in the core: the table, and the effect of a guest's write. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fake_mpt.h"
#include "tests/unit/unit.h"

#define GFN 0x123u
#define GPA ((u64)GFN << GVT_PAGE_SHIFT)

/* What a handler was last called with. */
struct seen {
	struct fake *f;
	unsigned int calls;
	u64 gpa, data;
	int bytes, ret;
	u32 in_memory; /* the word at the address, when the handler was called */
};

static int handler(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	struct seen *seen = track->priv_data;

	seen->calls++;
	seen->gpa = gpa;
	seen->bytes = bytes;
	seen->data = 0;
	memcpy(&seen->data, data, bytes);
	memcpy(&seen->in_memory, seen->f->ram + gpa, sizeof(seen->in_memory));
	return seen->ret;
}

static struct seen seen_by(struct fake *f)
{
	return (struct seen){ .f = f };
}

START_TEST(life)
{
	struct fake *f = fake_vgpu();
	struct seen seen = seen_by(f);
	struct intel_vgpu_page_track *track;

	ck_assert_ptr_null(intel_vgpu_find_page_track(f->vgpu, GFN));
	ck_assert_int_eq(intel_vgpu_enable_page_track(f->vgpu, GFN), -ENXIO);
	ck_assert_int_eq(intel_vgpu_disable_page_track(f->vgpu, GFN), -ENXIO);
	intel_vgpu_unregister_page_track(f->vgpu, GFN);

	ck_assert_int_eq(intel_vgpu_register_page_track(f->vgpu, GFN, handler, &seen), 0);
	ck_assert_int_eq(intel_vgpu_register_page_track(f->vgpu, GFN, handler, &seen), -EEXIST);
	track = intel_vgpu_find_page_track(f->vgpu, GFN);
	ck_assert_ptr_nonnull(track);
	ck_assert_uint_eq(track->gfn, GFN);
	ck_assert(!track->tracked);
	ck_assert(!f->tracked[GFN]);

	ck_assert_int_eq(intel_vgpu_enable_page_track(f->vgpu, GFN), 0);
	ck_assert(f->tracked[GFN]);
	ck_assert_int_eq(intel_vgpu_enable_page_track(f->vgpu, GFN), 0);
	ck_assert(track->tracked);
	ck_assert_int_eq(intel_vgpu_disable_page_track(f->vgpu, GFN), 0);
	ck_assert(!f->tracked[GFN]);
	ck_assert_int_eq(intel_vgpu_disable_page_track(f->vgpu, GFN), 0);

	ck_assert_int_eq(intel_vgpu_enable_page_track(f->vgpu, GFN), 0);
	intel_vgpu_unregister_page_track(f->vgpu, GFN);
	ck_assert(!f->tracked[GFN]);
	ck_assert_ptr_null(intel_vgpu_find_page_track(f->vgpu, GFN));
	ck_assert_int_eq(intel_vgpu_register_page_track(f->vgpu, GFN, handler, &seen), 0);
	fake_free(f);
}
END_TEST

START_TEST(write_arrives)
{
	struct fake *f = fake_vgpu();
	struct seen seen = seen_by(f);
	u64 val = 0x1122334455667788;

	intel_vgpu_register_page_track(f->vgpu, GFN, handler, &seen);
	intel_vgpu_enable_page_track(f->vgpu, GFN);
	for (unsigned int bytes = 1; bytes <= 8; bytes *= 2) {
		memset(f->ram + GPA, 0, GVT_PAGE_SIZE);
		fake_write(f, GPA + 8, bytes, val);
		ck_assert_uint_eq(seen.gpa, GPA + 8);
		ck_assert_int_eq(seen.bytes, bytes);
		ck_assert_uint_eq(seen.data, val & unit_ones(bytes));
		/* The handler is called after the write was carried out. Bytes beside it stay. */
		ck_assert_uint_eq(seen.in_memory, (u32)(val & unit_ones(bytes)));
		ck_assert_mem_eq(f->ram + GPA + 8, &val, bytes);
		ck_assert_uint_eq(f->ram[GPA + 7], 0);
		ck_assert_uint_eq(f->ram[GPA + 8 + bytes], 0);
	}
	ck_assert_uint_eq(seen.calls, 4);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->tracked_write, 4);
	fake_write(f, GPA + GVT_PAGE_SIZE - 1, 1, 0xab);
	ck_assert_uint_eq(f->ram[GPA + GVT_PAGE_SIZE - 1], 0xab);
	ck_assert_uint_eq(seen.calls, 5);
	fake_free(f);
}
END_TEST

/* A write that was in flight while its page was unregistered is still carried out. */
START_TEST(late_write)
{
	struct fake *f = fake_vgpu();
	struct seen seen = seen_by(f);
	u32 val = 0xcafe;

	intel_vgpu_register_page_track(f->vgpu, GFN, handler, &seen);
	intel_vgpu_enable_page_track(f->vgpu, GFN);
	intel_vgpu_unregister_page_track(f->vgpu, GFN);
	fake_write(f, GPA, 4, val);
	ck_assert_mem_eq(f->ram + GPA, &val, 4);
	ck_assert_uint_eq(seen.calls, 0);
	/* Without memory there, the write cannot be carried out. */
	ck_assert_int_eq(intel_vgpu_emulate_mmio_write(f->vgpu, FAKE_RAM_PAGES * GVT_PAGE_SIZE,
						       &val, 4),
			 -ENXIO);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->outside, 1);
	fake_free(f);
}
END_TEST

START_TEST(handler_error)
{
	struct fake *f = fake_vgpu();
	struct seen seen = seen_by(f);
	u32 val = 0xcafe;

	seen.ret = -EINVAL;
	intel_vgpu_register_page_track(f->vgpu, GFN, handler, &seen);
	intel_vgpu_enable_page_track(f->vgpu, GFN);
	ck_assert_int_eq(intel_vgpu_page_track_handler(f->vgpu, GPA, &val, 4), -EINVAL);
	ck_assert_mem_eq(f->ram + GPA, &val, 4);
	ck_assert_uint_eq(intel_vgpu_counters(f->vgpu)->outside, 0);
	fake_free(f);
}
END_TEST

/* The guest can write its memory, whether its vGPU is active or not. */
START_TEST(write_while_inactive)
{
	struct fake *f = fake_vgpu();
	struct seen seen = seen_by(f);
	u32 val = 0xcafe;

	intel_vgpu_register_page_track(f->vgpu, GFN, handler, &seen);
	intel_vgpu_enable_page_track(f->vgpu, GFN);
	intel_gvt_deactivate_vgpu(f->vgpu);
	fake_write(f, GPA, 4, val);
	ck_assert_mem_eq(f->ram + GPA, &val, 4);
	fake_free(f);
}
END_TEST

START_TEST(back_end_refuses)
{
	struct fake *f = fake_vgpu();
	struct seen seen = seen_by(f);

	intel_vgpu_register_page_track(f->vgpu, GFN, handler, &seen);
	f->fail_track = -EBUSY;
	ck_assert_int_eq(intel_vgpu_enable_page_track(f->vgpu, GFN), -EBUSY);
	ck_assert(!intel_vgpu_find_page_track(f->vgpu, GFN)->tracked);
	ck_assert_int_eq(intel_vgpu_enable_page_track(f->vgpu, GFN), 0);
	f->fail_track = -EBUSY;
	ck_assert_int_eq(intel_vgpu_disable_page_track(f->vgpu, GFN), -EBUSY);
	ck_assert(intel_vgpu_find_page_track(f->vgpu, GFN)->tracked);
	ck_assert_int_eq(intel_vgpu_disable_page_track(f->vgpu, GFN), 0);

	/* A page that is not guest memory cannot be tracked. */
	ck_assert_int_eq(intel_vgpu_register_page_track(f->vgpu, 1ul << 40, handler, &seen), 0);
	ck_assert_int_eq(intel_vgpu_enable_page_track(f->vgpu, 1ul << 40), -EINVAL);
	fake_free(f);
}
END_TEST

/* Thousands of pages, each with its own data. A third is unregistered in random order. */
START_TEST(many)
{
	struct seen *seen = calloc(FAKE_RAM_PAGES, sizeof(*seen));
	struct fake *f = fake_vgpu();
	u64 seed = 5;

	for (u32 gfn = 0; gfn < FAKE_RAM_PAGES; gfn++) {
		seen[gfn].f = f;
		ck_assert_int_eq(intel_vgpu_register_page_track(f->vgpu, gfn, handler, &seen[gfn]),
				 0);
		ck_assert_int_eq(intel_vgpu_enable_page_track(f->vgpu, gfn), 0);
	}
	for (u32 n = 0; n < 2 * FAKE_RAM_PAGES; n++) {
		u32 gfn = unit_random(&seed) % FAKE_RAM_PAGES;

		if (n % 3 == 0)
			intel_vgpu_unregister_page_track(f->vgpu, gfn);
	}
	for (u32 gfn = 0; gfn < FAKE_RAM_PAGES; gfn++) {
		struct intel_vgpu_page_track *track = intel_vgpu_find_page_track(f->vgpu, gfn);
		unsigned int calls = seen[gfn].calls;

		ck_assert_int_eq(f->tracked[gfn], track != NULL);
		fake_write(f, (u64)gfn << GVT_PAGE_SHIFT, 2, gfn);
		ck_assert_uint_eq(seen[gfn].calls - calls, track != NULL);
	}
	fake_free(f); /* checks that no page is still tracked */
	free(seen);
}
END_TEST

static int unregister_itself(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	struct seen *seen = track->priv_data;

	(void)data;
	(void)bytes;
	seen->calls++;
	intel_vgpu_unregister_page_track(seen->f->vgpu, gpa >> GVT_PAGE_SHIFT);
	return 0;
}

static int disable_itself(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	struct seen *seen = track->priv_data;

	(void)data;
	(void)bytes;
	seen->calls++;
	return intel_vgpu_disable_page_track(seen->f->vgpu, gpa >> GVT_PAGE_SHIFT);
}

/* Registers the next page, so that the table may grow during the call. */
static int register_next(struct intel_vgpu_page_track *track, u64 gpa, void *data, int bytes)
{
	struct seen *seen = track->priv_data;

	(void)data;
	(void)bytes;
	seen->calls++;
	return intel_vgpu_register_page_track(seen->f->vgpu, (gpa >> GVT_PAGE_SHIFT) + 1,
					      register_next, seen);
}

START_TEST(handler_changes_the_table)
{
	struct fake *f = fake_vgpu();
	struct seen seen = seen_by(f);

	intel_vgpu_register_page_track(f->vgpu, GFN, unregister_itself, &seen);
	intel_vgpu_enable_page_track(f->vgpu, GFN);
	fake_write(f, GPA, 4, 1);
	ck_assert_ptr_null(intel_vgpu_find_page_track(f->vgpu, GFN));
	ck_assert(!f->tracked[GFN]);

	intel_vgpu_register_page_track(f->vgpu, GFN, disable_itself, &seen);
	intel_vgpu_enable_page_track(f->vgpu, GFN);
	fake_write(f, GPA, 4, 1);
	ck_assert(!f->tracked[GFN]);
	intel_vgpu_unregister_page_track(f->vgpu, GFN);

	intel_vgpu_register_page_track(f->vgpu, 0, register_next, &seen);
	for (u32 gfn = 0; gfn < 500; gfn++)
		fake_write(f, (u64)gfn << GVT_PAGE_SHIFT, 4, 1);
	ck_assert_ptr_nonnull(intel_vgpu_find_page_track(f->vgpu, 500));
	ck_assert_uint_eq(seen.calls, 502);
	fake_free(f);
}
END_TEST

START_TEST(reset_lets_go)
{
	struct fake *f = fake_vgpu();
	struct seen seen = seen_by(f);

	for (u32 gfn = 0; gfn < 200; gfn++) {
		intel_vgpu_register_page_track(f->vgpu, gfn, handler, &seen);
		intel_vgpu_enable_page_track(f->vgpu, gfn);
	}
	intel_gvt_reset_vgpu(f->vgpu);
	for (u32 gfn = 0; gfn < 200; gfn++) {
		ck_assert(!f->tracked[gfn]);
		ck_assert_ptr_null(intel_vgpu_find_page_track(f->vgpu, gfn));
	}
	ck_assert_int_eq(intel_vgpu_register_page_track(f->vgpu, 5, handler, &seen), 0);
	fake_free(f);
}
END_TEST

Suite *suite_page_track(void)
{
	const TTest *const tests[] = {
		life,
		write_arrives,
		late_write,
		handler_error,
		write_while_inactive,
		back_end_refuses,
		many,
		handler_changes_the_table,
		reset_lets_go,
	};

	return unit_suite("page_track", tests, ARRAY_SIZE(tests));
}
