/* SPDX-License-Identifier: MIT */
/* A vGPU is notified of its results without making another one wait. */
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "tests/unit/exec_guest.h"
#include "tests/unit/script_gpu.h"

#define E GVT_VCS0

static struct gvt_gpu *gpu;

static void setup(void)
{
	gpu = script_gpu();
}

static void teardown(void)
{
	gpu->ops->destroy(gpu);
}

/* The other vGPU, whose thread wants the engine's lock while the first one is notified. */
static struct {
	struct guest *other;
	unsigned int told, waited;
} look;

static void *take_lock(void *done)
{
	intel_vgpu_engine_counts(look.other->f->vgpu, E);
	sem_post(done);
	return NULL;
}

/* Stands for the hypervisor's call that wakes a thread: the other vGPU can go on meanwhile. */
static void on_wake(struct fake *f)
{
	struct timespec until;
	pthread_t thread;
	sem_t done;

	(void)f;
	look.told++;
	sem_init(&done, 0, 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, take_lock, &done), 0);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += UNIT_WAIT_MS / 1000;
	look.waited += sem_timedwait(&done, &until) != 0;
	/* The thread ends when the lock is dropped, if that is what it waits for. */
	pthread_detach(thread);
}

static struct script_port run(struct guest *g)
{
	struct guest_ctx ctx = guest_context(g, E, 0);
	struct script_port port;

	guest_breadcrumb(g, &ctx);
	guest_submit(g, &ctx, NULL);
	ck_assert_uint_eq(guest_event(g, E), IDLE_ACTIVE);
	port = script_next(gpu, E);
	script_status(&port.ctx[0], E, GVT_CSB_IDLE_ACTIVE);
	return port;
}

static const enum gvt_gpu_event_kind kinds[] = { GVT_GPU_INTERRUPT, GVT_GPU_STATUS };

START_TEST(without_the_lock)
{
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	struct script_port port = run(&g);

	look.other = &h;
	look.told = look.waited = 0;
	while (fake_serve(g.f, 0))
		;
	g.f->on_wake = on_wake;
	if (kinds[_i] == GVT_GPU_INTERRUPT)
		script_interrupt(&port.ctx[0], E, GVT_IRQ_USER);
	else
		script_status(&port.ctx[0], E, LAST);
	g.f->on_wake = NULL;
	ck_assert_uint_eq(look.told, 1);
	ck_assert_uint_eq(look.waited, 0);
	if (kinds[_i] == GVT_GPU_INTERRUPT)
		script_status(&port.ctx[0], E, LAST);
	guest_free_second(&h);
	fake_free(g.f);
}
END_TEST

/* All interrupts that come before they are taken are one call of the hypervisor. */
START_TEST(together)
{
	struct guest g = exec_guest(gpu);
	struct script_port port = run(&g);
	int calls;

	while (fake_serve(g.f, 0))
		;
	for (u32 i = 0; i < 1000; i++)
		script_interrupt(&port.ctx[0], E, GVT_IRQ_USER);
	sem_getvalue(&g.f->woken, &calls);
	ck_assert_int_eq(calls, 1);
	ck_assert(fake_serve(g.f, 0));
	script_interrupt(&port.ctx[0], E, GVT_IRQ_USER);
	sem_getvalue(&g.f->woken, &calls);
	ck_assert_int_eq(calls, 1);
	script_status(&port.ctx[0], E, LAST);
	fake_free(g.f);
}
END_TEST

/* A vGPU that is destroyed while it is notified: it stays until that is over. */
static sem_t amid, go_on;

static void slow_wake(struct fake *f)
{
	(void)f;
	sem_post(&amid);
	sem_wait(&go_on);
}

static void *tell_end(void *port)
{
	script_status(port, E, LAST);
	return NULL;
}

static void *let_go(void *arg)
{
	(void)arg;
	unit_sleep(50);
	sem_post(&go_on);
	return NULL;
}

START_TEST(goes_while_told)
{
	struct guest g = exec_guest(gpu), h = guest_second(&g);
	struct script_port port = run(&h);
	pthread_t engine, later;

	while (fake_serve(h.f, 0))
		;
	sem_init(&amid, 0, 0);
	sem_init(&go_on, 0, 0);
	h.f->on_wake = slow_wake;
	ck_assert_int_eq(pthread_create(&engine, NULL, tell_end, &port.ctx[0]), 0);
	sem_wait(&amid);
	ck_assert_int_eq(pthread_create(&later, NULL, let_go, NULL), 0);
	guest_free_second(&h);
	pthread_join(engine, NULL);
	pthread_join(later, NULL);
	fake_free(g.f);
}
END_TEST

Suite *suite_exec_told(void)
{
	Suite *suite = suite_create("exec_told");
	TCase *tcase = tcase_create("told");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, without_the_lock, 0, ARRAY_SIZE(kinds));
	tcase_add_test(tcase, together);
	tcase_add_test(tcase, goes_while_told);
	suite_add_tcase(suite, tcase);
	return suite;
}
