/* SPDX-License-Identifier: MIT */
/*
 * Per-process tables (PPGTT): how changes are found in the guest's tables (guest_table.c), a shadow
 * for each of them (shadow.h), and a root for each of the guest's address spaces (roots.c).
 *
 * A guest frame that is used as a table is one struct gtt_table, however many tables point to it.
 * The table keeps the entries that were read last, and has a shadow for each kind of table that the
 * frame is used as: a frame may be a directory in one place and a leaf in another. So the kinds
 * bound the depth of a walk, whatever the tables point to.
 *
 * A table is either tracked, so that writes to it trap, or read and compared at each sync.
 * Comparing costs a fraction of a trap. So the first write to a tracked table ends its tracking,
 * and a table is tracked again only after its vain comparisons have cost as much as its traps
 * would. Directories, which seldom change, and by one entry at a time, start as tracked. Leaves,
 * which a driver fills in runs, start as compared.
 */
#ifndef CORE_GTT_PPGTT_H
#define CORE_GTT_PPGTT_H

#include "core/gtt/pool.h"
#include "core/gvt.h"
#include "core/hw/format.h"

struct intel_vgpu;
struct intel_vgpu_page_track;
struct gtt_valid_cache;

/*
 * Syncs that find a table unchanged before it is tracked: as many as cost as much as one trap
 * (tests/bench/gtt prints the costs); for a leaf, as much as 64 traps, the run of a 256 KiB buffer.
 */
#define GTT_TRACK_AFTER	     64u
#define GTT_TRACK_LEAF_AFTER (64u * GTT_TRACK_AFTER)

/* The most shadow tables of a vGPU, of 4 KiB each, unless set otherwise. */
#define GTT_QUOTA_DEFAULT 32768u

/* The most calls of the back end in one sync that find frames missing; then the sync fails. */
#define GTT_MISSES_MAX 2048u

/*
 * The most mappings of guest memory that one sync may cause; then the sync fails. It is more than
 * it takes to map all of a guest's memory once for its tables, and once for what they lead to.
 */
#define GTT_MAPS_MAX 4096u

/* PPGTTs that a guest may have. */
#define GTT_ROOTS_MAX GVT_ROOTS_MAX

struct gtt_table {
	struct intel_vgpu *vgpu;
	u64 gfn; /* GTT_NO_GFN: the table was made from a large page of the guest's, in smaller ones
		  */
	struct gtt_shadow *shadow[GTT_KINDS];
	struct intel_vgpu_page_track *track; /* NULL with GTT_NO_GFN */
	u64 epoch;			     /* the sync that read it last */
	u32 users;			     /* its shadows, and code that works on it */
	u32 quiet;			     /* syncs in a row that found no change */
	bool dirty;			     /* written since it was read */
	struct gtt_table *next, *prev;
	u64 entries[GTT_ENTRIES]; /* as last read */
};

#define GTT_NO_GFN (~0ull)

struct gtt_shadow {
	struct gtt_table *table;
	enum gtt_kind kind;
	u32 refs;  /* entries and roots that point to it */
	u32 holes; /* present entries of the guest's that lead to scratch */
	u32 large; /* GTT_PT_64K: a bit for each run of 16 entries with one reference in all */
	struct gtt_shadow *parent; /* while .whole: its entry .parent_at points here */
	u16 parent_at;
	bool whole; /* GTT_PT_64K: all runs are large, and the parent's entry says 64 KiB pages */
	u64 epoch;
	struct gtt_page page;
	struct gtt_shadow **child; /* by entry; only of directories */
};

struct vgpu_mm {
	struct vgpu_root *root;
	struct gtt_shadow *top[4]; /* NULL: not shadowed, or the guest has no table there */
	u64 used;		   /* the epoch of its last sync */
	u32 pins;		   /* contexts that may run with it: its shadow is not freed */
	struct vgpu_mm *next;
};

#define GTT_MM_BUCKETS 256u

struct vgpu_ppgtt {
	struct vgpu_mm *mms[GTT_MM_BUCKETS];
	struct gtt_table *tables;	 /* the newest first */
	const struct gtt_table *written; /* the table whose write trapped last, */
	struct gtt_table *ahead;	 /* and the last table that was untracked with it */
	struct vgpu_mm *busy;		 /* it is being synced, and not to be reclaimed */
	u64 epoch;
	u32 quota;	 /* the most shadow tables */
	u32 misses_left; /* what this sync has left of GTT_MISSES_MAX */
	u64 maps_end;	 /* the count of maps made at which this sync ends */
	bool ips;
	u16 nr_free, free[GTT_ROOTS_MAX]; /* slots of .ppgtt_state */
};

/* ---- the guest's PPGTTs: roots.c ---- */

/** vgpu_ppgtt_notify() - PVINFO notification @code, with PDP registers @pdp. */
void vgpu_ppgtt_notify(struct intel_vgpu *vgpu, u32 code, const u64 pdp[4]);

/**
 * vgpu_ppgtt_find() - the PPGTT that the guest has announced with these roots, or NULL.
 * @levels: 3, or 4; then only @pdp[0] counts.
 */
struct vgpu_mm *vgpu_ppgtt_find(struct intel_vgpu *vgpu, const u64 pdp[4], unsigned int levels);

