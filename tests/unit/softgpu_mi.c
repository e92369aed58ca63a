/* SPDX-License-Identifier: MIT */
/* The effects of each MI_ command, PIPE_CONTROL and MI_FLUSH_DW from a ring, with privilege. */
#include <string.h>

#include "tests/unit/softgpu_rig.h"

static struct rig rig;
static struct rig_context c; /* on the render engine */
static u32 out;		     /* a page for results */

static void setup(void)
{
	rig_start(&rig, NULL);
	rig_context(&rig, &c, GVT_RCS0, 1);
	out = rig_pages(&rig, 2);
}

static void teardown(void)
{
	rig_stop(&rig);
}

#define RUN(...)                           \
	do {                               \
		RIG_EMIT(&c, __VA_ARGS__); \
		rig_run(&c);               \
	} while (0)

#define CHECK_OUT(offset, val) ck_assert_uint_eq(rig_get(&rig, out + (offset)), (u32)(val))

#define GPR(n) (0x2600 + 8 * (n))

static void set_gpr(u32 n, u64 val)
{
	RIG_EMIT(&c, LRI(2), GPR(n), LO(val), GPR(n) + 4, HI(val));
}

static u64 get_gpr(u32 n)
{
	return rig_reg(&c, 0x600 + 8 * n) | (u64)rig_reg(&c, 0x604 + 8 * n) << 32;
}

START_TEST(store_data_imm)
{
	u64 va = RIG_VA + out + GVT_PAGE_SIZE - 4; /* across pages */

	RUN(SDI | GLOBAL, out, 0, 0x11);
	CHECK_OUT(0, 0x11);
	RUN(SDI, LO(RIG_VA + out + 4), HI(RIG_VA + out), 0x22);
	CHECK_OUT(4, 0x22);
	RUN(SDI_QWORD | GLOBAL, out + 8, 0, 0x33, 0x44);
	CHECK_OUT(8, 0x33);
	CHECK_OUT(12, 0x44);
	RUN(SDI_QWORD, LO(va), HI(va), 0x55, 0x66);
	CHECK_OUT(GVT_PAGE_SIZE - 4, 0x55);
	CHECK_OUT(GVT_PAGE_SIZE, 0x66);
	/* Many dwords at once, and a sign-extended address, as drivers write it. */
	RUN((SDI | GLOBAL) + 2, out + 16, 0, 1, 2, 3);
	CHECK_OUT(16, 1);
	CHECK_OUT(20, 2);
	CHECK_OUT(24, 3);
	rig_set_entry(&rig, 0x800000001000ull, 1, (RIG_BUS + out) | PTE_P | PTE_RW);
	RUN(SDI, 0x1000 + 28, 0xffff8000, 7);
	CHECK_OUT(28, 7);
}
END_TEST

#define HWS_PGA 0x2080

START_TEST(store_data_index)
{
	u32 hwsp = rig_pages(&rig, 1);

	RUN(LRI(1), HWS_PGA, hwsp, 0x21u << 23 | 1, 0x40, 7);
	ck_assert_uint_eq(rig_get(&rig, hwsp + 0x40), 7);
	RUN(0x21u << 23 | 1u << 21 | 1, 0x48, 8);
	ck_assert_uint_eq(rig_get(&rig, c.lrca + 0x48), 8);
}
END_TEST

