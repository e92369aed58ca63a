/* SPDX-License-Identifier: MIT */
/* One attack of a guest that took over its process, and what is to come of it. */
#ifndef TESTS_UNIT_JAIL_ATTACK_H
#define TESTS_UNIT_JAIL_ATTACK_H

#include "tests/unit/jail_rig.h"

struct jail_attack {
	const char *what;
	int filter;   /* what comes of it: JAIL_KILLED or an errno */
	int behind;   /* what comes of it without the filter; 0: the filter alone holds */
	long call[7]; /* a system call's number and arguments */
	jail_act act; /* or several calls */
};

/**
 * jail_try() - make each attack by a process of its own: in the whole jail, in one without
 * namespaces, and where another wall stands behind the filter, without the filter too.
 */
void jail_try(const struct jail_attack *attacks, size_t nr);

/** jail_try_call() - make a system call without arguments in a jail without namespaces. */
int jail_try_call(long nr);

/** jail_raw() - a system call, not by its library's function. Returns a negative errno. */
long jail_raw(long nr, long a, long b, long c, long d, long e, long f);

/* The same, with what is not given 0. */
#define RAW_7(nr, a, b, c, d, e, f, ...) \
	jail_raw(nr, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define RAW(...) RAW_7(__VA_ARGS__, 0, 0, 0, 0, 0, 0)

#define PTR(p) ((long)(p))

#endif
