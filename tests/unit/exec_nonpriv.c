/* SPDX-License-Identifier: MIT */
/*
 * Registers whose values are checked when the guest writes them, above all FORCE_TO_NONPRIV: a slot
 * names a register that unprivileged batches may write. Whatever a guest writes to a slot, and in
 * whatever way, the slot does not name its old register any more.
 */
#include "tests/unit/exec_guest.h"

#define LRI(n)	     (0x11000000u | (2 * (n)-1))
#define LRM_GGTT     (0x29u << 23 | 1u << 22 | 2)
#define LRR	     (0x2au << 23 | 1)
#define SRM_GGTT     (0x24u << 23 | 1u << 22 | 2)
#define PIPE_CONTROL 0x7a000004u
#define PC_LRI	     (1u << 23 | 1u << 20)
#define START_GGTT   (0x31u << 23 | 1)
#define START_PPGTT  (0x31u << 23 | 1u << 8 | 1)

/* From an engine's base. */
#define SLOT(n) (0x4d0u + 4 * (n))
#define SLOTS	12u
#define NOPID	0x94u
#define OLD	0x1d0u /* ECOSKPD: a batch can change it only if a slot names it */
#define OTHER	0x190u /* PR_CTR, in the same way */

#define RESULT (GUEST_SEQNO + 1) /* the page that receives the registers */
#define BATCH  (GUEST_SEQNO + 2) /* a privileged batch */

static struct gvt_gpu *gpu;

static void setup(void)
{
	ck_assert_int_eq(softgpu_create(&gpu), 0);
}

static void teardown(void)
{
	gpu->ops->destroy(gpu);
}

/* Runs @ctx to its end. Nothing of it is refused. */
static void run(struct guest *g, struct guest_ctx *ctx)
{
	guest_breadcrumb(g, ctx);
	guest_submit(g, ctx, NULL);
	ck_assert_uint_eq(guest_event(g, ctx->engine), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(g, ctx->engine), guest_csb(LAST, ctx->id));
}

static void emit(struct guest *g, struct guest_ctx *ctx, const u32 *dw, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		guest_emit(g, ctx, dw[i]);
	if (nr % 2)
		guest_emit(g, ctx, 0);
}

#define EMIT(g, ctx, ...) \
	emit(g, ctx, (const u32[]){ __VA_ARGS__ }, sizeof((const u32[]){ __VA_ARGS__ }) / 4)

/* The value that a command reads from the register at @offset. */
static u32 stored(struct guest *g, struct guest_ctx *ctx, u32 offset)
{
	EMIT(g, ctx, SRM_GGTT, offset, RESULT << GVT_PAGE_SHIFT, 0);
	run(g, ctx);
	return *guest_dw(g, RESULT, 0);
}

/* True if an unprivileged batch changes the register at @offset, which is a masked one. */
static bool writable(struct guest *g, struct guest_ctx *ctx, u32 offset)
{
	u32 *dw = guest_dw(g, GUEST_DATA, 0);

	dw[0] = LRI(1);
	dw[1] = offset;
	dw[2] = 0xffff00aa;
	dw[3] = EXEC_BATCH_END;
	EMIT(g, ctx, LRI(1), offset, 0xffff0055, 0, START_PPGTT, GUEST_DATA_AT, 0, 0);
	return stored(g, ctx, offset) == 0xaa;
}

/* ---- ways to write a slot ---- */

static void by_mmio(struct guest *g, struct guest_ctx *ctx, u32 offset, u32 val)
{
	(void)ctx;
	fake_reg_write(g->f, offset, val);
}

static void by_ring(struct guest *g, struct guest_ctx *ctx, u32 offset, u32 val)
{
	EMIT(g, ctx, LRI(2), gvt_engine_base(ctx->engine) + 0x600, 1, offset, val);
	run(g, ctx);
}