START_TEST(registers)
{
	RUN(LRI(2), GPR(0), 1, GPR(1), 2);
	ck_assert_uint_eq(get_gpr(0), 1);
	ck_assert_uint_eq(get_gpr(1), 2);
	RUN(LRR, GPR(0), GPR(2));
	ck_assert_uint_eq(get_gpr(2), 1);
	rig_set(&rig, out, 0xabcd);
	RUN(LRM | GLOBAL, GPR(3), out, 0);
	ck_assert_uint_eq(get_gpr(3), 0xabcd);
	rig_set(&rig, out + 4, 0x1234);
	RUN(LRM, GPR(3) + 4, LO(RIG_VA + out + 4), HI(RIG_VA));
	ck_assert_uint_eq(get_gpr(3), 0x12340000abcdull);
	RUN(SRM | GLOBAL, GPR(3), out + 8, 0);
	CHECK_OUT(8, 0xabcd);
	RUN(SRM, GPR(3) + 4, LO(RIG_VA + out + 12), HI(RIG_VA));
	CHECK_OUT(12, 0x1234);
	/* Bits 11:8 select bytes that are not written. */
	RUN(LRI(1), GPR(4), 0x11223344);
	RUN(LRI(1) | 0x5u << 8, GPR(4), 0xaabbccdd);
	ck_assert_uint_eq(get_gpr(4), 0xaa22cc44);
	/* A masked register, and a register of a page that was never written before. */
	RUN(LRI(3), 0x7000, 0xffff0003, 0x7000, 0x00010000, 0xe400, 5);
	ck_assert_uint_eq(rig.gpu->ops->reg_read(rig.space, 0x7000), 2);
	ck_assert_uint_eq(rig.gpu->ops->reg_read(rig.space, 0xe400), 5);
	ck_assert_uint_eq(rig.gpu->ops->reg_read(rig.space, 0x145998), 0);
}
END_TEST

START_TEST(predicated_store)
{
	RUN(LRI(2), 0x2418, 0, GPR(0), 5, SRM | GLOBAL | 1u << 21, GPR(0), out, 0);
	CHECK_OUT(0, 0);
	RUN(LRI(1), 0x2418, 1, SRM | GLOBAL | 1u << 21, GPR(0), out, 0);
	CHECK_OUT(0, 5);
}
END_TEST

START_TEST(copy_mem_mem)
{
	const u32 copy = 0x2eu << 23 | 3;

	rig_set(&rig, out, 0x77);
	RUN(copy | 3u << 21, out + 4, 0, out, 0);
	CHECK_OUT(4, 0x77);
	RUN(copy | 1u << 22, LO(RIG_VA + out + 8), HI(RIG_VA), out, 0);
	CHECK_OUT(8, 0x77);
	RUN(copy | 1u << 21, out + 12, 0, LO(RIG_VA + out), HI(RIG_VA));
	CHECK_OUT(12, 0x77);
	RUN(copy, LO(RIG_VA + out + 16), HI(RIG_VA), LO(RIG_VA + out), HI(RIG_VA));
	CHECK_OUT(16, 0x77);
}
END_TEST

#define ATOMIC	       (0x2fu << 23 | GLOBAL)
#define ATOMIC_INLINE  (1u << 18 | 9)
#define ATOMIC_RETURN  (1u << 16)
#define ATOMIC_SIZE(n) ((u32)(n) << 19)

