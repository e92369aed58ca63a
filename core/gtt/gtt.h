/* SPDX-License-Identifier: MIT */
/*
 * Graphics memory of a vGPU, from inside the core: its GGTT (ggtt.h), its PPGTTs (ppgtt.h), and
 * what both use.
 *
 * A guest's entries hold guest frame numbers; the GPU is given shadow entries that hold bus
 * addresses. Every present shadow entry of a guest page holds one reference of a DMA mapping
 * (core/port/mpt.h); all others point to the vGPU's own scratch pages. Where the guest names a
 * frame that cannot be had, the shadow has scratch too: a hole, tried again at each commit.
 */
#ifndef CORE_GTT_GTT_H
#define CORE_GTT_GTT_H

#include "core/gtt/ggtt.h"
#include "core/gtt/pool.h"
#include "core/gtt/ppgtt.h"
#include "core/gvt.h"
#include "core/hw/format.h"

/* DMA references and shadow tables to be given back: together, behind a flush of the GPU. */
struct gtt_release {
	size_t nr, nr_pages;
	dma_addr_t bus[GTT_ENTRIES];
	struct gtt_page page[GTT_POOL_BLOCK];
};

/* Who runs with what is shadowed, and has to follow it: execution. */
struct gtt_user {
	/* Graphics pages [first, first + nr) lead elsewhere, or nowhere, from now on. */
	void (*moved)(struct intel_vgpu *vgpu, u32 first, u32 nr);
	/* The guest takes PPGTT @mm away: what runs with it cannot go on. */
	void (*taken)(struct intel_vgpu *vgpu, const struct vgpu_mm *mm);
};

struct vgpu_gtt {
	const struct gtt_user *user;
	struct gtt_pool pool;
	/* The scratch page, and tables by kind whose entries all lead to it. */
	struct gtt_page scratch_page, scratch[GTT_KINDS];
	u64 scratch_entry[GTT_KINDS]; /* what stands for nothing in a table of the kind */
	bool ready;
	u32 leaf_after; /* GTT_TRACK_LEAF_AFTER */
	struct gtt_release release;
	struct vgpu_ggtt ggtt;
	struct vgpu_ppgtt ppgtt;
	struct vgpu_gtt_counts counts;
};

/** vgpu_gtt_init() - after attach: what a state knows is taken up, nothing is shadowed yet. */
int vgpu_gtt_init(struct intel_vgpu *vgpu);

/** vgpu_gtt_exit() - release all of it, before detach. */
void vgpu_gtt_exit(struct intel_vgpu *vgpu);

/** vgpu_gtt_reset() - as after power-on: an empty GGTT, no PPGTT, nothing mapped. */
void vgpu_gtt_reset(struct intel_vgpu *vgpu);

/**
 * gtt_ready() - true when the back end gives what shadows are made of; gets the scratch pages at
 * first. False: there is no graphics memory, and no shadow of it.
 */
bool gtt_ready(struct intel_vgpu *vgpu);

/**
 * gtt_map() - DMA addresses for @nr (at most GTT_ENTRIES) guest frames, each one reference.
 * GVT_DMA_INVALID where there is none, be it that the frame is no memory, or the GPU cannot reach
 * it. When mappings run out, shadows of PPGTTs not in use make room. Returns how many of
 * @nr have no address, or a negative errno: then none has.
 */
int gtt_map(struct intel_vgpu *vgpu, const u64 *gfns, size_t nr, dma_addr_t *bus);

/**
 * gtt_may_look() - false: this sync looked for enough frames that are not there, or had enough of
 * the guest's memory mapped. One entry of a large page, or of a table that many share, can have us
 * look for a great many; and again in the next sync. There is an end to it.
 */
bool gtt_may_look(struct intel_vgpu *vgpu);

/** gtt_missed() - count a call of the back end that found any missing. */
void gtt_missed(struct intel_vgpu *vgpu);

/** gtt_map_large() - the same for one page of @size bytes at @gfn. GVT_DMA_INVALID: split it. */
dma_addr_t gtt_map_large(struct intel_vgpu *vgpu, u64 gfn, unsigned long size);

/** gtt_unmap() - give one reference back, at the latest at gtt_release_all(). */
void gtt_unmap(struct intel_vgpu *vgpu, dma_addr_t bus);

/** gtt_unmap_large() - the same for what gtt_map_large() gave. */
void gtt_unmap_large(struct intel_vgpu *vgpu, dma_addr_t bus);

/**
 * gtt_alloc() - vgpu_alloc(), for which shadows of PPGTTs not in use make room. NULL: there is
 * none.
 */
void *gtt_alloc(struct intel_vgpu *vgpu, size_t size);

/** gtt_put_page() - the same for a page of the pool, which is @page's no more. */
void gtt_put_page(struct intel_vgpu *vgpu, struct gtt_page *page);

/** gtt_release_all() - give back what was gathered, after a flush of the GPU. */
void gtt_release_all(struct intel_vgpu *vgpu);

/* Answers about the same frames again and again, while nothing changes. */
struct gtt_valid_cache {
	u64 gfn[256]; /* plus one; with bit 63: not valid */
};

/** gtt_valid() - true when guest memory stands behind @gfn now. @cache starts as zeroes. */
bool gtt_valid(struct intel_vgpu *vgpu, struct gtt_valid_cache *cache, u64 gfn);

#endif
