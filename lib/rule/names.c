/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/names.h"

#include "base/cleanup.h"
#include "rule/rule.h"

#include <stdint.h>
#include <string.h>

#define NAME_MAX_LEN 64

static const char *const severities[] = {
	[SEVERITY_INFO] = "info",
	[SEVERITY_WARNING] = "warning",
	[SEVERITY_CRITICAL] = "critical",
};

static const char *const roles[] = {
	[ROLE_SYMPTOM] = "symptom",
	[ROLE_AMPLIFIER] = "amplifier",
	[ROLE_MECHANISM] = "mechanism",
	[ROLE_TRIGGER] = "trigger",
};

static const char *const ops[] = {
	[OP_LT] = "<",	[OP_LE] = "<=", [OP_GT] = ">",	 [OP_GE] = ">=",
	[OP_EQ] = "==", [OP_NE] = "!=", [OP_GLOB] = "~",
};

const char *severity_name(enum severity severity)
{
	return severities[severity];
}

const char *role_name(enum role role)
{
	return roles[role];
}

const char *op_name(enum op op)
{
	return ops[op];
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t names_distance(const char *a, const char *b)
{
	size_t rows[3][NAME_MAX_LEN + 1];
	size_t a_len = strlen(a), b_len = strlen(b);
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	if (a_len > NAME_MAX_LEN || b_len > NAME_MAX_LEN)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]),
				       least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[b_len];
}

struct nearest nearest_make(const char *wanted)
{
	size_t len = strlen(wanted);

	/* farther than a third of the word is another word */
	return (struct nearest){ .wanted = wanted, .distance = len < 6 ? 3 : len / 3 + 1 };
}

void nearest_try(struct nearest *nearest, const char *candidate)
{
	size_t distance = names_distance(nearest->wanted, candidate);

	if (distance >= nearest->distance)
		return;
	nearest->distance = distance;
	nearest->best = candidate;
}

const char *nearest_metric(const char *wanted)
{
	struct nearest nearest = nearest_make(wanted);

	for (int i = 0; i < METRIC_TOTAL; i++)
		nearest_try(&nearest, metric_info((enum metric_id)i)->name);
	return nearest.best;
}

const char *nearest_column(enum table_id table, const char *wanted)
{
	struct nearest nearest = nearest_make(wanted);
	int first = (int)table_info(table)->first;

	for (int i = 0; i < table_columns(table); i++)
		nearest_try(&nearest, column_info((enum column_id)(first + i))->name);
	return nearest.best;
}

const char *nearest_cause(const char *wanted)
{
	struct nearest nearest = nearest_make(wanted);

	for (const struct cause *cause = causes; cause->name; cause++)
		nearest_try(&nearest, cause->name);
	return nearest.best;
}

const char *nearest_stage(const char *wanted)
{
	struct nearest nearest = nearest_make(wanted);

	for (int i = 0; i < STAGE_TOTAL; i++)
		nearest_try(&nearest, stage_name((enum stage_id)i));
	return nearest.best;
}

const char *nearest_table(const char *wanted)
{
	struct nearest nearest = nearest_make(wanted);

	for (int i = 0; i < TABLE_TOTAL; i++)
		nearest_try(&nearest, table_info((enum table_id)i)->name);
	return nearest.best;
}

const char *nearest_of(const char *const *names, const char *wanted)
{
	struct nearest nearest = nearest_make(wanted);

	for (; *names; names++)
		nearest_try(&nearest, *names);
	return nearest.best;
}
