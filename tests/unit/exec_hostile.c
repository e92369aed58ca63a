/* SPDX-License-Identifier: MIT */
/* Guests that try to get more than what is theirs, with the software GPU. */
#include "tests/unit/exec_guest.h"

#include <string.h>

#define BATCH_START   (0x31u << 23 | 1)
#define BATCH_PPGTT   (1u << 8)
#define BATCH_END     (0x0au << 23)
#define SET_PREDICATE (0x01u << 23)
#define SKIP_ALWAYS   15u
#define STORE_GGTT    (0x20u << 23 | 1u << 22 | 2)

/* Frames behind GUEST_DATA. */
#define BATCH	   GUEST_DATA
#define NEXT_BATCH (GUEST_DATA + 1)
#define WORD	   (GUEST_DATA + 2)

static struct gvt_gpu *gpu;

static void setup(void)
{
	ck_assert_int_eq(softgpu_create(&gpu), 0);
}

static void teardown(void)
{
	gpu->ops->destroy(gpu);
}

/* Starts a privileged batch from the ring. */
static void start_batch(struct guest *g, struct guest_ctx *ctx)
{
	guest_emit(g, ctx, BATCH_START);
	guest_emit(g, ctx, BATCH << GVT_PAGE_SHIFT);
	guest_emit(g, ctx, 0);
	guest_emit(g, ctx, SET_PREDICATE);
}

/* It was refused once, for that reason, and the guest's reset repairs it. */
static void check_refused(struct guest *g, enum gvt_engine engine, enum exec_refusal why)
{
	guest_await_hang(g, engine);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g->f->vgpu)->refused[why], 1);
	guest_reset_engine(g, engine);
	guest_check_works(g, engine);
}

static void run(struct guest *g, struct guest_ctx *ctx)
{
	u32 seqno = ctx->seqno + 1;

	guest_breadcrumb(g, ctx);
	guest_submit(g, ctx, NULL);
	ck_assert_uint_eq(guest_event(g, ctx->engine), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(g, ctx->engine), guest_csb(LAST, ctx->id));
	ck_assert_uint_eq(guest_seqno(g, ctx), seqno);
}

/*
 * A batch that ends by a start of another one, which a predicate skips. Whatever is behind its copy
 * is not executed, even if the guest could write it.
 */
START_TEST(batch_runs_out)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_BCS0, 1);
	const u32 skips[] = { SET_PREDICATE | SKIP_ALWAYS, BATCH_START,
			      NEXT_BATCH << GVT_PAGE_SHIFT, 0 };
	const u32 unseen[] = { SET_PREDICATE, STORE_GGTT, WORD << GVT_PAGE_SHIFT, 0,
			       0xbad,	      BATCH_END };
	struct vgpu_exec *exec = g.f->vgpu->exec;
	u32 behind;

	*guest_dw(&g, NEXT_BATCH, 0) = *guest_dw(&g, BATCH, 0) = BATCH_END;
	start_batch(&g, &a);
	run(&g, &a);
	run(&g, &b);
	/* The page before @b's image is free. After long use it is the next to be allocated. */
	behind = exec->engine[GVT_BCS0].cached->mem.gma;
	exec->hidden_at = ((behind - HIDDEN_BASE) >> GVT_PAGE_SHIFT) - 1;
	memcpy(guest_dw(&g, GUEST_CTX + 32 * b.nr, 0), unseen, sizeof(unseen));
	memcpy(guest_dw(&g, BATCH, 0), skips, sizeof(skips));
	start_batch(&g, &a);
	run(&g, &a);
	ck_assert_uint_eq(*guest_dw(&g, WORD, 0), 0);
	fake_free(g.f);
}
END_TEST

/* 64 KiB pages are switched on while a context runs: its page tables go, and it is stopped. */
START_TEST(tables_of_another_form)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_BCS0, 0);
	const u32 endless[] = { BATCH_START | BATCH_PPGTT, GUEST_DATA_AT, 0, 0 };

	memcpy(guest_dw(&g, BATCH, 0), endless, sizeof(endless));
	guest_breadcrumb(&g, &ctx);
	for (size_t i = 0; i < ARRAY_SIZE(endless); i++)
		guest_emit(&g, &ctx, endless[i]);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	while (guest_seqno(&g, &ctx) != 1)
		ck_assert(fake_serve(g.f, 5000));
	fake_reg_write(g.f, 0x4080, 0xf);
	ck_assert_uint_eq(fake_reg(g.f, gvt_engine_base(GVT_BCS0) + 0xb0) & 1, 1);
	check_refused(&g, GVT_BCS0, EXEC_BAD_PPGTT);
	fake_free(g.f);
}
END_TEST

