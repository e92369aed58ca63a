/* SPDX-License-Identifier: MIT */
/*
 * Tiled surfaces as the manual draws them, byte by byte. It shares nothing with the code under
 * test.
 */
#ifndef TESTS_UNIT_TILE_MODEL_H
#define TESTS_UNIT_TILE_MODEL_H

#include "core/base/types.h"

enum model_tiling { MODEL_LINEAR, MODEL_X, MODEL_Y, MODEL_YF, MODEL_YS };

struct model_surface {
	u64 addr;
	int pitch; /* bytes */
	enum model_tiling tiling;
};

/** model_offset() - the offset of byte @x in row @y from the surface's address. */
s64 model_offset(const struct model_surface *s, unsigned int cpp, int x, int y);

#endif
