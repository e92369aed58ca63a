/* SPDX-License-Identifier: MIT */
/*
 * The system calls that are left to a guest's process (seccomp(2), libseccomp). What is not in
 * these tables kills the process, whatever its other walls are; so does any call of another ABI,
 * those of i386 and x32.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The numbers of Xen's ioctls: as in Linux's include/uapi/xen/privcmd.h and evtchn.h. */
#include <xen/xen.h>
/* They use its types. */
#include <xen/sys/evtchn.h>
#include <xen/sys/privcmd.h>

#include "xengt/jail/internal.h"
#include "xengt/jail/sanitizer.h"

#define ARGS_MAX 2u

/* A call with these arguments. Rows of one call are alternatives. */
struct row {
	int call;
	struct scmp_arg_cmp arg[ARGS_MAX]; /* those with an .op, from the first */
	int err;			   /* of a row of refused[]: what the call returns */
};

/* Of argument @n, the bits in @mask are those of @value. */
#define BITS(n, mask, value)                                                                \
	{                                                                                   \
		.arg = (n), .op = SCMP_CMP_MASKED_EQ, .datum_a = (mask), .datum_b = (value) \
	}
/* Argument @n, of which the kernel takes 32 bits, is @value. */
#define IS(n, value)   BITS(n, UINT32_MAX, value)
#define IS_NULL(n)     BITS(n, UINT64_MAX, 0)
#define WITHOUT(n, no) BITS(n, no, 0)

/* What pthread_create() asks for (glibc's nptl/pthread_create.c): nothing that is not shared. */
#define THREAD                                                                              \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_THREAD | \
	 CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

/* A growing stack, which RLIMIT_DATA does not count, and pages that the host has few of. */
#define NOT_MAPPED (MAP_GROWSDOWN | MAP_HUGETLB | MAP_LOCKED)

/* Memory that the kernel may take away, since Linux 6.11 (linux/mman.h). */
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

/* A stack's guard pages, since Linux 6.13 (asm-generic/mman-common.h). */
#define GUARD_INSTALL 102
#define GUARD_REMOVE  103

/* struct termios2 is in no header of glibc's: asm-generic/ioctls.h and asm-generic/termbits.h. */
#define TCGETS2_SIZE 44
#undef TCGETS2
#define TCGETS2 _IOC(_IOC_READ, 'T', 0x2a, TCGETS2_SIZE)

