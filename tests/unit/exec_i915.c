/* SPDX-License-Identifier: MIT */
/*
 * What Linux' i915 itself gives the engines of a vGPU: every command and register that its own code
 * (not a program's batch) emits on Skylake, from Debian's 5.10, 6.1, 6.12 and 7.2, by the function
 * that emits it. All of these pass the audit. Those that the driver has code for, but does not emit
 * here, are at the end with the reason; the audit may refuse them.
 */
#include <errno.h>

#include "tests/unit/exec_rig.h"

#define ALL	  ((1u << GVT_NR_ENGINES) - 1)
#define RCS	  BIT32(GVT_RCS0)
#define BCS	  BIT32(GVT_BCS0)
#define XCS	  (ALL & ~RCS)
#define OLD	  0x1u /* only 5.10 */
#define SINCE_6_1 0xeu
#define EACH	  0xfu

#define LRI(n)	   (0x11000000u | (2 * (n)-1))
#define LRR	   0x15000001u
#define SRM	   0x12400002u /* of the GGTT, as all below */
#define LRM	   0x14c00002u
#define SDI	   0x10400002u
#define SDI_QWORDS 0x10200000u /* of the context's PPGTT */
#define FLUSH_DW   0x13000002u
#define PIPE	   0x7a000004u
#define BBS	   0x18800001u
#define BBS_USER   0x18800101u
#define PREDICATED 0x00008000u
#define MATH(n)	   (0x0d000000u | ((n)-1))
#define ARB_ON	   0x04000001u
#define ARB_OFF	   0x04000000u
#define ARB_CHECK  0x02800000u
#define USER_IRQ   0x01000000u
#define BATCH_END  0x05000000u
#define SEMAPHORE  0x0e408002u

#define HWSP	0x7ffff000u
#define SCRATCH 0x00200000u

/* ---- commands ---- */

enum where { IN_RING, IN_RESTORE };

