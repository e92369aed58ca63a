/* SPDX-License-Identifier: MIT */
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * The timeout of test cases that set none, twice UNIT_WAIT_MS. Check's own is 4 seconds, which is
 * too little under sanitizers on a loaded machine.
 */
#define TIMEOUT_S "120"

Suite *unit_suite(const char *name, const TTest *const tests[], size_t nr)
{
	return unit_suite_with(name, NULL, NULL, tests, nr);
}

Suite *unit_suite_with(const char *name, void (*setup)(void), void (*teardown)(void),
		       const TTest *const tests[], size_t nr)
{
	Suite *suite = suite_create(name);
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, setup, teardown);
	for (size_t i = 0; i < nr; i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite;
}

int unit_run(Suite *(*const suites[])(void), size_t nr)
{
	SRunner *runner;
	int failed;

	/* Check reads it when a test case is created. */
	setenv("CK_DEFAULT_TIMEOUT", TIMEOUT_S, 0);
	runner = srunner_create(suites[0]());
	for (size_t i = 1; i < nr; i++)
		srunner_add_suite(runner, suites[i]());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void unit_sleep(u32 ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000l };

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

void unit_stand_still(u32 ms)
{
	pid_t self = getpid(), child = fork();
	int status;

	if (!child) {
		kill(self, SIGSTOP);
		unit_sleep(ms);
		kill(self, SIGCONT);
		_exit(0);
	}
	ck_assert_int_gt(child, 0);
	while (waitpid(child, &status, 0) < 0)
		ck_assert_int_eq(errno, EINTR);
	ck_assert_int_eq(status, 0);
}
