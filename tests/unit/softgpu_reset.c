/* SPDX-License-Identifier: MIT */
/* Engines that hang, report it, and are reset: from outside, from a callback, while busy. */
#include <errno.h>

#include "core/hw/cmd.h"
#include "tests/unit/softgpu_rig.h"

#define DONE	 (GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE)
#define EIR	 0xb0
#define IPEHR	 0x68
#define ACTHD	 0x74
#define INSTDONE 0x6c

#define BAD_COMMAND (0x3fu << 23) /* an MI_ command that does not exist */

static struct rig rig;

static void setup(void)
{
	rig_start(&rig, NULL);
}

static void teardown(void)
{
	rig_stop(&rig);
}

static void reset(struct rig_context *c)
{
	c->r->gpu->ops->reset(c->r->gpu, c->engine);
}

/* After a reset the engine works as if nothing had happened. */
static void check_works(enum gvt_engine engine)
{
	u32 out = rig_pages(&rig, 1);
	struct rig_context c;

	rig_context(&rig, &c, engine, 99);
	RIG_EMIT(&c, SDI | GLOBAL, out, 0, 5);
	rig_run(&c);
	ck_assert_uint_eq(rig_get(&rig, out), 5);
}

START_TEST(bad_command)
{
	struct gvt_gpu_event event;
	struct rig_context c;

	for (u32 engine = 0; engine < GVT_NR_ENGINES; engine++) {
		rig_context(&rig, &c, engine, 1);
		RIG_EMIT(&c, NOOP, NOOP, BAD_COMMAND | 5);
		ck_assert_int_eq(rig_submit(&c, NULL), 0);
		rig_status(&c, GVT_CSB_IDLE_ACTIVE);
		rig_interrupt(&c, GVT_IRQ_CS_ERROR);
		event = rig_stuck(&c);
		ck_assert_uint_eq(event.cmd, BAD_COMMAND | 5);
		ck_assert_uint_eq(event.addr, c.ring + 8);
		ck_assert_uint_eq(event.head, 8);
		ck_assert_ptr_nonnull(event.why);
		ck_assert_uint_eq(rig_reg(&c, IPEHR), BAD_COMMAND | 5);
		ck_assert_uint_eq(rig_reg(&c, ACTHD), c.ring + 8);
		ck_assert_uint_eq(rig_reg(&c, EIR), 1);
		ck_assert_uint_ne(rig_reg(&c, INSTDONE), ~0u);
		ck_assert_int_eq(rig_submit(&c, NULL), -EBUSY);
		reset(&c);
		ck_assert_uint_eq(rig_reg(&c, INSTDONE), ~0u);
		check_works(engine);
	}
	/* The driver clears the error by writing it. */
	rig.gpu->ops->reg_write(rig.space, 0x20b0, 1);
	ck_assert_uint_eq(rig.gpu->ops->reg_read(rig.space, 0x20b0), 0);
	rig_none(&rig);
}
END_TEST

/* A bad image does nothing worse than hang the engine. */
START_TEST(bad_images)
{
	static const struct {
		u16 reg;
		u32 val;
	} bad[] = {
		{ 0x3c, 0 },	       /* no ring */
		{ 0x34, 0x1000 },      /* head beyond the end */
		{ 0x38, 0xfff00000 },  /* ring nowhere */
		{ 0x1c4, 0xfff00001 }, /* a batch at restore, nowhere */
		{ 0x140, 0xfff00001 }, /* in a batch that is nowhere */
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct rig_context c;

		rig_context(&rig, &c, GVT_RCS0, i);
		RIG_EMIT(&c, NOOP, NOOP);
		*rig_image(&c, bad[i].reg) = bad[i].val;
		ck_assert_int_eq(rig_submit(&c, NULL), 0);
		rig_status(&c, GVT_CSB_IDLE_ACTIVE);
		ck_assert_ptr_nonnull(rig_stuck(&c).why);
		reset(&c);
	}
	check_works(GVT_RCS0);
}
END_TEST

