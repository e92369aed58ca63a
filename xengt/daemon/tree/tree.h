/* SPDX-License-Identifier: MIT */
/*
 * The tree of files: what it has and what its files do, by inode number. mount.c shows it.
 *
 * Inode numbers name a row of a table, and the vGPU or type that it is about. Each call looks that
 * up anew, so one that has gone is -ENOENT, whatever was open.
 */
#ifndef XENGT_DAEMON_TREE_TREE_H
#define XENGT_DAEMON_TREE_TREE_H

#include <sys/stat.h>

#include "xengt/daemon/daemon.h"

#define TREE_ROOT      1ull
#define TREE_VALUE_MAX 512u /* bytes that a file may give */
#define TREE_WORD_MAX  128u /* bytes that a file takes */

/** tree_lookup() - the inode of @name in directory @dir. 0, -ENOENT or -ENOTDIR. */
int tree_lookup(struct daemon *daemon, u64 dir, const char *name, u64 *ino);

/** tree_attr() - type, mode and inode number into @attr, which is otherwise zero. 0 or -ENOENT. */
int tree_attr(struct daemon *daemon, u64 ino, struct stat *attr);

/**
 * tree_list() - entry @at (from 0) of a directory, into @name[NAME_MAX + 1] and @ino.
 * Returns 0, -ENOENT (the directory has gone, or has not so many) or -ENOTDIR.
 */
int tree_list(struct daemon *daemon, u64 dir, unsigned int at, char *name, u64 *ino);

/**
 * tree_read() - what a file says now, or where a link points, into @text[TREE_VALUE_MAX].
 * Returns how long it is, or -ENOENT, -EISDIR, -EACCES (only to be written) or another errno.
 */
int tree_read(struct daemon *daemon, u64 ino, char *text);

/**
 * tree_write() - do what writing @text to the file means; a newline at its end is not part of it.
 * Returns 0, or -ENOENT, -EISDIR, -EACCES (only to be read), -EINVAL (not such a value), -E2BIG, or
 * the errno of what it does.
 */
int tree_write(struct daemon *daemon, u64 ino, const char *text, size_t len);

#endif