static void by_batch(struct guest *g, struct guest_ctx *ctx, u32 offset, u32 val)
{
	u32 *dw = guest_dw(g, BATCH, 0);

	dw[0] = LRI(1);
	dw[1] = offset;
	dw[2] = val;
	dw[3] = EXEC_BATCH_END;
	EMIT(g, ctx, START_GGTT, BATCH << GVT_PAGE_SHIFT, 0, 0);
	run(g, ctx);
}

static void by_flush(struct guest *g, struct guest_ctx *ctx, u32 offset, u32 val)
{
	EMIT(g, ctx, PIPE_CONTROL, PC_LRI, offset, 0, val, 0);
	run(g, ctx);
}

static const struct {
	const char *name;
	void (*write)(struct guest *g, struct guest_ctx *ctx, u32 offset, u32 val);
	bool commands;
	u32 engines;
} means[] = {
	{ "MMIO", by_mmio, false, EXEC_ALL_ENGINES },
	{ "a ring", by_ring, true, EXEC_ALL_ENGINES },
	{ "a privileged batch", by_batch, true, EXEC_ALL_ENGINES },
	{ "PIPE_CONTROL", by_flush, true, BIT32(GVT_RCS0) },
};

/* ---- values that are written ---- */

static const struct {
	const char *what;
	u32 val;
	bool own;  /* @val is a distance from the engine's base */
	bool good; /* it is read back as it was written, by commands too */
} values[] = {
	{ "nothing", 0, .good = true },
	{ "RING_NOPID", NOPID, .own = true, .good = true },
	{ "another register", OTHER, .own = true, .good = true },
	{ "a register of the pipelines", 0x7014, .good = true },
	{ "a register that is read-only", 0x6c, .own = true },
	{ "the ring's start", 0x38, .own = true },
	{ "a page directory pointer", 0x270, .own = true },
	{ "the slot itself", SLOT(3), .own = true },
	{ "the status page", 0x80, .own = true },
	{ "a register that is not there", 0x4f8, .own = false },
	{ "the interrupts' master", 0x44200 },
	{ "another engine's register", 0x5000 + OLD, .own = true },
	{ "reserved bits above the old register", OLD + BIT32(23), .own = true },
	{ "the top bit, and the old register", OLD + BIT32(31), .own = true },
	{ "the low bits, and the old register", OLD + 3, .own = true },
	{ "an offset beyond all registers", 0x7ffffc },
	{ "ones", 0xffffffff },
};

/* Whatever is written to a slot, unprivileged batches cannot write its old register any more. */
START_TEST(slots)
{
	struct guest g = exec_guest(gpu);

	for (u32 e = 0; e < GVT_NR_ENGINES; e++) {
		u32 base = gvt_engine_base(e), slot = base + SLOT(3);
		struct guest_ctx ctx = guest_context(&g, e, e);

		if (!(means[_i].engines & BIT32(e)))
			continue;
		for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
			u32 val = values[i].val + (values[i].own ? base : 0), is;

			means[_i].write(&g, &ctx, slot, base + OLD);
			ck_assert_msg(writable(&g, &ctx, base + OLD), "engine %u, by %s: no grant",
				      e, means[_i].name);
			ck_assert_uint_eq(fake_reg(g.f, slot), base + OLD);
			means[_i].write(&g, &ctx, slot, val);
			ck_assert_msg(!writable(&g, &ctx, base + OLD),
				      "engine %u, by %s: the old grant outlives %s", e,
				      means[_i].name, values[i].what);
			is = fake_reg(g.f, slot);
			ck_assert_msg(is == val || (means[_i].commands && !values[i].good &&
						    is == base + NOPID),
				      "engine %u, by %s: 0x%x (%s) is read back as 0x%x", e,
				      means[_i].name, val, values[i].what, is);
			/* The GPU's slot names no register that the guest may not write. */
			is = stored(&g, &ctx, slot);
			ck_assert_msg(is == (values[i].good ? val : base + NOPID),
				      "engine %u, by %s: of 0x%x (%s) the GPU has 0x%x", e,
				      means[_i].name, val, values[i].what, is);
		}
	}
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->hangs, 0);
	fake_free(g.f);
}
END_TEST

