/* SPDX-License-Identifier: MIT */
/*
 * Machine addresses: of guest pages, which are pinned by mapping a grant of each, and of pages of
 * ours. Silicon's bus addresses are these; a GPU of software has others (bus.h), and only what is
 * shown in the aperture is pinned then.
 *
 * The grants are the guest's, but written by us, in a part of its grant table that it does not use
 * itself: the last frames, taken downwards as need grows. A guest that writes there can have no
 * more than another page of its own pinned in place of the one that was meant, or none.
 *
 * A mapped grant is dom0's and outlives the process, so each is noted in the state file: the
 * arguments of the call that maps them are there, where Xen leaves the handles.
 *
 * All of this is of one vGPU, and called in its thread, but for xengt_hostmem_find().
 */
#ifndef XENGT_XEN_DMA_H
#define XENGT_XEN_DMA_H

#include <xenforeignmemory.h>
#include <xengnttab.h>

#include <xen/memory.h>

#include "core/base/types.h"
#include "xengt/xen/pagetab.h"

struct xengt_vgpu;

/* Grants mapped or unmapped by one call. */
#define XENGT_GRANT_BATCH 512u

/* What one vGPU may have pinned: 2 GiB, if the guest's grant table and Xen allow it. */
#define XENGT_PINS_MAX (1u << 19)

/* Pins in the first frame that serve to look whether others still hold what they held. */
#define XENGT_PINS_SCRATCH 256u

/* All vGPUs together: three quarters of what Xen lets dom0 map, since disks and nets need some. */
#define XENGT_PINS_HOST 196608u

/* Frames of the grant table that are left to the guest: 8,192 grants. */
#define XENGT_GRANT_FRAMES_GUEST 16u

/* A pinned page. Pin number n has the grant n below the last. */
struct xengt_pin {
	u64 bus; /* 0: not mapped */
	u32 handle;
	u32 gfn;
};

/* What of it outlives the process; part of the state file, at a page's beginning. */
struct xengt_pins {
	u32 last_ref; /* the grant of pin 0 */
	u32 nr;	      /* pins that were ever used */
	u32 nr_ops;   /* of .ops.map, handed to Xen and not yet noted in .pin */
	struct {
		struct gnttab_map_grant_ref map[XENGT_GRANT_BATCH];
		struct gnttab_unmap_grant_ref unmap[XENGT_GRANT_BATCH];
	} ops __attribute__((aligned(4096)));
	struct xengt_pin pin[XENGT_PINS_MAX] __attribute__((aligned(4096)));
};

/* ---- the guest's grant table: grant.c ---- */

#define XENGT_GRANT_FRAMES (XENGT_PINS_MAX / 512)

struct xengt_grants {
	bool open, complained;
	u32 frames; /* taken */
	u32 room;   /* how many can be taken at the most */
	struct {
		xenforeignmemory_resource_handle *resource;
		grant_entry_v1_t *entries;
	} frame[XENGT_GRANT_FRAMES];
};

/**
 * xengt_grants_take() - make pins up to @nr usable.
 * Returns 0; -ENOSPC, the table being too small, after a log line that says what to change;
 * -EOPNOTSUPP for a table of version 2, logged too; or another negative errno.
 */
int xengt_grants_take(struct xengt_vgpu *v, u32 nr);

/**
 * xengt_grants_map() - map the pages that the pins' .gfn name, at most XENGT_GRANT_BATCH.
 * The pins are free ones. Afterwards each has its .bus, or 0 when no memory of the guest's is
 * there. Returns 0, -ENOSPC when Xen had no room for at least one, or another negative errno.
 */
int xengt_grants_map(struct xengt_vgpu *v, const u32 *pins, u32 nr);

/**
 * xengt_grants_unmap() - unmap them, at most XENGT_GRANT_BATCH; their .bus is 0 then.
 * Returns 0; or an errno, and they are still mapped.
 */
int xengt_grants_unmap(struct xengt_vgpu *v, const u32 *pins, u32 nr);

/**
 * xengt_grants_own() - bus addresses of pages that this domain granted to itself as @refs.
 * They stay where they are without being kept mapped. Returns 0, -EOPNOTSUPP where the domain's
 * kind has no such addresses (PVH), or another negative errno.
 */
int xengt_grants_own(struct xengt_vgpu *v, const u32 *refs, u32 nr, u64 *bus);

/**
 * xengt_grants_recover() - unmap what an earlier process left mapped, whether or not the domain
 * still lives. Returns 0, or an errno: some are left, and noted.
 */
int xengt_grants_recover(struct xengt_vgpu *v);

/** xengt_grants_close() - let go of the table, its part of it cleared. */
void xengt_grants_close(struct xengt_vgpu *v);

/* ---- pages mapped for DMA: dma.c ---- */

struct xengt_dma_page;

struct xengt_dma {
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
 * xengt_dma_show() - note that the aperture shows @mfn at @place, a page's number in it.
 * Returns 0; -ENXIO when the frame is not that of a mapped page, or its guest gave it up: it must
 * not be shown; or -ENOMEM.
 */
int xengt_dma_show(struct xengt_vgpu *v, u64 mfn, u32 place);

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

/* Frames of the largest aperture. */
#define XENGT_ALIAS_MAX (1u << 18)

/* What outlives the process; part of the state file. */
struct xengt_aliases {
	u64 at;	 /* frame of BAR2, or 0 */
	u32 nr;	 /* of .mfn that are not 0 */
	u32 end; /* those after it are 0 */
	u64 mfn[XENGT_ALIAS_MAX] __attribute__((aligned(4096)));
};

/**
 * xengt_alias_map() - show @nr bus frames from @frame at @gfn, inside BAR2, in place of what was
 * there. Returns 0, -EINVAL (outside BAR2), -ENXIO (a frame that is not mapped for DMA), -EEXIST
 * (the guest has memory there), -ENOSPC (no more can be pinned), or another negative errno, nothing
 * then being shown.
 */
int xengt_alias_map(struct xengt_vgpu *v, u64 gfn, u64 frame, u32 nr);

/** xengt_alias_unmap() - show nothing there. Returns 0, or an errno: something is still shown. */
int xengt_alias_unmap(struct xengt_vgpu *v, u64 gfn, u32 nr);

/** xengt_alias_place() - BAR2 goes to guest physical @gpa: what was shown elsewhere is not any
 * more. Returns 0, or an errno: something is still shown where it was. */
int xengt_alias_place(struct xengt_vgpu *v, u64 gpa);

/** xengt_alias_recover() - take away what an earlier process left. Returns 0 or an errno. */
int xengt_alias_recover(struct xengt_vgpu *v);

/** xengt_alias_drop() - take away what is shown at @nr places of the aperture from @first on.
 * Returns 0, or an errno: something is still shown. */
int xengt_alias_drop(struct xengt_vgpu *v, u32 first, u32 nr);

#endif
