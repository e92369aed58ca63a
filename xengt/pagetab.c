/* SPDX-License-Identifier: MIT */
#include "xengt/pagetab.h"

#include <errno.h>
#include <stdlib.h>

/* Both levels are large enough to be address space alone until touched. */
#define HALF 16
#define SIZE (1u << HALF)

static u32 *leaf_of(const struct xengt_pagetab *map, u64 page)
{
	return map->leaves && page <= XENGT_PAGE_MAX ? map->leaves[page >> HALF] : NULL;
}

u32 xengt_pagetab_get(const struct xengt_pagetab *map, u64 page)
{
	const u32 *leaf = leaf_of(map, page);

	return leaf ? leaf[page % SIZE] : 0;
}

int xengt_pagetab_set(struct xengt_pagetab *map, u64 page, u32 number)
{
	u32 *leaf;

	if (page > XENGT_PAGE_MAX)
		return -EINVAL;
	if (!map->leaves)
		map->leaves = calloc(SIZE, sizeof(*map->leaves));
	if (!map->leaves)
		return -ENOMEM;
	leaf = leaf_of(map, page);
	if (!leaf)
		leaf = map->leaves[page >> HALF] = calloc(SIZE, sizeof(*leaf));
	if (!leaf)
		return -ENOMEM;
	leaf[page % SIZE] = number;
	return 0;
}

void xengt_pagetab_free(struct xengt_pagetab *map)
{
	for (u32 i = 0; map->leaves && i < SIZE; i++)
		free(map->leaves[i]);
	free(map->leaves);
	map->leaves = NULL;
}
