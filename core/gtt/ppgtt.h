/* SPDX-License-Identifier: MIT */
/*
 * Per-process tables (PPGTT): a root for each of the guest's address spaces (ppgtt.c), a shadow table
 * for each of its tables (shadow.c), and how changes are found (table.c).
 *
 * A guest frame that is used as a table is a struct gtt_table, however many tables point to it. Its
 * content is kept as last read. From it hang its shadows, one for each kind of table that it is
 * used as: a frame may be a directory here and a leaf there, and what depth a walk can reach is
 * bounded by the kinds, whatever leads to what.
 *
 * A table's writes trap, or it is read and compared at each sync. Comparing costs a fraction of a
 * trap; so the first write ends trapping, and only a table that has cost as much in vain
 * comparisons as its traps would is made to trap again. Directories, which seldom change and by an
 * entry at a time, start as tracked; leaves, which a driver fills in runs, as compared.
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
 * Syncs that find a table unchanged before its writes trap: as many as cost what one trap does
 * (tests/bench/gtt prints the costs), for a leaf what a run of 64 does, a buffer of 256 KiB.
 */
#define GTT_TRACK_AFTER	     64u
#define GTT_TRACK_LEAF_AFTER (64u * GTT_TRACK_AFTER)

/* Shadow tables of one vGPU, unless set otherwise: 4 KiB each. */
#define GTT_QUOTA_DEFAULT 32768u

/* Calls of the back end in one sync that find frames missing: with more, it is given up. */
#define GTT_MISSES_MAX 2048u

/*
 * Mappings of guest memory that one sync may have made: more than it takes to map all of a guest
 * once, for its tables and for what they lead to. With more, it is given up.
 */
#define GTT_MAPS_MAX 4096u

/* PPGTTs that a guest may have. */
#define GTT_ROOTS_MAX GVT_ROOTS_MAX

struct gtt_table {
	struct intel_vgpu *vgpu;
	u64 gfn; /* or GTT_NO_GFN: a large page of the guest's, written out in smaller ones */
	struct gtt_shadow *shadow[GTT_KINDS];
	struct intel_vgpu_page_track *track; /* NULL with GTT_NO_GFN */
	u64 epoch;			     /* of the sync that read it last */
	u32 users;			     /* shadows, and who is at work on it */
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
	u32 large; /* GTT_PT_64K: a bit for each run of 16 entries that one reference holds */
	struct gtt_shadow *parent; /* whose entry .parent_at points here, while .whole */
	u16 parent_at;
	bool whole; /* GTT_PT_64K: all are, and the entries that point here say so */
	u64 epoch;
	struct gtt_page page;
	struct gtt_shadow **child; /* by entry; directories only */
};

struct vgpu_mm {
	struct vgpu_root *root;
	struct gtt_shadow *top[4]; /* NULL: not shadowed, or nothing there */
	u64 used;		   /* when it was synced last */
	u32 pins;		   /* contexts that may run with it: it is not taken down */
	struct vgpu_mm *next;
};

#define GTT_MM_BUCKETS 256u

struct vgpu_ppgtt {
	struct vgpu_mm *mms[GTT_MM_BUCKETS];
	struct gtt_table *tables;	 /* the newest first */
	const struct gtt_table *written; /* whose write trapped last, */
	struct gtt_table *ahead;	 /* and the last of those that were let go of with it */
	struct vgpu_mm *busy;		 /* being synced: not to be reclaimed */
	u64 epoch;
	u32 quota;	 /* of shadow tables */
	u32 misses_left; /* of GTT_MISSES_MAX, in this sync */
	u64 maps_end;	 /* of it: when GTT_MAPS_MAX were made */
	bool ips;
	u16 nr_free, free[GTT_ROOTS_MAX]; /* slots of vgpu_state's roots */
};

/** vgpu_ppgtt_notify() - PVINFO notification @code, with PDP registers @pdp. */
void vgpu_ppgtt_notify(struct intel_vgpu *vgpu, u32 code, const u64 pdp[4]);

/**
 * vgpu_ppgtt_find() - the PPGTT that the guest made known with these roots, or NULL.
 * @levels: 4, of which @pdp[0] counts, or 3.
 */
struct vgpu_mm *vgpu_ppgtt_find(struct intel_vgpu *vgpu, const u64 pdp[4], unsigned int levels);

/**
 * vgpu_ppgtt_sync() - bring the shadow of @mm, made now if need be, to what the guest's tables
 * say. To be called before the GPU uses it.
 * Returns 0, or a negative errno: it then cannot be used. -EFAULT: the root is no memory. -ENOMEM,
 * -ENOSPC: no room, not even by taking other PPGTTs' shadows down. -E2BIG: too much of it leads to
 * frames that are not there.
 */
