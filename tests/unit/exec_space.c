/* SPDX-License-Identifier: MIT */
/* Contexts that get another address space by a command in their ring. */
#include "tests/unit/exec_guest.h"

#include <string.h>

#define START_PPGTT (0x31u << 23 | 1u << 8 | 1)

static struct gvt_gpu *gpu;

static void setup(void)
{
	ck_assert_int_eq(softgpu_create(&gpu), 0);
}

static void teardown(void)
{
	gpu->ops->destroy(gpu);
}

/* A word by which the guest holds a context back. */
static u32 *word(struct guest *g)
{
	return guest_dw(g, GUEST_SEQNO, 0x200);
}

/* A second address space: its page 0 is page 8 of the first one. */
#define OTHER_PML4 (GUEST_SEQNO + 4)

static void make_space(struct guest *g)
{
	for (u32 level = 0; level < 4; level++) {
		u32 *dw = guest_dw(g, OTHER_PML4 + level, level == 2 ? 2 : 0);

		dw[0] = (level == 3 ? GUEST_DATA + 8 : OTHER_PML4 + level + 1) << GVT_PAGE_SHIFT |
			3;
		dw[1] = 0;
	}
}

/* emit_ppgtt_update(), as i915 had it up to Linux 5.12 */
static void load_space(struct guest *g, struct guest_ctx *ctx, u32 root)
{
	u32 base = gvt_engine_base(ctx->engine);
	const u32 dw[] = { 0x11000003, base + 0x274, 0, base + 0x270, root << GVT_PAGE_SHIFT, 0 };

	for (u32 i = 0; i < ARRAY_SIZE(dw); i++)
		guest_emit(g, ctx, dw[i]);
}

/* The ring waits until the word is @val. */
static void hold(struct guest *g, struct guest_ctx *ctx, u32 val)
{
	guest_emit(g, ctx, 0x1cu << 23 | 1u << 22 | 1u << 15 | 4u << 12 | 2);
	guest_emit(g, ctx, val);
	guest_emit(g, ctx, (GUEST_SEQNO << GVT_PAGE_SHIFT) + 0x800);
	guest_emit(g, ctx, 0);
}

static void store_at(struct guest *g, struct guest_ctx *ctx, u32 val)
{
	const u32 dw[] = { 0x20u << 23 | 2, GUEST_DATA_AT, 0, val };

	for (u32 i = 0; i < ARRAY_SIZE(dw); i++)
		guest_emit(g, ctx, dw[i]);
}

/*
 * Page tables that the ring loads apply to the commands behind, and to the context from then on.
 * @_i: dwords before it, so that the command begins at each place, once across the ring's end.
 */
START_TEST(moved)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_BCS0, 0), b = guest_context(&g, GVT_BCS0, 1);
	u32 *image = guest_dw(&g, GUEST_CTX + 1, 0);

	make_space(&g);
	if (_i == 2) {
		a.tail = GUEST_RING_SIZE - 24;
		image[5] = image[7] = a.tail;
	}
	for (int i = 0; i < _i; i++)
		guest_emit(&g, &a, 0);
	store_at(&g, &a, 1);
	load_space(&g, &a, OTHER_PML4);
	store_at(&g, &a, 2);
	for (int i = 0; i < _i % 2; i++)
		guest_emit(&g, &a, 0);
	guest_breadcrumb(&g, &a);
	guest_breadcrumb(&g, &b);
	guest_submit(&g, &a, &b);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), guest_csb(NEXT, a.id));
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), guest_csb(LAST, b.id));
	ck_assert_uint_eq(*guest_dw(&g, GUEST_DATA, 0), 1);
	ck_assert_uint_eq(*guest_dw(&g, GUEST_DATA + 8, 0), 2);
	ck_assert_uint_eq(image[0x33], OTHER_PML4 << GVT_PAGE_SHIFT);
	ck_assert_uint_eq(image[0x31], 0);
	ck_assert_uint_eq(image[5], a.tail);
	/* There and back again, while it runs. */
	store_at(&g, &a, 3);
	hold(&g, &a, 1);
	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	load_space(&g, &a, GUEST_PML4);
	store_at(&g, &a, 4);
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	__atomic_store_n(word(&g), 1, __ATOMIC_RELEASE);
	while (guest_seqno(&g, &a) != 2)
		guest_event(&g, GVT_BCS0);
	ck_assert_uint_eq(*guest_dw(&g, GUEST_DATA, 0), 4);
	ck_assert_uint_eq(*guest_dw(&g, GUEST_DATA + 8, 0), 3);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->hangs, 0);
	fake_free(g.f);
}
END_TEST

/* Page tables that do not exist: the engine stands still where they are needed, and not before. */
START_TEST(moved_nowhere)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_BCS0, 0);

	load_space(&g, &ctx, 0x7fffff);
	guest_breadcrumb(&g, &ctx);
	guest_emit(&g, &ctx, START_PPGTT);
	guest_emit(&g, &ctx, GUEST_DATA_AT);
	guest_emit(&g, &ctx, 0);
	guest_emit(&g, &ctx, 0);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	guest_await_hang(&g, GVT_BCS0);
	ck_assert_uint_eq(guest_seqno(&g, &ctx), 1);
	guest_reset_engine(&g, GVT_BCS0);
	guest_check_works(&g, GVT_BCS0);
	fake_free(g.f);
}
END_TEST

/* A command with another register beside, or with half a value, may not run. */
START_TEST(not_moved)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_BCS0, 0);
	u32 base = gvt_engine_base(GVT_BCS0);
	const u32 commands[][6] = {
		{ 0x11000003, base + 0x270, GUEST_PML4 << GVT_PAGE_SHIFT, base + 0x38, 0, 0 },
		{ 0x11000003, base + 0x26c, 0, base + 0x270, GUEST_PML4 << GVT_PAGE_SHIFT, 0 },
		{ 0x11000103, base + 0x274, 0, base + 0x270, GUEST_PML4 << GVT_PAGE_SHIFT, 0 },
		{ 0x14c00002, base + 0x270, GUEST_SEQNO << GVT_PAGE_SHIFT, 0, 0, 0 },
		{ 0x110000ff, base + 0x270, 0, base + 0x274, 0, 0 },
		{ 0x15000001, base + 0x600, base + 0x270, 0, 0, 0 },
	};

	guest_breadcrumb(&g, &ctx);
	for (u32 i = 0; i < ARRAY_SIZE(commands[0]); i++)
		guest_emit(&g, &ctx, commands[_i][i]);
	guest_breadcrumb(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_BCS0), IDLE_ACTIVE);
	guest_await_hang(&g, GVT_BCS0);
	ck_assert_uint_eq(guest_seqno(&g, &ctx), 1);
	fake_free(g.f);
}
END_TEST

Suite *suite_exec_space(void)
{
	Suite *suite = suite_create("exec_space");
	TCase *tcase = tcase_create("exec_space");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, moved, 0, 4);
	tcase_add_test(tcase, moved_nowhere);
	tcase_add_loop_test(tcase, not_moved, 0, 6);
	suite_add_tcase(suite, tcase);
	return suite;
}
