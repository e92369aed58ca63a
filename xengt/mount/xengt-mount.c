/* SPDX-License-Identifier: MIT */
/*
 * Mounts the tree of files for xengtd, which has no right to mount, and ends. xengtd gets the
 * descriptor of /dev/fuse by which it serves the tree: from the service manager's store of
 * descriptors (sd_pid_notify_with_fds(3)), where the unit runs this before xengtd, or over a socket
 * of xengtd's, which runs this itself where there is no such manager.
 *
 * xengtd may run in a mount namespace of its own, where nobody else would see its mount. So this
 * enters the mount namespace of the system's first process, and mounts there.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "core/base/number.h"
#include "xengt/mount/handover.h"
#include "xengt/settings/config.h"
#include "xengt/settings/log.h"

#define HOST_MOUNTS "/proc/1/ns/mnt"
#define BARRIER_US  (10u * 1000000u) /* for the manager to take the descriptor */

/* ---- the mount ---- */

static int enter_host(void)
{
	int host = open(HOST_MOUNTS, O_RDONLY | O_CLOEXEC), err = 0;

	/* If the namespace cannot be opened, as in some containers, mount in our own. */
	if (host < 0)
		return 0;
	if (setns(host, CLONE_NEWNS))
		err = -errno;
	close(host);
	return err;
}

/* A xengtd that was killed has left its mount, which nobody answers. */
static void take_away(const char *path)
{
	while (!umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW))
		;
}

/* Mounts the tree at @path. Returns the descriptor of /dev/fuse, or a negative errno. */
static int put_up(const char *path)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK), err;
	char options[128];

	if (fd < 0)
		return -errno;
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions", fd);
	if ((!mkdir(path, 0755) || errno == EEXIST) &&
	    !mount("xengt", path, "fuse.xengt", MS_NOSUID | MS_NODEV | MS_NOEXEC, options))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/* ---- who gets the descriptor ---- */

/* The manager has a descriptor that no xengtd has taken; its mount is gone. */
static void forget_stored(void)
{
	sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=" XENGT_TREE_NAME);
}

static int store(int fd)
{
	int err = sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" XENGT_TREE_NAME, &fd, 1);

	/* It looks up by whom the message is: this process must not end before. */
	if (err > 0)
		err = sd_notify_barrier(0, BARRIER_US);
	return err > 0 ? 0 : err ?: -ENOTCONN;
}

static int say(int to, const char *path, int fd)
{
	if (to >= 0)
		return xengt_handover_give(to, fd);
	if (fd >= 0)
		return store(fd);
	xengt_log(XENGT_WARN, "no tree of files at %s: %s", path, strerror(-fd));
	return 0;
}

/* @to: a socket of xengtd's; negative: the service manager. */
static int hand_over(const char *path, int to)
{
	int err = enter_host(), fd;

	if (to < 0)
		forget_stored();
	if (!err)
		take_away(path);
	fd = err ? err : put_up(path);
	err = say(to, path, fd);
	if (err && fd >= 0) {
		take_away(path);
		if (to < 0)
			say(to, path, err);
	}
	return fd < 0 ? fd : err;
}

static const char usage[] = "Usage: xengt-mount [OPTION]...\n"
			    "Mount the tree of files, and hand it over to xengtd: by the service "
			    "manager that runs this.\n"
			    "\n"
			    "  -c, --config=FILE  settings (default " XENGT_CONFIG_FILE ")\n"
			    "  -a, --at=PATH      where, in place of what the settings say\n"
			    "  -t, --to=FD        over this socket, in place of the manager\n"
			    "  -u, --unmount      take away what is mounted there, and do no more\n"
			    "  -h, --help         print this and exit\n"
			    "  -V, --version      print the version and exit\n";

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "at", required_argument, NULL, 'a' },
		{ "to", required_argument, NULL, 't' },
		{ "unmount", no_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	const char *file = NULL, *at = NULL;
	struct xengt_config config;
	bool unmount = false;
	char why[512];
	int opt, to = -1;
	u64 number;

	while ((opt = getopt_long(argc, argv, "c:a:t:uhV", options, NULL)) >= 0) {
		switch (opt) {
		case 'c':
			file = optarg;
			break;
		case 'a':
			at = optarg;
			break;
		case 't':
			if (xengt_number(optarg, XENGT_DECIMAL, 0, INT_MAX, &number))
				return 2;
			to = (int)number;
			break;
		case 'u':
			unmount = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			puts("xengt-mount " PACKAGE_VERSION);
			return 0;
		default:
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "xengt-mount: it takes no argument '%s'\n", argv[optind]);
		return 2;
	}
	if (!at) {
		if (xengt_config_load(file, &config, why, sizeof(why))) {
			xengt_log(XENGT_ERR, "%s", why);
			return 2;
		}
		at = config.tree;
	}
	if (unmount) {
		enter_host();
		if (*at)
			take_away(at);
		return 0;
	}
	if (to < 0 && !getenv("NOTIFY_SOCKET")) {
		fputs("xengt-mount: nobody is there to take the tree: xengtd.service runs this\n",
		      stderr);
		return 2;
	}
	return *at && hand_over(at, to) ? 1 : 0;
}
