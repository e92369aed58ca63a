/* SPDX-License-Identifier: MIT */
/* The blitter's data, compared with what a model of each command says about every byte. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "tests.h"

#define SURFACE_BYTES (96 * PAGE)

struct shape {
	struct surface to, from;
	uint32_t to_at, from_at; /* of the surfaces in their buffers */
	uint32_t w, h;
	unsigned int cpp;
};

static uint32_t below(uint32_t limit)
{
	return random32() % limit;
}

/*
 * A rectangle in linear surfaces that begin anywhere in their first pages: a base by cache lines
 * (Gen8 and later), the rest by the corner; every width; all of it within SURFACE_BYTES.
 */
static struct shape some_shape(const unsigned int *cpps, unsigned int nr, unsigned int unit)
{
	struct shape s = { .cpp = cpps[below(nr)] };
	uint32_t row;

	s.w = 1 + (below(2) ? below(17) : below(1200));
	s.h = 1 + below(24);
	s.to.x = below(70);
	s.from.x = below(70);
	s.to.y = below(9);
	s.from.y = below(9);
	row = (s.w + 70) * s.cpp;
	/* A pitch is below 32 KiB. */
	while (row > 8192) {
		s.w /= 2;
		row = (s.w + 70) * s.cpp;
	}
	s.w = s.w ? s.w : 1;
	s.to.pitch = (row + below(200)) / unit * unit + unit;
	s.from.pitch = (row + below(200)) / unit * unit + unit;
	s.to_at = below(PAGE / 64) * 64;
	s.from_at = below(PAGE / 64) * 64;
	return s;
}

/* Where a pixel of the rectangle is, in its buffer. */
static size_t pixel_at(const struct surface *surface, uint32_t at, const struct shape *s,
		       uint32_t x, uint32_t y)
{
	return at + (size_t)(surface->y + y) * surface->pitch + (surface->x + x) * s->cpp;
}

static void model_copy(uint8_t *to, const uint8_t *from, const struct shape *s)
{
	for (uint32_t y = 0; y < s->h; y++)
		memcpy(to + pixel_at(&s->to, s->to_at, s, 0, y),
		       from + pixel_at(&s->from, s->from_at, s, 0, y), (size_t)s->w * s->cpp);
}

static int differs(const char *what, const uint8_t *is, const uint8_t *should, size_t bytes,
		   const struct shape *s)
{
	for (size_t i = 0; i < bytes; i++) {
		if (is[i] == should[i])
			continue;
		printf("    %s: byte 0x%zx is 0x%02x, not 0x%02x; %ux%u of %u bytes, to (%u, %u) "
		       "pitch %u "
		       "at 0x%x, from (%u, %u) pitch %u at 0x%x\n",
		       what, i, is[i], should[i], s->w, s->h, s->cpp, s->to.x, s->to.y, s->to.pitch,
		       s->to_at, s->from.x, s->from.y, s->from.pitch, s->from_at);
		return 1;
	}
	return 0;
}

int test_copy(struct gpu *gpu, unsigned int count)
{
	static const unsigned int cpps[] = { 1, 2, 4, 8, 16 };
	static uint8_t model[SURFACE_BYTES], source[SURFACE_BYTES];
	struct bo to = bo_create(gpu, SURFACE_BYTES), from = bo_create(gpu, SURFACE_BYTES);
	struct bo batch = bo_create(gpu, PAGE);
	unsigned int wrong[2] = { 0, 0 };

	random_fill(source, sizeof(source));
	bo_write(gpu, &from, 0, source, sizeof(source));
	for (unsigned int i = 0; i < count * 2; i++) {
		unsigned int fast = i % 2;
		struct shape s = some_shape(cpps, fast ? 5 : 3, fast ? 64 : 4);
		struct batch b = batch_in(&batch, 0);

		s.to.addr = to.addr + s.to_at;
		s.from.addr = from.addr + s.from_at;
		random_fill(model, sizeof(model));
		bo_write(gpu, &to, 0, model, sizeof(model));
		model_copy(model, source, &s);
		if (fast)
			emit_fast_copy(&b, &s.to, &s.from, s.w, s.h, s.cpp);
		else
			emit_copy(&b, &s.to, &s.from, s.w, s.h, s.cpp);
		emit_end(&b);
		run(gpu, BCS, DEFAULT_CTX, &batch, &to, &from);
		bo_finish(gpu, &to);
		bo_finish(gpu, &batch);
		wrong[fast] +=
			differs(fast ? "fast copy" : "copy", to.map, model, sizeof(model), &s);
	}
	return ok(wrong[0], "copy: %u rectangles, %u wrong", count, wrong[0]) |
	       ok(wrong[1], "copy, fast: %u rectangles, %u wrong", count, wrong[1]);
}

