/* SPDX-License-Identifier: MIT */
/* Carrying out a blit: row by row, in chunks. */
#include "core/gpu/soft/blt.h"

#include <errno.h>
#include <string.h>

#include "core/gpu/soft/blt_rop.h"

/* Bytes of work between two calls of softgpu_point(), and the overhead of a chunk, as bytes. */
#define TURN	      KiB(256)
#define CHUNK_IS_LIKE 256u

/* How chunks are made. */
enum way {
	FILL,	 /* the pattern, as it is */
	COPY,	 /* the source, as it is */
	COMPUTE, /* anything else */
};

/* A blit that is being carried out. */
struct run {
	struct softgpu_engine *engine;
	const struct blt *b;
	enum way way;
	u8 rop;
	bool masked;
	bool need_source;
	bool need_old;
	bool up;      /* from the last row to the first */
	bool back;    /* from the right chunk to the left */
	bool overlap; /* source and destination may be the same memory */
	bool filled;  /* the pattern's pixels are all the same, and are in .pixels already */
	u32 since_turn;
	struct blt_surface dst;
	struct blt_surface old; /* the destination, for reading */
	struct blt_surface src;
	struct blt_tile_of_pattern pattern;
	u8 pixels[BLT_CHUNK]; /* the pattern's */
	u8 source[BLT_CHUNK];
	u8 was[BLT_CHUNK];
	u8 result[BLT_CHUNK];
	u8 mask[BLT_CHUNK];
};

/* ---- preparation, once for a blit ---- */

/*
 * Finds the direction in which a copy writes no pixel before it is read. That can be found if the
 * surfaces are the same, or both linear with the same pitch.
 */
static void find_direction(struct run *r)
{
	const struct blt *b = r->b;
	s64 rows = (s64)b->y1 - b->src_y;
	s64 columns = (s64)b->x1 - b->src_x;
	s64 delta;
	s64 extent;

	if (b->source != BLT_COLOR_SOURCE || b->dst.tile != b->src.tile ||
	    b->dst.pitch != b->src.pitch)
		return;
	if (b->dst.tile) {
		r->overlap = b->dst.addr == b->src.addr;
		r->up = r->overlap && rows > 0;
		r->back = r->overlap && rows == 0 && columns > 0;
		return;
	}
	delta = (s64)(b->dst.addr - b->src.addr) + rows * b->dst.pitch + columns * b->cpp;
	extent = (b->y2 - b->y1 - 1) * (b->dst.pitch < 0 ? -b->dst.pitch : b->dst.pitch) +
		 (s64)(b->x2 - b->x1) * b->cpp;
	r->overlap = delta > -extent && delta < extent;
	r->back = r->overlap && delta > 0;
	r->up = r->overlap && (delta > 0) == (b->dst.pitch > 0);
}

/* An operation on the pattern alone is done once, on the pattern itself. */
static void fold_into_pattern(struct run *r)
{
	u8 *pixel = r->pattern.pixel[0];

	blt_rop(r->rop, pixel, pixel, pixel, pixel, sizeof(r->pattern.pixel));
	r->rop = BLT_ROP_PATTERN;
	r->way = FILL;
}

static bool same_everywhere(const struct run *r)
{
	u32 cpp = r->b->cpp;

	for (u32 y = 0; y < BLT_PATTERN; y++)
		for (u32 x = 0; x < BLT_PATTERN; x++)
			if (memcmp(r->pattern.pixel[y] + x * cpp, r->pattern.pixel[0], cpp))
				return false;
	return true;
}

