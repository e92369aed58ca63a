/* SPDX-License-Identifier: MIT */
#include "tests/unit/jail_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* No errno is so large. */
#define NOT_ENTERED 250

/* From here on users are nobody's. */
#define UIDS 1234000000u

static struct jail_world here;
static int listens[2], segment;

const struct jail_world *jail_here(void)
{
	return &here;
}

/* A socket that anybody may connect to, which no child inherits. */
static int listening(const char *path, bool abstract)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path + abstract, sizeof(at.sun_path) - abstract, "%s", path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	if (!abstract)
		ck_assert_int_eq(chmod(path, 0666), 0);
	return fd;
}

static int open_file(const char *folder)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/file", folder);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, JAIL_FILE_SIZE), 0);
	ck_assert_int_eq(unlink(path), 0);
	return fd;
}

void jail_setup(void)
{
	int pair[2];

	here = (struct jail_world){ .parent = getpid(),
				    .uid = UIDS + getpid(),
				    .work = "/tmp/xengt-jail-XXXXXX" };
	ck_assert_ptr_nonnull(mkdtemp(here.work));
	ck_assert_int_eq(chmod(here.work, 0755), 0);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	here.sock = pair[0];
	here.far = pair[1];
	here.file = open_file(here.work);
	here.null = open("/dev/null", O_RDWR);
	ck_assert_int_ge(here.null, 0);
	here.memory = strdup("outside");
	here.key = getpid();
	while ((segment = shmget(here.key, GVT_PAGE_SIZE, IPC_CREAT | IPC_EXCL | 0666)) < 0) {
		ck_assert_int_eq(errno, EEXIST);
		here.key++;
	}
	snprintf(here.path, sizeof(here.path), "%s/socket", here.work);
	snprintf(here.name, sizeof(here.name), "xengt-jail-%d", getpid());
	listens[0] = listening(here.path, false);
	listens[1] = listening(here.name, true);
}

void jail_teardown(void)
{
	ck_assert_str_eq(here.memory, "outside");
	free(here.memory);
	close(listens[0]);
	close(listens[1]);
	close(here.sock);
	close(here.far);
	close(here.file);
	close(here.null);
	shmctl(segment, IPC_RMID, NULL);
	unlink(here.path);
	ck_assert_int_eq(rmdir(here.work), 0);
}

struct xengt_jail jail_asked(void)
{
	return (struct xengt_jail){
		.uid = here.uid,
		.parent = here.parent,
		.files = JAIL_FILES,
		.threads = JAIL_THREADS,
		.file_max = JAIL_FILE_SIZE,
		.memory_max = JAIL_MEMORY,
		.space_max = JAIL_SPACE,
	};
}

void jail_refuse_unshare(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 0) ||
	    seccomp_load(filter))
		_exit(NOT_ENTERED);
	seccomp_release(filter);
}

void jail_leave_outside(void)
{
	close(here.far);
	close(listens[0]);
	close(listens[1]);
}

void jail_set_parent(pid_t pid)
{
	here.parent = pid;
}

/* More than is to be left. */
static void have_much(void)
{
	const gid_t groups[] = { 1, 2 };

	if (setgroups(ARRAY_SIZE(groups), groups))
		_exit(NOT_ENTERED);
	/* Those that this process may raise. */
	setrlimit(RLIMIT_NICE, &(struct rlimit){ 20, 20 });
	setrlimit(RLIMIT_RTPRIO, &(struct rlimit){ 5, 5 });
	setrlimit(RLIMIT_CORE, &(struct rlimit){ MiB(1), MiB(1) });
}

/* Returns what is missing; ends the process where it cannot go in. */
static u32 go_in(enum jail_way way)
{
	struct xengt_jail jail = jail_asked();
	char why[200];
	u32 missing;
	int err;

	jail_leave_outside();
	have_much();
	if (way == JAIL_CONTAINER)
		jail_refuse_unshare();
	if (way == JAIL_NO_FILTER)
		err = jail_rights(&jail, &missing, why, sizeof(why));
	else
		err = xengt_jail_enter(&jail, &missing, why, sizeof(why));
	if (!err)
		return missing;
	fprintf(stderr, "not entered: %s\n", why);
	_exit(NOT_ENTERED);
}

pid_t jail_start(enum jail_way way, jail_act act)
{
	pid_t pid;
	long said;

	fflush(NULL);
	pid = fork();
	if (!pid) {
		go_in(way);
		said = act(&here);
		_exit(said < 0 ? -said : 0);
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

int jail_end(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	if (WIFSIGNALED(status))
		return -WTERMSIG(status);
	ck_assert_int_ne(WEXITSTATUS(status), NOT_ENTERED);
	return WEXITSTATUS(status);
}

int jail_run(enum jail_way way, jail_act act)
{
	return jail_end(jail_start(way, act));
}

bool jail_full(void)
{
	pid_t pid = fork();
	int refused;

	if (!pid)
		_exit(setresuid(here.uid, here.uid, here.uid) ||
		      unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
			      CLONE_NEWUTS) ||
		      mount("none", "/proc", "tmpfs", 0, NULL));
	refused = jail_end(pid);
	if (refused)
		printf("check_jail: in part passed over: this kernel refuses namespaces\n");
	return !refused;
}

const char *jail_outcome(int outcome)
{
	static char text[2][64];
	static unsigned int turn;
	char *at = text[turn++ % 2];

	if (outcome < 0)
		snprintf(at, sizeof(text[0]), "ended by SIG%s", sigabbrev_np(-outcome));
	else
		snprintf(at, sizeof(text[0]), "%s",
			 outcome ? strerrorname_np(outcome) : "it works");
	return at;
}
