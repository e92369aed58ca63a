/* SPDX-License-Identifier: MIT */
/* How the daemon of these tests runs guests' processes: see threads.h. */
#include "tests/unit/threads.h"
#include "xengt/daemon/daemon.h"
#include "xengt/daemon/process.h"

static struct rig_process processes[NR_DOMAINS];

static int start(struct daemon *daemon, domid_t domid, const struct xengt_guest_fds *fds, u64 *id)
{
	daemon->runner_priv = processes;
	return threads_runner.start(daemon, domid, fds, id);
}

static void end(struct daemon *daemon, u64 id, char *how, size_t len)
{
	threads_runner.end(daemon, id, how, len);
}

const struct process_runner process_spawn = { .start = start, .end = end };

/* The test has a link to it where it runs the daemon. */
const char mount_program[] = "./xengt-mount";