static int prepare(struct run *r)
{
	const struct blt *b = r->b;
	struct blt_place bits = { .addr = b->mono.addr };
	bool mono_masked = b->source == BLT_MONO_SOURCE && b->mono.transparent;

	r->rop = b->rop;
	r->masked = b->bytes != ~0u || mono_masked || b->pattern.transparent || b->key.enabled;
	r->need_source = blt_rop_needs_source(b->rop) || mono_masked ||
			 (b->key.enabled && !b->key.destination);
	r->need_old = blt_rop_needs_destination(b->rop) || (b->key.enabled && b->key.destination);
	r->since_turn = 0;
	r->up = r->back = r->overlap = r->filled = false;

	blt_surface_open(&r->dst, r->engine, &b->dst, true);
	if (r->need_old)
		blt_surface_open(&r->old, r->engine, &b->dst, false);
	if (b->source == BLT_COLOR_SOURCE)
		blt_surface_open(&r->src, r->engine, &b->src, false);
	else
		blt_surface_open(&r->src, r->engine, &bits, false);
	if (r->need_source)
		find_direction(r);

	r->way = COMPUTE;
	if (b->rop == BLT_ROP_SOURCE && b->source == BLT_COLOR_SOURCE && !r->masked) {
		r->way = COPY;
		return 0;
	}
	/* Without a source, the pattern takes its place. */
	if (blt_rop_needs_pattern(b->rop) || b->pattern.transparent ||
	    (b->source == BLT_NO_SOURCE && r->need_source)) {
		if (blt_pattern_load(&r->pattern, b, r->engine))
			return -EFAULT;
	} else {
		memset(&r->pattern, 0, sizeof(r->pattern));
	}
	if (!r->need_source && !r->need_old && !r->masked)
		fold_into_pattern(r);
	r->filled = same_everywhere(r);
	if (r->filled) {
		u32 width = (u32)(b->x2 - b->x1);
		u32 most = BLT_CHUNK / b->cpp;

		blt_pattern_row(&r->pattern, b, 0, 0, width < most ? width : most, r->pixels);
	}
	return 0;
}

/* ---- a chunk ---- */

/* Fills with one color, without reading it again and again. */
static void fill_solid(u8 *to, const u8 *pixels, u32 bytes)
{
	u64 color[2];
	u32 i = 0;

	/* Pixels have four bytes at most, so if four bytes are equal, all are. */
	if (!memcmp(pixels, pixels + 1, (bytes < 4 ? bytes : 4) - 1)) {
		memset(to, pixels[0], bytes);
		return;
	}
	if (bytes >= sizeof(color))
		memcpy(color, pixels, sizeof(color));
	for (; i + sizeof(color) <= bytes; i += sizeof(color))
		memcpy(to + i, color, sizeof(color));
	memcpy(to + i, pixels, bytes - i);
}

static int fill(struct run *r, s32 x, s32 y, u32 n)
{
	if (r->filled) {
		u8 *to;

		if (blt_surface_direct(&r->dst, (s64)x * r->b->cpp, y, n * r->b->cpp, &to))
			return -EFAULT;
		if (to) {
			fill_solid(to, r->pixels, n * r->b->cpp);
			return 0;
		}
	}
	if (!r->filled)
		blt_pattern_row(&r->pattern, r->b, x, y, n, r->pixels);
	return blt_surface_write(&r->dst, (s64)x * r->b->cpp, y, r->pixels, NULL, n * r->b->cpp);
}

static int copy(struct run *r, s32 x, s32 y, u32 n)
{
	const struct blt *b = r->b;
	u32 bytes = n * b->cpp;
	s64 dst_x = (s64)x * b->cpp;
	s64 src_x = (s64)(x - b->x1 + b->src_x) * b->cpp;
	s32 src_y = y - b->y1 + b->src_y;
	u8 *from;
	u8 *to;

	if (blt_surface_direct(&r->src, src_x, src_y, bytes, &from) ||
	    blt_surface_direct(&r->dst, dst_x, y, bytes, &to))
		return -EFAULT;
	if (from && to) {
		memmove(to, from, bytes);
		return 0;
	}
	if (to && !r->overlap)
		return blt_surface_read(&r->src, src_x, src_y, to, bytes);
	if (!from) {
		if (blt_surface_read(&r->src, src_x, src_y, r->source, bytes))
			return -EFAULT;
		from = r->source;
	}
	return blt_surface_write(&r->dst, dst_x, y, from, NULL, bytes);
}

/* Starts the mask: the bytes of each pixel that are written. */
static void whole_mask(struct run *r, u32 bytes)
{
	for (u32 i = 0; i < bytes; i += 4)
		memcpy(r->mask + i, &r->b->bytes, 4);
}

