/* SPDX-License-Identifier: MIT */
#include "core/hw/tile.h"

/*
 * Which bit of x (u) or of y (v) each bit of a byte's offset in its tile is, highest bit first:
 *   X:  v2..v0 u8..u0
 *   Y:  u6..u4 v4..v0 u3..u0
 *   Yf: 8 bits a pixel v5 u5 v4 u4 v3..v0 u3..u0, 16 and 32 bits u6 v4 u5 v3 u4 v2..v0 u3..u0,
 *       64 and 128 bits u7 v3 u6 v2 u5 u4 v1 v0 u3..u0
 *   Ys: four bits more: u7 v7 u6 v6, u8 v6 u7 v5, u9 v5 u8 v4
 */
static const struct gvt_tile tile_x = { 9, 3, 512, 0x1ff, 0xe00 };
static const struct gvt_tile tile_y = { 7, 5, 16, 0xe0f, 0x1f0 };
static const struct gvt_tile tile_yf[] = {
	{ 6, 6, 16, 0x50f, 0xaf0 },
	{ 7, 5, 16, 0xa8f, 0x570 },
	{ 8, 4, 16, 0xacf, 0x530 },
};
static const struct gvt_tile tile_ys[] = {
	{ 8, 8, 16, 0xa50f, 0x5af0 },
	{ 9, 7, 16, 0xaa8f, 0x5570 },
	{ 10, 6, 16, 0xaacf, 0x5530 },
};

const struct gvt_tile *gvt_tile(enum gvt_tiling tiling, u32 cpp)
{
	u32 kind = cpp >= 8 ? 2 : cpp >= 2;

	switch (tiling) {
	case GVT_LINEAR:
		return NULL;
	case GVT_TILE_X:
		return &tile_x;
	case GVT_TILE_Y:
		return &tile_y;
	case GVT_TILE_YF:
		return &tile_yf[kind];
	case GVT_TILE_YS:
		return &tile_ys[kind];
	}
	return NULL;
}
