/* SPDX-License-Identifier: MIT */
/* The program xengt-dm, as xl starts it, with the daemon on embedded Xen. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/daemon_rig.h"

#define PROGRAM	  TOP_BUILDDIR "/xengt/xengt-dm"
#define UNSEEN	  77 /* the exit status where nothing can be mounted */
#define SAID_MAX  65536
#define WORDS_MAX 16

struct said {
	char text[SAID_MAX];
	size_t len;
	bool over;
};

static void put(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(chmod(path, mode), 0);
}

/*
 * Runs in a child: makes the paths of its settings lead to this daemon, and to a device model that
 * prints its arguments.
 */
static void become(const struct rig *r, char **args)
{
	char conf[300];

	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", XENGT_SYSCONFDIR, "tmpfs", 0, NULL) ||
	    mkdir(XENGT_SYSCONFDIR "/xen", 0755))
		_exit(UNSEEN);
	snprintf(conf, sizeof(conf), "socket = %s\nstate_dir = %s\nqemu = %s/model\n",
		 r->daemon.config.socket, r->dir, r->dir);
	put(XENGT_SYSCONFDIR "/xen/xengt.conf", conf, 0644);
	execv(PROGRAM, args);
	_exit(126);
}

static int on_said(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct said *said = userdata;
	ssize_t n = read(fd, said->text + said->len, sizeof(said->text) - 1 - said->len);

	(void)source;
	(void)events;
	said->over = n <= 0;
	said->len += n > 0 ? n : 0;
	return 0;
}

/* Its status, or -1 if that cannot be seen here. */
static int run(struct rig *r, char **args, struct said *said)
{
	sd_event_source *source;
	int ends[2], status;
	pid_t pid;

	memset(said, 0, sizeof(*said));
	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		become(r, args);
	}
	close(ends[1]);
	ck_assert_int_ge(sd_event_add_io(r->daemon.loop, &source, ends[0], EPOLLIN, on_said, said),
			 0);
	while (!said->over)
		ck_assert_int_ge(sd_event_run(r->daemon.loop, ~0ull), 0);
	sd_event_source_unref(source);
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) != UNSEEN)
		return WEXITSTATUS(status);
	ck_assert(geteuid());
	return -1;
}

static struct rig *listening(void)
{
	struct rig *r = daemon_rig_new();
	char path[64];

	snprintf(r->daemon.config.socket, sizeof(r->daemon.config.socket), "%s/socket", r->dir);
	snprintf(path, sizeof(path), "%s/model", r->dir);
	put(path, "#!/bin/sh\nprintf '%s ' \"$@\"\n", 0755);
	ck_assert_int_eq(control_open(&r->daemon), 0);
	return r;
}

static void close_all(struct rig *r)
{
	char path[64];

	control_close(&r->daemon);
	unlink(r->daemon.config.socket);
	snprintf(path, sizeof(path), "%s/model", r->dir);
	unlink(path);
	daemon_rig_free(r);
}

/*
 * Which domain gets which vGPU, and what is left for the device model, by arguments that look like
 * ours.
 */
static const struct {
	const char *args;
	int status;
	unsigned int domid; /* the domain that has a vGPU then, with that weight; 0: none */
	u32 weight;
	const char *says;
} calls[] = {
	{ "-xen-domid 21 -xengt weight=3 -name g", 0, 21, 3, "-xen-domid 21 -name g " },
	{ "-xen-domid 21 -nodefaults -xengt weight=3 -S -name g", 0, 21, 3,
	  "-xen-domid 21 -nodefaults -S -name g " },
	{ "-xen-domid 21 -name -xengt -chardev x", 0, 21, 8,
	  "-xen-domid 21 -name -xengt -chardev x " },
	{ "-name -xen-domid -xen-domid 22 -xengt weight=3 -append -xengt", 0, 22, 3,
	  "-name -xen-domid -xen-domid 22 -append -xengt " },
	{ "-xen-domid 21 -name -device -xengt slot=2 -machine pc", 0, 21, 8,
	  "-xen-domid 21 -name -device -machine pc " },
	{ "-xen-domid 21 -xengt weight=3 -xengt weight=5", 0, 21, 5, "-xen-domid 21 " },
	{ "-machine none -name -xen-domid", 0, 0, 0, "-machine none -name -xen-domid " },
	{ "-xen-domid 21 -xengt", 1, 0, 0, "xengt-dm: -xengt takes an argument\n" },
	{ "-xen-domid -xengt weight=3", 1, 0, 0,
	  "xengt-dm: -xen-domid takes a guest's number, not '-xengt'\n" },
};

START_TEST(by_arguments)
{
	struct rig *r = listening();
	char text[256], *words[WORDS_MAX] = { PROGRAM };
	struct said said;
	size_t nr = 1;
	int status;

	snprintf(text, sizeof(text), "%s", calls[_i].args);
	for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
		words[nr++] = word;
	status = run(r, words, &said);
	if (status >= 0) {
		const struct guest *guest = r->daemon.guests;

		ck_assert_msg(status == calls[_i].status, "%s: %d: %s", calls[_i].args, status,
			      said.text);
		ck_assert_str_eq(said.text, calls[_i].says);
		ck_assert(!guest == !calls[_i].domid);
		if (guest) {
			ck_assert_uint_eq(guest->domid, calls[_i].domid);
			ck_assert_uint_eq(xengt_keeper_kept(guest->keeper)->weight,
					  calls[_i].weight);
		}
	}
	close_all(r);
}
END_TEST

/* An option of any length is taken as a whole, or refused for its length. */
START_TEST(long_options)
{
	static const struct {
		size_t times;
		int status;
		const char *says;
	} cases[] = {
		{ 60, 0, "-xen-domid 21 " },
		{ 700, 0, "-xen-domid 21 " },
		{ 1000, 1, "xengt-dm: no vGPU for domain 21: a request is too long\n" },
		{ 100000 / 9, 1, "xengt-dm: no vGPU for domain 21: a request is too long\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct rig *r = listening();
		char *options = calloc(cases[i].times + 1, strlen("weight=3,"));
		char *words[] = { PROGRAM, "-xen-domid", "21", "-xengt", options, NULL };
		struct said said;
		int status;

		for (size_t n = 0; n < cases[i].times; n++)
			strcpy(options + 9 * n, "weight=3,");
		strcpy(options + 9 * cases[i].times, "weight=5");
		status = run(r, words, &said);
		if (status >= 0) {
			ck_assert_str_eq(said.text, cases[i].says);
			ck_assert_int_eq(status, cases[i].status);
			ck_assert(!r->daemon.guests == !!status);
			if (!status)
				ck_assert_uint_eq(
					xengt_keeper_kept(r->daemon.guests->keeper)->weight, 5);
		}
		free(options);
		close_all(r);
	}
}
END_TEST

Suite *suite_device_model(void)
{
	const TTest *const tests[] = { long_options };
	Suite *suite = unit_suite("device_model", tests, ARRAY_SIZE(tests));
	TCase *loops = tcase_create("tables");

	tcase_add_loop_test(loops, by_arguments, 0, ARRAY_SIZE(calls));
	suite_add_tcase(suite, loops);
	return suite;
}
