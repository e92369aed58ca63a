/* SPDX-License-Identifier: MIT */
/* What a pipe does to the colours of its composed picture: a matrix, and the 8-bit palette. */
#ifndef CORE_DISPLAY_COLOUR_H
#define CORE_DISPLAY_COLOUR_H

#include "core/display/compose.h"

/**
 * struct display_colour - both steps, in the hardware's order: matrix, then palette.
 * @palette: 256 colours, XRGB8888, or NULL: none. Red of a pixel chooses the red of one, and so on.
 * @matrix:  false: none.
 * @factor:  rows are red, green and blue of what comes out; in 1/4096.
 * @before, @after: added to red, green and blue before and after; in 1/4096 of all.
 */
struct display_colour {
	const u32 *palette;
	bool matrix;
	s32 factor[3][3];
	s32 before[3], after[3];
};

/** display_colour_factor() - a coefficient of PIPE_CSC_COEFF, 16 bits, in 1/4096: -4 to 4. */
s32 display_colour_factor(u32 val);

/** display_colour_offset() - an offset of PIPE_CSC_PREOFF or POSTOFF, 13 bits, in 1/4096. */
s32 display_colour_offset(u32 val);

/** display_colour_apply() - change each pixel of @picture. */
void display_colour_apply(const struct display_picture *picture,
			  const struct display_colour *colour);

#endif
