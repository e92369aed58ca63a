/* SPDX-License-Identifier: MIT */
/* What a process in the jail is, and the walls around it. */
#ifndef XENGT_JAIL_WALLS_H
#define XENGT_JAIL_WALLS_H

#include <sys/types.h>

#include "core/base/types.h"

#define XENGT_JAIL_FILES_MAX 65536u

/* What the process is to be, and the most that it may have. */
struct xengt_jail {
	uid_t uid;	/* its user, and the number of its only group: not 0, and nobody else's */
	pid_t parent;	/* its supervisor: the process dies with it */
	u32 files;	/* descriptors are numbers below this, 1 to XENGT_JAIL_FILES_MAX */
	u32 threads;	/* of this user at once, the first one counted; 0: as many as before */
	u64 file_max;	/* bytes: no file can be made longer, or is sent SIGXFSZ; 0: as before */
	u64 memory_max; /* bytes of private memory: heap, stacks, data; 0: as before */
	u64 space_max;	/* bytes of address space, with what is mapped of the guest; 0: as before */
};

/*
 * Walls that the kernel may refuse: by user.max_user_namespaces = 0, by Debian's
 * kernel.unprivileged_userns_clone = 0, by AppArmor, in a chroot or in a container. Without
 * XENGT_WALL_USER there is none of those below it.
 */
enum xengt_wall {
	XENGT_WALL_USER = 1u << 0,     /* a user namespace, in which it is nobody */
	XENGT_WALL_ROOT = 1u << 1,     /* an empty root directory, in a mount namespace */
	XENGT_WALL_NETWORK = 1u << 2,  /* a network namespace */
	XENGT_WALL_IPC = 1u << 3,      /* a namespace of System V IPC and message queues */
	XENGT_WALL_UTS = 1u << 4,      /* a namespace of the host's name */
	XENGT_WALL_BOUNDING = 1u << 5, /* no capability can be gained by executing a file */
};

/** xengt_jail_walls() - the names of @walls, for people: "user namespace, network", or "none". */
void xengt_jail_walls(u32 walls, char *text, size_t len);

#endif
