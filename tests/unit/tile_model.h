/* SPDX-License-Identifier: MIT */
/* Tiled surfaces as the manual draws them, byte by byte. Nothing is shared with what is tested. */
#ifndef TESTS_UNIT_TILE_MODEL_H
#define TESTS_UNIT_TILE_MODEL_H

#include "core/base/types.h"

enum model_tiling { MODEL_LINEAR, MODEL_X, MODEL_Y, MODEL_YF, MODEL_YS };

struct model_surface {
	u64 addr;
	int pitch; /* bytes */
	enum model_tiling tiling;
};

/** model_offset() - of byte @x in row @y of a surface, from its address. */
s64 model_offset(const struct model_surface *s, unsigned int cpp, int x, int y);

#endif
