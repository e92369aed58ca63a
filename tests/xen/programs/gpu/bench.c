/* SPDX-License-Identifier: MIT */
/* What requests cost, many at once and one at a time, and entries of page tables. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "tests.h"

#define LEAVES	   1000u
#define TABLE_SPAN (512ull * PAGE) /* what a table of a PPGTT leads to */

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void measure(struct gpu *gpu, const struct engine *engine, unsigned int count)
{
	struct bo batch = bo_create(gpu, PAGE);
	struct batch b = batch_in(&batch, 0);
	int64_t *ns = calloc(count, sizeof(*ns)), begin;

	if (!ns)
		die("memory");
	emit_end(&b);
	/* The first one makes what the engine's context needs. */
	run(gpu, engine, DEFAULT_CTX, &batch, NULL, NULL);
	bo_finish(gpu, &batch);
	for (unsigned int i = 0; i < count; i++) {
		begin = now_ns();
		run(gpu, engine, DEFAULT_CTX, &batch, NULL, NULL);
		bo_finish(gpu, &batch);
		ns[i] = now_ns() - begin;
	}
	qsort(ns, count, sizeof(*ns), by_size);
	begin = now_ns();
	for (unsigned int i = 0; i < count; i++)
		run(gpu, engine, DEFAULT_CTX, &batch, NULL, NULL);
	bo_finish(gpu, &batch);
	printf("%-6s %u requests: %.0f a second; one at a time, ns: min %lld, median %lld, p99 "
	       "%lld\n",
	       engine->name, count, count * 1e9 / (now_ns() - begin), (long long)ns[0],
	       (long long)ns[count / 2], (long long)ns[count * 99 / 100]);
	free(ns);
	bo_free(gpu, &batch);
}

int test_bench(struct gpu *gpu, unsigned int count)
{
	for (unsigned int e = 0; e < NR_ENGINES; e++)
		measure(gpu, &engines[e], count);
	return 0;
}

/* The default context of RCS, @count empty batches, each waited for. */
int test_sync(struct gpu *gpu, unsigned int count)
{
	struct bo batch = bo_create(gpu, PAGE);
	struct batch b = batch_in(&batch, 0);

	emit_end(&b);
	for (unsigned int i = 0; i < count; i++) {
		run(gpu, RCS, DEFAULT_CTX, &batch, NULL, NULL);
		bo_finish(gpu, &batch);
	}
	return ok(0, "sync: %u", count);
}

/* The same, only the last one waited for. */
int test_flood(struct gpu *gpu, unsigned int count)
{
	struct bo batch = bo_create(gpu, PAGE);
	struct batch b = batch_in(&batch, 0);

	emit_end(&b);
	for (unsigned int i = 0; i < count; i++)
		run(gpu, RCS, DEFAULT_CTX, &batch, NULL, NULL);
	bo_finish(gpu, &batch);
	return ok(0, "flood: %u", count);
}

/* RCS has something to do for @count seconds, without a pause. */
int test_occupy(struct gpu *gpu, unsigned int count)
{
	struct bo spin = spin_begin(gpu, RCS);
	int timed, finished;

	timed = bo_wait(gpu, &spin, count * SECOND);
	finished = spin_end(gpu, &spin);
	bo_free(gpu, &spin);
	return ok(timed != -ETIME || finished, "occupy: %u s", count);
}

/*
 * Buffers that come and go: each time LEAVES entries of a PPGTT are written, and taken back. A page
 * that stays, before and behind them, keeps the driver from giving up the tables.
 */
int test_leaves(struct gpu *gpu, unsigned int count)
{
	struct bo batch = bo_create(gpu, PAGE), before = bo_create(gpu, PAGE);
	struct bo behind = bo_create(gpu, PAGE);
	struct batch b = batch_in(&batch, 0);

	before.addr = gpu_place(gpu, LEAVES * PAGE + 2 * TABLE_SPAN);
	before.addr += -before.addr % TABLE_SPAN;
	behind.addr = before.addr + (LEAVES + 1) * PAGE;
	emit_end(&b);
	run(gpu, RCS, DEFAULT_CTX, &batch, &before, &behind);
	for (unsigned int i = 0; i < count; i++) {
		struct bo bo = bo_create(gpu, LEAVES * PAGE);

		bo.addr = before.addr + PAGE;
		run(gpu, RCS, DEFAULT_CTX, &batch, &bo, NULL);
		bo_finish(gpu, &bo);
		bo_free(gpu, &bo);
	}
	return ok(0, "leaves: %u times %u", count, LEAVES);
}

/* The same with the GGTT, by looking at them through the aperture. */
int test_ggtt(struct gpu *gpu, unsigned int count)
{
	int bad = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct bo bo = bo_create(gpu, LEAVES * PAGE);
		volatile uint32_t *va = bo_aperture(gpu, &bo);

		va[i] = ~i;
		bad |= ((volatile uint32_t *)bo.map)[i] != ~i;
		munmap((void *)va, bo.size);
		bo_free(gpu, &bo);
	}
	return ok(bad, "ggtt: %u times %u", count, LEAVES);
}
