/* SPDX-License-Identifier: MIT */
#include "xengt/jail/sanitizer.h"

#if defined(__SANITIZE_ADDRESS__)

#include <errno.h>
#include <sanitizer/lsan_interface.h>
#include <seccomp.h>
#include <sys/mman.h>

static bool in_jail;

/* These calls fail; reports are then printed without names of functions. */
static const int for_reports[] = {
	SCMP_SYS(open),
	SCMP_SYS(readlink),
};

/* The address sanitizer gives this advice for its own memory. */
static const int advice[] = { MADV_DONTDUMP, MADV_NOHUGEPAGE };

int jail_sanitizer_calls(void *filter)
{
	int err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(advice) && !err; i++)
		err = seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, SCMP_SYS(madvise), 1,
					     SCMP_A2(SCMP_CMP_EQ, advice[i]));
	for (unsigned int i = 0; i < ARRAY_SIZE(for_reports) && !err; i++)
		err = seccomp_rule_add_exact(filter, SCMP_ACT_ERRNO(EACCES), for_reports[i], 0);
	return err;
}

/* The leak sanitizer asks this at the end of the process. */
int __lsan_is_turned_off(void)
{
	return in_jail;
}

void jail_no_leak_check(void)
{
	in_jail = true;
}

#else

int jail_sanitizer_calls(void *filter)
{
	(void)filter;
	return 0;
}

void jail_no_leak_check(void)
{
}

#endif
