/* SPDX-License-Identifier: MIT */
/* Batches: how they begin and end, nest and chain, and what an unprivileged one cannot do. */
#include "tests/unit/softgpu_rig.h"

static struct rig rig;
static struct rig_context c; /* on the render engine */
static u32 out;		     /* a page for results */
static u32 batch[3];	     /* pages for batches */

static void setup(void)
{
	rig_start(&rig, NULL);
	rig_context(&rig, &c, GVT_RCS0, 1);
	out = rig_pages(&rig, 1);
	for (u32 i = 0; i < ARRAY_SIZE(batch); i++)
		batch[i] = rig_pages(&rig, 1);
}

static void teardown(void)
{
	rig_stop(&rig);
}

#define VA(addr)	       LO(RIG_VA + (addr)), HI(RIG_VA + (addr))
#define STORE(at, val)	       SDI, VA(out + (at)), val /* in the PPGTT */
#define CHECK_OUT(offset, val) ck_assert_uint_eq(rig_get(&rig, out + (offset)), (u32)(val))

/* Execute batch[0]. */
static void run(bool ppgtt)
{
	if (ppgtt)
		RIG_EMIT(&c, BATCH_START | BATCH_PPGTT, VA(batch[0]));
	else
		RIG_EMIT(&c, BATCH_START, batch[0], 0);
	RIG_EMIT(&c, SDI | GLOBAL, out + 0xffc, 0, 1);
	rig_run(&c);
	CHECK_OUT(0xffc, 1); /* the engine came back to the ring */
	rig_set(&rig, out + 0xffc, 0);
}

START_TEST(ends)
{
	RIG_WRITE(&rig, batch[0], STORE(0, 1), BATCH_END, STORE(4, 1), BATCH_END);
	run(true);
	CHECK_OUT(0, 1);
	CHECK_OUT(4, 0);
	rig_set(&rig, out, 0);
	run(false);
	CHECK_OUT(0, 1);
	CHECK_OUT(4, 0);
}
END_TEST

/* A start in a first-level batch is a chain: it does not return. */
START_TEST(chained)
{
	RIG_WRITE(&rig, batch[0], STORE(0, 1), BATCH_START | BATCH_PPGTT, VA(batch[1]), STORE(4, 1),
		  BATCH_END);
	RIG_WRITE(&rig, batch[1], STORE(8, 1), BATCH_START | BATCH_PPGTT, VA(batch[2]));
	RIG_WRITE(&rig, batch[2], STORE(12, 1), BATCH_END);
	run(true);
	CHECK_OUT(0, 1);
	CHECK_OUT(4, 0);
	CHECK_OUT(8, 1);
	CHECK_OUT(12, 1);
}
END_TEST

/* A start of a second-level batch returns. In the second level, any start is a chain. */
START_TEST(second_level)
{
	for (u32 second = 0; second < 2; second++) {
		rig_set(&rig, out + 4, 0);
		rig_set(&rig, out + 8, 0);
		RIG_WRITE(&rig, batch[0], BATCH_START | BATCH_PPGTT | BATCH_SECOND, VA(batch[1]),
			  STORE(4, 1), BATCH_END);
		RIG_WRITE(&rig, batch[1], BATCH_START | BATCH_PPGTT | second * BATCH_SECOND,
			  VA(batch[2]), STORE(0, 1), BATCH_END);
		RIG_WRITE(&rig, batch[2], STORE(8, 1), BATCH_END);
		run(true);
		CHECK_OUT(0, 0);
		CHECK_OUT(4, 1);
		CHECK_OUT(8, 1);
	}
}
END_TEST

/* MI_PREDICATE_RESULT_1 decides, and not MI_PREDICATE's own result. */
START_TEST(predicated_start)
{
	for (u32 taken = 0; taken < 2; taken++) {
		rig_set(&rig, out, 0);
		RIG_WRITE(&rig, batch[0], LRI(2), 0x2418, !taken, 0x241c, taken,
			  BATCH_START | BATCH_PPGTT | BATCH_SECOND | 1u << 15, VA(batch[1]),
			  BATCH_END);
		RIG_WRITE(&rig, batch[1], STORE(0, 1), BATCH_END);
		run(true);
		CHECK_OUT(0, taken);
	}
}
END_TEST

START_TEST(start_with_offset)
{
	RIG_WRITE(&rig, batch[0], LRI(1), 0x2158, 0x40, BATCH_START | BATCH_PPGTT | 1u << 16,
		  VA(batch[1]));
	RIG_WRITE(&rig, batch[1], BATCH_END);
	RIG_WRITE(&rig, batch[1] + 0x40, STORE(0, 1), BATCH_END);
	run(true);
	CHECK_OUT(0, 1);
}
END_TEST

