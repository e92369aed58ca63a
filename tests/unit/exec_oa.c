/* SPDX-License-Identifier: MIT */
/*
 * Performance counters as a driver sees them: a configuration that the ring loads, with the wait at
 * its end; periodic reports in its buffer; and what a context's image contains of them.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/exec_guest.h"

#define LRI(n)	       (0x11000000u | (2 * (n)-1))
#define LRR	       0x15000001u
#define SRM	       0x12400002u
#define LRM	       0x14c00002u
#define BBS	       0x18800001u
#define PREDICATED     0x00008000u
#define MATH(n)	       (0x0d000000u | ((n)-1))
#define LOAD(s, r)     (0x080u << 20 | (s) << 10 | (r))
#define STORE(r, s)    (0x180u << 20 | (r) << 10 | (s))
#define STOREINV(r, s) (0x580u << 20 | (r) << 10 | (s))
enum { ADD = 0x100u << 20, SUB = 0x101u << 20, SRCA = 0x20, SRCB, ACCU = 0x31, ZF, CF };

#define GPR(n) (0x2600u + 8 * (n))

enum {
	OACTXCONTROL = 0x2360,
	OABUFFER_UDW = 0x23b4,
	OACONTROL = 0x2b00,
	OASTATUS = 0x2b08,
	OAHEADPTR = 0x2b0c,
	OATAILPTR = 0x2b10,
	OABUFFER = 0x2b14,
};

#define BUFFER	 (GUEST_DATA + 512) /* frames of 128 KiB */
#define SIZE	 0x20000u
#define AT	 (BUFFER << GVT_PAGE_SHIFT)
#define CONFIG	 (GUEST_SEQNO + 1)
#define WAIT	 (GUEST_SEQNO + 2)
#define SAVED	 (GUEST_SEQNO + 3)
#define FORMAT_5 (5u << 2) /* A32u40_A4u32_B8_C8: 256 bytes */
#define LOST	 1u
#define OVERFLOW 2u

static struct gvt_gpu *gpu;

static void setup(void)
{
	ck_assert_int_eq(softgpu_create(&gpu), 0);
}

static void teardown(void)
{
	gpu->ops->destroy(gpu);
}

static void run(struct guest *g, struct guest_ctx *ctx)
{
	guest_breadcrumb(g, ctx);
	guest_submit(g, ctx, NULL);
	ck_assert_uint_eq(guest_event(g, ctx->engine), IDLE_ACTIVE);
	ck_assert_uint_eq(guest_event(g, ctx->engine), guest_csb(LAST, ctx->id));
}

static void load(struct guest *g, struct guest_ctx *ctx, u32 offset, u32 val)
{
	guest_emit(g, ctx, LRI(1));
	guest_emit(g, ctx, offset);
	guest_emit(g, ctx, val);
	guest_emit(g, ctx, 0);
	run(g, ctx);
}

static u64 clocks(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 12000000 + (u64)now.tv_nsec * 12 / 1000;
}

/* alloc_noa_wait(): waits until @ticks have passed, by reading the time again and again. */
static u32 write_wait(u32 *dw, u32 ticks)
{
	const u32 saved = SAVED << GVT_PAGE_SHIFT, at = WAIT << GVT_PAGE_SHIFT;
	u64 delay = ~0ull - ticks;
	u32 n = 0, start, again;

	for (u32 i = 0; i < 5; i++) {
		const u32 save[] = { SRM, GPR(i),     saved + 8 * i,	 0,
				     SRM, GPR(i) + 4, saved + 8 * i + 4, 0 };

		memcpy(dw + n, save, sizeof(save));
		n += ARRAY_SIZE(save);
	}
	start = n;
	const u32 first[] = { LRI(1), GPR(0) + 4, 0, LRR, 0x2358, GPR(0) };

	memcpy(dw + n, first, sizeof(first));
	n += ARRAY_SIZE(first);
	again = n;
	const u32 body[] = {
		LRI(1),
		GPR(1) + 4,
		0,
		LRR,
		0x2358,
		GPR(1),
		MATH(5),
		LOAD(SRCA, 1),
		LOAD(SRCB, 0),
		SUB,
		STORE(2, ACCU),
		STORE(3, CF),
		LRR,
		GPR(3),
		0x241c,
		BBS | PREDICATED,
		at + 4 * start,
		0,
		LRI(2),
		GPR(4),
		(u32)delay,
		GPR(4) + 4,
		delay >> 32,
		MATH(4),
		LOAD(SRCA, 2),
		LOAD(SRCB, 4),
		ADD,
		STOREINV(3, CF),
		0x02800000,
		LRR,
		GPR(3),
		0x241c,
		BBS | PREDICATED,
		at + 4 * again,
		0,
	};

	memcpy(dw + n, body, sizeof(body));
	n += ARRAY_SIZE(body);
	for (u32 i = 0; i < 5; i++) {
		const u32 back[] = { LRM, GPR(i),     saved + 8 * i,	 0,
				     LRM, GPR(i) + 4, saved + 8 * i + 4, 0 };

		memcpy(dw + n, back, sizeof(back));
		n += ARRAY_SIZE(back);
	}
	dw[n++] = EXEC_BATCH_END;
	return n;
}

