/* SPDX-License-Identifier: MIT */
/* The audit of context images and of the batches that run at their restore, and noise. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/exec_rig.h"

#define MI_BATCH_BUFFER_END 0x05000000u
#define LRI(n)		    (0x11001000u | (2 * (n)-1)) /* posted, as contexts have it */
#define PAGE_DWORDS	    1024u

/* What intel_lrc.c lays out for Gen9's render engine: lists of loads between idle dwords. */
static const u16 gen9_rcs[][2] = {
	/* first register, how many to the next list; 0: one more of this list */
	{ 0x244, 14 }, { 0x034, 0 }, { 0x030, 0 }, { 0x038, 0 }, { 0x03c, 0 }, { 0x168, 0 },
	{ 0x140, 0 },  { 0x110, 0 }, { 0x11c, 0 }, { 0x114, 0 }, { 0x118, 0 }, { 0x1c0, 0 },
	{ 0x1c4, 0 },  { 0x1c8, 0 }, { 0x3a8, 9 }, { 0x28c, 0 }, { 0x288, 0 }, { 0x284, 0 },
	{ 0x280, 0 },  { 0x27c, 0 }, { 0x278, 0 }, { 0x274, 0 }, { 0x270, 0 }, { 0x0c8, 1 },
	{ 0x028, 12 }, { 0x09c, 0 }, { 0x0c0, 0 }, { 0x178, 0 }, { 0x17c, 0 }, { 0x358, 0 },
	{ 0x170, 0 },  { 0x150, 0 }, { 0x154, 0 }, { 0x158, 0 }, { 0x41c, 0 }, { 0x068, 0 },
	{ 0x600, 4 },  { 0x604, 0 }, { 0x678, 0 }, { 0x67c, 0 },
};

/* An image; each register's value is its offset. Returns the place of the end. */
static u32 image(u32 *dw, enum gvt_engine engine)
{
	u32 at = 0;

	memset(dw, 0, PAGE_DWORDS * sizeof(*dw));
	for (size_t i = 0; i < ARRAY_SIZE(gen9_rcs); i++) {
		if (gen9_rcs[i][1]) {
			at += 1 + at % 3;
			dw[at++] = LRI(gen9_rcs[i][1]);
		}
		dw[at++] = gvt_engine_base(engine) + gen9_rcs[i][0];
		dw[at++] = gen9_rcs[i][0];
	}
	dw[at] = MI_BATCH_BUFFER_END;
	return at;
}

START_TEST(images)
{
	enum gvt_engine engine = _i;
	struct rig *r = rig_new(engine);
	u32 dw[PAGE_DWORDS], before[PAGE_DWORDS], end = image(dw, engine), replaced = 0;

	dw[end + 1] = 0x20000000; /* never reached */
	memcpy(before, dw, sizeof(dw));
	ck_assert_int_eq(gvt_scan_context(&r->scan, dw, PAGE_DWORDS, &r->fault), 0);
	ck_assert_int_eq(memcmp(before, dw, sizeof(dw)), 0);

	/* What is the mediator's is asked for, and replaced; the rest stays the guest's. */
	r->scan.special = rig_special;
	r->special_val = 0x5a5a5a5a;
	ck_assert_int_eq(gvt_scan_context(&r->scan, dw, PAGE_DWORDS, &r->fault), 0);
	for (u32 i = 0; i < PAGE_DWORDS; i++) {
		replaced += dw[i] != before[i];
		ck_assert(dw[i] == before[i] || dw[i] == r->special_val);
	}
	ck_assert_uint_eq(replaced, r->specials);
	ck_assert_uint_eq(replaced, 25);
	rig_free(r);
}
END_TEST