/* A fault before a context's first command names no command, least of all another guest's. */
START_TEST(no_trace_of_another)
{
	static const struct {
		u16 reg;
		u32 val;
	} bad[] = {
		{ 0x3c, 0 },	       /* no ring */
		{ 0x34, 0x1000 },      /* head beyond the end */
		{ 0x38, 0xfff00000 },  /* ring nowhere */
		{ 0x1c4, 0xfff00001 }, /* batches at restore, nowhere */
		{ 0x1c0, 0xfff00001 },
		{ 0x140, 0xfff00001 }, /* in a batch that is nowhere */
		{ 0, 0 },	       /* no image */
	};
	static struct rig other;
	u32 batch = rig_pages(&rig, 1);

	rig_start(&other, rig.gpu);
	RIG_WRITE(&rig, batch, LRI(1), 0x2600, 0x5ec4e7, BATCH_END);
	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct gvt_gpu_event event;
		struct rig_context first, c;

		rig_context(&rig, &first, GVT_RCS0, 1);
		RIG_EMIT(&first, NOOP, BATCH_START | BATCH_PPGTT, LO(RIG_VA + batch),
			 HI(RIG_VA + batch));
		rig_run(&first);
		rig_context(&other, &c, GVT_RCS0, 2);
		if (bad[i].reg)
			*rig_image(&c, bad[i].reg) = bad[i].val;
		else
			c.desc |= 0xff000000;
		RIG_EMIT(&c, NOOP, NOOP);
		ck_assert_int_eq(rig_submit(&c, NULL), 0);
		rig_status(&c, GVT_CSB_IDLE_ACTIVE);
		event = rig_stuck(&c);
		UNIT_CHECK(!event.cmd, "%u: command 0x%x", i, event.cmd);
		UNIT_CHECK(!(event.addr >> 32) && event.addr >= c.lrca, "%u: address 0x%llx", i,
			   (unsigned long long)event.addr);
		ck_assert_uint_eq(rig_reg(&c, 0x68), 0);
		ck_assert_uint_eq(rig_reg(&c, 0x5c), 0);
		reset(&c);
	}
	rig_stop(&other);
}
END_TEST

START_TEST(noise_for_an_image)
{
	u64 seed = 0x1234567;

	for (u32 i = 0; i < 200; i++) {
		struct gvt_gpu_event event;
		struct rig_context c;

		rig.next = 1024;
		rig_context(&rig, &c, i % GVT_NR_ENGINES, i);
		for (u32 k = 0; k < 1024; k++)
			*rig_at(&rig, c.lrca + GVT_PAGE_SIZE + 4 * k) = (u32)unit_random(&seed);
		/* Half of them have a register list that is executed. */
		if (i & 1)
			*rig_at(&rig, c.lrca + GVT_PAGE_SIZE) = LRI(126);
		ck_assert_int_eq(rig_submit(&c, NULL), 0);
		rig_status(&c, GVT_CSB_IDLE_ACTIVE);
		event = rig_next(&rig);
		ck_assert(event.kind == GVT_GPU_STUCK || event.status == DONE);
		reset(&c);
	}
	check_works(GVT_RCS0);
}
END_TEST

/* The header of any command of the engine, with any flags and at most @max dwords. */
static u32 any_header(enum gvt_engine engine, u32 max, u64 *seed, u32 *nr)
{
	for (;;) {
		u32 dw = (u32)unit_random(seed) & ~0xe0u;
		const struct gvt_cmd *cmd;

		if (unit_random(seed) % 2)
			dw &= 0x1fffffff; /* MI_ */
		if (unit_random(seed) % 4)
			dw &= ~0x1fffe0u; /* few flags */
		cmd = gvt_cmd_find(engine, dw);
		if (!cmd || !cmd->name || (cmd->op == GVT_OP_MI_BATCH_BUFFER_END && dw & 7))
			continue;
		*nr = gvt_cmd_length(cmd, dw);
		if (*nr <= max && gvt_cmd_length_ok(cmd, *nr))
			return dw;
	}
}

