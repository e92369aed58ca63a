/* SPDX-License-Identifier: MIT */
#include "xengt/daemon/tree/handed.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "xengt/mount/handover.h"

/* The descriptor by which xengt-mount has its socket. */
#define SOCKET_FD 3

int tree_handed(void)
{
	char **names = NULL;
	int nr = sd_listen_fds_with_names(true, &names), found = -ENOENT;

	for (int i = 0; i < nr; i++) {
		if (found < 0 && !strcmp(names[i], XENGT_TREE_NAME))
			found = SD_LISTEN_FDS_START + i;
		else
			close(SD_LISTEN_FDS_START + i);
		free(names[i]);
	}
	free(names);
	if (found >= 0)
		sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=" XENGT_TREE_NAME);
	return found;
}

bool tree_may_mount(void)
{
	return prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 1;
}

/* The program has @fd (if not negative) as SOCKET_FD, and standard error; signals are unblocked and
 * at their defaults. */
static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, int fd)
{
	sigset_t none, all;
	int err = fd < 0 ? 0 : posix_spawn_file_actions_adddup2(actions, fd, SOCKET_FD);

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

/* Runs @argv to its end. */
static int run(char *const argv[], int fd)
{
	posix_spawn_file_actions_t actions;
	char *const env[] = { NULL };
	posix_spawnattr_t attr;
	pid_t pid;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	err = prepare(&actions, &attr, fd);
	if (!err)
		err = -posix_spawn(&pid, argv[0], &actions, &attr, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	while (!err && waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			err = -errno;
	return err;
}

int tree_mount(const char *helper, const char *path)
{
	char *const argv[] = { (char *)helper, (char *)"--to=3", (char *)"--at", (char *)path,
			       NULL };
	int ends[2], high, err, fd;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	/* dup2() of a descriptor onto itself would leave it to be closed. */
	high = fcntl(ends[1], F_DUPFD_CLOEXEC, SOCKET_FD + 1);
	err = high < 0 ? -errno : run(argv, high);
	close(ends[1]);
	if (high >= 0)
		close(high);
	fd = err ? err : xengt_handover_take(ends[0]);
	close(ends[0]);
	return fd;
}

void tree_unmount(const char *helper, const char *path)
{
	char *const argv[] = { (char *)helper, (char *)"--unmount", (char *)"--at", (char *)path,
			       NULL };

	run(argv, -1);
}
