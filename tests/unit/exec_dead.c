/* SPDX-License-Identifier: MIT */
/*
 * A GPU that does not react as it should: nobody waits for it for ever, and nobody pays for others.
 */
#include "tests/unit/exec_guest.h"

#include <sched.h>

#include "tests/unit/script_gpu.h"

#define E GVT_BCS0

static struct gvt_gpu *gpu;

static void setup(void)
{
	gpu = script_gpu();
}

static void teardown(void)
{
	gpu->ops->destroy(gpu);
}

#define LONG 100000000000ull

/* Sets how long the scheduler waits for a submission to be taken up. */
static void set_patience(struct guest *g, u64 patience)
{
	gvt_sched_times(g->f->sched)->patience = patience;
}

static struct guest patient_guest(void)
{
	struct guest g = exec_guest(gpu);

	set_patience(&g, LONG);
	return g;
}

/* It loses patience with the first, and has more with those that come then. */
#define SHORT 300000000ull

/* Makes a submission of which the guest is told that it runs. Returns what the GPU was given. */
static struct script_port submit(struct guest *g, const struct guest_ctx *a,
				 const struct guest_ctx *b)
{
	guest_submit(g, a, b);
	ck_assert_uint_eq(guest_event(g, E), IDLE_ACTIVE);
	return script_next(gpu, E);
}

static void serve(struct guest *g)
{
	while (fake_serve(g->f, 0))
		;
}

static void check_hung(struct guest *g)
{
	guest_await_hang(g, E);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g->f->vgpu)->stuck, 1);
	ck_assert(guest_no_event(g, E));
}

static bool hung(struct guest *g)
{
	serve(g);
	return fake_reg(g->f, gvt_engine_base(E) + 0xb0) & 1;
}