/* Any commands with random contents. Addresses are often in memory. */
static void write_noise(enum gvt_engine engine, u32 addr, u32 dwords, u64 *seed)
{
	for (u32 i = 0, nr; i < dwords; i += nr) {
		rig_set(&rig, addr + 4 * i, any_header(engine, dwords - i, seed, &nr));
		for (u32 k = 1; k < nr; k++) {
			u32 dw = (u32)unit_random(seed);

			if (dw & 1)
				dw = LO(RIG_VA) + (dw >> 4) % (RIG_PAGES * GVT_PAGE_SIZE);
			else
				dw = dw & 2 ? HI(RIG_VA) : dw >> 24;
			rig_set(&rig, addr + 4 * (i + k), dw);
		}
	}
}

/*
 * Batches of noise, in the GGTT and in the PPGTT. They may overwrite anything, also their own page
 * tables. The engine survives for some flushes, and is then reset.
 */
START_TEST(noise_for_commands)
{
	u64 seed = 0x7654321;

	for (u32 i = 0; i < 200; i++) {
		u32 batch = rig_pages(&rig, 1);
		struct rig_context c;

		rig_context(&rig, &c, i % GVT_NR_ENGINES, i);
		write_noise(c.engine, batch, 1024, &seed);
		if (i & 4)
			RIG_EMIT(&c, BATCH_START, batch, 0);
		else
			RIG_EMIT(&c, BATCH_START | BATCH_PPGTT, LO(RIG_VA + batch),
				 HI(RIG_VA + batch));
		ck_assert_int_eq(rig_submit(&c, NULL), 0);
		rig_status(&c, GVT_CSB_IDLE_ACTIVE);
		for (u32 k = 0; k < 10; k++)
			rig.gpu->ops->flush(rig.space);
		reset(&c);
		if (i % 8 == 7) {
			rig_stop(&rig);
			rig_start(&rig, NULL);
		}
		rig.in = rig.out = 0; /* drop the events that came */
	}
	for (u32 engine = 0; engine < GVT_NR_ENGINES; engine++)
		check_works(engine);
}
END_TEST

START_TEST(context_nowhere)
{
	struct rig_context c;

	rig_context(&rig, &c, GVT_BCS0, 1);
	c.desc = (c.desc & ~GVT_DESC_LRCA_MASK) | 0xfff00000;
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	ck_assert_ptr_nonnull(rig_stuck(&c).why);
	reset(&c);
	check_works(GVT_BCS0);
}
END_TEST

/* A command that the tail cuts in two, a batch's end in the ring, an impossible length. */
START_TEST(bad_rings)
{
	static const u32 bad[][2] = {
		{ LRI(3), 0 }, { BATCH_END, 0 }, { SRM | 3, 0 }, { 0x1au << 23, 0xfff00000 }
	};

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++) {
		struct gvt_gpu_event event;
		struct rig_context c;

		rig_context(&rig, &c, GVT_VCS0, i);
		rig_emit(&c, bad[i], 2);
		ck_assert_int_eq(rig_submit(&c, NULL), 0);
		rig_status(&c, GVT_CSB_IDLE_ACTIVE);
		do
			event = rig_next(&rig);
		while (event.kind == GVT_GPU_INTERRUPT);
		ck_assert_int_eq(event.kind, GVT_GPU_STUCK);
		ck_assert_uint_eq(event.head, 0);
		ck_assert_uint_eq(event.cmd, bad[i][0]);
		reset(&c);
	}
	check_works(GVT_VCS0);
}
END_TEST

