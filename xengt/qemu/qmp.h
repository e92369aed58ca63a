/* SPDX-License-Identifier: MIT */
/*
 * Asks a domain's QEMU about its devices, by the QMP socket that libxl has QEMU open for libxenstat
 * (qmp-libxenstat-DOMID in /run/xen). QEMU serves one client at a time there, so we hang up soon.
 * A guest may have taken its device model over: length and time of its answers are bounded.
 */
#ifndef XENGT_QEMU_QMP_H
#define XENGT_QEMU_QMP_H

#include "xengt/qemu/slots.h"

/**
 * xengt_qmp_slots() - the PCI slots of bus 0 that devices of @domid's QEMU have, into @slots.
 * @dir: the socket's directory. If nobody listens, as before QEMU was started, no slot has a
 * device. Returns 0, or a negative errno with @why, a sentence for the user.
 */
int xengt_qmp_slots(const char *dir, u32 domid, struct xengt_slots *slots, char *why,
		    size_t why_len);

#endif
