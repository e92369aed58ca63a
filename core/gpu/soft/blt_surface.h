/* SPDX-License-Identifier: MIT */
/*
 * Surfaces of the blitter: rows of bytes at graphics addresses, linear or in tiles
 * (core/hw/tile.h).
 */
#ifndef CORE_GPU_SOFT_BLT_SURFACE_H
#define CORE_GPU_SOFT_BLT_SURFACE_H

#include "core/gpu/soft/softgpu.h"
#include "core/hw/tile.h"

/* Where a surface is. */
struct blt_place {
	u64 addr;		     /* of byte (0, 0); if tiled, aligned to the size of a tile */
	s64 pitch;		     /* bytes from row to row; negative only if linear */
	const struct gvt_tile *tile; /* NULL: linear */
};

#define BLT_SURFACE_PAGES 64u

/* A surface in use: its place, and its pages known so far. */
struct blt_surface {
	struct softgpu_engine *engine;
	struct blt_place place;
	bool write;
	u64 page[BLT_SURFACE_PAGES]; /* number of the page that .at has; ~0: none */
	u8 *at[BLT_SURFACE_PAGES];
};

/** blt_surface_open() - open it for writing (@write) or for reading, but never for both. */
void blt_surface_open(struct blt_surface *s, struct softgpu_engine *engine,
		      const struct blt_place *place, bool write);

/** blt_surface_forget() - forget the pages known so far. Called after softgpu_point(). */
void blt_surface_forget(struct blt_surface *s);

/**
 * blt_surface_left() - how many bytes of a linear surface's row @y are in one page: from byte @x
 * on, or with @back those before byte @x. 1 to 4096.
 */
u32 blt_surface_left(const struct blt_surface *s, s64 x, s32 y, bool back);

/**
 * blt_surface_direct() - a pointer, @at, to @n bytes of row @y from byte @x on, which is valid
 * until softgpu_point(). NULL: the bytes are not contiguous. Returns 0 or -EFAULT.
 */
int blt_surface_direct(struct blt_surface *s, s64 x, s32 y, u32 n, u8 **at);

/** blt_surface_read() - read @n bytes of row @y from byte @x on into @buf. 0 or -EFAULT. */
int blt_surface_read(struct blt_surface *s, s64 x, s32 y, u8 *buf, u32 n);

/**
 * blt_surface_write() - write @n bytes of @buf to row @y from byte @x on, but only those whose byte
 * in
 * @mask is not zero; @mask NULL: all. 0 or -EFAULT.
 */
int blt_surface_write(struct blt_surface *s, s64 x, s32 y, const u8 *buf, const u8 *mask, u32 n);

#endif
