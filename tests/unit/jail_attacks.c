/* SPDX-License-Identifier: MIT */
/* Attacks on others: files, sockets, processes, and by rights that the process has not. */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "tests/unit/jail_attack.h"

/* The sanitizers try these for their reports. */
#define FOR_REPORTS (JAIL_SANITIZED ? EACCES : JAIL_KILLED)

START_TEST(files)
{
	const struct jail_world *w = jail_here();
	struct stat st;
	const struct jail_attack attacks[] = {
		{ "open a file", FOR_REPORTS, ENOENT, { SYS_open, PTR("/etc/passwd") } },
		{ "open a file as libraries do",
		  EACCES,
		  ENOENT,
		  { SYS_openat, AT_FDCWD, PTR("/etc/passwd") } },
		{ "climb out of the root",
		  EACCES,
		  ENOENT,
		  { SYS_openat, AT_FDCWD, PTR("../../../../../etc/passwd") } },
		{ "open by a descriptor's name",
		  EACCES,
		  ENOENT,
		  { SYS_openat, AT_FDCWD, PTR("/proc/self/fd/0"), O_RDWR } },
		{ "open Xen's device again",
		  EACCES,
		  ENOENT,
		  { SYS_openat, AT_FDCWD, PTR("/dev/xen/privcmd"), O_RDWR } },
		{ "make a file",
		  EACCES,
		  EROFS,
		  { SYS_openat, AT_FDCWD, PTR("/x"), O_CREAT | O_RDWR, 0600 } },
		{ "make a file", JAIL_KILLED, EROFS, { SYS_creat, PTR("/x"), 0600 } },
		{ "open a file by openat2", JAIL_KILLED, 0, { SYS_openat2, AT_FDCWD, PTR("/") } },
		{ "open by a handle",
		  JAIL_KILLED,
		  0,
		  { SYS_open_by_handle_at, AT_FDCWD, PTR("\0\0\0\0\0\0\0\0"), O_RDWR } },
		{ "make a folder", JAIL_KILLED, EROFS, { SYS_mkdir, PTR("/x"), 0700 } },
		{ "make a device", JAIL_KILLED, EROFS, { SYS_mknod, PTR("/x"), 020666, 0x0101 } },
		{ "read a link",
		  FOR_REPORTS,
		  ENOENT,
		  { SYS_readlink, PTR("/proc/self/exe"), PTR(w->memory), 1 } },
		{ "see a file", JAIL_KILLED, ENOENT, { SYS_access, PTR("/etc/passwd") } },
		{ "see a file",
		  JAIL_KILLED,
		  ENOENT,
		  { SYS_newfstatat, AT_FDCWD, PTR("/etc/passwd"), PTR(&st) } },
		{ "remove a file", JAIL_KILLED, ENOENT, { SYS_unlink, PTR(w->path) } },
		{ "cut the open file", JAIL_KILLED, 0, { SYS_ftruncate, w->file, 0 } },
		{ "punch the open file",
		  JAIL_KILLED,
		  0,
		  { SYS_fallocate, w->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096 } },
		{ "change the open file's mode", JAIL_KILLED, 0, { SYS_fchmod, w->file, 0666 } },
		{ "make a file in memory", JAIL_KILLED, 0, { SYS_memfd_create, PTR("x") } },
		{ "change the root", JAIL_KILLED, EPERM, { SYS_chroot, PTR("/") } },
		{ "mount",
		  JAIL_KILLED,
		  EPERM,
		  { SYS_mount, PTR("none"), PTR("/"), PTR("tmpfs"), 0, 0 } },
		{ "mount by the newer way", JAIL_KILLED, EPERM, { SYS_fsopen, PTR("tmpfs") } },
		{ "bind the root",
		  JAIL_KILLED,
		  EPERM,
		  { SYS_open_tree, AT_FDCWD, PTR("/"), 1 /* OPEN_TREE_CLONE */ } },
		{ "unmount", JAIL_KILLED, EPERM, { SYS_umount2, PTR("/"), MNT_DETACH } },
		{ "pivot", JAIL_KILLED, EPERM, { SYS_pivot_root, PTR("/"), PTR("/") } },
	};

	jail_try(attacks, ARRAY_SIZE(attacks));
}
END_TEST

