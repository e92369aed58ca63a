/* SPDX-License-Identifier: MIT */
/*
 * The blitter's commands. Skylake PRM, volume 2a. Their addresses are in the context's PPGTT.
 */
#include "core/hw/cmd_table.h"

/* clang-format off */
/*
 * A command of @shortest to @longest dwords, with the 64-bit addresses of Gen8. @longest is 0 for
 * commands that carry data. @addrs: the dwords at which addresses begin.
 */
#define BLT(name_, shortest, longest, addrs) \
	{ #name_, GVT_OP_##name_, GVT_ON_BCS, .len_bits = 8, .len = (shortest), \
	  .max = (longest), .ppgtt = (addrs) }

#define AT1(a)	     BIT32(a)
#define AT2(a, b)    (BIT32(a) | BIT32(b))
#define AT3(a, b, c) (BIT32(a) | BIT32(b) | BIT32(c))

static const struct gvt_cmd rows[] = {
	[0x01] = BLT(XY_SETUP_BLT, 10, 10, AT2(4, 8)),
	[0x03] = BLT(XY_SETUP_CLIP_BLT, 3, 3, 0),
	[0x11] = BLT(XY_SETUP_MONO_PATTERN_SL_BLT, 10, 10, AT1(4)),
	[0x24] = BLT(XY_PIXEL_BLT, 2, 2, 0),
	[0x25] = BLT(XY_SCANLINES_BLT, 3, 3, 0),
	[0x26] = BLT(XY_TEXT_BLT, 5, 5, AT1(3)),
	[0x31] = BLT(XY_TEXT_IMMEDIATE_BLT, 3, 0, 0),
	[0x40] = BLT(COLOR_BLT, 6, 6, AT1(3)),
	[0x42] = BLT(XY_FAST_COPY_BLT, 10, 10, AT2(4, 8)),
	[0x43] = BLT(SRC_COPY_BLT, 8, 8, AT2(3, 6)),
	[0x50] = BLT(XY_COLOR_BLT, 7, 7, AT1(4)),
	[0x51] = BLT(XY_PAT_BLT, 8, 8, AT2(4, 6)),
	[0x52] = BLT(XY_MONO_PAT_BLT, 10, 10, AT1(4)),
	[0x53] = BLT(XY_SRC_COPY_BLT, 10, 10, AT2(4, 8)),
	[0x54] = BLT(XY_MONO_SRC_COPY_BLT, 10, 10, AT2(4, 6)),
	[0x55] = BLT(XY_FULL_BLT, 12, 12, AT3(4, 8, 10)),
	[0x56] = BLT(XY_FULL_MONO_SRC_BLT, 12, 12, AT3(4, 6, 10)),
	[0x57] = BLT(XY_FULL_MONO_PATTERN_BLT, 14, 14, AT2(4, 8)),
	[0x58] = BLT(XY_FULL_MONO_PATTERN_MONO_SRC_BLT, 14, 14, AT2(4, 6)),
	[0x59] = BLT(XY_MONO_PAT_FIXED_BLT, 8, 8, AT1(4)),
	[0x71] = BLT(XY_MONO_SRC_COPY_IMMEDIATE_BLT, 8, 0, AT1(4)),
	[0x72] = BLT(XY_PAT_BLT_IMMEDIATE, 6, 0, AT1(4)),
	[0x73] = BLT(XY_SRC_COPY_CHROMA_BLT, 12, 12, AT2(4, 8)),
	[0x74] = BLT(XY_FULL_IMMEDIATE_PATTERN_BLT, 10, 0, AT2(4, 8)),
	[0x75] = BLT(XY_FULL_MONO_SRC_IMMEDIATE_PATTERN_BLT, 10, 0, AT2(4, 6)),
	[0x76] = BLT(XY_PAT_CHROMA_BLT, 10, 10, AT2(4, 6)),
	[0x77] = BLT(XY_PAT_CHROMA_BLT_IMMEDIATE, 8, 0, AT1(4)),
};
/* clang-format on */

const struct gvt_cmd_rows gvt_cmds_blt = { rows, ARRAY_SIZE(rows) };
