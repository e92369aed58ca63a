/* SPDX-License-Identifier: MIT */
/*
 * Graphics memory of a vGPU, from inside the core: its GGTT (ggtt.h), its PPGTTs (ppgtt.h), and
 * what both use. The files from the ground up, each of which uses those before it alone:
 *
 *   page_track.c       guest pages whose writes trap
 *   pool.c             host pages
 *   push.c             the GPU's GGTT, and its flush
 *   scratch.c          where entries lead that lead nowhere else
 *   frames.c           guest frames: whether they may be looked for, and how they are given back
 *   guest_table.c      the guest's tables of PPGTTs: what changed in them
 *   shadow.c           shadows of tables, and how they are given back
 *   reclaim.c          what is taken of memory and mappings; room is made by giving shadows back
 *   shadow_leaf.c, shadow_sync.c    shadows are made, and follow their tables
 *   roots.c            the guest's PPGTTs
 *   aperture.c         aliases of the GGTT's pages in BAR2
 *   ggtt_track.c       pages of the guest's GGTT whose writes trap
 *   commit.c           the GGTT's shadow follows the guest's
 *   by_bus.c, translate.c, verify.c    one address, or all, through the guest's tables and ours
 *   fence.c            accesses to the aperture that trap
 *   lifetime.c         beginning, reset and end; frames that changed hands
 *
 * A guest's entries hold guest frame numbers; the GPU has shadow entries, which hold bus addresses.
 * Every shadow entry that leads to a guest page holds one reference of a DMA mapping
 * (core/port/mpt.h). All others lead to the vGPU's own scratch pages. If a guest's entry names a
 * frame that cannot be mapped, the shadow entry leads to scratch too: it is a hole, and is tried
 * again at each commit.
 */
#ifndef CORE_GTT_GTT_H
#define CORE_GTT_GTT_H

#include "core/gtt/ggtt.h"
#include "core/gtt/pool.h"
#include "core/gtt/ppgtt.h"
#include "core/hw/format.h"
#include "core/vgpu.h"

/* DMA references and shadow tables that are given back together, after a flush of the GPU. */
struct gtt_release {
	size_t nr, nr_pages;
	dma_addr_t bus[GTT_ENTRIES];
	struct gtt_page page[GTT_POOL_BLOCK];
};

/* Whom shadows' changes are told: execution. */
struct gtt_user {
	/* Graphics pages [first, first + nr) may lead elsewhere, or nowhere, from now on. */
	void (*moved)(struct intel_vgpu *vgpu, u32 first, u32 nr);
	/* The guest destroys PPGTT @mm: contexts that run with it cannot go on. */
	void (*taken)(struct intel_vgpu *vgpu, const struct vgpu_mm *mm);
};

struct vgpu_gtt {
	const struct gtt_user *user;
	struct gtt_pool pool;
	/* The scratch page, and for each kind a table whose entries all lead to it. */
	struct gtt_page scratch_page, scratch[GTT_KINDS];
	u64 scratch_entry[GTT_KINDS]; /* by kind of table: the entry that leads to scratch */
	bool ready;
	u32 leaf_after; /* GTT_TRACK_LEAF_AFTER */
	struct gtt_release release;
	struct vgpu_ggtt ggtt;
	struct vgpu_ppgtt ppgtt;
	struct vgpu_gtt_counts counts;
};

/* ---- as a whole: lifetime.c ---- */

/** vgpu_gtt_init() - take up what the state knows, after attach. Nothing is shadowed yet. */
int vgpu_gtt_init(struct intel_vgpu *vgpu);

/** vgpu_gtt_exit() - release everything, before detach. */
void vgpu_gtt_exit(struct intel_vgpu *vgpu);

/** vgpu_gtt_reset() - as after power-on: an empty GGTT, no PPGTT, nothing mapped. */
void vgpu_gtt_reset(struct intel_vgpu *vgpu);

/* ---- scratch.c ---- */

/**
 * gtt_ready() - true when the back end has the services that shadows need. The first call allocates
 * the scratch pages. False: nothing is shadowed.
 */
