/* SPDX-License-Identifier: MIT */
/* Going in: what a process has left then, as others see it; what is refused; what may be missing.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/jail_rig.h"

/* A file of a process's in /proc, whole. */
static const char *proc(pid_t pid, const char *name)
{
	static char text[8192];
	char path[64];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY);
	ck_assert_int_ge(fd, 0);
	text[0] = '\n';
	len = read(fd, text + 1, sizeof(text) - 2);
	ck_assert_int_gt(len, 0);
	text[1 + len] = '\0';
	close(fd);
	return text;
}

static void check_has(const char *text, const char *line)
{
	ck_assert_msg(strstr(text, line) != NULL, "no %s in%s", line, text);
}

static void check_own_namespace(pid_t pid, const char *name)
{
	char path[64], theirs[64] = "", ours[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	ck_assert_int_gt(readlink(path, theirs, sizeof(theirs) - 1), 0);
	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	ck_assert_int_gt(readlink(path, ours, sizeof(ours) - 1), 0);
	ck_assert_str_ne(theirs, ours);
}

static void check_empty_root(pid_t pid)
{
	char path[64];
	struct dirent *entry;
	DIR *root;

	snprintf(path, sizeof(path), "/proc/%d/root/", pid);
	root = opendir(path);
	ck_assert_ptr_nonnull(root);
	while ((entry = readdir(root)))
		ck_assert_msg(entry->d_name[0] == '.', "%s is in the root", entry->d_name);
	closedir(root);
	snprintf(path, sizeof(path), "/proc/%d/root/x", pid);
	ck_assert_int_lt(open(path, O_CREAT | O_RDWR, 0600), 0);
	ck_assert_int_eq(errno, EROFS);
	check_has(proc(pid, "mountinfo"), " / / ro,nosuid,nodev,noexec,");
	/* One mount: the root itself. */
	ck_assert_ptr_null(strchr(strchr(proc(pid, "mountinfo") + 1, '\n') + 1, '\n'));
}

static void check_numbers(const char *status, const char *name, unsigned int number)
{
	char line[128];

	snprintf(line, sizeof(line), "\n%s:\t%u\t%u\t%u\t%u\n", name, number, number, number,
		 number);
	check_has(status, line);
}

static void check_no_rights(pid_t pid)
{
	static const char *const lines[] = {
		"\nGroups:\t \n",
		"\nCapInh:\t0000000000000000\n",
		"\nCapPrm:\t0000000000000000\n",
		"\nCapEff:\t0000000000000000\n",
		"\nCapAmb:\t0000000000000000\n",
		"\nNoNewPrivs:\t1\n",
		"\nSeccomp:\t2\n",
	};
	const char *status = proc(pid, "status");
	char path[64];
	struct stat st;

	check_numbers(status, "Uid", jail_asked().uid);
	check_numbers(status, "Gid", jail_asked().uid);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		check_has(status, lines[i]);
	/* Memory that may not be dumped is root's to look at (proc(5)). */
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, 0);
}

static void check_limit(const char *limits, const char *name, u64 max, const char *unit)
{
	char line[128];

	snprintf(line, sizeof(line), "\n%-25s %-20llu %-20llu %s", name, (unsigned long long)max,
		 (unsigned long long)max, unit);
	check_has(limits, line);
}

static void check_limits(pid_t pid)
{
	const char *limits = proc(pid, "limits");

	check_limit(limits, "Max open files", JAIL_FILES, "files");
	check_limit(limits, "Max processes", JAIL_THREADS, "processes");
	check_limit(limits, "Max file size", JAIL_FILE_SIZE, "bytes");
	check_limit(limits, "Max core file size", 0, "bytes");
	check_limit(limits, "Max locked memory", 0, "bytes");
	check_limit(limits, "Max msgqueue size", 0, "bytes");
	check_limit(limits, "Max nice priority", 0, "");
	check_limit(limits, "Max realtime priority", 0, "");
	if (JAIL_SANITIZED)
		return;
	check_limit(limits, "Max data size", JAIL_MEMORY, "bytes");
	check_limit(limits, "Max address space", JAIL_SPACE, "bytes");
}

/* Says that it is in, and stays until the other end is closed. */
static long stay(const struct jail_world *w)
{
	char x;

	if (write(w->sock, "x", 1) != 1)
		return -errno;
	return read(w->sock, &x, 1) < 0 ? -errno : 0;
}