/* The port's first context is taken up and ends, and its guest is told. */
static void ends_well(struct guest *g, const struct guest_ctx *ctx, const struct script_port *port)
{
	script_status(&port->ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	script_status(&port->ctx[0], E, LAST);
	ck_assert_uint_eq(guest_event(g, E), guest_csb(LAST, ctx->id));
}

/* The GPU works again, and the guest's work is done. */
static void check_goes_on(struct guest *g)
{
	struct guest_ctx c = guest_context(g, E, 9);
	struct script_port port = submit(g, &c, NULL);

	ends_well(g, &c, &port);
}

/* An idle engine does not even take a submission up, not even after a reset. */
START_TEST(never_takes_up)
{
	struct guest g = patient_guest();
	struct guest_ctx a = guest_context(&g, E, 0);

	set_patience(&g, SHORT);
	submit(&g, &a, NULL);
	script_next(gpu, E);
	ck_assert(!hung(&g));
	script_wait_resets(gpu, E, 2);
	set_patience(&g, LONG);
	check_hung(&g);
	guest_reset_engine(&g, E);
	check_goes_on(&g);
	ck_assert_uint_eq(script_resets(gpu, E), 2);
	fake_free(g.f);
}
END_TEST

/* The context behind it has its turn, and is not blamed. */
START_TEST(others_turn)
{
	struct guest g = patient_guest(), h = guest_second(&g);
	struct guest_ctx a = guest_context(&g, E, 0), b = guest_context(&h, E, 0);
	struct script_port port;

	set_patience(&g, SHORT);
	submit(&g, &a, NULL);
	guest_submit(&h, &b, NULL);
	ck_assert_uint_eq(guest_event(&h, E), IDLE_ACTIVE);
	script_wait_resets(gpu, E, 1);
	set_patience(&g, LONG);
	port = script_next(gpu, E);
	ck_assert_ptr_eq(port.ctx[0].space, h.f->vgpu->space);
	ck_assert_ptr_eq(port.ctx[1].space, g.f->vgpu->space);
	script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	script_status(&port.ctx[0], E, NEXT);
	script_status(&port.ctx[1], E, LAST);
	ck_assert_uint_eq(guest_event(&h, E), guest_csb(LAST, b.id));
	ck_assert_uint_eq(guest_event(&g, E), guest_csb(LAST, a.id));
	ck_assert_uint_eq(script_resets(gpu, E), 1);
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/* An engine takes a submission up after a reset: nobody is blamed. */
START_TEST(taken_up_at_last)
{
	struct guest g = patient_guest();
	struct guest_ctx a = guest_context(&g, E, 0);
	struct script_port port;

	for (u32 i = 1; i <= 2; i++) {
		set_patience(&g, SHORT);
		guest_breadcrumb(&g, &a);
		submit(&g, &a, NULL);
		script_wait_resets(gpu, E, i);
		set_patience(&g, LONG);
		port = script_next(gpu, E);
		ends_well(&g, &a, &port);
	}
	fake_free(g.f);
}
END_TEST

/* An engine takes a context up, but not what is added: nobody else could have the engine. */
START_TEST(takes_no_more)
{
	struct guest g = patient_guest();
	struct guest_ctx a = guest_context(&g, E, 0);
	struct script_port port;

	port = submit(&g, &a, NULL);
	script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	serve(&g);
	set_patience(&g, SHORT);
	guest_breadcrumb(&g, &a);
	guest_submit(&g, &a, NULL);
	script_next(gpu, E);
	script_wait_resets(gpu, E, 1);
	set_patience(&g, LONG);
	guest_await_hang(&g, E);
	guest_reset_engine(&g, E);
	check_goes_on(&g);
	fake_free(g.f);
}
END_TEST

/*
 * A preemption does not happen: who runs pays, and who waits does not. Then all events come late.
 */
START_TEST(late_after_reset)
{
	struct guest g = patient_guest(), h = guest_second(&g);
	struct guest_ctx a = guest_context(&g, E, 0), b = guest_context(&h, E, 0);
	struct script_port port = submit(&g, &a, NULL), other;
	struct gvt_gpu_context late = port.ctx[0];

	script_status(&late, E, GVT_CSB_IDLE_ACTIVE);
	set_patience(&g, SHORT);
	guest_submit(&h, &b, NULL);
	ck_assert_uint_eq(guest_event(&h, E), IDLE_ACTIVE);
	/* At first it is behind the other, and in its place when its slice is over. */
	other = script_next(gpu, E);
	while (other.ctx[0].space != h.f->vgpu->space) {
		script_status(&late, E, GVT_CSB_PREEMPTED | GVT_CSB_LITE_RESTORE);
		other = script_next(gpu, E);
	}
	script_wait_resets(gpu, E, 1);
	set_patience(&g, LONG);
	check_hung(&g);
	other = script_next(gpu, E);
	ck_assert_ptr_eq(other.ctx[0].space, h.f->vgpu->space);
	script_status(&late, E, LAST);
	script_status(&other.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	script_status(&late, E, NEXT);
	script_status(&late, E, LAST);
	script_stuck(&late, E);
	script_status(&late, E, GVT_CSB_PREEMPTED);
	ck_assert(!hung(&h));
	ck_assert(guest_no_event(&h, E));
	script_status(&other.ctx[0], E, LAST);
	ck_assert_uint_eq(guest_event(&h, E), guest_csb(LAST, b.id));
	ck_assert(guest_no_event(&g, E));
	ck_assert_uint_eq(script_resets(gpu, E), 1);
	guest_reset_engine(&g, E);
	check_goes_on(&g);
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/* Each event comes twice, and counts once. */
START_TEST(twice)
{
	struct guest g = patient_guest();
	struct guest_ctx a = guest_context(&g, E, 0), b = guest_context(&g, E, 1);
	struct script_port port = submit(&g, &a, &b);

	for (u32 i = 0; i < 2; i++)
		script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	serve(&g);
	ck_assert(guest_no_event(&g, E));
	for (u32 i = 0; i < 2; i++)
		script_status(&port.ctx[0], E, NEXT);
	ck_assert_uint_eq(guest_event(&g, E), guest_csb(NEXT, a.id));
	serve(&g);
	ck_assert(guest_no_event(&g, E));
	for (u32 i = 0; i < 2; i++)
		script_status(&port.ctx[1], E, LAST);
	ck_assert_uint_eq(guest_event(&g, E), guest_csb(LAST, b.id));
	serve(&g);
	ck_assert(guest_no_event(&g, E));
	check_goes_on(&g);
	ck_assert_uint_eq(script_resets(gpu, E), 0);
	fake_free(g.f);
}
END_TEST

/* Events of contexts that nobody submitted: before anything was, and while another runs. */
START_TEST(nonsense)
{
	static const u32 status[] = { GVT_CSB_IDLE_ACTIVE, GVT_CSB_PREEMPTED, NEXT, LAST, ~0u, 0 };
	struct guest g = patient_guest();
	struct guest_ctx a = guest_context(&g, E, 0);
	struct gvt_gpu_context nobody = { .space = g.f->vgpu->space, .desc = 0x12345001 };
	struct script_port port;

	for (size_t i = 0; i < ARRAY_SIZE(status); i++)
		script_status(&nobody, E, status[i]);
	script_stuck(&nobody, E);
	ck_assert(!hung(&g));
	port = submit(&g, &a, NULL);
	script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	for (size_t i = 0; i < ARRAY_SIZE(status); i++)
		script_status(&nobody, E, status[i]);
	script_stuck(&nobody, E);
	ck_assert(!hung(&g));
	ck_assert(guest_no_event(&g, E));
	script_status(&port.ctx[0], E, LAST);
	ck_assert_uint_eq(guest_event(&g, E), guest_csb(LAST, a.id));
	ck_assert_uint_eq(script_resets(gpu, E), 0);
	fake_free(g.f);
}
END_TEST

/* The engine is busy for a while, though nothing runs. */
START_TEST(refuses)
{
	struct guest g = patient_guest();

	script_refuse(gpu, E, 5);
	check_goes_on(&g);
	fake_free(g.f);
}
END_TEST

/* The guest's reset, and its end, do not wait for an engine that sends no event. */
START_TEST(guest_goes)
{
	struct guest g = exec_guest(gpu);
	struct guest_ctx a = guest_context(&g, E, 0);
	struct script_port port = submit(&g, &a, NULL);

	if (_i & 1)
		script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	if (_i & 2) {
		guest_reset_engine(&g, E);
		check_goes_on(&g);
	}
	fake_free(g.f);
}
END_TEST

/* A vGPU whose context ends, and which is destroyed. */
struct leaver {
	struct guest guest;
	struct gvt_gpu_context ctx;
	u32 id;
};

static void leave(void *priv)
{
	struct leaver *l = priv;

	script_status(&l->ctx, E, LAST);
	ck_assert_uint_eq(guest_event(&l->guest, E), guest_csb(LAST, l->id));
	guest_free_second(&l->guest);
}

/* The context ends while the engine is being reset for it: nobody is blamed, nor there any more. */
START_TEST(ends_at_last)
{
	struct guest g = patient_guest();
	struct leaver l = { .guest = guest_second(&g) };
	struct guest_ctx a = guest_context(&l.guest, E, 0);

	l.id = a.id;
	l.ctx = submit(&l.guest, &a, NULL).ctx[0];
	script_status(&l.ctx, E, GVT_CSB_IDLE_ACTIVE);
	script_on_reset(gpu, E, leave, &l);
	script_stuck(&l.ctx, E);
	script_wait_resets(gpu, E, 1);
	check_goes_on(&g);
	fake_free(g.f);
}
END_TEST

/*
 * One guest resets its engine, and another's context there does not make room. Its state is lost
 * with the engine's reset, and it is not started again without its guest's knowledge.
 */
START_TEST(in_the_way)
{
	struct guest g = patient_guest(), h = guest_second(&g);
	struct guest_ctx a = guest_context(&g, E, 0), b = guest_context(&h, E, 0);
	struct script_port port = submit(&h, &b, NULL);

	script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	submit(&g, &a, NULL);
	guest_reset_engine(&g, E);
	check_hung(&h);
	ck_assert(!hung(&g));
	guest_reset_engine(&h, E);
	check_goes_on(&h);
	check_goes_on(&g);
	ck_assert_uint_eq(script_resets(gpu, E), 1);
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/* ---- address spaces ---- */

#define OTHER_PML4 44u

static void notify(struct guest *g, u32 code)
{
	fake_write(g->f, FAKE_BAR0 + 0x78838, 8, (u64)OTHER_PML4 << GVT_PAGE_SHIFT);
	fake_reg_write(g->f, 0x78818, code);
}

static struct gvt_gpu_context first;

/* Makes the first context stuck. Returns when that is reported. */
static void get_stuck(struct fake *f, u64 gfn)
{
	int woken = 0;

	if (gfn != OTHER_PML4)
		return;
	f->on_track = NULL;
	script_stuck(&first, E);
	while (!woken) {
		sched_yield();
		ck_assert_int_eq(sem_getvalue(&f->woken, &woken), 0);
	}
}

/*
 * A second context comes too late to follow the first: it does not use the address space that it
 * would have had. When that is destroyed, a later context that uses it is stopped.
 */
START_TEST(second_too_late)
{
	struct guest g = patient_guest();
	struct guest_ctx a = guest_context(&g, E, 0), b = guest_context(&g, E, 1);
	struct guest_ctx c = guest_context(&g, GVT_VCS0, 2);
	struct script_port port;

	notify(&g, 4);
	*guest_dw(&g, GUEST_CTX + 32 * b.nr + 1, 0x33) = OTHER_PML4 << GVT_PAGE_SHIFT;
	*guest_dw(&g, GUEST_CTX + 32 * c.nr + 1, 0x33) = OTHER_PML4 << GVT_PAGE_SHIFT;
	port = submit(&g, &a, NULL);
	script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	serve(&g);
	first = port.ctx[0];
	g.f->on_track = get_stuck;
	guest_submit(&g, &a, &b);
	check_hung(&g);

	notify(&g, 5);
	notify(&g, 4);
	guest_submit(&g, &c, NULL);
	ck_assert_uint_eq(guest_event(&g, GVT_VCS0), IDLE_ACTIVE);
	guest_reset_engine(&g, E);
	ck_assert_uint_eq(fake_reg(g.f, gvt_engine_base(GVT_VCS0) + 0xb0) & 1, 0);
	notify(&g, 5);
	ck_assert_uint_eq(fake_reg(g.f, gvt_engine_base(GVT_VCS0) + 0xb0) & 1, 1);
	fake_free(g.f);
}
END_TEST

/* ---- its own guest takes it off the GPU ---- */

/* @a runs, @b is to replace it, and @a has made room. The guest was not told yet. */
static struct script_port give_way(struct guest *g, struct guest_ctx *a, struct guest_ctx *b)
{
	struct script_port port = submit(g, a, NULL), idle;

	script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	serve(g);
	guest_submit(g, b, NULL);
	idle = script_next(gpu, E);
	script_status(&idle.ctx[0], E, GVT_CSB_PREEMPTED);
	script_status(&idle.ctx[0], E, LAST);
	ck_assert(guest_no_event(g, E));
	return port;
}

/* At that moment the guest destroys the page tables: nothing that uses them is started. */
START_TEST(tables_go)
{
	struct guest g = patient_guest();
	struct guest_ctx a = guest_context(&g, E, 0), b = guest_context(&g, E, 1);

	give_way(&g, &a, &b);
	fake_reg_write(g.f, 0x78818, 5); /* VGT_G2V_PPGTT_L4_PAGE_TABLE_DESTROY */
	ck_assert(hung(&g));
	ck_assert(guest_no_event(&g, E));
	guest_reset_engine(&g, E);
	check_goes_on(&g);
	fake_free(g.f);
}
END_TEST

/* At that moment the process ends. The next one starts the pending submission. */
START_TEST(process_goes)
{
	struct guest g = patient_guest();
	struct guest_ctx a = guest_context(&g, E, 0), b = guest_context(&g, E, 1);
	struct script_port port;

	give_way(&g, &a, &b);
	intel_gvt_destroy_vgpu(g.f->vgpu);
	ck_assert(guest_no_event(&g, E));
	ck_assert_int_eq(fake_create(g.f, 64), 0);
	ck_assert_int_eq(intel_gvt_activate_vgpu(g.f->vgpu), 0);
	ck_assert_uint_eq(guest_event(&g, E), guest_csb(GVT_CSB_PREEMPTED, a.id));
	port = script_next(gpu, E);
	ck_assert_ptr_eq(port.ctx[0].space, g.f->vgpu->space);
	ck_assert_uint_eq(port.ctx[0].desc >> GVT_DESC_ID_SHIFT, b.id);
	ends_well(&g, &b, &port);
	fake_free(g.f);
}
END_TEST

/*
 * A context that has to make room gets stuck, before or after it was asked to. Its state is lost,
 * and the guest must not continue it as if it were not.
 */
START_TEST(stuck_instead)
{
	struct guest g = patient_guest();
	struct guest_ctx a = guest_context(&g, E, 0), b = guest_context(&g, E, 1);
	struct script_port port = submit(&g, &a, NULL);

	script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	if (_i) {
		guest_submit(&g, &b, NULL);
		script_next(gpu, E);
		script_stuck(&port.ctx[0], E);
		script_wait_resets(gpu, E, 1);
	} else {
		script_stuck(&port.ctx[0], E);
		script_wait_resets(gpu, E, 1);
		guest_submit(&g, &b, NULL);
	}
	check_hung(&g);
	guest_reset_engine(&g, E);
	check_goes_on(&g);
	fake_free(g.f);
}
END_TEST

Suite *suite_exec_dead(void)
{
	const TTest *const tests[] = { never_takes_up, others_turn,	 taken_up_at_last,
				       takes_no_more,  late_after_reset, twice,
				       nonsense,       refuses,		 tables_go,
				       process_goes,   ends_at_last,	 second_too_late,
				       in_the_way };
	Suite *suite = suite_create("exec_dead");
	TCase *tcase = tcase_create("exec_dead");

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		tcase_add_test(tcase, tests[i]);
	tcase_add_loop_test(tcase, guest_goes, 0, 4);
	tcase_add_loop_test(tcase, stuck_instead, 0, 2);
	suite_add_tcase(suite, tcase);
	return suite;
}
