/* SPDX-License-Identifier: MIT */
/* Guests that are after more than what is theirs, with the software GPU below. */
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

/* A privileged batch from the ring. */
static void start_batch(struct guest *g, struct guest_ctx *ctx)
{
	guest_emit(g, ctx, BATCH_START);
	guest_emit(g, ctx, BATCH << GVT_PAGE_SHIFT);
	guest_emit(g, ctx, 0);
	guest_emit(g, ctx, SET_PREDICATE);
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
 * A batch that goes on in another, and a predicate that has it not do so: what is executed then is
 * not what happens to stand behind its copy, be it a page that the guest writes to.
 */
START_TEST(batch_runs_out)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_BCS0, 1);
	const u32 skips[] = { SET_PREDICATE | SKIP_ALWAYS, BATCH_START,
			      NEXT_BATCH << GVT_PAGE_SHIFT, 0 };
	const u32 unseen[] = { SET_PREDICATE, STORE_GGTT, WORD << GVT_PAGE_SHIFT, 0,
			       0xbad,	      BATCH_END };
	struct vgpu_exec *exec = &g.f->vgpu->exec;
	u32 behind;

	*guest_dw(&g, NEXT_BATCH, 0) = *guest_dw(&g, BATCH, 0) = BATCH_END;
	start_batch(&g, &a);
	run(&g, &a);
	run(&g, &b);
	/* The page before the image of @b is free, and after long use it is the next to be taken.
	 */
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

/* 64 KiB pages are switched on while a context runs: its tables go, and so does it. */
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
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->refused[EXEC_BAD_PPGTT], 1);
	guest_reset_engine(&g, GVT_BCS0);
	guest_check_works(&g, GVT_BCS0);
	fake_free(g.f);
}
END_TEST

Suite *suite_exec_hostile(void)
{
	const TTest *const tests[] = { batch_runs_out, tables_of_another_form };
	Suite *suite = suite_create("exec_hostile");
	TCase *tcase = tcase_create("exec_hostile");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite;
}
