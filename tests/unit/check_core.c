/* SPDX-License-Identifier: MIT */
/* The vGPU on a back end of a few lines, and texts that people write. */
#include "tests/unit/unit.h"

int main(void)
{
	static Suite *(*const suites[])(void) = {
		suite_cfg_space,  suite_bars,	  suite_registers,  suite_pvinfo,
		suite_handshakes, suite_property, suite_page_track, suite_life,
		suite_options,	  suite_config,	  suite_number,	    suite_intx,
		suite_irq,	  suite_settings, suite_heads,
	};

	return unit_run(suites, ARRAY_SIZE(suites));
}