/* A privileged batch without an end is refused for that reason, and not for want of memory. */
START_TEST(batch_without_end)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_RCS0, 0);

	start_batch(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->refused[EXEC_NO_MEMORY], 0);
	check_refused(&g, GVT_RCS0, EXEC_BAD_COMMAND);
	fake_free(g.f);
}
END_TEST

#define GREAT_RING  0x200000u
#define GREAT_RINGS 30u /* so many leave no room for another */

/* Contexts with the largest rings on one engine: there is still room for one on another. */
START_TEST(great_rings)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_BCS0, 1);

	*guest_dw(&g, GUEST_CTX + 32 * a.nr + 1, 0x0b) = (GREAT_RING - GVT_PAGE_SIZE) | 1;
	*guest_dw(&g, GUEST_CTX + 32 * b.nr + 1, 0x0b) = (GREAT_RING - GVT_PAGE_SIZE) | 1;
	for (u32 i = 0, gma = FAKE_RAM_PAGES; i < GREAT_RINGS; i++, gma += 32) {
		for (u32 page = 0; page < CTX_PAGES_MAX; page++)
			g.f->ggtt[gma + page] =
				(u64)(GUEST_CTX + 32 * a.nr + page) << GVT_PAGE_SHIFT | 1;
		guest_breadcrumb(&g, &a);
		guest_write_tail(&g, &a);
		guest_elsp(&g, GVT_RCS0,
			   (guest_desc(&a) & ~GVT_DESC_LRCA_MASK) | (u64)gma << GVT_PAGE_SHIFT, 0);
		ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
		ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(LAST, a.id));
	}
	run(&g, &b);
	fake_free(g.f);
}
END_TEST

/*
 * A frame is removed from the GGTT while a context runs that has it in its image: it is unmapped.
 */
START_TEST(image_moves)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_BCS0, 0);
	/*
	 * MI_STORE_DATA_INDEX without privilege, which writes to the image's first page; an endless
	 * loop.
	 */
	const u32 stores[] = { 0x21u << 23 | 1,		  0x400,	 0xabcd,
			       BATCH_START | BATCH_PPGTT, GUEST_DATA_AT, 0 };
	u32 *was = guest_dw(&g, GUEST_CTX + 32 * ctx.nr, 0x100), *is = guest_dw(&g, WORD, 0x100);

	memcpy(guest_dw(&g, BATCH, 0), stores, sizeof(stores));
	for (size_t i = 0; i < 4; i++)
		guest_emit(&g, &ctx, i < 3 ? stores[3 + i] : 0);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	while (__atomic_load_n(was, __ATOMIC_ACQUIRE) != 0xabcd)
		fake_serve(g.f, 1);
	g.f->ggtt[GUEST_CTX + 32 * ctx.nr] = WORD << GVT_PAGE_SHIFT | 1;
	fake_reg_write(g.f, 0x101008, 1);
	__atomic_store_n(was, 0, __ATOMIC_RELEASE);
	while (__atomic_load_n(is, __ATOMIC_ACQUIRE) != 0xabcd) {
		fake_serve(g.f, 1);
		ck_assert_uint_eq(fake_reg(g.f, gvt_engine_base(GVT_BCS0) + 0xb0) & 1, 0);
	}
	ck_assert_uint_eq(__atomic_load_n(was, __ATOMIC_ACQUIRE), 0);
	guest_reset_engine(&g, GVT_BCS0);
	guest_check_works(&g, GVT_BCS0);
	fake_free(g.f);
}
END_TEST

/* ---- images ---- */

#define LRI(n)	  (0x11001000u | (2 * (n)-1))
#define LISTS_END 960u /* the dwords that can be lists */
#define MODE_3L	  (1ull << 3)

static u32 *image(struct guest *g, const struct guest_ctx *ctx)
{
	return guest_dw(g, GUEST_CTX + 32 * ctx->nr + 1, 0);
}

