/* SPDX-License-Identifier: MIT */
/*
 * How vGPUs share an engine: fairness by weight, idle time, a light vGPU's wait, memory for each.
 * The guests are the unit tests', which assert by Check: so all of it is one test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/exec_guest.h"

#define VGPUS_MAX 64u
#define ENGINE	  GVT_VCS0
#define MS	  1000000ull
#define REQUESTS  300u

static struct gvt_gpu *gpu;
static struct guest guests[VGPUS_MAX];

static u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

/* Resident memory, in KiB. */
static u64 resident(void)
{
	unsigned long long size, pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");

	ck_assert(statm && fscanf(statm, "%llu %llu", &size, &pages) == 2);
	fclose(statm);
	return pages * (u64)sysconf(_SC_PAGESIZE) / 1024;
}

/* @nr vGPUs on one GPU, all in the first one's queues. */
static void start(u32 nr)
{
	ck_assert_int_eq(softgpu_create(&gpu), 0);
	guests[0] = exec_guest(gpu);
	for (u32 i = 1; i < nr; i++) {
		struct guest *g = &guests[i];

		*g = (struct guest){ .f = fake_new_gpu(NULL) };
		g->f->ggtt = fake_pages(MiB(8));
		g->f->mirror = fake_pages(GVT_MMIO_SIZE);
		g->f->gvt->gpu = gpu;
		g->f->gvt->share = guests[0].f->gvt->share;
		ck_assert_int_eq(fake_create(g->f, 64), 0);
		ck_assert_int_eq(intel_gvt_activate_vgpu(g->f->vgpu), 0);
		fake_place(g->f);
		guest_setup(g);
	}
}

static void end(u32 nr)
{
	for (u32 i = nr; i-- > 1;) {
		intel_gvt_destroy_vgpu(guests[i].f->vgpu);
		guests[i].f->vgpu = NULL;
		fake_free(guests[i].f);
	}
	fake_free(guests[0].f);
	gpu->ops->destroy(gpu);
}

/* It takes all that it is given: an endless batch. */
static void load(struct guest *g, u32 weight)
{
	struct guest_ctx ctx = guest_context(g, ENGINE, 0);
	const u32 jump[] = { 0x31u << 23 | 1u << 8 | 1, GUEST_DATA_AT, 0, 0 };

	guest_weigh(g, ENGINE, weight, 0);
	for (u32 i = 0; i < ARRAY_SIZE(jump); i++) {
		*guest_dw(g, GUEST_DATA, i) = jump[i];
		guest_emit(g, &ctx, jump[i]);
	}
	guest_submit(g, &ctx, NULL);
	guest_event(g, ENGINE);
}

static u64 had(u32 i)
{
	return intel_vgpu_engine_counts(guests[i].f->vgpu, ENGINE).run_ns;
}

/* What each of @nr has of the @seconds that follow. Returns how much of them nobody had. */
static double measure(u32 nr, double share[], u32 seconds)
{
	struct timespec pause = { .tv_sec = seconds };
	u64 from[VGPUS_MAX], began, all = 0, took;

	for (u32 i = 0; i < nr; i++)
		from[i] = had(i);
	began = now();
	nanosleep(&pause, NULL);
	for (u32 i = 0; i < nr; i++)
		from[i] = had(i) - from[i];
	took = now() - began;
	for (u32 i = 0; i < nr; i++)
		all += from[i];
	for (u32 i = 0; i < nr; i++)
		share[i] = (double)from[i] / (double)all;
	return 1 - (double)all / (double)took;
}

static void equal(void)
{
	double share[8], sum = 0, squares = 0, idle;

	start(8);
	for (u32 i = 0; i < 8; i++)
		load(&guests[i], 1);
	idle = measure(8, share, 1);
	for (u32 i = 0; i < 8; i++) {
		sum += share[i];
		squares += share[i] * share[i];
	}
	end(8);
	printf("8 of equal weight, 1 s: Jain's index %.4f, engine idle %.2f %%\n",
	       sum * sum / (8 * squares), idle * 100);
}

