/* SPDX-License-Identifier: MIT */
/* The execlist port: the events that a submission causes, and their order. */
#include <errno.h>
#include <time.h>

#include "core/base/clock.h"
#include "tests/unit/softgpu_rig.h"

static struct rig rig;

static void setup(void)
{
	rig_start(&rig, NULL);
}

static void teardown(void)
{
	rig_stop(&rig);
}

/* Emits into the ring: an interrupt, then a wait until the dword at @sem is @val. */
static void emit_wait(struct rig_context *c, u32 sem, u32 val)
{
	RIG_EMIT(c, USER_INTERRUPT, SEMAPHORE_WAIT | SEMAPHORE_EQUAL | GLOBAL, val, sem, 0);
}

static void emit_store(struct rig_context *c, u32 addr, u32 val)
{
	RIG_EMIT(c, SDI | GLOBAL, addr, 0, val);
}

/* Submits, and waits until it is in its emit_wait(). */
static void submit_waiting(struct rig_context *c, struct rig_context *next)
{
	ck_assert_int_eq(rig_submit(c, next), 0);
	rig_status(c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(c, GVT_IRQ_USER);
}

#define DONE (GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE)
#define NEXT (GVT_CSB_COMPLETE | GVT_CSB_ELEMENT_SWITCH)
#define LITE (GVT_CSB_PREEMPTED | GVT_CSB_LITE_RESTORE)

static u64 time_of(enum gvt_engine engine)
{
	return rig.gpu->ops->time(rig.gpu, engine);
}

static u32 seqno_at_interrupt;
static u32 seqno_addr;

static void note_seqno(struct rig *r, const struct gvt_gpu_event *event)
{
	if (event->kind == GVT_GPU_INTERRUPT)
		seqno_at_interrupt = rig_get(r, seqno_addr);
}

START_TEST(lone)
{
	for (u32 engine = 0; engine < GVT_NR_ENGINES; engine++) {
		struct gvt_gpu_event event;
		struct rig_context c;

		rig_context(&rig, &c, engine, 7);
		seqno_addr = rig_pages(&rig, 1);
		rig.hook = note_seqno;
		emit_store(&c, seqno_addr, 42);
		RIG_EMIT(&c, USER_INTERRUPT);
		ck_assert_int_eq(rig_submit(&c, NULL), 0);
		rig_status(&c, GVT_CSB_IDLE_ACTIVE);
		rig_interrupt(&c, GVT_IRQ_USER);
		ck_assert_uint_eq(seqno_at_interrupt, 42);
		event = rig_status(&c, DONE);
		ck_assert_uint_eq(event.head, c.tail);
		ck_assert_uint_gt(time_of(engine), 0);
		ck_assert_uint_eq(*rig_image(&c, 0x34), c.tail);
		ck_assert_uint_eq(rig_reg(&c, 0x34), c.tail);
		ck_assert_uint_eq(rig_reg(&c, 0x234), 0);
		ck_assert_uint_eq(rig_reg(&c, 0x6c), ~0u);
		rig_none(&rig);
	}
}
END_TEST

START_TEST(two_elements)
{
	struct rig_context a, b;

	rig_context(&rig, &a, GVT_RCS0, 1);
	rig_context(&rig, &b, GVT_RCS0, 2);
	RIG_EMIT(&a, USER_INTERRUPT);
	RIG_EMIT(&b, USER_INTERRUPT);
	ck_assert_int_eq(rig_submit(&a, &b), 0);
	rig_status(&a, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&a, GVT_IRQ_USER);
	rig_status(&a, NEXT);
	rig_interrupt(&b, GVT_IRQ_USER);
	rig_status(&b, DONE);
	rig_none(&rig);
}
END_TEST

START_TEST(empty_ring)
{
	struct rig_context c;

	rig_context(&rig, &c, GVT_BCS0, 1);
	rig_run(&c);
	rig_run(&c);
	rig_none(&rig);
}
END_TEST

START_TEST(ring_wraps)
{
	u32 out = rig_pages(&rig, 1);
	struct rig_context c;

	rig_context(&rig, &c, GVT_VCS0, 1);
	for (u32 i = 0; i < 3 * RIG_RING_SIZE / 16; i++) {
		/* At times, a command lies across the ring's end. */
		RIG_EMIT(&c, NOOP, NOOP);
		emit_store(&c, out, i);
		rig_run(&c);
		ck_assert_uint_eq(rig_get(&rig, out), i);
		ck_assert_uint_eq(*rig_image(&c, 0x34), c.tail);
	}
}
END_TEST

START_TEST(lite_restore)
{
	u32 sem = rig_pages(&rig, 1);
	struct rig_context a, b;

	rig_context(&rig, &a, GVT_BCS0, 1);
	rig_context(&rig, &b, GVT_BCS0, 2);
	emit_wait(&a, sem, 1);
	submit_waiting(&a, NULL);
	emit_store(&a, sem + 8, 77);
	ck_assert_int_eq(rig_submit(&a, &b), 0);
	rig_status(&a, LITE);
	ck_assert_uint_eq(rig_get(&rig, sem + 8), 0);
	rig_set(&rig, sem, 1);
	rig_status(&a, NEXT);
	ck_assert_uint_eq(rig_get(&rig, sem + 8), 77);
	rig_status(&b, DONE);
	rig_none(&rig);
}
END_TEST

START_TEST(preempted_in_ring)
{
	u32 sem = rig_pages(&rig, 1);
	struct rig_context a, b, c;

	rig_context(&rig, &a, GVT_VECS0, 1);
	rig_context(&rig, &b, GVT_VECS0, 2);
	rig_context(&rig, &c, GVT_VECS0, 3);
	emit_wait(&a, sem, 1);
	emit_store(&a, sem + 8, 1);
	emit_store(&b, sem + 16, 1);
	emit_store(&c, sem + 24, 1);
	submit_waiting(&a, &b);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&a, GVT_CSB_PREEMPTED);
	rig_status(&c, DONE);
	ck_assert_uint_eq(rig_get(&rig, sem + 8), 0);
	ck_assert_uint_eq(rig_get(&rig, sem + 16), 0); /* was replaced with the rest */
	ck_assert_uint_eq(rig_get(&rig, sem + 24), 1);

	rig_set(&rig, sem, 1);
	rig_run(&a);
	ck_assert_uint_eq(rig_get(&rig, sem + 8), 1);
	rig_none(&rig);
}
END_TEST

