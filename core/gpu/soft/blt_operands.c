/* SPDX-License-Identifier: MIT */
/* Operands of raster operations that are not pixels in memory: patterns, bitmaps, color keys. */
#include <errno.h>
#include <string.h>

#include "core/gpu/soft/blt.h"

static inline void put(u8 *out, u32 i, u32 cpp, u32 pixel)
{
	memcpy(out + i * cpp, &pixel, cpp);
}

static inline u32 get(const u8 *in, u32 i, u32 cpp)
{
	u32 pixel = 0;

	memcpy(&pixel, in + i * cpp, cpp);
	return pixel;
}

/* ---- patterns ---- */

int blt_pattern_load(struct blt_tile_of_pattern *tile, const struct blt *b,
		     struct softgpu_engine *e)
{
	const struct blt_pattern *p = &b->pattern;
	struct blt_place place = { .addr = p->addr, .pitch = BLT_PATTERN * b->cpp };
	struct blt_surface memory;

	memset(tile->opaque, 0xff, sizeof(tile->opaque));
	switch (p->kind) {
	case BLT_NO_PATTERN:
		memset(tile->pixel, 0, sizeof(tile->pixel));
		return 0;
	case BLT_SOLID:
		for (u32 i = 0; i < BLT_PATTERN * BLT_PATTERN; i++)
			put(tile->pixel[i / BLT_PATTERN], i % BLT_PATTERN, b->cpp, p->foreground);
		return 0;
	case BLT_MONO_PATTERN:
		for (u32 i = 0; i < BLT_PATTERN * BLT_PATTERN; i++) {
			bool one = p->bits[i / BLT_PATTERN] >> (7 - i % BLT_PATTERN) & 1;

			put(tile->pixel[i / BLT_PATTERN], i % BLT_PATTERN, b->cpp,
			    one ? p->foreground : p->background);
		}
		if (p->transparent)
			memcpy(tile->opaque, p->bits, sizeof(tile->opaque));
		return 0;
	case BLT_COLOR_PATTERN:
		break;
	}
	if (!p->immediate)
		blt_surface_open(&memory, e, &place, false);
	for (u32 y = 0; y < BLT_PATTERN; y++) {
		u32 n = BLT_PATTERN * b->cpp;

		if (p->immediate)
			memcpy(tile->pixel[y], p->immediate + y * n, n);
		else if (blt_surface_read(&memory, 0, (s32)y, tile->pixel[y], n))
			return -EFAULT;
	}
	return 0;
}

void blt_pattern_row(const struct blt_tile_of_pattern *tile, const struct blt *b, s32 x, s32 y,
		     u32 n, u8 *out)
{
	const u8 *row = tile->pixel[((u32)y + b->pattern.y) % BLT_PATTERN];
	u32 phase = ((u32)x + b->pattern.x) % BLT_PATTERN * b->cpp;
	u32 period = BLT_PATTERN * b->cpp;
	u32 done = period < n * b->cpp ? period : n * b->cpp;

	for (u32 i = 0; i < done; i++)
		out[i] = row[(phase + i) % period];
	while (done < n * b->cpp) {
		u32 more = n * b->cpp - done;

		more = more < done ? more : done;
		memcpy(out + done, out, more);
		done += more;
	}
}

void blt_pattern_mask(const struct blt_tile_of_pattern *tile, const struct blt *b, s32 x, s32 y,
		      u32 n, u8 *mask)
{
	u8 opaque = tile->opaque[((u32)y + b->pattern.y) % BLT_PATTERN];

	if (opaque == 0xff)
		return;
	for (u32 i = 0; i < n; i++)
		if (!(opaque >> (7 - ((u32)x + b->pattern.x + i) % BLT_PATTERN) & 1))
			put(mask, i, b->cpp, 0);
}

/* ---- bitmaps ---- */

/* Expands bits of @from, from bit @first on, to pixels. When inlined, @cpp is constant. */
static inline void expand(const struct blt_mono *m, const u8 *from, u32 first, u32 n, u32 cpp,
			  u8 *out, u8 *mask)
{
	u32 both = m->background ^ m->foreground;

	for (u32 i = 0; i < n; i++) {
		u32 one = -(u32)(from[(first + i) / 8] >> (7 - (first + i) % 8) & 1);

		put(out, i, cpp, m->background ^ (one & both));
		if (mask)
			put(mask, i, cpp, get(mask, i, cpp) & one);
	}
}

int blt_mono_row(struct blt_surface *bits, const struct blt *b, s32 x, s32 y, u32 n, u8 *out,
		 u8 *mask)
{
	const struct blt_mono *m = &b->mono;
	u64 at = m->first + (u64)y * m->row + (u64)x;
	u32 first = at % 8;
	u8 memory[BLT_CHUNK / 8 + 1];
	const u8 *from = memory;

	if (!m->transparent)
		mask = NULL;
	if (m->immediate)
		from = m->immediate + at / 8;
	else if (blt_surface_read(bits, (s64)(at / 8), 0, memory, (first + n + 7) / 8))
		return -EFAULT;
	switch (b->cpp) {
	case 1:
		expand(m, from, first, n, 1, out, mask);
		break;
	case 2:
		expand(m, from, first, n, 2, out, mask);
		break;
	default:
		expand(m, from, first, n, 4, out, mask);
		break;
	}
	return 0;
}

/* ---- color keys ---- */

/* A component of a color. */
struct part {
	u8 shift;
	u8 bits;
	bool alpha;
};

static const struct part parts[4][4] = {
	{ { 0, 8 } },
	{ { 0, 5 }, { 5, 6 }, { 11, 5 } },
	{ { 0, 5 }, { 5, 5 }, { 10, 5 }, { 15, 1, true } },
	{ { 0, 8 }, { 8, 8 }, { 16, 8 }, { 24, 8, true } },
};

/* True if each component that counts is between those of the two ends. */
static bool in_range(const struct blt *b, u32 pixel)
{
	for (u32 i = 0; i < ARRAY_SIZE(parts[0]); i++) {
		const struct part *p = &parts[b->depth][i];
		u32 ones = (1u << p->bits) - 1;
		u32 value = pixel >> p->shift & ones;

		if (p->alpha && !b->key.alpha)
			continue;
		if (value < (b->key.low >> p->shift & ones) ||
		    value > (b->key.high >> p->shift & ones))
			return false;
	}
	return true;
}

void blt_key_mask(const struct blt *b, const u8 *source, const u8 *destination, u32 n, u8 *mask)
{
	const u8 *from = b->key.destination ? destination : source;

	for (u32 i = 0; i < n; i++)
		if (in_range(b, get(from, i, b->cpp)) != b->key.destination)
			put(mask, i, b->cpp, 0);
}
