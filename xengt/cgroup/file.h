/* SPDX-License-Identifier: MIT */
/*
 * The files of a cgroup: a value goes in by one write, and comes out by one read. All are opened
 * below a folder that the caller holds open.
 */
#ifndef XENGT_CGROUP_FILE_H
#define XENGT_CGROUP_FILE_H

#include "core/base/types.h"

/**
 * xengt_cgroup_put() - write a value to the file @name in the folder @dir.
 * The file must exist. Returns 0, or a negative errno, as the kernel refuses the value.
 */
int xengt_cgroup_put(int dir, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * xengt_cgroup_get() - read the file @name in the folder @dir into @text, as a string.
 * Returns 0; -EPROTO when the file has @len bytes or more, or a zero among them; or another
 * negative errno.
 */
int xengt_cgroup_get(int dir, const char *name, char *text, size_t len);

/**
 * xengt_cgroup_value() - the number that stands behind @key in a flat keyed file: lines of a key, a
 * blank and a number. @key NULL: the file is one line, the number alone.
 * Returns 0; -EPROTO when there is no such line, or no number on it, or one beyond 64 bits.
 */
int xengt_cgroup_value(const char *text, const char *key, u64 *val);

/** xengt_cgroup_lists() - whether @name is one of the names in @text, which blanks divide. */
bool xengt_cgroup_lists(const char *text, const char *name);

#endif
