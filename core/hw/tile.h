/* SPDX-License-Identifier: MIT */
/*
 * Tiles: where the bytes of a surface are that is not stored row by row.
 *
 * The width of a tile in bytes and its height in rows are powers of two. Two masks say where in the
 * tile byte (x, y) is: the bits of x, lowest first, become the bits of the offset that @x_mask
 * names, and those of y the bits that @y_mask names (Skylake PRM, volume 5, "Tiling and
 * W-Buffering", "Tile formats"). The tiles of a surface follow each other row by row.
 *
 * Bit 6 is not swizzled. From Gen8 on i915 assumes that (gt/intel_ggtt_fencing.c,
 * detect_bit_6_swizzle()). The bits of TILECTL (0x101000), ARB_MODE (0x4030) and DISP_ARB_CTL
 * (0x45000) that would ask for it read as zero until a guest sets them, and have no effect.
 */
#ifndef CORE_HW_TILE_H
#define CORE_HW_TILE_H

#include "core/base/types.h"

struct gvt_tile {
	u8 width;   /* log2 of bytes */
	u8 height;  /* log2 of rows */
	u16 run;    /* bytes of a row that are neighbours in memory; a power of two */
	u32 x_mask; /* the bits of the offset that are x */
	u32 y_mask;
};

enum gvt_tiling { GVT_LINEAR, GVT_TILE_X, GVT_TILE_Y, GVT_TILE_YF, GVT_TILE_YS };

/**
 * gvt_tile() - the tiles of a surface of @tiling whose pixels have @cpp bytes (1 to 16, a power of
 * two; only Yf and Ys depend on it). NULL: linear.
 */
const struct gvt_tile *gvt_tile(enum gvt_tiling tiling, u32 cpp);

/* Moves the bits of @value, lowest first, to the bits that @mask has; adjacent ones together. */
static inline u32 gvt_tile_spread(u32 value, u32 mask)
{
	u32 spread = 0;

	while (mask) {
		u32 shift = (u32)__builtin_ctz(mask);
		u32 bits = (u32)__builtin_ctz(~(mask >> shift));
		u32 run = ((1u << bits) - 1) << shift;

		spread |= value << shift & run;
		value >>= bits;
		mask &= ~run;
	}
	return spread;
}

/* A byte of a tiled surface. */
struct gvt_tile_place {
	s64 row; /* offset of its tile from the surface's start, plus what y adds */
	u32 x;	 /* what x adds */
};

/**
 * gvt_tile_place() - where byte @x of row @y is; both may be negative.
 * @pitch: bytes from row to row; only whole tiles of it count.
 */
static inline struct gvt_tile_place gvt_tile_place(const struct gvt_tile *t, s64 pitch, s64 x,
						   s32 y)
{
	s64 tiles = (y >> t->height) * (pitch >> t->width) + (x >> t->width);

	return (struct gvt_tile_place){
		.row = tiles * (1ll << (t->width + t->height)) +
		       gvt_tile_spread((u32)y & ((1u << t->height) - 1), t->y_mask),
		.x = gvt_tile_spread((u32)x & ((1u << t->width) - 1), t->x_mask),
	};
}

#endif
