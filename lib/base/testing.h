/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every test program ends with. */
#ifndef TRIAGE_BASE_TESTING_H
#define TRIAGE_BASE_TESTING_H

#include <check.h>
#include <stdlib.h>

/* Runs the suite (and frees it) as the environment asks (CK_VERBOSITY, CK_FORK ...): an exit status. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
