/* SPDX-License-Identifier: MIT */
/* A vGPU's state, which outlives its process: a mapped file that only the process writes. */
#ifndef XENGT_XEN_STATE_H
#define XENGT_XEN_STATE_H

#include "core/gvt.h"
#include "ioreq/ioreq.h"
#include "xengt/state/file.h"

#define XENGT_TRACK_MAX (1u << 20)

/* The core's state, intel_gvt_state_size() bytes, follows it in the file. */
struct xengt_state {
	struct xengt_file_head head;
	struct ioreq_state ioreq;
	u64 opregion_at;   /* frame of the OpRegion's memory, or 0 */
	u64 backing_at;	   /* frame of the memory behind BAR0; 0: there is none */
	u64 backing_was;   /* frame from which it is being moved to .backing_at, or 0 */
	u32 backing_typed; /* writes to its register pages trap */
	u32 nr_tracked;	   /* gfns in .tracked */
	u64 tracked[XENGT_TRACK_MAX] __attribute__((aligned(4096)));
};

/** xengt_state_kind() - the state file's kind. */
struct xengt_file_kind xengt_state_kind(void);

/**
 * xengt_state_begin() - reserve the memory that a new state file needs at once. Returns 0 or a
 * negative errno.
 */
int xengt_state_begin(const struct xengt_file *file);

/** xengt_state_check() - check a state file that an earlier process left. Returns as
 * xengt_file_check(). */
const char *xengt_state_check(struct xengt_file *file, u32 domid);

/** xengt_state_core() - the core's part. */
struct vgpu_state *xengt_state_core(struct xengt_state *state);

/** xengt_state_cost() - bytes of memory that a new state file takes at once. */
size_t xengt_state_cost(void);

#endif