static const struct row allowed[] = {
	/* Xen, by handles that are restricted to one domain; each restricts these calls. */
	{ SCMP_SYS(ioctl), { IS(1, IOCTL_PRIVCMD_DM_OP) } }, /* libxendevicemodel: all of it */
	{ SCMP_SYS(ioctl),
	  { IS(1, IOCTL_PRIVCMD_MMAPBATCH_V2) } }, /* libxenforeignmemory: the guest's pages */
	{ SCMP_SYS(ioctl),
	  { IS(1, IOCTL_PRIVCMD_MMAP_RESOURCE) } }, /* the same: the ioreq server's page */
	{ SCMP_SYS(ioctl),
	  { IS(1, IOCTL_EVTCHN_NOTIFY) } }, /* libxenevtchn: a request is answered */
	{ SCMP_SYS(ioctl), { IS(1, IOCTL_EVTCHN_BIND_INTERDOMAIN) } }, /* the same: a vCPU's port */
	{ SCMP_SYS(ioctl), { IS(1, IOCTL_EVTCHN_UNBIND) } },

	/* Descriptors that are open. An event channel's are read and written too. */
	{ SCMP_SYS(read) },
	{ SCMP_SYS(write) },
	{ SCMP_SYS(readv) },
	{ SCMP_SYS(writev) }, /* what malloc() says before it aborts */
	{ SCMP_SYS(close) },
	{ SCMP_SYS(lseek) },
	{ SCMP_SYS(poll) },
	{ SCMP_SYS(ppoll) },
	{ SCMP_SYS(fallocate), { IS(1, 0) } }, /* of the state file: never less than it has */
	{ SCMP_SYS(fstat) },
	/* fstat() of glibc 2.33 to 2.38. A path would be looked up too, in the empty root. Where
	 * that is missing, this tells who asks what files there are, and nothing of their content.
	 */
	{ SCMP_SYS(newfstatat), { IS(3, AT_EMPTY_PATH) } },
	{ SCMP_SYS(fcntl), { IS(1, F_GETFL) } }, /* fdopen() */
	{ SCMP_SYS(fcntl), { IS(1, F_SETFL) } },
	{ SCMP_SYS(fcntl), { IS(1, F_GETLK) } },
	{ SCMP_SYS(fcntl), { IS(1, F_SETLK) } },

	/* The supervisor's sockets. They are connected, and nobody else is reached by them. */
	{ SCMP_SYS(sendmsg) },
	{ SCMP_SYS(recvmsg) },
	{ SCMP_SYS(sendto), { IS_NULL(4) } }, /* send() */
	{ SCMP_SYS(recvfrom) },		      /* recv() */

	/* Waiting for what threads and descriptors tell. */
	{ SCMP_SYS(eventfd2) },
	{ SCMP_SYS(epoll_create1) },
	{ SCMP_SYS(epoll_ctl) },
	{ SCMP_SYS(epoll_wait) },
	{ SCMP_SYS(epoll_pwait) },

	/* Memory: never to be executed; anonymous only as private, which RLIMIT_DATA counts. */
	{ SCMP_SYS(mmap), { WITHOUT(2, PROT_EXEC), WITHOUT(3, MAP_ANONYMOUS | NOT_MAPPED) } },
	{ SCMP_SYS(mmap),
	  { WITHOUT(2, PROT_EXEC),
	    BITS(3, MAP_TYPE | MAP_ANONYMOUS | NOT_MAPPED, MAP_PRIVATE | MAP_ANONYMOUS) } },
	/* getrandom() of glibc 2.41, which the vDSO answers out of such memory. */
	{ SCMP_SYS(mmap),
	  { WITHOUT(2, PROT_EXEC),
	    BITS(3, MAP_TYPE | MAP_ANONYMOUS | NOT_MAPPED, MAP_DROPPABLE | MAP_ANONYMOUS) } },
	{ SCMP_SYS(mprotect), { WITHOUT(2, PROT_EXEC) } },
	{ SCMP_SYS(munmap) },
	{ SCMP_SYS(mremap) },
	{ SCMP_SYS(brk) },
	{ SCMP_SYS(madvise),
	  { IS(2, MADV_DONTNEED) } }, /* malloc(), and a thread's stack when it ends */
	{ SCMP_SYS(madvise), { IS(2, GUARD_INSTALL) } },
	{ SCMP_SYS(madvise), { IS(2, GUARD_REMOVE) } },

	/* Threads, their locks and conditions, without those that inherit priority. */
	{ SCMP_SYS(clone), { IS(0, THREAD) } },
	{ SCMP_SYS(set_robust_list) },
	{ SCMP_SYS(rseq) },
	{ SCMP_SYS(prctl), { IS(0, PR_SET_NAME) } },
	{ SCMP_SYS(futex), { BITS(1, (u32)FUTEX_CMD_MASK, FUTEX_WAIT) } },
	{ SCMP_SYS(futex), { BITS(1, (u32)FUTEX_CMD_MASK, FUTEX_WAKE) } },
	{ SCMP_SYS(futex), { BITS(1, (u32)FUTEX_CMD_MASK, FUTEX_WAIT_BITSET) } },
	{ SCMP_SYS(sched_yield) },
	{ SCMP_SYS(sched_getaffinity) }, /* malloc(): how many arenas */
	{ SCMP_SYS(getpid) },		 /* raise() */
	{ SCMP_SYS(gettid) },
	{ SCMP_SYS(exit) },
	{ SCMP_SYS(exit_group) },

	/* Signals, to itself alone: tgkill(), in load(). */
	{ SCMP_SYS(rt_sigaction) },
	{ SCMP_SYS(rt_sigprocmask) },
	{ SCMP_SYS(rt_sigreturn) },
	{ SCMP_SYS(sigaltstack) },
	{ SCMP_SYS(restart_syscall) }, /* a wait goes on after SIGCONT, or a freezer */

	/* Time: calls where the vDSO cannot read the clock, as under Xen with its own. */
	{ SCMP_SYS(clock_gettime) },
	{ SCMP_SYS(gettimeofday) },
	{ SCMP_SYS(time) },
	{ SCMP_SYS(clock_nanosleep) },
	{ SCMP_SYS(nanosleep) },

	{ SCMP_SYS(getrandom) }, /* json-c's hash seed, malloc()'s */
};

