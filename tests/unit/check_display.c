/* SPDX-License-Identifier: MIT */
/* The display's blocks: monitor, tables for the driver, the AUX channel, pictures. */
#include "tests/unit/unit.h"

int main(void)
{
	static Suite *(*const suites[])(void) = {
		suite_display_edid,
		suite_display_vbt,
		suite_display_aux,
		suite_display_compose,
		suite_display_head,
	};

	return unit_run(suites, ARRAY_SIZE(suites));
}
