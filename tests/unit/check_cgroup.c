/* SPDX-License-Identifier: MIT */
/* Cgroups of guests' processes: in a folder of files, and as Linux has them. */
#include "tests/unit/unit.h"

int main(void)
{
	static Suite *(*const suites[])(void) = { suite_cgroup, suite_cgroup_real };

	return unit_run(suites, ARRAY_SIZE(suites));
}
