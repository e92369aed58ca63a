/* SPDX-License-Identifier: MIT */
/*
 * What the software GPU costs: a submission's way to its events, and commands a second. README.md.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/port/gpu.h"

#define PAGES	   256u
#define BUS	   0x100000000ull
#define LRCA	   0x10000u
#define RING	   0x12000u
#define DATA	   0x14000u
#define BATCH	   0x20000u
#define BATCH_SIZE (128u * 4096u)
#define ROUNDS	   20000u
#define PASSES	   50u

#define LRI(n)	    (0x22u << 23 | (2 * (n)-1))
#define BATCH_END   (0x0au << 23)
#define BATCH_START (0x31u << 23 | 1)
#define DONE	    (GVT_CSB_COMPLETE | GVT_CSB_ACTIVE_IDLE)

struct bench {
	struct gvt_gpu *gpu;
	struct gvt_gpu_context ctx[2];
	u32 *ram;
	u32 again; /* submissions to be made by the events' callback */
	pthread_mutex_t lock;
	pthread_cond_t came;
	u32 done;
};

static u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (u64)now.tv_sec * 1000000000 + (u64)now.tv_nsec;
}

static void *page(void *priv, u64 bus)
{
	struct bench *b = priv;

	return bus - BUS < PAGES * 4096ull ? b->ram + (bus - BUS) / 4 : NULL;
}

static void event(void *priv, const struct gvt_gpu_event *event)
{
	struct bench *b = priv;

	if (event->kind == GVT_GPU_STUCK) {
		fprintf(stderr, "stuck: %s, 0x%08x\n", event->why, event->cmd);
		exit(EXIT_FAILURE);
	}
	if (event->kind != GVT_GPU_STATUS || event->status != DONE)
		return;
	if (b->again) {
		b->again--;
		b->gpu->ops->submit(b->gpu, GVT_BCS0, b->ctx);
		return;
	}
	pthread_mutex_lock(&b->lock);
	b->done++;
	pthread_cond_signal(&b->came);
	pthread_mutex_unlock(&b->lock);
}

/* Submit what the ring holds, and @again times more from the callback; ns until all is done. */
static u64 round_trip(struct bench *b, u32 again)
{
	u64 from = now_ns();

	b->again = again;
	b->done = 0;
	b->gpu->ops->submit(b->gpu, GVT_BCS0, b->ctx);
	pthread_mutex_lock(&b->lock);
	while (!b->done)
		pthread_cond_wait(&b->came, &b->lock);
	pthread_mutex_unlock(&b->lock);
	return now_ns() - from;
}

static void put(struct bench *b, u32 addr, u32 val)
{
	b->ram[addr / 4] = val;
}

static void image(struct bench *b)
{
	static const u32 regs[][2] = {
		{ 0x22244, 0x00090008 }, { 0x22034, 0 }, { 0x22030, 0 },
		{ 0x22038, RING },	 { 0x2203c, 1 },
	};
	u32 at = LRCA + 4096 + 4;

	put(b, at, LRI(ARRAY_SIZE(regs)));
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++) {
		put(b, at += 4, regs[i][0]);
		put(b, at += 4, regs[i][1]);
	}
}

/* The ring as if nothing of it had been executed, with its tail at @tail. */
static void ring(struct bench *b, u32 tail)
{
	put(b, LRCA + 4096 + 5 * 4, 0);
	put(b, LRCA + 4096 + 7 * 4, tail);
}

static int compare(const void *a, const void *b)
{
	const u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

static void submissions(struct bench *b)
{
	static u64 ns[ROUNDS];

	ring(b, 0);
	for (u32 i = 0; i < ROUNDS; i++)
		ns[i] = round_trip(b, 0);
	qsort(ns, ROUNDS, sizeof(*ns), compare);
	printf("submit to event, threads waking: %llu ns smallest, %llu median, %llu 99th "
	       "percentile\n",
	       (unsigned long long)ns[0], (unsigned long long)ns[ROUNDS / 2],
	       (unsigned long long)ns[ROUNDS * 99 / 100]);
	printf("submit to event, in the engine's thread: %llu ns\n",
	       (unsigned long long)round_trip(b, ROUNDS) / ROUNDS);
}

/* A batch full of one command. */
static void commands(struct bench *b, const char *what, const u32 *dw, u32 nr)
{
	u32 at = BATCH, count = 0;
	u64 best = ~0ull;

	for (; at + 4 * nr + 4 <= BATCH + BATCH_SIZE; count++)
		for (u32 i = 0; i < nr; i++, at += 4)
			put(b, at, dw[i]);
	put(b, at, BATCH_END);
	put(b, RING, BATCH_START);
	put(b, RING + 4, BATCH);
	put(b, RING + 8, 0);
	put(b, RING + 12, 0);
	for (u32 i = 0; i < PASSES; i++) {
		u64 from = b->gpu->ops->time(b->gpu, GVT_BCS0), ran;

		ring(b, 16);
		round_trip(b, 0);
		ran = b->gpu->ops->time(b->gpu, GVT_BCS0) - from;
		best = ran < best ? ran : best;
	}
	printf("%-28s %6.1f million a second, %4.1f ns each\n", what,
	       (double)count * 1000 / (double)best, (double)best / count);
}

#define COMMANDS(b, what, ...) \
	commands(b, what, (const u32[]){ __VA_ARGS__ }, ARRAY_SIZE(((const u32[]){ __VA_ARGS__ })))

int main(void)
{
	static struct bench b = { .lock = PTHREAD_MUTEX_INITIALIZER,
				  .came = PTHREAD_COND_INITIALIZER };
	const struct gvt_gpu_space_config config = { &b, page, event };
	u64 entries[PAGES];

	b.ram = aligned_alloc(4096, PAGES * 4096);
	if (!b.ram || softgpu_create(&b.gpu) ||
	    b.gpu->ops->space_create(b.gpu, &config, &b.ctx[0].space))
		return EXIT_FAILURE;
	for (u32 i = 0; i < PAGES * 1024; i++)
		b.ram[i] = 0;
	for (u32 i = 0; i < PAGES; i++)
		entries[i] = (BUS + i * 4096ull) | 1;
	b.gpu->ops->ggtt_set(b.ctx[0].space, 0, PAGES, entries, 0);
	b.ctx[0].desc = LRCA | GVT_DESC_VALID | GVT_DESC_MODE_4L | 1ull << GVT_DESC_ID_SHIFT;
	image(&b);

	submissions(&b);
	COMMANDS(&b, "MI_NOOP", 0);
	COMMANDS(&b, "MI_STORE_DATA_IMM", 0x20u << 23 | 1u << 22 | 2, DATA, 0, 1);
	COMMANDS(&b, "MI_LOAD_REGISTER_IMM", LRI(1), 0x22600, 1);
	COMMANDS(&b, "MI_ATOMIC", 0x2fu << 23 | 1u << 22 | 5u << 8 | 1, DATA, 0);
	COMMANDS(&b, "MI_FLUSH_DW", 0x26u << 23 | 1u << 14 | 2, DATA | 4, 0, 1);

	b.gpu->ops->space_destroy(b.ctx[0].space);
	b.gpu->ops->destroy(b.gpu);
	free(b.ram);
	return EXIT_SUCCESS;
}
