/* SPDX-License-Identifier: MIT */
/* Translation level by level, and the search for differences, as the daemon uses them. */
#include <errno.h>

#include "tests/unit/gtt_guest.h"

static const struct gvt_root root = { .pdp = { PML4 << GVT_PAGE_SHIFT }, .levels = 4 };

static u64 *shadow_of(struct fake *f, u32 frame, enum gtt_kind kind)
{
	struct intel_vgpu_page_track *track = intel_vgpu_find_page_track(f->vgpu, frame);
	struct gtt_table *table = track->priv_data;

	return table->shadow[kind]->page.va;
}

START_TEST(no_difference)
{
	struct fake *f = guest_new();
	struct gvt_verify result;

	guest_entry(f, PD, 1, (u64)PAGES << GVT_PAGE_SHIFT | 0x83);
	guest_entry(f, PD, 2, guest_table(PT2) | 1 << 11);
	guest_entry(f, PD, 3, guest_table(FAKE_RAM_PAGES));
	guest_entry(f, PDP, 1, 0x83);
	guest_entry(f, PT2, 16, guest_table(PAGES + 32) | 0x18);
	fake_reg_write(f, GAMW, 0xf);
	fake_write(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + 8, 8, guest_table(PAGES));
	ck_assert_int_eq(intel_vgpu_verify(f->vgpu, &root, &result), 0);
	ck_assert_ptr_null(result.what);
	ck_assert_uint_ge(result.tables, 5);
	ck_assert_int_eq(intel_vgpu_verify(f->vgpu, NULL, &result), 0);
	ck_assert_uint_eq(result.entries, GGTT_PAGES);
	/* Also after frames were scattered and given up. */
	guest_notify(f, 5);
	fake_scatter(f);
	fake_give_up(f, PAGES + 5);
	intel_vgpu_invalidate(f->vgpu);
	guest_notify(f, 4);
	ck_assert_int_eq(intel_vgpu_verify(f->vgpu, &root, &result), 0);
	fake_free(f);
}
END_TEST

/* Each commit looks for some of the frames that came back. The others are no differences. */
START_TEST(came_back)
{
	struct fake *f = fake_vgpu_ggtt();
	struct gvt_verify result;

	fake_give_up(f, PAGES);
	fake_give_up(f, PAGES + 1);
	for (u32 i = 0; i < 5 * GGTT_RETRY_BATCH; i++)
		fake_ggtt_write(f, i, guest_table(PAGES + i % 2));
	ck_assert_int_eq(intel_vgpu_verify(f->vgpu, NULL, &result), 0);
	fake_populate(f, PAGES);
	fake_populate(f, PAGES + 1);
	ck_assert_int_eq(intel_vgpu_verify(f->vgpu, NULL, &result), 0);
	ck_assert_uint_eq(result.tries, 1);
	ck_assert_uint_eq(intel_vgpu_gtt_counts(f->vgpu)->holes, 0);
	fake_free(f);
}
END_TEST

/* Each kind of wrong entry is found, with its address. */
START_TEST(differences)
{
	static const struct {
		u32 frame;
		enum gtt_kind kind;
		u32 i;
		u64 flip, addr;
	} wrong[] = {
		{ PT, GTT_PT, 7, 0x1000, 0x7000 },  /* another page */
		{ PT, GTT_PT, 511, 0x2, 0x1ff000 }, /* writable or not */
		{ PT, GTT_PT, 3, 0x80, 0x3000 },    /* another cache policy */
		{ PD, GTT_PD, 0, 0x7f000, 0 },	    /* another table */
		{ PD, GTT_PD, 5, 0x1, 5 * MiB(2) }, /* not present */
		{ PML4, GTT_PML4, 511, 0x7f000, 511ull << 39 },
	};
	struct fake *f = guest_new();
	struct gvt_verify result;

	ck_assert_int_eq(intel_vgpu_verify(f->vgpu, &root, &result), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		u64 *entry = shadow_of(f, wrong[i].frame, wrong[i].kind) + wrong[i].i;

		*entry ^= wrong[i].flip;
		ck_assert_int_eq(intel_vgpu_verify(f->vgpu, &root, &result), -EILSEQ);
		ck_assert_ptr_nonnull(result.what);
		ck_assert_uint_eq(result.addr, wrong[i].addr);
		ck_assert_uint_eq(result.tries, 2);
		*entry ^= wrong[i].flip;
	}
	ck_assert_int_eq(intel_vgpu_verify(f->vgpu, &root, &result), 0);
	f->vgpu->gtt->ggtt.leaves[3].guest = 0;
	f->vgpu->gtt->ggtt.leaves[3].shadow ^= 0x1000;
	ck_assert_int_eq(intel_vgpu_verify(f->vgpu, NULL, &result), -EILSEQ);
	ck_assert_uint_eq(result.addr, 3 * MiB(2));
	f->vgpu->gtt->ggtt.leaves[3].shadow ^= 0x1000;
	fake_free(f);
}
END_TEST

