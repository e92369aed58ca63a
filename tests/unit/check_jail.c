/* SPDX-License-Identifier: MIT */
/* The walls around a guest's process. */
#include <linux/capability.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/unit.h"

/* What automake takes for "skipped". */
#define SKIPPED 77

/* Not by the user's number, which fakeroot invents. */
static bool may_change_user(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	u32 needed = 1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_KILL;

	return !syscall(SYS_capget, &header, data) && (data[0].effective & needed) == needed;
}

int main(void)
{
	static Suite *(*const suites[])(void) = {
		suite_jail_enter,
		suite_jail_works,
		suite_jail_attacks,
		suite_jail_attacks_kernel,
	};

	if (!may_change_user()) {
		printf("check_jail: skipped: it needs root, to become another user\n");
		return SKIPPED;
	}
	return unit_run(suites, ARRAY_SIZE(suites));
}
