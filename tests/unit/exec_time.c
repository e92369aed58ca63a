/* SPDX-License-Identifier: MIT */
/*
 * Time by the clock, and the engine's own time: they differ while the process or its host stands
 * still.
 */
#include "core/base/clock.h"
#include "tests/unit/exec_guest.h"
#include "tests/unit/script_gpu.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#define E  GVT_VCS0
#define MS 1000000ull

static struct gvt_gpu *gpu;

/* It takes all that it is given. */
static void hog(struct guest *g, u32 weight, u32 cap)
{
	guest_weigh(g, E, weight, cap);
	guest_endless(g, E, 0);
	ck_assert_uint_eq(guest_event(g, E), IDLE_ACTIVE);
}

static u64 had(struct guest *g)
{
	return guest_had(g, E);
}

/* @g's share, in thousandths, of the next @ns that it and @h have together. */
static u64 share(struct guest *g, struct guest *h, u64 ns)
{
	u64 g_from = had(g), h_from = had(h), of_g, all;

	do {
		sched_yield();
		of_g = had(g) - g_from;
		all = of_g + had(h) - h_from;
	} while (all < ns);
	return of_g * 1000 / all;
}

static void software(void)
{
	ck_assert_int_eq(softgpu_create(&gpu), 0);
}

static void teardown(void)
{
	gpu->ops->destroy(gpu);
}

static const struct {
	u32 weight[2], cap;
	u32 least, most;
} shares[] = {
	{ { 1, 1 }, 0, 200, 800 },
	{ { 2, 16 }, 0, 20, 500 },
	{ { 16, 2 }, 0, 500, 980 },
	{ { 1, 1 }, 20, 40, 500 },
};

/*
 * While the process stood still, nobody had anything, and shares afterwards are as before, at once.
 * A guest that was charged for the stop would get nothing for as long, and the other one
 * everything. The bounds tell these apart, and leave room for turns that are long on a busy
 * machine.
 */