/* Rows of 4 KiB, as many in one command as its coordinates allow. */
static void copy_rows(struct gpu *gpu, const struct bo *batch, const struct bo *to,
		      const struct bo *from, int fast)
{
	struct batch b = batch_in(batch, 0);

	for (uint64_t at = 0; at < to->size; at += 16384ull * PAGE) {
		uint64_t rows = (to->size - at) / PAGE;
		struct surface t = { .addr = to->addr + at, .pitch = PAGE };
		struct surface f = { .addr = from->addr + at, .pitch = PAGE };

		(fast ? emit_fast_copy : emit_copy)(&b, &t, &f, PAGE / 4,
						    rows < 16384 ? rows : 16384, 4);
	}
	emit_end(&b);
	run(gpu, BCS, DEFAULT_CTX, batch, to, from);
	bo_finish(gpu, to);
	bo_finish(gpu, batch);
}

static int copy_whole(struct gpu *gpu, const char *what, struct bo *to, struct bo *from)
{
	struct bo batch = bo_create(gpu, PAGE);
	int64_t ns[2];
	int bad = 0;

	for (int fast = 0; fast < 2; fast++) {
		random_fill(from->map, from->size);
		ns[fast] = now_ns();
		copy_rows(gpu, &batch, to, from, fast);
		ns[fast] = now_ns() - ns[fast];
		bad |= memcmp(to->map, from->map, to->size) != 0;
	}
	bo_free(gpu, &batch);
	return ok(bad, "big: %llu KiB, %s: %lld MB/s, %lld MB/s by the fast copy",
		  (unsigned long long)to->size / 1024, what,
		  (long long)to->size * 1000 / (ns[0] ? ns[0] : 1),
		  (long long)to->size * 1000 / (ns[1] ? ns[1] : 1));
}

#define CRUMBS 2048u

/* Of many small buffers every second one is let go: the holes are what a new one is made of. */
static int fragmented(struct gpu *gpu)
{
	static struct bo crumbs[CRUMBS];
	struct bo to, from;
	int bad;

	for (unsigned int i = 0; i < CRUMBS; i++) {
		crumbs[i] = bo_create(gpu, PAGE);
		crumbs[i].map[0] = 1;
	}
	for (unsigned int i = 0; i < CRUMBS; i += 2)
		bo_free(gpu, &crumbs[i]);
	to = bo_create(gpu, CRUMBS / 2 * PAGE);
	from = bo_create(gpu, CRUMBS / 2 * PAGE);
	bad = copy_whole(gpu, "fragmented", &to, &from);
	for (unsigned int i = 1; i < CRUMBS; i += 2)
		bo_free(gpu, &crumbs[i]);
	bo_free(gpu, &to);
	bo_free(gpu, &from);
	return bad;
}

int test_big(struct gpu *gpu, unsigned int mib)
{
	int bad = fragmented(gpu);
	struct bo to = bo_create(gpu, (uint64_t)mib << 20);
	struct bo from = bo_create(gpu, (uint64_t)mib << 20);

	bad |= copy_whole(gpu, "whole", &to, &from);
	bo_free(gpu, &to);
	bo_free(gpu, &from);
	return bad;
}

static void model_color(uint8_t *to, const struct shape *s, uint32_t color, unsigned int write)
{
	static const unsigned char rgb[] = { 1, 1, 1, 2 };

	for (uint32_t y = 0; y < s->h; y++)
		for (uint32_t x = 0; x < s->w; x++)
			for (unsigned int i = 0; i < s->cpp; i++)
				if (s->cpp < 4 || write & rgb[i])
					to[pixel_at(&s->to, s->to_at, s, x, y) + i] =
						color >> 8 * i;
}

int test_color(struct gpu *gpu, unsigned int count)
{
	static const unsigned int cpps[] = { 1, 2, 4 };
	static uint8_t model[SURFACE_BYTES];
	struct bo to = bo_create(gpu, SURFACE_BYTES), batch = bo_create(gpu, PAGE);
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < count; i++) {
		struct shape s = some_shape(cpps, 3, 4);
		struct batch b = batch_in(&batch, 0);
		uint32_t color = random32();
		unsigned int write = 1 + below(3);

		s.to.addr = to.addr + s.to_at;
		random_fill(model, sizeof(model));
		bo_write(gpu, &to, 0, model, sizeof(model));
		model_color(model, &s, color, write);
		emit_color(&b, &s.to, s.w, s.h, s.cpp, color, write);
		emit_end(&b);
		run(gpu, BCS, DEFAULT_CTX, &batch, &to, NULL);
		bo_finish(gpu, &to);
		bo_finish(gpu, &batch);
		wrong += differs("color", to.map, model, sizeof(model), &s);
	}
	return ok(wrong, "color: %u rectangles, %u wrong", count, wrong);
}