/* As fstat() of some libraries asks, but with a path. */
static long see_by_fstat(const struct jail_world *w)
{
	struct stat st;

	(void)w;
	return RAW(SYS_newfstatat, AT_FDCWD, "/etc/passwd", &st, AT_EMPTY_PATH);
}

/* It is for the empty root to hold. */
START_TEST(path_of_fstat)
{
	if (jail_full())
		ck_assert_int_eq(jail_run(JAIL_ENTER, see_by_fstat), ENOENT);
}
END_TEST

static long connect_to(int domain, const void *at, socklen_t len)
{
	long fd = RAW(SYS_socket, domain, SOCK_STREAM, 0);

	return fd < 0 ? fd : RAW(SYS_connect, fd, at, len);
}

static long connect_path(const struct jail_world *w)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", w->path);
	return connect_to(AF_UNIX, &at, sizeof(at));
}

static long connect_abstract(const struct jail_world *w)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path + 1, sizeof(at.sun_path) - 1, "%s", w->name);
	return connect_to(AF_UNIX, &at, sizeof(at));
}

static long connect_inet(const struct jail_world *w)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons(22),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };

	(void)w;
	return connect_to(AF_INET, &at, sizeof(at));
}

/* By a datagram on a socket that is no datagram's. */
static long send_elsewhere(const struct jail_world *w)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", w->path);
	return RAW(SYS_sendto, w->sock, "x", 1, MSG_NOSIGNAL, &at, sizeof(at));
}

static long send_message_elsewhere(const struct jail_world *w)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct iovec text = { "x", 1 };
	struct msghdr message = { &at, sizeof(at), &text, 1 };

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", w->path);
	return RAW(SYS_sendmsg, w->sock, &message, MSG_NOSIGNAL);
}

START_TEST(sockets)
{
	const struct jail_world *w = jail_here();
	const struct jail_attack attacks[] = {
		{ "connect to a path", JAIL_KILLED, ENOENT, .act = connect_path },
		{ "connect to an abstract name", JAIL_KILLED, ECONNREFUSED,
		  .act = connect_abstract },
		{ "connect by IP", JAIL_KILLED, ENETUNREACH, .act = connect_inet },
		{ "make a pair", JAIL_KILLED, 0, { SYS_socketpair, AF_UNIX, SOCK_DGRAM } },
		{ "speak with the kernel",
		  JAIL_KILLED,
		  0,
		  { SYS_socket, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE } },
		{ "have packets", JAIL_KILLED, EPERM, { SYS_socket, AF_PACKET, SOCK_RAW, 0 } },
		{ "send to an address", JAIL_KILLED, EISCONN, .act = send_elsewhere },
		{ "send a message to an address", EISCONN, EISCONN, .act = send_message_elsewhere },
		{ "bind", JAIL_KILLED, 0, { SYS_bind, w->sock } },
		{ "listen", JAIL_KILLED, 0, { SYS_listen, w->sock, 1 } },
		{ "accept", JAIL_KILLED, 0, { SYS_accept4, w->sock } },
		{ "set a socket's options", JAIL_KILLED, 0, { SYS_setsockopt, w->sock } },
	};

	jail_try(attacks, ARRAY_SIZE(attacks));
}
END_TEST

static long write_to_parent(const struct jail_world *w)
{
	struct iovec mine = { "INSIDE", 6 }, theirs = { w->memory, 6 };

	return RAW(SYS_process_vm_writev, w->parent, &mine, 1, &theirs, 1, 0);
}

