/* SPDX-License-Identifier: MIT */
/*
 * What blits cost, beside memcpy and memset of as many bytes in the same run: tests/bench/blit
 * [ROUNDS [ROW]]. Each figure is the least of some rounds, of pages that the blitter finds one by
 * one as on the software GPU. With ROW, nothing but that row, for a profiler. To be built without
 * sanitizers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "core/base/number.h"
#include "core/gpu/soft/softgpu.h"

#define SIDE   1024u /* pixels of 32 bits */
#define BYTES  (SIDE * SIDE * 4)
#define BASE   0x7f0000000000ull
#define MEMORY (4u * BYTES)

/* The destination, the source, and a pattern or bitmap. */
#define DST BASE
#define SRC (BASE + BYTES)
#define PAT (BASE + 2 * BYTES)

/* ---- the engine: a translation of its own for each page, as a look-up's stand-in ---- */

struct softgpu_engine {
	u8 *memory;
	u8 **page;
	u32 setup[SOFTGPU_SETUP_DWORDS];
	u32 progress;
	u32 swctrl;
};

void *softgpu_at(struct softgpu_engine *e, u64 addr, bool write, u32 *left)
{
	u64 i = (addr - BASE) >> GVT_PAGE_SHIFT;

	(void)write;
	if (i >= MEMORY / GVT_PAGE_SIZE)
		return NULL;
	*left = GVT_PAGE_SIZE - (addr & (GVT_PAGE_SIZE - 1));
	return e->page[i] + (addr & (GVT_PAGE_SIZE - 1));
}

bool softgpu_point(struct softgpu_engine *e)
{
	(void)e;
	return true;
}

void softgpu_worked(struct softgpu_engine *e, u32 bytes)
{
	(void)e;
	(void)bytes;
}

bool softgpu_wanted(struct softgpu_engine *e)
{
	(void)e;
	return false;
}

u32 *softgpu_progress(struct softgpu_engine *e)
{
	return &e->progress;
}

u32 softgpu_reg(struct softgpu_engine *e, u32 offset)
{
	(void)offset;
	return e->swctrl;
}

u32 *softgpu_setup(struct softgpu_engine *e)
{
	return e->setup;
}

static void *memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(1);
	memset(p, 0x5a, bytes);
	return p;
}

/* ---- what is measured ---- */

#define LINEAR 0u
#define X      1u
#define Y      2u

static void run(struct softgpu_engine *e, enum gvt_cmd_op op, const u32 *dw, u32 nr)
{
	if (softgpu_blt(e, op, dw, nr)) {
		fprintf(stderr, "blit: refused\n");
		exit(1);
	}
}

static u32 pitch(u32 tiles)
{
	return tiles == LINEAR ? SIDE * 4 : SIDE;
}

static void copy(struct softgpu_engine *e, u32 dst, u32 src, u32 rop, u64 from)
{
	u32 dw[10] = { 2u << 29 | 0x53u << 22 | 3u << 20 | (u32) !!src << 15 | (u32) !!dst << 11 |
			       8,
		       3u << 24 | rop << 16 | pitch(dst),
		       0,
		       SIDE << 16 | SIDE,
		       (u32)DST,
		       (u32)(DST >> 32),
		       0,
		       pitch(src),
		       (u32)from,
		       (u32)(from >> 32) };

	e->swctrl = (src == Y) | (u32)(dst == Y) << 1;
	run(e, GVT_OP_XY_SRC_COPY_BLT, dw, 10);
}

static void color(struct softgpu_engine *e, u32 dst, u32 pixel)
{
	u32 dw[7] = { 2u << 29 | 0x50u << 22 | 3u << 20 | (u32) !!dst << 11 | 5,
		      3u << 24 | 0xf0u << 16 | pitch(dst),
		      0,
		      SIDE << 16 | SIDE,
		      (u32)DST,
		      (u32)(DST >> 32),
		      pixel };

	e->swctrl = (u32)(dst == Y) << 1;
	run(e, GVT_OP_XY_COLOR_BLT, dw, 7);
}

static void do_memcpy(struct softgpu_engine *e)
{
	memcpy(e->memory, e->memory + BYTES, BYTES);
}

static void do_memset(struct softgpu_engine *e)
{
	memset(e->memory, 0x12, BYTES);
}

static void copy_linear(struct softgpu_engine *e)
{
	copy(e, LINEAR, LINEAR, 0xcc, SRC);
}

static void copy_odd(struct softgpu_engine *e)
{
	copy(e, LINEAR, LINEAR, 0xcc, SRC + 68);
}

static void copy_to_x(struct softgpu_engine *e)
{
	copy(e, X, LINEAR, 0xcc, SRC);
}

static void copy_from_x(struct softgpu_engine *e)
{
	copy(e, LINEAR, X, 0xcc, SRC);
}

static void copy_x(struct softgpu_engine *e)
{
	copy(e, X, X, 0xcc, SRC);
}

static void copy_to_y(struct softgpu_engine *e)
{
	copy(e, Y, LINEAR, 0xcc, SRC);
}

