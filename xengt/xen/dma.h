/* SPDX-License-Identifier: MIT */
/*
 * Machine addresses of guest pages, which xengtd pins by grants (xengt/ask), and of our own pages.
 * Silicon has these as bus addresses. The software GPU has others (bus.h); for it, only pages that
 * the aperture shows are pinned.
 *
 * Everything here belongs to one vGPU, and is called in its thread, except where noted.
 */
#ifndef XENGT_XEN_DMA_H
#define XENGT_XEN_DMA_H

#include <xenforeignmemory.h>
#include <xengnttab.h>

#include "core/base/types.h"
#include "xengt/ask/kept.h"
#include "xengt/xen/pagetab.h"

struct xengt_vgpu;

/* The first pins are scratch: they check whether other pins' frames are still the guest's. */
#define XENGT_PINS_SCRATCH 256u

/* ---- pages mapped for DMA: dma.c ---- */

struct xengt_dma_page;

struct xengt_dma {
	u32 nr;			   /* pins that were ever used */
	struct xengt_pagetab gfns; /* to a pin's number + 1, as all links here */
	struct xengt_dma_page *pages;
	u32 *by_bus;
	u32 *places;		/* by place in the aperture: the next that shows the same page */
	u32 free;		/* the first free pin */
	u32 idle_old, idle_new; /* list of pages mapped without references, by age */
	u32 idle, idle_gone, used;
	bool complained;
	u64 maps, hits, unmaps; /* grants mapped; pages found mapped; grants unmapped */
	u64 refused;		/* frames that could not be mapped */
	u64 gone;		/* pages that their guest gave up while mapped */
	u64 strays;		/* addresses unmapped that were not mapped */
	u64 over;		/* refusals for lack of quota */
};

/**
 * xengt_dma_map() - take a reference to each of @gfns; @addrs receives their bus addresses, or
 * GVT_DMA_INVALID where no memory is. Returns 0, or with nothing mapped: -ENOSPC (grants, handles
 * or quota), -ENOMEM, -EOPNOTSUPP or another negative errno.
 */
int xengt_dma_map(struct xengt_vgpu *v, const u64 *gfns, size_t nr, u64 *addrs);

/* Pages of 4 KiB in a large one, by its order: 64 KiB, 2 MiB. */
#define XENGT_LARGE_ORDERS 2u
extern const u32 xengt_large_pages[XENGT_LARGE_ORDERS];

/** xengt_dma_map_large() - take a reference to the large page of @order at @gfn, a multiple of its
 * size. Returns as xengt_dma_map(); or -EFAULT: not all of it is memory; -ENXIO: its machine frames
 * are not aligned and consecutive. */
int xengt_dma_map_large(struct xengt_vgpu *v, u64 gfn, u32 order, u64 *addr);

/** xengt_dma_unmap() - give back one reference of each; GVT_DMA_INVALID is ignored. */
void xengt_dma_unmap(struct xengt_vgpu *v, const u64 *addrs, size_t nr);

/**
 * xengt_dma_mfn() - the machine frame behind a mapped @gfn, or INTEL_GVT_INVALID_ADDR. If the guest
 * gave the page up, this is still the mapped frame, until @gfn is mapped again.
 */
u64 xengt_dma_mfn(const struct xengt_vgpu *v, u64 gfn);

/**
 * xengt_dma_show() - note that the aperture shows @mfn at @place, a page's number in it. @pin
 * receives the frame's pin. Returns 0; -ENXIO: the frame is not mapped, or the guest gave it up,
 * and it must not be shown; or -ENOMEM.
 */
int xengt_dma_show(struct xengt_vgpu *v, u64 mfn, u32 place, u32 *pin);

/** xengt_dma_hide() - note that @place does not show @mfn any more. False: it was not noted. */
bool xengt_dma_hide(struct xengt_vgpu *v, u64 mfn, u32 place);

/**
 * xengt_dma_revalidate() - the guest's frames changed hands: unmap all idle pages, and find pages
 * in use that the guest gave up. Such a page stays mapped until its last reference goes; mapping
 * its gfn again gives the page that the guest has there now. Returns how many it found.
 */
u32 xengt_dma_revalidate(struct xengt_vgpu *v);

/**
 * xengt_dma_valid() - @valid receives whether the mapped page at @gfn was still the guest's at the
 * last revalidation. False: no page in use is mapped there, and @valid is not set.
 */