/* Preempted in a second-level batch: position, address space, registers, predicates come back. */
START_TEST(preempted_in_batch)
{
	u32 sem = rig_pages(&rig, 1), first = rig_pages(&rig, 1), second = rig_pages(&rig, 1), at;
	u64 va = RIG_VA + sem;
	struct rig_context a, b;

	rig_context(&rig, &a, GVT_RCS0, 1);
	rig_context(&rig, &b, GVT_RCS0, 2);
	at = RIG_WRITE(&rig, first, LRI(1), 0x2600, 1234);
	at = RIG_WRITE(&rig, at, BATCH_START | BATCH_SECOND | BATCH_PPGTT, LO(RIG_VA + second),
		       HI(RIG_VA + second));
	at = RIG_WRITE(&rig, at, SRM, 0x2600, LO(va + 8), HI(va + 8), BATCH_END);
	at = RIG_WRITE(&rig, second, LRI(1), 0x2608, 5678, USER_INTERRUPT);
	at = RIG_WRITE(&rig, at, SEMAPHORE_WAIT | SEMAPHORE_EQUAL, 1, LO(va), HI(va));
	at = RIG_WRITE(&rig, at, SRM, 0x2608, LO(va + 16), HI(va + 16), BATCH_END);
	RIG_EMIT(&a, BATCH_START | BATCH_PPGTT, LO(RIG_VA + first), HI(RIG_VA + first));
	emit_store(&a, sem + 24, 3);
	RIG_EMIT(&b, LRI(2), 0x2600, 1, 0x2608, 2);

	submit_waiting(&a, NULL);
	ck_assert_int_eq(rig_submit(&b, NULL), 0);
	rig_status(&a, GVT_CSB_PREEMPTED);
	rig_status(&b, DONE);
	ck_assert_uint_eq(rig_get(&rig, sem + 24), 0);
	rig_set(&rig, sem, 1);
	rig_run(&a);
	ck_assert_uint_eq(rig_get(&rig, sem + 8), 1234);
	ck_assert_uint_eq(rig_get(&rig, sem + 16), 5678);
	ck_assert_uint_eq(rig_get(&rig, sem + 24), 3);
	rig_none(&rig);
}
END_TEST

