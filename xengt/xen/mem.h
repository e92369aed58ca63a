/* SPDX-License-Identifier: MIT */
/* Guest memory, as the process reads and writes it. */
#ifndef XENGT_XEN_MEM_H
#define XENGT_XEN_MEM_H

#include <xenforeignmemory.h>

#include "core/base/types.h"

/*
 * Guest memory is mapped an area at a time. Each counts as one towards vm.max_map_count. All of a
 * guest's memory takes at most XENGT_AREAS areas: for a guest with more than 1 GiB, an area is
 * larger than 1 MiB.
 */
#define XENGT_AREAS	 1024u
#define XENGT_AREA_PAGES 256u	/* pages of an area, at least */
#define XENGT_AREA_MOST	 16384u /* and at most */

/** xengt_area_pages() - pages of an area, a power of two, for a guest with @kib of memory. */
u32 xengt_area_pages(u64 kib);

/**
 * xengt_area_map() - map @pages frames of @domid from @first_gfn on, for reading and writing.
 * @present: a bit for each page, all 0; receives 1 for frames that are there.
 * Returns the mapping, which the caller unmaps; NULL: they cannot be mapped.
 */
void *xengt_area_map(xenforeignmemory_handle *fmem, domid_t domid, u64 first_gfn, u32 pages,
		     u64 *present);

struct xengt_area {
	u64 number; /* its first frame, in areas */
	u64 used;   /* last access: the value of .clock */
	u8 *va;
	u64 *present; /* a bit for each page */
	u16 next;     /* in its chain, or of free places: the place + 1 */
};

/*
 * A bounded cache of mappings of guest memory. An area stays mapped until frames change hands, or
 * another area takes its place.
 */
struct xengt_mem {
	xenforeignmemory_handle *fmem;
	domid_t domid;
	u32 pages;     /* of an area */
	u32 areas_max; /* XENGT_AREAS */
	u32 nr, free;  /* places that were ever used; the first that is free again, + 1 */
	u64 clock;     /* accesses so far */
	struct xengt_area *areas; /* NULL until one is mapped; so is .chains */
	u16 *chains;
	struct xengt_area *last; /* the last one found, or NULL */
	u64 maps, drops;
};

/** xengt_mem_init() - an empty cache for @domid, with @kib of memory; @fmem stays the caller's. */
void xengt_mem_init(struct xengt_mem *mem, xenforeignmemory_handle *fmem, domid_t domid, u64 kib);

/** xengt_mem_copy() - copy between @buf and guest memory at @gpa. Returns 0 or -EFAULT. */
int xengt_mem_copy(struct xengt_mem *mem, u64 gpa, void *buf, size_t len, bool write);

/** xengt_mem_valid() - whether guest memory is at @gfn at this moment. */
bool xengt_mem_valid(struct xengt_mem *mem, u64 gfn);

/** xengt_mem_valid_many() - the same for @nr frames, into @valid, in a call for each 256.
 */
void xengt_mem_valid_many(struct xengt_mem *mem, const u64 *gfns, size_t nr, bool *valid);

/** xengt_mem_holes() - whether certainly none of @nr frames from @gfn on is memory. */
bool xengt_mem_holes(struct xengt_mem *mem, u64 gfn, size_t nr);

/** xengt_mem_drop() - forget all mappings: frames changed hands. */
void xengt_mem_drop(struct xengt_mem *mem);

/** xengt_mem_close() - forget all mappings, and free the cache's memory. */
void xengt_mem_close(struct xengt_mem *mem);

/** xengt_mem_areas() - how many areas are mapped now. */
u32 xengt_mem_areas(const struct xengt_mem *mem);

/** xengt_mem_bytes() - bytes of our memory that the cache takes. */
u64 xengt_mem_bytes(const struct xengt_mem *mem);

#endif
