/* SPDX-License-Identifier: MIT */
/* From a guest's submission to what it is told, with the software GPU below. */
#include "tests/unit/exec_guest.h"

#define IDLE_ACTIVE guest_csb(GVT_CSB_IDLE_ACTIVE, 0)
#define LAST	    (GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE)
#define NEXT	    (GVT_CSB_COMPLETE | GVT_CSB_ELEMENT_SWITCH)
#define EXTENDED    (GVT_CSB_PREEMPTED | GVT_CSB_LITE_RESTORE)

static struct gvt_gpu *gpu;

static void setup(void)
{
	ck_assert_int_eq(softgpu_create(&gpu), 0);
}

static void teardown(void)
{
	gpu->ops->destroy(gpu);
}

/* What i915 does to each engine when it is loaded, and needs done within 200 ms. */
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
		/* The head, in the image. */
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

/* A semaphore that the guest holds keeps a context where it is. */
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

	hold(&g, &a);
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_VCS0), IDLE_ACTIVE);
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

Suite *suite_exec_run(void)
{
	const TTest *const tests[] = { one_request, again_and_again, two_contexts,
				       extended,    preempted,	     batch };
	Suite *suite = suite_create("exec_run");
	TCase *tcase = tcase_create("exec_run");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite;
}
