/* SPDX-License-Identifier: MIT */
/* Where the cgroup is that this process may divide among guests. */
#ifndef XENGT_CGROUP_FIND_H
#define XENGT_CGROUP_FIND_H

#include <limits.h>

#include "core/base/types.h"

/* The leaf that the supervisor is in, and the cgroup that it makes where no service manager does.
 */
#define XENGT_CGROUP_SUPERVISOR "supervisor"
#define XENGT_CGROUP_ALONE	"xengt"

struct xengt_cgroup_place {
	char mount[PATH_MAX]; /* the mount point of cgroup2 */
	char below[PATH_MAX]; /* the cgroup to divide, relative to it */
	bool alone; /* no service manager made it: it is "xengt" in the root, or to be made */
	bool v1;    /* cgroup v1 is mounted too, and may have the controllers */
};

/**
 * xengt_cgroup_find() - look for cgroup2's mount (proc(5), /proc/self/mounts) and for this process'
 * cgroup (cgroups(7), the line "0::" of /proc/self/cgroup).
 * @root: before the paths of the system's files; "" for this system.
 * @why: receives what is missing, in words.
 *
 * A process in the root cgroup divides "xengt" below it. A process in a leaf "supervisor" divides
 * the cgroup that holds the leaf: its service manager started it there (DelegateSubgroup= of
 * systemd.resource-control(5)), or an earlier program of the same process moved it.
 *
 * Returns 0; -ENOENT: no cgroup2 is mounted, or this process is in none; -EXDEV: its cgroup is
 * outside of its cgroup namespace; -ENAMETOOLONG, -EPROTO or another negative errno.
 */
int xengt_cgroup_find(const char *root, struct xengt_cgroup_place *place, char *why,
		      size_t why_len);

#endif
