/* SPDX-License-Identifier: MIT */
#include "tests/unit/threads.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "xengt/daemon/daemon.h"

static void *run(void *arg)
{
	struct rig_process *p = arg;

	xengt_guest_run(&p->fds, &p->v);
	return NULL;
}

static int start(struct daemon *daemon, domid_t domid, const struct xengt_guest_fds *fds, u64 *id)
{
	struct rig_process *p = (struct rig_process *)daemon->runner_priv + (domid - FIRST_DOMID);

	p->fds = (struct xengt_guest_fds){
		.link = dup(fds->link),
		.ask = dup(fds->ask),
		.kept = dup(fds->kept),
		.state = dup(fds->state),
		.figures = dup(fds->figures),
	};
	if (p->played) {
		*id = domid - FIRST_DOMID;
		return 0;
	}
	p->runs = !pthread_create(&p->thread, NULL, run, p);
	*id = domid - FIRST_DOMID;
	return p->runs ? 0 : -EAGAIN;
}

static void close_played(const struct xengt_guest_fds *fds)
{
	close(fds->link);
	close(fds->ask);
	close(fds->kept);
	close(fds->state);
	close(fds->figures);
}

/* It sees that nobody is at the other end of its link. */
static void end(struct daemon *daemon, u64 id, char *how, size_t len)
{
	struct rig_process *p = (struct rig_process *)daemon->runner_priv + id;

	if (p->runs)
		pthread_join(p->thread, NULL);
	else
		close_played(&p->fds);
	p->runs = false;
	p->v = NULL;
	snprintf(how, len, "its thread ended");
}

const struct process_runner threads_runner = { .start = start, .end = end };
