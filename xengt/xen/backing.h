/* SPDX-License-Identifier: MIT */
/* The memory behind BAR0. */
#ifndef XENGT_XEN_BACKING_H
#define XENGT_XEN_BACKING_H

#include "core/base/types.h"

struct xengt_vgpu;

/** xengt_backing_create() - populate, park and map it; or map what an earlier process has left. */
int xengt_backing_create(struct xengt_vgpu *v);

/**
 * xengt_backing_renew() - clear it, and make it anew if the guest gave pages up. It is parked.
 * Returns 0, or an errno: the GGTT has no memory.
 */
int xengt_backing_renew(struct xengt_vgpu *v);

/** xengt_backing_place() - move it to guest physical @gpa; INTEL_GVT_BAR_OFF: park it. */
int xengt_backing_place(struct xengt_vgpu *v, u64 gpa);

/** xengt_backing_withdraw() - copy the GGTT's entries to the state file, and give the memory
 * back. */
void xengt_backing_withdraw(struct xengt_vgpu *v);

/** xengt_backing_leave() - unmap it for good; its pages stay where they are, as plain memory. */
void xengt_backing_leave(struct xengt_vgpu *v);

/** xengt_backing_destroy() - unmap; unless @keep, give the memory back. */
int xengt_backing_destroy(struct xengt_vgpu *v, bool keep);

#endif
