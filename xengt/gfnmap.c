/* SPDX-License-Identifier: MIT */
#include "xengt/gfnmap.h"

#include <errno.h>
#include <stdlib.h>

/* Both levels are large enough to be address space alone until touched. */
#define HALF 16
#define SIZE (1u << HALF)

static u32 *leaf_of(const struct xengt_gfnmap *map, u64 gfn)
{
	return map->leaves && gfn <= XENGT_GFN_MAX ? map->leaves[gfn >> HALF] : NULL;
}

u32 xengt_gfnmap_get(const struct xengt_gfnmap *map, u64 gfn)
{
	const u32 *leaf = leaf_of(map, gfn);

	return leaf ? leaf[gfn % SIZE] : 0;
}

int xengt_gfnmap_set(struct xengt_gfnmap *map, u64 gfn, u32 number)
{
	u32 *leaf;

	if (gfn > XENGT_GFN_MAX)
		return -EINVAL;
	if (!map->leaves)
		map->leaves = calloc(SIZE, sizeof(*map->leaves));
	if (!map->leaves)
		return -ENOMEM;
	leaf = leaf_of(map, gfn);
	if (!leaf)
		leaf = map->leaves[gfn >> HALF] = calloc(SIZE, sizeof(*leaf));
	if (!leaf)
		return -ENOMEM;
	leaf[gfn % SIZE] = number;
	return 0;
}

void xengt_gfnmap_free(struct xengt_gfnmap *map)
{
	for (u32 i = 0; map->leaves && i < SIZE; i++)
		free(map->leaves[i]);
	free(map->leaves);
	map->leaves = NULL;
}
