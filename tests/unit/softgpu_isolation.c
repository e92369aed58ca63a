/* SPDX-License-Identifier: MIT */
/*
 * Registers that unprivileged batches may write, and that each context has for itself: those that
 * IGT's gem_ctx_isolation writes and reads on Gen9.
 */
#include "tests/unit/softgpu_rig.h"

#define ALL GVT_NR_ENGINES /* each engine has it, at this offset from its base */

static const struct {
	u32 engine, offset, count;
	bool masked;
	bool listed; /* i915 lets batches write it by FORCE_TO_NONPRIV */
} regs[] = {
	{ GVT_RCS0, 0x20c0, 1, .masked = true }, /* INSTPM */
	{ GVT_RCS0, 0x2158, 1 },		 /* BB_OFFSET */
	{ GVT_RCS0, 0x22c8, 2 },		 /* PS_INVOCATION_COUNT_0 */
	{ GVT_RCS0, 0x22d8, 2 },		 /* PS_DEPTH_COUNT_0 */
	{ GVT_RCS0, 0x2290, 2 },		 /* GPGPU_THREADS_DISPATCHED */
	{ GVT_RCS0, 0x22f0, 4 },		 /* PS_INVOCATION_COUNT_1, PS_DEPTH_COUNT_1 */
	{ GVT_RCS0, 0x2300, 18 },		 /* HS_INVOCATION_COUNT to CL_PRIMITIVES_COUNT */
	{ GVT_RCS0, 0x2360, 2 },		 /* OACTXCONTROL, OACTXID */
	{ GVT_RCS0, 0x2400, 8 },		 /* MI_PREDICATE_SRC0 to RESULT_1 */
	{ GVT_RCS0, 0x2420, 1 },		 /* 3DPRIM_END_OFFSET */
	{ GVT_RCS0, 0x2430, 5 },		 /* 3DPRIM_START_VERTEX to BASE_VERTEX */
	{ GVT_RCS0, 0x2448, 4 },		 /* PS_INVOCATION_COUNT_2, PS_DEPTH_COUNT_2 */
	{ GVT_RCS0, 0x2500, 3 },		 /* GPGPU_DISPATCHDIM */
	{ GVT_RCS0, 0x5200, 8 },		 /* SO_NUM_PRIMS_WRITTEN */
	{ GVT_RCS0, 0x5240, 8 },		 /* SO_PRIM_STORAGE_NEEDED */
	{ GVT_RCS0, 0x5280, 4 },		 /* SO_WRITE_OFFSET */
	{ GVT_RCS0, 0x7000, 3, .masked = true }, /* CACHE_MODE_0, CACHE_MODE_1, GT_MODE */
	{ GVT_RCS0, 0x7034, 1 },		 /* L3CNTLREG */
	{ GVT_RCS0, 0xe400, 2 },		 /* TD_CTL, TD_CTL2 */
	{ GVT_RCS0, 0x2580, 1, .masked = true, .listed = true }, /* CS_CHICKEN1 */
	{ GVT_RCS0, 0x7014, 1, .masked = true, .listed = true }, /* COMMON_SLICE_CHICKEN2 */
	{ GVT_RCS0, 0x7304, 1, .masked = true, .listed = true }, /* HDC_CHICKEN1 */
	{ GVT_BCS0, 0x22200, 1, .masked = true },		 /* BCS_SWCTRL */
	{ ALL, 0x600, 32 },					 /* CS_GPR */
};

#define NONPRIV 0x24d0u

static struct rig rig;
static u32 out, batch;

static void setup(void)
{
	u32 slot = 0;

	rig_start(&rig, NULL);
	out = rig_pages(&rig, 1);
	batch = rig_pages(&rig, 2);
	for (size_t i = 0; i < ARRAY_SIZE(regs); i++)
		if (regs[i].listed)
			rig.gpu->ops->reg_write(rig.space, NONPRIV + 4 * slot++, regs[i].offset);
}

static void teardown(void)
{
	rig_stop(&rig);
}

/* The value that context @who writes to a register. */
static u32 value(u32 offset, u32 who)
{
	return (offset * 0x9e3779b9u) ^ (who * 0x85ebca6bu);
}

/* The @n-th of all dwords that @engine has. 0: there is no more. */
static u32 nth(enum gvt_engine engine, u32 n, bool *masked)
{
	static const u32 bases[GVT_NR_ENGINES] = { 0x2000, 0x22000, 0x12000, 0x1a000 };

	for (size_t i = 0; i < ARRAY_SIZE(regs); i++) {
		if (regs[i].engine != ALL && regs[i].engine != engine)
			continue;
		*masked = regs[i].masked;
		if (n < regs[i].count)
			return (regs[i].engine == ALL ? bases[engine] : 0) + regs[i].offset + 4 * n;
		n -= regs[i].count;
	}
	return 0;
}

static void run(struct rig_context *c, u32 end)
{
	RIG_WRITE(&rig, end, BATCH_END);
	RIG_EMIT(c, BATCH_START | BATCH_PPGTT, LO(RIG_VA + batch), HI(RIG_VA + batch));
	rig_run(c);
}

static void write_all(struct rig_context *c, u32 who)
{
	u32 at = batch, offset;
	bool masked;

	for (u32 n = 0; (offset = nth(c->engine, n, &masked)); n++)
		at = RIG_WRITE(&rig, at, LRI(1), offset,
			       value(offset, who) | (masked ? 0xffff0000 : 0));
	run(c, at);
}

static void check_all(struct rig_context *c, u32 who)
{
	u32 at = batch, offset;
	bool masked;

	for (u32 n = 0; (offset = nth(c->engine, n, &masked)); n++)
		at = RIG_WRITE(&rig, at, SRM, offset, LO(RIG_VA + out + 4 * n),
			       HI(RIG_VA + out + 4 * n));
	run(c, at);
	for (u32 n = 0; (offset = nth(c->engine, n, &masked)); n++)
		UNIT_CHECK(rig_get(&rig, out + 4 * n) ==
				   (value(offset, who) & (masked ? 0xffff : ~0u)),
			   "context %u: register 0x%x is 0x%x", who, offset,
			   rig_get(&rig, out + 4 * n));
}

START_TEST(each_its_own)
{
	struct rig_context c[3];

	for (u32 i = 0; i < ARRAY_SIZE(c); i++)
		rig_context(&rig, &c[i], _i, i + 1);
	for (u32 i = 0; i < ARRAY_SIZE(c); i++)
		write_all(&c[i], i + 1);
	for (u32 round = 0; round < 2; round++)
		for (u32 i = 0; i < ARRAY_SIZE(c); i++)
			check_all(&c[i], i + 1);
}
END_TEST

Suite *suite_softgpu_isolation(void)
{
	Suite *suite = suite_create("softgpu_isolation");
	TCase *tcase = tcase_create("softgpu_isolation");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, each_its_own, 0, GVT_NR_ENGINES);
	suite_add_tcase(suite, tcase);
	return suite;
}
