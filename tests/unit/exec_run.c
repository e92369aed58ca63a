/* SPDX-License-Identifier: MIT */
/* From a guest's submission to the answer, with the software GPU. */
#include "tests/unit/exec_guest.h"

#include <linux/pci_regs.h>
#include <sched.h>
#include <string.h>

#define EXTENDED (GVT_CSB_PREEMPTED | GVT_CSB_LITE_RESTORE)

static struct gvt_gpu *gpu;

static void setup(void)
{
	ck_assert_int_eq(softgpu_create(&gpu), 0);
}

static void teardown(void)
{
	gpu->ops->destroy(gpu);
}

/* What i915 does with each engine when it is loaded, and expects to be done within 200 ms. */
START_TEST(one_request)
{
	struct guest g = exec_guest(gpu);

	for (u32 e = 0; e < GVT_NR_ENGINES; e++) {
		struct guest_ctx ctx = guest_context(&g, e, e);

		guest_breadcrumb(&g, &ctx);
		guest_submit(&g, &ctx, NULL);
		ck_assert_uint_eq(guest_event(&g, e), IDLE_ACTIVE);
		ck_assert_uint_eq(guest_event(&g, e), guest_csb(LAST, ctx.id));
		ck_assert(guest_no_event(&g, e));
		ck_assert_uint_eq(guest_seqno(&g, &ctx), 1);
		/* The head in the image. */
		ck_assert_uint_eq(*guest_dw(&g, GUEST_CTX + 32 * e + 1, 5), ctx.tail);
	}
	fake_free(g.f);
}
END_TEST

START_TEST(again_and_again)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_BCS0, 3);

	/* Several times around the ring. */
	for (u32 n = 0; n < 2000; n++) {
		guest_breadcrumb(&g, &ctx);
		guest_submit(&g, &ctx, NULL);
		ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
		ck_assert_uint_eq(guest_event(&g, GVT_BCS0), guest_csb(LAST, ctx.id));
		ck_assert_uint_eq(guest_seqno(&g, &ctx), n + 1);
	}
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->submissions, 2000);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->completed, 2000);
	fake_free(g.f);
}
END_TEST

START_TEST(two_contexts)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_RCS0, 1);

	guest_breadcrumb(&g, &a);
	guest_breadcrumb(&g, &b);
	guest_submit(&g, &a, &b);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(NEXT, a.id));
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(LAST, b.id));
	ck_assert_uint_eq(guest_seqno(&g, &a), 1);
	ck_assert_uint_eq(guest_seqno(&g, &b), 1);
	fake_free(g.f);
}
END_TEST

/* Keeps a context where it is, by a semaphore that the guest controls. */
static void hold(struct guest *g, struct guest_ctx *ctx)
{
	/* MI_SEMAPHORE_WAIT, global, polling, while the word differs from 1 */
	guest_emit(g, ctx, 0x1cu << 23 | 1u << 22 | 1u << 15 | 4u << 12 | 2);
	guest_emit(g, ctx, 1);
	guest_emit(g, ctx, (GUEST_SEQNO << GVT_PAGE_SHIFT) + 0x800 + 4 * ctx->nr);
	guest_emit(g, ctx, 0);
	*guest_dw(g, GUEST_SEQNO, 0x200 + ctx->nr) = 0;
}

static void release(struct guest *g, const struct guest_ctx *ctx)
{
	__atomic_store_n(guest_dw(g, GUEST_SEQNO, 0x200 + ctx->nr), 1, __ATOMIC_RELEASE);
}

START_TEST(extended)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_VCS0, 0), b = guest_context(&g, GVT_VCS0, 1);

	ck_assert(!intel_vgpu_at_work(g.f->vgpu));
	hold(&g, &a);
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_VCS0), IDLE_ACTIVE);
	ck_assert(intel_vgpu_at_work(g.f->vgpu));
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_VCS0), guest_csb(EXTENDED, a.id));
	guest_breadcrumb(&g, &a);
	guest_breadcrumb(&g, &b);
	guest_submit(&g, &a, &b);
	ck_assert_uint_eq(guest_event(&g, GVT_VCS0), guest_csb(EXTENDED, a.id));
	ck_assert_uint_eq(guest_seqno(&g, &a), 0);
	release(&g, &a);
	ck_assert_uint_eq(guest_event(&g, GVT_VCS0), guest_csb(NEXT, a.id));
	ck_assert_uint_eq(guest_event(&g, GVT_VCS0), guest_csb(LAST, b.id));
	ck_assert_uint_eq(guest_seqno(&g, &a), 3);
	ck_assert_uint_eq(guest_seqno(&g, &b), 1);
	ck_assert(!intel_vgpu_at_work(g.f->vgpu));
	fake_free(g.f);
}
END_TEST

START_TEST(preempted)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_RCS0, 1);

	hold(&g, &a);
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	guest_breadcrumb(&g, &b);
	guest_submit(&g, &b, &a);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(GVT_CSB_PREEMPTED, a.id));
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(NEXT, b.id));
	ck_assert_uint_eq(guest_seqno(&g, &b), 1);
	ck_assert_uint_eq(guest_seqno(&g, &a), 0);
	release(&g, &a);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(LAST, a.id));
	ck_assert_uint_eq(guest_seqno(&g, &a), 1);
	fake_free(g.f);
}
END_TEST