/* The batch goes on while memory is greater than the command's dword. */
START_TEST(conditional_end)
{
	static const struct {
		u32 mem, mask, than;
		bool masked, goes_on;
	} cases[] = {
		{ 6, 0, 5, false, true },	{ 5, 0, 5, false, false },
		{ 4, 0, 5, false, false },	{ 0xf6, 0x0f, 5, true, true },
		{ 0xf5, 0x0f, 5, true, false }, { 0xffffffff, 0, 5, false, true },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		RIG_WRITE(&rig, out, 0, 0, cases[i].mem, cases[i].mask);
		RIG_WRITE(&rig, batch[0], 0x36u << 23 | 1u << 21 | (u32)cases[i].masked << 19 | 2,
			  cases[i].than, VA(out + 8), STORE(0, 1), BATCH_END);
		run(true);
		CHECK_OUT(0, cases[i].goes_on);
	}
}
END_TEST

/* Batches and commands go across pages that are not adjacent. */
START_TEST(across_pages)
{
	u64 va = 0x40000000;
	u32 at = 0;

	rig_set_entry(&rig, va, 1, (RIG_BUS + batch[2]) | PTE_P);
	rig_set_entry(&rig, va + GVT_PAGE_SIZE, 1, (RIG_BUS + batch[0]) | PTE_P);
	while (at < GVT_PAGE_SIZE - 8)
		at = RIG_WRITE(&rig, batch[2] + at, NOOP) - batch[2];
	RIG_WRITE(&rig, batch[2] + at, SDI, LO(RIG_VA + out));
	RIG_WRITE(&rig, batch[0], HI(RIG_VA + out), 7, BATCH_END);
	RIG_EMIT(&c, BATCH_START | BATCH_PPGTT, LO(va), HI(va));
	rig_run(&c);
	CHECK_OUT(0, 7);
}
END_TEST

/* A batch writes a command that it executes next. */
START_TEST(writes_itself)
{
	u32 target = batch[0] + 4 * 4;

	RIG_WRITE(&rig, batch[0], SDI, VA(target), LRI(1), /* in place of the end: */ BATCH_END,
		  0x2600, 55, BATCH_END);
	run(true);
	ck_assert_uint_eq(rig_reg(&c, 0x600), 55);
}
END_TEST

/* ---- without privilege ---- */

/* The bit that selects the GGTT is ignored: the address is in the PPGTT. */
START_TEST(no_ggtt)
{
	u64 va = 0x5000;

	/* The PPGTT has the results' page where the GGTT has another page. */
	rig_set_entry(&rig, va, 1, (RIG_BUS + out) | PTE_P | PTE_RW);
	rig_set(&rig, (u32)va, 0x1111);
	RIG_WRITE(&rig, batch[0], SDI | GLOBAL, LO(va), HI(va), 0x2222, LRI(1), 0x2600, 3,
		  SRM | GLOBAL, 0x2600, LO(va + 4), HI(va), 0x2eu << 23 | 3u << 21 | 3, LO(va + 8),
		  HI(va), LO(va), HI(va), 0x2fu << 23 | GLOBAL | 5u << 8 | 1, LO(va + 12), HI(va),
		  3u << 29 | 3u << 27 | 2u << 24 | 4, 1u << 24 | 1u << 14, LO(va + 16), HI(va), 9,
		  8, BATCH_END);
	run(true);
	ck_assert_uint_eq(rig_get(&rig, (u32)va), 0x1111);
	CHECK_OUT(0, 0x2222);
	CHECK_OUT(4, 3);
	CHECK_OUT(8, 0x2222);
	CHECK_OUT(12, 1);
	CHECK_OUT(16, 9);
	CHECK_OUT(20, 8);
}
END_TEST

START_TEST(no_privileged_batch)
{
	u64 va = 0x6000;

	/* At the same address, the GGTT has a batch that stores, the PPGTT one that ends. */
	rig_set_entry(&rig, va, 1, (RIG_BUS + batch[1]) | PTE_P);
	RIG_WRITE(&rig, batch[1], BATCH_END);
	RIG_WRITE(&rig, (u32)va, SDI | GLOBAL, out, 0, 1, BATCH_END);
	RIG_WRITE(&rig, batch[0], BATCH_START | BATCH_SECOND, LO(va), HI(va), BATCH_END);
	run(true);
	CHECK_OUT(0, 0);
	run(false); /* a privileged batch may */
	CHECK_OUT(0, 1);
}
END_TEST

#define HWS_PGA	    0x2080
#define CS_CHICKEN1 0x2580
#define NONPRIV(n)  (0x24d0 + 4 * (n))

START_TEST(registers_it_may_not_write)
{
	static const u32 bad[] = { HWS_PGA,    0x2270,	0x2030, CS_CHICKEN1,
				   NONPRIV(0), 0x22080, 0x4094, 0x24000 };

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		u32 was = rig.gpu->ops->reg_read(rig.space, bad[i]);

		rig_set(&rig, out, 0x00ff00ff);
		RIG_WRITE(&rig, batch[0], LRI(2), bad[i], 0x00ff00ff, 0x2600, 0x00ff00ff, LRR,
			  0x2600, bad[i], LRM, bad[i], VA(out), 3u << 29 | 3u << 27 | 2u << 24 | 4,
			  1u << 23, bad[i], 0, 0x00ff00ff, 0, BATCH_END);
		run(true);
		if (bad[i] != 0x2030 && bad[i] != 0x2270) /* those that the context saves itself */
			ck_assert_uint_eq(rig.gpu->ops->reg_read(rig.space, bad[i]), was);
		ck_assert_uint_eq(rig_reg(&c, 0x600), 0x00ff00ff);
	}
}
END_TEST