bool xengt_dma_valid(const struct xengt_vgpu *v, u64 gfn, bool *valid);

/** xengt_dma_trim() - unmap all idle pages. */
void xengt_dma_trim(struct xengt_vgpu *v);

/** xengt_dma_close() - unmap everything, in use or not. */
void xengt_dma_close(struct xengt_vgpu *v);

/* ---- the vGPU's quota of memory: quota.c ---- */

/** xengt_quota_used() - pages of all kinds that count against it now. From any thread, for show. */
u64 xengt_quota_used(const struct xengt_vgpu *v);

/** xengt_quota_allows() - whether the vGPU may have @nr pages more. */
bool xengt_quota_allows(const struct xengt_vgpu *v, u64 nr);

/** xengt_quota_heap() - of these, bytes of ours that no GPU reads. From any thread, for show. */
u64 xengt_quota_heap(const struct xengt_vgpu *v);

/**
 * xengt_quota_areas() - how many memory areas of this process (vm.max_map_count) the mappings of
 * guest memory take. From any thread, for show.
 */
u32 xengt_quota_areas(const struct xengt_vgpu *v);

/**
 * xengt_quota_charge() - count @bytes of our memory against the quota; negative: give them back.
 * From any thread. Returns 0, or -ENOSPC: the quota does not allow them.
 */
int xengt_quota_charge(struct xengt_vgpu *v, s64 bytes);

/** xengt_quota_refused() - count a refusal for lack of quota, and log the first one. */
void xengt_quota_refused(struct xengt_vgpu *v);

/* ---- our own pages that the GPU reads: hostmem.c ---- */

#define XENGT_HOST_CHUNKS 1024u

struct xengt_host_chunk;

struct xengt_hostmem {
	xengntshr_handle *gntshr;
	struct xengt_host_chunk *chunk[XENGT_HOST_CHUNKS];
	u32 chunks;
	u32 next;		      /* where to look for a free bus frame, for the software GPU */
	struct xengt_pagetab by_page; /* from a page's address to its chunk's place + 1 */
	struct xengt_pagetab
		by_bus; /* from a bus frame to the page's address; under the view's lock */
	u64 pages;
	bool complained;
};

/** xengt_hostmem_alloc() - allocate @nr zeroed pages, consecutive here. NULL: there are none. */
void *xengt_hostmem_alloc(struct xengt_vgpu *v, size_t nr);

/** xengt_hostmem_free() - give them back. */
void xengt_hostmem_free(struct xengt_vgpu *v, void *va, size_t nr);

/** xengt_hostmem_mfn() - the bus frame of the page at @p, or INTEL_GVT_INVALID_ADDR. */
u64 xengt_hostmem_mfn(const struct xengt_vgpu *v, const void *p);

/** xengt_hostmem_find() - the page at bus address @bus, or NULL. From any thread; the view's lock
 * is held. */
void *xengt_hostmem_find(const struct xengt_vgpu *v, u64 bus);

/** xengt_hostmem_close() - free all pages. */
void xengt_hostmem_close(struct xengt_vgpu *v);

/* ---- guest pages shown in the aperture: aperture.c ---- */

/**
 * xengt_aperture_map() - show @nr bus frames from @frame on at @gfn inside BAR2, in place of pages
 * shown there. Returns 0, or with nothing shown there: -EINVAL (outside BAR2), -ENXIO (a frame that
 * is not mapped for DMA), -EEXIST (the guest has memory there), -ENOSPC (no more can be pinned), or
 * another negative errno.
 */
int xengt_aperture_map(struct xengt_vgpu *v, u64 gfn, u64 frame, u32 nr);

/** xengt_aperture_unmap() - show nothing at @nr frames from @gfn on. Returns 0, or an errno: some
 * pages are still shown. */
int xengt_aperture_unmap(struct xengt_vgpu *v, u64 gfn, u32 nr);

/** xengt_aperture_place() - BAR2 moves to guest physical @gpa: hide all pages that were shown
 * elsewhere. Returns 0, or an errno: some are still shown. */
int xengt_aperture_place(struct xengt_vgpu *v, u64 gpa);

/** xengt_aperture_drop() - hide the pages at @nr places of the aperture from @first on. Returns 0,
 * or an errno: some are still shown. */
int xengt_aperture_drop(struct xengt_vgpu *v, u32 first, u32 nr);

#endif
