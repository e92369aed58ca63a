/* SPDX-License-Identifier: MIT */
/* Guests' processes as threads of the daemon's, which has an embedded Xen: they could not share it.
 */
#ifndef TESTS_UNIT_THREADS_H
#define TESTS_UNIT_THREADS_H

#include <pthread.h>

#include "xengt/daemon/process.h"
#include "xengt/guest/run.h"

/* Domains from this number on have one. */
#define FIRST_DOMID 21
#define NR_DOMAINS  3

/* A guest's process. */
struct rig_process {
	pthread_t thread;
	struct xengt_guest_fds fds;
	struct xengt_vgpu *v; /* while it serves */
	bool runs;
	bool played; /* set by a test that plays it, by its descriptors */
};

/** threads_runner - the runner; the daemon's .runner_priv is an array of NR_DOMAINS rig_process. */
extern const struct process_runner threads_runner;

#endif