/**
 * vgpu_ppgtt_sync() - update the shadow of @mm from the guest's tables; make it if there is none.
 * Called before the GPU uses it.
 * Returns 0, or a negative errno: then it cannot be used. -EFAULT: the root is no memory. -ENOMEM,
 * -ENOSPC: there is no room, even without other PPGTTs' shadows. -E2BIG: the guest's tables lead to
 * too many missing frames, or to too much memory.
 */
int vgpu_ppgtt_sync(struct intel_vgpu *vgpu, struct vgpu_mm *mm);

/**
 * vgpu_ppgtt_nowhere() - the bus address for PDP registers of a PPGTT of @levels (3 or 4) in which
 * everything leads to the scratch page. It is never the scratch page's own address: the GPU may
 * write to that page for the guest, which could make a table of it.
 */
u64 vgpu_ppgtt_nowhere(const struct intel_vgpu *vgpu, unsigned int levels);

/** vgpu_ppgtt_root() - the bus address for PDP register @i of an mm that is synced. */
u64 vgpu_ppgtt_root(const struct intel_vgpu *vgpu, const struct vgpu_mm *mm, unsigned int i);

/**
 * vgpu_ppgtt_ips() - the guest switched 64 KiB pages on or off. All shadows are freed, and engines
 * that run with them stand still.
 */
void vgpu_ppgtt_ips(struct intel_vgpu *vgpu, bool on);

/* From core/gtt alone: */
int ppgtt_init(struct intel_vgpu *vgpu);
void ppgtt_clear(struct intel_vgpu *vgpu, bool forget_roots);

/* ---- making room: reclaim.c ---- */

/** vgpu_ppgtt_set_quota() - set the most shadow tables that the vGPU may have. */
void vgpu_ppgtt_set_quota(struct intel_vgpu *vgpu, u32 shadows);

/* From core/gtt alone: */

/** ppgtt_reclaim() - free the shadow that was used longest ago. False: there is none to free. */
bool ppgtt_reclaim(struct intel_vgpu *vgpu);

/** ppgtt_take_down() - free the shadow of @mm. */
void ppgtt_take_down(struct intel_vgpu *vgpu, struct vgpu_mm *mm);

/* ---- shadows: shadow_sync.c, shadow.c; from core/gtt alone ---- */

/**
 * shadow_get() - take a reference on the shadow of guest frame @gfn as a table of @kind; make it if
 * there is none. Entries of it that cannot be shadowed are holes.
 * Returns 0, -EFAULT (the frame cannot be read), -EEXIST (another tracks it), -ENOMEM, -ENOSPC
 * (quota), -E2BIG (gtt_may_look()).
 */
int shadow_get(struct intel_vgpu *vgpu, u64 gfn, enum gtt_kind kind, struct gtt_shadow **out);

/** shadow_put() - give one reference back; the last one frees all below it. NULL is fine. */
void shadow_put(struct intel_vgpu *vgpu, struct gtt_shadow *shadow);

/**
 * shadow_sync() - find what changed in the tables of @shadow and below it, and have their shadows
 * follow. Returns 0, or the errno that kept an entry from leading where it should.
 */
int shadow_sync(struct intel_vgpu *vgpu, struct gtt_shadow *shadow);

/** ppgtt_invalidate() - have entries lead to scratch whose frames are not the guest's any more. */
void ppgtt_invalidate(struct intel_vgpu *vgpu, struct gtt_valid_cache *cache);

/* ---- the guest's tables: guest_table.c; from core/gtt alone ---- */

/** table_find() - become a user of guest frame @gfn as a table. 0, -ENOENT: it is none yet, or
 * -EEXIST: another tracks it. */
int table_find(struct intel_vgpu *vgpu, u64 gfn, struct gtt_table **out);

/**
 * table_add() - make @table, zeroes of vgpu_alloc(), a table without a frame, with one user. The
 * caller fills it, or opens it.
 */
void table_add(struct intel_vgpu *vgpu, struct gtt_table *table);

/** table_open() - read it from guest frame @gfn, and track that if @track. 0 or a negative errno.
 */
int table_open(struct intel_vgpu *vgpu, struct gtt_table *table, u64 gfn, bool track);

/** table_put() - be its user no more; the last one frees it. */
void table_put(struct intel_vgpu *vgpu, struct gtt_table *table);

/** table_due() - true, once in an epoch, if the table may differ from what was read last. */
bool table_due(struct intel_vgpu *vgpu, struct gtt_table *table);

/**
 * table_compare() - read it. A frame that cannot be read counts as empty, and is read again next
 * time. Returns how many of its entries changed, with their places in @idx (GTT_ENTRIES), or
 * -E2BIG (gtt_may_look()).
 */
int table_compare(struct intel_vgpu *vgpu, struct gtt_table *table, u16 *idx);

/** table_track_quiet() - have writes to it trap if it did not change for long. False: they don't.
 */
bool table_track_quiet(struct intel_vgpu *vgpu, struct gtt_table *table);

/** table_lost() - the guest has given its frame up: it is empty. Returns as table_compare(). */
size_t table_lost(struct intel_vgpu *vgpu, struct gtt_table *table, u16 *idx);

#endif