/* A configuration: its registers are loaded, and the ring goes on when the time is over. */
START_TEST(configuration)
{
	static const u32 config[] = {
		LRI(9),
		0x9840,
		0x80,
		0x9888,
		0x11810000,
		0x9884,
		1,
		0x91b8,
		1,
		0xd00,
		0,
		0xd2c,
		1,
		0xe180,
		0,
		0x20cc,
		0,
		0x9800,
		1,
		LRI(2),
		0x2710,
		0,
		0x27ac,
		1,
		LRI(2),
		0xe458,
		5,
		0xe65c,
		6,
		BBS,
		WAIT << GVT_PAGE_SHIFT,
		0,
	};
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_RCS0, 0);
	u32 clock = fake_reg(g.f, 0xd00);
	u64 begin;

	memcpy(guest_dw(&g, CONFIG, 0), config, sizeof(config));
	write_wait(guest_dw(&g, WAIT, 0), 6000);
	load(&g, &ctx, GPR(1), 0x1234);
	for (u32 round = 0; round < 3; round++) {
		guest_emit(&g, &ctx, BBS);
		guest_emit(&g, &ctx, CONFIG << GVT_PAGE_SHIFT);
		guest_emit(&g, &ctx, 0);
		guest_emit(&g, &ctx, 0);
		begin = clocks();
		run(&g, &ctx);
		ck_assert_uint_ge(clocks() - begin, 6000);
	}
	ck_assert_uint_eq(gpu->ops->reg_read(g.f->vgpu->space, GPR(1)), 0x1234);
	ck_assert_uint_eq(gpu->ops->reg_read(g.f->vgpu->space, 0x9888), 0x11810000);
	ck_assert_uint_eq(gpu->ops->reg_read(g.f->vgpu->space, 0xd00), clock);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->hangs, 0);
	fake_free(g.f);
}
END_TEST

/*
 * Another context preempts it while it waits, and then it goes on waiting. If this thread has no
 * processor for as long as the wait lasts, that comes too late: then it is tried again with a
 * longer wait.
 */
START_TEST(preempted)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_RCS0, 1);
	u32 ticks = 1200000;
	u64 begin, event;

	for (;; ticks *= 2) {
		write_wait(guest_dw(&g, WAIT, 0), ticks);
		guest_emit(&g, &a, BBS);
		guest_emit(&g, &a, WAIT << GVT_PAGE_SHIFT);
		guest_emit(&g, &a, 0);
		guest_emit(&g, &a, 0);
		guest_breadcrumb(&g, &a);
		begin = clocks();
		guest_submit(&g, &a, NULL);
		ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
		guest_breadcrumb(&g, &b);
		guest_submit(&g, &b, &a);
		event = guest_event(&g, GVT_RCS0);
		if (event == guest_csb(GVT_CSB_PREEMPTED, a.id))
			break;
		ck_assert_uint_eq(event, guest_csb(LAST, a.id));
		ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
		ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(NEXT, b.id));
		ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(LAST, a.id));
	}
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(NEXT, b.id));
	ck_assert_uint_eq(guest_seqno(&g, &a), a.seqno - 1);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(LAST, a.id));
	ck_assert_uint_eq(guest_seqno(&g, &a), a.seqno);
	ck_assert_uint_ge(clocks() - begin, ticks);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->hangs, 0);
	fake_free(g.f);
}
END_TEST

/* ---- periodic reports ---- */

/* As gen8_init_oa_buffer() and gen8_oa_enable() do. */
static void enable(struct guest *g, u32 format)
{
	fake_reg_write(g->f, OASTATUS, 0);
	fake_reg_write(g->f, OAHEADPTR, AT);
	fake_reg_write(g->f, OABUFFER_UDW, 0);
	fake_reg_write(g->f, OABUFFER, AT | 1);
	fake_reg_write(g->f, OATAILPTR, AT);
	memset(guest_dw(g, BUFFER, 0), 0, SIZE);
	fake_reg_write(g->f, OACONTROL, format | 1);
}

static u32 await_tail(struct guest *g, u32 not )
{
	u32 tail;

	while ((tail = fake_reg(g->f, OATAILPTR)) == not )
		;
	return tail;
}

#define TIMER(exponent) ((exponent) << 2 | 3)

