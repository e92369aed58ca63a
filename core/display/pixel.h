/* SPDX-License-Identifier: MIT */
/* Formats of pixels that Skylake's planes read, and what colour a pixel is. */
#ifndef CORE_DISPLAY_PIXEL_H
#define CORE_DISPLAY_PIXEL_H

#include "core/base/types.h"

/* Named as in Linux' drm_fourcc.h, from the highest bit down; YUYV and its like by bytes. */
enum display_format {
	DISPLAY_C8,
	DISPLAY_RGB565,
	DISPLAY_XRGB8888,
	DISPLAY_XBGR8888,
	DISPLAY_ARGB8888,
	DISPLAY_ABGR8888,
	DISPLAY_XRGB2101010,
	DISPLAY_XBGR2101010,
	DISPLAY_XRGB16161616F,
	DISPLAY_XBGR16161616F,
	DISPLAY_XYUV8888,
	DISPLAY_YUYV,
	DISPLAY_UYVY,
	DISPLAY_YVYU,
	DISPLAY_VYUY,
	DISPLAY_NV12,
	DISPLAY_FORMATS
};

/* How Y, U and V become colours. Without FULL, black is 16 and white 235. */
enum display_yuv {
	DISPLAY_BT601,
	DISPLAY_BT709,
	DISPLAY_BT601_FULL,
	DISPLAY_BT709_FULL,
	DISPLAY_YUVS
};

/** display_format_bytes() - bytes of a pixel: 1, 2, 4 or 8; of NV12, those of its Y, 1. */
u32 display_format_bytes(enum display_format format);

/** display_format_pairs() - true: two pixels, which share U and V, are four bytes. */
bool display_format_pairs(enum display_format format);

/* Of a pair's value: the second pixel is meant. */
#define DISPLAY_SECOND (1ull << 32)

/**
 * display_pixel() - the colour of a pixel as ARGB8888; alpha is 255 where the format has none.
 * @raw: its bytes, the first one lowest. Of a pair, all four bytes, and DISPLAY_SECOND or not. Of
 *       NV12: Y, U << 8, V << 16.
 *
 * The pixel of C8 is a place in the palette: grey here, as all three colours go through the palette
 * later. Ten bits lose the lower two. Floating point is cut to 0 to 1, and rounded; what is no
 * number is 0.
 */
u32 display_pixel(enum display_format format, enum display_yuv yuv, u64 raw);

#endif