START_TEST(atomic)
{
	static const struct {
		u32 op;
		u64 was, a, b, is, returned;
	} cases[] = {
		{ 0x1, 0xff0f, 0x0ff0, 0, 0x0f00, 0xff0f }, /* and */
		{ 0x2, 0xf0, 0x0f, 0, 0xff, 0xf0 },	    /* or */
		{ 0x3, 0xff, 0x0f, 0, 0xf0, 0xff },	    /* xor */
		{ 0x4, 1, 2, 0, 2, 1 },			    /* move */
		{ 0x5, 1, 0, 0, 2, 1 },			    /* increment */
		{ 0x6, 1, 0, 0, 0, 1 },			    /* decrement */
		{ 0x7, 1, 2, 0, 3, 1 },			    /* add */
		{ 0x8, 5, 3, 0, 2, 5 },			    /* subtract */
		{ 0x9, 3, 5, 0, 2, 3 },			    /* from the operand */
		{ 0xa, 5, -3ull, 0, 5, 5 },		    /* greater, signed */
		{ 0xb, 5, -3ull, 0, -3ull, 5 },		    /* lesser, signed */
		{ 0xc, 5, -3ull, 0, -3ull, 5 },		    /* greater */
		{ 0xd, 5, -3ull, 0, 5, 5 },		    /* lesser */
		{ 0xe, 5, 5, 9, 9, 5 },			    /* compare, and write */
		{ 0xe, 4, 5, 9, 4, 4 },			    /* or not */
		{ 0xf, 5, 0, 0, 4, 4 },			    /* decrement first */
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		const u64 a = cases[i].a, b = cases[i].b;
		const u32 op = cases[i].op << 8;

		rig_set(&rig, out, LO(cases[i].was));
		rig_set(&rig, out + 4, 0x5555);
		set_gpr(0, 0);
		RUN(ATOMIC | ATOMIC_INLINE | ATOMIC_RETURN | op, out, 0, LO(a), LO(b), 0, 0, 0, 0,
		    0, 0);
		CHECK_OUT(0, cases[i].is);
		CHECK_OUT(4, 0x5555);
		ck_assert_uint_eq(get_gpr(0), LO(cases[i].returned));

		rig_set(&rig, out, LO(cases[i].was));
		rig_set(&rig, out + 4, HI(cases[i].was));
		RUN(ATOMIC | ATOMIC_INLINE | ATOMIC_SIZE(1) | op | 0x20u << 8, out, 0, LO(a), LO(b),
		    HI(a), HI(b), 0, 0, 0, 0);
		CHECK_OUT(0, LO(cases[i].is));
		CHECK_OUT(4, HI(cases[i].is));

		/* With the operands in registers. */
		rig_set(&rig, out, LO(cases[i].was));
		set_gpr(0, a);
		set_gpr(1, b);
		RUN(ATOMIC | 1 | op, out, 0);
		CHECK_OUT(0, cases[i].is);
	}
	RIG_WRITE(&rig, out, 1, 2, 3, 4);
	RUN(ATOMIC | ATOMIC_INLINE | ATOMIC_SIZE(2) | 0x4eu << 8, out, 0, 1, 5, 2, 6, 3, 7, 4, 8);
	CHECK_OUT(0, 5);
	CHECK_OUT(4, 6);
	CHECK_OUT(8, 7);
	CHECK_OUT(12, 8);
}
END_TEST

#define MATH(n)		      (0x1au << 23 | ((n)-1))
#define ALU(op, a, b)	      ((u32)(op) << 20 | (u32)(a) << 10 | (u32)(b))
#define ALU_BINARY(op, store) /* R2 = what @store says of R0 op R1 */ \
	MATH(4), ALU(0x080, 0x20, 0), ALU(0x080, 0x21, 1), op, store
#define STORE_ACCU   ALU(0x180, 2, 0x31)
#define STORE_ZF     ALU(0x180, 2, 0x32)
#define STORE_CF     ALU(0x180, 2, 0x33)
#define STORE_NOT_ZF ALU(0x580, 2, 0x32)

START_TEST(math)
{
	const u64 a = 0xfffffffffffffff0ull, b = 0x20;

	set_gpr(0, a);
	set_gpr(1, b);
	RUN(ALU_BINARY(ALU(0x100, 0, 0), STORE_ACCU));
	ck_assert_uint_eq(get_gpr(2), a + b);
	RUN(ALU_BINARY(ALU(0x100, 0, 0), STORE_CF));
	ck_assert_uint_eq(get_gpr(2), ~0ull);
	RUN(ALU_BINARY(ALU(0x101, 0, 0), STORE_ACCU));
	ck_assert_uint_eq(get_gpr(2), a - b);
	RUN(ALU_BINARY(ALU(0x101, 0, 0), STORE_CF));
	ck_assert_uint_eq(get_gpr(2), 0);
	RUN(ALU_BINARY(ALU(0x102, 0, 0), STORE_ACCU));
	ck_assert_uint_eq(get_gpr(2), a & b);
	RUN(ALU_BINARY(ALU(0x103, 0, 0), STORE_ACCU));
	ck_assert_uint_eq(get_gpr(2), a | b);
	RUN(ALU_BINARY(ALU(0x104, 0, 0), STORE_ACCU));
	ck_assert_uint_eq(get_gpr(2), a ^ b);
	RUN(ALU_BINARY(ALU(0x101, 0, 0), STORE_ZF));
	ck_assert_uint_eq(get_gpr(2), 0);
	RUN(ALU_BINARY(ALU(0x101, 0, 0), STORE_NOT_ZF));
	ck_assert_uint_eq(get_gpr(2), ~0ull);
	/* Inverted, zero and ones: ~a + (-1), then a no-op. */
	RUN(MATH(5), ALU(0x480, 0x20, 0), ALU(0x481, 0x21, 0), ALU(0x100, 0, 0), 0, STORE_ACCU);
	ck_assert_uint_eq(get_gpr(2), ~a - 1);
	RUN(MATH(4), ALU(0x081, 0x20, 0), ALU(0x081, 0x21, 0), ALU(0x103, 0, 0), STORE_ZF);
	ck_assert_uint_eq(get_gpr(2), ~0ull);
}
END_TEST