static const struct emitted {
	const char *who;
	u32 kernels, engines;
	enum where where;
	u32 dw[48];
} commands[] = {
	{ "gen8_emit_flush_rcs",
	  EACH,
	  RCS,
	  IN_RING,
	  { PIPE, 0, 0, 0, 0, 0, PIPE, 0x00344c1c | 1u << 20, 0xd0, 0, 0, 0 } },
	{ "gen8_emit_flush_xcs",
	  EACH,
	  XCS,
	  IN_RING,
	  { FLUSH_DW | 1u << 21 | 1u << 14 | 1u << 18, 0xd0, 0, 0 } },
	{ "gen8_emit_flush_xcs, video",
	  EACH,
	  BIT32(GVT_VCS0),
	  IN_RING,
	  { FLUSH_DW | 1u << 21 | 1u << 14 | 1u << 18 | 1u << 7, 0xd0, 0, 0 } },
	{ "gen8_emit_init_breadcrumb", EACH, ALL, IN_RING, { SDI, HWSP, 0, 41, 0, ARB_CHECK } },
	{ "gen8_emit_bb_start",
	  EACH,
	  ALL,
	  IN_RING,
	  { ARB_ON, BBS_USER, 0x1000, 0x7fff, ARB_OFF, 0 } },
	{ "gen8_emit_bb_start_noarb", EACH, ALL, IN_RING, { ARB_OFF, BBS_USER, 0x1000, 0x7fff } },
	{ "gen8_emit_fini_breadcrumb_xcs",
	  EACH,
	  XCS,
	  IN_RING,
	  { FLUSH_DW | 1u << 14, HWSP | 4, 0, 42, USER_IRQ, ARB_ON, ARB_CHECK, SEMAPHORE | 4u << 12,
	    0, HWSP, 0, 0, ARB_CHECK, 0 } },
	{ "gen8_emit_fini_breadcrumb_rcs",
	  EACH,
	  RCS,
	  IN_RING,
	  { PIPE,      1u << 20 | 1u << 18 | 1u << 12 | 1u << 5 | 1,
	    0,	       0,
	    0,	       0,
	    PIPE,      1u << 24 | 1u << 20 | 1u << 14 | 1u << 7,
	    HWSP,      0,
	    42,	       0,
	    USER_IRQ,  ARB_ON,
	    ARB_CHECK, SEMAPHORE | 4u << 12,
	    0,	       HWSP,
	    0,	       0,
	    ARB_CHECK, 0 } },
	{ "__emit_semaphore_wait", EACH, ALL, IN_RING, { SEMAPHORE | 1u << 12, 42, HWSP, 0 } },
	{ "gen8_emit_rpcs_config, gen8_store_flex",
	  EACH,
	  RCS,
	  IN_RING,
	  { SDI, 0x00401000 + 0x43 * 4, 0, 0x80000000 } },
	{ "wa_list_srm", EACH, RCS, IN_RING, { SRM, 0x7014, SCRATCH, 0, SRM, 0x2580, SCRATCH, 0 } },
	{ "gen9_init_indirectctx_bb",
	  EACH,
	  RCS,
	  IN_RESTORE,
	  { ARB_OFF,
	    SRM,
	    0xb118,
	    SCRATCH + 256,
	    0,
	    LRI(1),
	    0xb118,
	    0x40600000,
	    PIPE,
	    1u << 20 | 1u << 5,
	    0,
	    0,
	    0,
	    0,
	    LRM,
	    0xb118,
	    SCRATCH + 256,
	    0,
	    PIPE,
	    1u << 27 | 1u << 21 | 1u << 20 | 1u << 14,
	    0xd0,
	    0,
	    0,
	    0,
	    LRI(3),
	    0x7014,
	    0x10000000,
	    0x2088,
	    0x00020002,
	    0x2090,
	    0x00100010,
	    0,
	    ARB_ON } },
	{ "emit_no_arbitration, emit_pte, emit_copy",
	  SINCE_6_1,
	  BCS,
	  IN_RING,
	  { ARB_OFF, 0,		 SDI_QWORDS | 5,
	    0x1000,  0,		 0x00345083,
	    0,	     0x00346083, 0,
	    0,	     0x50800008, 3u << 24 | 4096,
	    0,	     0x00080400, 0x2000,
	    0,	     0,		 4096,
	    0x4000,  0 } },
	{ "emit_clear",
	  SINCE_6_1,
	  BCS,
	  IN_RING,
	  { 0x54300005, 3u << 24 | 0xf0u << 16 | 4096, 0, 0x00080400, 0x2000, 0, 0 } },
};

START_TEST(passes)
{
	const struct emitted *c = &commands[_i];

	for (u32 e = 0; e < GVT_NR_ENGINES; e++) {
		struct rig *r = rig_new(e);
		int err;

		rig_write(r->ring, c->dw, ARRAY_SIZE(c->dw));
		if (c->where == IN_RING)
			err = rig_ring(r);
		else
			err = gvt_scan_indirect(&r->scan, r->ring, ARRAY_SIZE(c->dw), &r->fault);
		if (c->engines & BIT32(e))
			ck_assert_msg(!err, "%s, engine %u: %s (%s), 0x%llx", c->who, e,
				      r->fault.why, r->fault.name,
				      (unsigned long long)r->fault.addr);
		rig_free(r);
	}
}
END_TEST

/* ---- registers, loaded by MI_LOAD_REGISTER_IMM in rings and privileged batches ---- */