/* An endless loop is preempted as well. */
START_TEST(preempted_in_loop)
{
	u32 batch = rig_pages(&rig, 1);
	struct rig_context a, b;

	rig_context(&rig, &a, GVT_RCS0, 1);
	rig_context(&rig, &b, GVT_RCS0, 2);
	RIG_WRITE(&rig, batch, BATCH_START | BATCH_PPGTT, LO(RIG_VA + batch), HI(RIG_VA + batch));
	RIG_EMIT(&a, USER_INTERRUPT, BATCH_START | BATCH_PPGTT, LO(RIG_VA + batch),
		 HI(RIG_VA + batch));
	submit_waiting(&a, NULL);
	ck_assert_int_eq(rig_submit(&b, &a), 0);
	rig_status(&a, GVT_CSB_PREEMPTED);
	rig_status(&b, NEXT);
	rig_set(&rig, batch, BATCH_END);
	rig_status(&a, DONE);
	rig_none(&rig);
}
END_TEST

START_TEST(no_arbitration)
{
	u32 sem = rig_pages(&rig, 1), head;
	struct rig_context a, b;

	rig_context(&rig, &a, GVT_RCS0, 1);
	rig_context(&rig, &b, GVT_RCS0, 2);
	RIG_EMIT(&a, ARB_OFF);
	emit_wait(&a, sem, 1);
	emit_store(&a, sem + 8, 1);
	RIG_EMIT(&a, ARB_ON);
	head = a.tail;
	emit_store(&a, sem + 16, 1);
	submit_waiting(&a, NULL);
	ck_assert_int_eq(rig_submit(&b, NULL), 0);
	ck_assert_int_eq(rig_submit(&b, NULL), -EBUSY);
	rig_set(&rig, sem, 1);
	rig_status(&a, GVT_CSB_PREEMPTED);
	ck_assert_uint_eq(rig_get(&rig, sem + 8), 1);
	ck_assert_uint_eq(rig_get(&rig, sem + 16), 0);
	ck_assert_uint_eq(*rig_image(&a, 0x34), head);
	rig_status(&b, DONE);
	rig_run(&a);
	ck_assert_uint_eq(rig_get(&rig, sem + 16), 1);
}
END_TEST

/* A full restore is requested: the context is saved and loaded again. */
START_TEST(forced_restore)
{
	u32 sem = rig_pages(&rig, 1);
	struct rig_context c;

	rig_context(&rig, &c, GVT_RCS0, 1);
	emit_wait(&c, sem, 1);
	submit_waiting(&c, NULL);
	c.desc |= GVT_DESC_RESTORE;
	emit_store(&c, sem + 8, 1);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_PREEMPTED);
	rig_set(&rig, sem, 1);
	rig_status(&c, DONE);
	ck_assert_uint_eq(rig_get(&rig, sem + 8), 1);
}
END_TEST

