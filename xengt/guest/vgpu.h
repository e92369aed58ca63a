/* SPDX-License-Identifier: MIT */
/* A domain's vGPU: attaching it, calling into its thread, detaching it. */
#ifndef XENGT_GUEST_VGPU_H
#define XENGT_GUEST_VGPU_H

#include "xengt/link/link.h"
#include "xengt/xen/xengt.h"

extern const struct intel_gvt_mpt xengt_mpt;

/**
 * xengt_host_init() - build the part that all vGPUs of the process share.
 * @host: .gpu, .share and .poll_max are set by the caller. Returns 0 or a negative errno.
 */
int xengt_host_init(struct xengt_host *host);

/** xengt_host_exit() - the reverse, after the last vGPU. */
void xengt_host_exit(struct xengt_host *host);

/**
 * xengt_vgpu_open() - open all that needs rights: the files, Xen handles restricted to the domain,
 * and the ioreq server.
 * @why: on failure, receives a sentence for the user.
 * Returns 0 or a negative errno; then nothing is left behind.
 */
int xengt_vgpu_open(struct xengt_host *host, const struct xengt_start *start,
		    struct xengt_vgpu **out, char *why, size_t why_len);

/** xengt_vgpu_begin() - make the vGPU or take it up, and start to serve it. Needs no rights.
 * Returns as xengt_vgpu_open(); after an error @v is freed. */
int xengt_vgpu_begin(struct xengt_vgpu *v, char *why, size_t why_len);

/** xengt_vgpu_attach() - xengt_vgpu_open() and xengt_vgpu_begin(). */
int xengt_vgpu_attach(struct xengt_host *host, const struct xengt_start *start,
		      struct xengt_vgpu **out, char *why, size_t why_len);

/**
 * xengt_vgpu_detach() - stop serving, and free @v. False: Xen did not release the tracked pages,
 * and the state file is left as after XENGT_KEEP.
 */
bool xengt_vgpu_detach(struct xengt_vgpu *v, enum xengt_detach how);

/**
 * xengt_vgpu_restart() - the domain was soft reset: it keeps memory and vCPUs, and another kernel
 * starts without firmware. Resets the vGPU as after power-on, with its BARs and its OpRegion where
 * they were. Safe to repeat, also after an interruption. Returns as xengt_vgpu_call() does.
 */
int xengt_vgpu_restart(struct xengt_vgpu *v);

/**
 * xengt_vgpu_call() - run @fn in the vGPU's thread, and wait until it is done.
 * Returns 0, or a negative errno: the thread could not be woken, or has failed (-EIO).
 */
int xengt_vgpu_call(struct xengt_vgpu *v, void (*fn)(struct xengt_vgpu *v, void *arg), void *arg);

/**
 * xengt_vgpu_suspended() - the domain is suspended, and about to be saved.
 * Takes the memory behind BAR0 out of it, which exceeds the domain's configured size: with it, the
 * saved domain could not be restored. If the domain is resumed instead, each access traps. Returns
 * as xengt_vgpu_call() does.
 */
int xengt_vgpu_suspended(struct xengt_vgpu *v);

#endif
