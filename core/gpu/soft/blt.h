/* SPDX-License-Identifier: MIT */
/*
 * One blit, as its command and the setup commands before it describe it. Facts are of the Skylake
 * PRM, volume 11 ("Blitter") and volume 2a; BRnn is the name that it gives to the register a dword
 * of a command goes to. What the manual leaves open is said where it is decided.
 */
#ifndef CORE_GPU_SOFT_BLT_H
#define CORE_GPU_SOFT_BLT_H

#include "core/gpu/soft/blt_surface.h"

#define BLT_PATTERN 8u /* pixels a row, and rows, of a pattern */

/* A bitmap that becomes a source of two colours. */
struct blt_mono {
	const u8 *immediate; /* in the command; NULL: in memory */
	u64 addr;
	u64 row;	/* bits from row to row */
	u32 first;	/* bits before the first pixel of each row */
	u32 background; /* of bits that are 0 */
	u32 foreground;
	bool transparent; /* bits that are 0 leave the destination as it is */
};

enum blt_source { BLT_NO_SOURCE, BLT_COLOR_SOURCE, BLT_MONO_SOURCE };
enum blt_pattern_kind { BLT_NO_PATTERN, BLT_SOLID, BLT_COLOR_PATTERN, BLT_MONO_PATTERN };

/* 8 x 8 pixels that repeat, so that pixel (0, 0) of the destination has pixel (x, y) of them. */
struct blt_pattern {
	enum blt_pattern_kind kind;
	u8 x;
	u8 y;
	const u8 *immediate; /* color: pixels in the command; NULL: in memory */
	u64 addr;
	u8 bits[BLT_PATTERN]; /* mono: a byte a row, most significant bit first */
	u32 background;
	u32 foreground; /* of a solid one, too */
	bool transparent;
};

/* Color keys: whether a pixel is written depends on a color being in a range. */
struct blt_key {
	bool enabled;
	bool destination; /* written where the destination is in the range; else: where the source
			     is not */
	bool alpha;	  /* alpha counts, too */
	u32 low;
	u32 high;
};

struct blt {
	struct blt_place dst;
	struct blt_place src;
	u32 cpp;  /* bytes of a pixel: 1, 2, 4, and for a fast copy 8 and 16 */
	u8 depth; /* as in BR13: 0: 8 bits, 1: 565, 2: 1555, 3: 8888 */
	u8 rop;
	u32 bytes; /* of a pixel of four bytes, those that are written have ones */

	/* The pixels to write: [x1, x2) by [y1, y2), clipped; none if x1 >= x2 or y1 >= y2. */
	s32 x1, y1, x2, y2;
	s32 src_x, src_y; /* what (x1, y1) has as its source; of a bitmap: which of its pixels */

	enum blt_source source;
	struct blt_mono mono;
	struct blt_pattern pattern;
	struct blt_key key;
};

/* Bits of BCS_SWCTRL (0x22200): tiles of XY_ commands are Y tiles, not X. */
#define BCS_SWCTRL	 0x22200u
#define BCS_SWCTRL_SRC_Y (1u << 0)
#define BCS_SWCTRL_DST_Y (1u << 1)

/**
 * blt_setup() - keep what a setup command says, in @setup (SOFTGPU_SETUP_DWORDS of them), for
 * commands to come. Returns whether @op is one; -EINVAL: it is, and is too short.
 */
int blt_setup(u32 *setup, enum gvt_cmd_op op, const u32 *dw, u32 nr);

/**
 * blt_decode() - what the command @op means. Immediate data stay in @dw.
 * @swctrl: BCS_SWCTRL. Returns 0, or -EINVAL: too short, or none of the blitter's.
 */
int blt_decode(struct blt *b, const u32 *setup, u32 swctrl, enum gvt_cmd_op op, const u32 *dw,
	       u32 nr);

/* The pattern of a blit as pixels. */
struct blt_tile_of_pattern {
	u8 pixel[BLT_PATTERN][BLT_PATTERN * 4];
	u8 opaque[BLT_PATTERN]; /* a bit a pixel, most significant first: it is to be written */
};

/** blt_pattern_load() - 0, or -EFAULT if it could not be read. */
int blt_pattern_load(struct blt_tile_of_pattern *tile, const struct blt *b,
		     struct softgpu_engine *e);

/** blt_pattern_row() - @n pixels of it as they are from (@x, @y) of the destination on, to @out. */
void blt_pattern_row(const struct blt_tile_of_pattern *tile, const struct blt *b, s32 x, s32 y,
		     u32 n, u8 *out);

/** blt_pattern_mask() - zero the bytes of @mask whose pixels the pattern leaves as they are. */
void blt_pattern_mask(const struct blt_tile_of_pattern *tile, const struct blt *b, s32 x, s32 y,
		      u32 n, u8 *mask);

/**
 * blt_mono_row() - @n pixels of the bitmap's row @y from its pixel @x on, to @out; zero the bytes
 * of @mask (NULL: none wanted) whose pixels it leaves as they are.
 * @bits: the bitmap as bytes; ignored for an immediate one. 0 or -EFAULT.
 */
int blt_mono_row(struct blt_surface *bits, const struct blt *b, s32 x, s32 y, u32 n, u8 *out,
		 u8 *mask);

/** blt_key_mask() - zero the bytes of @mask whose pixels the key leaves as they are. */
void blt_key_mask(const struct blt *b, const u8 *source, const u8 *destination, u32 n, u8 *mask);

#define BLT_CHUNK 4096u /* bytes of a row that are worked on at once */

#endif