/* Batches that a context wants at its restore are executed then, and not at a lite restore. */
START_TEST(batches_at_restore)
{
	u32 sem = rig_pages(&rig, 1), indirect = rig_pages(&rig, 1), per_ctx = rig_pages(&rig, 1);
	const u32 inc = 0x2fu << 23 | GLOBAL | 5u << 8 | 1;
	struct rig_context c;

	rig_context(&rig, &c, GVT_RCS0, 1);
	RIG_WRITE(&rig, indirect, inc, sem + 8, 0); /* it has a size instead of an end */
	RIG_WRITE(&rig, per_ctx, inc, sem + 16, 0, BATCH_END);
	*rig_image(&c, 0x1c4) = indirect | 1;
	*rig_image(&c, 0x1c0) = per_ctx | 1;
	emit_wait(&c, sem, 1);
	submit_waiting(&c, NULL);
	ck_assert_uint_eq(rig_get(&rig, sem + 8), 1);
	ck_assert_uint_eq(rig_get(&rig, sem + 16), 1);
	RIG_EMIT(&c, NOOP, NOOP);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, LITE);
	rig_set(&rig, sem, 1);
	rig_status(&c, DONE);
	ck_assert_uint_eq(rig_get(&rig, sem + 8), 1);
	rig_run(&c);
	ck_assert_uint_eq(rig_get(&rig, sem + 8), 2);
	ck_assert_uint_eq(rig_get(&rig, sem + 16), 2);
}
END_TEST

/*
 * Linux' workarounds run in the middle of a restore: they override what the engine was given
 * before, and the context's choices for the pipeline override them (i915's
 * gen9_init_indirectctx_bb()).
 */
START_TEST(workarounds_in_mid_restore)
{
	static const struct {
		u32 at, instpm, chicken;
	} cases[] = {
		{ 0x26 << 6, 0x10, 0x1008 }, /* as Linux */
		{ 0, 0x30, 0x1008 },	     /* before everything: all of it is overridden */
		{ 0xffc0, 0x10, 0x0008 },    /* after everything */
	};
	const u32 instpm = 0x20c0, chicken = 0x7014;
	u32 indirect = rig_pages(&rig, 1), out = rig_pages(&rig, 1);

	RIG_WRITE(&rig, indirect, LRI(2), instpm, 0x00200000, chicken, 0x10000000);
	for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig_context c;

		rig_context(&rig, &c, GVT_RCS0, 1 + i);
		RIG_EMIT(&c, LRI(2), instpm, 0xffff0030, chicken, 0xffff1008);
		rig_run(&c);
		*rig_image(&c, 0x1c4) = indirect | 1;
		*rig_image(&c, 0x1c8) = cases[i].at;
		RIG_EMIT(&c, SRM | GLOBAL, instpm, out, 0, SRM | GLOBAL, chicken, out + 4, 0);
		rig_run(&c);
		ck_assert_uint_eq(rig_get(&rig, out) & 0xffff, cases[i].instpm);
		ck_assert_uint_eq(rig_get(&rig, out + 4) & 0xffff, cases[i].chicken);
	}
}
END_TEST

/* Contexts of two vGPUs on two engines at the same time: each waits for the other's store. */
START_TEST(engines_at_once)
{
	static struct rig other;
	u32 sem = rig_pages(&rig, 1), sem2;
	struct rig_context a, b;

	rig_start(&other, rig.gpu);
	sem2 = rig_pages(&other, 1);
	rig_context(&rig, &a, GVT_RCS0, 1);
	rig_context(&other, &b, GVT_BCS0, 1);
	emit_wait(&a, sem, 1);
	emit_wait(&b, sem2, 1);
	submit_waiting(&a, NULL);
	submit_waiting(&b, NULL);
	rig_set(&other, sem2, 1);
	rig_status(&b, DONE);
	rig_set(&rig, sem, 1);
	rig_status(&a, DONE);
	rig_stop(&other);
}
END_TEST

/* Two vGPUs on one engine: same identities and addresses, different memory. */
START_TEST(spaces_in_turn)
{
	static struct rig other;
	u32 out = rig_pages(&rig, 1);
	struct rig_context a, b;

	rig_start(&other, rig.gpu);
	ck_assert_uint_eq(rig_pages(&other, 1), out);
	rig_context(&rig, &a, GVT_BCS0, 1);
	rig_context(&other, &b, GVT_BCS0, 1);
	ck_assert_uint_eq(a.desc, b.desc);
	emit_store(&a, out, 1);
	RIG_EMIT(&a, LRI(1), 0x22600, 11);
	emit_store(&b, out, 2);
	RIG_EMIT(&b, LRI(1), 0x22600, 22);
	ck_assert_int_eq(rig_submit(&a, &b), 0);
	rig_status(&a, GVT_CSB_IDLE_ACTIVE);
	rig_status(&a, NEXT);
	rig_status(&b, DONE);
	ck_assert_uint_eq(rig_get(&rig, out), 1);
	ck_assert_uint_eq(rig_get(&other, out), 2);
	ck_assert_uint_eq(rig_reg(&a, 0x600), 11);
	ck_assert_uint_eq(rig_reg(&b, 0x600), 22);
	rig_stop(&other);
}
END_TEST