/* Each of the twelve slots; and writes by commands and by the CPU in turn. */
START_TEST(each_slot)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_VCS0, 0);
	u32 base = gvt_engine_base(GVT_VCS0);

	for (u32 n = 0; n < SLOTS; n++)
		fake_reg_write(g.f, base + SLOT(n), base + OLD);
	for (u32 n = 0; n < SLOTS; n++) {
		ck_assert(writable(&g, &ctx, base + OLD));
		if (n % 2)
			by_ring(&g, &ctx, base + SLOT(n), 0x44200);
		else
			fake_reg_write(g.f, base + SLOT(n), 0x44200);
	}
	ck_assert(!writable(&g, &ctx, base + OLD));
	fake_reg_write(g.f, base + SLOT(0), base + OLD);
	by_ring(&g, &ctx, base + SLOT(0), base + NOPID);
	ck_assert_uint_eq(fake_reg(g.f, base + SLOT(0)), base + NOPID);
	ck_assert(!writable(&g, &ctx, base + OLD));
	by_ring(&g, &ctx, base + SLOT(0), base + OLD);
	ck_assert(writable(&g, &ctx, base + OLD));
	fake_reg_write(g.f, base + SLOT(0), base + NOPID);
	ck_assert(!writable(&g, &ctx, base + OLD));
	/* A reset of the engine empties them. */
	fake_reg_write(g.f, base + SLOT(0), base + OLD);
	guest_reset_engine(&g, GVT_VCS0);
	ctx = guest_context(&g, GVT_VCS0, 1);
	ck_assert(!writable(&g, &ctx, base + OLD));
	ck_assert_uint_eq(fake_reg(g.f, base + SLOT(0)), 0);
	fake_free(g.f);
}
END_TEST

/* A slot cannot get a value that is known only when the command runs: the engine stands still. */
START_TEST(unknown_value)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_RCS0, 0);
	u32 base = gvt_engine_base(GVT_RCS0), slot = base + SLOT(3);
	const u32 commands[][4] = {
		{ LRM_GGTT, slot, RESULT << GVT_PAGE_SHIFT, 0 },
		{ LRR, base + 0x600, slot, 0 },
		{ LRI(1) | 1u << 8, slot, 0x44200, 0 },
	};

	fake_reg_write(g.f, slot, base + OLD);
	*guest_dw(&g, RESULT, 0) = 0x44200;
	emit(&g, &ctx, commands[_i], 4);
	guest_submit(&g, &ctx, NULL);
	guest_await_hang(&g, GVT_RCS0);
	guest_reset_engine(&g, GVT_RCS0);
	ctx = guest_context(&g, GVT_RCS0, 1);
	ck_assert(!writable(&g, &ctx, base + OLD));
	fake_free(g.f);
}
END_TEST

