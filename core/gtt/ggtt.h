/* SPDX-License-Identifier: MIT */
/*
 * The global table (GGTT) of a vGPU: a million entries for 4 GiB.
 *
 * The guest's entries are in memory that it writes without a trap (vgpu->ggtt). A commit compares
 * them with the last ones that it saw, and updates the shadow where they differ. After many commits
 * that found no change in a leaf (GTT_TRACK_AFTER; near leaves in use, GTT_TRACK_LEAF_AFTER) the
 * next write to that page of the table is made to trap, and the leaf is not compared until then. If
 * the 512 entries of a leaf are all alike, such as the scratch entries with which a driver fills
 * the table, only one entry and one reference are kept for them.
 */
#ifndef CORE_GTT_GGTT_H
#define CORE_GTT_GGTT_H

#include "core/hw/format.h"
#include "core/hw/tile.h"

struct intel_vgpu;
struct gtt_valid_cache;

/* The most missing frames that one commit looks for again; later commits look for the others. */
#define GGTT_RETRY_BATCH 8192u

struct ggtt_entries {
	u64 guest[GTT_ENTRIES], shadow[GTT_ENTRIES];
	u64 aliased[GTT_ENTRIES / 64]; /* bits: the page of the aperture is an alias */
};

struct ggtt_leaf {
	struct ggtt_entries *own; /* NULL: all entries are alike, and are the following two */
	u64 guest, shadow;
	u16 holes;
	u16 quiet;    /* commits in a row that found no change */
	bool tracked; /* the guest's writes to its page of the table trap */
	bool realias; /* aliases are to be made or dropped */
	bool behind;  /* the GPU had no memory for the entries: it has scratch for all of them */
	bool gone;    /* entries still lead to frames that the guest gave up: an alias did not go */
};

/* A tiled range of the aperture, from a fence register; .end 0: none. */
struct ggtt_fence {
	u32 first, end; /* pages */
	u32 pitch;	/* bytes from row to row: 128 to 256 KiB */
	const struct gvt_tile *tile;
};

struct vgpu_ggtt {
	struct ggtt_leaf *leaves;
	struct ggtt_fence fences[32];
	u32 nr_fenced;
	u32 retry_at;	/* the leaf whose holes the next commit tries first */
	u32 written;	/* the leaf whose write trapped last, */
	u32 ahead;	/* and how many leaves after it were untracked with it */
	u32 alias_left; /* calls left in this commit to make aliases */
	u32 nr_own;	/* leaves with entries of their own */
	u64 table_gfn;	/* guest frame of the guest's table; 0: it is not in guest memory */
	u64 bar_gfn;	/* guest frame of the aperture; 0: it is nowhere */
	bool track_off; /* the table cannot be tracked there */
	bool alias_off; /* the back end has no aliases */
};

/* ---- the commit: commit.c ---- */

/**
 * vgpu_ggtt_commit() - update the shadow from the guest's table.
 * Returns 0, or a negative errno when memory or mappings ran out. The next commit tries entries
 * again that could not be updated. Until then they lead where they led before, or to scratch.
 */
int vgpu_ggtt_commit(struct intel_vgpu *vgpu);

/* From core/gtt alone: */
int ggtt_init(struct intel_vgpu *vgpu);
void ggtt_clear(struct intel_vgpu *vgpu);
void ggtt_exit(struct intel_vgpu *vgpu);
void ggtt_invalidate(struct intel_vgpu *vgpu, struct gtt_valid_cache *cache);

/* ---- tracking pages of the guest's table: ggtt_track.c ---- */

/** vgpu_ggtt_written() - a trapped write changed @bytes at byte @offset of the guest's table. */
void vgpu_ggtt_written(struct intel_vgpu *vgpu, u32 offset, unsigned int bytes);

/**
 * vgpu_ggtt_place() - the guest's table is at guest frame @gfn from now on; 0: nowhere.
 * Called with 0 before the table moves, and with its new frame after.
 */
void vgpu_ggtt_place(struct intel_vgpu *vgpu, u64 gfn);

/* From core/gtt alone: */