static const struct loaded {
	const char *who;
	u32 kernels, engines;
	u32 first, last; /* of the render engine; for another engine, from its own base */
	enum gvt_reg_rule rule;
} loads[] = {
	/* Of contexts, by intel_engine_emit_ctx_wa() and in the batch of their restore. */
	{ "gen9_ctx_workarounds_init", EACH, RCS, 0x7014, 0x7014, GVT_RULE_ALLOW },
	{ "gen9_ctx_workarounds_init", EACH, RCS, 0xe194, 0xe194, GVT_RULE_ALLOW },
	{ "gen9_ctx_workarounds_init", EACH, RCS, 0xe4f0, 0xe4f0, GVT_RULE_ALLOW },
	{ "gen9_ctx_workarounds_init", EACH, RCS, 0x7004, 0x7004, GVT_RULE_ALLOW },
	{ "gen9_ctx_workarounds_init", EACH, RCS, 0xe188, 0xe188, GVT_RULE_ALLOW },
	{ "gen9_ctx_workarounds_init", EACH, RCS, 0x7300, 0x7300, GVT_RULE_ALLOW },
	{ "gen9_ctx_workarounds_init", EACH, RCS, 0xe184, 0xe184, GVT_RULE_ALLOW },
	{ "gen9_ctx_workarounds_init", EACH, RCS, 0xe180, 0xe180, GVT_RULE_ALLOW },
	{ "gen9_ctx_workarounds_init", EACH, RCS, 0x2580, 0x2580, GVT_RULE_ALLOW },
	{ "skl_tune_iz_hashing", EACH, RCS, 0x7008, 0x7008, GVT_RULE_ALLOW },
	{ "gen9_init_indirectctx_bb", EACH, RCS, 0x2088, 0x2088, GVT_RULE_ALLOW },
	{ "gen9_init_indirectctx_bb", EACH, RCS, 0x2090, 0x2090, GVT_RULE_ALLOW },
	{ "gen9_init_indirectctx_bb", EACH, RCS, 0xb118, 0xb118, GVT_RULE_ALLOW },

	/* Performance counters. */
	{ "gen8_load_flex: R_PWR_CLK_STATE", EACH, RCS, 0x20c8, 0x20c8, GVT_RULE_ALLOW },
	{ "gen8_load_flex: OACTXCONTROL", EACH, RCS, 0x2360, 0x2360, GVT_RULE_ALLOW },
	{ "gen8_is_valid_flex_addr", EACH, RCS, 0xe458, 0xe45c, GVT_RULE_ALLOW },
	{ "gen8_is_valid_flex_addr", EACH, RCS, 0xe558, 0xe55c, GVT_RULE_ALLOW },
	{ "gen8_is_valid_flex_addr", EACH, RCS, 0xe658, 0xe65c, GVT_RULE_ALLOW },
	{ "gen8_is_valid_flex_addr", EACH, RCS, 0xe758, 0xe758, GVT_RULE_ALLOW },
	{ "gen7_oa_b_counters: OASTARTTRIG", EACH, RCS, 0x2710, 0x272c, GVT_RULE_ALLOW },
	{ "gen7_oa_b_counters: OAREPORTTRIG", EACH, RCS, 0x2740, 0x275c, GVT_RULE_ALLOW },
	{ "gen7_oa_b_counters: OACEC", EACH, RCS, 0x2770, 0x27ac, GVT_RULE_ALLOW },
	{ "gen7_oa_mux_regs: OA_PERFCNT", EACH, RCS, 0x91b8, 0x91cc, GVT_RULE_ALLOW },
	{ "gen7_oa_mux_regs: MICRO_BP to NOA_WRITE", EACH, RCS, 0x9800, 0x9888, GVT_RULE_ALLOW },
	{ "gen7_oa_mux_regs: HALF_SLICE_CHICKEN2", EACH, RCS, 0xe180, 0xe180, GVT_RULE_ALLOW },
	{ "gen8_oa_mux_regs: WAIT_FOR_RC6_EXIT", EACH, RCS, 0x20cc, 0x20cc, GVT_RULE_ALLOW },
	/* The registers that the driver reads its clock from do not change. */
	{ "gen8_oa_mux_regs: RPM_CONFIG, NOA_CONFIG", EACH, RCS, 0xd00, 0xd2c, GVT_RULE_SINK },
	{ "alloc_noa_wait", EACH, RCS, 0x2600, 0x2624, GVT_RULE_ALLOW },
	{ "alloc_noa_wait: MI_PREDICATE_RESULT_1", EACH, RCS, 0x241c, 0x241c, GVT_RULE_ALLOW },

	/* A context's other address space: the audit leaves it to its caller (exec_run.c). */
	{ "emit_ppgtt_update", OLD, ALL, 0x2270, 0x2274, GVT_RULE_SPECIAL },
};

