/* SPDX-License-Identifier: MIT */
/*
 * The tree of files by inode number: its entries, and what reading and writing them does. mount.c
 * mounts it.
 *
 * An inode number has the row of a table in it, and the number of a vGPU, guest or type. Each call
 * looks these up anew: if the vGPU has gone, it returns -ENOENT, even for an open file.
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
 * tree_read() - a file's content now, or where a link points, into @text[TREE_VALUE_MAX].
 * Returns its length, or -ENOENT, -EISDIR, -EACCES (the file is write-only) or another errno.
 */
int tree_read(struct daemon *daemon, u64 ino, char *text);

typedef void tree_done(void *arg, int err);

/**
 * tree_write() - do what writing @text to the file means; a newline at its end is ignored.
 * Returns 0, -ENOENT, -EISDIR, -EACCES (the file is read-only), -EINVAL (not such a value), -E2BIG,
 * or the errno of the action. -EINPROGRESS: it takes time; @done is called once, from the loop,
 * with 0 or the errno of the action.
 */
int tree_write(struct daemon *daemon, u64 ino, const char *text, size_t len, tree_done *done,
	       void *arg);

#endif