START_TEST(registers_it_may_write)
{
	static const struct {
		enum gvt_engine engine;
		u32 offset;
	} good[] = {
		{ GVT_RCS0, 0x2600 },  { GVT_RCS0, 0x267c },   { GVT_RCS0, 0x2418 },
		{ GVT_RCS0, 0x5280 },  { GVT_RCS0, 0x2310 },   { GVT_BCS0, 0x22600 },
		{ GVT_VCS0, 0x12600 }, { GVT_VECS0, 0x1a67c },
	};

	for (u32 i = 0; i < ARRAY_SIZE(good); i++) {
		rig_context(&rig, &c, good[i].engine, i);
		RIG_WRITE(&rig, batch[0], LRI(1), good[i].offset, 0x1234, BATCH_END);
		run(true);
		ck_assert_uint_eq(rig.gpu->ops->reg_read(rig.space, good[i].offset), 0x1234);
	}
	/* The driver allows one register more. */
	rig_context(&rig, &c, GVT_RCS0, 99);
	rig.gpu->ops->reg_write(rig.space, NONPRIV(3), CS_CHICKEN1);
	RIG_WRITE(&rig, batch[0], LRI(1), CS_CHICKEN1, 0x00010001, BATCH_END);
	run(true);
	ck_assert_uint_eq(rig.gpu->ops->reg_read(rig.space, CS_CHICKEN1), 1);
}
END_TEST

/* It cannot switch arbitration off. */
START_TEST(no_arbitration_switch)
{
	struct rig_context other;

	rig_context(&rig, &other, GVT_RCS0, 2);
	RIG_WRITE(&rig, batch[0], ARB_OFF, USER_INTERRUPT, SEMAPHORE_WAIT | SEMAPHORE_EQUAL, 1,
		  VA(out), BATCH_END);
	RIG_EMIT(&c, BATCH_START | BATCH_PPGTT, VA(batch[0]));
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&c, GVT_IRQ_USER);
	ck_assert_int_eq(rig_submit(&other, NULL), 0);
	rig_status(&c, GVT_CSB_PREEMPTED);
	rig_status(&other, GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE);
}
END_TEST

/* A context finds its registers as it left them. No other context does. */
START_TEST(contexts_are_apart)
{
	static const u32 regs[] = { 0x2600, 0x2654, 0x2310, 0x2400, 0x2418, 0x2500,
				    0x5204, 0x5288, 0x2420, 0x2440, 0x22c8 };
	struct rig_context other;

	rig_context(&rig, &other, GVT_RCS0, 2);
	rig_run(&other); /* its image is complete, with zeroes */
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++)
		RIG_EMIT(&c, LRI(1), regs[i], 0x100 + i);
	rig_run(&c);
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++)
		RIG_EMIT(&other, SRM | GLOBAL, regs[i], out + 8 * i, 0);
	rig_run(&other);
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++)
		RIG_EMIT(&c, SRM | GLOBAL, regs[i], out + 8 * i + 4, 0);
	rig_run(&c);
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++) {
		CHECK_OUT(8 * i, 0);
		CHECK_OUT(8 * i + 4, 0x100 + i);
	}
}
END_TEST

#define XY_COLOR_BLT (2u << 29 | 0x50u << 22 | 3u << 20 | 5)

/* Fills from the ring and from a batch, in the context's own memory. */
START_TEST(fills)
{
	const u32 fill[] = {
		XY_COLOR_BLT, 3u << 24 | 0xf0u << 16 | 64, 0, 4u << 16 | 16, VA(out), 0xa5a5a5a5,
		NOOP
	};

	rig_context(&rig, &c, GVT_BCS0, 3);
	rig_emit(&c, fill, ARRAY_SIZE(fill));
	rig_run(&c);
	for (u32 i = 0; i < 64; i++)
		CHECK_OUT(4 * i, 0xa5a5a5a5);
	CHECK_OUT(256, 0);
	rig_set(&rig, out, 0);
	RIG_WRITE(&rig, rig_write(&rig, batch[0], fill, ARRAY_SIZE(fill)), BATCH_END);
	run(true);
	CHECK_OUT(0, 0xa5a5a5a5);
}
END_TEST

Suite *suite_softgpu_batch(void)
{
	const TTest *const tests[] = {
		ends,
		chained,
		second_level,
		predicated_start,
		start_with_offset,
		conditional_end,
		across_pages,
		writes_itself,
		no_ggtt,
		no_privileged_batch,
		registers_it_may_not_write,
		registers_it_may_write,
		no_arbitration_switch,
		contexts_are_apart,
		fills,
	};

	return unit_suite_with("softgpu_batch", setup, teardown, tests, ARRAY_SIZE(tests));
}
