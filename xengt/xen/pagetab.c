/* SPDX-License-Identifier: MIT */
#include "xengt/xen/pagetab.h"

#include <errno.h>
#include <stdlib.h>

/* The upper level is large: calloc() maps it, and it takes memory only where it is touched. */
#define LEAF_BITS  14
#define LEAF_PAGES (1u << LEAF_BITS)
#define LEAVES	   (1u << (32 - LEAF_BITS))

struct xengt_pagetab_leaf {
	u32 used; /* entries that are not 0 */
	u32 number[LEAF_PAGES];
};

static struct xengt_pagetab_leaf *leaf_of(const struct xengt_pagetab *map, u64 page)
{
	return map->leaves && page <= XENGT_PAGE_MAX ? map->leaves[page >> LEAF_BITS] : NULL;
}

u32 xengt_pagetab_get(const struct xengt_pagetab *map, u64 page)
{
	const struct xengt_pagetab_leaf *leaf = leaf_of(map, page);

	return leaf ? leaf->number[page % LEAF_PAGES] : 0;
}

static struct xengt_pagetab_leaf *new_leaf(struct xengt_pagetab *map, u64 page)
{
	struct xengt_pagetab_leaf *leaf;

	if (!map->leaves)
		map->leaves = calloc(LEAVES, sizeof(struct xengt_pagetab_leaf *));
	if (!map->leaves)
		return NULL;
	leaf = map->leaves[page >> LEAF_BITS] = calloc(1, sizeof(*leaf));
	map->nr_leaves += leaf != NULL;
	return leaf;
}

int xengt_pagetab_set(struct xengt_pagetab *map, u64 page, u32 number)
{
	struct xengt_pagetab_leaf *leaf = leaf_of(map, page);
	u32 *at;

	if (page > XENGT_PAGE_MAX)
		return -EINVAL;
	if (!leaf && !number)
		return 0;
	if (!leaf)
		leaf = new_leaf(map, page);
	if (!leaf)
		return -ENOMEM;
	at = &leaf->number[page % LEAF_PAGES];
	leaf->used += (number != 0) - (*at != 0);
	*at = number;
	if (!leaf->used) {
		map->leaves[page >> LEAF_BITS] = NULL;
		map->nr_leaves--;
		free(leaf);
	}
	return 0;
}

u64 xengt_pagetab_bytes(const struct xengt_pagetab *map)
{
	return (u64)__atomic_load_n(&map->nr_leaves, __ATOMIC_RELAXED) *
	       sizeof(struct xengt_pagetab_leaf);
}

void xengt_pagetab_free(struct xengt_pagetab *map)
{
	for (u32 i = 0; map->nr_leaves && i < LEAVES; i++) {
		map->nr_leaves -= map->leaves[i] != NULL;
		free(map->leaves[i]);
	}
	free(map->leaves);
	map->leaves = NULL;
}