/* A batch in the address space, which writes there. */
START_TEST(batch)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_BCS0, 0);
	u32 *dw = guest_dw(&g, GUEST_DATA, 0);

	dw[0] = 0x20u << 23 | 2;
	dw[1] = GUEST_DATA_AT + GVT_PAGE_SIZE;
	dw[2] = 0;
	dw[3] = 0xcafe;
	dw[4] = 0x0au << 23;
	guest_emit(&g, &ctx, 0x31u << 23 | 1u << 8 | 1);
	guest_emit(&g, &ctx, GUEST_DATA_AT);
	guest_emit(&g, &ctx, 0);
	guest_emit(&g, &ctx, 0);
	guest_breadcrumb(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), guest_csb(LAST, ctx.id));
	ck_assert_uint_eq(*guest_dw(&g, GUEST_DATA + 1, 0), 0xcafe);
	fake_free(g.f);
}
END_TEST

/* ---- contexts that cannot go on ---- */

#define START_PPGTT (0x31u << 23 | 1u << 8 | 1)

/* The engine stands still, shows that, and works after a reset. */
static void check_hangs(struct guest *g, enum gvt_engine engine)
{
	u32 base = gvt_engine_base(engine);

	guest_await_hang(g, engine);
	ck_assert(guest_no_event(g, engine));
	/* What the guest submits meanwhile does not run. */
	guest_elsp(g, engine, GUEST_CTX << GVT_PAGE_SHIFT | 0x119, 0);
	ck_assert(guest_no_event(g, engine));
	guest_reset_engine(g, engine);
	ck_assert_uint_eq(fake_reg(g->f, base + 0xb0), 0);
	guest_check_works(g, engine);
}

/* An endless batch: the guest resets the engine, and goes on. */
START_TEST(endless)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_BCS0, 0);
	u32 *dw = guest_dw(&g, GUEST_DATA, 0);

	dw[0] = 0x31u << 23 | 1u << 8 | 1;
	dw[1] = GUEST_DATA_AT;
	dw[2] = 0;
	guest_breadcrumb(&g, &ctx);
	for (u32 i = 0; i < 3; i++)
		guest_emit(&g, &ctx, dw[i]);
	guest_emit(&g, &ctx, 0);
	guest_breadcrumb(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	while (guest_seqno(&g, &ctx) != 1)
		ck_assert(fake_serve(g.f, 5000));
	guest_reset_engine(&g, GVT_BCS0);
	guest_check_works(&g, GVT_BCS0);
	ck_assert_uint_eq(guest_seqno(&g, &ctx), 1);
	fake_free(g.f);
}
END_TEST

/* Audited unprivileged batches: they run where they are, must be whole, and may be loops. */
START_TEST(audited)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_BCS0, 0);
	const struct vgpu_exec_counts *counts = intel_vgpu_exec_counts(g.f->vgpu);
	/* It crosses from a page to the next. */
	u32 *dw = guest_dw(&g, GUEST_DATA, 1020), *next = guest_dw(&g, GUEST_DATA + 1, 0);
	const u32 call[] = { START_PPGTT, GUEST_DATA_AT + 4 * 1020, 0, 0 };

	g.f->vgpu->device->params.audit_user = true;
	dw[0] = 0x20u << 23 | 2;
	dw[1] = GUEST_DATA_AT + 2 * GVT_PAGE_SIZE;
	dw[2] = 0;
	dw[3] = 0xcafe;
	/* It loops until its first dword is an end. */
	next[0] = 0;
	next[1] = START_PPGTT;
	next[2] = GUEST_DATA_AT + GVT_PAGE_SIZE;
	next[3] = 0;
	for (u32 i = 0; i < ARRAY_SIZE(call); i++)
		guest_emit(&g, &ctx, call[i]);
	guest_breadcrumb(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	while (__atomic_load_n(guest_dw(&g, GUEST_DATA + 2, 0), __ATOMIC_ACQUIRE) != 0xcafe)
		ck_assert_uint_eq(counts->hangs, 0);
	__atomic_store_n(next, EXEC_BATCH_END, __ATOMIC_RELEASE);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), guest_csb(LAST, ctx.id));

	/* It is cut off by an unknown command: none of it runs. */
	*guest_dw(&g, GUEST_DATA + 2, 0) = 0;
	next[0] = 0x20000000;
	for (u32 i = 0; i < ARRAY_SIZE(call); i++)
		guest_emit(&g, &ctx, call[i]);
	guest_breadcrumb(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	check_hangs(&g, GVT_BCS0);
	ck_assert_uint_eq(counts->refused[EXEC_BAD_COMMAND], 1);
	ck_assert_uint_eq(*guest_dw(&g, GUEST_DATA + 2, 0), 0);
	fake_free(g.f);
}
END_TEST