/* A register that is the mediator's is asked for wherever and however often it stands. */
START_TEST(twice)
{
	struct rig *r = rig_new(GVT_RCS0);
	u32 dw[] = { LRI(3), 0x2600, 1, 0x2038, 2, 0x2038, 3, LRI(1), 0x2038, 4 };

	r->scan.special = rig_special;
	r->special_val = 9;
	ck_assert_int_eq(gvt_scan_context(&r->scan, dw, ARRAY_SIZE(dw), &r->fault), 0);
	ck_assert_uint_eq(r->specials, 3);
	ck_assert(dw[2] == 1 && dw[4] == 9 && dw[6] == 9 && dw[9] == 9);
	r->fail = -EINVAL;
	ck_assert_int_eq(gvt_scan_context(&r->scan, dw, ARRAY_SIZE(dw), &r->fault), -EINVAL);
	ck_assert_uint_eq(r->fault.addr, 0x2038);
	rig_free(r);
}
END_TEST

static const struct {
	u32 dw[6];
	int err;
	enum gvt_scan_why kind;
} bad_images[] = {
	{ { LRI(1), 0x2080, 0 }, -EPERM, GVT_SCAN_REGISTER },  /* HWS_PGA */
	{ { LRI(1), 0x2230, 0 }, -EPERM, GVT_SCAN_REGISTER },  /* ELSP */
	{ { LRI(1), 0x229c, 0 }, -EPERM, GVT_SCAN_REGISTER },  /* RING_MODE */
	{ { LRI(1), 0x22600, 0 }, -EPERM, GVT_SCAN_REGISTER }, /* another engine's */
	{ { LRI(1), 0x7014, 0 }, -EPERM, GVT_SCAN_REGISTER },  /* no engine's */
	{ { LRI(1), 0x44200, 0 }, -EPERM, GVT_SCAN_REGISTER },
	{ { LRI(8), 0x2600, 0 }, -EBADRQC, GVT_SCAN_CUT },
	{ { 0x11000002, 0x2600, 0, 0x2600 }, -EBADRQC, GVT_SCAN_LENGTH },
	{ { 0x18800001, 0x1000, 0 }, -EBADRQC, GVT_SCAN_NEVER }, /* a batch */
	{ { 0x10400002, 0x1000, 0, 1 }, -EBADRQC, GVT_SCAN_NEVER },
	{ { 0, 0x20000000 }, -EBADRQC, GVT_SCAN_UNKNOWN },
};

START_TEST(refused_images)
{
	struct rig *r = rig_new(GVT_RCS0);
	u32 dw[6];

	memcpy(dw, bad_images[_i].dw, sizeof(dw));
	ck_assert_int_eq(gvt_scan_context(&r->scan, dw, ARRAY_SIZE(dw), &r->fault),
			 bad_images[_i].err);
	ck_assert_int_eq(r->fault.kind, bad_images[_i].kind);
	ck_assert_uint_eq(r->counts.refused[bad_images[_i].kind], 1);
	rig_free(r);
}
END_TEST

/* gen9_init_indirectctx_bb() in i915: a save and load by way of the GGTT, workarounds. */
START_TEST(restore_batches)
{
	struct rig *r = rig_new(GVT_RCS0);
	u32 indirect[] = {
		0x04000000, 0x12400002, 0xb118,	    0x2100,	0,	    0x11000001, 0xb118,
		0x40600000, 0x7a000004, 0x00100020, 0,		0,	    0,		0,
		0x14c00002, 0xb118,	0x2100,	    0,		0x7a000004, 0x08304000, 0x80,
		0,	    0,		0,	    0x11000005, 0x7014,	    1,		0x2088,
		1,	    0x2090,	1,	    0,		0x04000001, 0,
	};
	u32 jump[] = { 0x18800001, RIG_AT(0), 0 }, end[] = { 0, MI_BATCH_BUFFER_END, 0x123 };

	ck_assert_int_eq(gvt_scan_indirect(&r->scan, indirect, ARRAY_SIZE(indirect), &r->fault), 0);
	/* Its length ends one, a command the other. */
	ck_assert_int_eq(gvt_scan_per_ctx(&r->scan, indirect, ARRAY_SIZE(indirect), &r->fault),
			 -EBADRQC);
	ck_assert_int_eq(r->fault.kind, GVT_SCAN_CUT);
	ck_assert_int_eq(gvt_scan_per_ctx(&r->scan, end, 3, &r->fault), 0);
	ck_assert_uint_eq(end[2], 0);
	ck_assert_int_eq(gvt_scan_indirect(&r->scan, jump, 3, &r->fault), -EBADRQC);
	ck_assert_int_eq(gvt_scan_per_ctx(&r->scan, jump, 3, &r->fault), -EBADRQC);
	ck_assert_int_eq(r->fault.kind, GVT_SCAN_NEVER);
	ck_assert_uint_eq(r->copied, 0);
	rig_free(r);
}
END_TEST