/**
 * ggtt_quiet_enough() - true when so many commits in a row found no change in leaf @leaf that its
 * writes should trap. If it or a leaf near it is in use, that takes as many commits as the leaf of
 * a PPGTT takes syncs.
 */
bool ggtt_quiet_enough(const struct intel_vgpu *vgpu, u32 leaf);

/** ggtt_track() - have writes to leaf @leaf trap. False: they do not, and it must be compared. */
bool ggtt_track(struct intel_vgpu *vgpu, u32 leaf);

/** ggtt_untrack() - have them not trap any more. A leaf that is not tracked is fine. */
void ggtt_untrack(struct intel_vgpu *vgpu, u32 leaf);

/* ---- the GPU's GGTT: push.c; nothing happens while the vGPU has no space on a GPU ---- */

/** vgpu_ggtt_entry() - the shadow entry of graphics page @page (below GGTT_PAGES). */
u64 vgpu_ggtt_entry(const struct intel_vgpu *vgpu, u32 page);

/** vgpu_ggtt_push_all() - give the GPU all entries, when the vGPU's space is new. */
void vgpu_ggtt_push_all(struct intel_vgpu *vgpu);

/* From core/gtt alone: */

/**
 * ggtt_push() - give the GPU the entries @idx, in ascending order, of leaf @leaf, which has entries
 * of its own. Called before the references are given back that the old entries held.
 */
void ggtt_push(struct intel_vgpu *vgpu, u32 leaf, const u16 *idx, size_t nr);

/** ggtt_push_leaf() - give the GPU all entries of a leaf. */
void ggtt_push_leaf(struct intel_vgpu *vgpu, u32 leaf);

/** ggtt_push_nothing() - make all of the GPU's entries not present, those to scratch too. */
void ggtt_push_nothing(struct intel_vgpu *vgpu);

/* ---- the aperture's aliases: aperture.c ---- */

/**
 * vgpu_aperture_place() - BAR2 is at guest frame @gfn from now on; 0: nowhere.
 * Returns 0, or a negative errno when aliases at the old place could not be removed.
 */
int vgpu_aperture_place(struct intel_vgpu *vgpu, u64 gfn);

/* From core/gtt alone: */

/** aperture_leaves() - how many leaves, from the first on, the aperture shows. */
u32 aperture_leaves(const struct intel_vgpu *vgpu);

/** aperture_fence_at() - the fence that @page is in, the first of several, or NULL. */
const struct ggtt_fence *aperture_fence_at(const struct vgpu_ggtt *ggtt, u32 page);

/** aperture_begin() - a commit begins: it may make ALIAS_BATCH aliases. */
void aperture_begin(struct intel_vgpu *vgpu);

/**
 * aperture_drop() - remove the aliases of entries @idx of leaf @leaf.
 * Returns how many of the entries have no alias now and may change; they are moved to the front.
 */
size_t aperture_drop(struct intel_vgpu *vgpu, u32 leaf, u16 *idx, size_t nr);

/** aperture_follow() - alias the pages of leaf @leaf that can be, and remove all other aliases. */
void aperture_follow(struct intel_vgpu *vgpu, u32 leaf);

/** aperture_forget() - remove all aliases of leaf @leaf. Returns 0, or -EBUSY: some remain. */
int aperture_forget(struct intel_vgpu *vgpu, u32 leaf);

/* ---- the aperture where it traps: fence.c ---- */

/** vgpu_aperture_fence() - fence register @n changed. */
void vgpu_aperture_fence(struct intel_vgpu *vgpu, unsigned int n);

/** vgpu_aperture_read() - a trapped read of 1 to 8 bytes; unmapped bytes read as zeroes. */
void vgpu_aperture_read(struct intel_vgpu *vgpu, u64 offset, void *buf, unsigned int bytes);

/** vgpu_aperture_write() - a trapped write; it does not change unmapped bytes. */
void vgpu_aperture_write(struct intel_vgpu *vgpu, u64 offset, const void *buf, unsigned int bytes);

/** fences_init() - take the fences from the registers. From core/gtt alone. */
void fences_init(struct intel_vgpu *vgpu);

#endif
