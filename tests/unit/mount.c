/* SPDX-License-Identifier: MIT */
/*
 * The tree of files, really mounted where that is possible: as root, on a kernel with FUSE. A child
 * uses it as any program does, while the daemon's loop runs in this process.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/daemon_rig.h"

#define TYPE8 "mdev_supported_types/" V5_8

static char top[64];

/* In the child: a failure ends it with an exit status. */
#define EXPECT(what)                                                                  \
	do {                                                                          \
		if (!(what)) {                                                        \
			fprintf(stderr, "mount.c:%d: not so: %s\n", __LINE__, #what); \
			_exit(1);                                                     \
		}                                                                     \
	} while (0)

static int open_at(const char *path, int flags)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", top, path);
	return open(full, flags | O_CLOEXEC);
}

static int put(const char *path, const char *text)
{
	int fd = open_at(path, O_WRONLY | O_TRUNC), err;

	if (fd < 0)
		return errno;
	err = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : errno;
	close(fd);
	return err;
}

/* Users other than root get nothing. The daemon is not even asked: it is stopped meanwhile. */
static void be_somebody(void)
{
	char full[512];
	struct stat st;
	DIR *dir;

	EXPECT(!kill(getppid(), SIGSTOP));
	EXPECT(!setgid(65534) && !seteuid(65534));
	for (unsigned int i = 0; i < 100; i++) {
		EXPECT(open_at("vm21/schedule/weight", O_RDONLY) < 0 && errno == EACCES);
		EXPECT(put("vm21/schedule/weight", "4") == EACCES);
		EXPECT(put("control/create_gvt_instance", "-21") == EACCES);
		snprintf(full, sizeof(full), "%s/control", top);
		EXPECT(stat(full, &st) < 0 && errno == EACCES);
		EXPECT(stat(top, &st) < 0 && errno == EACCES);
		dir = opendir(top);
		EXPECT(!dir && errno == EACCES);
	}
	EXPECT(!seteuid(0) && !kill(getppid(), SIGCONT));
	_exit(0);
}

static void use_it(void)
{
	char text[512], full[512], small[4] = "";
	struct stat st;
	int fd, len;

	/* As instructions for mediated devices say. */
	fd = open_at(TYPE8 "/available_instances", O_RDONLY);
	EXPECT(fd >= 0);
	EXPECT(read(fd, text, sizeof(text)) == 3 && !memcmp(text, "64\n", 3));
	EXPECT(read(fd, text, sizeof(text)) == 0);
	EXPECT(put(TYPE8 "/create", UUID_A "\n") == 0);
	/* A file's text stays the same until it is read from the beginning again. */
	EXPECT(pread(fd, small, 1, 1) == 1 && small[0] == '4');
	EXPECT(pread(fd, small, 2, 0) == 2 && !memcmp(small, "63", 2));
	EXPECT(pread(fd, small, 3, 1) == 2 && !memcmp(small, "3\n", 2));
	close(fd);
	EXPECT(put(TYPE8 "/create", UUID_A) == EEXIST);
	EXPECT(put(TYPE8 "/create", "?") == EINVAL);
	EXPECT(put(TYPE8 "/name", "?") == EACCES);

	snprintf(full, sizeof(full), "%s/%s/mdev_type/name", top, UUID_A);
	EXPECT(!stat(full, &st) && S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0400);
	snprintf(full, sizeof(full), "%s/" TYPE8 "/devices/" UUID_A "/remove", top);
	EXPECT(!stat(full, &st) && (st.st_mode & 0777) == 0200 && st.st_uid == 0);
	EXPECT(open_at("nothing", O_RDONLY) < 0 && errno == ENOENT);
	EXPECT(open_at("new", O_RDWR | O_CREAT) < 0);
	EXPECT(unlink(full) < 0);
	EXPECT(chmod(full, 0777) < 0 && errno == EPERM);

	EXPECT(put("control/create_gvt_instance", "21,64,448,4") == 0);
	EXPECT(put("control/create_gvt_instance", "21,64,448,4") == EEXIST);
	EXPECT(put("vm21/schedule/weight", "3\n") == 0);
	/* The reason of a failed write. */
	EXPECT(put("vm21/schedule/weight", "17") == EINVAL);
	fd = open_at("control/last_error", O_RDONLY);
	len = read(fd, text, sizeof(text) - 1);
	EXPECT(len > 0);
	text[len] = '\0';
	EXPECT(!strncmp(text, "weight '17': ", 13) && strlen(text) > 15);
	close(fd);
	be_somebody();
}

/* The other end of the pipe is closed: the child had it, and has ended. */
static int on_end(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	(void)source;
	(void)fd;
	(void)events;
	*(bool *)userdata = true;
	return 0;
}

static struct rig *mounted(void)
{
	struct rig *r = daemon_rig_new();

	strcpy(top, "/tmp/xengt-tree-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chmod(top, 0755), 0);
	strcpy(r->daemon.config.tree, top);
	mount_open(&r->daemon);
	return r;
}

START_TEST(used)
{
	struct rig *r = mounted();
	bool over = false;
	int ends[2], status;
	pid_t pid;

	if (r->daemon.mount) {
		ck_assert_int_eq(pipe(ends), 0);
		pid = fork();
		ck_assert_int_ge(pid, 0);
		if (!pid)
			use_it();
		close(ends[1]);
		ck_assert_int_ge(
			sd_event_add_io(r->daemon.loop, NULL, ends[0], EPOLLIN, on_end, &over), 0);
		while (!over)
			ck_assert_int_ge(sd_event_run(r->daemon.loop, ~0ull), 0);
		close(ends[0]);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
		ck_assert_ptr_nonnull(xengt_instances_find(&r->daemon.instances, UUID_A));
		mount_close(&r->daemon);
	} else {
		/* It cannot be mounted here. tree.c tests the tree itself. */
		ck_assert(geteuid() || access("/dev/fuse", R_OK | W_OK));
	}
	ck_assert_int_eq(rmdir(top), 0);
	daemon_rig_free(r);
}
END_TEST

/* A mount that a killed daemon left does not hinder the next one. */
START_TEST(left_mounted)
{
	struct rig *r = mounted();
	struct stat st;

	if (r->daemon.mount) {
		struct daemon killed = r->daemon;

		r->daemon.mount = NULL;
		mount_open(&r->daemon);
		ck_assert_ptr_nonnull(r->daemon.mount);
		mount_close(&r->daemon);
		ck_assert_int_eq(stat(top, &st), 0);
		mount_close(&killed);
	}
	ck_assert_int_eq(rmdir(top), 0);
	daemon_rig_free(r);
}
END_TEST

/* Without a place to mount it, the daemon does everything else. */
START_TEST(nowhere)
{
	struct rig *r = daemon_rig_new();

	strcpy(r->daemon.config.tree, "/dev/null/gvt");
	mount_open(&r->daemon);
	ck_assert_ptr_null(r->daemon.mount);
	r->daemon.config.tree[0] = '\0';
	mount_open(&r->daemon);
	ck_assert_ptr_null(r->daemon.mount);
	ck_assert_int_eq(daemon_rig_attach(r, 0, ""), 0);
	daemon_rig_free(r);
}
END_TEST

Suite *suite_mount(void)
{
	const TTest *const tests[] = { used, left_mounted, nowhere };

	return unit_suite("mount", tests, ARRAY_SIZE(tests));
}
