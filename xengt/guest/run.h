/* SPDX-License-Identifier: MIT */
/* A guest's process: a vGPU that is served, and what xengtd asks of it over the link. */
#ifndef XENGT_GUEST_RUN_H
#define XENGT_GUEST_RUN_H

#include "xengt/link/link.h"

struct xengt_vgpu;

/* Where xengt-guest finds the first of the descriptors that follow, the others behind it. */
#define XENGT_GUEST_FD 3

/* The descriptors that xengtd hands over, all of the process' from then on. */
struct xengt_guest_fds {
	int link, ask, kept, state, figures;
};

/**
 * xengt_guest_run() - serve, until xengtd says that it is enough or is gone.
 * @seen: receives the vGPU while it is served, for tests; or NULL.
 * Returns 0, or a negative errno, which xengtd has been told of with a sentence.
 */
int xengt_guest_run(const struct xengt_guest_fds *fds, struct xengt_vgpu **seen);

#endif
