/* SPDX-License-Identifier: MIT */
/* The blitter of the software GPU, alone. */
#include "tests/unit/unit.h"

int main(void)
{
	static Suite *(*const suites[])(void) = {
		suite_blt_property,
		suite_blt_surface,
		suite_blt_driver,
		suite_blt_hostile,
	};

	return unit_run(suites, ARRAY_SIZE(suites));
}