/* The vGPU is reset by its guest, and destroyed, while its work is under way. */
START_TEST(gone)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_RCS0, 1);

	hold(&g, &a);
	guest_breadcrumb(&g, &b);
	guest_submit(&g, &a, &b);
	fake_cfg_write(g.f, 0x70 + PCI_EXP_DEVCTL, 2, PCI_EXP_DEVCTL_BCR_FLR);
	ck_assert(!intel_vgpu_at_work(g.f->vgpu));
	fake_place(g.f);
	guest_setup(&g);
	guest_check_works(&g, GVT_RCS0);
	a = guest_context(&g, GVT_RCS0, 0);
	hold(&g, &a);
	guest_submit(&g, &a, &b);
	fake_free(g.f);
}
END_TEST

/* A person stops it: engines at work hang once, and idle engines go on as if nothing happened. */
START_TEST(stopped)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_RCS0, 1);
	const u64 *asked = &intel_vgpu_exec_counts(g.f->vgpu)->refused[EXEC_ASKED];

	ck_assert_uint_eq(intel_vgpu_stop_work(g.f->vgpu), 0);
	ck_assert_uint_eq(fake_reg(g.f, gvt_engine_base(GVT_RCS0) + 0xb0), 0);
	hold(&g, &a);
	guest_breadcrumb(&g, &a);
	guest_breadcrumb(&g, &b);
	guest_submit(&g, &a, &b);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	ck_assert_uint_eq(intel_vgpu_stop_work(g.f->vgpu), BIT32(GVT_RCS0));
	ck_assert(!intel_vgpu_at_work(g.f->vgpu));
	ck_assert_uint_eq(intel_vgpu_stop_work(g.f->vgpu), 0);
	ck_assert_uint_eq(*asked, 1);
	guest_check_works(&g, GVT_BCS0);
	check_hangs(&g, GVT_RCS0);
	ck_assert_uint_eq(guest_seqno(&g, &a), 0);
	ck_assert_uint_eq(guest_seqno(&g, &b), 0);
	fake_free(g.f);
}
END_TEST

static void take_root(struct guest *g)
{
	fake_write(g->f, FAKE_BAR0 + 0x78838, 8, (u64)GUEST_PML4 << GVT_PAGE_SHIFT);
	fake_reg_write(g->f, 0x78818, 5);
}

static void switch_ips(struct guest *g)
{
	fake_reg_write(g->f, 0x4080, 0xf);
}

/* The page tables of what runs are destroyed: it does not run on with what becomes of them. */
START_TEST(tables_taken)
{
	static void (*const take[])(struct guest *) = { take_root, switch_ips };
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0);

	hold(&g, &a);
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	take[_i](&g);
	release(&g, &a);
	check_hangs(&g, GVT_RCS0);
	ck_assert_uint_eq(guest_seqno(&g, &a), 0);
	fake_free(g.f);
}
END_TEST

static void bad_command(struct guest *g, struct guest_ctx *ctx)
{
	guest_emit(g, ctx, 0x1fu << 23);
	guest_emit(g, ctx, 0);
}

/* A command in the ring writes RING_START. */
static void bad_register(struct guest *g, struct guest_ctx *ctx)
{
	guest_emit(g, ctx, 0x22u << 23 | 1);
	guest_emit(g, ctx, gvt_engine_base(ctx->engine) + 0x38);
	guest_emit(g, ctx, 0);
	guest_emit(g, ctx, 0);
}

/* A store to where the mediator keeps the rings that run. */
static void bad_store(struct guest *g, struct guest_ctx *ctx)
{
	guest_emit(g, ctx, 0x20u << 23 | 1u << 22 | 2);
	guest_emit(g, ctx, HIDDEN_BASE + 0x1000);
	guest_emit(g, ctx, 0);
	guest_emit(g, ctx, 0);
}

static void bad_ring(struct guest *g, struct guest_ctx *ctx)
{
	*guest_dw(g, GUEST_CTX + 32 * ctx->nr + 1, 9) = HIDDEN_BASE;
	guest_breadcrumb(g, ctx);
}

static void ring_of_nothing(struct guest *g, struct guest_ctx *ctx)
{
	*guest_dw(g, GUEST_CTX + 32 * ctx->nr + 1, 9) = 0x80000000;
	guest_breadcrumb(g, ctx);
}

static void bad_tail(struct guest *g, struct guest_ctx *ctx)
{
	(void)g;
	ctx->tail = 2 * GUEST_RING_SIZE;
}

static void no_tables(struct guest *g, struct guest_ctx *ctx)
{
	*guest_dw(g, GUEST_CTX + 32 * ctx->nr + 1, 0x31) = 0x7f;
	guest_emit(g, ctx, START_PPGTT);
	guest_emit(g, ctx, GUEST_DATA_AT);
	guest_emit(g, ctx, 0);
	guest_emit(g, ctx, 0);
}

static void no_lists(struct guest *g, struct guest_ctx *ctx)
{
	memset(guest_dw(g, GUEST_CTX + 32 * ctx->nr + 1, 0), 0, GVT_PAGE_SIZE);
	guest_breadcrumb(g, ctx);
}