static void weighted(void)
{
	double share[4], worst = 0, idle;

	start(4);
	for (u32 i = 0; i < 4; i++)
		load(&guests[i], 1u << i);
	/* The lightest has 666 ms of it, where one slice is 0.3 %. */
	idle = measure(4, share, 10);
	for (u32 i = 0; i < 4; i++) {
		double error = share[i] * 15 / (1u << i) - 1;

		error = error < 0 ? -error : error;
		worst = error > worst ? error : worst;
	}
	end(4);
	printf("1:2:4:8, 10 s: greatest error %.2f %%, engine idle %.2f %%\n", worst * 100,
	       idle * 100);
}

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void light(void)
{
	struct timespec rest = { .tv_nsec = 2 * MS };
	struct guest *g = &guests[7];
	struct guest_ctx ctx;
	u64 ns[REQUESTS];

	start(8);
	for (u32 i = 0; i < 7; i++)
		load(&guests[i], 1);
	ctx = guest_context(g, ENGINE, 0);
	for (u32 n = 0; n < REQUESTS; n++) {
		nanosleep(&rest, NULL);
		guest_breadcrumb(g, &ctx);
		ns[n] = now();
		guest_submit(g, &ctx, NULL);
		guest_event(g, ENGINE);
		guest_event(g, ENGINE);
		ns[n] = now() - ns[n];
	}
	end(8);
	qsort(ns, REQUESTS, sizeof(ns[0]), by_value);
	printf("a light one beside 7 heavy: median %.2f ms, 99 %% %.2f ms\n",
	       (double)ns[REQUESTS / 2] / MS, (double)ns[REQUESTS * 99 / 100] / MS);
}

/* The most that the second of two has, in the @ns that follow, without the first having any. */
static u64 longest_wait(u64 ns)
{
	struct timespec pause = { .tv_nsec = MS / 10 };
	u64 began = had(1), last = began, seen = had(0), longest = 0, at;

	do {
		u64 is;

		nanosleep(&pause, NULL);
		at = had(1);
		is = had(0);
		longest = at - last > longest ? at - last : longest;
		last = is == seen ? last : at;
		seen = is;
	} while (at - began < ns);
	return longest;
}

/* The process stands still, with one of them on the engine: what does that cost it? */
static void stopped(u32 ms, u32 first, u32 second)
{
	u64 seen, waited, longest = 0;

	start(2);
	load(&guests[0], first);
	load(&guests[1], second);
	for (u32 i = 0; i < 3; i++) {
		/* It has just been given the engine. */
		seen = had(0);
		while (had(0) == seen)
			;
		unit_stand_still(ms);
		waited = longest_wait(1500 * MS);
		longest = waited > longest ? waited : longest;
	}
	end(2);
	printf("weights %u:%u, stopped for %u ms: the second has %.1f ms at most before the "
	       "first\n",
	       first, second, ms, (double)longest / MS);
}

static void scale(u32 nr)
{
	double share[VGPUS_MAX], idle;
	u64 before = resident(), quiet, busy;

	start(nr);
	quiet = resident() - before;
	for (u32 i = 0; i < nr; i++)
		load(&guests[i], 1);
	idle = measure(nr, share, 3);
	busy = resident() - before;
	end(nr);
	printf("%2u vGPUs: %llu KiB each idle, %llu KiB busy; engine idle %.2f %%\n", nr,
	       (unsigned long long)quiet / nr, (unsigned long long)busy / nr, idle * 100);
}

START_TEST(share)
{
	equal();
	weighted();
	light();
	stopped(2000, 1, 1);
	stopped(400, 2, 16);
	scale(8);
	scale(32);
	scale(64);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("share");
	TCase *tcase = tcase_create("share");
	SRunner *runner = srunner_create(suite);
	int failed;

	setvbuf(stdout, NULL, _IOLBF, 0);
	tcase_add_test(tcase, share);
	suite_add_tcase(suite, tcase);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