static long read_from_parent(const struct jail_world *w)
{
	char text[6];
	struct iovec mine = { text, 6 }, theirs = { w->memory, 6 };

	return RAW(SYS_process_vm_readv, w->parent, &mine, 1, &theirs, 1, 0);
}

static long execute_memory(const struct jail_world *w)
{
	long fd = RAW(SYS_memfd_create, "x", 0);

	(void)w;
	RAW(SYS_write, fd, "#!", 2);
	return RAW(SYS_execveat, fd, "", 0, 0, AT_EMPTY_PATH);
}

/* As pthread_create() makes one. */
#define A_THREAD                                                                            \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_THREAD | \
	 CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)

START_TEST(processes)
{
	const struct jail_world *w = jail_here();
	const struct jail_attack attacks[] = {
		{ "execute", JAIL_KILLED, ENOENT, { SYS_execve, PTR("/bin/true") } },
		{ "execute a descriptor",
		  JAIL_KILLED,
		  EACCES,
		  { SYS_execveat, w->file, PTR(""), 0, 0, AT_EMPTY_PATH } },
		{ "execute memory", JAIL_KILLED, 0, .act = execute_memory },
		{ "fork", JAIL_KILLED, 0, { SYS_fork } },
		{ "vfork", JAIL_KILLED, 0, { SYS_vfork } },
		{ "clone a process", JAIL_KILLED, 0, { SYS_clone, SIGCHLD } },
		{ "clone a process that shares memory",
		  JAIL_KILLED,
		  0,
		  { SYS_clone, CLONE_VM | CLONE_FILES | CLONE_FS | SIGCHLD } },
		{ "clone a child of the parent's",
		  JAIL_KILLED,
		  0,
		  { SYS_clone, CLONE_PARENT | SIGCHLD } },
		{ "clone into a user namespace",
		  JAIL_KILLED,
		  EPERM,
		  { SYS_clone, CLONE_NEWUSER | SIGCHLD } },
		{ "clone a thread with more flags",
		  JAIL_KILLED,
		  0,
		  { SYS_clone, A_THREAD | CLONE_NEWNS } },
		{ "clone3", ENOSYS, 0, { SYS_clone3 } },
		{ "kill the parent", JAIL_KILLED, EPERM, { SYS_kill, w->parent, 0 } },
		{ "kill the parent's thread",
		  JAIL_KILLED,
		  EPERM,
		  { SYS_tgkill, w->parent, w->parent, 0 } },
		{ "kill a thread", JAIL_KILLED, EPERM, { SYS_tkill, w->parent, 0 } },
		{ "kill all", JAIL_KILLED, 0, { SYS_kill, -1, 0 } },
		{ "queue a signal",
		  JAIL_KILLED,
		  0,
		  { SYS_rt_sigqueueinfo, w->parent, SIGTERM, 0 } },
		{ "have a descriptor signal the parent",
		  JAIL_KILLED,
		  0,
		  { SYS_fcntl, w->sock, F_SETOWN, w->parent } },
		{ "trace the parent",
		  JAIL_KILLED,
		  EPERM,
		  { SYS_ptrace, PTRACE_ATTACH, w->parent } },
		{ "be traced", JAIL_KILLED, 0, { SYS_ptrace, PTRACE_TRACEME } },
		{ "write to the parent's memory", JAIL_KILLED, EPERM, .act = write_to_parent },
		{ "read the parent's memory", JAIL_KILLED, EPERM, .act = read_from_parent },
		{ "hold the parent", JAIL_KILLED, 0, { SYS_pidfd_open, w->parent } },
		{ "take the parent's descriptor", JAIL_KILLED, 0, { SYS_pidfd_getfd, w->file, 0 } },
		{ "compare with the parent",
		  JAIL_KILLED,
		  EPERM,
		  { SYS_kcmp, w->parent, w->parent } },
		{ "move the parent's pages", JAIL_KILLED, 0, { SYS_move_pages, w->parent } },
	};

	jail_try(attacks, ARRAY_SIZE(attacks));
}
END_TEST