#define CHAIN 1000u

static struct rig_context chained;
static u32 chain_left;

static void submit_again(struct rig *r, const struct gvt_gpu_event *event)
{
	(void)r;
	if (event->kind == GVT_GPU_STATUS && event->status == DONE && chain_left) {
		chain_left--;
		ck_assert_int_eq(rig_submit(&chained, NULL), 0);
	}
}

START_TEST(submitted_from_event)
{
	rig_context(&rig, &chained, GVT_VCS0, 1);
	rig.hook = submit_again;
	chain_left = CHAIN;
	ck_assert_int_eq(rig_submit(&chained, NULL), 0);
	for (u32 i = 0; i <= CHAIN; i++) {
		rig_status(&chained, GVT_CSB_IDLE_ACTIVE);
		rig_status(&chained, DONE);
	}
	rig_none(&rig);
}
END_TEST

/* The tail moves while the context runs: all is executed, and events stay consistent. */
START_TEST(tail_chases_head)
{
	u32 out = rig_pages(&rig, 1), seqno = 0, active = 0;
	struct rig_context c;

	rig_context(&rig, &c, GVT_BCS0, 1);
	for (u32 i = 0; i < 2000; i++) {
		struct gvt_gpu_event event;

		emit_store(&c, out, ++seqno);
		ck_assert_int_eq(rig_submit(&c, NULL), 0);
		/* One event answers the submission. The end of an earlier run may come first. */
		do {
			event = rig_next(&rig);
			ck_assert_int_eq(event.kind, GVT_GPU_STATUS);
			if (event.status == GVT_CSB_IDLE_ACTIVE) {
				ck_assert_uint_eq(active, 0);
				active = 1;
			} else if (event.status == DONE) {
				ck_assert_uint_eq(active, 1);
				active = 0;
			} else {
				ck_assert_uint_eq(event.status, LITE);
				ck_assert_uint_eq(active, 1);
			}
		} while (event.status == DONE);
	}
	rig_status(&c, DONE);
	ck_assert_uint_eq(rig_get(&rig, out), seqno);
	rig_none(&rig);
}
END_TEST

START_TEST(nothing_to_run)
{
	const struct gvt_gpu_context none[2] = { { 0 } };

	ck_assert_int_eq(rig.gpu->ops->submit(rig.gpu, GVT_RCS0, none), -EINVAL);
}
END_TEST

#define MS	1000000ull
#define WAIT_MS 100u
#define STOP_MS 500u

/* The running time in the context's image, which has ticks of 12 MHz. */
static u64 image_ns(struct rig_context *c)
{
	return *rig_image(c, 0x3a8) * 1000ull / 12;
}

/*
 * An engine's own time passes while it works, or waits with a context. It stands while the engine
 * is idle or stuck, and while its thread does not get to run.
 */