START_TEST(registers)
{
	const struct loaded *l = &loads[_i];

	for (u32 e = 0; e < GVT_NR_ENGINES; e++) {
		struct rig *r = rig_new(e);
		u32 own = l->engines == ALL ? gvt_engine_base(e) - 0x2000 : 0;

		r->scan.special = rig_special;
		for (u32 at = l->first; l->engines & BIT32(e) && at <= l->last; at += 4) {
			enum gvt_reg_rule rule = gvt_rule_write(r->f->gvt, e, own + at);

			ck_assert_msg(rule == l->rule, "%s: 0x%x, rule %d", l->who, own + at, rule);
			RIG_RING(r, LRI(1) | 1u << 12, own + at, 0);
			ck_assert_msg(!rig_ring(r), "%s: 0x%x in a ring", l->who, own + at);
			RIG_RING(r, BBS, RIG_AT(0), 0);
			RIG_BATCH(r, 0, LRI(1), own + at, 0, BATCH_END);
			ck_assert_msg(!rig_ring(r), "%s: 0x%x in a batch", l->who, own + at);
			/* wa_list_srm() and perf's own save. */
			RIG_RING(r, SRM, own + at, SCRATCH, 0);
			ck_assert_msg(!rig_ring(r), "%s: 0x%x is not stored", l->who, own + at);
		}
		rig_free(r);
	}
}
END_TEST

/* Registers of whitelists (gen9_whitelist_build(), skl_whitelist_build()), and of unused slots. */
START_TEST(whitelists)
{
	static const u32 named[] = { 0x2248, 0x2580, 0x7304, 0x7014, 0xb118 };
	struct rig *r = rig_new(GVT_RCS0);

	for (size_t i = 0; i < ARRAY_SIZE(named); i++)
		ck_assert_uint_eq(gvt_rule_nonpriv(r->f->gvt, GVT_RCS0, named[i]), named[i]);
	for (u32 e = 0; e < GVT_NR_ENGINES; e++) {
		u32 nopid = gvt_engine_base(e) + 0x94;

		ck_assert_uint_eq(gvt_rule_nonpriv(r->f->gvt, e, nopid), nopid);
	}
	rig_free(r);
}
END_TEST

/* ---- the wait that ends a configuration of performance counters: alloc_noa_wait() ---- */

/* Offsets in batch 1, in bytes, where it begins to wait and where it goes on waiting. */
#define TS0  16u
#define JUMP 40u

static void write_wait(struct rig *r)
{
	RIG_RING(r, BBS, RIG_AT(0), 0, USER_IRQ);
	RIG_BATCH(r, 0, LRI(2), 0x9840, 0x80, 0x9888, 0x11810000, BBS, RIG_AT(1), 0);
	RIG_BATCH(r, 1, SRM, 0x2600, SCRATCH, 0, LRI(1), 0x2604, 0, LRR, 0x2358, 0x2600, /* JUMP */
		  LRI(1), 0x260c, 0, LRR, 0x2358, 0x2608, MATH(5), 0, 0, 0, 0, 0, LRR, 0x2618,
		  0x241c, BBS | PREDICATED, RIG_AT(1) + TS0, 0, LRI(2), 0x2620, 1, 0x2624, 2,
		  MATH(4), 0, 0, 0, 0, ARB_CHECK, LRR, 0x2618, 0x241c, BBS | PREDICATED,
		  RIG_AT(1) + JUMP, 0, LRM, 0x2600, SCRATCH, 0, BATCH_END);
}

START_TEST(wait)
{
	struct rig *r = rig_new(GVT_RCS0);

	write_wait(r);
	ck_assert_msg(rig_ring(r) == 0, "%s: %s 0x%llx", r->fault.why, r->fault.name,
		      (unsigned long long)r->fault.addr);
	/* Both jumps lead into the copy, of which there is one. */
	ck_assert_uint_eq(r->batch[1][26], (u32)RIG_COPY(1) + TS0);
	ck_assert_uint_eq(r->batch[1][43], (u32)RIG_COPY(1) + JUMP);
	ck_assert_uint_eq(r->copied, 2);
	rig_free(r);
}
END_TEST

