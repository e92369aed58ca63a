/* SPDX-License-Identifier: MIT */
/*
 * The global table (GGTT): each vGPU's own, a million entries for 4 GiB.
 *
 * The guest's entries stand in memory that it writes without a trap (vgpu->ggtt). A commit finds
 * what changed and brings the shadow after it: by comparing, or, where comparing found nothing for
 * long (GTT_TRACK_AFTER; near what is in use, GTT_TRACK_LEAF_AFTER), by having the next write to
 * that page of the table trap. Of a run of 512 entries that are all alike, such as the scratch
 * entries that a driver fills the table with, one entry and one reference are kept.
 */
#ifndef CORE_GTT_GGTT_H
#define CORE_GTT_GGTT_H

#include "core/hw/format.h"
#include "core/hw/tile.h"

struct intel_vgpu;
struct gtt_valid_cache;

/* Frames that are not there, looked for again in one commit; the others have their turn later. */
#define GGTT_RETRY_BATCH 8192u

struct ggtt_entries {
	u64 guest[GTT_ENTRIES], shadow[GTT_ENTRIES];
	u64 aliased[GTT_ENTRIES / 64]; /* bits: the aperture's page is the guest's page */
};

struct ggtt_leaf {
	struct ggtt_entries *own; /* NULL: all are alike, and as follows */
	u64 guest, shadow;
	u16 holes;
	u16 quiet;    /* commits in a row that found no change */
	bool tracked; /* the guest's writes to it trap */
	bool realias; /* aliases are not what they should be */
	bool behind;  /* the GPU had no memory for its entries: they are scratch to it */
	bool gone;    /* some lead to frames that are the guest's no more, for want of an unalias */
};

/* A tiled range of the aperture, as a fence register says; .end 0: none. */
struct ggtt_fence {
	u32 first, end; /* pages */
	u32 pitch;	/* bytes from row to row: 128 to 256 KiB */
	const struct gvt_tile *tile;
};

struct vgpu_ggtt {
	struct ggtt_leaf *leaves;
	struct ggtt_fence fences[32];
	u32 nr_fenced;
	u32 retry_at;	/* leaf whose holes are tried first at the next commit */
	u32 written;	/* leaf whose write trapped last, */
	u32 ahead;	/* and how many after it were let go of with it */
	u32 alias_left; /* calls that may still make aliases, in this commit */
	u32 nr_own;	/* leaves with entries of their own */
	u64 table_gfn;	/* where the guest's table is guest memory; 0: nowhere */
	u64 bar_gfn;	/* where the aperture is aliased; 0: nowhere */
	bool track_off; /* the table there cannot be tracked */
	bool alias_off; /* the back end has no aliases */
};

/**
 * vgpu_ggtt_commit() - bring the shadow to what the guest's table says now.
 * Returns 0, or a negative errno when memory or mappings ran out; what could not be followed is
 * tried again by the next commit, and meanwhile leads to what it led to, or to scratch.
 */
int vgpu_ggtt_commit(struct intel_vgpu *vgpu);

/** vgpu_ggtt_entry() - the shadow entry of graphics page @page (below GGTT_PAGES). */
u64 vgpu_ggtt_entry(const struct intel_vgpu *vgpu, u32 page);

/* From core/gtt alone: */
int ggtt_init(struct intel_vgpu *vgpu);
void ggtt_clear(struct intel_vgpu *vgpu);
void ggtt_exit(struct intel_vgpu *vgpu);
void ggtt_invalidate(struct intel_vgpu *vgpu, struct gtt_valid_cache *cache);

/* ---- the pages that it is in, as far as they are quiet: ggtt_track.c ---- */

/** vgpu_ggtt_written() - a trapped write changed @bytes at byte @offset of the guest's table. */
void vgpu_ggtt_written(struct intel_vgpu *vgpu, u32 offset, unsigned int bytes);

/**
 * vgpu_ggtt_place() - the guest's table is at guest frame @gfn from now on; 0: nowhere.
 * To be called before it moves away, and after it got there.
 */
void vgpu_ggtt_place(struct intel_vgpu *vgpu, u64 gfn);

/* From core/gtt alone: */

/**
 * ggtt_quiet_enough() - true when enough commits in a row left leaf @leaf as it is for its writes
 * to trap: as many as for the leaf of a PPGTT where it, or one near it, is in use.
 */
bool ggtt_quiet_enough(const struct intel_vgpu *vgpu, u32 leaf);

/** ggtt_track() - let writes to leaf @leaf trap. False: they do not, and it has to be compared. */
bool ggtt_track(struct intel_vgpu *vgpu, u32 leaf);

/** ggtt_untrack() - let them not; nothing, where they do not. */
void ggtt_untrack(struct intel_vgpu *vgpu, u32 leaf);

/* ---- the GPU's GGTT: push.c; nothing happens while the vGPU has no space on a GPU ---- */

/** vgpu_ggtt_push_all() - the vGPU has a new space: tell it all there is. */
void vgpu_ggtt_push_all(struct intel_vgpu *vgpu);

/* From core/gtt alone: */

/**
 * ggtt_push() - entries @idx, in ascending order, of leaf @leaf, which has its own, changed.
 * References of what they led to are given back later than that.
 */
void ggtt_push(struct intel_vgpu *vgpu, u32 leaf, const u16 *idx, size_t nr);

/** ggtt_push_leaf() - all of a leaf may have changed. */
void ggtt_push_leaf(struct intel_vgpu *vgpu, u32 leaf);

/** ggtt_push_nothing() - no entry is present from now on, not even to scratch. */
void ggtt_push_nothing(struct intel_vgpu *vgpu);

/* ---- the aperture: aperture.c ---- */

/**
 * vgpu_aperture_place() - BAR2 is at guest frame @gfn from now on; 0: nowhere.
 * Returns 0, or an errno when aliases at the old place could not be taken away.
 */
int vgpu_aperture_place(struct intel_vgpu *vgpu, u64 gfn);

/** vgpu_aperture_fence() - fence register @n changed. */
void vgpu_aperture_fence(struct intel_vgpu *vgpu, unsigned int n);

/** vgpu_aperture_read() - a trapped read, of 1 to 8 bytes; what no entry maps reads as zeroes. */
void vgpu_aperture_read(struct intel_vgpu *vgpu, u64 offset, void *buf, unsigned int bytes);

/** vgpu_aperture_write() - a trapped write; what no entry maps takes none. */
void vgpu_aperture_write(struct intel_vgpu *vgpu, u64 offset, const void *buf, unsigned int bytes);

/* From core/gtt alone: */

/** aperture_init() - fences as the registers have them. */
void aperture_init(struct intel_vgpu *vgpu);

/** aperture_begin() - a commit begins, which may make so many aliases. */
void aperture_begin(struct intel_vgpu *vgpu);

/**
 * aperture_drop() - take the aliases of entries @idx of leaf @leaf away.
 * Returns how many of @idx may change now: those, moved to the front.
 */
size_t aperture_drop(struct intel_vgpu *vgpu, u32 leaf, u16 *idx, size_t nr);

/** aperture_follow() - alias what of leaf @leaf can be, and no more. */
void aperture_follow(struct intel_vgpu *vgpu, u32 leaf);

/** aperture_forget() - all aliases of leaf @leaf away. 0 or an errno; then some remain. */
int aperture_forget(struct intel_vgpu *vgpu, u32 leaf);

#endif