/* A list of @n pairs of a general purpose register and a value that looks like a register. */
static void put_list(const struct guest_ctx *ctx, u32 *list, u32 n, u32 value)
{
	list[0] = LRI(n);
	for (u32 i = 0; i < n; i++) {
		list[1 + 2 * i] = gvt_engine_base(ctx->engine) + 0x600;
		list[2 + 2 * i] = value;
	}
}

/* The roots' registers are at the places of values, and the roots at those of registers. */
static void shifted(const struct guest_ctx *ctx, u32 *regs)
{
	u32 base = gvt_engine_base(ctx->engine);

	put_list(ctx, &regs[0x21], 6, 0);
	put_list(ctx, &regs[0x2e], 3, 0);
	regs[0x30] = base + 0x274;
	regs[0x32] = base + 0x270;
	regs[0x35] = BATCH_END;
}

/* Instead of a root there is a register that the guest can read. */
static void one_root(const struct guest_ctx *ctx, u32 *regs)
{
	regs[0x2e] = gvt_engine_base(ctx->engine) + 0x600;
}

/* Some bytes of registers are kept: those of the context before. */
static void partial(const struct guest_ctx *ctx, u32 *regs)
{
	(void)ctx;
	regs[0x21] |= 0xfu << 8;
}

/* Lists up to the place where none may be, and one more there. */
static void no_end(const struct guest_ctx *ctx, u32 *regs)
{
	u32 at = 0x35;

	regs[0x34] = 0;
	for (; at + 257 < LISTS_END; at += 258)
		put_list(ctx, &regs[at], 128, 0);
	put_list(ctx, &regs[at], (LISTS_END - at) / 2, 0);
	put_list(ctx, &regs[LISTS_END], 1, 0);
	regs[LISTS_END + 1] = gvt_engine_base(ctx->engine) + 0x38;
}

static void (*const images[])(const struct guest_ctx *, u32 *) = { shifted, one_root, partial,
								   no_end };

START_TEST(image_refused)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_RCS0, 0);
	u64 desc = guest_desc(&ctx);

	images[_i](&ctx, image(&g, &ctx));
	guest_breadcrumb(&g, &ctx);
	guest_write_tail(&g, &ctx);
	guest_elsp(&g, GVT_RCS0, _i == 1 ? (desc & ~GVT_DESC_MODE_4L) | MODE_3L : desc, 0);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	check_refused(&g, GVT_RCS0, EXEC_BAD_IMAGE);
	fake_free(g.f);
}
END_TEST

/* An image without the batches of a restore, but with other things in their places. */
START_TEST(image_without_batches)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_RCS0, 0);
	u32 *regs = image(&g, &ctx), roots[0x34 - 0x22];
	const u32 store[] = { 0x20u << 23 | 2, GUEST_DATA_AT + 2 * GVT_PAGE_SIZE, 0, 0x600d,
			      BATCH_END };

	memcpy(roots, &regs[0x22], sizeof(roots));
	regs[1] = LRI(11);
	regs[0x18] = 0;
	put_list(&ctx, &regs[0x19], 13, 0);
	memcpy(&regs[0x22], roots, sizeof(roots));
	memcpy(guest_dw(&g, BATCH, 0), store, sizeof(store));
	guest_emit(&g, &ctx, BATCH_START | BATCH_PPGTT);
	guest_emit(&g, &ctx, GUEST_DATA_AT);
	guest_emit(&g, &ctx, 0);
	guest_emit(&g, &ctx, 0);
	run(&g, &ctx);
	ck_assert_uint_eq(*guest_dw(&g, WORD, 0), 0x600d);
	fake_free(g.f);
}
END_TEST

Suite *suite_exec_hostile(void)
{
	const TTest *const tests[] = { batch_runs_out,	      tables_of_another_form,
				       image_without_batches, image_moves,
				       batch_without_end,     great_rings };
	Suite *suite = suite_create("exec_hostile");
	TCase *tcase = tcase_create("exec_hostile");

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		tcase_add_test(tcase, tests[i]);
	tcase_add_loop_test(tcase, image_refused, 0, ARRAY_SIZE(images));
	suite_add_tcase(suite, tcase);
	return suite;
}
