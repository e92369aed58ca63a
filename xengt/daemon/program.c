/* SPDX-License-Identifier: MIT */
#include "xengt/daemon/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#define FIRST_FD 3

/* Copies the descriptors to numbers above those at which the program expects them: dup2() of one
 * onto itself would leave it to be closed. Returns how many were copied. */
static size_t lift(const int *fds, int *high, size_t nr)
{
	size_t i = 0;

	while (i < nr && (high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST_FD + (int)nr)) >= 0)
		i++;
	return i;
}

static int prepare(posix_spawn_file_actions_t *actions, posix_spawnattr_t *attr, const int *high,
		   size_t nr)
{
	sigset_t none, all;
	int err = 0;

	for (size_t i = 0; !err && i < nr; i++)
		err = posix_spawn_file_actions_adddup2(actions, high[i], FIRST_FD + (int)i);
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

static int execute(const char *path, char *const argv[], const int *high, size_t nr, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	char *const env[] = { NULL };
	posix_spawnattr_t attr;
	int err;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attr);
	err = prepare(&actions, &attr, high, nr);
	if (!err)
		err = -posix_spawn(pid, path, &actions, &attr, argv, env);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return err;
}

int program_start(const char *path, char *const argv[], const int *fds, size_t nr, pid_t *pid)
{
	int high[PROGRAM_FDS], err;
	size_t lifted;

	if (nr > PROGRAM_FDS)
		return -EINVAL;
	lifted = lift(fds, high, nr);
	err = lifted < nr ? -errno : execute(path, argv, high, nr, pid);
	while (lifted--)
		close(high[lifted]);
	return err;
}
