/* SPDX-License-Identifier: MIT */
/* The software GPU, on plain memory. */
#include "tests/unit/unit.h"

int main(void)
{
	static Suite *(*const suites[])(void) = {
		suite_softgpu_port,  suite_softgpu_reset,     suite_softgpu_mi,
		suite_softgpu_batch, suite_softgpu_isolation, suite_softgpu_mem,
		suite_softgpu_blt,
	};

	return unit_run(suites, ARRAY_SIZE(suites));
}
