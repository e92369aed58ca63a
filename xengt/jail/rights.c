/* SPDX-License-Identifier: MIT */
/* Capabilities, and the limits of what a process may use. */
#include <errno.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "xengt/jail/internal.h"
#include "xengt/jail/sanitizer.h"

/* Being root means nothing, no change of user gives capabilities, and neither can be undone. */
#define SECUREBITS                                                                               \
	(SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |                         \
	 SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | \
	 SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED)

int jail_bounding(struct jail_entry *entry)
{
	entry->missing &= ~XENGT_WALL_BOUNDING;
	for (int cap = 0, in_set; (in_set = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) >= 0; cap++)
		if (in_set && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			entry->missing |= XENGT_WALL_BOUNDING;
	return 0;
}

int jail_capabilities(struct jail_entry *entry)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };

	/* Without a user namespace there is no right left to do this by, and none to be gained. */
	prctl(PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0);
	jail_bounding(entry);
	/* The ambient set never has more than these (capabilities(7)). */
	return syscall(SYS_capset, &header, data) ? -errno : 0;
}

/* Lowers a limit to @max; never raises it. */
static int bound(int which, u64 max)
{
	struct rlimit limit;

	if (max == RLIM_INFINITY)
		return 0;
	if (getrlimit(which, &limit))
		return -errno;
	if (limit.rlim_max > max)
		limit.rlim_max = max;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(which, &limit) ? -errno : 0;
}

/* 0 means: leave the limit. */
static u64 or_none(u64 max)
{
	return max ?: RLIM_INFINITY;
}

int jail_limits(struct jail_entry *entry)
{
	const struct xengt_jail *jail = entry->jail;
	const struct {
		int which;
		u64 max;
	} limits[] = {
		{ RLIMIT_NOFILE, jail->files },
		{ RLIMIT_NPROC, or_none(jail->threads) },
		{ RLIMIT_FSIZE, or_none(jail->file_max) },
		{ RLIMIT_DATA, JAIL_SANITIZED ? RLIM_INFINITY : or_none(jail->memory_max) },
		{ RLIMIT_AS, JAIL_SANITIZED ? RLIM_INFINITY : or_none(jail->space_max) },
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_NICE, 0 },
		{ RLIMIT_RTPRIO, 0 },
	};
	int err = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(limits) && !err; i++)
		err = bound(limits[i].which, limits[i].max);
	return err;
}
