/* SPDX-License-Identifier: MIT */
/* xengtd, xengt and xengt-dm as their users have them: arguments, streams, sockets, exit codes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/programs/process.h"
#include "tests/unit/unit.h"

#define XENGTD	 TOP_BUILDDIR "/tests/programs/xengtd"
#define XENGT	 TOP_BUILDDIR "/xengt/xengt"
#define XENGT_DM TOP_BUILDDIR "/tests/programs/xengt-dm"
#define MOUNT	 TOP_BUILDDIR "/xengt/xengt-mount"
#define UUID	 "a0000000-0000-4000-8000-00000000000a"

static char dir[64];

static void put_file(const char *name, mode_t mode, const char *format)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, format, dir, dir);
	fclose(file);
	ck_assert_int_eq(chmod(path, mode), 0);
}

/* A place with settings, and a device model that tells its arguments. */
static void setup(void)
{
	char path[128];
	static const char *const dirs[] = { "run", "etc", "etc/xen" };

	strcpy(dir, "/tmp/xengt-programs-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, dirs[i]);
		ck_assert_int_eq(mkdir(path, 0755), 0);
	}
	put_file("etc/xen/xengt.conf", 0644,
		 "qemu = %s/model\nstate_dir = %s/run\ntree =\nuid_base = 0\n");
	snprintf(path, sizeof(path), "%s/xengt-mount", dir);
	ck_assert_int_eq(symlink(MOUNT, path), 0);
	put_file("model", 0755, "#!/bin/sh\necho \"model $*\"\nexit 7\n");
}

