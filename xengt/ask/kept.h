/* SPDX-License-Identifier: MIT */
/*
 * What xengtd keeps of a guest, in a file that the guest's process maps for reading: its options, and
 * what was done for it that only xengtd may do and undo. xengt/keeper alone writes it.
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

/* What one vGPU may have pinned: 2 GiB, if the guest's grant table and Xen allow it. */
#define XENGT_PINS_MAX (1u << 19)

/* Frames of the largest aperture. */
#define XENGT_ALIAS_MAX (1u << 18)

/* What may be put on a domain's limit of memory: BAR0's 16 MiB, and the OpRegion's pages. */
#define XENGT_ADDED_KIB_MAX (17u << 10)

/* A pinned page: mapped by a grant of it. Pin number n has the grant n below the last. */
struct xengt_pin {
	u64 bus; /* 0: not mapped */
	u32 handle;
	u32 gfn;
};

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

/* Places of the aperture, a page each, and the frames that are shown there. */
struct xengt_aliases {
	u64 at;	 /* frame of BAR2, or 0 */
	u32 nr;	 /* of .mfn that are not 0 */
	u32 end; /* those after it are 0 */
	u64 mfn[XENGT_ALIAS_MAX] __attribute__((aligned(4096)));
	u32 pin[XENGT_ALIAS_MAX] __attribute__((aligned(4096))); /* whose frame each is */
};

struct xengt_kept {
	struct xengt_file_head head;
	/* Never changed once ready. */
	u8 uuid[16]; /* the domain's */
	struct xengt_options options;
	/* The rest changes. */
	u32 weight, cap; /* now, in place of those of .options */
	u32 booted;	 /* the domain was seen to run, since its vGPU was as after power-on */
	u32 paused;	 /* the domain is, for its vGPU's sake */
	u64 added_kib;	 /* put on the domain's memory limit */
	u64 limit_kib;	 /* of the domain's memory, as last seen; and what it was to have then: */
	u64 target_kib;	 /* 0: not known */
	struct xengt_pins pins;
	struct xengt_aliases aliases;
};

/* The kind of file that it is, and the end of its name. */
#define XENGT_KEPT_SUFFIX ".kept"
extern const struct xengt_file_kind xengt_kept_kind;

/** xengt_kept_bytes() - of memory that a new one takes at once. */
size_t xengt_kept_bytes(void);

#endif
