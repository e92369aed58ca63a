/* SPDX-License-Identifier: MIT */
/*
 * The walls around a guest's process: what is left to it once it serves the guest, and what a guest
 * that has taken it over can do.
 *
 * Before it enters, the process opens what it will use: its Xen handles, restricted to the domain
 * (xendevicemodel_restrict(), xenforeignmemory_restrict(), xenevtchn_restrict()), the domain's
 * state file, and sockets that are connected to its supervisor, of SOCK_STREAM or SOCK_SEQPACKET.
 * The filter does not know which descriptor belongs to which domain: a handle that was not
 * restricted stays open to all domains.
 *
 * Its supervisor is root with CAP_SETUID, CAP_SETGID and CAP_KILL. Without CAP_KILL the kernel does
 * not deliver the signal that its death sends to a process of another user, and the supervisor
 * cannot kill it either. (reparent_leader() in Linux's kernel/exit.c asks for the same permission
 * as kill(2).) The signal is sent when the thread ends that started the process: this has to be a
 * thread that lives as long as the supervisor.
 *
 * Once inside, what opens files, or looks up a user, host or time zone, fails or ends the process:
 * fopen() and localtime() find nothing; dlopen() and iconv_open() fail; getpwuid(), syslog() and
 * sd_journal_send() open a socket, and system(), popen() and posix_spawn() start a process, which
 * kills this one. A thread names itself (prctl(PR_SET_NAME), pthread_setname_np(pthread_self()));
 * the name of another thread is a file. pthread_cancel() and pthread_exit() load a library, unless
 * it was loaded before.
 */
#ifndef XENGT_JAIL_JAIL_H
#define XENGT_JAIL_JAIL_H

#include "xengt/jail/walls.h"

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

#endif