START_TEST(math_nonsense)
{
	static const u32 bad[] = { ALU(0x7ff, 0, 0), ALU(0x080, 0x20, 99), ALU(0x080, 5, 0),
				   ALU(0x180, 99, 0x31), ALU(0x180, 0, 0x20) };

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct rig_context bad_one;

		rig_context(&rig, &bad_one, GVT_RCS0, i);
		RIG_EMIT(&bad_one, MATH(1), bad[i]);
		ck_assert_int_eq(rig_submit(&bad_one, NULL), 0);
		rig_status(&bad_one, GVT_CSB_IDLE_ACTIVE);
		ck_assert_uint_eq(rig_stuck(&bad_one).cmd, MATH(1));
		rig.gpu->ops->reset(rig.gpu, GVT_RCS0);
	}
}
END_TEST

#define PREDICATE(load, combine, compare) (0x0cu << 23 | (load) << 6 | (combine) << 3 | (compare))

static u32 predicate_of(u32 was, u32 cmd)
{
	RUN(LRI(1), 0x2418, was, cmd);
	return rig_reg(&c, 0x418);
}

START_TEST(predicate)
{
	RUN(LRI(6), 0x2400, 10, 0x2404, 1, 0x2408, 10, 0x240c, 1, 0x2410, 0, 0x2414, 0);
	for (u32 was = 0; was < 2; was++) {
		ck_assert_uint_eq(predicate_of(was, PREDICATE(2, 0, 0)), 1);
		ck_assert_uint_eq(predicate_of(was, PREDICATE(2, 0, 1)), 0);
		ck_assert_uint_eq(predicate_of(was, PREDICATE(3, 0, 0)), 0);
		ck_assert_uint_eq(predicate_of(was, PREDICATE(0, 0, 0)), was);
		ck_assert_uint_eq(predicate_of(was, PREDICATE(2, 1, 2)), was);
		ck_assert_uint_eq(predicate_of(was, PREDICATE(2, 2, 2)), 1);
		ck_assert_uint_eq(predicate_of(was, PREDICATE(2, 3, 2)), !was);
		ck_assert_uint_eq(predicate_of(was, PREDICATE(2, 0, 3)), 1);
	}
	RUN(LRI(1), 0x2408, 9); /* 10 - 9 */
	ck_assert_uint_eq(predicate_of(0, PREDICATE(2, 0, 2)), 0);
	ck_assert_uint_eq(predicate_of(0, PREDICATE(2, 0, 3)), 0);
	RUN(LRI(1), 0x2410, 1);
	ck_assert_uint_eq(predicate_of(0, PREDICATE(2, 0, 3)), 1);
}
END_TEST

#define SET_PREDICATE(n) (0x01u << 23 | (n))

START_TEST(set_predicate)
{
	static const struct {
		u32 mode, result, result_2;
		bool stored;
	} cases[] = {
		{ 0, 0, 0, true },  { 1, 0, 0, false },	 { 1, 0, 1, true },   { 2, 0, 0, true },
		{ 2, 0, 1, false }, { 3, 0, 0, false },	 { 3, 1, 0, true },   { 4, 0, 0, true },
		{ 4, 1, 0, false }, { 15, 1, 1, false }, { 15, 0, 0, false },
	};

	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		rig_set(&rig, out, 0);
		rig_set(&rig, out + 4, 0);
		RIG_EMIT(&c, LRI(2), 0x2418, cases[i].result, 0x23bc, cases[i].result_2);
		RUN(SET_PREDICATE(cases[i].mode), SDI | GLOBAL, out, 0, 1, SET_PREDICATE(0),
		    SDI | GLOBAL, out + 4, 0, 1);
		CHECK_OUT(0, cases[i].stored);
		CHECK_OUT(4, 1);
	}
}
END_TEST

