/* SPDX-License-Identifier: MIT */
/* Bytes of linear and tiled surfaces. */
#include "core/gpu/soft/blt_surface.h"

#include <errno.h>
#include <string.h>

#define ADDR_MASK ((1ull << 48) - 1) /* graphics addresses have 48 bits */
#define SHORT_RUN 16u		     /* of all tiles except X: there are many, each moved quickly */

/* For functions that are compiled once for reading and once for writing. */
#define INLINE inline __attribute__((always_inline))

void blt_surface_open(struct blt_surface *s, struct softgpu_engine *engine,
		      const struct blt_place *place, bool write)
{
	s->engine = engine;
	s->place = *place;
	s->write = write;
	if (place->tile)
		s->place.addr &= ~((1ull << (place->tile->width + place->tile->height)) - 1);
	blt_surface_forget(s);
}

void blt_surface_forget(struct blt_surface *s)
{
	memset(s->page, 0xff, sizeof(s->page));
}

/* A pointer to the byte at @addr, and to those after it in its page. */
static inline u8 *byte_at(struct blt_surface *s, u64 addr)
{
	u64 page = (addr & ADDR_MASK) >> GVT_PAGE_SHIFT;
	u32 i = page % BLT_SURFACE_PAGES;

	if (s->page[i] != page) {
		u32 left;
		u8 *at = softgpu_at(s->engine, page << GVT_PAGE_SHIFT, s->write, &left);

		if (!at)
			return NULL;
		s->page[i] = page;
		s->at[i] = at;
	}
	return s->at[i] + (addr & (GVT_PAGE_SIZE - 1));
}

static u64 linear_addr(const struct blt_surface *s, s64 x, s32 y)
{
	return s->place.addr + (u64)(y * s->place.pitch + x);
}

/* The next run of the row within the part of the tile that @x_mask covers; 0: there is none. */
static inline u32 next_run(u32 x_mask, u32 run, u32 x)
{
	return ((x | ~x_mask | (run - 1)) + 1) & x_mask;
}

u32 blt_surface_left(const struct blt_surface *s, s64 x, s32 y, bool back)
{
	u32 offset = (linear_addr(s, x, y) - back) & (GVT_PAGE_SIZE - 1);

	return back ? offset + 1 : (u32)GVT_PAGE_SIZE - offset;
}

int blt_surface_direct(struct blt_surface *s, s64 x, s32 y, u32 n, u8 **at)
{
	*at = NULL;
	if (s->place.tile || blt_surface_left(s, x, y, false) < n)
		return 0;
	*at = byte_at(s, linear_addr(s, x, y));
	return *at ? 0 : -EFAULT;
}

/* Like hardware's byte enables: a masked byte is not written, not even with its old value. */
static void copy_masked(u8 *to, const u8 *from, const u8 *mask, u32 n)
{
	u32 i = 0;

	for (; i + 8 <= n; i += 8) {
		u64 m;

		memcpy(&m, mask + i, 8);
		if (m == ~0ull)
			memcpy(to + i, from + i, 8);
		else
			for (u32 j = i; m && j < i + 8; j++)
				if (mask[j])
					to[j] = from[j];
	}
	for (; i < n; i++)
		if (mask[i])
			to[i] = from[i];
}

/* Copies between memory and @buf. When inlined, @write and whether there is a mask are constant. */
static INLINE void move(bool write, u8 *at, u8 *buf, const u8 *mask, u32 n)
{
	if (!write)
		memcpy(buf, at, n);
	else if (mask)
		copy_masked(at, buf, mask, n);
	else
		memcpy(at, buf, n);
}

static INLINE int linear(struct blt_surface *s, bool write, s64 x, s32 y, u8 *buf, const u8 *mask,
			 u32 n)
{
	for (u32 i = 0, here; i < n; i += here) {
		u8 *at = byte_at(s, linear_addr(s, x + i, y));

		if (!at)
			return -EFAULT;
		here = blt_surface_left(s, x + i, y, false);
		here = here < n - i ? here : n - i;
		move(write, at, buf + i, mask ? mask + i : NULL, here);
	}
	return 0;
}

static INLINE int tiled(struct blt_surface *s, bool write, s64 x, s32 y, u8 *buf, const u8 *mask,
			u32 n)
{
	const struct gvt_tile t = *s->place.tile;
	struct gvt_tile_place place = gvt_tile_place(&t, s->place.pitch, x, y);
	u64 base = s->place.addr;
	u32 x_mask = t.x_mask & (GVT_PAGE_SIZE - 1);

	for (u32 i = 0, here; i < n; i += here) {
		u8 *at = byte_at(s, base + (u64)place.row + place.x);

		if (!at)
			return -EFAULT;
		here = t.run - (place.x & (t.run - 1u));
		here = here < n - i ? here : n - i;
		/* A quick way for many short runs of one page, except for the last run. */
		if (here == SHORT_RUN && !mask) {
			u32 in_page = place.x & x_mask;
			u8 *row = at - in_page;
			u32 next;

			for (; n - i >= 2 * SHORT_RUN; in_page = next, i += SHORT_RUN) {
				next = next_run(x_mask, SHORT_RUN, in_page);
				if (!next)
					break;
				move(write, row + in_page, buf + i, NULL, SHORT_RUN);
			}
			place.x = (place.x & ~x_mask) | in_page;
			at = row + in_page;
		}
		move(write, at, buf + i, mask ? mask + i : NULL, here);
		place.x = next_run(t.x_mask, t.run, place.x);
		if (!place.x)
			place.row += 1ll << (t.width + t.height);
	}
	return 0;
}

int blt_surface_read(struct blt_surface *s, s64 x, s32 y, u8 *buf, u32 n)
{
	return s->place.tile ? tiled(s, false, x, y, buf, NULL, n)
			     : linear(s, false, x, y, buf, NULL, n);
}

int blt_surface_write(struct blt_surface *s, s64 x, s32 y, const u8 *buf, const u8 *mask, u32 n)
{
	u8 *from = (u8 *)buf; /* only read, since we write */

	if (!s->place.tile)
		return linear(s, true, x, y, from, mask, n);
	return mask ? tiled(s, true, x, y, from, mask, n) : tiled(s, true, x, y, from, NULL, n);
}
