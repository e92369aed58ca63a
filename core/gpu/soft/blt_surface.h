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
	u64 addr;		     /* of byte (0, 0); tiles are as aligned as they are large */
	s64 pitch;		     /* bytes from row to row; negative only if linear */
	const struct gvt_tile *tile; /* NULL: linear */
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
