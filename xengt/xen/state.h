/* SPDX-License-Identifier: MIT */
/*
 * A vGPU's state, which outlives its process: a file of sections that only the process writes. The
 * core's and the ioreq server's rooms describe theirs, and these are this room's.
 */
#ifndef XENGT_XEN_STATE_H
#define XENGT_XEN_STATE_H

#include "core/gvt.h"
#include "ioreq/ioreq.h"
#include "xengt/state/file.h"

#define XENGT_TRACK_MAX (1u << 20)

/* The section "memory": the guest's memory that was populated for the vGPU. */
struct xengt_memory {
	u64 opregion_at;   /* frame of the OpRegion's memory, or 0 */
	u64 backing_at;	   /* frame of the memory behind BAR0; 0: there is none */
	u64 backing_was;   /* frame from which it is being moved to .backing_at, or 0 */
	u32 backing_typed; /* writes to its register pages trap */
	u32 unused;
};

/* The section "tracked": frames that Xen has as of the server's type. */
struct xengt_tracked {
	u32 nr, unused;
	u64 gfn[XENGT_TRACK_MAX];
};

/* Sections of the kind: the core's are the first, in the order of intel_gvt_sections. */
enum xengt_state_section {
	XENGT_STATE_IOREQ = INTEL_GVT_SECTIONS,
	XENGT_STATE_MEMORY,
	XENGT_STATE_TRACKED,
	XENGT_STATE_SECTIONS,
};

#define XENGT_STATE_SUFFIX ".vgpu"

/** xengt_state_kind() - the state file's kind. */
struct xengt_file_kind xengt_state_kind(void);

/** xengt_state_cost() - bytes of memory that a vGPU's state takes, with all of its registers. */
u64 xengt_state_cost(void);

#endif