static void teardown(void)
{
	char command[96];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

#define ARGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Runs @argv to its end, which must be @status, with @says among what it prints. */
static void ran(const char *const argv[], int status, const char *says)
{
	struct process p = process_start(dir, argv);
	const char *out, *err;
	int ended = process_end(&p, &out, &err);

	ck_assert_msg(ended == status, "%s %s: %d: %s%s", argv[0], argv[1], ended, out, err);
	ck_assert_msg(strstr(status && status != 7 ? err : out, says) != NULL, "%s: %s%s", says,
		      out, err);
}

#define CLI(...) ARGS(XENGT, "-c", "etc/xen/xengt.conf", "-s", "run/xengt.sock", __VA_ARGS__)

static struct process started(void)
{
	struct process p = process_start(dir, ARGS(XENGTD, "-c", "etc/xen/xengt.conf", "-s",
						   "run/xengt.sock"));

	process_await(p.err, "ready, version");
	return p;
}

static void ended(struct process *daemon)
{
	const char *err;

	kill(daemon->pid, SIGTERM);
	ck_assert_int_eq(process_end(daemon, NULL, &err), 0);
	ck_assert_msg(!strstr(err, "ERROR"), "%s", err);
}

static void befall(struct process *daemon, const char *what)
{
	ck_assert_int_eq(write(daemon->in, what, strlen(what)), strlen(what));
	process_await(daemon->out, "done\n");
}

START_TEST(daemon_arguments)
{
	struct process p;

	put_file("bad.conf", 0644, "no = such\n");
	ran(ARGS(XENGTD, "--version"), 0, "xengtd " PACKAGE_VERSION);
	ran(ARGS(XENGTD, "--help"), 0, "Usage: xengtd");
	ran(ARGS(XENGTD, "--nonsense"), 2, "nonsense");
	ran(ARGS(XENGTD, "argument"), 2, "it takes no argument 'argument'");
	ran(ARGS(XENGTD, "-c", "bad.conf"), 2, "bad.conf:1: there is no setting 'no'");
	ran(ARGS(XENGTD, "-c", "etc/xen/xengt.conf", "-p", "x"), 2,
	    "poll_max=x: it takes a number from 0 to 1000000");
	ran(ARGS(XENGTD, "-c", "etc/xen/xengt.conf", "-p", "7", "--print-config"), 0,
	    "\npoll_max = 7\n");
	ran(ARGS(XENGTD, "-c", "etc/xen/xengt.conf", "-d", "/dev/null/x"), 1, "cannot use");
	ran(ARGS(XENGTD, "-c", "etc/xen/xengt.conf", "-s", "none/sock"), 1, "cannot listen at");
	p = started();
	ran(ARGS(XENGTD, "-c", "etc/xen/xengt.conf"), 1, "another xengtd has");
	ended(&p);
}
END_TEST

START_TEST(command_line)
{
	struct process daemon;

	ran(ARGS(XENGT, "--version"), 0, "xengt " PACKAGE_VERSION);
	ran(ARGS(XENGT, "nonsense"), 2, "there is no command 'nonsense'");
	ran(ARGS(XENGT, "show"), 2, "does not take that many arguments");
	ran(CLI("list"), 1, "cannot reach xengtd at run/xengt.sock");
	daemon = started();
	ran(CLI("version"), 0, PACKAGE_VERSION);
	ran(CLI("create", "i915-GVTg_V5_8", UUID), 0, UUID);
	ran(CLI("list"), 0, "free");
	ran(CLI("list"), 0, "  i915-GVTg_V5_8  " UUID "\n");
	ran(CLI("attach", "21", "uuid=" UUID), 0, "");
	ran(CLI("list"), 0, "running");
	ran(CLI("remove", UUID), 1, "xengt: a guest has vGPU " UUID);
	ran(CLI("attach", "21"), 1, "domain 21 has a vGPU already");
	ran(CLI("attach", "99"), 1, "there is no domain 99");
	ran(CLI("show", "21"), 0, "running");
	ran(CLI("show", "-j", "21"), 0, "\"domid\":21");
	ran(CLI("show", "99"), 1, "no vGPU of a domain '99'");
	ran(CLI("schedule", "21", "3", "40"), 0, "weight 3, cap 40");
	ran(CLI("gtt", "21"), 0, "ggtt");
	ran(CLI("verify", "21"), 0, "entries");
	ran(CLI("regs", "21"), 0, "offset");
	ran(CLI("regs", "--pages", "21"), 0, "reads");
	ran(CLI("state", "21"), 0, "\nregisters ");
	ran(CLI("state", "21"), 0, "  vgpu        1  ");
	ran(CLI("state", "21"), 0, " 2097216  ");
	ran(CLI("state", "-j", "21"), 0, "\"section\":\"pins\"");
	ran(CLI("msi", "21"), 1, "has not enabled");
	ran(CLI("reset", "21"), 0, "");
	ran(CLI("metrics"), 0, "xengt_vgpu{id=\"1\"");
	/* A column is as wide as what is in it. */
	ran(CLI("types"), 0, "type            available  aperture    memory  fences");
	ran(CLI("types"), 0, "\ni915-GVTg_V5_8  ");
	ran(CLI("detach", "21"), 0, "");
	ran(CLI("remove", UUID), 0, "");
	ended(&daemon);
}
END_TEST

/* Who follows a vGPU sees its requests, and ends in peace when it goes, in whichever way. */
START_TEST(following)
{
	struct process daemon = started(), trace;
	const char *out, *err;

	for (unsigned int i = 0; i < 2; i++) {
		ran(CLI("attach", "21"), 0, "");
		trace = process_start(dir, CLI("trace", "21"));
		/* Until it is heard that it follows, it may not. */
		do
			befall(&daemon, "access 21\n");
		while (poll(&(struct pollfd){ .fd = trace.out, .events = POLLIN }, 1, 100) < 1);
		process_await(trace.out, "read");
		if (i)
			befall(&daemon, "destroy 21\n");
		else
			ran(CLI("detach", "21"), 0, "");
		ck_assert_int_eq(process_end(&trace, &out, &err), 0);
		ck_assert_str_eq(err, "");
	}
	ran(CLI("list"), 0, "domid");
	ended(&daemon);
}
END_TEST

static int dial(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/run/xengt.sock", dir);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* On one connection: follow, and end what is followed. The daemon hangs up, and lives. */
START_TEST(ends_what_it_follows)
{
	static const char both[] = "{\"cmd\":\"trace\",\"vgpu\":\"21\"}\n"
				   "{\"cmd\":\"detach\",\"vgpu\":\"21\"}\n";
	struct process daemon = started();
	char text[256];
	int fd;

	ran(CLI("attach", "21"), 0, "");
	fd = dial();
	ck_assert_int_eq(write(fd, both, strlen(both)), strlen(both));
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
	ran(CLI("version"), 0, PACKAGE_VERSION);

	ran(CLI("attach", "21"), 0, "");
	fd = dial();
	ck_assert_int_eq(write(fd, both, strchr(both, '\n') + 1 - both),
			 strchr(both, '\n') + 1 - both);
	ck_assert_int_gt(read(fd, text, sizeof(text)), 0);
	befall(&daemon, "destroy 21\n");
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
	ran(CLI("attach", "22"), 0, "");
	ended(&daemon);
}
END_TEST

/* Many connections that ask for nothing keep nobody out, and cost the daemon no processor. */
START_TEST(many_connections)
{
	struct process daemon = started();
	int fd[200];

	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		fd[i] = dial();
	unit_sleep(1100);
	ran(CLI("version"), 0, PACKAGE_VERSION);
	for (size_t i = 0; i < ARRAY_SIZE(fd); i++)
		close(fd[i]);
	ended(&daemon);
}
END_TEST

START_TEST(device_model)
{
	struct process daemon;

	ran(ARGS(XENGT_DM, "--version"), 0, "xengt-dm " PACKAGE_VERSION);
	/* Without a domain it is the stock device model. */
	ran(ARGS(XENGT_DM, "-help"), 7, "model -help");
	ran(ARGS(XENGT_DM, "-xen-domid", "22"), 1, "no vGPU for domain 22: cannot reach xengtd");
	ran(ARGS(XENGT_DM, "-xen-domid", "x"), 1, "takes a guest's number, not 'x'");
	ran(ARGS(XENGT_DM, "-xen-domid", "22", "-xengt"), 1, "-xengt takes an argument");
	daemon = started();
	ran(ARGS(XENGT_DM, "-xen-domid", "22", "-xengt", "type=none"), 1,
	    "there is no type 'none'");
	ran(ARGS(XENGT_DM, "-xen-domid", "99", "-xengt", ""), 1, "there is no domain");
	ran(ARGS(XENGT_DM, "-xen-domid", "22", "-xengt", "type=i915-GVTg_V5_8", "-m", "5"), 7,
	    "model -xen-domid 22 -m 5\n");
	ran(CLI("show", "22"), 0, "i915-GVTg_V5_8");
	ended(&daemon);
}
END_TEST

/* ---- the tree of files, which another program mounts ---- */

#define TREE_CONF "qemu = %s/model\nstate_dir = run\ntree = %s/tree\nuid_base = 0\n"

static bool can_mount(void)
{
	return !geteuid() && !access("/dev/fuse", R_OK | W_OK);
}

/* How a folder of the tree is found: 0 or an errno. */
static int tree_is(void)
{
	char path[128];
	DIR *folder;

	snprintf(path, sizeof(path), "%s/tree/mdev_supported_types", dir);
	folder = opendir(path);
	if (!folder)
		return errno;
	closedir(folder);
	return 0;
}

/* A service manager, as far as services speak to it (sd_notify(3)). */
static int manager(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s/notify", dir);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", at.sun_path, true), 0);
	return fd;
}