START_TEST(reports)
{
	static const struct {
		u32 format, bytes;
	} formats[] = { { 0, 64 }, { 2 << 2, 128 }, { FORMAT_5, 256 }, { 7 << 2, 64 } };
	const u32 period = 2u << 13;
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_RCS0, 0);
	u32 tail = AT, last = 0;

	load(&g, &ctx, OACTXCONTROL, TIMER(13));
	enable(&g, formats[_i].format);
	for (u32 n = 0; n < 5; n++) {
		u32 from = tail;

		tail = await_tail(&g, from);
		ck_assert_uint_eq((tail - AT) % formats[_i].bytes, 0);
		for (u32 at = from; at < tail; at += formats[_i].bytes) {
			const u32 *report = guest_dw(&g, BUFFER, (at - AT) / 4);

			ck_assert_uint_eq(report[0], 1u << 19);
			ck_assert_uint_eq(report[1] % period, 0);
			ck_assert_uint_eq(last ? report[1] - last : period, period);
			last = report[1];
			for (u32 i = 2; i < formats[_i].bytes / 4; i++)
				ck_assert_uint_eq(report[i], 0);
		}
		ck_assert_uint_eq(*guest_dw(&g, BUFFER, (tail - AT) / 4), 0);
		fake_reg_write(g.f, OAHEADPTR, tail);
	}
	/* A report by a command is as long. */
	memset(guest_dw(&g, SAVED, 0), 0xff, GVT_PAGE_SIZE);
	guest_emit(&g, &ctx, 0x28u << 23 | 2);
	guest_emit(&g, &ctx, SAVED << GVT_PAGE_SHIFT | 1);
	guest_emit(&g, &ctx, 0);
	guest_emit(&g, &ctx, 0xcafe);
	run(&g, &ctx);
	ck_assert_uint_eq(*guest_dw(&g, SAVED, 0), 0xcafe);
	ck_assert_uint_eq(*guest_dw(&g, SAVED, formats[_i].bytes / 4 - 1), 0);
	ck_assert_uint_eq(*guest_dw(&g, SAVED, formats[_i].bytes / 4), ~0u);
	/* Off: no more reports, and the driver sees that it is off. */
	fake_reg_write(g.f, OACONTROL, 0);
	tail = fake_reg(g.f, OATAILPTR);
	usleep(2000);
	ck_assert_uint_eq(fake_reg(g.f, OATAILPTR), tail);
	ck_assert_uint_eq(fake_reg(g.f, OACONTROL) & 1, 0);
	/* On, without a timer. */
	load(&g, &ctx, OACTXCONTROL, 1);
	enable(&g, formats[_i].format);
	usleep(2000);
	ck_assert_uint_eq(fake_reg(g.f, OATAILPTR), AT);
	fake_free(g.f);
}
END_TEST

/* Reports name the context that runs. */
START_TEST(whose)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_RCS0, 0);
	u32 tail;

	load(&g, &ctx, OACTXCONTROL, TIMER(8));
	/* MI_SEMAPHORE_WAIT until a word is 1. */
	guest_emit(&g, &ctx, 0x1cu << 23 | 1u << 22 | 1u << 15 | 4u << 12 | 2);
	guest_emit(&g, &ctx, 1);
	guest_emit(&g, &ctx, SAVED << GVT_PAGE_SHIFT);
	guest_emit(&g, &ctx, 0);
	guest_breadcrumb(&g, &ctx);
	guest_submit(&g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), IDLE_ACTIVE);
	enable(&g, FORMAT_5);
	tail = await_tail(&g, AT);
	ck_assert_uint_eq(guest_dw(&g, BUFFER, 0)[0], 1u << 19 | 1u << 16);
	ck_assert_uint_eq(guest_dw(&g, BUFFER, 0)[2], ctx.id);
	ck_assert_uint_gt(tail, AT);
	__atomic_store_n(guest_dw(&g, SAVED, 0), 1, __ATOMIC_RELEASE);
	ck_assert_uint_eq(guest_event(&g, GVT_RCS0), guest_csb(LAST, ctx.id));
	fake_free(g.f);
}
END_TEST

/* Nobody reads: a full buffer is reported as such, is not overwritten, and begins anew. */
START_TEST(overflow)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_RCS0, 0);
	u32 tail;

	load(&g, &ctx, OACTXCONTROL, TIMER(0));
	enable(&g, FORMAT_5);
	*guest_dw(&g, BUFFER + SIZE / GVT_PAGE_SIZE, 0) = 0xabcd;
	while (!(fake_reg(g.f, OASTATUS) & OVERFLOW)) {
		tail = fake_reg(g.f, OATAILPTR);
		ck_assert_uint_lt(tail - AT, SIZE);
	}
	tail = fake_reg(g.f, OATAILPTR);
	ck_assert_uint_eq(fake_reg(g.f, OATAILPTR), tail);
	ck_assert_uint_eq(*guest_dw(&g, BUFFER + SIZE / GVT_PAGE_SIZE, 0), 0xabcd);
	fake_reg_write(g.f, OACONTROL, 0);
	enable(&g, FORMAT_5);
	await_tail(&g, AT);
	/* More reports are due than are written at once. */
	fake_reg_write(g.f, OASTATUS, 0);
	usleep(2000);
	fake_reg(g.f, OATAILPTR);
	ck_assert_uint_ne(fake_reg(g.f, OASTATUS) & (LOST | OVERFLOW), 0);
	fake_free(g.f);
}
END_TEST