static void noise(struct guest *g, struct guest_ctx *ctx)
{
	u64 seed = 4711;

	for (u32 i = 0; i < 1024; i++)
		*guest_dw(g, GUEST_CTX + 32 * ctx->nr + 1, i) = unit_random(&seed);
}

static void long_list(struct guest *g, struct guest_ctx *ctx)
{
	*guest_dw(g, GUEST_CTX + 32 * ctx->nr + 1, 0x21) = 0x110010fe;
	guest_breadcrumb(g, ctx);
}

static const struct {
	const char *name;
	void (*spoil)(struct guest *, struct guest_ctx *);
	enum exec_refusal refusal;
} refused[] = {
	{ "an unknown command", bad_command, EXEC_BAD_COMMAND },
	{ "a register of the mediator's", bad_register, EXEC_BAD_COMMAND },
	{ "a store to the hidden range", bad_store, EXEC_BAD_COMMAND },
	{ "a ring in the hidden range", bad_ring, EXEC_BAD_RING },
	{ "a ring without memory", ring_of_nothing, EXEC_BAD_RING },
	{ "a tail beyond the ring", bad_tail, EXEC_BAD_RING },
	{ "a root outside memory", no_tables, EXEC_BAD_PPGTT },
	{ "an image without lists", no_lists, EXEC_BAD_IMAGE },
	{ "an image of noise", noise, EXEC_BAD_IMAGE },
	{ "a list that is too long", long_list, EXEC_BAD_IMAGE },
};

START_TEST(refusals)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_VECS0, 2);

	refused[_i].spoil(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), IDLE_ACTIVE);
	check_hangs(&g, GVT_VECS0);
	ck_assert_msg(intel_vgpu_exec_counts(g.f->vgpu)->refused[refused[_i].refusal] == 1,
		      "%s is not counted", refused[_i].name);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->hangs, 1);
	fake_free(g.f);
}
END_TEST

/*
 * A refused command is the @_i-th dword behind good ones. These are executed, and nothing from
 * there on is, of the same context or of the next. By that i915 knows whose fault a hang is.
 */
START_TEST(stands_before)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_VECS0, 2), b = guest_context(&g, GVT_VECS0, 3);

	guest_breadcrumb(&g, &a);
	for (int i = 0; i < _i; i++)
		guest_emit(&g, &a, 0);
	guest_emit(&g, &a, 0x1fu << 23);
	for (int i = 0; i <= _i; i++)
		guest_emit(&g, &a, 0);
	guest_breadcrumb(&g, &a);
	guest_breadcrumb(&g, &b);
	guest_submit(&g, &a, &b);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), IDLE_ACTIVE);
	guest_await_hang(&g, GVT_VECS0);
	ck_assert_uint_eq(guest_seqno(&g, &a), 1);
	ck_assert_uint_eq(guest_seqno(&g, &b), 0);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->completed, 0);
	check_hangs(&g, GVT_VECS0);

	/* The second of two contexts, when its turn comes. */
	a = guest_context(&g, GVT_VECS0, 2);
	b = guest_context(&g, GVT_VECS0, 3);
	bad_command(&g, &a);
	guest_breadcrumb(&g, &b);
	guest_submit(&g, &b, &a);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), guest_csb(NEXT, b.id));
	check_hangs(&g, GVT_VECS0);
	ck_assert_uint_eq(guest_seqno(&g, &b), 1);
	fake_free(g.f);
}
END_TEST

/* Page tables that cannot be shadowed: commands that need none run, up to the first batch. */
START_TEST(without_tables)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_VECS0, 2);

	*guest_dw(&g, GUEST_CTX + 32 * ctx.nr + 1, 0x31) = 0x7f;
	guest_breadcrumb(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), guest_csb(LAST, ctx.id));
	guest_breadcrumb(&g, &ctx);
	no_tables(&g, &ctx);
	guest_breadcrumb(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), IDLE_ACTIVE);
	check_hangs(&g, GVT_VECS0);
	ck_assert_uint_eq(guest_seqno(&g, &ctx), 2);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->refused[EXEC_BAD_PPGTT], 1);
	fake_free(g.f);
}
END_TEST

static void store(struct guest *g, struct guest_ctx *ctx, u64 at, u64 val)
{
	for (int half = 0; half < 2; half++) {
		guest_emit(g, ctx, 0x20u << 23 | 2);
		guest_emit(g, ctx, at + 4 * half);
		guest_emit(g, ctx, 0);
		guest_emit(g, ctx, val >> 32 * half);
	}
}

/*
 * What a guest's GPU writes to the scratch page does not become a page table of a context without
 * one.
 */