/* Calls that libraries try and do without. They fail, and the process goes on. */
static const struct row refused[] = {
	/* glibc goes on with clone(), whose flags can be looked at: clone3() has them in memory. */
	{ SCMP_SYS(clone3), .err = ENOSYS },
	/* localtime() goes on with UTC, iconv and gettext with what is built in. */
	{ SCMP_SYS(openat), .err = EACCES },
	/* qsort() of glibc up to 2.36 asks how much memory there is, and takes any answer. */
	{ SCMP_SYS(sysinfo), .err = ENOSYS },
	/* printf() to a character device, as /dev/null: isatty(); since glibc 2.42 by the second.
	 */
	{ SCMP_SYS(ioctl), { IS(1, TCGETS) }, .err = ENOTTY },
	{ SCMP_SYS(ioctl), { IS(1, TCGETS2) }, .err = ENOTTY },
	/* libxenforeignmemory, after the other MMAPBATCH found an argument wrong. */
	{ SCMP_SYS(ioctl), { IS(1, IOCTL_PRIVCMD_MMAPBATCH) }, .err = ENOTTY },
};

static int add(scmp_filter_ctx filter, const struct row *row)
{
	u32 action = row->err ? SCMP_ACT_ERRNO((u32)row->err) : SCMP_ACT_ALLOW;
	unsigned int nr = 0;

	while (nr < ARGS_MAX && row->arg[nr].op)
		nr++;
	return seccomp_rule_add_exact_array(filter, action, row->call, nr, row->arg);
}

static int add_all(scmp_filter_ctx filter, const struct row *rows, unsigned int nr)
{
	int err = 0;

	for (unsigned int i = 0; i < nr && !err; i++)
		err = add(filter, &rows[i]);
	return err;
}

static const struct {
	enum scmp_filter_attr attr;
	u32 value;
} attributes[] = {
	{ SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS },
	{ SCMP_FLTATR_CTL_OPTIMIZE, 2 }, /* a search by halves: each trap takes some calls */
	{ SCMP_FLTATR_API_SYSRAWRC, 1 }, /* errors are the kernel's */
};

static int load(scmp_filter_ctx filter)
{
	const struct row to_itself = { SCMP_SYS(tgkill), { IS(0, (u32)getpid()) } };
	int err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(attributes) && !err; i++)
		err = seccomp_attr_set(filter, attributes[i].attr, attributes[i].value);
	if (!err)
		err = add_all(filter, allowed, ARRAY_SIZE(allowed));
	if (!err)
		err = add(filter, &to_itself);
	if (!err)
		err = add_all(filter, refused, ARRAY_SIZE(refused));
	if (!err)
		err = jail_sanitizer_calls(filter);
	return err ?: seccomp_load(filter);
}

int jail_filter(char *why, size_t why_len)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int err = filter ? load(filter) : -ENOMEM;

	if (filter)
		seccomp_release(filter);
	if (err)
		snprintf(why, why_len, "could not filter system calls: %s", strerror(-err));
	return err;
}