/* Invalid buffers, in the hidden range or without memory; a tail outside; extreme periods. */
START_TEST(hostile)
{
	static const struct {
		u32 buffer, head, tail, timer;
	} cases[] = {
		{ (u32)HIDDEN_BASE | 0x39, (u32)HIDDEN_BASE, (u32)HIDDEN_BASE, TIMER(0) },
		{ 0xffffffff, 0, 0xffffffc0, TIMER(0) },
		{ 0xffffffc1, 0xffffffff, 0xffffffff, TIMER(1) },
		{ 0x80000001, 0x80000000, 0x80000000, TIMER(0) },
		{ AT | 1, 0, AT + SIZE, TIMER(0) },
		{ AT | 1, 0, AT - 64, TIMER(0) },
		{ AT, AT, AT, TIMER(0) },
		{ AT | 1, AT, AT, 63 << 2 | 3 },
		{ AT | 1, AT, AT, 62 << 2 | 3 },
		{ AT | 1, AT, AT, 32 << 2 | 3 },
		{ AT | 0x39, 0x12345678, AT + 0x1ffff3, 0xffffffff },
	};
	struct guest g = exec_guest(gpu);
	struct guest_ctx ctx = guest_context(&g, GVT_RCS0, 0);

	load(&g, &ctx, OACTXCONTROL, cases[_i].timer);
	fake_reg_write(g.f, OASTATUS, 0);
	fake_reg_write(g.f, OAHEADPTR, cases[_i].head);
	fake_reg_write(g.f, OABUFFER, cases[_i].buffer);
	fake_reg_write(g.f, OATAILPTR, cases[_i].tail);
	memset(guest_dw(&g, BUFFER, 0), 0, SIZE);
	fake_reg_write(g.f, OACONTROL, FORMAT_5 | 1);
	for (u32 i = 0; i < 20; i++) {
		usleep(100);
		fake_reg(g.f, OATAILPTR);
	}
	for (u32 i = 0; i < SIZE / 4; i++)
		UNIT_CHECK(!*guest_dw(&g, BUFFER, i), "a report at 0x%x", 4 * i);
	guest_check_works(&g, GVT_RCS0);
	fake_free(g.f);
}
END_TEST

/* ---- what a context keeps ---- */

/* Linux sets these in images, at their places on Gen9. */
START_TEST(images)
{
	static const struct {
		u32 at, reg;
	} places[] = {
		{ 0x128, 0x2360 }, { 0x3de, 0xe458 }, { 0x3e0, 0xe558 }, { 0x3e2, 0xe658 },
		{ 0x3e4, 0xe758 }, { 0x3e6, 0xe45c }, { 0x3e8, 0xe55c }, { 0x3ea, 0xe65c },
	};
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, GVT_RCS0, 0), b = guest_context(&g, GVT_RCS0, 1);
	u32 *image = guest_dw(&g, GUEST_CTX + 1, 0);

	run(&g, &a);
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		ck_assert_uint_eq(image[places[i].at], places[i].reg);
		image[places[i].at + 1] = 0x100 + i;
	}
	/* A register of the pipelines, which is behind the first of them. */
	load(&g, &a, 0x5200, 0x77);
	load(&g, &b, 0x5200, 0x99);
	load(&g, &b, 0xe458, 0x99);
	run(&g, &a);
	ck_assert_uint_eq(gpu->ops->reg_read(g.f->vgpu->space, 0x5200), 0x77);
	for (u32 i = 0; i < ARRAY_SIZE(places); i++) {
		ck_assert_uint_eq(gpu->ops->reg_read(g.f->vgpu->space, places[i].reg), 0x100 + i);
		ck_assert_uint_eq(image[places[i].at + 1], 0x100 + i);
	}
	fake_free(g.f);
}
END_TEST

Suite *suite_exec_oa(void)
{
	Suite *suite = suite_create("exec_oa");
	TCase *tcase = tcase_create("exec_oa");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, configuration);
	tcase_add_test(tcase, preempted);
	tcase_add_loop_test(tcase, reports, 0, 4);
	tcase_add_test(tcase, whose);
	tcase_add_test(tcase, overflow);
	tcase_add_loop_test(tcase, hostile, 0, 11);
	tcase_add_test(tcase, images);
	suite_add_tcase(suite, tcase);
	return suite;
}
