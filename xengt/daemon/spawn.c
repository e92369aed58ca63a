/* SPDX-License-Identifier: MIT */
/* The programs that xengtd executes: xengt-guest, afresh for each guest, and where xengt-mount is.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xengt/daemon/daemon.h"
#include "xengt/daemon/process.h"
#include "xengt/daemon/program.h"

/* A process that was told to detach, or whose link was shut down, has this long to end by
 * itself. */
#define END_MS 200

static int start(struct daemon *daemon, domid_t domid, const struct xengt_guest_fds *fds, u64 *id)
{
	const int given[] = { fds->link, fds->ask, fds->kept, fds->state, fds->figures };
	char number[16], *const argv[] = { "xengt-guest", number, NULL };
	pid_t pid = 0;
	int err;

	(void)daemon;
	snprintf(number, sizeof(number), "%u", domid);
	err = program_start(XENGT_GUEST_PATH, argv, given, ARRAY_SIZE(given), &pid);
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
