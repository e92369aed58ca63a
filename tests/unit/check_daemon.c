/* SPDX-License-Identifier: MIT */
/* The daemon's vGPUs and its tree of files, on embedded Xen. */
#include "tests/unit/unit.h"

int main(void)
{
	static Suite *(*const suites[])(void) = {
		suite_instances,    suite_soft_reset, suite_commands, suite_conn,
		suite_control,	    suite_tree,	      suite_mount,    suite_doctor,
		suite_seen,	    suite_monitoring, suite_log,      suite_slots,
		suite_device_model, suite_processes,  suite_waits,
	};

	return unit_run(suites, ARRAY_SIZE(suites));
}