/* The next message to it is @text. Returns the descriptor in it, or -1. */
static int told(int fd, const char *text)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char said[256] = "";
	struct iovec part = { said, sizeof(said) - 1 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *head;
	int got = -1;

	msg.msg_control = control.room;
	msg.msg_controllen = sizeof(control.room);
	ck_assert_int_eq(poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, UNIT_WAIT_MS), 1);
	ck_assert_int_gt(recvmsg(fd, &msg, MSG_CMSG_CLOEXEC), 0);
	ck_assert_str_eq(said, text);
	head = CMSG_FIRSTHDR(&msg);
	if (head && head->cmsg_type == SCM_RIGHTS)
		memcpy(&got, CMSG_DATA(head), sizeof(got));
	return got;
}

/* As its unit runs it: the tree is mounted before, and its descriptor comes from the manager. */
START_TEST(tree_of_a_service)
{
	static const char run[] = "exec 3<&9; LISTEN_FDS=1 LISTEN_FDNAMES=tree LISTEN_PID=$$ "
				  "exec " XENGTD " -c etc/xen/xengt.conf -s run/xengt.sock";
	struct process mount, daemon;
	int fd = manager(), tree;

	/* The shell has this number for the descriptor, and no pipe of ours. */
	ck_assert_int_eq(fcntl(fd, F_DUPFD, 9), 9);
	put_file("etc/xen/xengt.conf", 0644, TREE_CONF);
	mount = process_start(dir, ARGS(MOUNT, "-c", "etc/xen/xengt.conf"));
	/* What a xengtd that died before it took it has left with the manager. */
	ck_assert_int_eq(told(fd, "FDSTOREREMOVE=1\nFDNAME=tree"), -1);
	if (!can_mount()) {
		ck_assert_int_eq(process_end(&mount, NULL, NULL), 1);
		close(9);
		return;
	}
	tree = told(fd, "FDSTORE=1\nFDNAME=tree");
	ck_assert_int_eq(dup2(tree, 9), 9);
	close(tree);
	/* It waits until the manager has it. */
	close(told(fd, "BARRIER=1"));
	ck_assert_int_eq(process_end(&mount, NULL, NULL), 0);

	daemon = process_start(dir, ARGS("/bin/sh", "-c", run));
	process_await(daemon.err, "ready, version");
	ck_assert_int_eq(told(fd, "FDSTOREREMOVE=1\nFDNAME=tree"), -1);
	ck_assert_int_eq(told(fd, "READY=1"), -1);
	close(9);
	close(fd);
	ck_assert_int_eq(tree_is(), 0);
	ended(&daemon);
	/* Nobody else holds it, so that who uses the tree gets an error, and does not wait. */
	ck_assert_int_eq(tree_is(), ENOTCONN);
	unsetenv("NOTIFY_SOCKET");
	ran(ARGS(MOUNT, "-c", "etc/xen/xengt.conf", "--unmount"), 0, "");
	ck_assert_int_eq(tree_is(), ENOENT);
	ran(ARGS(MOUNT, "-c", "etc/xen/xengt.conf"), 2, "xengtd.service runs this");
}
END_TEST

