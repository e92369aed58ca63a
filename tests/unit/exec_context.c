/* SPDX-License-Identifier: MIT */
/* The registers of contexts, the batches that run at their restore, and noise. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/exec_rig.h"

#define MI_BATCH_BUFFER_END 0x05000000u

/*
 * A context's registers: gen9_rcs_offsets and gen9_xcs_offsets in intel_lrc.c, those that hold
 * addresses, and registers that are in no image.
 */
START_TEST(images)
{
	static const u16 loaded[] = { 0x028, 0x068, 0x09c, 0x0c0, 0x150, 0x154, 0x158, 0x170, 0x178,
				      0x17c, 0x358, 0x3a8, 0x41c, 0x600, 0x604, 0x678, 0x67c };
	static const u16 ours[] = { 0x030, 0x034, 0x038, 0x03c, 0x110, 0x114, 0x118, 0x11c,
				    0x140, 0x168, 0x1c0, 0x1c4, 0x1c8, 0x244, 0x270, 0x274,
				    0x278, 0x27c, 0x280, 0x284, 0x288, 0x28c };
	static const u16 refused[] = { 0x020, 0x050, 0x080, 0x0a8, 0x0d0, 0x134, 0x180,
				       0x1a8, 0x220, 0x230, 0x234, 0x29c, 0x370, 0x3a0,
				       0x3b0, 0x4d0, 0x510, 0x520, 0x550, 0xb00 };
	u32 base = gvt_engine_base(_i), other = gvt_engine_base((_i + 1) % GVT_NR_ENGINES);

	for (size_t i = 0; i < ARRAY_SIZE(loaded); i++) {
		ck_assert_int_eq(gvt_rule_context(_i, base + loaded[i]), GVT_RULE_ALLOW);
		ck_assert_int_eq(gvt_rule_context(_i, other + loaded[i]), GVT_RULE_REFUSE);
	}
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		ck_assert_int_eq(gvt_rule_context(_i, base + ours[i]), GVT_RULE_SPECIAL);
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		ck_assert_int_eq(gvt_rule_context(_i, base + refused[i]), GVT_RULE_REFUSE);
	ck_assert_int_eq(gvt_rule_context(_i, 0x44200), GVT_RULE_REFUSE);
	ck_assert_int_eq(gvt_rule_context(_i, ~0u), GVT_RULE_REFUSE);
}
END_TEST

/* Images may load registers that commands may not write, but none that hold addresses. */
START_TEST(images_and_commands)
{
	struct rig *r = rig_new(GVT_RCS0);

	for (int e = 0; e < GVT_NR_ENGINES; e++)
		for (u32 at = 0; at < MiB(2); at += 4) {
			enum gvt_reg_rule image = gvt_rule_context(e, at),
					  command = gvt_rule_write(r->f->gvt, e, at);

			UNIT_CHECK(image != GVT_RULE_ALLOW || command == GVT_RULE_ALLOW ||
					   command == GVT_RULE_SINK ||
					   command == GVT_RULE_CHECKED ||
					   !intel_gvt_reg(r->f->gvt, at),
				   "engine %d: images load 0x%x", e, at);
			UNIT_CHECK(image != GVT_RULE_SPECIAL || command != GVT_RULE_CHECKED,
				   "engine %d: 0x%x is whose?", e, at);
		}
	rig_free(r);
}
END_TEST

/* gen9_init_indirectctx_bb() in i915: a save and load through the GGTT, and workarounds. */
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
	/* An indirect-context batch ends after its length, a per-context batch by a command. */
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

/* A dword that is likely to have a meaning. */
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

/* Whatever a buffer of exactly its size contains, the audit ends; what passes once passes again. */
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
	/* Some passed, and some did not. */
	ck_assert_uint_gt(passed, 100);
	ck_assert_uint_lt(passed, 15000);
	rig_free(r);
}
END_TEST

Suite *suite_exec_context(void)
{
	const TTest *const tests[] = { images_and_commands, restore_batches, noise };
	Suite *s = unit_suite("contexts", tests, ARRAY_SIZE(tests));
	TCase *each = tcase_create("images");

	tcase_add_loop_test(each, images, 0, GVT_NR_ENGINES);
	suite_add_tcase(s, each);
	return s;
}