bool gtt_ready(struct intel_vgpu *vgpu);

/* From core/gtt alone, up to translate.c: */

/** gtt_scratch() - the GGTT's entry that leads to scratch. */
static inline u64 gtt_scratch(const struct intel_vgpu *vgpu)
{
	return vgpu->gtt->scratch_page.bus | 1;
}

/** gtt_free_scratch() - free the scratch pages; nothing is ready any more. */
void gtt_free_scratch(struct intel_vgpu *vgpu);

/* ---- frames.c ---- */

/**
 * gtt_may_look() - false when this sync has looked for too many missing frames, or had too much
 * guest memory mapped. Without that bound a single entry, of a large page or of a table that many
 * share, could make each sync look for a great many frames.
 */
bool gtt_may_look(struct intel_vgpu *vgpu);

/** gtt_missed() - count a call of the back end that found frames missing. */
void gtt_missed(struct intel_vgpu *vgpu);

/* Answers about frames, to be used again while nothing changes. */
struct gtt_valid_cache {
	u64 gfn[256]; /* the frame plus one; bit 63 set: it is not valid */
};

/** gtt_valid() - true when there is guest memory at @gfn now. @cache starts as zeroes. */
bool gtt_valid(struct intel_vgpu *vgpu, struct gtt_valid_cache *cache, u64 gfn);

/** gtt_unmap() - give one reference back, by gtt_release_all() at the latest. */
void gtt_unmap(struct intel_vgpu *vgpu, dma_addr_t bus);

/** gtt_unmap_large() - the same for a reference of gtt_map_large(). */
void gtt_unmap_large(struct intel_vgpu *vgpu, dma_addr_t bus);

/** gtt_put_page() - give a page of the pool back, as gtt_unmap() does; @page is zeroed. */
void gtt_put_page(struct intel_vgpu *vgpu, struct gtt_page *page);

/** gtt_release_all() - flush the GPU, then give back all that was gathered. */
void gtt_release_all(struct intel_vgpu *vgpu);

/* ---- reclaim.c ---- */

/**
 * gtt_map() - map @nr (at most GTT_ENTRIES) guest frames for DMA, each for one reference. @bus
 * receives GVT_DMA_INVALID for a frame that is no memory, or that the GPU cannot reach. When
 * mappings run out, shadows of PPGTTs that are not in use are freed. Returns how many of @nr have
 * no address, or a negative errno: then none has.
 */
int gtt_map(struct intel_vgpu *vgpu, const u64 *gfns, size_t nr, dma_addr_t *bus);

/** gtt_map_large() - map one page of @size bytes at @gfn. GVT_DMA_INVALID: it must be split. */
dma_addr_t gtt_map_large(struct intel_vgpu *vgpu, u64 gfn, unsigned long size);

/** gtt_alloc() - vgpu_alloc(), which frees shadows of PPGTTs that are not in use to make room. */
void *gtt_alloc(struct intel_vgpu *vgpu, size_t size);

/** gtt_get_page() - a page of the pool; room is made for it as gtt_alloc() does. 0 or -ENOMEM. */
int gtt_get_page(struct intel_vgpu *vgpu, struct gtt_page *page);

/** gtt_room_for_shadow() - true if there may be one more shadow; room is made for it. */
bool gtt_room_for_shadow(struct intel_vgpu *vgpu);

/* ---- addresses, for all rooms: translate.c ---- */

/** vgpu_gma_to_gpa() - guest physical address of GGTT address @gma by the guest's entry, or ~0. */
u64 vgpu_gma_to_gpa(const struct intel_vgpu *vgpu, u64 gma);

/**
 * vgpu_gma_read() - copy @len bytes at graphics address @gma, page by page.
 * @mm: the PPGTT that it is an address of; NULL: the GGTT.
 * Returns 0 or -EFAULT.
 */
int vgpu_gma_read(struct intel_vgpu *vgpu, const struct vgpu_mm *mm, u64 gma, void *buf,
		  size_t len);

#endif