START_TEST(semaphore_compare)
{
	static const bool holds[6][3] = {
		/* memory less than, equal to, greater than the command's dword */
		{ false, false, true }, { false, true, true },	{ true, false, false },
		{ true, true, false },	{ false, true, false }, { true, false, true },
	};

	for (u32 op = 0; op < 6; op++)
		for (u32 mem = 0; mem < 3; mem++) {
			rig_set(&rig, out, mem);
			RIG_EMIT(&c, USER_INTERRUPT, SEMAPHORE_WAIT | GLOBAL | op << 12, 1, out, 0);
			ck_assert_int_eq(rig_submit(&c, NULL), 0);
			rig_status(&c, GVT_CSB_IDLE_ACTIVE);
			rig_interrupt(&c, GVT_IRQ_USER);
			if (holds[op][mem]) {
				rig_status(&c, GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE);
				continue;
			}
			/* It still waits: a store after it comes by a lite restore. */
			RIG_EMIT(&c, SDI | GLOBAL, out + 4, 0, 9);
			ck_assert_int_eq(rig_submit(&c, NULL), 0);
			rig_status(&c, GVT_CSB_PREEMPTED | GVT_CSB_LITE_RESTORE);
			CHECK_OUT(4, 0);
			rig_set(&rig, out, op == 0 || op == 1 ? 2 : op == 4 ? 1 : 0);
			rig_status(&c, GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE);
			CHECK_OUT(4, 9);
			rig_set(&rig, out + 4, 0);
		}
}
END_TEST

/* One engine waits for a store of another. */
START_TEST(semaphore_of_engines)
{
	struct rig_context b;

	rig_context(&rig, &b, GVT_BCS0, 2);
	RIG_EMIT(&c, SEMAPHORE_WAIT | SEMAPHORE_EQUAL | GLOBAL, 5, out, 0);
	RIG_EMIT(&b, SDI | GLOBAL, out, 0, 5, 0x1bu << 23, 1);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	ck_assert_int_eq(rig_submit(&b, NULL), 0);
	for (u32 i = 0; i < 3; i++)
		ck_assert_int_eq(rig_next(&rig).kind, GVT_GPU_STATUS);
	rig_none(&rig);
}
END_TEST

START_TEST(report_head)
{
	RUN(NOOP, NOOP, 0x07u << 23);
	ck_assert_uint_eq(rig_get(&rig, c.lrca + 16), 12);
}
END_TEST

START_TEST(noop_id)
{
	RUN(NOOP | 1u << 22 | 0x1234);
	ck_assert_uint_eq(rig_reg(&c, 0x94), 0x1234);
}
END_TEST

/* 12 MHz: between two moments, both clocks count no more than CLOCK_MONOTONIC does. */
START_TEST(timestamps)
{
	u64 first, second, from, to;
	u32 first_own, second_own;

	from = rig_reg(&c, 0x358) | (u64)rig_reg(&c, 0x35c) << 32;
	RUN(SRM | GLOBAL, 0x2358, out, 0, SRM | GLOBAL, 0x235c, out + 4, 0, SRM | GLOBAL, 0x23a8,
	    out + 8, 0, SRM | GLOBAL, 0x2358, out + 16, 0, SRM | GLOBAL, 0x235c, out + 20, 0,
	    SRM | GLOBAL, 0x23a8, out + 24, 0);
	to = rig_reg(&c, 0x358) | (u64)rig_reg(&c, 0x35c) << 32;
	first = rig_get(&rig, out) | (u64)rig_get(&rig, out + 4) << 32;
	second = rig_get(&rig, out + 16) | (u64)rig_get(&rig, out + 20) << 32;
	ck_assert_uint_ge(first, from);
	ck_assert_uint_ge(second, first);
	ck_assert_uint_ge(to, second);
	/* The context's own clock begins at zero, and stops while the context does not run. */
	first_own = rig_get(&rig, out + 8);
	second_own = rig_get(&rig, out + 24);
	ck_assert_uint_le(first_own, second - from);
	ck_assert_uint_ge(second_own, first_own);
	ck_assert_uint_ge(*rig_image(&c, 0x3a8), second_own);
	ck_assert_uint_le(*rig_image(&c, 0x3a8), to - from);
}
END_TEST

