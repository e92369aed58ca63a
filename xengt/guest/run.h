/* SPDX-License-Identifier: MIT */
/* A guest's process: it serves one vGPU, and obeys commands of xengtd over the link. */
#ifndef XENGT_GUEST_RUN_H
#define XENGT_GUEST_RUN_H

#include "xengt/link/link.h"

struct xengt_vgpu;

/* xengt-guest finds the descriptors of struct xengt_guest_fds at this number and those after it. */
#define XENGT_GUEST_FD 3

/* The descriptors that xengtd hands over; the process owns them. */
struct xengt_guest_fds {
	int link, ask, kept, state, figures;
};

/**
 * xengt_guest_run() - serve, until xengtd has the vGPU detached, or is gone.
 * @seen: for tests, receives the vGPU while it is served, and NULL before it is freed; or NULL.
 * Returns 0 or a negative errno. If the vGPU could not be started, xengtd has got a sentence.
 */
int xengt_guest_run(const struct xengt_guest_fds *fds, struct xengt_vgpu **seen);

#endif
