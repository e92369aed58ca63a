/* SPDX-License-Identifier: MIT */
/* A domain's vGPU: attached, asked, let go. */
#ifndef XENGT_GUEST_VGPU_H
#define XENGT_GUEST_VGPU_H

#include "xengt/link/link.h"
#include "xengt/xen/xengt.h"

extern const struct intel_gvt_mpt xengt_mpt;

/**
 * xengt_host_init() - build the shared part of the vGPUs.
 * @host: .gpu, .share and .poll_max are set by the caller. Returns 0 or a negative errno.
 */
int xengt_host_init(struct xengt_host *host);

/** xengt_host_exit() - the reverse, after the last vGPU. */
void xengt_host_exit(struct xengt_host *host);

/**
 * xengt_vgpu_open() - open all that needs rights: files, Xen's handles, which are restricted to the
 * domain, and its ioreq server.
 * @why: on failure, receives a sentence for the user.
 * Returns 0 or a negative errno; then nothing is left behind.
 */
int xengt_vgpu_open(struct xengt_host *host, const struct xengt_start *start,
		    struct xengt_vgpu **out, char *why, size_t why_len);

/** xengt_vgpu_begin() - make the vGPU, or take it up, and serve. Needs no rights. Returns as
 * xengt_vgpu_open(), and @v is gone after an error. */
int xengt_vgpu_begin(struct xengt_vgpu *v, char *why, size_t why_len);

/** xengt_vgpu_attach() - both. */
int xengt_vgpu_attach(struct xengt_host *host, const struct xengt_start *start,
		      struct xengt_vgpu **out, char *why, size_t why_len);

/**
 * xengt_vgpu_detach() - stop serving, and release the vGPU. False: pages stay tracked, and the state
 * file is as after XENGT_KEEP.
 */
bool xengt_vgpu_detach(struct xengt_vgpu *v, enum xengt_detach how);

/**
 * xengt_vgpu_restart() - its domain was soft reset: same memory and vCPUs, and another kernel
 * starts in it without firmware. The vGPU is as after power-on, with its BARs and its OpRegion
 * where they were. Safe to repeat, also after it was broken off. Returns as xengt_vgpu_call() does.
 */
int xengt_vgpu_restart(struct xengt_vgpu *v);

/**
 * xengt_vgpu_call() - run @fn in the vGPU's thread, and wait until it is done.
 * Returns 0, or a negative errno when the thread could not be woken.
 */
int xengt_vgpu_call(struct xengt_vgpu *v, void (*fn)(struct xengt_vgpu *v, void *arg), void *arg);

/**
 * xengt_vgpu_suspended() - its domain is suspended, and about to be saved.
 * Takes out of it what a saved domain could not be restored with: the memory behind BAR0, beyond
 * the domain's configured size. The vGPU goes on without, should the domain be resumed: each access
 * traps. Returns as xengt_vgpu_call() does.
 */
int xengt_vgpu_suspended(struct xengt_vgpu *v);

#endif
