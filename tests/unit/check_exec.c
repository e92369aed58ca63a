/* SPDX-License-Identifier: MIT */
/* Commands: the table of them, and their audit. */
#include "tests/unit/unit.h"

int main(void)
{
	static Suite *(*const suites[])(void) = {
		suite_exec_cmd,	    suite_exec_scan,   suite_exec_property,
		suite_exec_context, suite_exec_decode, suite_exec_i915,
	};

	return unit_run(suites, ARRAY_SIZE(suites));
}
