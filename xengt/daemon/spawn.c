/* SPDX-License-Identifier: MIT */
/* The programs that xengtd executes: xengt-guest, afresh for each guest, and where xengt-mount is.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xengt/daemon/daemon.h"
#include "xengt/daemon/process.h"

/* A process that was told to detach, or whose link was shut down, has this long to end by
 * itself. */
#define END_MS 200

/* Copies the descriptors to numbers above those at which the program expects them. */
static int lift(const int *fds, int *high, size_t nr)
{
	for (size_t i = 0; i < nr; i++) {
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, XENGT_GUEST_FD + (int)nr);
		if (high[i] < 0)
			return -errno;
	}
	return 0;
}

/* The program inherits @high and standard error; signals are unblocked and at their defaults. */
static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, const int *high,
		   size_t nr)
{
	sigset_t none, all;
	int err = 0;

	for (size_t i = 0; !err && i < nr; i++)
		err = posix_spawn_file_actions_adddup2(actions, high[i], XENGT_GUEST_FD + (int)i);
	if (!err)
		err = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
	if (!err)
		err = posix_spawn_file_actions_addopen(actions, 1, "/dev/null", O_WRONLY, 0);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return -err;
}

static int execute(domid_t domid, const int *high, size_t nr, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char number[16], *const argv[] = { "xengt-guest", number, NULL };
	char *const env[] = { NULL };
	int err;

	snprintf(number, sizeof(number), "%u", domid);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	err = prepare(&actions, &attr, high, nr);
	if (!err)
		err = -posix_spawn(pid, XENGT_GUEST_PATH, &actions, &attr, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return err;
}

static int start(struct daemon *daemon, domid_t domid, const struct xengt_guest_fds *fds, u64 *id)
{
	const int low[] = { fds->link, fds->ask, fds->kept, fds->state, fds->figures };
	int high[ARRAY_SIZE(low)] = { -1, -1, -1, -1, -1 };
	pid_t pid = 0;
	int err = lift(low, high, ARRAY_SIZE(low));

	(void)daemon;
	if (!err)
		err = execute(domid, high, ARRAY_SIZE(high), &pid);
	for (size_t i = 0; i < ARRAY_SIZE(high); i++)
		if (high[i] >= 0)
			close(high[i]);
	*id = pid;
	return err;
}

/* Says how the process ended, by its wait status. */
static void describe(int status, char *how, size_t len)
{
	if (WIFSIGNALED(status))
		snprintf(how, len, "killed by SIG%s%s", sigabbrev_np(WTERMSIG(status)),
			 WTERMSIG(status) == SIGSYS ? ", for a system call that it may not make"
						    : "");
	else
		snprintf(how, len, "exit status %d", WEXITSTATUS(status));
}

static void end(struct daemon *daemon, u64 id, char *how, size_t len)
{
	pid_t pid = (pid_t)id;
	struct pollfd fd = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	int status = 0;

	(void)daemon;
	if (fd.fd >= 0) {
		poll(&fd, 1, END_MS);
		close(fd.fd);
	}
	/* Until waitpid(), no other process can get this child's number. */
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	describe(status, how, len);
}

const struct process_runner process_spawn = { .start = start, .end = end, .processes = true };

const char mount_program[] = XENGT_MOUNT_PATH;
