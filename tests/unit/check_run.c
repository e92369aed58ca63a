/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

int main(void)
{
	static Suite *(*const suites[])(void) = {
		suite_exec_run,	 suite_exec_preempt, suite_exec_dead,	 suite_exec_hostile,
		suite_exec_time, suite_exec_nonpriv, suite_exec_oa,	 suite_exec_space,
		suite_exec_told, suite_exec_hold,    suite_exec_checked,
	};

	return unit_run(suites, ARRAY_SIZE(suites));
}
