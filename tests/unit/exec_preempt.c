/* SPDX-License-Identifier: MIT */
/*
 * Contexts that were preempted in a batch. Only the guest's image has their position. Their shadows
 * may have been freed meanwhile.
 */
#include "tests/unit/exec_guest.h"

#include <string.h>

#define BATCH_START  (0x31u << 23 | 1)
#define BATCH_PPGTT  (1u << 8)
#define SECOND_LEVEL (1u << 22)
#define BATCH_END    (0x0au << 23)
#define STORE	     (0x20u << 23 | 2)
#define WAIT_EQUAL   (0x1cu << 23 | 1u << 15 | 4u << 12 | 2)
#define IN_GGTT	     (1u << 22) /* of a store and a wait */

/* Dwords of an image. */
#define AT_BB_HIGH   0x0du
#define AT_BB	     0x0fu
#define AT_BB_STATE  0x11u
#define AT_SBB_HIGH  0x13u
#define AT_SBB	     0x15u
#define AT_SBB_STATE 0x17u
#define STATE_PPGTT  (1u << 5)

static struct gvt_gpu *gpu;

static void setup(void)
{
	ck_assert_int_eq(softgpu_create(&gpu), 0);
}

static void teardown(void)
{
	gpu->ops->destroy(gpu);
}

/* Frames behind GUEST_DATA: the batch, a second-level one, and the words that both use. */
#define BATCH GUEST_DATA
#define INNER (GUEST_DATA + 1)
#define WORDS (GUEST_DATA + 2)

static u32 *word(struct guest *g, u32 i)
{
	return guest_dw(g, WORDS, 2 * i);
}

/* Address of a frame for an unprivileged (@user) or a privileged batch. */
static u32 at(u32 frame, bool user)
{
	return user ? (u32)GUEST_DATA_AT + ((frame - GUEST_DATA) << GVT_PAGE_SHIFT)
		    : frame << GVT_PAGE_SHIFT;
}

static u32 *put(u32 *dw, u32 a, u32 b, u32 c, u32 d)
{
	const u32 all[] = { a, b, c, d };

	memcpy(dw, all, sizeof(all));
	return dw + ARRAY_SIZE(all);
}

/* A store to word 1, a wait until word 0 is one, and a store to word 2. */
static u32 *put_wait(u32 *dw, bool user)
{
	u32 ggtt = user ? 0 : IN_GGTT, words = at(WORDS, user);

	dw = put(dw, STORE | ggtt, words + 8, 0, 0x1111);
	dw = put(dw, WAIT_EQUAL | ggtt, 1, words, 0);
	return put(dw, STORE | ggtt, words + 16, 0, 0x2222);
}

struct kind {
	bool user;   /* in the context's memory, unprivileged */
	bool second; /* it waits in a second-level batch */
};

static const struct kind kinds[] = {
	{ true, false }, { false, false }, { true, true }, { false, true }
};

/* Emits a request with such a batch, which stores to word 3 at its end; then a breadcrumb. */
static void emit_request(struct guest *g, struct guest_ctx *ctx, const struct kind *kind)
{
	u32 *dw = guest_dw(g, BATCH, 0), ppgtt = kind->user ? BATCH_PPGTT : 0;

	if (kind->second) {
		*put_wait(guest_dw(g, INNER, 0), kind->user) = BATCH_END;
		dw = put(dw, BATCH_START | SECOND_LEVEL | ppgtt, at(INNER, kind->user), 0, 0);
	} else {
		dw = put_wait(dw, kind->user);
	}
	*put(dw, STORE | (kind->user ? 0 : IN_GGTT), at(WORDS, kind->user) + 24, 0, 0x3333) =
		BATCH_END;
	guest_emit(g, ctx, BATCH_START | ppgtt);
	guest_emit(g, ctx, at(BATCH, kind->user));
	guest_emit(g, ctx, 0);
	guest_emit(g, ctx, 0);
	guest_breadcrumb(g, ctx);
}

