/* SPDX-License-Identifier: MIT */
/*
 * One blit, as described by its command and the setup commands before it. Sources: Skylake PRM,
 * volume 11 ("Blitter") and volume 2a, which has the name BRnn for the register that a dword of a
 * command goes to. Where the manual leaves something open, a comment says how it is decided.
 */
#ifndef CORE_GPU_SOFT_BLT_H
#define CORE_GPU_SOFT_BLT_H

#include "core/gpu/soft/blt_surface.h"

#define BLT_PATTERN 8u /* pixels a row, and rows, of a pattern */

/* A bitmap, which is a source of two colors. */
struct blt_mono {
	const u8 *immediate; /* in the command; NULL: in memory */
	u64 addr;
	u64 row;	/* bits from row to row */
	u32 first;	/* bits before the first pixel of each row */
	u32 background; /* color of bits that are 0 */
	u32 foreground;
	bool transparent; /* bits that are 0 leave the destination unchanged */
};

enum blt_source { BLT_NO_SOURCE, BLT_COLOR_SOURCE, BLT_MONO_SOURCE };
enum blt_pattern_kind { BLT_NO_PATTERN, BLT_SOLID, BLT_COLOR_PATTERN, BLT_MONO_PATTERN };

/* 8 x 8 pixels that repeat. Pixel (x, y) of them falls on pixel (0, 0) of the destination. */
struct blt_pattern {
	enum blt_pattern_kind kind;
	u8 x;
	u8 y;
	const u8 *immediate; /* color: pixels in the command; NULL: in memory */
	u64 addr;
	u8 bits[BLT_PATTERN]; /* mono: a byte for each row, most significant bit first */
	u32 background;
	u32 foreground; /* also of a solid pattern */
	bool transparent;
};

/* A color key: a pixel is written or not, depending on whether a color is in a range. */
struct blt_key {
	bool enabled;
	bool destination; /* true: written if the destination's color is in the range; */
			  /* false: written if the source's is not */
	bool alpha;	  /* alpha counts as well */
	u32 low;
	u32 high;
};

struct blt {
	struct blt_place dst;
	struct blt_place src;
	u32 cpp;  /* bytes of a pixel: 1, 2, 4, and for a fast copy 8 and 16 */
	u8 depth; /* as in BR13: 0: 8 bits, 1: 565, 2: 1555, 3: 8888 */
	u8 rop;
	u32 bytes; /* mask of the bytes of a pixel that are written; ~0 if not of four bytes */

	/* The pixels to write: [x1, x2) by [y1, y2), clipped; none if x1 >= x2 or y1 >= y2. */
	s32 x1, y1, x2, y2;
	s32 src_x, src_y; /* the pixel of the source or bitmap for (x1, y1) */

	enum blt_source source;
	struct blt_mono mono;
	struct blt_pattern pattern;
	struct blt_key key;
};

/* Bits of BCS_SWCTRL (0x22200): tiled surfaces of XY_ commands have Y tiles, not X tiles. */
#define BCS_SWCTRL	 0x22200u
#define BCS_SWCTRL_SRC_Y (1u << 0)
#define BCS_SWCTRL_DST_Y (1u << 1)

/**
 * blt_setup() - if @op is a setup command, keep its operands in @setup (SOFTGPU_SETUP_DWORDS
 * dwords) for later commands. Returns 1 if it is one, 0 if not, or -EINVAL: it is one, and too
 * short.
 */
int blt_setup(u32 *setup, enum gvt_cmd_op op, const u32 *dw, u32 nr);

/**
 * blt_decode() - decode the command @op. Immediate data stay in @dw.
 * @swctrl: BCS_SWCTRL. Returns 0, or -EINVAL: too short, or no command of the blitter's.
 */
int blt_decode(struct blt *b, const u32 *setup, u32 swctrl, enum gvt_cmd_op op, const u32 *dw,
	       u32 nr);

/* The pattern of a blit as pixels. */
struct blt_tile_of_pattern {
	u8 pixel[BLT_PATTERN][BLT_PATTERN * 4];
	u8 opaque[BLT_PATTERN]; /* a bit for each pixel that is written, most significant first */
};

/** blt_pattern_load() - load the pattern. Returns 0, or -EFAULT if it cannot be read. */
int blt_pattern_load(struct blt_tile_of_pattern *tile, const struct blt *b,
		     struct softgpu_engine *e);

/** blt_pattern_row() - write the @n pixels for (@x, @y) of the destination and behind to @out. */
void blt_pattern_row(const struct blt_tile_of_pattern *tile, const struct blt *b, s32 x, s32 y,
		     u32 n, u8 *out);

/** blt_pattern_mask() - zero the bytes of @mask whose pixels the pattern leaves unchanged. */
void blt_pattern_mask(const struct blt_tile_of_pattern *tile, const struct blt *b, s32 x, s32 y,
		      u32 n, u8 *mask);

/**
 * blt_mono_row() - write @n pixels of the bitmap's row @y, from its pixel @x on, to @out. Zero the
 * bytes of @mask (may be NULL) whose pixels the bitmap leaves unchanged.
 * @bits: the bitmap as bytes; not used for an immediate one. Returns 0 or -EFAULT.
 */
int blt_mono_row(struct blt_surface *bits, const struct blt *b, s32 x, s32 y, u32 n, u8 *out,
		 u8 *mask);

/** blt_key_mask() - zero the bytes of @mask whose pixels the key leaves unchanged. */
void blt_key_mask(const struct blt *b, const u8 *source, const u8 *destination, u32 n, u8 *mask);

#define BLT_CHUNK 4096u /* bytes of a row that are worked on at once */

#endif