START_TEST(shares_after_a_stop)
{
	struct guest g, h;

	g = exec_guest(gpu);
	h = guest_second(&g);
	hog(&g, shares[_i].weight[0], shares[_i].cap);
	hog(&h, shares[_i].weight[1], 0);
	share(&g, &h, 50 * MS);
	for (u32 n = 0; n < 2; n++) {
		u64 since = clock_now_ns(), before = had(&g) + had(&h), of_g;

		unit_stand_still(1000);
		of_g = had(&g) + had(&h) - before;
		/* Most of the stop is nobody's. */
		ck_assert_uint_lt(of_g, clock_now_ns() - since - 500 * MS);
		of_g = share(&g, &h, 400 * MS);
		ck_assert_msg(of_g >= shares[_i].least && of_g <= shares[_i].most,
			      "the first has %llu thousandths after the stop",
			      (unsigned long long)of_g);
	}
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/* Only the engine's thread waits for so long, once, for a page of @slow's. */
static struct fake *slow;

static void wait_for_page(struct fake *f, u64 bus)
{
	(void)bus;
	if (__atomic_exchange_n(&slow, NULL, __ATOMIC_ACQ_REL) == f)
		unit_sleep(400);
}

/* One thread does not run, while those that look at the time do: nobody is blamed for it. */
START_TEST(engine_not_run)
{
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	u64 of_g;

	gvt_sched_times(g.f->sched)->patience = 50 * MS;
	hog(&g, 1, 0);
	hog(&h, 1, 0);
	share(&g, &h, 50 * MS);
	__atomic_store_n(&slow, g.f, __ATOMIC_RELEASE);
	__atomic_store_n(&g.f->on_look, wait_for_page, __ATOMIC_RELEASE);
	while (__atomic_load_n(&slow, __ATOMIC_ACQUIRE))
		sched_yield();
	/* Each has to run again, for which the engine has to run. */
	of_g = share(&g, &h, 300 * MS);
	ck_assert_msg(of_g >= 200 && of_g <= 800, "the first has %llu thousandths",
		      (unsigned long long)of_g);
	while (fake_serve(g.f, 0) || fake_serve(h.f, 0))
		;
	ck_assert_uint_eq(intel_vgpu_exec_counts(g.f->vgpu)->stuck, 0);
	ck_assert_uint_eq(intel_vgpu_exec_counts(h.f->vgpu)->stuck, 0);
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/* A guest that had the engine alone, unobserved for long, owes nothing to one that comes later. */
START_TEST(comes_later)
{
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	u64 of_g;

	hog(&g, 1, 0);
	unit_sleep(1000);
	hog(&h, 1, 0);
	of_g = share(&g, &h, 300 * MS);
	ck_assert_msg(of_g >= 200 && of_g <= 800, "the first has %llu thousandths",
		      (unsigned long long)of_g);
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/* ---- an engine whose own time the test controls ---- */

static void scripted(void)
{
	gpu = script_gpu();
	script_stop_clock(gpu, E);
}

/* Contexts that are still there are halted in the engine's own time too. */
static void end(struct guest *g, struct guest *h)
{
	script_start_clock(gpu, E);
	guest_free_second(h);
	fake_free(g->f);
}

/* Passes @ns of the engine's time, with many looks at it. */
static void pass(struct guest *g, u64 ns)
{
	for (; ns; ns -= MS) {
		script_pass(gpu, E, MS);
		had(g);
	}
}

/* A slice later by the clock, @sched looks at its engines. */
static void look(struct gvt_sched *sched)
{
	unit_sleep(gvt_sched_times(sched)->slice / MS + 1);
	gvt_sched_tick(sched);
}

/* @g runs, and @h waits behind it. */
static struct script_port run_and_wait(struct guest *g, struct guest *h)
{
	struct guest_ctx a = guest_context(g, E, 0), b = guest_context(h, E, 0);
	struct script_port port;

	guest_submit(g, &a, NULL);
	ck_assert_uint_eq(guest_event(g, E), IDLE_ACTIVE);
	port = script_next(gpu, E);
	script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	guest_submit(h, &b, NULL);
	ck_assert_uint_eq(guest_event(h, E), IDLE_ACTIVE);
	port = script_next(gpu, E);
	ck_assert_ptr_eq(port.ctx[1].space, h->f->vgpu->space);
	script_status(&port.ctx[0], E, GVT_CSB_PREEMPTED | GVT_CSB_LITE_RESTORE);
	return port;
}

static void check_not_stuck(struct guest *g)
{
	while (fake_serve(g->f, 0))
		;
	ck_assert_uint_eq(script_resets(gpu, E), 0);
	ck_assert_uint_eq(intel_vgpu_exec_counts(g->f->vgpu)->hangs, 0);
}

/* How long work takes is its guest's matter. Another guest has its turns. */
START_TEST(long_work)
{
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	struct guest_ctx a = guest_context(&g, E, 0), b = guest_context(&h, E, 0);
	struct script_port port, next;

	guest_submit(&g, &a, NULL);
	ck_assert_uint_eq(guest_event(&g, E), IDLE_ACTIVE);
	port = script_next(gpu, E);
	script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	pass(&g, 100000 * MS);
	check_not_stuck(&g);
	ck_assert_uint_eq(had(&g), 100000 * MS);

	guest_submit(&h, &b, NULL);
	ck_assert_uint_eq(guest_event(&h, E), IDLE_ACTIVE);
	next = script_next(gpu, E);
	if (next.ctx[0].space != h.f->vgpu->space) {
		script_status(&port.ctx[0], E, GVT_CSB_PREEMPTED | GVT_CSB_LITE_RESTORE);
		pass(&g, 3 * MS);
		next = script_next(gpu, E);
	}
	ck_assert_ptr_eq(next.ctx[0].space, h.f->vgpu->space);
	script_status(&port.ctx[0], E, GVT_CSB_PREEMPTED);
	script_status(&next.ctx[0], E, GVT_CSB_COMPLETE | GVT_CSB_ELEMENT_SWITCH);
	ck_assert_uint_eq(guest_event(&h, E), guest_csb(LAST, b.id));
	pass(&g, 100000 * MS);
	script_status(&next.ctx[1], E, LAST);
	ck_assert_uint_eq(guest_event(&g, E), guest_csb(LAST, a.id));
	check_not_stuck(&g);
	end(&g, &h);
}
END_TEST

/*
 * A preemption that does not happen is not late while the engine's time stands still, nor when much
 * of it passes at once. When it is late, the log says which command does not make room, and where.
 */
START_TEST(late_in_its_own_time)
{
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	u32 base = gvt_engine_base(E);
	struct script_port port;

	gpu->ops->reg_write(g.f->vgpu->space, base + 0x68, 0x54f00008);
	gpu->ops->reg_write(g.f->vgpu->space, base + 0x74, 0x56789abc);
	gpu->ops->reg_write(g.f->vgpu->space, base + 0x5c, 0x1234);
	run_and_wait(&g, &h);
	pass(&g, 3 * MS);
	port = script_next(gpu, E);
	ck_assert_ptr_eq(port.ctx[0].space, h.f->vgpu->space);
	unit_sleep(1000);
	check_not_stuck(&g);
	for (u32 i = 0; i < 5; i++) {
		script_pass(gpu, E, 10000 * MS);
		unit_sleep(30);
		check_not_stuck(&g);
	}
	pass(&g, 500 * MS);
	script_wait_resets(gpu, E, 1);
	guest_await_hang(&g, E);
	ck_assert_ptr_nonnull(strstr(g.f->noted, "does not give way to other work: "
						 "command 0x54f00008, address 0x123456789abc"));
	ck_assert_uint_eq(fake_reg(g.f, base + 0x5c), 0x1234);
	ck_assert_uint_eq(intel_vgpu_exec_counts(h.f->vgpu)->hangs, 0);
	end(&g, &h);
}
END_TEST

/*
 * A context that does not make room cannot delay the reset, neither by new tails, which the engine
 * does not take up either, nor by new contexts.
 */
START_TEST(put_off)
{
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	struct guest_ctx a = guest_context(&g, E, 0), other = guest_context(&g, E, 1),
			 b = guest_context(&h, E, 0);
	struct script_port port;

	guest_submit(&g, &a, NULL);
	port = script_next(gpu, E);
	script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	if (_i < 2)
		guest_submit(&h, &b, NULL);
	pass(&g, 3 * MS);
	for (u32 i = 0; i < 9; i++) {
		guest_emit(&g, &a, 0);
		guest_emit(&g, &a, 0);
		guest_submit(&g, _i % 2 && i ? &other : &a, NULL);
		if (!i && _i >= 2)
			guest_submit(&h, &b, NULL);
		pass(&g, 50 * MS);
		check_not_stuck(&g);
	}
	pass(&g, 100 * MS);
	script_wait_resets(gpu, E, 1);
	guest_await_hang(&g, E);
	do
		port = script_next(gpu, E);
	while (port.ctx[0].space != h.f->vgpu->space);
	ck_assert_uint_eq(intel_vgpu_exec_counts(h.f->vgpu)->hangs, 0);
	end(&g, &h);
}
END_TEST

/*
 * If much passes at once, not all of it is charged: the context that ran has its turn again soon.
 */
START_TEST(charged_at_one_go)
{
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	struct script_port port;
	u64 waited = 0;

	guest_weigh(&g, E, 2, 0);
	guest_weigh(&h, E, 16, 0);
	port = run_and_wait(&g, &h);
	script_pass(gpu, E, 100000 * MS);
	port = script_next(gpu, E);
	ck_assert_ptr_eq(port.ctx[0].space, h.f->vgpu->space);
	script_status(&port.ctx[1], E, GVT_CSB_PREEMPTED);
	for (; !script_submitted(gpu, E); waited += MS) {
		ck_assert_uint_lt(waited, 200 * MS);
		pass(&h, MS);
		look(g.f->sched);
	}
	port = script_next(gpu, E);
	ck_assert_ptr_eq(port.ctx[0].space, g.f->vgpu->space);
	end(&g, &h);
}
END_TEST

/* A cap is of the engine's own time. Time by the clock does not count for it. */
START_TEST(capped)
{
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	struct script_port port, next;
	u64 of_g;

	guest_weigh(&g, E, 1, 20);
	port = run_and_wait(&g, &h);
	of_g = had(&g);
	for (u32 ms = 0; ms < 600; ms++) {
		pass(&g, MS);
		if (ms % 100 == 0)
			unit_sleep(150);
		look(g.f->sched);
		while (script_submitted(gpu, E)) {
			bool same;

			next = script_next(gpu, E);
			same = next.ctx[0].space == port.ctx[0].space;
			script_status(&port.ctx[0], E,
				      GVT_CSB_PREEMPTED | (same ? GVT_CSB_LITE_RESTORE : 0));
			port = next;
		}
	}
	of_g = had(&g) - of_g;
	ck_assert_msg(of_g >= 80 * MS && of_g <= 180 * MS, "it has %llu ms of 600",
		      (unsigned long long)(of_g / MS));
	end(&g, &h);
}
END_TEST

static void *pass_later(void *guest)
{
	unit_sleep(1500);
	ck_assert_uint_eq(script_resets(gpu, E), 0);
	while (!script_resets(gpu, E)) {
		pass(guest, 5 * MS);
		unit_sleep(1);
	}
	return NULL;
}

/* One guest resets its engine. Another's context there gets the engine's own time to make room. */
START_TEST(room_in_its_own_time)
{
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	pthread_t later;

	gvt_sched_times(g.f->sched)->patience = 100000 * MS;
	run_and_wait(&h, &g);
	ck_assert_int_eq(pthread_create(&later, NULL, pass_later, &h), 0);
	guest_reset_engine(&g, E);
	pthread_join(later, NULL);
	guest_await_hang(&h, E);
	end(&g, &h);
}
END_TEST

Suite *suite_exec_time(void)
{
	const TTest *const tests[] = { long_work, late_in_its_own_time, charged_at_one_go, capped,
				       room_in_its_own_time };
	Suite *suite = suite_create("exec_time");
	TCase *run = tcase_create("run"), *script = tcase_create("script");

	tcase_add_checked_fixture(run, software, teardown);
	tcase_add_loop_test(run, shares_after_a_stop, 0, ARRAY_SIZE(shares));
	tcase_add_test(run, engine_not_run);
	tcase_add_test(run, comes_later);
	suite_add_tcase(suite, run);
	tcase_add_checked_fixture(script, scripted, teardown);
	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		tcase_add_test(script, tests[i]);
	tcase_add_loop_test(script, put_off, 0, 4);
	suite_add_tcase(suite, script);
	return suite;
}