/* It runs up to the wait, and is preempted by another context, which ends. */
static void run_and_preempt(struct guest *g, struct guest_ctx *a, struct guest_ctx *b)
{
	guest_submit(g, a, NULL);
	ck_assert_uint_eq(guest_event(g, a->engine), IDLE_ACTIVE);
	while (__atomic_load_n(word(g, 1), __ATOMIC_ACQUIRE) != 0x1111)
		fake_serve(g->f, 1);
	guest_breadcrumb(g, b);
	guest_submit(g, b, NULL);
	ck_assert_uint_eq(guest_event(g, a->engine), guest_csb(GVT_CSB_PREEMPTED, a->id));
	ck_assert_uint_eq(guest_event(g, a->engine), guest_csb(LAST, b->id));
}

/* Runs many other contexts: @b's image and ring, at as many addresses. */
static void run_others(struct guest *g, struct guest_ctx *b)
{
	u32 gma = FAKE_RAM_PAGES;

	for (u32 i = 0; i < CTX_CACHED_MAX; i++, gma += 32) {
		for (u32 page = 0; page < CTX_PAGES_MAX; page++)
			g->f->ggtt[gma + page] =
				(u64)(GUEST_CTX + 32 * b->nr + page) << GVT_PAGE_SHIFT | 1;
		guest_breadcrumb(g, b);
		guest_write_tail(g, b);
		guest_elsp(g, b->engine,
			   (guest_desc(b) & ~GVT_DESC_LRCA_MASK) | (u64)gma << GVT_PAGE_SHIFT, 0);
		ck_assert_uint_eq(guest_event(g, b->engine), IDLE_ACTIVE);
		ck_assert_uint_eq(guest_event(g, b->engine), guest_csb(LAST, b->id));
	}
}

static void restart(struct guest *g)
{
	intel_gvt_destroy_vgpu(g->f->vgpu);
	ck_assert_int_eq(fake_create(g->f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(g->f->vgpu), 0);
}

static void check_goes_on(struct guest *g, struct guest_ctx *a)
{
	/* It does not repeat what it has done. */
	*word(g, 1) = 0;
	guest_submit(g, a, NULL);
	ck_assert_uint_eq(guest_event(g, a->engine), IDLE_ACTIVE);
	ck_assert_uint_eq(*word(g, 2), 0);
	__atomic_store_n(word(g, 0), 1, __ATOMIC_RELEASE);
	ck_assert_uint_eq(guest_event(g, a->engine), guest_csb(LAST, a->id));
	ck_assert_uint_eq(*word(g, 1), 0);
	ck_assert_uint_eq(*word(g, 2), 0x2222);
	ck_assert_uint_eq(*word(g, 3), 0x3333);
	ck_assert_uint_eq(guest_seqno(g, a), 1);
}

enum lost { EVICTED, RESET, RESTARTED, KEPT, LOST };

START_TEST(goes_on)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_RCS0, 1);

	emit_request(&g, &a, &kinds[_i / LOST]);
	run_and_preempt(&g, &a, &b);
	switch ((enum lost)(_i % LOST)) {
	case EVICTED:
		run_others(&g, &b);
		break;
	case RESET:
		guest_reset_engine(&g, GVT_RCS0);
		break;
	case RESTARTED:
		restart(&g);
		break;
	default:
		break;
	}
	check_goes_on(&g, &a);
	fake_free(g.f);
}
END_TEST

