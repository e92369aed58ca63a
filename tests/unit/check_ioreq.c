/* SPDX-License-Identifier: MIT */
/* The ioreq server with a device of a few lines, on embedded Xen. */
#include "tests/unit/unit.h"

int main(void)
{
	static Suite *(*const suites[])(void) = {
		suite_ioreq_serve,   suite_ioreq_hostile, suite_ioreq_life,
		suite_ioreq_take_up, suite_ioreq_turns,
	};

	return unit_run(suites, ARRAY_SIZE(suites));
}
