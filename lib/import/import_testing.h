/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One import at a time, and what its evidence must hold. For tests that include it.
 */
#ifndef TRIAGE_IMPORT_TESTING_H
#define TRIAGE_IMPORT_TESTING_H

#include "base/cleanup.h"
#include "base/str.h"
#include "import/import.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct evidence *evidence;
static struct import *import;

static inline void begin(double cpus)
{
	struct import_options options = { .cpus = cpus };

	ck_assert_int_eq(evidence_new(&evidence), 0);
	ck_assert_int_eq(import_new(&options, evidence, &import), 0);
}

static inline void finish(void)
{
	import_freep(&import);
	import = NULL;
	evidence_freep(&evidence);
	evidence = NULL;
}

static inline void add(const char *text)
{
	ck_assert_int_eq(import_text(import, "test", text, strlen(text)), 0);
}

static inline void add_file(const char *name)
{
	_cleanup_(str_free) struct str text = { 0 };
	char path[512], buffer[4096];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), "%s/import/%s", TESTDATA, name);
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s", path);
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		str_append_bytes(&text, buffer, n);
	fclose(file);
	ck_assert_int_eq(import_text(import, name, str_text(&text), text.len), 0);
}

static inline void end(void)
{
	struct err err = { "" };

	ck_assert_msg(import_end(import, &err) == 0, "%s", err.msg);
}

static inline void is(enum metric_id id, double wanted)
{
	double value = evidence_number(evidence, id);

	ck_assert_msg(fabs(value - wanted) <= 0.006 + fabs(wanted) * 1e-6, "%s is %g, wanted %g",
		      metric_info(id)->name, value, wanted);
}

static inline void is_unknown(enum metric_id id)
{
	ck_assert_msg(evidence_get(evidence, id).kind == VALUE_UNKNOWN, "%s is known",
		      metric_info(id)->name);
}

/* The row whose first column is `name`; -1. */
static inline int row_of(enum table_id table, const char *name)
{
	for (int row = 0; row < evidence_rows(evidence, table); row++) {
		struct value value = evidence_cell(evidence, row, table_info(table)->first);

		if (value.kind == VALUE_TEXT && strcmp(value.text, name) == 0)
			return row;
	}
	return -1;
}

static inline void cell_is(enum table_id table, const char *name, enum column_id column,
			   double wanted)
{
	int row = row_of(table, name);
	struct value value;

	ck_assert_msg(row >= 0, "%s has no row %s", table_info(table)->name, name);
	value = evidence_cell(evidence, row, column);
	if (isnan(wanted))
		ck_assert_msg(value.kind == VALUE_UNKNOWN, "%s of %s is known",
			      column_info(column)->name, name);
	else
		ck_assert_msg(value.kind == VALUE_NUMBER && fabs(value.number - wanted) < 0.006,
			      "%s of %s is %g, wanted %g", column_info(column)->name, name,
			      value.number, wanted);
}

static inline bool has_caveat(const char *words)
{
	for (size_t i = 0; i < evidence_caveats(evidence); i++)
		if (strstr(evidence_caveat(evidence, i), words))
			return true;
	return false;
}

static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