START_TEST(tables_of_its_own)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_VECS0, 2), b = guest_context(&g, GVT_VECS0, 3);
	const struct vgpu_gtt *gtt = g.f->vgpu->gtt;
	const u64 nowhere = 0x40000000;
	u64 was;

	/* At each level entry 0 leads to its own table, and entry 1 to a table of ours. */
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), guest_csb(LAST, a.id));
	store(&g, &a, nowhere, gtt->scratch_page.bus | 3);
	store(&g, &a, nowhere + 8, gtt->scratch[GTT_PT].bus | 3);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), guest_csb(LAST, a.id));
	ck_assert_uint_eq(gtt->scratch_page.va[1], gtt->scratch[GTT_PT].bus | 3);
	was = gtt->scratch[GTT_PT].va[0];

	*guest_dw(&g, GUEST_CTX + 32 * b.nr + 1, 0x31) = 0x7f;
	store(&g, &b, GVT_PAGE_SIZE, 0xbad);
	guest_breadcrumb(&g, &b);
	guest_submit(&g, &b, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), IDLE_ACTIVE);
	while (!guest_seqno(&g, &b))
		ck_assert(fake_serve(g.f, 5000));
	ck_assert_uint_eq(gtt->scratch[GTT_PT].va[0], was);
	fake_free(g.f);
}
END_TEST

/* Commands that are added behind a refused one do not run. A context that replaces it does. */
START_TEST(added_behind)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_VECS0, 2);

	hold(&g, &a);
	bad_command(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), IDLE_ACTIVE);
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_VECS0), guest_csb(GVT_CSB_PREEMPTED, a.id));
	release(&g, &a);
	check_hangs(&g, GVT_VECS0);
	ck_assert_uint_eq(guest_seqno(&g, &a), 0);
	fake_free(g.f);
}
END_TEST

/* A person is told of each kind of hang once, and of each engine's reset once. */
START_TEST(told_once)
{
	struct guest g = exec_guest(gpu);

	guest_reset_engine(&g, GVT_VECS0);
	ck_assert_uint_eq(g.f->notes[INTEL_GVT_RESET], 0);
	for (int i = 0; i < 3; i++) {
		struct guest_ctx ctx = guest_context(&g, GVT_VECS0, 2);

		bad_command(&g, &ctx);
		guest_submit(&g, &ctx, NULL);
		ck_assert_uint_eq(guest_event(&g, GVT_VECS0), IDLE_ACTIVE);
		guest_await_hang(&g, GVT_VECS0);
		ck_assert_uint_eq(g.f->notes[INTEL_GVT_HANG], 1);
		if (i == 0)
			ck_assert_ptr_eq(strstr(g.f->noted, "command: vecs0 stands still (a "),
					 g.f->noted);
		guest_reset_engine(&g, GVT_VECS0);
		ck_assert_uint_eq(g.f->notes[INTEL_GVT_RESET], 1);
		ck_assert_str_eq(g.f->noted, "vecs0: vecs0, which stood still, was reset");
	}
	guest_elsp(&g, GVT_VECS0, 0, 0);
	ck_assert_uint_eq(g.f->notes[INTEL_GVT_HANG], 2);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->hangs, 4);
	fake_free(g.f);
}
END_TEST

/* Random descriptors, port after port. */
START_TEST(flood)
{
	struct guest g = exec_guest(gpu);
	u64 seed = 0xe15b;

	for (u32 n = 0; n < 3000; n++) {
		u32 engine = unit_random(&seed) % GVT_NR_ENGINES;
		u64 some = unit_random(&seed), other = unit_random(&seed);

		guest_elsp(&g, engine, some & 1 ? some : some % 0x300000 | 0x119,
			   other & 1 ? other : 0);
		if (some % 16 == 0)
			guest_reset_engine(&g, engine);
	}
	for (u32 e = 0; e < GVT_NR_ENGINES; e++) {
		guest_reset_engine(&g, e);
		guest_check_works(&g, e);
	}
	fake_free(g.f);
}
END_TEST

/* ---- two vGPUs on one GPU ---- */

/* One has an endless batch, and the other gets its turns. */
START_TEST(beside_endless)
{
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	struct guest_ctx b = guest_context(&h, GVT_RCS0, 0);

	guest_endless(&g, GVT_RCS0, 0);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	for (u32 n = 0; n < 20; n++) {
		guest_breadcrumb(&h, &b);
		guest_submit(&h, &b, NULL);
		ck_assert_uint_eq(guest_event(&h, GVT_RCS0), IDLE_ACTIVE);
		ck_assert_uint_eq(guest_event(&h, GVT_RCS0), guest_csb(LAST, b.id));
		ck_assert_uint_eq(guest_seqno(&h, &b), n + 1);
	}
	ck_assert(guest_no_event(&g, GVT_RCS0));
	guest_reset_engine(&g, GVT_RCS0);
	guest_check_works(&g, GVT_RCS0);
	guest_check_works(&h, GVT_RCS0);
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/* Preempted for another vGPU in the midst of a batch, it goes on there. */
START_TEST(resumed)
{
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&h, GVT_RCS0, 0);
	u32 *dw = guest_dw(&g, GUEST_DATA, 0);

	/* Waits in the batch, then stores. */
	*dw++ = 0x1cu << 23 | 1u << 15 | 4u << 12 | 2;
	*dw++ = 1;
	*dw++ = GUEST_DATA_AT + GVT_PAGE_SIZE;
	*dw++ = 0;
	*dw++ = 0x20u << 23 | 2;
	*dw++ = GUEST_DATA_AT + GVT_PAGE_SIZE + 8;
	*dw++ = 0;
	*dw++ = 0xbeef;
	*dw++ = 0x0au << 23;
	guest_emit(&g, &a, 0x31u << 23 | 1u << 8 | 1);
	guest_emit(&g, &a, GUEST_DATA_AT);
	guest_emit(&g, &a, 0);
	guest_emit(&g, &a, 0);
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	guest_breadcrumb(&h, &b);
	guest_submit(&h, &b, NULL);
	ck_assert_uint_eq(guest_event(&h, GVT_RCS0), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&h, GVT_RCS0), guest_csb(LAST, b.id));
	__atomic_store_n(guest_dw(&g, GUEST_DATA + 1, 0), 1, __ATOMIC_RELEASE);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(LAST, a.id));
	ck_assert_uint_eq(*guest_dw(&g, GUEST_DATA + 1, 2), 0xbeef);
	ck_assert_uint_eq(guest_seqno(&g, &a), 1);
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/*
 * A guest that turns arbitration off has no more of the engine than others. It does so in its ring,
 * with a batch of its own address space behind it, as i915 does, and in a privileged batch. It is
 * also continued where it was.
 */
