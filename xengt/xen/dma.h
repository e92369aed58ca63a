/* SPDX-License-Identifier: MIT */
/*
 * Machine addresses: of guest pages, which xengtd pins by mapping a grant of each (xengt/ask), and of
 * pages of ours. Silicon's bus addresses are these; a GPU of software has others (bus.h), and only what
 * is shown in the aperture is pinned then.
 *
 * All of this is of one vGPU, and called in its thread, but for xengt_hostmem_find().
 */
#ifndef XENGT_XEN_DMA_H
#define XENGT_XEN_DMA_H

#include <xenforeignmemory.h>
#include <xengnttab.h>

#include "core/base/types.h"
#include "xengt/ask/kept.h"
#include "xengt/xen/pagetab.h"

struct xengt_vgpu;

/* Pins in the first frame that serve to look whether others still hold what they held. */
#define XENGT_PINS_SCRATCH 256u

/* ---- pages mapped for DMA: dma.c ---- */

struct xengt_dma_page;

struct xengt_dma {
	u32 nr; /* pins that were ever used */
	struct xengt_pagetab gfns; /* to a pin's number + 1, as all links here */
	struct xengt_dma_page *pages;
	u32 *by_bus;
	u32 *places;		/* of the aperture: the next that shows the same page */
	u32 free;		/* pins that are */
	u32 idle_old, idle_new; /* pages that are mapped and not asked for, by age */
	u32 idle, idle_gone, used;
	bool complained;
	u64 maps, hits, unmaps; /* grants mapped; pages found mapped; grants unmapped */
	u64 refused;		/* frames that could not be mapped */
	u64 gone;		/* pages that their guest gave up while mapped */
	u64 strays;		/* addresses unmapped that were not mapped */
	u64 over;		/* times that the vGPU's quota did not allow for more */
};

/**
 * xengt_dma_map() - a bus address for each of @gfns, each one reference; GVT_DMA_INVALID where no
 * memory is. Returns 0, -ENOSPC (grants, handles or quota), -ENOMEM, -EOPNOTSUPP or another
 * negative errno, with nothing mapped.
 */
int xengt_dma_map(struct xengt_vgpu *v, const u64 *gfns, size_t nr, u64 *addrs);

/* Pages of 4 KiB in a large one, by its order: 64 KiB, 2 MiB. */
#define XENGT_LARGE_ORDERS 2u
extern const u32 xengt_large_pages[XENGT_LARGE_ORDERS];

/** xengt_dma_map_large() - one page of @order that begins at @gfn, a multiple of its size. */
int xengt_dma_map_large(struct xengt_vgpu *v, u64 gfn, u32 order, u64 *addr);

/** xengt_dma_unmap() - give back one reference of each; GVT_DMA_INVALID is passed over. */
void xengt_dma_unmap(struct xengt_vgpu *v, const u64 *addrs, size_t nr);

/**
 * xengt_dma_mfn() - the machine frame behind a mapped @gfn, or INTEL_GVT_INVALID_ADDR. Of a page
 * that the guest gave up it is still that of the mapping, until another is mapped by its number.
 */
u64 xengt_dma_mfn(const struct xengt_vgpu *v, u64 gfn);

/**
 * xengt_dma_show() - note that the aperture shows @mfn at @place, a page's number in it, by @pin.
 * Returns 0; -ENXIO when the frame is not that of a mapped page, or its guest gave it up: it must
 * not be shown; or -ENOMEM.
 */
int xengt_dma_show(struct xengt_vgpu *v, u64 mfn, u32 place, u32 *pin);

/** xengt_dma_hide() - it no longer does. False: it did not, as far as is noted. */
bool xengt_dma_hide(struct xengt_vgpu *v, u64 mfn, u32 place);

/**
 * xengt_dma_revalidate() - the guest's frames changed hands: let go of all that is not in use, and
 * find the pages in use that the guest gave up. Such a page is kept until its last reference goes;
 * mapping its gfn gives what the guest has there now. Returns how many it found.
 */
u32 xengt_dma_revalidate(struct xengt_vgpu *v);

/**
 * xengt_dma_valid() - whether a mapped page is the guest's still, as of the last revalidation, in
 * @valid. False: no such page is mapped, and nothing is known.
 */
