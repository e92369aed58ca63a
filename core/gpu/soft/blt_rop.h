/* SPDX-License-Identifier: MIT */
/*
 * Ternary raster operations: a code is the truth table of a function of pattern, source and
 * destination. Its bit (P << 2 | S << 1 | D) is the result (Skylake PRM, volume 11, "Bit-Wise
 * Operations").
 */
#ifndef CORE_GPU_SOFT_BLT_ROP_H
#define CORE_GPU_SOFT_BLT_ROP_H

#include "core/base/types.h"

#define BLT_ROP_NOTHING 0xaa /* the destination, unchanged */
#define BLT_ROP_SOURCE	0xcc
#define BLT_ROP_PATTERN 0xf0

/** blt_rop_needs_destination() - true if the result depends on the destination's bits. */
static inline bool blt_rop_needs_destination(u8 rop)
{
	return (rop ^ rop >> 1) & 0x55;
}

static inline bool blt_rop_needs_source(u8 rop)
{
	return (rop ^ rop >> 2) & 0x33;
}

static inline bool blt_rop_needs_pattern(u8 rop)
{
	return (rop ^ rop >> 4) & 0x0f;
}

/** blt_rop() - write @n bytes of the result of @rop to @out, which may be one of the operands. */
void blt_rop(u8 rop, u8 *out, const u8 *pattern, const u8 *source, const u8 *destination, u32 n);

#endif
