/* SPDX-License-Identifier: MIT */
/*
 * What a domain's QEMU says of itself, over the socket that libxl gives it for libxenstat
 * (qmp-libxenstat-DOMID in /run/xen). QEMU answers one client at a time there, each for a moment.
 * A device model may be in the hands of its guest: what it says is bounded in length and time.
 */
#ifndef XENGT_QEMU_QMP_H
#define XENGT_QEMU_QMP_H

#include "xengt/qemu/slots.h"

/**
 * xengt_qmp_slots() - the PCI slots of bus 0 that QEMU of @domid has given away, into @slots.
 * @dir: where the socket is. Where nobody listens, as before QEMU was started, no slot has a
 * device. Returns 0, or a negative errno with @why, a sentence for the user.
 */
int xengt_qmp_slots(const char *dir, u32 domid, struct xengt_slots *slots, char *why,
		    size_t why_len);

#endif