static pid_t start_staying(enum jail_way way)
{
	pid_t pid = jail_start(way, stay);
	char x;

	ck_assert_int_eq(read(jail_here()->far, &x, 1), 1);
	return pid;
}

static void end_staying(pid_t pid)
{
	ck_assert_int_eq(write(jail_here()->far, "x", 1), 1);
	ck_assert_int_eq(jail_end(pid), 0);
}

START_TEST(seen)
{
	static const char *const namespaces[] = { "user", "mnt", "net", "ipc", "uts" };
	pid_t pid;

	if (!jail_full())
		return;
	pid = start_staying(JAIL_ENTER);
	check_no_rights(pid);
	check_has(proc(pid, "status"), "\nCapBnd:\t0000000000000000\n");
	check_limits(pid);
	for (size_t i = 0; i < ARRAY_SIZE(namespaces); i++)
		check_own_namespace(pid, namespaces[i]);
	check_empty_root(pid);
	end_staying(pid);
}
END_TEST

/* The filter's library says so too; here it does not. */
START_TEST(seen_without_filter)
{
	pid_t pid = start_staying(JAIL_NO_FILTER);

	check_has(proc(pid, "status"), "\nNoNewPrivs:\t1\n");
	end_staying(pid);
}
END_TEST

START_TEST(seen_in_container)
{
	pid_t pid = start_staying(JAIL_CONTAINER);

	check_no_rights(pid);
	check_limits(pid);
	end_staying(pid);
}
END_TEST

/* What a process is told that goes in. */
struct said {
	int err;
	u32 missing;
	char why[200];
};

/* A child goes in, as @prepare leaves it and what it asks for. */
static struct said enter(void (*prepare)(struct xengt_jail *jail))
{
	struct xengt_jail jail = jail_asked();
	struct said said = { 0 };
	int fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (!pid) {
		jail_leave_outside();
		if (prepare)
			prepare(&jail);
		said.err = xengt_jail_enter(&jail, &said.missing, said.why, sizeof(said.why));
		_exit(write(fds[1], &said, sizeof(said)) != sizeof(said));
	}
	ck_assert_int_eq(jail_end(pid), 0);
	ck_assert_int_eq(read(fds[0], &said, sizeof(said)), sizeof(said));
	close(fds[0]);
	close(fds[1]);
	return said;
}

static void refused(void (*prepare)(struct xengt_jail *jail), int err, const char *why)
{
	struct said said = enter(prepare);

	ck_assert_int_eq(said.err, err);
	ck_assert_str_eq(said.why, why);
}

static void as_root(struct xengt_jail *jail)
{
	jail->uid = 0;
}

static void without_files(struct xengt_jail *jail)
{
	jail->files = 0;
}

static void of_another(struct xengt_jail *jail)
{
	jail->parent = getpid();
}

static void move(int fd, int to)
{
	if (dup2(fd, to) != to || close(fd))
		_exit(254);
}

/* It becomes descriptor 20. */
static void have_descriptor(int fd)
{
	move(fd, 20);
}

static void with_directory(struct xengt_jail *jail)
{
	(void)jail;
	have_descriptor(open("/", O_RDONLY));
}

static void with_datagrams(struct xengt_jail *jail)
{
	(void)jail;
	have_descriptor(socket(AF_UNIX, SOCK_DGRAM, 0));
}

/* Connected, and may send to others still. */
static void with_datagram_pair(struct xengt_jail *jail)
{
	int fds[2] = { -1, -1 };

	(void)jail;
	socketpair(AF_UNIX, SOCK_DGRAM, 0, fds);
	have_descriptor(fds[0]);
	close(fds[1]);
}

static void with_listener(struct xengt_jail *jail)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)jail;
	listen(fd, 1);
	have_descriptor(fd);
}

/* To this host, by the network. */
static void with_connection(struct xengt_jail *jail)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int listens = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(at);

	(void)jail;
	/* Without a network it is a socket that is not connected. */
	if (!bind(listens, (struct sockaddr *)&at, len) && !listen(listens, 1) &&
	    !getsockname(listens, (struct sockaddr *)&at, &len))
		connect(fd, (struct sockaddr *)&at, len);
	/* This one stays, or the connection ends. */
	move(listens, 21);
	have_descriptor(fd);
}

