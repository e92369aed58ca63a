/* SPDX-License-Identifier: MIT */
/* Guest memory through the bounded cache of mappings. */
#include <errno.h>
#include <string.h>

#include "tests/unit/xengt_rig.h"

#define END ((u64)GUEST_PAGES * GVT_PAGE_SIZE)

/* A cache of its own, without a vGPU. */
struct fixture {
	struct guest *g;
	xenforeignmemory_handle *fmem;
	struct xengt_mem mem;
};

static void setup(struct fixture *x)
{
	x->g = guest_new(1, 0);
	x->fmem = xenforeignmemory_open(NULL, 0);
	xengt_mem_init(&x->mem, x->fmem, GUEST_DOMID, GUEST_PAGES * 4);
}

static void teardown(struct fixture *x)
{
	xengt_mem_close(&x->mem);
	ck_assert_uint_eq(guest_stats(x->g).mapped_pages, 0);
	xenforeignmemory_close(x->fmem);
	guest_free(x->g);
}

static int rd(struct fixture *x, u64 gpa, void *buf, size_t len)
{
	return xengt_mem_copy(&x->mem, gpa, buf, len, false);
}

static int wr(struct fixture *x, u64 gpa, void *buf, size_t len)
{
	return xengt_mem_copy(&x->mem, gpa, buf, len, true);
}

/* Lengths within a page, across one boundary, across several, and across mappings. */
START_TEST(copies)
{
	static const size_t lengths[] = { 0, 1, 8, 4095, 4096, 4097, 20000 };
	static const u64 starts[] = { 0,	   1, 0xfff, 0x1000, 0xff000 - 1, 0x100000 - 4097,
				      0x100000 - 1 };
	u8 out[20000], in[20000];
	struct fixture x;
	u64 seed = 3;

	setup(&x);
	for (size_t s = 0; s < ARRAY_SIZE(starts); s++)
		for (size_t l = 0; l < ARRAY_SIZE(lengths); l++) {
			for (size_t i = 0; i < lengths[l]; i++)
				out[i] = unit_random(&seed);
			memset(in, 0, sizeof(in));
			ck_assert_int_eq(wr(&x, starts[s], out, lengths[l]), 0);
			ck_assert_int_eq(rd(&x, starts[s], in, lengths[l]), 0);
			UNIT_CHECK(!memcmp(in, out, lengths[l]), "0x%llx + %zu",
				   (unsigned long long)starts[s], lengths[l]);
			/* The guest finds the same bytes. */
			for (size_t i = 0; i < lengths[l]; i += 997)
				UNIT_CHECK(*guest_ram(x.g, starts[s] + i) == out[i],
					   "byte %zu of 0x%llx", i, (unsigned long long)starts[s]);
		}
	teardown(&x);
}
END_TEST

START_TEST(holes)
{
	struct fixture x;
	u8 buf[16] = { 0 };

	setup(&x);
	ck_assert_int_eq(rd(&x, END, buf, 1), -EFAULT);
	ck_assert_int_eq(rd(&x, END - 8, buf, 8), 0);
	ck_assert_int_eq(rd(&x, END - 8, buf, 9), -EFAULT);
	ck_assert_int_eq(wr(&x, END - 8, buf, 9), -EFAULT);
	ck_assert_int_eq(rd(&x, 1ull << 40, buf, 8), -EFAULT);
	ck_assert_int_eq(rd(&x, ~0ull - 7, buf, 8), -EFAULT);
	ck_assert_int_eq(rd(&x, ~0ull - 7, buf, 16), -EFAULT);
	ck_assert_int_eq(wr(&x, ~0ull, buf, 1), -EFAULT);
	ck_assert_int_eq(rd(&x, ~0ull, buf, 2), -EFAULT);
	ck_assert(xengt_mem_valid(&x.mem, 0));
	ck_assert(xengt_mem_valid(&x.mem, GUEST_PAGES - 1));
	ck_assert(!xengt_mem_valid(&x.mem, GUEST_PAGES));
	ck_assert(!xengt_mem_valid(&x.mem, ~0ull >> 12));
	ck_assert(xengt_mem_holes(&x.mem, GUEST_PAGES, 1000));
	ck_assert(!xengt_mem_holes(&x.mem, GUEST_PAGES - 1, 1000));
	ck_assert(!xengt_mem_holes(&x.mem, 0, 1));
	ck_assert(xengt_mem_holes(&x.mem, 0, 0));
	teardown(&x);
}
END_TEST

/* All memory is touched, and only a bounded part of it is mapped. */
START_TEST(bounded)
{
	const u64 bound = 32 * XENGT_AREA_PAGES;
	struct fixture x;
	u8 byte;

	setup(&x);
	x.mem.areas_max = 32;
	ck_assert_uint_gt(GUEST_PAGES, bound);
	for (unsigned int round = 0; round < 2; round++)
		for (u64 gpa = 0; gpa < END; gpa += GVT_PAGE_SIZE * 7) {
			ck_assert_int_eq(rd(&x, gpa, &byte, 1), 0);
			UNIT_CHECK(guest_stats(x.g).mapped_pages <= bound, "%u pages mapped",
				   guest_stats(x.g).mapped_pages);
		}
	ck_assert_uint_gt(x.mem.drops, 0);
	xengt_mem_drop(&x.mem);
	ck_assert_uint_eq(guest_stats(x.g).mapped_pages, 0);
	/* A page that is used all the time stays mapped, whatever else comes and goes. */
	for (u64 gpa = MiB(1); gpa < END; gpa += MiB(1)) {
		u64 maps;

		ck_assert_int_eq(rd(&x, 0, &byte, 1), 0);
		ck_assert_int_eq(rd(&x, gpa, &byte, 1), 0);
		maps = x.mem.maps;
		ck_assert_int_eq(rd(&x, 0, &byte, 1), 0);
		ck_assert_uint_eq(x.mem.maps, maps);
	}
	teardown(&x);
}
END_TEST

