/* SPDX-License-Identifier: MIT */
#include "xengt/daemon/tree/handed.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "xengt/daemon/program.h"
#include "xengt/mount/handover.h"

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

/* Runs @argv to its end, with @nr descriptors. */
static int run(char *const argv[], const int *fds, size_t nr)
{
	pid_t pid;
	int err = program_start(argv[0], argv, fds, nr, &pid);

	while (!err && waitpid(pid, NULL, 0) < 0)
		if (errno != EINTR)
			err = -errno;
	return err;
}

int tree_mount(const char *helper, const char *path)
{
	/* The socket is its first descriptor. */
	char *const argv[] = { (char *)helper, (char *)"--to=3", (char *)"--at", (char *)path,
			       NULL };
	int ends[2], err, fd;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	err = run(argv, &ends[1], 1);
	close(ends[1]);
	fd = err ? err : xengt_handover_take(ends[0]);
	close(ends[0]);
	return fd;
}

void tree_unmount(const char *helper, const char *path)
{
	char *const argv[] = { (char *)helper, (char *)"--unmount", (char *)"--at", (char *)path,
			       NULL };

	run(argv, NULL, 0);
}