static void *stay_forever(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void with_thread(struct xengt_jail *jail)
{
	pthread_t thread;

	(void)jail;
	pthread_create(&thread, NULL, stay_forever, NULL);
}

/* From now on this process has these capabilities alone. */
static void have(u32 capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { capabilities, capabilities, 0 } };

	if (syscall(SYS_capset, &header, data))
		_exit(254);
}

static void without_rights(struct xengt_jail *jail)
{
	(void)jail;
	have(0);
}

START_TEST(refusals)
{
	refused(as_root, -EINVAL,
		"could not take these numbers of user and descriptors: Invalid argument");
	refused(without_files, -EINVAL,
		"could not take these numbers of user and descriptors: Invalid argument");
	refused(of_another, -ESRCH, "could not be the child of that parent: No such process");
	refused(with_directory, -EINVAL, "descriptor 20 is a directory");
	refused(with_datagrams, -EINVAL,
		"descriptor 20 is a socket that is no connected stream of AF_UNIX");
	refused(with_datagram_pair, -EINVAL,
		"descriptor 20 is a socket that is no connected stream of AF_UNIX");
	refused(with_listener, -EINVAL,
		"descriptor 20 is a socket that is no connected stream of AF_UNIX");
	refused(with_connection, -EINVAL,
		"descriptor 20 is a socket that is no connected stream of AF_UNIX");
	refused(with_thread, -EBUSY,
		"could not enter while there are other threads: Device or resource busy");
	refused(without_rights, -EPERM, "could not become another user: Operation not permitted");
}
END_TEST

static void in_container(struct xengt_jail *jail)
{
	(void)jail;
	jail_refuse_unshare();
}

static void as_supervised(struct xengt_jail *jail)
{
	(void)jail;
	have(1u << CAP_SETUID | 1u << CAP_SETGID);
}

static void in_poor_container(struct xengt_jail *jail)
{
	as_supervised(jail);
	jail_refuse_unshare();
}

START_TEST(missing)
{
	struct said said = enter(in_container);
	char names[200];

	ck_assert_msg(!said.err, "%s", said.why);
	xengt_jail_walls(said.missing, names, sizeof(names));
	ck_assert_str_eq(names, "user namespace, empty root directory, network namespace, "
				"IPC namespace, UTS namespace");
	said = enter(in_poor_container);
	ck_assert_msg(!said.err, "%s", said.why);
	ck_assert_uint_eq(said.missing, XENGT_WALL_USER | XENGT_WALL_ROOT | XENGT_WALL_NETWORK |
						XENGT_WALL_IPC | XENGT_WALL_UTS |
						XENGT_WALL_BOUNDING);
	xengt_jail_walls(0, names, sizeof(names));
	ck_assert_str_eq(names, "none");
}
END_TEST

/* All that the supervisor needs for it. */
START_TEST(two_capabilities)
{
	struct said said = enter(as_supervised);

	ck_assert_msg(!said.err, "%s", said.why);
	if (jail_full())
		ck_assert_uint_eq(said.missing, 0);
}
END_TEST

static long use_high(const struct jail_world *w)
{
	char x = 'x';

	(void)w;
	return write(JAIL_FILES, &x, 1) < 0 ? -errno : 0;
}

START_TEST(high_descriptors)
{
	ck_assert_int_eq(dup2(jail_here()->null, JAIL_FILES), JAIL_FILES);
	ck_assert_int_eq(jail_run(JAIL_ENTER, use_high), EBADF);
	close(JAIL_FILES);
}
END_TEST

/* A supervisor starts a process that goes in, and dies. The process becomes this one's child. */
START_TEST(parent)
{
	int far = jail_here()->far, status;
	pid_t supervisor, orphan;
	char x;

	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	supervisor = fork();
	if (!supervisor) {
		have(1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_KILL);
		jail_set_parent(getpid());
		jail_start(JAIL_ENTER, stay);
		_exit(read(far, &x, 1) != 1);
	}
	ck_assert_int_eq(jail_end(supervisor), 0);
	while ((orphan = waitpid(-1, &status, 0)) < 0)
		ck_assert_int_eq(errno, EINTR);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}
END_TEST

Suite *suite_jail_enter(void)
{
	const TTest *const tests[] = {
		seen,	 seen_without_filter, seen_in_container, refusals,
		missing, two_capabilities,    high_descriptors,	 parent,
	};

	return unit_suite_with("jail_enter", jail_setup, jail_teardown, tests, ARRAY_SIZE(tests));
}
