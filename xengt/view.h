/* SPDX-License-Identifier: MIT */
/*
 * The pages that are mapped for DMA, as this processor sees them: for a GPU that is software.
 *
 * Its threads look bus addresses up at any time, the vGPU's own thread maps and unmaps. One lock,
 * the view's, keeps both apart; it guards too what such a look-up reads elsewhere: the chains of
 * struct xengt_dma and the use of their pages, and the addresses of struct xengt_hostmem. The
 * vGPU's thread takes it once for many pages, never while it waits for the hypervisor to map them.
 *
 * Guest memory is mapped 1 MiB at a time, when a page of it is first looked up, and stays while a
 * page of it is in use. What the GPU may have been told is unmapped after its flush alone: the core
 * gives a page back, and ends intel_vgpu_invalidate(), behind one.
 */
#ifndef XENGT_VIEW_H
#define XENGT_VIEW_H

#include <pthread.h>
#include <xenforeignmemory.h>

#include "core/types.h"
#include "xengt/pagetab.h"

struct xengt_vgpu;

#define XENGT_VIEW_PAGES   256u	  /* of a bucket */
#define XENGT_VIEW_BUCKETS 65536u /* of one guest: 64 GiB */
#define XENGT_VIEW_IDLE	   32u	  /* stay mapped though nothing of them is in use */

/* A mapping of a bucket's frames; those that came later are mapped each by itself. */
struct xengt_view_mapping {
	u8 *va; /* NULL: none */
	u64 present[XENGT_VIEW_PAGES / 64];
	u8 **alone; /* by page, or NULL */
};

struct xengt_view_bucket {
	u64 number; /* its first frame's, in buckets */
	u32 users;  /* pages of it that are in use */
	u32 next;   /* free ones: to the next, as its place + 1 */
	struct xengt_view_mapping now;
	struct xengt_view_mapping old; /* out of date, and the GPU may still use it */
};

struct xengt_view {
	pthread_mutex_t lock;
	xenforeignmemory_handle *fmem;
	struct xengt_pagetab by_gfn; /* from a bucket's number to its place + 1 */
	struct xengt_view_bucket *buckets;
	u32 nr, free; /* places that were ever used; the first that is free again, + 1 */
	u32 idle;     /* mapped, and not in use */
	u64 maps, drops;
};

/** xengt_view_init() - an empty view; no other call comes before. */
void xengt_view_init(struct xengt_view *view);

/** xengt_view_close() - unmap all; no thread of the GPU may look anything up by then. */
void xengt_view_close(struct xengt_vgpu *v);

/** xengt_view_exit() - release what xengt_view_init() made. */
void xengt_view_exit(struct xengt_view *view);

void xengt_view_lock(struct xengt_vgpu *v);
void xengt_view_unlock(struct xengt_vgpu *v);

/**
 * xengt_view_use() - a page at @gfn is in use from now on. The lock is held.
 * Returns 0, -ENOSPC (too many places of the guest's memory are) or -ENOMEM.
 */
int xengt_view_use(struct xengt_vgpu *v, u64 gfn);

/** xengt_view_unuse() - the reverse, and the GPU has let go of it. The lock is held. */
void xengt_view_unuse(struct xengt_vgpu *v, u64 gfn);

/** xengt_view_retire() - the guest's frames changed hands: nothing mapped until now is found any
 * more. */
void xengt_view_retire(struct xengt_vgpu *v);

/** xengt_view_reap() - and the GPU was flushed since: unmap it. */
void xengt_view_reap(struct xengt_vgpu *v);

/**
 * xengt_view_find() - the page at bus address @bus: one of ours, or one of the guest's that is in
 * use. From any thread. NULL: there is none, or it cannot be mapped.
 */
void *xengt_view_find(struct xengt_vgpu *v, u64 bus);

#endif