/* By hand it runs the same program itself, also after one that was killed. */
START_TEST(tree_by_hand)
{
	struct process daemon;

	put_file("etc/xen/xengt.conf", 0644, TREE_CONF);
	for (unsigned int i = 0; i < 2; i++) {
		daemon = process_start(dir, ARGS(XENGTD, "-c", "etc/xen/xengt.conf", "-s",
						 "run/xengt.sock"));
		process_await(daemon.err, can_mount() ? "ready, version" : "no tree of files at");
		ck_assert_int_eq(tree_is(), can_mount() ? 0 : ENOENT);
		if (!i) {
			kill(daemon.pid, SIGKILL);
			ck_assert_int_eq(waitpid(daemon.pid, NULL, 0), daemon.pid);
			ck_assert_int_eq(tree_is(), can_mount() ? ENOTCONN : ENOENT);
		}
	}
	ended(&daemon);
	ck_assert_int_eq(tree_is(), ENOENT);
}
END_TEST

/* Without the right to mount it serves all the same, and says once why there is no tree. */
START_TEST(tree_not_to_be_had)
{
	static const char run[] =
		"exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin " XENGTD
		" -c etc/xen/xengt.conf -s run/xengt.sock";
	struct process daemon;
	const char *said;

	if (geteuid() || system("setpriv --bounding-set=-sys_admin true"))
		return;
	put_file("etc/xen/xengt.conf", 0644, TREE_CONF);
	daemon = process_start(dir, ARGS("/bin/sh", "-c", run));
	said = strstr(process_await(daemon.err, "ready, version"), "no tree of files at");
	ck_assert_ptr_nonnull(said);
	ck_assert_ptr_null(strstr(said + 1, "no tree of files at"));
	ran(CLI("attach", "21"), 0, "");
	ended(&daemon);
}
END_TEST

static Suite *suite_programs(void)
{
	const TTest *const tests[] = { daemon_arguments,     command_line,     following,
				       ends_what_it_follows, many_connections, device_model,
				       tree_of_a_service,    tree_by_hand,     tree_not_to_be_had };

	return unit_suite_with("programs", setup, teardown, tests, ARRAY_SIZE(tests));
}

int main(void)
{
	static Suite *(*const suites[])(void) = { suite_programs };

	return unit_run(suites, ARRAY_SIZE(suites));
}