/* The state of XY_SETUP_BLT is for later commands, and part of the context. */
START_TEST(setup_goes_on)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_BCS0, 0), b = guest_context(&g, GVT_BCS0, 1);
	u32 *dw = guest_dw(&g, BATCH, 0);

	dw = put(dw, 0x40700008, 0x03f00040, 0, 0x00100010);
	dw = put(dw, at(INNER, true), 0, 0, 0xc0104);
	dw = put(dw, 0, 0, 0, 0);
	dw = put_wait(dw, true);
	*put(dw, 0x49300000, 0x00010002, 0, 0) = BATCH_END; /* XY_PIXEL_BLT */
	guest_emit(&g, &a, BATCH_START | BATCH_PPGTT);
	guest_emit(&g, &a, at(BATCH, true));
	guest_emit(&g, &a, 0);
	guest_emit(&g, &a, 0);
	run_and_preempt(&g, &a, &b);
	if (_i)
		run_others(&g, &b);
	*word(&g, 0) = 1;
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), guest_csb(LAST, a.id));
	ck_assert_uint_eq(*guest_dw(&g, INNER, (0x40 + 8) / 4), 0xc0104);
	fake_free(g.f);
}
END_TEST

/* The image has the guest's own addresses, and none of ours. */
START_TEST(image_is_the_guests)
{
	const struct kind *kind = &kinds[_i];
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_RCS0, 1);
	u32 *image = guest_dw(&g, GUEST_CTX + 1, 0), state = kind->user ? STATE_PPGTT : 0;
	u32 wait = at(kind->second ? INNER : BATCH, kind->user) + 16;

	emit_request(&g, &a, kind);
	run_and_preempt(&g, &a, &b);
	ck_assert_uint_eq(image[AT_BB_HIGH], 0);
	ck_assert_uint_eq(image[AT_BB_STATE], state);
	if (kind->second) {
		ck_assert_uint_eq(image[AT_BB], (at(BATCH, kind->user) + 12) | 1);
		ck_assert_uint_eq(image[AT_SBB], wait | 1);
		ck_assert_uint_eq(image[AT_SBB_HIGH], 0);
		ck_assert_uint_eq(image[AT_SBB_STATE], state);
	} else {
		ck_assert_uint_eq(image[AT_BB], wait | 1);
		ck_assert_uint_eq(image[AT_SBB], 0);
	}
	fake_free(g.f);
}
END_TEST

/* As i915 does with a context that must not continue its batch: the image begins anew. */
START_TEST(scrubbed)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_RCS0, 1);
	u32 tail;

	emit_request(&g, &a, &kinds[_i]);
	run_and_preempt(&g, &a, &b);
	tail = a.tail;
	a = guest_context(&g, GVT_RCS0, 0);
	*guest_dw(&g, GUEST_CTX + 1, 5) = tail;
	a.tail = tail;
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(LAST, a.id));
	ck_assert_uint_eq(*word(&g, 2), 0);
	ck_assert_uint_eq(*word(&g, 3), 0);
	fake_free(g.f);
}
END_TEST

/* Registers that are saved with a context are restored, through the audit of the image. */
START_TEST(registers)
{
	static const u32 regs[] = { 0x2290, 0x22c8, 0x2310, 0x2414, 0x2448, 0x2508, 0x2604,
				    0x5204, 0x525c, 0x528c, 0x7034, 0xe404, 0x7014, 0x7304 };
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx[] = { guest_context(&g, GVT_RCS0, 0), guest_context(&g, GVT_RCS0, 1) };

	/* The last two are whitelisted, as in i915. */
	fake_reg_write(g.f, 0x24d0, 0x7014);
	fake_reg_write(g.f, 0x24d4, 0x7304);
	for (u32 run = 0; run < 4; run++) {
		struct guest_ctx *c = &ctx[run % 2];
		u32 *dw = guest_dw(&g, BATCH, 0);

		for (size_t i = 0; i < ARRAY_SIZE(regs); i++)
			dw = run < 2 ? put(dw, 0x22u << 23 | 1, regs[i],
					   0xffff0000 | (run << 8) | (u32)i, 0)
				     : put(dw, 0x24u << 23 | 2, regs[i],
					   at(WORDS, true) + 8 * (u32)i, 0);
		*dw = BATCH_END;
		guest_emit(&g, c, BATCH_START | BATCH_PPGTT);
		guest_emit(&g, c, at(BATCH, true));
		guest_emit(&g, c, 0);
		guest_emit(&g, c, 0);
		guest_submit(&g, c, NULL);
		ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
		ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(LAST, c->id));
		for (size_t i = 0; run >= 2 && i < ARRAY_SIZE(regs); i++)
			UNIT_CHECK((*word(&g, i) & 0xffff) == ((run - 2) << 8 | i),
				   "register 0x%x of context %u is 0x%x", regs[i], run - 2,
				   *word(&g, i));
	}
	fake_free(g.f);
}
END_TEST

