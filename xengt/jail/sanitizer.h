/* SPDX-License-Identifier: MIT */
/* Exceptions from the walls in a build with sanitizers, and why. */
#ifndef XENGT_JAIL_SANITIZER_H
#define XENGT_JAIL_SANITIZER_H

#include "core/base/types.h"

/*
 * The address sanitizer maps terabytes of shadow memory, so that no bound of memory can be set. Its
 * reports, and what it does at a thread's start and end, take a few calls more.
 */
#if defined(__SANITIZE_ADDRESS__)
#define JAIL_SANITIZED true
#else
#define JAIL_SANITIZED false
#endif

/**
 * jail_sanitizer_calls() - add the calls that the sanitizers make to @filter, a scmp_filter_ctx.
 * Adds nothing in a build without them. Returns 0 or a negative errno.
 */
int jail_sanitizer_calls(void *filter);

/**
 * jail_no_leak_check() - leaks are not looked for when this process ends: the leak sanitizer would
 * start a process that traces this one. Does nothing in a build without sanitizers.
 */
void jail_no_leak_check(void);

#endif