#define TILED_PITCH 2048u
#define TILED_ROWS  96u
#define TILED_BYTES (TILED_PITCH * TILED_ROWS)

static int set_tiling(struct gpu *gpu, const struct bo *bo, enum tiling tiling)
{
	struct drm_i915_gem_set_tiling set = {
		.handle = bo->handle,
		.tiling_mode = tiling == TILED_X ? I915_TILING_X : I915_TILING_Y,
		.stride = TILED_PITCH,
	};

	return ioctl(gpu->fd, DRM_IOCTL_I915_GEM_SET_TILING, &set) ? -errno : 0;
}

/*
 * Through the aperture, where a fence makes the tiles rows again. Word by word: Xen emulates each
 * access, and not every instruction that a library's memcmp() is made of.
 */
static int rows_differ(struct gpu *gpu, const struct bo *bo, const uint8_t *rows)
{
	const volatile uint64_t *va = bo_aperture(gpu, bo);
	int bad = 0;

	for (unsigned int i = 0; i < TILED_BYTES / 8; i++)
		bad |= va[i] != ((const uint64_t *)rows)[i];
	munmap((void *)va, TILED_BYTES);
	return bad;
}

/* Rows blitted into tiles, looked at byte by byte, blitted back into rows. */
static int tiled(struct gpu *gpu, enum tiling tiling, int fast, unsigned int *fenced)
{
	struct bo rows = bo_create(gpu, TILED_BYTES), tiles = bo_create(gpu, TILED_BYTES);
	struct bo back = bo_create(gpu, TILED_BYTES), batch = bo_create(gpu, PAGE);
	struct surface r = { .addr = rows.addr, .pitch = TILED_PITCH };
	struct surface t = { .addr = tiles.addr, .pitch = TILED_PITCH, .tiling = tiling };
	struct surface k = { .addr = back.addr, .pitch = TILED_PITCH };
	struct batch b = batch_in(&batch, 0);
	unsigned int wrong = 0, lost;

	random_fill(rows.map, TILED_BYTES);
	(fast ? emit_fast_copy : emit_copy)(&b, &t, &r, TILED_PITCH / 4, TILED_ROWS, 4);
	emit_end(&b);
	run(gpu, BCS, DEFAULT_CTX, &batch, &tiles, &rows);
	bo_finish(gpu, &tiles);
	bo_finish(gpu, &batch);
	for (uint32_t y = 0; y < TILED_ROWS; y++)
		for (uint32_t x = 0; x < TILED_PITCH; x++)
			wrong += tiles.map[tiled_at(tiling, TILED_PITCH, x, y)] !=
				 rows.map[y * TILED_PITCH + x];
	b = batch_in(&batch, 0);
	(fast ? emit_fast_copy : emit_copy)(&b, &k, &t, TILED_PITCH / 4, TILED_ROWS, 4);
	emit_end(&b);
	run(gpu, BCS, DEFAULT_CTX, &batch, &back, &tiles);
	bo_finish(gpu, &back);
	lost = memcmp(back.map, rows.map, TILED_BYTES) != 0;
	if (set_tiling(gpu, &tiles, tiling))
		*fenced = 2;
	else
		*fenced = rows_differ(gpu, &tiles, rows.map);
	bo_free(gpu, &rows);
	bo_free(gpu, &tiles);
	bo_free(gpu, &back);
	bo_free(gpu, &batch);
	return ok(wrong || lost, "tiled %c%s: %u bytes not where tiles have them%s",
		  tiling == TILED_X ? 'X' : 'Y', fast ? ", fast" : "", wrong,
		  lost ? ", rows lost on the way back" : "");
}

int test_tiled(struct gpu *gpu, unsigned int count)
{
	static const char *const seen[] = { "as rows", "not as rows", "not at all: no fences" };
	int bad = 0;

	for (unsigned int i = 0; i < count; i++) {
		enum tiling tiling = i / 2 % 2 ? TILED_Y : TILED_X;
		unsigned int fenced;

		bad |= tiled(gpu, tiling, i % 2, &fenced);
		bad |= ok(fenced == 1, "tiled %c: seen through the aperture %s",
			  tiling == TILED_X ? 'X' : 'Y', seen[fenced]);
	}
	return bad;
}
