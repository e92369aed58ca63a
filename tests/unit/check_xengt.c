/* SPDX-License-Identifier: MIT */
/* Whole vGPUs as the daemon has them, on embedded Xen. */
#include "tests/unit/unit.h"

int main(void)
{
	static Suite *(*const suites[])(void) = {
		suite_xengt_attach, suite_xengt_services, suite_xengt_sections,
		suite_xengt_state,  suite_xengt_backing,  suite_xengt_mem,
		suite_xengt_track,  suite_xengt_take_up,  suite_xengt_faults,
		suite_xengt_dma,    suite_xengt_dma_life, suite_xengt_aperture,
		suite_xengt_view,   suite_xengt_bus,	  suite_xengt_cost,
		suite_xengt_keeper,
	};

	return unit_run(suites, ARRAY_SIZE(suites));
}
