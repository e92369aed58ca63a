/* SPDX-License-Identifier: MIT */
/*
 * What a file begins with: its head, and the directory of its sections (docs/state.md). The process
 * that wrote a file may have been taken over by its guest, and may still run: so head and directory
 * are read once, into memory of the reader's, and all of them is checked.
 */
#ifndef XENGT_STATE_DIRECTORY_H
#define XENGT_STATE_DIRECTORY_H

#include <stddef.h>

#include "core/base/section.h"

#define XENGT_SECTIONS_MAX 24u

/* A kind of file. */
struct xengt_file_kind {
	const char *suffix; /* of its name, which begins with the domain's number */
	char magic[8];
	u32 nr;
	const struct gvt_section *section[XENGT_SECTIONS_MAX];
};

/* The head. */
struct xengt_file_head {
	char magic[8];
	u32 format; /* of the head and the directory */
	u32 nr;	    /* entries of the directory, which follow the head */
	u64 size;   /* of the file */
	u32 domid;
	u32 crc;    /* of the fields above, and of the entries without their checksums */
	u32 ready;  /* XENGT_FILE_READY: a later process may take the file up */
	u32 sealed; /* XENGT_FILE_SEALED: the entries' .crc are valid; else 0 */
};

#define XENGT_FILE_READY  0x0c0ffee1u
#define XENGT_FILE_SEALED 0x5ea1ed01u

/* An entry of the directory, which is in the order of offsets. */
struct xengt_file_entry {
	char name[GVT_SECTION_NAME]; /* filled up with zeroes */
	u32 version;
	u32 fixed; /* leading bytes that never change once the file is ready */
	u64 offset, size;
	u32 fixed_crc; /* of these */
	u32 crc;       /* of all words up to the next section, or the end of the file */
};

struct xengt_directory {
	struct xengt_file_head head;
	struct xengt_file_entry entry[XENGT_SECTIONS_MAX];
};

/** xengt_directory_make() - lay out a file of @kind for domain @domid. */
void xengt_directory_make(const struct xengt_file_kind *kind, u32 domid,
			  struct xengt_directory *out);

/**
 * xengt_directory_read() - read head and directory of the file @fd, and check all that does not
 * depend on a kind's sections. Returns 0; or -EPROTO with @why, what is wrong as the end of a
 * sentence.
 */
int xengt_directory_read(int fd, const struct xengt_file_kind *kind, u32 domid,
			 struct xengt_directory *out, char *why, size_t why_len);

/* A section of the kind that the file has not. */
#define XENGT_SECTION_NONE (~0u)

/**
 * xengt_directory_match() - find @kind's sections in @dir: @entry[i] receives the number of the
 * i-th section's entry, or XENGT_SECTION_NONE. Returns how many the file has not, all of which it
 * may lack; or -EPROTO with @why: a section is not known, is of another version, or has no place
 * that it may have.
 */
int xengt_directory_match(const struct xengt_directory *dir, const struct xengt_file_kind *kind,
			  u32 entry[XENGT_SECTIONS_MAX], char *why, size_t why_len);

/** xengt_directory_end() - where the bytes end that entry @i's checksum covers. */
u64 xengt_directory_end(const struct xengt_directory *dir, u32 i);

/** xengt_directory_used() - bytes of entry @i's section that are allocated in the file @fd, which
 * are whole pages, as far as the section has them. */
u64 xengt_directory_used(int fd, const struct xengt_directory *dir, u32 i);

#endif
