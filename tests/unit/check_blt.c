/* SPDX-License-Identifier: MIT */
/* The software GPU's blitter, alone. */
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