/* A page that the guest gave back is not reached by us either, after that was announced. */
START_TEST(ballooned)
{
	struct guest *g = guest_start(1);
	const u64 gpa = 0x5000;
	u32 val = 0x1234, got = 0;

	ck_assert_int_eq(xengt_mem_copy(&g->v->mem, gpa, &val, 4, true), 0);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, GFN(gpa)), 0);
	ck_assert_int_eq(xengt_mem_copy(&g->v->mem, gpa, &got, 4, false), -EFAULT);
	ck_assert_int_eq(xengt_mem_copy(&g->v->mem, gpa, &val, 4, true), -EFAULT);
	/* Its neighbours are reached. */
	ck_assert_int_eq(xengt_mem_copy(&g->v->mem, gpa - 4, &got, 4, false), 0);

	/* A new page in its place is found without an announcement. */
	ck_assert_int_eq(exen_guest_populate(g->d, 0, GFN(gpa)), 0);
	*(u32 *)(void *)guest_ram(g, gpa) = 0x9999;
	ck_assert_int_eq(xengt_mem_copy(&g->v->mem, gpa, &got, 4, false), 0);
	ck_assert_uint_eq(got, 0x9999);
	ck_assert_int_eq(xengt_mem_copy(&g->v->mem, gpa, &val, 4, true), 0);
	ck_assert_uint_eq(*(u32 *)(void *)guest_ram(g, gpa), 0x1234);
	guest_free(g);
}
END_TEST

/* The frame of a page that changed hands goes back to Xen: no mapping of ours holds it. */
START_TEST(frames_go_back)
{
	struct guest *g = guest_start(1);
	struct exen_stats before, after;
	u32 val;

	ck_assert_int_eq(xengt_mem_copy(&g->v->mem, 0x5000, &val, 4, false), 0);
	exen_stats(&before);
	ck_assert_int_eq(exen_guest_balloon_out(g->d, 0, 5), 0);
	exen_stats(&after);
	ck_assert_uint_eq(after.used_frames, before.used_frames - 1);
	guest_free(g);
}
END_TEST

START_TEST(domain_gone)
{
	struct fixture x;
	u32 val;

	setup(&x);
	ck_assert_int_eq(rd(&x, 0, &val, 4), 0);
	exen_domain_destroy(x.g->d);
	xengt_mem_drop(&x.mem);
	ck_assert_int_eq(rd(&x, 0, &val, 4), -EFAULT);
	ck_assert(!xengt_mem_valid(&x.mem, 0));
	teardown(&x);
}
END_TEST

/* A mapping that fails is tried again later. */
START_TEST(mapping_fails)
{
	struct fixture x;
	u32 val = 7, got = 0;

	setup(&x);
	exen_fail("xenforeignmemory_map", 1, ENOMEM);
	ck_assert_int_eq(wr(&x, 0x1000, &val, 4), -EFAULT);
	ck_assert_int_eq(wr(&x, 0x1000, &val, 4), 0);
	ck_assert_int_eq(rd(&x, 0x1000, &got, 4), 0);
	ck_assert_uint_eq(got, 7);
	teardown(&x);
}
END_TEST

/* The answer for many frames is the same as for each, with one call for many of them. */
START_TEST(many_looked_for)
{
	struct fixture x;
	u64 gfns[2 * XENGT_AREA_PAGES], seed = 11;
	bool valid[2 * XENGT_AREA_PAGES];

	setup(&x);
	for (u64 gfn = 5; gfn < 300; gfn += 3)
		ck_assert_int_eq(exen_guest_balloon_out(x.g->d, 0, gfn), 0);
	for (size_t i = 0; i < ARRAY_SIZE(gfns); i++)
		gfns[i] = unit_random(&seed) % 8 ? unit_random(&seed) % 400
						 : unit_random(&seed) >> 20;
	exen_fail("xenforeignmemory_map", 3, EIO);
	xengt_mem_valid_many(&x.mem, gfns, ARRAY_SIZE(gfns), valid);
	ck_assert_uint_eq(exen_fail_left(true), 1);
	for (size_t i = 0; i < ARRAY_SIZE(gfns); i++)
		UNIT_CHECK(valid[i] == xengt_mem_valid(&x.mem, gfns[i]), "gfn 0x%llx",
			   (unsigned long long)gfns[i]);
	teardown(&x);
}
END_TEST

Suite *suite_xengt_mem(void)
{
	const TTest *const tests[] = {
		copies,		holes,	     bounded,	    ballooned,
		frames_go_back, domain_gone, mapping_fails, many_looked_for
	};

	return unit_suite("xengt_mem", tests, ARRAY_SIZE(tests));
}
