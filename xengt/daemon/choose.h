/* SPDX-License-Identifier: MIT */
/* Which vGPU a guest gets, and which PCI slot. */
#ifndef XENGT_DAEMON_CHOOSE_H
#define XENGT_DAEMON_CHOOSE_H

#include "xengt/daemon/daemon.h"

/**
 * choose_vgpu() - the vGPU that @text asks for, as xengt_options_parse() reads it: one made before,
 * by its UUID, or one that is made now. @options receives what it is to be. Returns 0, or as
 * daemon_attach() with
 * @why.
 */
int choose_vgpu(struct daemon *daemon, const char *text, struct xengt_instance **out,
		struct xengt_options *options, char *why, size_t why_len);

/**
 * choose_slot() - a slot of PCI bus 0 that the domain's device model, if it runs, has no device at.
 * @options: the slot that is asked for, or 0; receives it. Returns 0, or a negative errno with
 * @why.
 */
int choose_slot(struct daemon *daemon, domid_t domid, struct xengt_options *options, char *why,
		size_t why_len);

#endif