/* A jump back to where no command begins: what is there is audited as it would be executed. */
START_TEST(wait_elsewhere)
{
	struct rig *r = rig_new(GVT_RCS0);

	write_wait(r);
	r->batch[1][43] = RIG_AT(1) + JUMP + 4;
	ck_assert_int_ne(rig_ring(r), 0);
	ck_assert_uint_eq(r->copied, 3);
	/* To a command that is refused; and ahead, behind the end. */
	write_wait(r);
	r->batch[1][1] = 0x2030;
	r->batch[1][0] = LRI(1);
	ck_assert_int_ne(rig_ring(r), 0);
	write_wait(r);
	r->batch[1][43] = RIG_AT(1) + 4 * RIG_DWORDS;
	ck_assert_int_ne(rig_ring(r), 0);
	rig_free(r);
}
END_TEST

/* A jump ahead, behind the batch's end: that part was not audited, and is cleared. */
START_TEST(wait_ahead)
{
	struct rig *r = rig_new(GVT_RCS0);

	RIG_RING(r, BBS, RIG_AT(0), 0);
	RIG_BATCH(r, 0, BBS | PREDICATED, RIG_AT(0) + 32, 0, BATCH_END);
	ck_assert_int_ne(rig_ring(r), 0);
	/* It is a batch of its own, which cannot be copied there. */
	ck_assert_uint_eq(r->copied, 2);
	rig_free(r);
}
END_TEST

#define MANY 60000u

static int many_batch(void *priv, u64 gma, struct gvt_scan_copy *copy)
{
	static u32 dw[MANY];

	(void)priv;
	for (u32 at = 0; at < MANY; at += 3) {
		dw[at] = BBS | PREDICATED;
		dw[at + 1] = gma + 4 * at;
	}
	*copy = (struct gvt_scan_copy){ dw, MANY, RIG_COPY(0) };
	return 0;
}

/* Many jumps back, for each of which the batch is walked from its start: that is bounded. */
START_TEST(waits_without_end)
{
	struct rig *r = rig_new(GVT_RCS0);

	r->scan.batch = many_batch;
	RIG_RING(r, BBS, RIG_AT(0), 0);
	ck_assert_int_eq(rig_ring(r), -E2BIG);
	ck_assert_int_eq(r->fault.kind, GVT_SCAN_SIZE);
	rig_free(r);
}
END_TEST

/* ---- what is not emitted, and why ---- */

static const struct {
	const char *who, *why;
	enum gvt_engine engine;
	u32 dw[4];
} absent[] = {
	{ "gen8_ggtt_bind_ptes",
	  "i915_ggtt_require_binder() holds on Meteor Lake alone",
	  GVT_BCS0,
	  { 0x11800002, 0x1000, 0x2003, 0 } },
	{ "intel_ring_submission.c: mi_set_context",
	  "rings without execlists end at Gen7",
	  GVT_RCS0,
	  { 0x0c000000, 0x1000 } },
	{ "display flips by MI_DISPLAY_FLIP",
	  "they are made by MMIO; and there is no display",
	  GVT_BCS0,
	  { 0x0a000001, 0, 0x1000 } },
	{ "gen7_oa_enable: OACONTROL by Mesa's batches",
	  "of Haswell; Gen8's are written by MMIO",
	  GVT_RCS0,
	  { LRI(1), 0x2b00, 1 } },
};

START_TEST(not_emitted)
{
	struct rig *r = rig_new(absent[_i].engine);

	rig_write(r->ring, absent[_i].dw, ARRAY_SIZE(absent[_i].dw));
	ck_assert_msg(rig_ring(r) != 0, "%s passes, though %s", absent[_i].who, absent[_i].why);
	rig_free(r);
}
END_TEST

Suite *suite_exec_i915(void)
{
	Suite *suite = suite_create("i915");
	TCase *tcase = tcase_create("i915");

	tcase_add_loop_test(tcase, passes, 0, ARRAY_SIZE(commands));
	tcase_add_loop_test(tcase, registers, 0, ARRAY_SIZE(loads));
	tcase_add_test(tcase, whitelists);
	tcase_add_test(tcase, wait);
	tcase_add_test(tcase, wait_elsewhere);
	tcase_add_test(tcase, wait_ahead);
	tcase_add_test(tcase, waits_without_end);
	tcase_add_loop_test(tcase, not_emitted, 0, ARRAY_SIZE(absent));
	suite_add_tcase(suite, tcase);
	return suite;
}