/* The next process takes it up. */
static void take_up(struct guest *g)
{
	ck_assert_int_eq(fake_create(g->f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(g->f->vgpu), 0);
}

/* Values in a state or an image are checked as written ones are. */
START_TEST(brought_along)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_RCS0, 0);
	u32 base = gvt_engine_base(GVT_RCS0), *regs = guest_dw(&g, GUEST_CTX + 1, 0);
	struct vgpu_regs *state = g.f->vgpu->regs; /* which outlives the vGPU */

	/* A slot that a command emptied is empty for the next daemon. */
	fake_reg_write(g.f, base + SLOT(0), base + OLD);
	by_ring(&g, &ctx, base + SLOT(0), base + NOPID);
	intel_gvt_destroy_vgpu(g.f->vgpu);
	take_up(&g);
	ck_assert(!writable(&g, &ctx, base + OLD));

	/* A state that a daemon with other rules has left. */
	fake_reg_write(g.f, base + SLOT(0), base + OLD);
	intel_gvt_destroy_vgpu(g.f->vgpu);
	state->val[(base + SLOT(0)) / 4] = (base + OLD) | BIT32(31);
	state->val[(base + SLOT(1)) / 4] = base + 0x80;
	take_up(&g);
	ck_assert(!writable(&g, &ctx, base + OLD));
	ck_assert_uint_eq(stored(&g, &ctx, base + SLOT(0)), base + NOPID);
	ck_assert_uint_eq(stored(&g, &ctx, base + SLOT(1)), base + NOPID);

	/* A context's image. */
	ctx = guest_context(&g, GVT_RCS0, 0);
	regs[0x35] = LRI(2) | 1u << 12;
	regs[0x36] = base + SLOT(2);
	regs[0x37] = base + OLD;
	regs[0x38] = base + SLOT(4);
	regs[0x39] = base + 0x80;
	regs[0x3a] = EXEC_BATCH_END;
	regs[0x34] = 0;
	ck_assert(!writable(&g, &ctx, base + OLD));
	ck_assert_uint_eq(stored(&g, &ctx, base + SLOT(2)), 0);
	ck_assert_uint_eq(stored(&g, &ctx, base + SLOT(4)), 0);
	fake_free(g.f);
}
END_TEST

/* Batches write neither register 0 nor RING_NOPID, which empty slots name. */
START_TEST(empty_slots)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_BCS0, 0);
	u32 base = gvt_engine_base(GVT_BCS0), *dw = guest_dw(&g, GUEST_DATA, 0);

	fake_reg_write(g.f, base + SLOT(1), base + NOPID);
	dw[0] = LRI(2);
	dw[1] = 0;
	dw[2] = 0xaa;
	dw[3] = base + NOPID;
	dw[4] = 0xaa;
	dw[5] = EXEC_BATCH_END;
	EMIT(&g, &ctx, START_PPGTT, GUEST_DATA_AT, 0, 0);
	ck_assert_uint_eq(stored(&g, &ctx, base + NOPID), 0);
	ck_assert_uint_eq(gpu->ops->reg_read(g.f->vgpu->space, 0), 0);
	fake_free(g.f);
}
END_TEST

/* The status page is never in the hidden range: such an address becomes page 0. */
START_TEST(status_page)
{
	static const u32 bad[] = { (u32)HIDDEN_BASE, (u32)HIDDEN_BASE + 0x5000, 0xfffff000 };
	struct guest g = exec_guest(gpu);
	u32 hwsp = gvt_engine_base(GVT_BCS0) + 0x80;

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		fake_reg_write(g.f, hwsp, GUEST_HWSP << GVT_PAGE_SHIFT);
		ck_assert_uint_eq(gpu->ops->reg_read(g.f->vgpu->space, hwsp),
				  GUEST_HWSP << GVT_PAGE_SHIFT);
		fake_reg_write(g.f, hwsp, bad[i]);
		ck_assert_uint_eq(fake_reg(g.f, hwsp), bad[i]);
		ck_assert_uint_eq(gpu->ops->reg_read(g.f->vgpu->space, hwsp), 0);
	}
	fake_free(g.f);
}
END_TEST

Suite *suite_exec_nonpriv(void)
{
	Suite *suite = suite_create("exec_nonpriv");
	TCase *tcase = tcase_create("exec_nonpriv");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, slots, 0, ARRAY_SIZE(means));
	tcase_add_test(tcase, each_slot);
	tcase_add_loop_test(tcase, unknown_value, 0, 3);
	tcase_add_test(tcase, brought_along);
	tcase_add_test(tcase, empty_slots);
	tcase_add_test(tcase, status_page);
	suite_add_tcase(suite, tcase);
	return suite;
}