static void copy_from_y(struct softgpu_engine *e)
{
	copy(e, LINEAR, Y, 0xcc, SRC);
}

static void copy_y(struct softgpu_engine *e)
{
	copy(e, Y, Y, 0xcc, SRC);
}

static void exclusive_or(struct softgpu_engine *e)
{
	copy(e, LINEAR, LINEAR, 0x66, SRC);
}

static void color_linear(struct softgpu_engine *e)
{
	color(e, LINEAR, 0x12345678);
}

static void clear_linear(struct softgpu_engine *e)
{
	color(e, LINEAR, 0);
}

static void color_x(struct softgpu_engine *e)
{
	color(e, X, 0x12345678);
}

static void color_y(struct softgpu_engine *e)
{
	color(e, Y, 0x12345678);
}

static void pattern(struct softgpu_engine *e)
{
	u32 dw[8] = { 2u << 29 | 0x51u << 22 | 3u << 20 | 6,
		      3u << 24 | 0xf0u << 16 | SIDE * 4,
		      0,
		      SIDE << 16 | SIDE,
		      (u32)DST,
		      (u32)(DST >> 32),
		      (u32)PAT,
		      (u32)(PAT >> 32) };

	for (u32 i = 0; i < 64; i++)
		memcpy(e->page[2 * BYTES / GVT_PAGE_SIZE] + 4 * i, &i, 4);
	run(e, GVT_OP_XY_PAT_BLT, dw, 8);
}

static void bitmap(struct softgpu_engine *e)
{
	u32 dw[10] = { 2u << 29 | 0x54u << 22 | 3u << 20 | 8,
		       1u << 29 | 3u << 24 | 0xccu << 16 | SIDE * 4,
		       0,
		       SIDE << 16 | SIDE,
		       (u32)DST,
		       (u32)(DST >> 32),
		       (u32)PAT,
		       (u32)(PAT >> 32),
		       0,
		       ~0u };

	run(e, GVT_OP_XY_MONO_SRC_COPY_BLT, dw, 10);
}

static const struct row {
	const char *name;
	void (*run)(struct softgpu_engine *e);
	u32 beside; /* which row it is compared with */
} rows[] = {
	{ "memcpy", do_memcpy, 0 },
	{ "memset", do_memset, 1 },
	{ "XY_SRC_COPY_BLT linear", copy_linear, 0 },
	{ "XY_SRC_COPY_BLT linear, 68 bytes off", copy_odd, 0 },
	{ "XY_SRC_COPY_BLT linear to X", copy_to_x, 0 },
	{ "XY_SRC_COPY_BLT X to linear", copy_from_x, 0 },
	{ "XY_SRC_COPY_BLT X to X", copy_x, 0 },
	{ "XY_SRC_COPY_BLT linear to Y", copy_to_y, 0 },
	{ "XY_SRC_COPY_BLT Y to linear", copy_from_y, 0 },
	{ "XY_SRC_COPY_BLT Y to Y", copy_y, 0 },
	{ "XY_SRC_COPY_BLT linear, exclusive or", exclusive_or, 0 },
	{ "XY_COLOR_BLT linear", color_linear, 1 },
	{ "XY_COLOR_BLT linear, zeros", clear_linear, 1 },
	{ "XY_COLOR_BLT X", color_x, 1 },
	{ "XY_COLOR_BLT Y", color_y, 1 },
	{ "XY_PAT_BLT linear", pattern, 1 },
	{ "XY_MONO_SRC_COPY_BLT linear, transparent", bitmap, 1 },
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	const char *only = argc > 2 ? argv[2] : NULL;
	struct softgpu_engine e = { .memory = memory(MEMORY) };
	double best[ARRAY_SIZE(rows)];
	u64 rounds = 50;

	if (argc > 1 && xengt_number(argv[1], XENGT_EITHER, 1, UINT32_MAX, &rounds)) {
		fputs("blit: ROUNDS is a number, from 1\n", stderr);
		return 2;
	}
	e.page = memory(MEMORY / GVT_PAGE_SIZE * sizeof(*e.page));
	for (u32 i = 0; i < MEMORY / GVT_PAGE_SIZE; i++)
		e.page[i] = e.memory + i * GVT_PAGE_SIZE;
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		best[i] = 1e9;
	/* Rows take turns, so that what else the machine does is everyone's. */
	for (u64 n = 0; n < rounds; n++)
		for (u32 i = 0; i < ARRAY_SIZE(rows); i++) {
			double start = seconds();
			double took;

			if (only && strcmp(only, rows[i].name))
				continue;
			rows[i].run(&e);
			took = seconds() - start;
			best[i] = took < best[i] ? took : best[i];
		}
	printf("%-42s %8s  %s\n", "4 MiB, 1024 x 1024 pixels of 32 bits", "GB/s",
	       "of memcpy, or for fills memset");
	for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
		if (!only || !strcmp(only, rows[i].name))
			printf("%-42s %8.2f  %5.1f %%\n", rows[i].name, BYTES / best[i] / 1e9,
			       100 * best[rows[i].beside] / best[i]);
	return 0;
}
