/* SPDX-License-Identifier: MIT */
/*
 * Mappings of the guest's pages that the software GPU reaches.
 *
 * The GPU's threads look pages up at any time; the vGPU's thread adds and removes them. The view's
 * lock guards both, and the bus addresses of struct xengt_hostmem. The vGPU's thread neither maps
 * nor unmaps under the lock, since engines would wait for it.
 *
 * Guest memory is mapped a bucket at a time, as large as an area of struct xengt_mem. A bucket
 * stays mapped while a page of it is in use. The GPU may still use an address that it has looked
 * up, so a mapping is removed only after a flush of the GPU: the core flushes before it gives a
 * page back, and before intel_vgpu_invalidate() returns.
 */
#ifndef XENGT_XEN_VIEW_H
#define XENGT_XEN_VIEW_H

#include <pthread.h>
#include <xenforeignmemory.h>

#include "core/base/types.h"
#include "xengt/xen/pagetab.h"

#define XENGT_VIEW_BUCKETS 2048u /* of one guest: twice as many as its memory takes */
#define XENGT_VIEW_IDLE	   32u	 /* buckets that may stay mapped though not in use */
#define XENGT_VIEW_LATE	   512u	 /* pages mapped alone; with more, all is mapped anew */

/* Areas of this process that a guest's view takes at most, also while it is mapped anew. */
#define XENGT_VIEW_AREAS (XENGT_VIEW_BUCKETS + XENGT_VIEW_LATE)

/* A mapping of a bucket's frames. Frames that came later are mapped alone. */
struct xengt_view_mapping {
	struct xengt_view_mapping *next; /* in the list of mappings to unmap */
	u8 *va;
	u8 **alone;    /* by page: its own mapping; or NULL */
	u64 present[]; /* a bit for each page */
};

struct xengt_view_bucket {
	u64 number;			/* its first frame, in buckets */
	u32 users;			/* pages of it that are in use */
	u32 next;			/* if it is free: the next free one's place + 1 */
	u32 *refs;			/* references to each page */
	u32 *large;			/* bus.c's counts of pages of 64 KiB, then of 2 MiB */
	struct xengt_view_mapping *now; /* or NULL */
	struct xengt_view_mapping *old; /* out of date, but the GPU may still use it; or NULL */
};

struct xengt_view {
	pthread_mutex_t lock;
	u32 pages; /* of a bucket; set before a bucket is used */
	domid_t domid;
	xenforeignmemory_handle *own;	 /* for the vGPU's thread; the caller's */
	xenforeignmemory_handle *fmem;	 /* for the GPU's threads, under the lock */
	struct xengt_view_mapping *dead; /* list of mappings to unmap without the lock */
	struct xengt_pagetab by_gfn;	 /* from a bucket's number to its place + 1 */
	struct xengt_view_bucket *buckets;
	struct xengt_view_bucket *last; /* the last one found, or NULL */
	u32 nr, free; /* places that were ever used; the first that is free again, + 1 */
	u32 idle;     /* buckets mapped, and not in use */
	u32 late;     /* pages in use that came after their bucket was mapped */
	u32 areas;    /* memory areas of this process that it takes */
	u64 bytes;    /* of our memory that it takes */
	u64 used;     /* pages that are in use */
	u64 maps, drops;
	u64 refused; /* pages asked for that are no memory */
	u64 strays;  /* pages given back that were not in use */
	u64 failed;  /* mappings that failed for lack of areas */
	bool told;   /* a failure was logged */
};

/** xengt_view_init() - make an empty view. */
void xengt_view_init(struct xengt_view *view);

/** xengt_view_open() - it is of the memory of @domid, mapped @pages at a time. @fmem stays the
 * caller's. */
void xengt_view_open(struct xengt_view *view, xenforeignmemory_handle *fmem, domid_t domid,
		     u32 pages);

/** xengt_view_close() - unmap all. No thread of the GPU may look pages up any more. */
void xengt_view_close(struct xengt_view *view);

/** xengt_view_exit() - release what xengt_view_init() made. */
void xengt_view_exit(struct xengt_view *view);

void xengt_view_lock(struct xengt_view *view);
void xengt_view_unlock(struct xengt_view *view);

/** xengt_view_bury() - unmap mappings that were let go. In the vGPU's thread, without the lock. */
void xengt_view_bury(struct xengt_view *view);

/**
 * xengt_view_bucket() - the bucket of page @gfn; NULL: there is none. The lock is held.
 */
struct xengt_view_bucket *xengt_view_bucket(struct xengt_view *view, u64 gfn);

/**
 * xengt_view_use() - take a reference to the page at @gfn. The lock is held.
 * @map: map its bucket now, and not when the page is first looked up. The lock is released
 *       meanwhile.
 * Returns 1 if guest memory is known to be there, 0 if that is not known, -ENOSPC (too many buckets
 * are in use) or -ENOMEM.
 */
int xengt_view_use(struct xengt_view *view, u64 gfn, bool map);

/** xengt_view_unuse() - give back a reference to a page that the GPU does not use any more. The
 * lock is held. */
void xengt_view_unuse(struct xengt_view *view, u64 gfn);

/**
 * xengt_view_unuse_done() - called after a series of xengt_view_unuse(): if more than
 * XENGT_VIEW_IDLE buckets are idle, unmap them. The lock is held.
 */
void xengt_view_unuse_done(struct xengt_view *view);

/** xengt_view_retire() - the guest's frames changed hands: look-ups find no current mapping any
 * more. */
void xengt_view_retire(struct xengt_view *view);

/** xengt_view_reap() - the GPU was flushed since xengt_view_retire(): unmap what that retired. */
void xengt_view_reap(struct xengt_view *view);

/** xengt_view_map() - map the bucket, if it is not mapped and can be. The lock is held, and
 * released meanwhile. */
void xengt_view_map(struct xengt_view *view, struct xengt_view_bucket *bucket);

/** xengt_view_find() - the page in use at @gfn; NULL: it is not in use, or not there. The lock is
 * held. */
void *xengt_view_find(struct xengt_view *view, u64 gfn);

#endif
