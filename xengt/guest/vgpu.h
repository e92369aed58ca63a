/* SPDX-License-Identifier: MIT */
/* A domain's vGPU: attached, asked, let go. */
#ifndef XENGT_GUEST_VGPU_H
#define XENGT_GUEST_VGPU_H

#include "xengt/xen/xengt.h"

extern const struct intel_gvt_mpt xengt_mpt;

/**
 * xengt_host_init() - open Xen's interfaces and build the shared part of the vGPUs.
 * @host: .gpu, .state_dir and .poll_max are set by the caller. Returns 0, or a negative errno after
 * a log line that says what could not be had.
 */
int xengt_host_init(struct xengt_host *host);

/** xengt_host_exit() - the reverse, after the last vGPU. */
void xengt_host_exit(struct xengt_host *host);

/**
 * xengt_vgpu_attach() - give @domid a vGPU, or take up the one that a state file has of it.
 * @options: ignored when taking up.
 * @why:     on failure, receives a sentence for the user.
 * Returns 0 or a negative errno; then nothing is left behind.
 */
int xengt_vgpu_attach(struct xengt_host *host, domid_t domid, const struct xengt_options *options,
		      bool take_up, struct xengt_vgpu **out, char *why, size_t why_len);

/**
 * xengt_vgpu_detach() - take the vGPU from its domain, and release it. In a domain that crashed or
 * was powered off, and is preserved, the memory behind BAR0 and that of the OpRegion stay as they
 * are.
 * @keep: only stop serving: the guest's next access waits for a daemon that takes it up.
 */
void xengt_vgpu_detach(struct xengt_vgpu *v, bool keep);

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

/** xengt_vgpu_follow_name() - its domain may have another name by now. Returns as xengt_vgpu_call()
 * does. */
int xengt_vgpu_follow_name(struct xengt_vgpu *v);

/** xengt_vgpu_follow_memory() - read the domain's memory target from xenstore again. Returns as
 * xengt_vgpu_call() does. */
int xengt_vgpu_follow_memory(struct xengt_vgpu *v);

#endif
