/* SPDX-License-Identifier: MIT */
/* Programs that xengtd executes. */
#ifndef XENGT_DAEMON_PROGRAM_H
#define XENGT_DAEMON_PROGRAM_H

#include <stddef.h>
#include <sys/types.h>

#define PROGRAM_FDS 8u /* at most */

/**
 * program_start() - execute the program at @path with the arguments @argv, which end with NULL.
 * @fds: @nr descriptors, at most PROGRAM_FDS, which the program has as 3, 4 and so on; they stay
 * the caller's.
 * @pid: receives its number; the caller waits for it.
 *
 * Beside these, it inherits standard error alone. Its environment is empty, no signal is blocked,
 * and all are at their defaults. Returns 0 or a negative errno.
 */
int program_start(const char *path, char *const argv[], const int *fds, size_t nr, pid_t *pid);

#endif
