/* SPDX-License-Identifier: MIT */
/*
 * Namespaces of the process's own. They are made by a user without rights, in a user namespace
 * (user_namespaces(7)): the supervisor needs no CAP_SYS_ADMIN for them.
 *
 * No user is mapped into the user namespace, so that there is none that the process could become.
 * There is no PID namespace: a process that made one could not start threads (pid_namespaces(7)).
 * Nor is there one of cgroups: it changes what files of /proc say, and there are none.
 */
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "xengt/jail/internal.h"

/* A directory that each Linux has. The empty one lies over it for a moment. */
#define SOME_DIRECTORY "/proc"

static const struct wall {
	u32 wall;
	int flag; /* of unshare(); 0: none of its own */
	const char *name;
} walls[] = {
	/* All others are made with the capabilities that the first one gives. */
	{ XENGT_WALL_USER, CLONE_NEWUSER, "user namespace" },
	{ XENGT_WALL_ROOT, CLONE_NEWNS, "empty root directory" },
	{ XENGT_WALL_NETWORK, CLONE_NEWNET, "network namespace" },
	{ XENGT_WALL_IPC, CLONE_NEWIPC, "IPC namespace" },
	{ XENGT_WALL_UTS, CLONE_NEWUTS, "UTS namespace" },
	{ XENGT_WALL_BOUNDING, 0, "empty bounding set" },
};

/*
 * The root becomes an empty file system that nobody can write to, and the one before leaves this
 * mount namespace (pivot_root(2), NOTES, on "." twice).
 */
static bool empty_root(void)
{
	return !mount("none", SOME_DIRECTORY, "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		      "nr_inodes=1,mode=0555") &&
	       !chdir(SOME_DIRECTORY) && !syscall(SYS_pivot_root, ".", ".") &&
	       !umount2(".", MNT_DETACH) && !chdir("/");
}

int jail_namespaces(struct jail_entry *entry)
{
	bool user = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(walls); i++) {
		if (!walls[i].flag)
			continue;
		if (user && !unshare(walls[i].flag))
			continue;
		entry->missing |= walls[i].wall;
		user = user && walls[i].wall != XENGT_WALL_USER;
	}
	if (!(entry->missing & XENGT_WALL_ROOT) && !empty_root())
		entry->missing |= XENGT_WALL_ROOT;
	return 0;
}

void xengt_jail_walls(u32 which, char *text, size_t len)
{
	size_t at = 0;

	snprintf(text, len, "none");
	for (unsigned int i = 0; i < ARRAY_SIZE(walls) && at < len; i++)
		if (which & walls[i].wall)
			at += snprintf(text + at, len - at, "%s%s", at ? ", " : "", walls[i].name);
}