/* ---- an image with positions that it may not have ---- */

static const struct {
	u32 bb, bb_high, bb_state, sbb, sbb_high, sbb_state;
	u32 cmd[2]; /* at the start of the batch */
} astray[] = {
	/* A register that the guest may not write; an unknown command; no end. */
	{ .bb = BATCH << 12 | 1, .cmd = { 0x22u << 23 | 1, 0x2030 } },
	{ .bb = BATCH << 12 | 1, .cmd = { 0x0fffffffu } },
	/* In the mediator's copies; beyond 4 GiB; where nothing is mapped. */
	{ .bb = 0xfc000001 },
	{ .bb = BATCH << 12 | 1, .bb_high = 1, .cmd = { BATCH_END } },
	{ .bb = 0xe0000001 },
	/* The same in a second-level batch, below a batch that may run. */
	{ .bb = (u32)GUEST_DATA_AT | 1,
	  .bb_state = STATE_PPGTT,
	  .sbb = INNER << 12 | 1,
	  .cmd = { BATCH_END } },
	{ .bb = (u32)GUEST_DATA_AT | 1,
	  .bb_state = STATE_PPGTT,
	  .sbb = 0xfc000001,
	  .cmd = { BATCH_END } },
};

START_TEST(led_astray)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0);
	u32 *image = guest_dw(&g, GUEST_CTX + 1, 0);

	memcpy(guest_dw(&g, BATCH, 0), astray[_i].cmd, sizeof(astray[_i].cmd));
	*guest_dw(&g, INNER, 0) = 0x0fffffffu;
	image[AT_BB] = astray[_i].bb;
	image[AT_BB_HIGH] = astray[_i].bb_high;
	image[AT_BB_STATE] = astray[_i].bb_state;
	image[AT_SBB] = astray[_i].sbb;
	image[AT_SBB_STATE] = astray[_i].sbb_state;
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	guest_await_hang(&g, GVT_RCS0);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->refused[EXEC_BAD_COMMAND], 1);
	ck_assert_uint_eq(guest_seqno(&g, &a), 0);
	fake_free(g.f);
}
END_TEST

/* Any position in a batch of the context's own memory is allowed: the GPU limits such batches. */
START_TEST(elsewhere)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0);
	u32 *image = guest_dw(&g, GUEST_CTX + 1, 0);

	*put(guest_dw(&g, INNER, 8), STORE, at(WORDS, true) + 8, 0, 0x1111) = BATCH_END;
	image[AT_BB] = (at(INNER, true) + 32) | 1;
	image[AT_BB_STATE] = STATE_PPGTT;
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(LAST, a.id));
	ck_assert_uint_eq(*word(&g, 1), 0x1111);
	ck_assert_uint_eq(guest_seqno(&g, &a), 1);
	fake_free(g.f);
}
END_TEST

Suite *suite_exec_preempt(void)
{
	Suite *suite = suite_create("exec_preempt");
	TCase *tcase = tcase_create("exec_preempt");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, goes_on, 0, LOST * ARRAY_SIZE(kinds));
	tcase_add_loop_test(tcase, setup_goes_on, 0, 2);
	tcase_add_loop_test(tcase, image_is_the_guests, 0, ARRAY_SIZE(kinds));
	tcase_add_loop_test(tcase, scrubbed, 0, ARRAY_SIZE(kinds));
	tcase_add_test(tcase, registers);
	tcase_add_loop_test(tcase, led_astray, 0, ARRAY_SIZE(astray));
	tcase_add_test(tcase, elsewhere);
	suite_add_tcase(suite, tcase);
	return suite;
}
