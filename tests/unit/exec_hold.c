/* SPDX-License-Identifier: MIT */
/*
 * A guest that holds an engine, by what it runs and by how it goes on submitting. Another guest's
 * requests are done meanwhile, and it has its share of the engine.
 */
#include "tests/unit/exec_guest.h"

#include <string.h>

#define E  GVT_RCS0
#define MS 1000000ull

#define USER_IRQ   (0x02u << 23)
#define EVENT	   (0x03u << 23)
#define ARB_OFF	   (0x08u << 23)
#define WAIT	   (0x1cu << 23 | 4u << 12 | 2) /* until equal */
#define WAIT_GGTT  BIT32(22)
#define WAIT_REG   BIT32(16)
#define WAIT_POLL  BIT32(15)
#define LRI	   (0x22u << 23 | 1)
#define START_GGTT (0x31u << 23 | 1)
#define START_USER (START_GGTT | BIT32(8))
#define PREDICATED BIT32(15)

/* Dwords of an image. */
#define PER_CTX	 0x19u
#define INDIRECT 0x1bu

#define BATCH (GUEST_SEQNO + 2) /* a privileged batch, also at a restore */
#define WORD  (GUEST_SEQNO + 6) /* what nobody ever sets */
#define GPR   0x2600u		/* the same */

static struct gvt_gpu *gpu;

static void setup(void)
{
	ck_assert_int_eq(softgpu_create(&gpu), 0);
}

static void teardown(void)
{
	gpu->ops->destroy(gpu);
}

static void serve(struct guest *g)
{
	while (fake_serve(g->f, 0))
		;
}

static bool hung(struct guest *g)
{
	serve(g);
	return fake_reg(g->f, gvt_engine_base(E) + 0xb0) & 1;
}

/* ---- what it runs ---- */

#define AT(gfn) ((gfn) << GVT_PAGE_SHIFT)

static void emit(struct guest *g, struct guest_ctx *ctx, const u32 *dw, u32 nr)
{
	for (u32 i = 0; i < nr; i++)
		guest_emit(g, ctx, dw[i]);
	if (nr % 2)
		guest_emit(g, ctx, 0);
}

enum place { RING, AT_INDIRECT, AT_PER_CTX, USER };

struct hold {
	const char *name;
	enum place place;
	bool refused; /* it may not run at all */
	u32 dw[8];
};

static const struct hold holds[] = {
	/* An engine takes nothing else before a restore is over, so batches may not wait there. */
	{ "restore, a poll", AT_PER_CTX, true, { WAIT | WAIT_GGTT | WAIT_POLL, 1, AT(WORD), 0 } },
	{ "restore, a poll", AT_INDIRECT, true, { WAIT | WAIT_GGTT | WAIT_POLL, 1, AT(WORD), 0 } },
	{ "restore, a signal", AT_PER_CTX, true, { WAIT | WAIT_GGTT, 1, AT(WORD), 0 } },
	{ "restore, a signal", AT_INDIRECT, true, { WAIT | WAIT_GGTT, 1, AT(WORD), 0 } },
	{ "restore, a register", AT_PER_CTX, true, { WAIT | WAIT_REG | WAIT_POLL, 1, GPR, 0 } },
	{ "restore, a register", AT_INDIRECT, true, { WAIT | WAIT_REG | WAIT_POLL, 1, GPR, 0 } },
	{ "restore, its own memory", AT_PER_CTX, true, { WAIT | WAIT_POLL, 1, GUEST_DATA_AT, 0 } },
	{ "restore, its own memory", AT_INDIRECT, true, { WAIT, 1, GUEST_DATA_AT, 0 } },
	{ "restore, an event", AT_PER_CTX, true, { EVENT | 8 } },
	{ "restore, an event", AT_INDIRECT, true, { EVENT | 8 } },
	{ "restore, a jump", AT_PER_CTX, true, { START_GGTT, AT(BATCH), 0 } },
	{ "restore, a jump", AT_INDIRECT, true, { START_GGTT, AT(BATCH), 0 } },
	{ "restore, a jump back", AT_PER_CTX, true, { START_GGTT | PREDICATED, AT(BATCH), 0 } },
	{ "restore, its own batch", AT_PER_CTX, true, { START_USER, GUEST_DATA_AT, 0 } },
	{ "restore, its own batch", AT_INDIRECT, true, { START_USER, GUEST_DATA_AT, 0 } },
	/* Commands in the ring and its batches make room wherever they are. */
	{ "ring, a poll", RING, false, { ARB_OFF, WAIT | WAIT_GGTT | WAIT_POLL, 1, AT(WORD), 0 } },
	{ "ring, a signal", RING, false, { WAIT | WAIT_GGTT, 1, AT(WORD), 0 } },
	{ "ring, a register", RING, false, { WAIT | WAIT_REG | WAIT_POLL, 1, GPR, 0 } },
	{ "batch, a poll", USER, false, { ARB_OFF, WAIT | WAIT_POLL, 1, GUEST_DATA_AT + 64, 0 } },
	{ "batch, itself", USER, false, { ARB_OFF, START_USER, GUEST_DATA_AT, 0 } },
	{ "batch, interrupts", USER, false, { USER_IRQ, USER_IRQ, START_USER, GUEST_DATA_AT, 0 } },
};

