/* SPDX-License-Identifier: MIT */
/*
 * What xengtd keeps about a guest: its vGPU's options, and what xengtd has done for the guest's
 * process and must undo. It is a file, which xengtd writes and the process maps read-only.
 */
#ifndef XENGT_ASK_KEPT_H
#define XENGT_ASK_KEPT_H

#include <xen/xen.h>

#include <xen/grant_table.h>

#include "core/base/types.h"
#include "xengt/settings/options.h"
#include "xengt/state/file.h"

/* Grants mapped or unmapped by one call. */
#define XENGT_GRANT_BATCH 512u

/* Pages that one vGPU may have pinned: 2 GiB, if the guest's grant table and Xen allow it. */
#define XENGT_PINS_MAX (1u << 19)

/* Frames of the largest aperture. */
#define XENGT_ALIAS_MAX (1u << 18)

/* By how much a domain's memory limit may be raised: BAR0's 16 MiB, and the OpRegion's pages. */
#define XENGT_ADDED_KIB_MAX (17u << 10)

/* A pinned page, mapped by a grant. Pin n uses grant reference last_ref - n. */
struct xengt_pin {
	u64 bus; /* 0: not mapped */
	u32 handle;
	u32 gfn;
};

/* The section "pins". From .ops on it is at pages: Xen reads and writes .ops in place. */
struct xengt_pins {
	u32 last_ref; /* the grant reference of pin 0 */
	u32 nr;	      /* pins that were ever used */
	u32 nr_ops;   /* entries of .ops.map handed to Xen whose handles are not in .pin yet */
	u32 unused;
	struct {
		struct gnttab_map_grant_ref map[XENGT_GRANT_BATCH];
		struct gnttab_unmap_grant_ref unmap[XENGT_GRANT_BATCH];
	} ops;
	struct xengt_pin pin[XENGT_PINS_MAX];
};

/* The section "aliases": places in the aperture, a page each, and the frames that they show. */
struct xengt_aliases {
	u64 at;	 /* frame of BAR2, or 0 */
	u32 nr;	 /* entries of .mfn that are not 0 */
	u32 end; /* entries of .mfn from here on are 0 */
	u64 mfn[XENGT_ALIAS_MAX];
	u32 pin[XENGT_ALIAS_MAX]; /* the pin of each frame */
};

/* The section "guest". */
struct xengt_kept {
	/* Never changed once ready. */
	u8 uuid[16]; /* the domain's */
	struct xengt_options options;
	/* The rest changes. */
	u32 weight, cap; /* the current ones; those of .options are of the beginning */
	u32 booted;	 /* the domain was seen to run since its vGPU was made or restarted */
	u32 paused;	 /* xengtd has paused the domain */
	u64 added_kib;	 /* by how much the domain's memory limit was raised */
	u64 limit_kib;	 /* the domain's memory limit, as last seen */
	u64 target_kib;	 /* its memory target in xenstore at that time; 0: not known */
};

/* The file's kind, its sections in this order, and its suffix. */
enum xengt_kept_section { XENGT_KEPT_GUEST, XENGT_KEPT_PINS, XENGT_KEPT_ALIASES };

#define XENGT_KEPT_SUFFIX ".kept"
extern const struct xengt_file_kind xengt_kept_kind;

#endif
