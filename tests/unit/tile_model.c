/* SPDX-License-Identifier: MIT */
#include "tests/unit/tile_model.h"

#include <string.h>

/* The offset in a tile, bit by bit, as the manual draws it: each bit is a bit of x or y. */
static const char *const yf_bits[3] = { "v5u5v4u4v3v2v1v0u3u2u1u0", "u6v4u5v3u4v2v1v0u3u2u1u0",
					"u7v3u6v2u5u4v1v0u3u2u1u0" };
static const char *const ys_bits[3] = { "u7v7u6v6v5u5v4u4v3v2v1v0u3u2u1u0",
					"u8v6u7v5u6v4u5v3u4v2v1v0u3u2u1u0",
					"u9v5u8v4u7v3u6v2u5u4v1v0u3u2u1u0" };

static s64 in_drawn_tile(const char *bits, int width, int height, int pitch, int x, int y)
{
	u32 n = (u32)strlen(bits) / 2;
	s64 tile = (s64)(y / height) * (pitch / width) + x / width;
	u32 offset = 0;

	for (u32 i = 0; i < n; i++) {
		u32 bit = (u32)(bits[2 * i + 1] - '0');
		u32 value = (u32)(bits[2 * i] == 'u' ? x % width : y % height);

		offset |= (value >> bit & 1) << (n - 1 - i);
	}
	return (tile << n) + offset;
}

s64 model_offset(const struct model_surface *s, unsigned int cpp, int x, int y)
{
	unsigned int kind = cpp == 1 ? 0 : cpp <= 4 ? 1 : 2;

	switch (s->tiling) {
	case MODEL_LINEAR:
		break;
	case MODEL_X:
		return ((s64)(y / 8) * (s->pitch / 512) + x / 512) * 4096 + y % 8 * 512 + x % 512;
	case MODEL_Y:
		return ((s64)(y / 32) * (s->pitch / 128) + x / 128) * 4096 + x % 128 / 16 * 512 +
		       y % 32 * 16 + x % 16;
	case MODEL_YF:
		return in_drawn_tile(yf_bits[kind], 64 << kind, 64 >> kind, s->pitch, x, y);
	case MODEL_YS:
		return in_drawn_tile(ys_bits[kind], 256 << kind, 256 >> kind, s->pitch, x, y);
	}
	return (s64)y * s->pitch + x;
}