bool xengt_dma_valid(const struct xengt_vgpu *v, u64 gfn, bool *valid);

/** xengt_dma_trim() - let go of what is mapped and not in use. */
void xengt_dma_trim(struct xengt_vgpu *v);

/** xengt_dma_close() - unmap everything, in use or not. */
void xengt_dma_close(struct xengt_vgpu *v);

/* ---- how much one vGPU may have of both: quota.c ---- */

/** xengt_quota_used() - pages of any kind that it has now. From any thread, for show. */
u64 xengt_quota_used(const struct xengt_vgpu *v);

/** xengt_quota_allows() - whether it may have @nr more. */
bool xengt_quota_allows(const struct xengt_vgpu *v, u64 nr);

/** xengt_quota_heap() - of those, bytes of ours that no GPU reads. From any thread, for show. */
u64 xengt_quota_heap(const struct xengt_vgpu *v);

/**
 * xengt_quota_areas() - how many of this process' areas of memory (vm.max_map_count) mappings of
 * its guest's memory take. From any thread, for show.
 */
u32 xengt_quota_areas(const struct xengt_vgpu *v);

/**
 * xengt_quota_charge() - @bytes of ours are taken for it or, negative, given back. From any thread.
 * Returns 0, or -ENOSPC: it may not have them.
 */
int xengt_quota_charge(struct xengt_vgpu *v, s64 bytes);

/** xengt_quota_refused() - count that it may not; the first time is logged. */
void xengt_quota_refused(struct xengt_vgpu *v);

/* ---- pages of ours that the GPU reads: hostmem.c ---- */

#define XENGT_HOST_CHUNKS 1024u

struct xengt_host_chunk;

struct xengt_hostmem {
	xengntshr_handle *gntshr;
	struct xengt_host_chunk *chunk[XENGT_HOST_CHUNKS];
	u32 chunks;
	u32 next;		      /* bus frame to give, where frames are not of this machine */
	struct xengt_pagetab by_page; /* to the chunk's place in .chunk + 1 */
	struct xengt_pagetab
		by_bus; /* from its frame to a page's number; the view's lock guards it */
	u64 pages;
	bool complained;
};

/** xengt_hostmem_alloc() - @nr zeroed pages; NULL, after a log line that says why: none. */
void *xengt_hostmem_alloc(struct xengt_vgpu *v, size_t nr);

/** xengt_hostmem_free() - give them back. */
void xengt_hostmem_free(struct xengt_vgpu *v, void *va, size_t nr);

/** xengt_hostmem_mfn() - the frame of one of them, or INTEL_GVT_INVALID_ADDR. */
u64 xengt_hostmem_mfn(const struct xengt_vgpu *v, const void *p);

/** xengt_hostmem_find() - the one at bus address @bus, or NULL. The view's lock is held. */
void *xengt_hostmem_find(const struct xengt_vgpu *v, u64 bus);

/** xengt_hostmem_close() - give back all. */
void xengt_hostmem_close(struct xengt_vgpu *v);

/* ---- guest pages shown in the aperture: alias.c ---- */

/**
 * xengt_aperture_map() - show @nr bus frames from @frame at @gfn, inside BAR2, in place of what was
 * there. Returns 0, -EINVAL (outside BAR2), -ENXIO (a frame that is not mapped for DMA), -EEXIST
 * (the guest has memory there), -ENOSPC (no more can be pinned), or another negative errno, nothing
 * then being shown.
 */
int xengt_aperture_map(struct xengt_vgpu *v, u64 gfn, u64 frame, u32 nr);

/** xengt_aperture_unmap() - show nothing there. Returns 0, or an errno: something is still shown. */
int xengt_aperture_unmap(struct xengt_vgpu *v, u64 gfn, u32 nr);

/** xengt_aperture_place() - BAR2 goes to guest physical @gpa: what was shown elsewhere is not any
 * more. Returns 0, or an errno: something is still shown where it was. */
int xengt_aperture_place(struct xengt_vgpu *v, u64 gpa);

/** xengt_aperture_drop() - take away what is shown at @nr places of the aperture from @first on.
 * Returns 0, or an errno: something is still shown. */
int xengt_aperture_drop(struct xengt_vgpu *v, u32 first, u32 nr);

#endif
