/* SPDX-License-Identifier: MIT */
/*
 * The guest's pages that a GPU of software reaches, as this processor sees them.
 *
 * Its threads look pages up at any time, the vGPU's own thread says which there are. One lock, the
 * view's, keeps both apart; it guards too the addresses of struct xengt_hostmem. An engine that
 * waits for it keeps other guests waiting: the vGPU's thread neither maps nor unmaps with it.
 *
 * Guest memory is mapped an area (a bucket) at a time, as large as those of struct xengt_mem, and
 * stays while a page of it is in use. What the GPU may have been told is unmapped after its flush
 * alone: the core gives a page back, and ends intel_vgpu_invalidate(), behind one.
 */
#ifndef XENGT_XEN_VIEW_H
#define XENGT_XEN_VIEW_H

#include <pthread.h>
#include <xenforeignmemory.h>

#include "core/base/types.h"
#include "xengt/xen/pagetab.h"

struct xengt_vgpu;

#define XENGT_VIEW_BUCKETS 2048u /* of one guest: twice what all of its memory takes */
#define XENGT_VIEW_IDLE	   32u	 /* stay mapped though nothing of them is in use */
#define XENGT_VIEW_LATE	   512u	 /* pages mapped by themselves: then all are mapped anew */

/* Areas of this process that a guest's view takes at most, while it is mapped anew too. */
#define XENGT_VIEW_AREAS (XENGT_VIEW_BUCKETS + XENGT_VIEW_LATE)

/* A mapping of a bucket's frames; those that came later are mapped each by itself. */
struct xengt_view_mapping {
	struct xengt_view_mapping *next; /* of those that are to be unmapped */
	u8 *va;
	u8 **alone;    /* by page, or NULL */
	u64 present[]; /* a bit for each page */
};

struct xengt_view_bucket {
	u64 number;			/* its first frame's, in buckets */
	u32 users;			/* pages of it that are in use */
	u32 next;			/* free ones: to the next, as its place + 1 */
	u32 *refs;			/* of each page; and behind them, bus.c's: */
	u32 *large;			/* pages of 64 KiB, then those of 2 MiB, that are in it */
	struct xengt_view_mapping *now; /* or NULL */
	struct xengt_view_mapping *old; /* out of date, and the GPU may still use it; or NULL */
};

struct xengt_view {
	pthread_mutex_t lock;
	u32 pages;			 /* of a bucket; set before any is used */
	xenforeignmemory_handle *fmem;	 /* of the GPU's threads, under the lock */
	struct xengt_view_mapping *dead; /* to be unmapped without the lock */
	struct xengt_pagetab by_gfn;	 /* from a bucket's number to its place + 1 */
	struct xengt_view_bucket *buckets;
	struct xengt_view_bucket *last; /* that was found, or NULL */
	u32 nr, free; /* places that were ever used; the first that is free again, + 1 */
	u32 idle;     /* mapped, and not in use */
	u32 late;     /* pages asked for that came after their bucket was mapped */
	u32 areas;    /* of this process, taken now */
	u64 bytes;    /* of our memory, for all this */
	u64 used;     /* pages that are in use */
	u64 maps, drops;
	u64 refused; /* pages asked for that are no memory */
	u64 strays;  /* given back, and not had */
	u64 failed;  /* mappings that this process, or the guest, had no room for */
	bool told;   /* of that, the log */
};

/** xengt_view_init() - an empty view; no other call comes before. */
void xengt_view_init(struct xengt_view *view);

/** xengt_view_close() - unmap all; no thread of the GPU may look anything up by then. */
void xengt_view_close(struct xengt_vgpu *v);

/** xengt_view_exit() - release what xengt_view_init() made. */
void xengt_view_exit(struct xengt_view *view);

void xengt_view_lock(struct xengt_vgpu *v);
void xengt_view_unlock(struct xengt_vgpu *v);

/** xengt_view_bury() - unmap what others let go. In the vGPU's thread, without the lock. */
void xengt_view_bury(struct xengt_vgpu *v);

/**
 * xengt_view_bucket() - the bucket that page @gfn is in; NULL: no page of it was ever used. The
 * lock is held.
 */
struct xengt_view_bucket *xengt_view_bucket(struct xengt_view *view, u64 gfn);

/**
 * xengt_view_use() - one more reference to the page at @gfn. The lock is held.
 * @map: its bucket is mapped at once, and not when the page is first found. The lock is let go for
 *       it.
 * Returns 1 when memory of the guest's is known to be there, 0 when that is not known, -ENOSPC (too
 * many places of the guest's memory are in use) or -ENOMEM.
 */
int xengt_view_use(struct xengt_vgpu *v, u64 gfn, bool map);

/** xengt_view_unuse() - one less, and the GPU has let go of it. The lock is held. */
void xengt_view_unuse(struct xengt_vgpu *v, u64 gfn);

/**
 * xengt_view_unuse_done() - after the last of many: unmaps what is not in use and too much to keep.
 * The lock is held.
 */
void xengt_view_unuse_done(struct xengt_vgpu *v);

/** xengt_view_retire() - the guest's frames changed hands: nothing mapped until now is found any
 * more. */
void xengt_view_retire(struct xengt_vgpu *v);

/** xengt_view_reap() - and the GPU was flushed since: unmap it. */
void xengt_view_reap(struct xengt_vgpu *v);

/** xengt_view_map() - have the bucket mapped, if it can be. The lock is held, and let go for it. */
void xengt_view_map(struct xengt_vgpu *v, struct xengt_view_bucket *bucket);

/** xengt_view_find() - the page at @gfn, which is in use; NULL: it is not, or not there. The lock
 * is held. */
void *xengt_view_find(struct xengt_vgpu *v, u64 gfn);

#endif
