/* SPDX-License-Identifier: MIT */
#include "core/display/colour.h"

/*
 * A coefficient has a sign, an exponent and nine bits of mantissa (ilk_csc_coeff, intel_color.c of
 * Linux' i915). Exponents 0 to 3 are 1, 1/2, 1/4 and 1/8; 7 and 6 are 2 and 4; others are reserved.
 */
enum { SIGN = 0x8000, EXPONENT_SHIFT = 12, MANTISSA = 0xff8, OFFSET_BITS = 13 };

/* By which a mantissa, of which 4096 is 1, is multiplied; in eighths. */
static const u8 scales[8] = { 8, 4, 2, 1, 0, 0, 32, 16 };

s32 display_colour_factor(u32 val)
{
	s32 size = (s32)((val & MANTISSA) * scales[val >> EXPONENT_SHIFT & 7] / 8);

	return val & SIGN ? -size : size;
}

s32 display_colour_offset(u32 val)
{
	s32 size = (s32)(val & ((1u << OFFSET_BITS) - 1));

	return size >> (OFFSET_BITS - 1) ? size - (1 << OFFSET_BITS) : size;
}

/* 1/4096 of all from 0 to 255, and back, rounded and cut. */
static s32 widen(u32 val)
{
	return (s32)((val * 4096 + 127) / 255);
}

static u32 narrow(s64 val)
{
	val = (val * 255 + 2048) >> 12;
	return val < 0 ? 0 : val > 255 ? 255 : (u32)val;
}

static u32 convert(const struct display_colour *c, u32 pixel)
{
	s64 in[3];
	u32 out = 0;

	for (u32 i = 0; i < 3; i++)
		in[i] = widen(pixel >> (16 - 8 * i) & 0xff) + c->before[i];
	for (u32 i = 0; i < 3; i++) {
		s64 sum = 0;

		for (u32 j = 0; j < 3; j++)
			sum += in[j] * c->factor[i][j];
		out = out << 8 | narrow((sum >> 12) + c->after[i]);
	}
	return out;
}

void display_colour_apply(const struct display_picture *picture,
			  const struct display_colour *colour)
{
	const u32 *of = colour->palette;

	if (!of && !colour->matrix)
		return;
	for (size_t i = 0; i < (size_t)picture->width * picture->height; i++) {
		u32 pixel = picture->pixels[i];

		if (colour->matrix)
			pixel = convert(colour, pixel);
		if (of)
			pixel = (of[pixel >> 16 & 0xff] & 0xff0000) |
				(of[pixel >> 8 & 0xff] & 0xff00) | (of[pixel & 0xff] & 0xff);
		picture->pixels[i] = pixel;
	}
}
