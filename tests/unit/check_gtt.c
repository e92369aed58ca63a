/* SPDX-License-Identifier: MIT */
/* Graphics memory, on a hypervisor of a few lines. */
#include "tests/unit/unit.h"

int main(void)
{
	static Suite *(*const suites[])(void) = {
		suite_gtt_fence,  suite_gtt_format, suite_gtt_ggtt,	suite_gtt_ppgtt,
		suite_gtt_verify, suite_gtt_space,  suite_gtt_property,
	};

	return unit_run(suites, ARRAY_SIZE(suites));
}