static long take_capabilities(const struct jail_world *w)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { ~0u, ~0u, ~0u }, { ~0u, ~0u, ~0u } };

	(void)w;
	return RAW(SYS_capset, &header, data);
}

static long raise_limit(const struct jail_world *w)
{
	struct rlimit more = { 2 * JAIL_FILES, 2 * JAIL_FILES };

	(void)w;
	return RAW(SYS_prlimit64, 0, RLIMIT_NOFILE, &more, 0);
}

static long be_urgent(const struct jail_world *w)
{
	struct sched_param param = { .sched_priority = 1 };

	(void)w;
	return RAW(SYS_sched_setscheduler, 0, SCHED_FIFO, &param);
}

static long more_of_filter(const struct jail_world *w)
{
	(void)w;
	return RAW(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, 0);
}

START_TEST(rights)
{
	const struct jail_world *w = jail_here();
	const struct jail_attack attacks[] = {
		{ "be root", JAIL_KILLED, EINVAL, { SYS_setuid, 0 } },
		{ "be root", JAIL_KILLED, EINVAL, { SYS_setresuid, 0, 0, 0 } },
		{ "be of root's group", JAIL_KILLED, EINVAL, { SYS_setresgid, 0, 0, 0 } },
		{ "have groups", JAIL_KILLED, EPERM, { SYS_setgroups, 0, 0 } },
		{ "be another for files", JAIL_KILLED, 0, { SYS_setfsuid, 0 } },
		{ "have capabilities", JAIL_KILLED, EPERM, .act = take_capabilities },
		{ "have a user namespace", JAIL_KILLED, EPERM, { SYS_unshare, CLONE_NEWUSER } },
		{ "have a mount namespace", JAIL_KILLED, EPERM, { SYS_unshare, CLONE_NEWNS } },
		{ "enter a namespace", JAIL_KILLED, 0, { SYS_setns, w->file, 0 } },
		{ "have more descriptors", JAIL_KILLED, EPERM, .act = raise_limit },
		{ "have more descriptors", JAIL_KILLED, 0, { SYS_setrlimit, RLIMIT_NOFILE } },
		{ "be urgent", JAIL_KILLED, EPERM, .act = be_urgent },
		{ "be urgent", JAIL_KILLED, EACCES, { SYS_setpriority, PRIO_PROCESS, 0, -20 } },
		{ "be elsewhere", JAIL_KILLED, 0, { SYS_sched_setaffinity, 0 } },
		{ "be tame no more", JAIL_KILLED, 0, { SYS_prctl, PR_SET_SECCOMP, 0 } },
		{ "filter by rules of its own", JAIL_KILLED, 0, .act = more_of_filter },
		{ "show its memory", JAIL_KILLED, 0, { SYS_prctl, PR_SET_DUMPABLE, 1 } },
		{ "have privileges", JAIL_KILLED, EINVAL, { SYS_prctl, PR_SET_NO_NEW_PRIVS, 0 } },
		{ "outlive the parent", JAIL_KILLED, 0, { SYS_prctl, PR_SET_PDEATHSIG, 0 } },
		{ "keep capabilities", JAIL_KILLED, EPERM, { SYS_prctl, PR_SET_KEEPCAPS, 1 } },
		{ "be root again", JAIL_KILLED, EPERM, { SYS_prctl, PR_SET_SECUREBITS, 0 } },
		{ "be traced by any", JAIL_KILLED, 0, { SYS_prctl, PR_SET_PTRACER, -1 } },
		{ "execute what it reads", JAIL_KILLED, 0, { SYS_personality, 0x0400000 } },
	};

	jail_try(attacks, ARRAY_SIZE(attacks));
}
END_TEST

Suite *suite_jail_attacks(void)
{
	const TTest *const tests[] = { files, path_of_fstat, sockets, processes, rights };

	return unit_suite_with("jail_attacks", jail_setup, jail_teardown, tests, ARRAY_SIZE(tests));
}
