/* SPDX-License-Identifier: MIT */
/*
 * Tiles: where the bytes of a surface are that is not kept row by row.
 *
 * A tile is a power of two of bytes wide and of rows high; where in it the byte (x, y) is follows
 * from two masks: the bits of x go, lowest first, to the bits of one, those of y to the other's
 * (Skylake PRM, volume 5, "Tiling and W-Buffering", "Tile formats"). Tiles follow each other in
 * rows of tiles.
 *
 * There is no swizzling of bit 6: from Gen8 on i915 takes that for granted
 * (gt/intel_ggtt_fencing.c, detect_bit_6_swizzle()), and the bits that would ask for it, of TILECTL
 * (0x101000), ARB_MODE (0x4030) and DISP_ARB_CTL (0x45000), read as zero until a guest sets them,
 * and do nothing.
 */
#ifndef CORE_HW_TILE_H
#define CORE_HW_TILE_H

#include "core/base/types.h"

struct gvt_tile {
	u8 width;   /* log2 of bytes */
	u8 height;  /* log2 of rows */
	u16 run;    /* bytes that are neighbours in memory as they are in a row; a power of two */
	u32 x_mask; /* where the bits of x are in the offset */
	u32 y_mask;
};

enum gvt_tiling { GVT_LINEAR, GVT_TILE_X, GVT_TILE_Y, GVT_TILE_YF, GVT_TILE_YS };

/**
 * gvt_tile() - the tiles of a surface of @tiling whose pixels have @cpp bytes (1 to 16, a power of
 * two; only Yf and Ys depend on it). NULL: linear.
 */
const struct gvt_tile *gvt_tile(enum gvt_tiling tiling, u32 cpp);

/* The bits of @value, lowest first, to where @mask has its bits: neighbours at once. */
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
	s64 row; /* of its tile from the surface's begin, and what y adds */
	u32 x;	 /* what x adds, its bits spread */
};

/**
 * gvt_tile_place() - where byte @x of row @y is, both of either sign.
 * @pitch: bytes from row to row; what is no whole tile of it is left out.
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