START_TEST(arbitration_off)
{
	static const u32 own[] = { 0x02800000, 0x31u << 23 | 1u << 8 | 1, GUEST_DATA_AT, 0 };
	static const u32 privileged[] = {
		0x08u << 23, 0x1cu << 23 | 1u << 22 | 1u << 15 | 4u << 12 | 2,
		1,	     (GUEST_SEQNO << GVT_PAGE_SHIFT) + 0x800,
		0,	     0x0au << 23
	};
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&h, GVT_RCS0, 0);
	u32 *word = _i ? guest_dw(&g, GUEST_SEQNO, 0x200) : guest_dw(&g, GUEST_DATA, 0);

	if (_i)
		memcpy(guest_dw(&g, GUEST_DATA, 0), privileged, sizeof(privileged));
	else
		memcpy(guest_dw(&g, GUEST_DATA, 0), own, sizeof(own));
	guest_emit(&g, &a, _i ? 0x08u << 23 | 1 : 0x08u << 23);
	guest_emit(&g, &a, 0x31u << 23 | (_i ? 0 : 1u << 8) | 1);
	guest_emit(&g, &a, _i ? GUEST_DATA << GVT_PAGE_SHIFT : GUEST_DATA_AT);
	guest_emit(&g, &a, 0);
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	for (u32 n = 0; n < 5; n++) {
		guest_breadcrumb(&h, &b);
		guest_submit(&h, &b, NULL);
		ck_assert_uint_eq(guest_event(&h, GVT_RCS0), IDLE_ACTIVE);
		ck_assert_uint_eq(guest_event(&h, GVT_RCS0), guest_csb(LAST, b.id));
		ck_assert_uint_eq(guest_seqno(&h, &b), n + 1);
	}
	ck_assert(guest_no_event(&g, GVT_RCS0));
	ck_assert_uint_eq(guest_seqno(&g, &a), 0);
	/* The batch ends, and the ring behind it. */
	__atomic_store_n(word, _i ? 1 : 0x0au << 23, __ATOMIC_RELEASE);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(LAST, a.id));
	ck_assert_uint_eq(guest_seqno(&g, &a), 1);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->stuck, 0);
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/* ---- shares of the engine ---- */

/* It takes all that it is given. */
static void hog(struct guest *g, u32 weight, u32 cap)
{
	guest_weigh(g, GVT_VCS0, weight, cap);
	guest_endless(g, GVT_VCS0, 0);
	ck_assert_uint_eq(guest_event(g, GVT_VCS0), IDLE_ACTIVE);
}

static u64 had(struct guest *g)
{
	return guest_had(g, GVT_VCS0);
}

/*
 * Both run until the first one's share of the time, in thousandths, is within the bounds: soon on
 * an idle host, and after some more turns on a busy one.
 */
static void check_share(struct guest *g, struct guest *h, u64 least, u64 most)
{
	u64 g_from = had(g), h_from = had(h), all, of_g;

	do {
		sched_yield();
		all = had(g) - g_from + had(h) - h_from;
		of_g = all ? (had(g) - g_from) * 1000 / all : 0;
		ck_assert_msg(all < 20000000000, "the first had %llu thousandths",
			      (unsigned long long)of_g);
	} while (all < 200000000 || of_g < least || of_g > most);
}

