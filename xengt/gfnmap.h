/* SPDX-License-Identifier: MIT */
/* A number for each guest frame, found in constant time: a table of two levels, filled as used. */
#ifndef XENGT_GFNMAP_H
#define XENGT_GFNMAP_H

#include "core/types.h"

/* Frames that a grant of version 1 can name: 16 TiB of them. */
#define XENGT_GFN_MAX 0xffffffffull

/* All zeroes: an empty map. */
struct xengt_gfnmap {
	u32 **leaves;
};

/** xengt_gfnmap_get() - the number of @gfn; 0 where none was set. */
u32 xengt_gfnmap_get(const struct xengt_gfnmap *map, u64 gfn);

/** xengt_gfnmap_set() - give @gfn a number. Returns 0, -EINVAL (above XENGT_GFN_MAX) or -ENOMEM;
 * one that has a number already gets another without fail. */
int xengt_gfnmap_set(struct xengt_gfnmap *map, u64 gfn, u32 number);

/** xengt_gfnmap_free() - empty it. */
void xengt_gfnmap_free(struct xengt_gfnmap *map);

#endif
