/* SPDX-License-Identifier: MIT */
/* Bytes of linear and tiled surfaces. */
#include "core/softgpu/blt_surface.h"

#include <errno.h>
#include <string.h>

#define ADDR_MASK ((1ull << 48) - 1) /* graphics addresses have 48 bits */
#define SHORT_RUN 16u		     /* of all tiles but X: many of them, each quickly moved */

/*
 * The bits of a byte's offset in its tile, of x (u) and y (v), most significant first:
 *   X:  v2..v0 u8..u0
 *   Y:  u6..u4 v4..v0 u3..u0
 *   Yf: 8 bits a pixel v5 u5 v4 u4 v3..v0 u3..u0, 16 and 32 bits u6 v4 u5 v3 u4 v2..v0 u3..u0,
 *       64 and 128 bits u7 v3 u6 v2 u5 u4 v1 v0 u3..u0
 *   Ys: four bits more: u7 v7 u6 v6, u8 v6 u7 v5, u9 v5 u8 v4
 */
static const struct blt_tile tile_x = { 9, 3, 512, 0x1ff, 0xe00 };
static const struct blt_tile tile_y = { 7, 5, 16, 0xe0f, 0x1f0 };
static const struct blt_tile tile_yf[] = {
	{ 6, 6, 16, 0x50f, 0xaf0 },
	{ 7, 5, 16, 0xa8f, 0x570 },
	{ 8, 4, 16, 0xacf, 0x530 },
};
static const struct blt_tile tile_ys[] = {
	{ 8, 8, 16, 0xa50f, 0x5af0 },
	{ 9, 7, 16, 0xaa8f, 0x5570 },
	{ 10, 6, 16, 0xaacf, 0x5530 },
};

const struct blt_tile *blt_tile(enum blt_tiling tiling, u32 cpp)
{
	u32 kind = cpp >= 8 ? 2 : cpp >= 2;

	switch (tiling) {
	case BLT_LINEAR:
		return NULL;
	case BLT_TILE_X:
		return &tile_x;
	case BLT_TILE_Y:
		return &tile_y;
	case BLT_TILE_YF:
		return &tile_yf[kind];
	case BLT_TILE_YS:
		return &tile_ys[kind];
	}
	return NULL;
}

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

/* The byte at @addr, and those after it in its page. */
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

/* The bits of @value, lowest first, to where @mask has its bits. */
static u32 deposit(u32 value, u32 mask)
{
	u32 spread = 0;

	for (u32 rest = mask; rest; rest &= rest - 1, value >>= 1)
		if (value & 1)
			spread |= rest & -rest;
	return spread;
}

static u64 linear_addr(const struct blt_surface *s, s64 x, s32 y)
{
	return s->place.addr + (u64)(y * s->place.pitch + x);
}

/* A place in a row of a tiled surface. */
struct at_tile {
	u64 row; /* address of the tile, and what y adds */
	u32 x;	 /* what x adds, its bits spread */
};

static struct at_tile at_tile(const struct blt_surface *s, s64 x, s32 y)
{
	const struct blt_tile *t = s->place.tile;
	s64 rows = y >> t->height;
	s64 columns = x >> t->width;
	u64 tiles = (u64)(rows * (s->place.pitch >> t->width) + columns);

	return (struct at_tile){
		.row = s->place.addr + (tiles << (t->width + t->height)) +
		       deposit((u32)y & ((1u << t->height) - 1), t->y_mask),
		.x = deposit((u32)x & ((1u << t->width) - 1), t->x_mask),
	};
}

/* To the next run of the row, which may be in the next tile. */
static inline void next_run(const struct blt_tile *t, struct at_tile *at)
{
	at->x = ((at->x | ~t->x_mask | (t->run - 1u)) + 1) & t->x_mask;
	if (!at->x)
		at->row += 1ull << (t->width + t->height);
}

/* How many of @n bytes are in the run. */
static inline u32 run_left(const struct blt_tile *t, const struct at_tile *at, u32 n)
{
	u32 left = t->run - (at->x & (t->run - 1u));

	return n < left ? n : left;
}

static inline u32 in_page(const struct at_tile *at)
{
	return (at->row + at->x) & (GVT_PAGE_SIZE - 1);
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

/* As hardware's byte enables: what is masked is not written, not even with what it was. */
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

static int linear_read(struct blt_surface *s, s64 x, s32 y, u8 *buf, u32 n)
{
	while (n) {
		u32 left = blt_surface_left(s, x, y, false);
		u32 here = n < left ? n : left;
		const u8 *at = byte_at(s, linear_addr(s, x, y));

		if (!at)
			return -EFAULT;
		memcpy(buf, at, here);
		buf += here;
		x += here;
		n -= here;
	}
	return 0;
}

static int linear_write(struct blt_surface *s, s64 x, s32 y, const u8 *buf, const u8 *mask, u32 n)
{
	while (n) {
		u32 left = blt_surface_left(s, x, y, false);
		u32 here = n < left ? n : left;
		u8 *at = byte_at(s, linear_addr(s, x, y));

		if (!at)
			return -EFAULT;
		if (mask) {
			copy_masked(at, buf, mask, here);
			mask += here;
		} else {
			memcpy(at, buf, here);
		}
		buf += here;
		x += here;
		n -= here;
	}
	return 0;
}

int blt_surface_read(struct blt_surface *s, s64 x, s32 y, u8 *buf, u32 n)
{
	const struct blt_tile *t = s->place.tile;
	struct at_tile at;

	if (!t)
		return linear_read(s, x, y, buf, n);
	at = at_tile(s, x, y);
	while (n) {
		u32 here = run_left(t, &at, n);
		u64 page = (at.row + at.x) >> GVT_PAGE_SHIFT;
		const u8 *from = byte_at(s, page << GVT_PAGE_SHIFT);

		if (!from)
			return -EFAULT;
		if (here != SHORT_RUN) {
			memcpy(buf, from + in_page(&at), here);
			buf += here;
			n -= here;
			next_run(t, &at);
			continue;
		}
		do {
			memcpy(buf, from + in_page(&at), SHORT_RUN);
			buf += SHORT_RUN;
			n -= SHORT_RUN;
			next_run(t, &at);
		} while (n >= SHORT_RUN && (at.row + at.x) >> GVT_PAGE_SHIFT == page);
	}
	return 0;
}

int blt_surface_write(struct blt_surface *s, s64 x, s32 y, const u8 *buf, const u8 *mask, u32 n)
{
	const struct blt_tile *t = s->place.tile;
	struct at_tile at;

	if (!t)
		return linear_write(s, x, y, buf, mask, n);
	at = at_tile(s, x, y);
	while (n) {
		u32 here = run_left(t, &at, n);
		u64 page = (at.row + at.x) >> GVT_PAGE_SHIFT;
		u8 *to = byte_at(s, page << GVT_PAGE_SHIFT);

		if (!to)
			return -EFAULT;
		if (mask) {
			copy_masked(to + in_page(&at), buf, mask, here);
			mask += here;
		} else if (here != SHORT_RUN) {
			memcpy(to + in_page(&at), buf, here);
		} else {
			do {
				memcpy(to + in_page(&at), buf, SHORT_RUN);
				buf += SHORT_RUN;
				n -= SHORT_RUN;
				next_run(t, &at);
			} while (n >= SHORT_RUN && (at.row + at.x) >> GVT_PAGE_SHIFT == page);
			continue;
		}
		buf += here;
		n -= here;
		next_run(t, &at);
	}
	return 0;
}
