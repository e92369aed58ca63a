/* SPDX-License-Identifier: MIT */
/* Guest memory, as the daemon reads and writes it. */
#ifndef XENGT_XEN_MEM_H
#define XENGT_XEN_MEM_H

#include <xenforeignmemory.h>

#include "core/base/types.h"

/*
 * Guest memory is mapped an area at a time, each of which is one of vm.max_map_count. All of a
 * guest's memory takes XENGT_AREAS of them at most: of a guest with more than 1 GiB they are larger
 * than 1 MiB.
 */
#define XENGT_AREAS	 1024u
#define XENGT_AREA_PAGES 256u /* of one, at least; and at most: */
#define XENGT_AREA_MOST	 16384u

/** xengt_area_pages() - of one area, a power of two, for a guest with @kib of memory. */
u32 xengt_area_pages(u64 kib);

/**
 * xengt_area_map() - map @pages frames of @domid from @first_gfn on, to be read and written.
 * @present: a bit for each page, zeroes; receives ones for the frames that are there.
 * Returns where they are, unmapped by the caller; NULL: they cannot be mapped.
 */
void *xengt_area_map(xenforeignmemory_handle *fmem, domid_t domid, u64 first_gfn, u32 pages,
		     u64 *present);

struct xengt_area {
	u64 number; /* its first frame's, in areas */
	u64 used;   /* when last, in accesses */
	u8 *va;
	u64 *present; /* a bit for each page */
	u16 next;     /* in its chain, or of those that are free: its place + 1 */
};

/*
 * A bounded cache of mappings of guest memory. What is mapped stays, until frames change hands or
 * other areas take its place.
 */
struct xengt_mem {
	xenforeignmemory_handle *fmem;
	domid_t domid;
	u32 pages;     /* of an area */
	u32 areas_max; /* XENGT_AREAS */
	u32 nr, free;  /* places that were ever used; the first that is free again, + 1 */
	u64 clock;
	struct xengt_area *areas; /* NULL: none was ever mapped; so the next two */
	u16 *chains;
	struct xengt_area *last; /* that was found, or NULL */
	u64 maps, drops;
};

/** xengt_mem_init() - an empty cache for @domid, with @kib of memory; @fmem stays the caller's. */
void xengt_mem_init(struct xengt_mem *mem, xenforeignmemory_handle *fmem, domid_t domid, u64 kib);

/** xengt_mem_copy() - between @buf and guest memory at @gpa. Returns 0 or -EFAULT. */
int xengt_mem_copy(struct xengt_mem *mem, u64 gpa, void *buf, size_t len, bool write);

/** xengt_mem_valid() - whether guest memory stands behind @gfn at this moment. */
bool xengt_mem_valid(struct xengt_mem *mem, u64 gfn);

/** xengt_mem_valid_many() - the same for @nr frames, into @valid, in a call for each 256.
 */
void xengt_mem_valid_many(struct xengt_mem *mem, const u64 *gfns, size_t nr, bool *valid);

/** xengt_mem_holes() - whether no memory at all is in @nr frames from @gfn, for certain. */
bool xengt_mem_holes(struct xengt_mem *mem, u64 gfn, size_t nr);

/** xengt_mem_drop() - forget all mappings: frames changed hands. */
void xengt_mem_drop(struct xengt_mem *mem);

/** xengt_mem_close() - and give all memory back: the domain goes. */
void xengt_mem_close(struct xengt_mem *mem);

/** xengt_mem_areas() - mapped now. */
u32 xengt_mem_areas(const struct xengt_mem *mem);

/** xengt_mem_bytes() - of ours that the cache takes. */
u64 xengt_mem_bytes(const struct xengt_mem *mem);

#endif