START_TEST(walk)
{
	struct fake *f = guest_new();
	struct gvt_walk w;

	/* There is no shadow yet: only the guest's side is known. */
	ck_assert_int_eq(intel_vgpu_translate(f->vgpu, &root, 0x5678, &w), 0);
	ck_assert_uint_eq(w.nr, 4);
	ck_assert(w.level[3].has_guest && !w.level[3].has_shadow);
	ck_assert_uint_eq(w.gpa, (PAGES + 5) * GVT_PAGE_SIZE + 0x678);
	ck_assert_uint_eq(w.bus_size, 0);

	guest_entry(f, PD, 1, (u64)PAGES << GVT_PAGE_SHIFT | 0x83);
	ck_assert_int_eq(guest_sync(f), 0);
	ck_assert_int_eq(intel_vgpu_translate(f->vgpu, &root, 0x5678, &w), 0);
	ck_assert_str_eq(w.level[0].name, "PML4");
	ck_assert_str_eq(w.level[3].name, "PT");
	ck_assert_uint_eq(w.level[3].index, 5);
	ck_assert_uint_eq(w.level[3].guest_at, PT * GVT_PAGE_SIZE + 40);
	ck_assert_uint_eq(w.level[3].guest, guest_table(PAGES + 5));
	ck_assert_uint_eq(w.bus, guest_bus(f, PAGES + 5) + 0x678);
	ck_assert(!w.scratch);
	ck_assert_int_eq(intel_vgpu_translate(f->vgpu, &root, 0x345678, &w), 0);
	ck_assert_uint_eq(w.nr, 3);
	ck_assert_uint_eq(w.gpa_size, MiB(2));
	ck_assert_uint_eq(w.bus_size, MiB(2));
	ck_assert_uint_eq(w.bus, guest_bus(f, PAGES) + 0x145678);
	/* The guest has no entry there. The shadow goes on to the scratch page. */
	ck_assert_int_eq(intel_vgpu_translate(f->vgpu, &root, 0x7f0012345678, &w), 0);
	ck_assert_uint_eq(w.nr, 4);
	ck_assert(!w.level[1].has_guest);
	ck_assert_uint_eq(w.gpa_size, 0);
	ck_assert(w.scratch);
	ck_assert_int_eq(intel_vgpu_translate(f->vgpu, &root, 1ull << 48, &w), -ERANGE);

	fake_write(f, FAKE_BAR0 + VGPU_GGTT_OFFSET + 8 * 9, 8, guest_table(PAGES + 1));
	fake_reg_write(f, 0x101008, 1);
	ck_assert_int_eq(intel_vgpu_translate(f->vgpu, NULL, 0x9123, &w), 0);
	ck_assert_uint_eq(w.gpa, (PAGES + 1) * GVT_PAGE_SIZE + 0x123);
	ck_assert_uint_eq(w.bus, guest_bus(f, PAGES + 1) + 0x123);
	ck_assert_int_eq(intel_vgpu_translate(f->vgpu, NULL, GiB(4), &w), -ERANGE);
	guest_notify(f, 5);
	ck_assert_int_eq(intel_vgpu_translate(f->vgpu, &root, 0, &w), -ENOENT);
	fake_free(f);
}
END_TEST

/* There is no room to map everything once more: the shadow that is checked stays. */
START_TEST(no_room)
{
	struct fake *f = guest_new();
	struct gvt_verify result;

	ck_assert_int_eq(guest_sync(f), 0);
	f->dma_limit = 600;
	ck_assert_int_eq(intel_vgpu_verify(f->vgpu, &root, &result), -ENOSPC);
	ck_assert_uint_eq(intel_vgpu_gtt_counts(f->vgpu)->reclaims, 0);
	ck_assert_uint_eq(guest_gpu(f, 0), guest_bus(f, PAGES));
	/* It can be reclaimed afterwards, when nobody uses it. */
	ck_assert(ppgtt_reclaim(f->vgpu));
	fake_free(f);
}
END_TEST

START_TEST(roots)
{
	struct fake *f = guest_new();
	struct gvt_root found;
	unsigned int nr = 0;

	for (unsigned int n = 0; n < GVT_ROOTS_MAX; n++)
		if (intel_vgpu_root(f->vgpu, n, &found)) {
			ck_assert_uint_eq(found.levels, 4);
			ck_assert_uint_eq(found.pdp[0], root.pdp[0]);
			nr++;
		}
	ck_assert_uint_eq(nr, 1);
	fake_free(f);
}
END_TEST

Suite *suite_gtt_verify(void)
{
	const TTest *const tests[] = {
		no_difference, came_back, differences, walk, no_room, roots
	};

	return unit_suite("gtt_verify", tests, ARRAY_SIZE(tests));
}
