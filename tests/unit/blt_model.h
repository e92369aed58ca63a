/* SPDX-License-Identifier: MIT */
/*
 * Blits as the manual describes them, written a second time: as the dwords of commands, and as what
 * they do to each pixel, bit by bit. It shares nothing with the code under test.
 */
#ifndef TESTS_UNIT_BLT_MODEL_H
#define TESTS_UNIT_BLT_MODEL_H

#include "core/hw/cmd.h"
#include "tests/unit/tile_model.h"

struct model_blt {
	enum gvt_cmd_op op;
	unsigned int depth; /* 0 to 3 as in BR13; for a fast copy 0, 1, 3, 4, 5 */
	u8 rop;
	bool write_rgb;
	bool write_alpha;
	int x1, y1, x2, y2;
	bool clipped;
	int clip_x1, clip_y1, clip_x2, clip_y2;
	struct model_surface dst;

	struct model_surface src;
	int src_x, src_y;

	u64 mono_addr; /* of a bitmap in memory */
	u32 mono_first;
	u32 mono_bg, mono_fg;
	bool mono_transparent;
	bool mono_bytes; /* text: rows begin on bytes */

	bool setup_mono; /* the setup was XY_SETUP_MONO_PATTERN_SL_BLT */
	u64 pattern_addr;
	u32 pattern_x, pattern_y;
	u32 pattern_bg, pattern_fg; /* with text and setup: those of mono_ as well */
	u8 pattern_bits[8];
	bool pattern_transparent;
	bool pattern_solid;
	u32 fixed;

	u32 key_mode; /* 3 bits */
	u32 key_low, key_high;

	u8 immediate[16384];
	u32 immediate_bytes; /* a multiple of 4 */
};

/** model_cpp() - bytes of a pixel. */
unsigned int model_cpp(const struct model_blt *m);

/** model_has_source() - true if it has a color source. */
bool model_has_source(enum gvt_cmd_op op);

/** model_has_bitmap() - true if its source is a bitmap. */
bool model_has_bitmap(enum gvt_cmd_op op);

/** model_from_setup() - true if it uses a setup command. */
bool model_from_setup(enum gvt_cmd_op op);

/** model_immediate() - the bytes of immediate data that it takes, a multiple of 4. */
u32 model_immediate(const struct model_blt *m);

/**
 * model_setup() - encode its setup command to @dw; if it has none of its own, only the clipping.
 */
u32 model_setup(const struct model_blt *m, u32 *dw, enum gvt_cmd_op *op);

/** model_encode() - encode the command itself. Returns its dwords. */
u32 model_encode(const struct model_blt *m, u32 *dw);

/**
 * model_run() - execute it: from memory @before to memory @after, which both begin at graphics
 * address @base.
 */
void model_run(const struct model_blt *m, u64 base, const u8 *before, u8 *after);

#endif