static int compute(struct run *r, s32 x, s32 y, u32 n)
{
	const struct blt *b = r->b;
	u32 bytes = n * b->cpp;
	s64 dst_x = (s64)x * b->cpp;
	s32 src_x = x - b->x1 + b->src_x;
	s32 src_y = y - b->y1 + b->src_y;
	u8 *mask = r->masked ? r->mask : NULL;
	const u8 *source = r->pixels;

	if (mask)
		whole_mask(r, bytes);
	if (!r->filled)
		blt_pattern_row(&r->pattern, b, x, y, n, r->pixels);
	if (mask && b->pattern.transparent)
		blt_pattern_mask(&r->pattern, b, x, y, n, mask);
	if (r->need_source && b->source == BLT_MONO_SOURCE) {
		if (blt_mono_row(&r->src, b, src_x, src_y, n, r->source, mask))
			return -EFAULT;
		source = r->source;
	} else if (r->need_source && b->source == BLT_COLOR_SOURCE) {
		if (blt_surface_read(&r->src, (s64)src_x * b->cpp, src_y, r->source, bytes))
			return -EFAULT;
		source = r->source;
	}
	if (r->need_old && blt_surface_read(&r->old, dst_x, y, r->was, bytes))
		return -EFAULT;
	if (mask && b->key.enabled)
		blt_key_mask(b, source, r->was, n, mask);
	blt_rop(r->rop, r->result, r->pixels, source, r->need_old ? r->was : r->pixels, bytes);
	return blt_surface_write(&r->dst, dst_x, y, r->result, mask, bytes);
}

/* ---- rows ---- */

/* How many of the @left pixels from @x on (.back: before @x) to do at once; linear: by pages. */
static u32 chunk_size(const struct run *r, s32 x, s32 y, u32 left)
{
	const struct blt *b = r->b;
	u32 bytes = BLT_CHUNK;

	if (!b->dst.tile) {
		u32 here = blt_surface_left(&r->dst, (s64)x * b->cpp, y, r->back);

		bytes = here < bytes ? here : bytes;
	}
	if (r->need_source && b->source == BLT_COLOR_SOURCE && !b->src.tile) {
		u32 here = blt_surface_left(&r->src, (s64)(x - b->x1 + b->src_x) * b->cpp,
					    y - b->y1 + b->src_y, r->back);

		bytes = here < bytes ? here : bytes;
	}
	if (bytes < b->cpp)
		return 1; /* a pixel on two pages */
	return left < bytes / b->cpp ? left : bytes / b->cpp;
}

static int turn(struct run *r)
{
	r->since_turn = 0;
	if (!softgpu_point(r->engine))
		return -EINTR;
	blt_surface_forget(&r->dst);
	blt_surface_forget(&r->old);
	blt_surface_forget(&r->src);
	return 0;
}

static int row(struct run *r, s32 y)
{
	static int (*const ways[])(struct run * r, s32 x, s32 y, u32 n) = {
		[FILL] = fill,
		[COPY] = copy,
		[COMPUTE] = compute,
	};
	const struct blt *b = r->b;
	u32 left = (u32)(b->x2 - b->x1);
	s32 x = r->back ? b->x2 : b->x1;

	while (left) {
		u32 n = chunk_size(r, x, y, left);
		int rc = ways[r->way](r, r->back ? x - (s32)n : x, y, n);

		if (rc)
			return rc;
		x += r->back ? -(s32)n : (s32)n;
		left -= n;
		r->since_turn += n * b->cpp + CHUNK_IS_LIKE;
		if (r->since_turn >= TURN) {
			rc = turn(r);
			if (rc)
				return rc;
		}
	}
	return 0;
}

/* Does the remaining rows. The blit can be preempted between two of them. */
static int rows(struct run *r)
{
	u32 nr = (u32)(r->b->y2 - r->b->y1), *done = softgpu_progress(r->engine);

	while (*done < nr) {
		int rc = row(r, r->up ? r->b->y2 - 1 - (s32)*done : r->b->y1 + (s32)*done);

		if (rc)
			return rc;
		if (++*done < nr && softgpu_wanted(r->engine))
			return -EINTR;
	}
	*done = 0;
	return 0;
}

int softgpu_blt(struct softgpu_engine *e, enum gvt_cmd_op op, const u32 *dw, u32 nr)
{
	struct blt b;
	struct run r;
	int rc = blt_setup(softgpu_setup(e), op, dw, nr);

	if (rc)
		return rc < 0 ? rc : 0;
	rc = blt_decode(&b, softgpu_setup(e), softgpu_reg(e, BCS_SWCTRL), op, dw, nr);
	if (rc)
		return rc;
	if (b.x1 >= b.x2 || b.y1 >= b.y2 || b.rop == BLT_ROP_NOTHING || !b.bytes)
		return 0;
	r.engine = e;
	r.b = &b;
	rc = prepare(&r);
	if (!rc)
		rc = rows(&r);
	softgpu_worked(e, r.since_turn);
	return rc;
}
