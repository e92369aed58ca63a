/* SPDX-License-Identifier: MIT */
/* The memory behind BAR0. */
#ifndef XENGT_XEN_BACKING_H
#define XENGT_XEN_BACKING_H

#include "core/base/types.h"

struct xengt_vgpu;

/** xengt_backing_create() - populate, park and map it; or map what a state file has. */
int xengt_backing_create(struct xengt_vgpu *v);

/**
 * xengt_backing_renew() - as xengt_backing_create() made it, wherever pages of it have gone to
 * since; while it is out of sight. Returns 0, or an errno: the GGTT has no memory.
 */
int xengt_backing_renew(struct xengt_vgpu *v);

/** xengt_backing_place() - to guest physical @gpa, or INTEL_GVT_BAR_OFF: out of sight. */
int xengt_backing_place(struct xengt_vgpu *v, u64 gpa);

/** xengt_backing_withdraw() - give it back, with the GGTT's entries going on in the state file. */
void xengt_backing_withdraw(struct xengt_vgpu *v);

/** xengt_backing_leave() - unmap it for good; its pages stay where they are, as plain memory. */
void xengt_backing_leave(struct xengt_vgpu *v);

/** xengt_backing_destroy() - unmap; unless @keep, give the memory back. */
int xengt_backing_destroy(struct xengt_vgpu *v, bool keep);

#endif
