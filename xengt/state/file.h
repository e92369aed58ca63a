/* SPDX-License-Identifier: MIT */
/*
 * The mapped files, under /run, in which a vGPU outlives its processes. A store to a mapped file
 * stays when the process ends at any instant; nothing has to be written out.
 *
 * A file changes all the time, so no checksum of it could be kept up to date. There are two: one of
 * the parts that never change, which is always checked; and one of the whole file, which a process
 * stores when it ends in order.
 */
#ifndef XENGT_STATE_FILE_H
#define XENGT_STATE_FILE_H

#include <stddef.h>

#include "core/base/types.h"

/* What every file begins with. */
struct xengt_file_head {
	char magic[8];
	u32 layout, size;
	u32 domid;
	u32 ready;    /* the fixed part and .head_crc are complete */
	u32 head_crc; /* of the fields above .ready, and of the kind's fixed part */
	u32 sealed;   /* not 0: .crc is of the whole file, with .sealed and .crc as 0 */
	u32 crc, reserved;
};

/* A kind of file. */
struct xengt_file_kind {
	const char *suffix; /* of its name, which begins with the domain's number */
	char magic[8];
	u32 layout;
	size_t size;		 /* a multiple of GVT_PAGE_SIZE */
	size_t fixed, fixed_len; /* offset and length of the part that never changes once ready */
};

/* An open and mapped file. */
struct xengt_file {
	const struct xengt_file_kind *kind;
	int fd; /* -1: none */
	struct xengt_file_head *head;
};

/**
 * xengt_file_open() - open domain @domid's file with @suffix in @dir. @create: make it, empty;
 * -EEXIST if it exists. Returns a descriptor, which the caller owns, or a negative errno with @why,
 * a sentence.
 */
int xengt_file_open(const char *dir, u32 domid, const char *suffix, bool create, char *why,
		    size_t why_len);

/**
 * xengt_file_begin() - give the empty file @fd, which @file owns from now on, its size and its
 * head, and map it. Returns 0 or a negative errno.
 */
int xengt_file_begin(struct xengt_file *file, const struct xengt_file_kind *kind, int fd,
		     u32 domid);

/**
 * xengt_file_take() - map the existing file @fd, which @file owns from now on. @write: false maps
 * it read-only. Checks only the head and the size. Returns NULL, or what is wrong, as the end of a
 * sentence.
 */
const char *xengt_file_take(struct xengt_file *file, const struct xengt_file_kind *kind, int fd,
			    bool write);

/**
 * xengt_file_check() - check domain and checksums of a file that an earlier process left, and
 * unseal it. Returns as xengt_file_take().
 */
const char *xengt_file_check(struct xengt_file *file, u32 domid);

/** xengt_file_ready() - the part that never changes is complete: a later process may take it up. */
void xengt_file_ready(struct xengt_file *file);

/** xengt_file_seal() - store the checksum of the whole file, which must not change any more. */
void xengt_file_seal(struct xengt_file *file);

/** xengt_file_close() - unmap it, and close it. */
void xengt_file_close(struct xengt_file *file);

/** xengt_file_remove() - delete the file, if it is there. */
void xengt_file_remove(const char *dir, u32 domid, const char *suffix);

/**
 * xengt_file_reserve() - allocate the file's memory at [@from, @from + @len) of the mapping.
 * Without it, a store would fault if the file system is full. Returns 0 or a negative errno.
 */
int xengt_file_reserve(const struct xengt_file *file, const void *from, size_t len);

#endif
