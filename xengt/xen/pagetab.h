/* SPDX-License-Identifier: MIT */
/*
 * A number for each page, found in constant time: a table of two levels, filled as used. What has
 * no numbers takes no memory, since it is guests that name pages.
 */
#ifndef XENGT_XEN_PAGETAB_H
#define XENGT_XEN_PAGETAB_H

#include "core/base/types.h"

/* The last page of a table: 16 TiB of them, which is also all that a grant of version 1 can name.
 */
#define XENGT_PAGE_MAX 0xffffffffull

struct xengt_pagetab_leaf;

/* All zeroes: an empty map. */
struct xengt_pagetab {
	struct xengt_pagetab_leaf **leaves;
	u32 nr_leaves; /* that are there */
};

/** xengt_pagetab_get() - the number of @page; 0 where none was set. */
u32 xengt_pagetab_get(const struct xengt_pagetab *map, u64 page);

/** xengt_pagetab_set() - give @page a number. Returns 0, -EINVAL (above XENGT_PAGE_MAX) or -ENOMEM;
 * one that has a number already gets another, or 0, without fail. */
int xengt_pagetab_set(struct xengt_pagetab *map, u64 page, u32 number);

/** xengt_pagetab_bytes() - of memory that it takes. */
u64 xengt_pagetab_bytes(const struct xengt_pagetab *map);

/** xengt_pagetab_free() - empty it. */
void xengt_pagetab_free(struct xengt_pagetab *map);

#endif