#define PIPE_CONTROL (3u << 29 | 3u << 27 | 2u << 24 | 4)
#define PC_GLOBAL    (1u << 24)
#define PC_REGISTER  (1u << 23)
#define PC_INDEX     (1u << 21)
#define PC_NOTIFY    (1u << 8)
#define POST(n)	     ((u32)(n) << 14)

START_TEST(pipe_control)
{
	u32 hwsp = rig_pages(&rig, 1);
	u64 va = RIG_VA + out;

	RUN(PIPE_CONTROL, PC_GLOBAL | POST(1), out, 0, 1, 2);
	CHECK_OUT(0, 1);
	CHECK_OUT(4, 2);
	RUN(PIPE_CONTROL, POST(1), LO(va + 8), HI(va), 3, 4);
	CHECK_OUT(8, 3);
	CHECK_OUT(12, 4);
	RUN(PIPE_CONTROL, PC_GLOBAL | POST(3), out + 16, 0, 0, 0);
	ck_assert_uint_ne(rig_get(&rig, out + 16), 0);
	RUN(LRI(2), 0x2350, 7, 0x2354, 8, PIPE_CONTROL, PC_GLOBAL | POST(2), out + 24, 0, 0, 0);
	CHECK_OUT(24, 7);
	CHECK_OUT(28, 8);
	/* A write to the status page: the engine's, or the context's own. */
	RUN(LRI(1), HWS_PGA, hwsp, PIPE_CONTROL, PC_GLOBAL | PC_INDEX | POST(1), 0x80, 0, 5, 6);
	ck_assert_uint_eq(rig_get(&rig, hwsp + 0x80), 5);
	ck_assert_uint_eq(rig_get(&rig, hwsp + 0x84), 6);
	RUN(PIPE_CONTROL, PC_INDEX | POST(1), 0xd0, 0, 7, 0);
	ck_assert_uint_eq(rig_get(&rig, c.lrca + 0xd0), 7);
	RUN(PIPE_CONTROL, PC_REGISTER, GPR(5), 0, 0x99, 0);
	ck_assert_uint_eq(get_gpr(5), 0x99);
	/* Nothing but a flush. */
	RUN(PIPE_CONTROL, 1u << 20 | 1u << 12 | 1u << 18, 0, 0, 0, 0);

	RIG_EMIT(&c, PIPE_CONTROL, PC_NOTIFY | PC_GLOBAL | POST(1), out, 0, 10, 0);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&c, GVT_IRQ_PIPE_CONTROL);
	CHECK_OUT(0, 10);
	rig_status(&c, GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE);
}
END_TEST

#define FLUSH_DW (0x26u << 23 | 2)

START_TEST(flush_dw)
{
	u32 hwsp = rig_pages(&rig, 1);
	u64 va = RIG_VA + out + 8;

	rig_context(&rig, &c, GVT_BCS0, 2);
	RUN(FLUSH_DW | POST(1), out | 4, 0, 1);
	CHECK_OUT(0, 1);
	CHECK_OUT(4, 0);
	RUN((FLUSH_DW | POST(1)) + 1, LO(va), HI(va), 2, 3);
	CHECK_OUT(8, 2);
	CHECK_OUT(12, 3);
	RUN(FLUSH_DW | POST(3), (out + 16) | 4, 0, 0);
	ck_assert_uint_ne(rig_get(&rig, out + 16), 0);
	RUN(LRI(1), 0x22080, hwsp, FLUSH_DW | POST(1) | PC_INDEX, 0x80 | 4, 0, 4);
	ck_assert_uint_eq(rig_get(&rig, hwsp + 0x80), 4);
	RUN(FLUSH_DW | POST(1) | PC_INDEX | 1u << 18, 0xd0, 0, 5);
	ck_assert_uint_eq(rig_get(&rig, c.lrca + 0xd0), 5);

	RIG_EMIT(&c, FLUSH_DW | PC_NOTIFY, 0, 0, 0);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&c, GVT_IRQ_PIPE_CONTROL);
	rig_status(&c, GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE);
}
END_TEST