/* A context that does what @hold says. */
static struct guest_ctx holder(struct guest *g, u32 nr, const struct hold *hold)
{
	struct guest_ctx ctx = guest_context(g, E, nr);
	u32 *regs = guest_dw(g, GUEST_CTX + 32 * nr + 1, 0);

	memcpy(guest_dw(g, BATCH, 0), hold->dw, sizeof(hold->dw));
	*guest_dw(g, BATCH, ARRAY_SIZE(hold->dw)) = EXEC_BATCH_END;
	memcpy(guest_dw(g, GUEST_DATA, 0), guest_dw(g, BATCH, 0), sizeof(hold->dw) + 4);
	switch (hold->place) {
	case AT_PER_CTX:
		regs[PER_CTX] = AT(BATCH) | 1;
		break;
	case AT_INDIRECT:
		regs[INDIRECT] = AT(BATCH) | 1;
		break;
	case USER:
		emit(g, &ctx, (const u32[]){ START_USER, GUEST_DATA_AT, 0, 0 }, 4);
		break;
	case RING:
		emit(g, &ctx, hold->dw, ARRAY_SIZE(hold->dw));
		break;
	}
	guest_breadcrumb(g, &ctx);
	return ctx;
}

/* ---- how it goes on submitting ---- */

/* A new tail. */
static void more(struct guest *g, struct guest_ctx *ctx, const struct hold *hold)
{
	(void)hold;
	guest_emit(g, ctx, 0);
	guest_emit(g, ctx, 0);
	guest_submit(g, ctx, NULL);
}

/* Another context that does the same, and a third one behind it. */
static void another(struct guest *g, struct guest_ctx *ctx, const struct hold *hold)
{
	struct guest_ctx next = holder(g, (ctx->nr + 1) % 8, hold);

	*ctx = holder(g, (ctx->nr + 2) % 8, hold);
	guest_submit(g, &next, ctx);
}

/* A reset, and the same again. */
static void again(struct guest *g, struct guest_ctx *ctx, const struct hold *hold)
{
	guest_reset_engine(g, E);
	*ctx = holder(g, ctx->nr, hold);
	guest_submit(g, ctx, NULL);
}

/* All three in turn. */
static void all(struct guest *g, struct guest_ctx *ctx, const struct hold *hold)
{
	static u32 n;

	if (n++ % 5 == 0)
		again(g, ctx, hold);
	else if (n % 2)
		more(g, ctx, hold);
	else
		another(g, ctx, hold);
}

static const struct {
	const char *name;
	void (*step)(struct guest *g, struct guest_ctx *ctx, const struct hold *hold);
} ways[] = {
	{ "new tails", more },
	{ "new contexts", another },
	{ "resets", again },
	{ "all", all },
};

