/* SPDX-License-Identifier: MIT */
/* Shared by the files of this room and its tests. */
#ifndef XENGT_JAIL_INTERNAL_H
#define XENGT_JAIL_INTERNAL_H

#include "xengt/jail/jail.h"

/* A process on its way in. */
struct jail_entry {
	const struct xengt_jail *jail;
	u32 missing; /* walls that the kernel refused */
	char *why;
	size_t why_len;
};

/** jail_rights() - all that xengt_jail_enter() does before the filter. Returns as that does. */
int jail_rights(const struct xengt_jail *jail, u32 *missing, char *why, size_t why_len);

/**
 * jail_filter() - from now on the process is killed for any system call that is not on the list.
 * Returns 0 or a negative errno with @why.
 */
int jail_filter(char *why, size_t why_len);

/** jail_descriptors() - close descriptors of .files and above; refuse those that lead outside.
 * Returns 0 or a negative errno with a why. */
int jail_descriptors(struct jail_entry *entry);

/**
 * jail_namespaces() - namespaces of the process's own, and an empty root directory.
 * What the kernel refuses goes to .missing. In the new user namespace the process has all
 * capabilities, until jail_capabilities(). Returns 0.
 */
int jail_namespaces(struct jail_entry *entry);

/** jail_bounding() - empty the bounding set. What the process may not drop sets XENGT_WALL_BOUNDING
 * in .missing. */
int jail_bounding(struct jail_entry *entry);

/** jail_capabilities() - no capability in any set, and none to be gained. 0 or a negative errno. */
int jail_capabilities(struct jail_entry *entry);

/** jail_limits() - the resource limits. Returns 0 or a negative errno. */
int jail_limits(struct jail_entry *entry);

#endif
