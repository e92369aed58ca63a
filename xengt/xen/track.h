/* SPDX-License-Identifier: MIT */
/* Tracked pages: Xen sends writes to them to our ioreq server. */
#ifndef XENGT_XEN_TRACK_H
#define XENGT_XEN_TRACK_H

#include "core/base/types.h"

struct xengt_vgpu;

/** xengt_track_claim() - have Xen send writes to pages of the tracked type to our server. Makes
 * pages plain that an earlier process tracked. Returns 0 or a negative errno. */
int xengt_track_claim(struct xengt_vgpu *v);

/** xengt_track_release() - give the claim up. Returns 0, or an errno: pages are still tracked. */
int xengt_track_release(struct xengt_vgpu *v);

int xengt_track_enable(struct xengt_vgpu *v, u64 gfn);

/**
 * xengt_track_disable() - the page is plain memory from now on, or, if the last request of a vCPU
 * was to it, from that vCPU's next request on. Returns 0, -ENOENT or an errno.
 */
int xengt_track_disable(struct xengt_vgpu *v, u64 gfn);

/**
 * xengt_track_begin() - a request of @vcpu comes: to write memory at @gpa, or (IOREQ_NO_WRITE) for
 * something else. So the vCPU's request before is over.
 */
void xengt_track_begin(struct xengt_vgpu *v, unsigned int vcpu, u64 gpa);

/** xengt_track_settle() - make pages plain at once that wait for a vCPU's next request. */
void xengt_track_settle(struct xengt_vgpu *v);

/** xengt_track_type() - type @nr frames from @gfn as tracked, or as plain memory again. */
int xengt_track_type(struct xengt_vgpu *v, u64 gfn, u32 nr, bool tracked);

#endif
