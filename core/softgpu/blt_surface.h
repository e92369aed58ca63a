/* SPDX-License-Identifier: MIT */
/*
 * Surfaces of the blitter: rows of bytes at graphics addresses, linear or in tiles.
 *
 * A tile is a power of two of bytes wide and of rows high; where in it the byte (x, y) is follows
 * from two masks: the bits of x go, lowest first, to the bits of one, those of y to the other's
 * (Skylake PRM, volume 5, "Tiling and W-Buffering", "Tile formats"). Gen9 has no swizzling.
 */
#ifndef CORE_SOFTGPU_BLT_SURFACE_H
#define CORE_SOFTGPU_BLT_SURFACE_H

#include "core/softgpu/softgpu.h"

struct blt_tile {
	u8 width;   /* log2 of bytes */
	u8 height;  /* log2 of rows */
	u16 run;    /* bytes that are neighbours in memory as they are in a row; a power of two */
	u32 x_mask; /* where the bits of x are in the offset */
	u32 y_mask;
};

enum blt_tiling { BLT_LINEAR, BLT_TILE_X, BLT_TILE_Y, BLT_TILE_YF, BLT_TILE_YS };

/**
 * blt_tile() - the tiles of a surface of @tiling whose pixels have @cpp bytes (1 to 16, a power of
 * two; only Yf and Ys depend on it). NULL: linear.
 */
const struct blt_tile *blt_tile(enum blt_tiling tiling, u32 cpp);

/* Where a surface is. */
struct blt_place {
	u64 addr;		     /* of byte (0, 0); tiles are as aligned as they are large */
	s64 pitch;		     /* bytes from row to row; negative only if linear */
	const struct blt_tile *tile; /* NULL: linear */
};

#define BLT_SURFACE_PAGES 64u

/* A surface in use: a place, and its pages found so far. */
struct blt_surface {
	struct softgpu_engine *engine;
	struct blt_place place;
	bool write;
	u64 page[BLT_SURFACE_PAGES]; /* number of the page that is known there; ~0: none */
	u8 *at[BLT_SURFACE_PAGES];
};

/** blt_surface_open() - @write: to be written; else to be read. A surface is never both. */
void blt_surface_open(struct blt_surface *s, struct softgpu_engine *engine,
		      const struct blt_place *place, bool write);

/** blt_surface_forget() - the pages known so far: after softgpu_point(). */
void blt_surface_forget(struct blt_surface *s);

/**
 * blt_surface_left() - how many bytes of a linear surface's row @y are in one page, from byte @x on
 * (@back false) or up to but without it (@back): 1 to 4096.
 */
u32 blt_surface_left(const struct blt_surface *s, s64 x, s32 y, bool back);

/**
 * blt_surface_direct() - @n bytes of row @y from byte @x on, where they are; to be used until
 * softgpu_point(). NULL in @at: they are not together. Returns 0 or -EFAULT.
 */
int blt_surface_direct(struct blt_surface *s, s64 x, s32 y, u32 n, u8 **at);

/** blt_surface_read() - @n bytes of row @y from byte @x on into @buf. 0 or -EFAULT. */
int blt_surface_read(struct blt_surface *s, s64 x, s32 y, u8 *buf, u32 n);

/**
 * blt_surface_write() - @n bytes of @buf to row @y from byte @x on, but only those whose byte in
 * @mask is not zero; @mask NULL: all. 0 or -EFAULT.
 */
int blt_surface_write(struct blt_surface *s, s64 x, s32 y, const u8 *buf, const u8 *mask, u32 n);

#endif