/* A dword that is likely to be something. */
static u32 likely(u64 *seed)
{
	static const u32 headers[] = {
		0x11000001, 0x10400002, 0x18800001, 0x18c00001, 0x18808001, 0x12400002,
		0x7a000004, 0x05000000, 0x14c00002, 0x15000001, 0x0e400002, 0x17c00009,
		0x10400123, 0x13204002, 0x110000ff, 0x1b400002,
	};
	u64 n = unit_random(seed);

	switch (n % 8) {
	case 0:
		return unit_random(seed);
	case 1:
		return RIG_AT(n >> 8 & 3);
	case 2:
	case 3:
		return 0;
	case 4:
		return 0x2600 + (n >> 8 & 0x7c);
	default:
		return headers[(n >> 8) % ARRAY_SIZE(headers)];
	}
}

/* Whatever stands in exactly so much memory: it ends, and a passed one passes again. */
START_TEST(noise)
{
	struct rig *r = rig_new(GVT_RCS0);
	u64 seed = 0x9e3779b97f4a7c15ull, passed = 0;

	r->scan.special = rig_special;
	for (int round = 0; round < 20000; round++) {
		u32 nr = unit_random(&seed) % 48;
		u32 *dw = malloc(nr * sizeof(*dw) + 1), at = 0;
		u64 before = r->counts.dwords;
		int err;

		r->scan.engine = unit_random(&seed) % GVT_NR_ENGINES;
		r->scan.user = round & 1;
		for (u32 i = 0; i < nr; i++)
			dw[i] = likely(&seed);
		for (unsigned int b = 0; b < RIG_BATCHES; b++)
			for (u32 i = 0; i < RIG_DWORDS; i++)
				r->batch[b][i] = i % 16 == 15 ? MI_BATCH_BUFFER_END : likely(&seed);
		gvt_scan_context(&r->scan, dw, nr, &r->fault);
		gvt_scan_end(r->scan.engine, dw, nr, &at);
		UNIT_CHECK(at <= nr, "walked beyond the end");
		gvt_scan_per_ctx(&r->scan, dw, nr, &r->fault);
		gvt_scan_indirect(&r->scan, dw, nr, &r->fault);
		err = gvt_scan_ring(&r->scan, dw, nr, &r->fault);
		UNIT_CHECK(err <= 0, "a verdict of %d", err);
		UNIT_CHECK(!err || r->fault.offset <= RIG_DWORDS * sizeof(u32), "a fault at 0x%x",
			   r->fault.offset);
		UNIT_CHECK(r->counts.dwords - before <= 3 * nr + GVT_SCAN_BATCHES * (u64)RIG_DWORDS,
			   "more was walked than there is");
		passed += !err;
		free(dw);
	}
	/* Some of it is good, and some is not. */
	ck_assert_uint_gt(passed, 100);
	ck_assert_uint_lt(passed, 15000);
	rig_free(r);
}
END_TEST

Suite *suite_exec_context(void)
{
	const TTest *const tests[] = { twice, restore_batches, noise };
	Suite *s = unit_suite("contexts", tests, ARRAY_SIZE(tests));
	TCase *each = tcase_create("images");

	tcase_add_loop_test(each, images, 0, GVT_NR_ENGINES);
	tcase_add_loop_test(each, refused_images, 0, ARRAY_SIZE(bad_images));
	suite_add_tcase(s, each);
	return s;
}
