/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/catalogue.h"

#include <string.h>

#define METRIC(stage, key, unit, command, origin, doc) \
	{ #stage "." #key, UNIT_##unit, command, origin, doc },
#define TABLE(stage, key, kind, command, origin, doc)
#define COLUMN(stage, table, key, unit, doc)
#define KNOWN(stage, table, key, doc)
static const struct metric_info metrics[] = {
#include "evidence/catalogue.def"
};
#undef METRIC
#undef TABLE
#undef COLUMN
#undef KNOWN

#define METRIC(stage, key, unit, command, origin, doc)
#define TABLE(stage, key, kind, command, origin, doc)
#define COLUMN(stage, table, key, unit, doc) \
	{ #key, TABLE_##stage##_##table, UNIT_##unit, false, doc },
#define KNOWN(stage, table, key, doc) { #key, TABLE_##stage##_##table, UNIT_TEXT, true, doc },
static const struct column_info columns[] = {
#include "evidence/catalogue.def"
};
#undef TABLE
#undef COLUMN
#undef KNOWN

/* One number for every table and column in order, so that a table knows how many columns precede
 * it. */
#define TABLE(stage, key, kind, command, origin, doc) ENTRY_##stage##_##key,
#define COLUMN(stage, table, key, unit, doc) ENTRY_##stage##_##table##_##key,
#define KNOWN(stage, table, key, doc) ENTRY_##stage##_##table##_##key,
enum {
#include "evidence/catalogue.def"
};
#undef TABLE
#undef COLUMN
#undef KNOWN

#define FIRST_COLUMN(table) ((enum column_id)((int)ENTRY_##table - (int)TABLE_##table))
#define TABLE(stage, key, kind, command, origin, doc) \
	{ #stage "." #key, #kind, command, origin, doc, FIRST_COLUMN(stage##_##key) },
#define COLUMN(stage, table, key, unit, doc)
#define KNOWN(stage, table, key, doc)
static const struct table_info tables[] = {
#include "evidence/catalogue.def"
};
#undef METRIC
#undef TABLE
#undef COLUMN
#undef KNOWN

static const char *const stages[STAGE_TOTAL] = {
	[STAGE_vmstat] = "vmstat", [STAGE_top] = "top",	      [STAGE_perf] = "perf",
	[STAGE_sched] = "sched",   [STAGE_locate] = "locate",
};

const struct metric_info *metric_info(enum metric_id id)
{
	return &metrics[id];
}

const struct table_info *table_info(enum table_id id)
{
	return &tables[id];
}

const struct column_info *column_info(enum column_id id)
{
	return &columns[id];
}

const char *stage_name(enum stage_id id)
{
	return stages[id];
}

int table_columns(enum table_id id)
{
	int end = id + 1 < TABLE_TOTAL ? (int)tables[id + 1].first : (int)COLUMN_TOTAL;

	return end - (int)tables[id].first;
}

enum metric_id metric_by_name(const char *name)
{
	for (int i = 0; i < METRIC_TOTAL; i++)
		if (strcmp(metrics[i].name, name) == 0)
			return (enum metric_id)i;
	return METRIC_NONE;
}

enum table_id table_by_name(const char *name)
{
	for (int i = 0; i < TABLE_TOTAL; i++)
		if (strcmp(tables[i].name, name) == 0)
			return (enum table_id)i;
	return TABLE_NONE;
}

enum column_id column_by_name(enum table_id table, const char *name)
{
	for (int i = 0; i < table_columns(table); i++)
		if (strcmp(columns[tables[table].first + i].name, name) == 0)
			return (enum column_id)(tables[table].first + i);
	return COLUMN_NONE;
}

enum stage_id stage_by_name(const char *name)
{
	for (int i = 0; i < STAGE_TOTAL; i++)
		if (strcmp(stages[i], name) == 0)
			return (enum stage_id)i;
	return STAGE_TOTAL;
}

enum stage_id stage_of(const char *name)
{
	for (int i = 0; i < STAGE_TOTAL; i++) {
		size_t len = strlen(stages[i]);

		if (strncmp(stages[i], name, len) == 0 && name[len] == '.')
			return (enum stage_id)i;
	}
	return STAGE_TOTAL;
}
