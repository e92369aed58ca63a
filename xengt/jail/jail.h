/* SPDX-License-Identifier: MIT */
/*
 * The walls around a guest's process: they bound what it can do once it serves the guest, even if
 * the guest has taken it over.
 *
 * Before it enters, the process opens what it will use: its Xen handles, restricted to the domain
 * (xendevicemodel_restrict(), xenforeignmemory_restrict(), xenevtchn_restrict()), the domain's
 * state file, and sockets that are connected to its supervisor, of SOCK_STREAM or SOCK_SEQPACKET.
 * The filter does not know which descriptor belongs to which domain: a handle that was not
 * restricted stays open to all domains.
 *
 * Its supervisor is root with CAP_SETUID, CAP_SETGID and CAP_KILL. Without CAP_KILL the kernel does
 * not deliver the signal that its death sends to a process of another user, and the supervisor
 * cannot kill it either. (forget_original_parent() in Linux's kernel/exit.c asks for the same
 * permission as kill(2).) The kernel sends the signal when the thread that started the process
 * ends: that thread must live as long as the supervisor.
 *
 * Once inside, functions that open files, or look up a user, host or time zone, fail or kill it:
 * fopen(), dlopen() and iconv_open() fail, localtime() knows UTC alone; getpwuid(), syslog() and
 * sd_journal_send() make a socket, and system(), popen() and posix_spawn() a process, which kills
 * this one. So do dup(), pipe(), timerfd_create() and locks that inherit priority. A thread names
 * itself (prctl(PR_SET_NAME), pthread_setname_np(pthread_self())); the name of another thread is a
 * file. pthread_cancel() and pthread_exit() load a library, unless it was loaded before.
 */
#ifndef XENGT_JAIL_JAIL_H
#define XENGT_JAIL_JAIL_H

#include <sys/types.h>

#include "core/base/types.h"

#define XENGT_JAIL_FILES_MAX 65536u

/*
 * The process' user, parent and limits. If XENGT_WALL_USER is missing, .threads bounds all
 * processes of this user together; a process that has ended counts until its parent has waited for
 * it.
 */
struct xengt_jail {
	uid_t uid;	/* its user, and the number of its only group: not 0, and nobody else's */
	pid_t parent;	/* its supervisor: the process dies with it */
	u32 files;	/* descriptors are numbers below this, 1 to XENGT_JAIL_FILES_MAX */
	u32 threads;	/* at once, the first one counted; 0: as many as before */
	u64 file_max;	/* bytes of a file: to write beyond sends SIGXFSZ; 0: as before */
	u64 memory_max; /* bytes of private memory: heap, stacks, data; 0: as before */
	u64 space_max;	/* bytes of address space, including mapped guest memory; 0: as before */
};

/*
 * Walls that the kernel may refuse: by user.max_user_namespaces = 0, by Debian's
 * kernel.unprivileged_userns_clone = 0, by AppArmor, in a chroot or in a container. Without
 * XENGT_WALL_USER the process has none of the others that unshare(2) makes.
 */
enum xengt_wall {
	XENGT_WALL_USER = 1u << 0,     /* a user namespace, in which it is nobody */
	XENGT_WALL_ROOT = 1u << 1,     /* an empty root directory, in a mount namespace */
	XENGT_WALL_NETWORK = 1u << 2,  /* a network namespace */
	XENGT_WALL_IPC = 1u << 3,      /* a namespace of System V IPC and message queues */
	XENGT_WALL_UTS = 1u << 4,      /* a namespace of the host's name */
	XENGT_WALL_BOUNDING = 1u << 5, /* no capability can be gained by executing a file */
};

/**
 * xengt_jail_enter() - the calling process gives up its rights, for good.
 * @missing: receives the walls (enum xengt_wall) that this kernel refused, 0 when all stand. The
 * process goes on without them: its user and the filter of its system calls still hold.
 * @why: receives a sentence on failure.
 *
 * The caller is root, or has CAP_SETUID and CAP_SETGID, and is the process's only thread. Later
 * threads inherit all walls. Descriptors of .files and above are closed. Standard error should be a
 * socket or a pipe: a file is bounded by .file_max.
 *
 * From then on a system call that is not on the list (xengt/jail/filter.c) kills the process with
 * SIGSYS, which its supervisor sees in the exit status. In a build with sanitizers memory_max and
 * space_max are not set, and leaks are not looked for at the end.
 *
 * Returns 0 or a negative errno: -EINVAL for a user of 0 or a bad number of descriptors, or where a
 * descriptor leads outside (a directory, a socket that is no connected stream of AF_UNIX); -EBUSY
 * when there are other threads; -ESRCH when the parent is not there any more; what the kernel says
 * when it refuses the user, no_new_privs, a limit or the filter. After an error the process has
 * lost some of its rights, and should end.
 */
int xengt_jail_enter(const struct xengt_jail *jail, u32 *missing, char *why, size_t why_len);

/** xengt_jail_walls() - the names of @walls, for people: "user namespace, network", or "none". */
void xengt_jail_walls(u32 walls, char *text, size_t len);

#endif
