/* SPDX-License-Identifier: MIT */
#include "tests/programs/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

#define PATIENCE_MS 60000

struct process process_start(const char *dir, const char *const argv[])
{
	int in[2], out[2], err[2];
	struct process p;

	ck_assert_int_eq(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC), 0);
	p = (struct process){ .in = in[1], .out = out[0], .err = err[0] };
	p.pid = fork();
	ck_assert_int_ge(p.pid, 0);
	if (!p.pid) {
		if (chdir(dir) || dup2(in[0], 0) < 0 || dup2(out[1], 1) < 0 || dup2(err[1], 2) < 0)
			_exit(126);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	close(err[1]);
	return p;
}

/* More of @fd behind @text[@len]. False: that was the end. */
static bool more(int fd, char *text, size_t size, size_t *len)
{
	struct pollfd waiting = { .fd = fd, .events = POLLIN };
	ssize_t n;

	text[*len] = '\0';
	ck_assert_msg(poll(&waiting, 1, PATIENCE_MS) == 1, "nothing comes after: %s", text);
	ck_assert_uint_lt(*len + 1, size);
	n = read(fd, text + *len, size - *len - 1);
	ck_assert_int_ge(n, 0);
	*len += n;
	text[*len] = '\0';
	return n;
}

const char *process_await(int fd, const char *text)
{
	static char got[65536];
	size_t len = 0;

	do
		ck_assert_msg(more(fd, got, sizeof(got), &len), "it ended after: %s", got);
	while (!strstr(got, text));
	return got;
}

int process_end(struct process *p, const char **out, const char **err)
{
	static char text[2][65536];
	size_t len[2] = { 0 };
	int status;

	close(p->in);
	while (more(p->out, text[0], sizeof(text[0]), &len[0]))
		;
	while (more(p->err, text[1], sizeof(text[1]), &len[1]))
		;
	close(p->out);
	close(p->err);
	ck_assert_int_eq(waitpid(p->pid, &status, 0), p->pid);
	if (out)
		*out = text[0];
	if (err)
		*err = text[1];
	ck_assert_msg(WIFEXITED(status), "it was killed by signal %d: %s", WTERMSIG(status),
		      text[1]);
	return WEXITSTATUS(status);
}