START_TEST(by_weight)
{
	static const struct {
		u32 weight[2], cap, least, most;
	} cases[] = { { { 1, 1 }, 0, 450, 550 },
		      { { 3, 1 }, 0, 700, 800 },
		      { { 1, 1 }, 20, 100, 250 } };
	struct guest g = exec_guest(gpu), h = guest_second(&g);

	hog(&g, cases[_i].weight[0], cases[_i].cap);
	hog(&h, cases[_i].weight[1], 0);
	check_share(&g, &h, cases[_i].least, cases[_i].most);
	/* Each has to make room for the other, sooner or later. */
	while (!intel_vgpu_engine_counts(g.f->vgpu, GVT_VCS0).timesliced ||
	       !intel_vgpu_engine_counts(h.f->vgpu, GVT_VCS0).timesliced)
		sched_yield();
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/* Weight and cap change while both run. The next process has them too. */
START_TEST(weighed_anew)
{
	static const struct {
		u32 weight, cap, least, most;
	} turns[] = {
		{ 1, 0, 450, 550 }, { 3, 0, 700, 800 }, { 3, 20, 100, 250 }, { 1, 0, 450, 550 }
	};
	struct guest g = exec_guest(gpu), h = guest_second(&g);

	hog(&g, 9, 0);
	hog(&h, 1, 0);
	for (size_t i = 0; i < ARRAY_SIZE(turns); i++) {
		intel_vgpu_schedule(g.f->vgpu, turns[i].weight, turns[i].cap);
		check_share(&g, &h, turns[i].least, turns[i].most);
		ck_assert_uint_eq(g.f->vgpu->device->params.weight, turns[i].weight);
		ck_assert_uint_eq(g.f->vgpu->device->params.cap, turns[i].cap);
	}
	ck_assert_uint_gt(intel_vgpu_engine_counts(g.f->vgpu, GVT_VCS0).timesliced, 0);
	ck_assert_uint_eq(intel_vgpu_engine_counts(g.f->vgpu, GVT_RCS0).run_ns, 0);
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/* Time is counted while it passes, even if nothing else happens on the engine. */
START_TEST(time_so_far)
{
	struct guest g = exec_guest(gpu);
	u64 from, now = 0;

	hog(&g, 1, 0);
	from = had(&g);
	while (now < from + 20000000) {
		sched_yield();
		now = had(&g);
	}
	fake_free(g.f);
}
END_TEST

/* An unknown command in a batch that is not audited: the GPU finds it. */
START_TEST(stuck)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_BCS0, 0);

	*guest_dw(&g, GUEST_DATA, 0) = 0x1fu << 23;
	guest_emit(&g, &ctx, 0x31u << 23 | 1u << 8 | 1);
	guest_emit(&g, &ctx, GUEST_DATA_AT);
	guest_emit(&g, &ctx, 0);
	guest_emit(&g, &ctx, 0);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	check_hangs(&g, GVT_BCS0);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->stuck, 1);
	fake_free(g.f);
}
END_TEST

/* The driver can read the address that could not be translated, if the GPU reports it. */
START_TEST(fault_registers)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_BCS0, 0);

	gpu->ops->reg_write(g.f->vgpu->space, 0x4b10, 0x20000);
	gpu->ops->reg_write(g.f->vgpu->space, 0x4b14, 16);
	gpu->ops->reg_write(g.f->vgpu->space, 0x4094, 2u << 12 | 1);
	ck_assert_uint_eq(fake_reg(g.f, 0x4094), 0);
	bad_command(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	while (!(fake_reg(g.f, 0x220b0) & 1))
		ck_assert(fake_serve(g.f, 5000));
	ck_assert_uint_eq(fake_reg(g.f, 0x4094), 2u << 12 | 1); /* the blitter */
	ck_assert_uint_eq(fake_reg(g.f, 0x4b10), 0x20000);
	ck_assert_uint_eq(fake_reg(g.f, 0x4b14), 16); /* of the GGTT */
	guest_reset_engine(&g, GVT_BCS0);
	ck_assert_uint_eq(fake_reg(g.f, 0x4094), 0);
	ck_assert_uint_eq(fake_reg(g.f, 0x4b10), 0);
	guest_check_works(&g, GVT_BCS0);

	/* The next hang is of another kind. */
	ctx = guest_context(&g, GVT_BCS0, 0);
	bad_command(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	check_hangs(&g, GVT_BCS0);
	ck_assert_uint_eq(fake_reg(g.f, 0x4094), 0);
	fake_free(g.f);
}
END_TEST

#define LONG_BATCH_STATES 254u /* each of 257 dwords: almost 64 pages */

/*
 * A context that never leaves the GPU, with long privileged batches: their copies do not use up the
 * memory that others need.
 */
START_TEST(many_batches)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0);
	u32 *word = guest_dw(&g, GUEST_SEQNO, 0x200);

	/* 3DSTATE_VERTEX_BUFFERS with the most dwords that it can have */
	for (u32 i = 0; i < LONG_BATCH_STATES; i++)
		*guest_dw(&g, GUEST_DATA, 257 * i) = 3u << 29 | 3u << 27 | 8u << 16 | 255;
	*guest_dw(&g, GUEST_DATA, 257 * LONG_BATCH_STATES) = 0x0au << 23;
	for (u32 n = 1; n <= 255; n++) {
		/*
		 * It waits until the word is as great. The request before goes on when this one is
		 * there.
		 */
		guest_emit(&g, &a, 0x1cu << 23 | 1u << 22 | 1u << 15 | 1u << 12 | 2);
		guest_emit(&g, &a, n);
		guest_emit(&g, &a, (GUEST_SEQNO << GVT_PAGE_SHIFT) + 0x800);
		guest_emit(&g, &a, 0);
		guest_emit(&g, &a, 0x31u << 23 | 1);
		guest_emit(&g, &a, GUEST_DATA << GVT_PAGE_SHIFT);
		guest_emit(&g, &a, 0);
		guest_emit(&g, &a, 0);
		guest_breadcrumb(&g, &a);
		guest_submit(&g, &a, NULL);
		while (!guest_no_event(&g, GVT_RCS0))
			ck_assert_uint_eq(guest_event(&g, GVT_RCS0) & GVT_CSB_COMPLETE, 0);
		__atomic_store_n(word, n - 1, __ATOMIC_RELEASE);
		while (guest_seqno(&g, &a) != n - 1) {
			fake_serve(g.f, 1);
			while (!guest_no_event(&g, GVT_RCS0))
				ck_assert_uint_eq(guest_event(&g, GVT_RCS0) & GVT_CSB_COMPLETE, 0);
		}
	}
	for (u32 e = 0; e < GVT_NR_ENGINES; e++) {
		struct guest_ctx b = guest_context(&g, e, 1 + 2 * e);
		struct guest_ctx c = guest_context(&g, e, 2 + 2 * e);

		if (e == GVT_RCS0)
			continue;
		guest_breadcrumb(&g, &b);
		guest_breadcrumb(&g, &c);
		guest_submit(&g, &b, &c);
		ck_assert_uint_eq(guest_event(&g, e), IDLE_ACTIVE);
		ck_assert_uint_eq(guest_event(&g, e), guest_csb(NEXT, b.id));
		ck_assert_uint_eq(guest_event(&g, e), guest_csb(LAST, c.id));
	}
	__atomic_store_n(word, 255, __ATOMIC_RELEASE);
	while (guest_seqno(&g, &a) != 255)
		ck_assert(fake_serve(g.f, 5000));
	fake_free(g.f);
}
END_TEST

