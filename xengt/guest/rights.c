/* SPDX-License-Identifier: MIT */
#include "xengt/guest/guest.h"

#include "xengt/jail/jail.h"

/* Descriptors: some ten of ours, and as many of the libraries'. */
#define FILES 64u
/* The main one, the vGPU's, the scheduler's, and one for each engine; with room for libraries'. */
#define THREADS 32u

int xengt_guest_give_up_rights(struct xengt_guest *g, struct xengt_vgpu *v, char *why, size_t len)
{
	const struct xengt_jail jail = {
		.uid = g->start.uid,
		.parent = (pid_t)g->start.parent,
		.files = FILES,
		.threads = THREADS,
		.file_max = v->state_kind.size,
	};

	/* Without a GPU, pages of ours are had of /dev/xen/gntalloc as they are needed. */
	if (!g->start.uid || !g->start.software)
		return 0;
	return xengt_jail_enter(&jail, &g->missing, why, len);
}
