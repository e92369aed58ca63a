/* SPDX-License-Identifier: MIT */
/*
 * A number for each page, found in constant time: a table of two levels. Leaves without numbers are
 * freed: guests choose the page numbers, and must not make the table large for few pages.
 */
#ifndef XENGT_XEN_PAGETAB_H
#define XENGT_XEN_PAGETAB_H

#include "core/base/types.h"

/* The last page of a table: 16 TiB, as far as a grant of version 1 reaches. */
#define XENGT_PAGE_MAX 0xffffffffull

struct xengt_pagetab_leaf;

/* All zeroes: an empty map. */
struct xengt_pagetab {
	struct xengt_pagetab_leaf **leaves;
	u32 nr_leaves; /* allocated */
};

/** xengt_pagetab_get() - the number of @page; 0 where none was set. */
u32 xengt_pagetab_get(const struct xengt_pagetab *map, u64 page);

/** xengt_pagetab_set() - give @page a number; 0: none. Returns 0, -EINVAL (above XENGT_PAGE_MAX) or
 * -ENOMEM. Never fails for a page that has a number already. */
int xengt_pagetab_set(struct xengt_pagetab *map, u64 page, u32 number);

/** xengt_pagetab_bytes() - bytes of memory that its leaves take. */
u64 xengt_pagetab_bytes(const struct xengt_pagetab *map);

/** xengt_pagetab_free() - empty it. */
void xengt_pagetab_free(struct xengt_pagetab *map);

#endif