int vgpu_ppgtt_sync(struct intel_vgpu *vgpu, struct vgpu_mm *mm);

/**
 * vgpu_ppgtt_nowhere() - the bus address for PDP registers of @levels (3 or 4) that lead to the
 * scratch page alone. That page itself is none: the GPU writes there what a guest has it write.
 */
u64 vgpu_ppgtt_nowhere(const struct intel_vgpu *vgpu, unsigned int levels);

/** vgpu_ppgtt_root() - the bus address for PDP register @i, of an mm synced without error. */
u64 vgpu_ppgtt_root(const struct intel_vgpu *vgpu, const struct vgpu_mm *mm, unsigned int i);

/** vgpu_ppgtt_to_gpa() - where the guest's tables have address @addr of @mm lead, or ~0. */
u64 vgpu_ppgtt_to_gpa(struct intel_vgpu *vgpu, const struct vgpu_mm *mm, u64 addr);

/** vgpu_ppgtt_set_quota() - shadow tables that the vGPU may have from now on. */
void vgpu_ppgtt_set_quota(struct intel_vgpu *vgpu, u32 shadows);

/**
 * vgpu_ppgtt_ips() - the guest switched 64 KiB pages on or off: what is shadowed goes, and the
 * engines that run with it stand still.
 */
void vgpu_ppgtt_ips(struct intel_vgpu *vgpu, bool on);

/* From core/gtt alone: */
int ppgtt_init(struct intel_vgpu *vgpu);
void ppgtt_clear(struct intel_vgpu *vgpu, bool forget_roots);
void ppgtt_invalidate(struct intel_vgpu *vgpu, struct gtt_valid_cache *cache);

/** ppgtt_reclaim() - take down the shadow used longest ago. False: there is none to take. */
bool ppgtt_reclaim(struct intel_vgpu *vgpu);

/**
 * shadow_get() - the shadow of guest frame @gfn as a table of @kind, one reference more.
 * Returns 0, -EFAULT (cannot be read), -EEXIST (tracked by another), -ENOMEM, -ENOSPC (quota),
 * -E2BIG (too many could not be read).
 * @out is a shadow of all the frame's entries that could be had.
 */
int shadow_get(struct intel_vgpu *vgpu, u64 gfn, enum gtt_kind kind, struct gtt_shadow **out);

/** shadow_put() - give one reference back; with the last, all below goes too. NULL is fine. */
void shadow_put(struct intel_vgpu *vgpu, struct gtt_shadow *shadow);

/**
 * shadow_set() - bring entries @idx of @shadow to what its table's entries say.
 * Each leads where it should, or to scratch. Returns 0, or what kept one from it.
 */
int shadow_set(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr);

/**
 * shadow_clear() - have entries @idx of @shadow lead to scratch, whatever its table's say; those
 * that should not are holes. Returns 0.
 */
int shadow_clear(struct intel_vgpu *vgpu, struct gtt_shadow *shadow, const u16 *idx, size_t nr);

/** shadow_retry() - the same for all that lead to scratch and should not. */
int shadow_retry(struct intel_vgpu *vgpu, struct gtt_shadow *shadow);

/** shadow_invalidate() - drop what leads to frames that are not the guest's any more. */
void shadow_invalidate(struct intel_vgpu *vgpu, struct gtt_shadow *shadow);

/** table_get() - guest frame @gfn as a table, read; one user more. Errors as shadow_get(). */
int table_get(struct intel_vgpu *vgpu, u64 gfn, bool track, struct gtt_table **out);

/** table_new() - a table of no frame, for its caller to fill; one user. NULL: no memory. */
struct gtt_table *table_new(struct intel_vgpu *vgpu);

/** table_put() - one user less. */
void table_put(struct intel_vgpu *vgpu, struct gtt_table *table);

/** table_sync() - find out what changed, once in an epoch, and set its shadows. */
int table_sync(struct intel_vgpu *vgpu, struct gtt_table *table);

/**
 * table_refresh() - the same before a shadow of another kind is made of it: a frame that was a leaf
 * may be a directory now, and its old parents not yet synced. What changed is left to the sync of
 * the shadows that it has, and leads to scratch in them until then: setting it here would lead from
 * table to table without a bound. Returns 0 or -E2BIG.
 */
int table_refresh(struct intel_vgpu *vgpu, struct gtt_table *table);

/** table_lost() - its frame is not the guest's any more. */
void table_lost(struct intel_vgpu *vgpu, struct gtt_table *table);

#endif