/* An endless loop that cannot be preempted. */
static void start_loop(struct rig_context *c, enum gvt_engine engine)
{
	u32 batch = rig_pages(&rig, 1);
	u64 va = RIG_VA + batch;

	rig_context(&rig, c, engine, 1);
	RIG_WRITE(&rig, batch, BATCH_START | BATCH_PPGTT, LO(va), HI(va));
	RIG_EMIT(c, ARB_OFF, USER_INTERRUPT, BATCH_START | BATCH_PPGTT, LO(va), HI(va), NOOP);
	ck_assert_int_eq(rig_submit(c, NULL), 0);
	rig_status(c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(c, GVT_IRQ_USER);
}

START_TEST(endless_loop)
{
	struct rig_context c;

	start_loop(&c, GVT_RCS0);
	ck_assert_uint_eq(rig_reg(&c, 0x234 + 4), 1); /* EXECLIST_STATUS: the context that runs */
	ck_assert_uint_ne(rig_reg(&c, INSTDONE), ~0u);
	reset(&c);
	rig_none(&rig);
	ck_assert_uint_eq(rig_reg(&c, 0x234), 0);
	ck_assert_uint_eq(rig_reg(&c, INSTDONE), ~0u);
	check_works(GVT_RCS0);
}
END_TEST

/* A reset drops a submission that waits in the port as well. */
START_TEST(reset_with_pending)
{
	u32 out = rig_pages(&rig, 1);
	struct rig_context a, b;

	start_loop(&a, GVT_BCS0);
	rig_context(&rig, &b, GVT_BCS0, 2);
	RIG_EMIT(&b, SDI | GLOBAL, out, 0, 1);
	ck_assert_int_eq(rig_submit(&b, NULL), 0);
	reset(&a);
	check_works(GVT_BCS0);
	ck_assert_uint_eq(rig_get(&rig, out), 0);
	rig_none(&rig);
}
END_TEST

START_TEST(reset_while_idle)
{
	for (u32 engine = 0; engine < GVT_NR_ENGINES; engine++) {
		rig.gpu->ops->reset(rig.gpu, engine);
		rig.gpu->ops->reset(rig.gpu, engine);
		check_works(engine);
	}
}
END_TEST

START_TEST(reset_while_waiting)
{
	u32 sem = rig_pages(&rig, 1);
	struct rig_context c;

	rig_context(&rig, &c, GVT_VECS0, 1);
	RIG_EMIT(&c, USER_INTERRUPT, SEMAPHORE_WAIT | SEMAPHORE_EQUAL | GLOBAL, 1, sem, 0);
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&c, GVT_IRQ_USER);
	reset(&c);
	rig_none(&rig);
	check_works(GVT_VECS0);
}
END_TEST

static struct rig_context after;

/* As a scheduler does: on the error's event, reset the engine and submit the next context. */
static void reset_and_submit(struct rig *r, const struct gvt_gpu_event *event)
{
	if (event->kind != GVT_GPU_INTERRUPT)
		return;
	r->hook = NULL;
	r->gpu->ops->reset(r->gpu, event->engine);
	ck_assert_int_eq(rig_submit(&after, NULL), 0);
}

START_TEST(reset_from_event)
{
	struct rig_context c;

	rig_context(&rig, &c, GVT_RCS0, 1);
	rig_context(&rig, &after, GVT_RCS0, 2);
	RIG_EMIT(&c, BAD_COMMAND, NOOP);
	rig.hook = reset_and_submit;
	ck_assert_int_eq(rig_submit(&c, NULL), 0);
	rig_status(&c, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&c, GVT_IRQ_CS_ERROR);
	rig_status(&after, GVT_CSB_IDLE_ACTIVE);
	rig_status(&after, DONE);
	rig_none(&rig);
}
END_TEST

/* Other engines do not notice a reset. */
START_TEST(others_go_on)
{
	u32 sem = rig_pages(&rig, 1);
	struct rig_context a, b;

	rig_context(&rig, &b, GVT_BCS0, 2);
	RIG_EMIT(&b, USER_INTERRUPT, SEMAPHORE_WAIT | SEMAPHORE_EQUAL | GLOBAL, 1, sem, 0);
	ck_assert_int_eq(rig_submit(&b, NULL), 0);
	rig_status(&b, GVT_CSB_IDLE_ACTIVE);
	rig_interrupt(&b, GVT_IRQ_USER);
	start_loop(&a, GVT_RCS0);
	reset(&a);
	rig_set(&rig, sem, 1);
	rig_status(&b, DONE);
	rig_none(&rig);
}
END_TEST

Suite *suite_softgpu_reset(void)
{
	const TTest *const tests[] = {
		bad_command,	    bad_images,	      no_trace_of_another, noise_for_an_image,
		noise_for_commands, context_nowhere,  bad_rings,	   endless_loop,
		reset_with_pending, reset_while_idle, reset_while_waiting, reset_from_event,
		others_go_on,
	};

	return unit_suite_with("softgpu_reset", setup, teardown, tests, ARRAY_SIZE(tests));
}
