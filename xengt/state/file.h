/* SPDX-License-Identifier: MIT */
/*
 * The mapped files in which a vGPU outlives its processes, under /run: what is stored there is there,
 * at whatever instant a process ends, without a word written out.
 *
 * A file is the memory of the process that has it: no checksum fits what changes at each instant. So
 * there are two: of what never changes, which is always checked, and of all, which is there when a
 * process has left the file in order.
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
	u32 ready;    /* written to the end at least once, with .head_crc */
	u32 head_crc; /* of what is above .ready, and of the kind's fixed part */
	u32 sealed;   /* not 0: left in order, .crc is of all of it, with these two as 0 */
	u32 crc, reserved;
};

/* A kind of file. */
struct xengt_file_kind {
	const char *suffix; /* of its name, which begins with the domain's number */
	char magic[8];
	u32 layout;
	size_t size;		/* a multiple of GVT_PAGE_SIZE */
	size_t fixed, fixed_len; /* where the part is that never changes once it is ready */
};

/* One that is open and mapped. */
struct xengt_file {
	const struct xengt_file_kind *kind;
	int fd; /* -1: none */
	struct xengt_file_head *head;
};

/**
 * xengt_file_open() - open the file of kind @suffix that domain @domid has in @dir. @create: a new one,
 * empty; -EEXIST if it is there. Returns a descriptor, the caller's, or a negative errno with @why, a
 * sentence.
 */
int xengt_file_open(const char *dir, u32 domid, const char *suffix, bool create, char *why,
		    size_t why_len);

/**
 * xengt_file_begin() - give the empty file @fd, which @file owns from now on, its size and its head,
 * and map it. Returns 0 or a negative errno.
 */
int xengt_file_begin(struct xengt_file *file, const struct xengt_file_kind *kind, int fd, u32 domid);

/**
 * xengt_file_take() - map a file that an earlier process left, or another one has: @fd, which @file
 * owns from now on. @write: false maps it for reading alone. Returns NULL; or what is wrong with it, as
 * a sentence without its beginning. Of its content, only the head is looked at.
 */
const char *xengt_file_take(struct xengt_file *file, const struct xengt_file_kind *kind, int fd,
			    bool write);

/**
 * xengt_file_check() - what is wrong with the content of a file that an earlier process left, as
 * xengt_file_take() says it; NULL: nothing. One that is in order is not sealed any more.
 */
const char *xengt_file_check(struct xengt_file *file, u32 domid);

/** xengt_file_ready() - what never changes of it is complete: a later process may take it up. */
void xengt_file_ready(struct xengt_file *file);

/** xengt_file_seal() - all of it is complete and stays as it is: this process is about to end. */
void xengt_file_seal(struct xengt_file *file);

/** xengt_file_close() - unmap it, and close it. */
void xengt_file_close(struct xengt_file *file);

/** xengt_file_remove() - delete the file, if it is there. */
void xengt_file_remove(const char *dir, u32 domid, const char *suffix);

/**
 * xengt_file_reserve() - make sure of the memory under [@from, @from + @len) of the mapped file: what
 * is written there without asking would be a fault where the file system is full. 0 or a negative
 * errno.
 */
int xengt_file_reserve(const struct xengt_file *file, const void *from, size_t len);

#endif
