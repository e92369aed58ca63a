/* SPDX-License-Identifier: MIT */
/*
 * The mapped files, under /run, in which a vGPU outlives its processes. A store to a mapped file
 * stays when the process ends at any instant; nothing has to be written out. docs/state.md has the
 * format.
 *
 * A file changes all the time, so no checksum of it could be kept up to date. There are two of each
 * section: one of the leading bytes that never change, which is always checked; and one of all of
 * it, which a process stores when it ends in order.
 */
#ifndef XENGT_STATE_FILE_H
#define XENGT_STATE_FILE_H

#include "xengt/state/directory.h"

/* What is added to the name of a file that is to replace another. */
#define XENGT_FILE_NEW ".new"

/* An open and mapped file. */
struct xengt_file {
	const struct xengt_file_kind *kind;
	int fd; /* -1: none */
	struct xengt_file_head *head;
	u64 size;
	u32 entry[XENGT_SECTIONS_MAX];	   /* of each of the kind's sections, in the directory */
	void *section[XENGT_SECTIONS_MAX]; /* the kind's sections */
};

/**
 * xengt_file_open() - open domain @domid's file with @suffix in @dir. @create: make it, empty;
 * -EEXIST if it exists. Returns a descriptor, which the caller owns, or a negative errno with @why,
 * a sentence.
 */
int xengt_file_open(const char *dir, u32 domid, const char *suffix, bool create, char *why,
		    size_t why_len);

/**
 * xengt_file_begin() - give the empty file @fd, which @file owns from now on, its head, its
 * directory and its sections of zeroes, and map it. Returns 0 or a negative errno.
 */
int xengt_file_begin(struct xengt_file *file, const struct xengt_file_kind *kind, int fd,
		     u32 domid);

/**
 * xengt_file_take() - map the existing file @fd, which @file owns from now on. @write: false maps
 * it read-only. Checks the head and the directory. Returns 0; or a negative errno with @why, what
 * is wrong as the end of a sentence.
 */
int xengt_file_take(struct xengt_file *file, const struct xengt_file_kind *kind, int fd, u32 domid,
		    bool write, char *why, size_t why_len);

/**
 * xengt_file_check() - check the sections of a file that an earlier process left: their checksums,
 * and their values. Returns as xengt_file_take().
 */
int xengt_file_check(const struct xengt_file *file, char *why, size_t why_len);

/** xengt_file_is_ready() - whether xengt_file_ready() was called, by this process or an earlier
 * one. */
bool xengt_file_is_ready(const struct xengt_file *file);

/** xengt_file_ready() - what never changes is complete: a later process may take the file up. */
void xengt_file_ready(struct xengt_file *file);

/** xengt_file_seal() - store the checksums of all sections, which must not change any more. */
void xengt_file_seal(struct xengt_file *file);

/** xengt_file_unseal() - the sections may change from now on. */
void xengt_file_unseal(struct xengt_file *file);

/** xengt_file_close() - unmap it, and close it. */
void xengt_file_close(struct xengt_file *file);

/** xengt_file_remove() - delete the file, if it is there, and what was to replace it. */
void xengt_file_remove(const char *dir, u32 domid, const char *suffix);

/**
 * xengt_file_reserve() - allocate the file's memory at [@from, @from + @len) of the mapping.
 * Without it, a store would fault if the file system is full. Returns 0 or a negative errno.
 */
int xengt_file_reserve(const struct xengt_file *file, const void *from, size_t len);

/** xengt_file_cost() - bytes of memory that a new file of @kind takes at once. */
u64 xengt_file_cost(const struct xengt_file_kind *kind);

#endif
