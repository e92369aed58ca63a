/* SPDX-License-Identifier: MIT */
/*
 * xengtd, the supervisor: for each guest that has a vGPU it runs an xengt-guest, which serves it.
 * When xengtd ends, these processes end too. A guest then waits at its next access until the next
 * xengtd has started a process that takes its vGPU up.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "xengt/daemon/clients.h"
#include "xengt/daemon/daemon.h"
#include "xengt/daemon/process.h"
#include "xengt/keeper/grant_frames.h"
#include "xengt/settings/log.h"
#include "xengt/xen/state.h"

#define RELEASE_WATCH "@releaseDomain"

static int on_xenstore(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source;
	(void)fd;
	(void)events;
	daemon_on_xenstore(userdata);
	return 0;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct daemon *daemon = userdata;
	char why[512];

	(void)source;
	(void)info;
	if (daemon_reload(daemon, why, sizeof(why))) {
		xengt_log(XENGT_ERR, "%s; the settings stay as they were", why);
		return 0;
	}
	xengt_log(XENGT_INFO, "settings read again: %u types", daemon->config.types.nr);
	return 0;
}

/* Only one xengtd at a time may have the vGPUs of a state directory. */
static int lock_state(struct daemon *daemon)
{
	char path[256];

	if (mkdir(daemon->config.state_dir, 0755) && errno != EEXIST)
		goto fail;
	snprintf(path, sizeof(path), "%s/lock", daemon->config.state_dir);
	daemon->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (daemon->lock_fd >= 0 && !flock(daemon->lock_fd, LOCK_EX | LOCK_NB))
		return 0;
	if (errno == EWOULDBLOCK) {
		xengt_log(XENGT_ERR, "another xengtd has %s: stop it first",
			  daemon->config.state_dir);
		return -EBUSY;
	}
fail:
	xengt_log(XENGT_ERR, "cannot use %s: %s", daemon->config.state_dir, strerror(errno));
	return -errno;
}

/* The loop takes these signals by a signalfd. Called before there are threads: all must block them.
 */
static void block_signals(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
}

static int open_loop(struct daemon *daemon)
{
	int err = sd_event_default(&daemon->loop);

	if (err >= 0)
		err = sd_event_add_signal(daemon->loop, NULL, SIGTERM, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(daemon->loop, NULL, SIGINT, NULL, NULL);
	if (err >= 0)
		err = sd_event_add_signal(daemon->loop, NULL, SIGHUP, on_hangup, daemon);
	if (err >= 0)
		err = xengt_store_watch(daemon->dom0.store, RELEASE_WATCH);
	if (err >= 0)
		err = sd_event_add_io(daemon->loop, NULL, xengt_store_fd(daemon->dom0.store),
				      EPOLLIN, on_xenstore, daemon);
	if (err < 0)
		xengt_log(XENGT_ERR, "cannot set up the event loop: %s", strerror(-err));
	return err;
}

static void open_cgroups(struct daemon *daemon)
{
	daemon->cgroup.fd = -1;
	if (!daemon->runner->processes)
		return;
	xengt_cgroup_open(&daemon->cgroup, NULL);
	if (daemon->cgroup.why[0])
		xengt_log(XENGT_WARN, "%s", daemon->cgroup.why);
	/* Ends the processes that a killed xengtd has left, before their vGPUs are taken up. */
	xengt_cgroup_sweep(&daemon->cgroup);
}

static int run(struct daemon *daemon)
{
	int err = lock_state(daemon);

	block_signals();
	if (err)
		return err;
	daemon->instances.config = &daemon->config;
	daemon->dom0.state_dir = daemon->config.state_dir;
	daemon->dom0.state_kind = xengt_state_kind();
	daemon->qmp_dir = "/var/run/xen";
	daemon->runner = &process_spawn;
	daemon->listener = &follow_listener;
	daemon->mounter = mount_program;
	open_cgroups(daemon);
	daemon->uid_base = geteuid() ? 0 : daemon->config.uid_base;
	err = xengt_dom0_open(&daemon->dom0);
	if (err)
		return err;
	if (!daemon->dom0.pvh)
		xengt_grant_frames_raise(daemon->config.grant_frames);
	err = open_loop(daemon);
	if (err >= 0) {
		xengt_instances_load(&daemon->instances);
		daemon_take_up_all(daemon);
		err = control_open(daemon);
	}
	/* xengtd goes on without the tree if it cannot be mounted. */
	if (err >= 0)
		mount_open(daemon);
	if (err >= 0) {
		sd_notify(0, "READY=1");
		xengt_log(XENGT_INFO, "ready, version %s", PACKAGE_VERSION);
		err = sd_event_loop(daemon->loop);
		sd_notify(0, "STOPPING=1");
	}
	mount_close(daemon);
	daemon_leave_all(daemon);
	xengt_instances_free(&daemon->instances);
	control_close(daemon);
	sd_event_unref(daemon->loop);
	xengt_dom0_close(&daemon->dom0);
	xengt_cgroup_close(&daemon->cgroup);
	return err;
}

static const char usage[] =
	"Usage: xengtd [OPTION]...\n"
	"Give Xen guests virtual Intel GPUs. Runs in dom0, in the foreground.\n"
	"\n"
	"  -c, --config=FILE     settings (default " XENGT_CONFIG_FILE ")\n"
	"  -s, --socket=PATH     control socket\n"
	"  -d, --state-dir=DIR   where vGPUs' states are kept while this boot lasts\n"
	"  -p, --poll-max=N      how often to look for a request before waiting for an event\n"
	"      --print-config    print the settings as " XENGT_CONFIG_FILE
	" may have them, and exit\n"
	"  -v, --verbose         log more\n"
	"  -h, --help            print this and exit\n"
	"  -V, --version         print the version and exit\n";

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, 's' },
		{ "state-dir", required_argument, NULL, 'd' },
		{ "poll-max", required_argument, NULL, 'p' },
		{ "print-config", no_argument, NULL, 'P' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	static struct daemon daemon = { .lock_fd = -1 };
	const char *socket = NULL, *state_dir = NULL, *poll_max = NULL;
	bool print_config = false;
	char why[512];
	int opt, err;

	while ((opt = getopt_long(argc, argv, "c:s:d:p:vhV", options, NULL)) >= 0) {
		switch (opt) {
		case 'c':
			daemon.config_file = optarg;
			break;
		case 's':
			socket = optarg;
			break;
		case 'd':
			state_dir = optarg;
			break;
		case 'p':
			poll_max = optarg;
			break;
		case 'P':
			print_config = true;
			break;
		case 'v':
			xengt_log_level(XENGT_DEBUG);
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'V':
			puts("xengtd " PACKAGE_VERSION);
			return 0;
		default:
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "xengtd: it takes no argument '%s'\n", argv[optind]);
		return 2;
	}
	err = xengt_config_load(daemon.config_file, &daemon.config, why, sizeof(why));
	if (!err && socket)
		err = xengt_config_set(&daemon.config, "socket", socket, why, sizeof(why));
	if (!err && state_dir)
		err = xengt_config_set(&daemon.config, "state_dir", state_dir, why, sizeof(why));
	if (!err && poll_max)
		err = xengt_config_set(&daemon.config, "poll_max", poll_max, why, sizeof(why));
	if (err) {
		xengt_log(XENGT_ERR, "%s", why);
		return 2;
	}
	if (print_config) {
		xengt_config_print(&daemon.config, stdout);
		return 0;
	}
	return run(&daemon) < 0 ? 1 : 0;
}