/* ---- another process continues it ---- */

START_TEST(taken_up)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_RCS0, 1);
	u32 *dw = guest_dw(&g, GUEST_DATA, 0);

	/* It is stopped in a batch, behind a store that must not be repeated. */
	*dw++ = 0x1cu << 23 | 1u << 15 | 4u << 12 | 2;
	*dw++ = 1;
	*dw++ = GUEST_DATA_AT + GVT_PAGE_SIZE;
	*dw++ = 0;
	*dw++ = 0x20u << 23 | 2;
	*dw++ = GUEST_DATA_AT + GVT_PAGE_SIZE + 8;
	*dw++ = 0;
	*dw++ = 0xbeef;
	*dw++ = 0x0au << 23;
	guest_breadcrumb(&g, &a);
	guest_emit(&g, &a, 0x31u << 23 | 1u << 8 | 1);
	guest_emit(&g, &a, GUEST_DATA_AT);
	guest_emit(&g, &a, 0);
	guest_emit(&g, &a, 0);
	guest_breadcrumb(&g, &a);
	guest_breadcrumb(&g, &b);
	guest_submit(&g, &a, &b);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	while (guest_seqno(&g, &a) != 1)
		ck_assert(fake_serve(g.f, 5000));
	intel_gvt_destroy_vgpu(g.f->vgpu);
	*guest_dw(&g, GUEST_SEQNO, a.nr) = 0;
	ck_assert_int_eq(fake_create(g.f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(g.f->vgpu), 0);
	__atomic_store_n(guest_dw(&g, GUEST_DATA + 1, 0), 1, __ATOMIC_RELEASE);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(NEXT, a.id));
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(LAST, b.id));
	ck_assert_uint_eq(*guest_dw(&g, GUEST_DATA + 1, 2), 0xbeef);
	ck_assert_uint_eq(guest_seqno(&g, &a), 2);
	ck_assert_uint_eq(guest_seqno(&g, &b), 1);
	fake_free(g.f);
}
END_TEST

Suite *suite_exec_run(void)
{
	const TTest *const tests[] = { one_request, again_and_again, two_contexts,   extended,
				       preempted,   batch,	     audited,	     endless,
				       gone,	    flood,	     beside_endless, resumed,
				       stuck,	    taken_up,	     weighed_anew,   time_so_far };
	Suite *suite = suite_create("exec_run");
	TCase *tcase = tcase_create("exec_run"), *faults = tcase_create("faults");
	TCase *memory = tcase_create("memory");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_checked_fixture(faults, setup, teardown);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		tcase_add_test(tcase, tests[i]);
	tcase_add_loop_test(tcase, by_weight, 0, 3);
	tcase_add_loop_test(tcase, arbitration_off, 0, 2);
	tcase_add_loop_test(faults, refusals, 0, ARRAY_SIZE(refused));
	tcase_add_loop_test(faults, tables_taken, 0, 2);
	tcase_add_test(faults, stopped);
	tcase_add_loop_test(faults, stands_before, 0, 2);
	tcase_add_test(faults, without_tables);
	tcase_add_test(faults, tables_of_its_own);
	tcase_add_test(faults, added_behind);
	tcase_add_test(faults, fault_registers);
	tcase_add_test(faults, told_once);
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, faults);
	tcase_add_checked_fixture(memory, setup, teardown);
	tcase_add_test(memory, many_batches);
	suite_add_tcase(suite, memory);
	return suite;
}
