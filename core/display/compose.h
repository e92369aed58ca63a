/* SPDX-License-Identifier: MIT */
/*
 * A pipe's picture, composed of its planes from the lowest up. A cursor is a plane.
 *
 * Memory is the guest's, and so are the values that a plane was made from. A plane is looked at
 * once (display_plane_fault()), and pixels are read only within the picture: a picture costs at
 * most its own pixels for each plane, whatever the planes say.
 */
#ifndef CORE_DISPLAY_COMPOSE_H
#define CORE_DISPLAY_COMPOSE_H

#include "core/base/types.h"
#include "core/display/pixel.h"
#include "core/hw/tile.h"

#define DISPLAY_MAX_WIDTH  5120u
#define DISPLAY_MAX_HEIGHT 4096u
#define DISPLAY_PLANE_MAX                                                      \
	8192u /* bound of windows, offsets and strides: registers have 13 bits \
	       */

/* How a plane's alpha counts. */
enum display_blend {
	DISPLAY_OPAQUE,	       /* not at all, but the constant one does */
	DISPLAY_PREMULTIPLIED, /* the colours have been multiplied by it */
	DISPLAY_COVERAGE,      /* the colours have still to be multiplied by it */
	DISPLAY_BLENDS
};

/**
 * struct display_surface - where pixels are.
 * @base:   offset in the GGTT, whole pages.
 * @stride: from row to row: bytes, a multiple of 64; tiled: tiles. Of a plane that is turned by 90
 *          or 270 degrees: tiles from column to column.
 * @x, @y:  the first pixel of the window, from the surface's first one.
 */
struct display_surface {
	u32 base;
	u32 stride;
	u32 x, y;
};

/**
 * struct display_plane - one plane, as its registers mean it.
 * @main:          its pixels; of NV12, their Y.
 * @chroma:        of NV12: U and V, with one such pair for two by two pixels.
 * @width, @height: the window of the surface, as it appears on the screen: after it was turned.
 * @to_x, @to_y, @to_width, @to_height: where the window is on the pipe. Where the size is another
 *                 one, the nearest pixel of the window is taken.
 * @turn:          clockwise, in units of 90 degrees. At 1 and 3 the surface is a view as i915 makes
 *                 it (i915_vma's rotated view): tiles of the picture are turned clockwise by 90
 *                 degrees, and what is in them is not.
 * @mirror:        left and right change places, on the screen.
 * @alpha:         of all the plane; 255 is opaque.
 */
struct display_plane {
	enum display_format format;
	enum display_yuv yuv;
	enum gvt_tiling tiling;
	struct display_surface main, chroma;
	u32 width, height;
	s32 to_x, to_y;
	u32 to_width, to_height;
	u8 turn;
	bool mirror;
	enum display_blend blend;
	u8 alpha;
};

/** display_plane_fault() - why a plane cannot be shown, or NULL when it can. */
const char *display_plane_fault(const struct display_plane *plane);

/* A picture: XRGB8888, the byte on top 0, rows packed. The caller's memory. */
struct display_picture {
	u32 *pixels;
	u32 width, height;
};

/**
 * struct display_memory - the guest's graphics memory.
 * @page: gives the page at @offset of the GGTT, or NULL when that leads nowhere. It is valid until
 *        the next call. It may be called once for each pixel that is read.
 */
struct display_memory {
	const void *(*page)(void *ctx, u32 offset);
	void *ctx;
};

/* Where the columns of a plane are. The caller's memory; nothing is kept in it. */
struct display_scratch {
	u32 main[DISPLAY_MAX_WIDTH];
	u32 chroma[DISPLAY_MAX_WIDTH];
};

/** display_nowhere() - the colour of pixel (@x, @y) where memory leads nowhere: a chequered
 * pattern. */
u32 display_nowhere(u32 x, u32 y);

/**
 * display_compose() - draw @nr planes, the lowest first, over @background (XRGB8888).
 * @missing: how many pixels of planes showed the pattern of display_nowhere(), since their page led
 *           nowhere or display_plane_fault() has something to say of their plane.
 * Returns 0, or -EINVAL when the picture is empty or larger than the hardware's.
 */
int display_compose(const struct display_picture *picture, u32 background,
		    const struct display_plane *planes, u32 nr, const struct display_memory *memory,
		    struct display_scratch *scratch, u64 *missing);

#endif