/* Dwords that are left out are zero, also after a longer command. */
START_TEST(cut_short)
{
	RUN(PIPE_CONTROL, PC_GLOBAL | POST(1), out, 0, 1, 2, PIPE_CONTROL - 4, 1u << 20,
	    PIPE_CONTROL - 3, 1u << 20, 0, PIPE_CONTROL - 1, PC_GLOBAL | POST(1), out + 8, 0, 3);
	CHECK_OUT(0, 1);
	CHECK_OUT(4, 2);
	CHECK_OUT(8, 3);
	CHECK_OUT(12, 0);
	RUN(PIPE_CONTROL, PC_GLOBAL | POST(1), out, 0, 4, 5, PIPE_CONTROL - 2, PC_GLOBAL | POST(1),
	    out + 8, 0);
	CHECK_OUT(0, 4);
	CHECK_OUT(8, 0);

	rig_context(&rig, &c, GVT_BCS0, 2);
	RUN(FLUSH_DW | POST(1), out | 4, 0, 6, (FLUSH_DW - 2) | 1u << 18, 0,
	    (FLUSH_DW - 1) | POST(1), (out + 16) | 4, 0, SDI | GLOBAL, out + 24, 0, 7);
	CHECK_OUT(0, 6);
	CHECK_OUT(16, 0);
	CHECK_OUT(24, 7);
}
END_TEST

/* Only flushes may be cut short. */
START_TEST(too_short)
{
	u32 at = out + 16;

	rig_context(&rig, &c, GVT_BCS0, 2);
	RIG_EMIT(&c, (SDI | GLOBAL) - 1, at, 0, NOOP);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&c, GVT_IRQ_CS_ERROR);
	rig_stuck(&c);
	CHECK_OUT(16, 0);
}
END_TEST

START_TEST(perf_count)
{
	for (u32 i = 0; i < 64; i++)
		rig_set(&rig, out + 4 * i, ~0u);
	RUN(0x28u << 23 | 2, out | 1, 0, 0xcafe);
	CHECK_OUT(0, 0xcafe);
	CHECK_OUT(8, 1); /* the context */
	for (u32 i = 3; i < 64; i++)
		CHECK_OUT(4 * i, 0);
}
END_TEST

/* Commands of shading, media and states are skipped by their length. */
START_TEST(passed_over)
{
	/* 3DSTATE_VERTEX_BUFFERS of 33 dwords, MI_SUSPEND_FLUSH, MI_WAIT_FOR_EVENT, MI_ARB_CHECK */
	RIG_EMIT(&c, 3u << 29 | 3u << 27 | 8u << 16 | 31);
	for (u32 i = 1; i < 33; i++)
		RIG_EMIT(&c, BATCH_END);
	RUN(0x0bu << 23, 0x03u << 23, ARB_CHECK, SDI | GLOBAL, out, 0, 3);
	CHECK_OUT(0, 3);
}
END_TEST

Suite *suite_softgpu_mi(void)
{
	const TTest *const tests[] = {
		store_data_imm,
		store_data_index,
		registers,
		predicated_store,
		copy_mem_mem,
		atomic,
		math,
		math_nonsense,
		predicate,
		set_predicate,
		semaphore_compare,
		semaphore_of_engines,
		report_head,
		noop_id,
		timestamps,
		pipe_control,
		flush_dw,
		cut_short,
		too_short,
		perf_count,
		passed_over,
	};

	return unit_suite_with("softgpu_mi", setup, teardown, tests, ARRAY_SIZE(tests));
}