#define RUN	 6u /* so many at the end of .holds are not refused */
#define REQUESTS 10u
#define SHARED	 (200 * MS) /* of the engine's time: a hundred slices */
#define AT_LAST	 (10 * SHARED)
#define MOST	 600u /* thousandths of it: the holder's fair share is 500 */

static const struct vgpu_exec_counts *counts(struct guest *g)
{
	return intel_vgpu_exec_counts(g->f->vgpu);
}

/*
 * Asserts no time by the clock: this thread submits for both guests, and may itself wait for a
 * processor. What one guest had of the engine's own time is compared with what the other had.
 */
START_TEST(others_go_on)
{
	u32 refused = ARRAY_SIZE(holds) - RUN, i = (u32)_i - refused;
	/* Refused batches are tried in one way only, all. */
	const struct hold *hold =
		&holds[(u32)_i < refused ? (u32)_i : refused + i / ARRAY_SIZE(ways)];
	u32 way = (u32)_i < refused ? ARRAY_SIZE(ways) - 1 : i % ARRAY_SIZE(ways);
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	struct guest_ctx a = holder(&g, 0, hold), b = guest_context(&h, E, 0);
	u64 had[2], of_g, of_all;

	guest_submit(&g, &a, NULL);
	ck_assert_msg(hung(&g) == hold->refused, "%s", hold->name);
	if (hold->refused)
		ck_assert_uint_eq(fake_reg(g.f, gvt_engine_base(E) + 0x68), hold->dw[0]);
	/* Requests of another guest end, */
	for (i = 1; i <= REQUESTS; i++) {
		guest_breadcrumb(&h, &b);
		guest_submit(&h, &b, NULL);
		while (guest_seqno(&h, &b) != i) {
			ways[way].step(&g, &a, hold);
			serve(&g);
			serve(&h);
		}
	}
	/* and work of it that never ends comes to its share, though now and then a turn is long. */
	guest_endless(&h, E, 1);
	had[0] = guest_had(&g, E);
	had[1] = guest_had(&h, E);
	do {
		ways[way].step(&g, &a, hold);
		serve(&g);
		serve(&h);
		of_g = guest_had(&g, E) - had[0];
		of_all = of_g + guest_had(&h, E) - had[1];
	} while (of_all < SHARED || (of_g * 1000 > of_all * MOST && of_all < AT_LAST));
	ck_assert_msg(of_g * 1000 <= of_all * MOST, "%s, %s: it has %llu of %llu ms", hold->name,
		      ways[way].name, (unsigned long long)(of_g / MS),
		      (unsigned long long)(of_all / MS));
	/* The scheduler has not lost its patience: the engine was let go each time it was asked. */
	ck_assert_uint_eq(counts(&g)->stuck, 0);
	ck_assert_uint_eq(counts(&h)->stuck, 0);
	ck_assert_uint_eq(counts(&h)->hangs, 0);
	guest_reset_engine(&h, E);
	guest_reset_engine(&g, E);
	guest_check_works(&g, E);
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/* A per-context batch is of one page's length: the engine gives way to nobody until it has run. */
START_TEST(long_restore)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, E, 0);
	u32 nr = _i ? 2048 : 1023;

	*guest_dw(&g, GUEST_CTX + 1, PER_CTX) = AT(BATCH) | 1;
	memset(guest_dw(&g, BATCH, 0), 0, 3 * GVT_PAGE_SIZE);
	*guest_dw(&g, BATCH, nr) = EXEC_BATCH_END;
	guest_breadcrumb(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, E), IDLE_ACTIVE);
	if (_i)
		guest_await_hang(&g, E);
	else
		ck_assert_uint_eq(guest_event(&g, E), guest_csb(LAST, ctx.id));
	fake_free(g.f);
}
END_TEST

Suite *suite_exec_hold(void)
{
	Suite *suite = suite_create("exec_hold");
	TCase *tcase = tcase_create("exec_hold");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, others_go_on, 0,
			    ARRAY_SIZE(holds) + RUN * (ARRAY_SIZE(ways) - 1));
	tcase_add_loop_test(tcase, long_restore, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
