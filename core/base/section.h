/* SPDX-License-Identifier: MIT */
/*
 * Sections: a vGPU's state is a structure for each room that has some, and outlives the process. A
 * room describes its own section; xengt/state lays the sections out in a file (docs/state.md).
 */
#ifndef CORE_BASE_SECTION_H
#define CORE_BASE_SECTION_H

#include "core/base/types.h"

/* Bytes of a name, with the zero byte at its end. */
#define GVT_SECTION_NAME 16u

struct gvt_section {
	const char *name; /* lower-case letters, digits and '-' */
	u32 version;	  /* raised by each change of the structure, or of what it means */
	u32 size;	  /* bytes of the structure, a multiple of 8 */
	/*
	 * Leading bytes whose memory is allocated at once, a multiple of 8. If there are more, the
	 * rest begins at a page, and the room reserves what it uses of it.
	 */
	u32 reserved;
	u32 fixed; /* leading bytes, of those reserved, that never change once the vGPU serves */
	/* A state without this section can be taken up: zeroes are its content after power-on, and
	 * go with whatever the other sections hold. */
	bool may_lack;
	/* Returns what is wrong with a structure that an earlier process left, as the end of a
	 * sentence, or NULL. The process may have been taken over by its guest. NULL: all values
	 * are taken. */
	const char *(*amiss)(const void *section);
};

#endif