START_TEST(own_time)
{
	u32 sem = rig_pages(&rig, 1);
	u64 from, image_from, since, most;
	struct rig_context c;

	rig_context(&rig, &c, GVT_BCS0, 1);
	unit_sleep(WAIT_MS);
	ck_assert_uint_eq(time_of(GVT_BCS0), 0);
	emit_wait(&c, sem, 1);
	submit_waiting(&c, NULL);
	while (time_of(GVT_BCS0) < WAIT_MS * MS)
		unit_sleep(1);
	rig_set(&rig, sem, 1);
	rig_status(&c, DONE);
	ck_assert_uint_gt(image_ns(&c), WAIT_MS / 2 * MS);
	ck_assert_uint_eq(time_of(GVT_RCS0), 0);

	from = time_of(GVT_BCS0);
	unit_sleep(WAIT_MS);
	ck_assert_uint_eq(time_of(GVT_BCS0), from);

	/* Most of the time in which everything stood still is not the engine's own. */
	image_from = image_ns(&c);
	since = clock_now_ns();
	emit_wait(&c, sem, 2);
	submit_waiting(&c, NULL);
	unit_stand_still(STOP_MS);
	rig_set(&rig, sem, 2);
	rig_status(&c, DONE);
	most = clock_now_ns() - since - STOP_MS / 2 * MS;
	ck_assert_uint_lt(time_of(GVT_BCS0) - from, most);
	ck_assert_uint_lt(image_ns(&c) - image_from, most);

	RIG_EMIT(&c, 0x1fu << 23, 0);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&c, GVT_IRQ_CS_ERROR);
	rig_stuck(&c);
	from = time_of(GVT_BCS0);
	unit_sleep(WAIT_MS);
	ck_assert_uint_eq(time_of(GVT_BCS0), from);
}
END_TEST

static u64 processor_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

/* Blits with all rows in one page: empty, small, just too small to be preempted, and long. */
static const struct {
	u32 width, height;
} blits[] = { { 0, 0 }, { 8, 8 }, { 1024, 63 }, { 1024, 16000 } };

/* There is no work that is not counted: the processor time that it takes is the engine's time. */
START_TEST(all_work_counts)
{
	u32 out = rig_pages(&rig, 1), batch = rig_pages(&rig, 1), jump;
	u64 from, begin, used, counted;
	struct rig_context a, b;

	rig_context(&rig, &a, GVT_BCS0, 1);
	rig_context(&rig, &b, GVT_BCS0, 2);
	jump = RIG_WRITE(&rig, batch, 0x54300005, 0x03f00000, 0,
			 blits[_i].height << 16 | blits[_i].width, LO(RIG_VA + out),
			 HI(RIG_VA + out), 0x5a5a5a5a);
	RIG_WRITE(&rig, jump, BATCH_START | BATCH_PPGTT, LO(RIG_VA + batch), HI(RIG_VA + batch));
	RIG_EMIT(&a, BATCH_START | BATCH_PPGTT, LO(RIG_VA + batch), HI(RIG_VA + batch), NOOP);
	ck_assert_int_eq(rig_submit(&a, NULL), 0);
	rig_status(&a, GVT_CSB_IDLE_ACTIVE);
	/* The time that is counted covers all of the processor time. */
	from = time_of(GVT_BCS0);
	begin = processor_ns();
	do {
		unit_sleep(10);
		used = processor_ns() - begin;
	} while (used < WAIT_MS * MS);
	counted = time_of(GVT_BCS0) - from;
	ck_assert_msg(counted > used / 2, "%llu us counted of %llu us",
		      (unsigned long long)counted / 1000, (unsigned long long)used / 1000);
	if (blits[_i].height)
		ck_assert_uint_eq(rig_get(&rig, out), 0x5a5a5a5a);
	ck_assert_int_eq(rig_submit(&b, NULL), 0);
	rig_status(&a, GVT_CSB_PREEMPTED);
	rig_status(&b, DONE);
}
END_TEST

Suite *suite_softgpu_port(void)
{
	const TTest *const tests[] = {
		lone,
		two_elements,
		empty_ring,
		ring_wraps,
		lite_restore,
		preempted_in_ring,
		preempted_in_batch,
		preempted_in_loop,
		no_arbitration,
		forced_restore,
		batches_at_restore,
		workarounds_in_mid_restore,
		engines_at_once,
		spaces_in_turn,
		submitted_from_event,
		tail_chases_head,
		nothing_to_run,
		own_time,
	};

	Suite *suite = unit_suite_with("softgpu_port", setup, teardown, tests, ARRAY_SIZE(tests));
	TCase *work = tcase_create("work");

	tcase_add_checked_fixture(work, setup, teardown);
	tcase_add_loop_test(work, all_work_counts, 0, ARRAY_SIZE(blits));
	suite_add_tcase(suite, work);
	return suite;
}
