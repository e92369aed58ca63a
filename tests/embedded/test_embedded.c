// SPDX-License-Identifier: MIT
/* The embedded Xen must follow the real one's rules, which these tests name. */
#include <stdlib.h>

#include "test_dm.h"

int main(void)
{
	SRunner *sr;
	int failed;

	/* Check's own 4 seconds for a test are little on a loaded machine. */
	setenv("CK_DEFAULT_TIMEOUT", "120", 0);
	sr = srunner_create(access_suite());
	srunner_add_suite(sr, server_suite());
	srunner_add_suite(sr, memory_suite());
	srunner_add_suite(sr, domain_suite());
	srunner_add_suite(sr, store_suite());
	srunner_add_suite(sr, grant_suite());
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
