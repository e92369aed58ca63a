/* SPDX-License-Identifier: MIT */
/* A process whose standard streams are pipes of the test's, each read with a limit of time. */
#ifndef TESTS_PROGRAMS_PROCESS_H
#define TESTS_PROGRAMS_PROCESS_H

#include <sys/types.h>

struct process {
	pid_t pid;
	int in, out, err;
};

/** process_start() - run @argv, a list that NULL ends, in the directory @dir. */
struct process process_start(const char *dir, const char *const argv[]);

/** process_await() - read from @fd, its .out or .err, until @text has come; all of it is returned.
 */
const char *process_await(int fd, const char *text);

/** process_end() - read both streams to their ends, and wait for it. Returns its exit status. */
int process_end(struct process *p, const char **out, const char **err);

#endif
