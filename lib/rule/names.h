/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * "Did you mean": the nearest of some names to one that does not exist.
 */
#ifndef TRIAGE_RULE_NAMES_H
#define TRIAGE_RULE_NAMES_H

#include "evidence/catalogue.h"

#include <stddef.h>

struct nearest {
	const char *wanted;
	const char *best; /* NULL while nothing is near enough */
	size_t distance;
};

struct nearest nearest_make(const char *wanted);

/* Keeps the candidate when it is nearer than what came before; it must outlive `nearest`. */
void nearest_try(struct nearest *nearest, const char *candidate);

/* Typing errors (insert, drop, replace, swap) between two names. */
size_t names_distance(const char *a, const char *b);

/* The nearest metric, column (without "row."), cause, stage, table; NULL when none is near. */
const char *nearest_metric(const char *wanted);
const char *nearest_column(enum table_id table, const char *wanted);
const char *nearest_cause(const char *wanted);
const char *nearest_stage(const char *wanted);
const char *nearest_table(const char *wanted);

/* Of a list that ends with NULL. */
const char *nearest_of(const char *const *names, const char *wanted);

#endif
