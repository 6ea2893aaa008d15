/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vocabulary of evidence: ids and descriptions of everything in catalogue.def.
 *
 * METRIC_vmstat_r names "vmstat.r", TABLE_top_groups "top.groups", COLUMN_top_groups_threads the
 * column "threads" of that table. Columns are numbered through; a table's are consecutive.
 */
#ifndef TRIAGE_EVIDENCE_CATALOGUE_H
#define TRIAGE_EVIDENCE_CATALOGUE_H

#include "evidence/unit.h"

#include <stdbool.h>

enum stage_id {
	STAGE_vmstat,
	STAGE_top,
	STAGE_perf,
	STAGE_sched,
	STAGE_locate,
	STAGE_TOTAL,
};

#define METRIC(stage, key, unit, command, origin, doc) METRIC_##stage##_##key,
#define TABLE(stage, key, kind, command, origin, doc)
#define COLUMN(stage, table, key, unit, doc)
#define KNOWN(stage, table, key, doc)
enum metric_id {
#include "evidence/catalogue.def"
	METRIC_TOTAL,
	METRIC_NONE = METRIC_TOTAL,
};
#undef METRIC
#undef TABLE

#define METRIC(stage, key, unit, command, origin, doc)
#define TABLE(stage, key, kind, command, origin, doc) TABLE_##stage##_##key,
enum table_id {
#include "evidence/catalogue.def"
	TABLE_TOTAL,
	TABLE_NONE = TABLE_TOTAL,
};
#undef TABLE
#undef COLUMN
#undef KNOWN

#define TABLE(stage, key, kind, command, origin, doc)
#define COLUMN(stage, table, key, unit, doc) COLUMN_##stage##_##table##_##key,
#define KNOWN(stage, table, key, doc) COLUMN_##stage##_##table##_##key,
enum column_id {
#include "evidence/catalogue.def"
	COLUMN_TOTAL,
	COLUMN_NONE = COLUMN_TOTAL,
};
#undef METRIC
#undef TABLE
#undef COLUMN
#undef KNOWN

struct metric_info {
	const char *name; /* "vmstat.r" */
	enum unit unit;
	const char *command; /* what an engineer would type to see it */
	const char *origin;  /* kernel file or formula */
	const char *doc;
};

struct table_info {
	const char *name;	  /* "top.groups" */
	const char *subject_kind; /* of a finding about one of its rows: "program", "cpu" ... */
	const char *command;
	const char *origin;
	const char *doc;
	enum column_id first;
};

struct column_info {
	const char *name; /* "threads" */
	enum table_id table;
	enum unit unit;
	bool known; /* filled from rules/, not measured, not saved */
	const char *doc;
};

const struct metric_info *metric_info(enum metric_id id);
const struct table_info *table_info(enum table_id id);
const struct column_info *column_info(enum column_id id);
const char *stage_name(enum stage_id id);

/* How many columns a table has, from table_info()->first on. */
int table_columns(enum table_id id);

/* By name; METRIC_NONE, TABLE_NONE, COLUMN_NONE, STAGE_TOTAL when there is none. */
enum metric_id metric_by_name(const char *name);
enum table_id table_by_name(const char *name);
enum column_id column_by_name(enum table_id table, const char *name);
enum stage_id stage_by_name(const char *name);

/* The stage that measures "vmstat.r" or "top.groups"; STAGE_TOTAL for "host." and "self.". */
enum stage_id stage_of(const char *name);

#endif
