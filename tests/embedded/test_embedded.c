// SPDX-License-Identifier: MIT
/* The embedded Xen must keep the real one's rules; these tests name them. */
#include <stdlib.h>

#include "test_dm.h"

int main(void)
{
	SRunner *sr = srunner_create(access_suite());
	int failed;

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
