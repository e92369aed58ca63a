/* SPDX-License-Identifier: MIT */
#include "xengt/guest/guest.h"

#include "xengt/jail/jail.h"

/* Descriptors: some ten of this program's, and as many of libraries. */
#define FILES 64u
/* The main thread, the vGPU's, the scheduler's, and one for each engine; the rest is for libraries.
 */
#define THREADS 32u

int xengt_guest_give_up_rights(struct xengt_guest *g, struct xengt_vgpu *v, char *why, size_t len)
{
	const struct xengt_jail jail = {
		.uid = g->start.uid,
		.parent = (pid_t)g->start.parent,
		.files = FILES,
		.threads = THREADS,
		.file_max = v->file.size,
	};

	/* Without a software GPU, hostmem.c opens /dev/xen/gntalloc later, which needs rights. */
	if (!g->start.uid || !g->start.software)
		return 0;
	return xengt_jail_enter(&jail, &g->missing, why, len);
}
