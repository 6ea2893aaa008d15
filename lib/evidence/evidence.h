/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The evidence set: the hall of the house. Collectors and importers put facts in, rules and reports
 * take them out, and nothing else crosses.
 *
 * A fact is a metric or a cell of a table row, named by the catalogue; one that was never set is
 * unknown. NAN as a number and NULL as a text mean unknown too, so that a model's "could not be
 * computed" crosses unchanged. Texts are made printable as they enter (base/text.h) and belong to
 * the set, as everything else in it does.
 */
#ifndef TRIAGE_EVIDENCE_EVIDENCE_H
#define TRIAGE_EVIDENCE_EVIDENCE_H

#include "base/err.h"
#include "evidence/catalogue.h"

#include <stddef.h>

enum value_kind {
	VALUE_UNKNOWN,
	VALUE_NUMBER,
	VALUE_TEXT,
};

struct value {
	enum value_kind kind;
	double number;	  /* in the catalogue's unit; VALUE_NUMBER only */
	const char *text; /* VALUE_TEXT only */
};

enum stage_status {
	STAGE_UNAVAILABLE, /* can't be had on this host or in this version: reason and fix say why */
	STAGE_SKIPPED,	   /* no rule asked for it */
	STAGE_DEGRADED,	   /* ran, but something is missing: reason says what */
	STAGE_OK,
};

/* How a stage went. */
struct stage_record {
	enum stage_status status;
	double duration_s;  /* length of its window; 0 when it did not run */
	const char *reason; /* one sentence; NULL when ok */
	const char *fix;    /* command that makes it work; NULL when there is none */
};

struct evidence;

int evidence_new(struct evidence **ret);
void evidence_free(struct evidence *evidence);
void evidence_freep(struct evidence **evidence); /* for _cleanup_ */

/* Sets a metric. -ENOMEM, or -EINVAL when the kind does not fit the catalogue. */
int evidence_set(struct evidence *evidence, enum metric_id id, double number);
int evidence_set_text(struct evidence *evidence, enum metric_id id, const char *text);

struct value evidence_get(const struct evidence *evidence, enum metric_id id);

/* Shorthand: the number, NAN when unknown. */
double evidence_number(const struct evidence *evidence, enum metric_id id);

/* Appends a row with all cells unknown and returns its index; -ENOMEM. */
int evidence_add_row(struct evidence *evidence, enum table_id table);
int evidence_rows(const struct evidence *evidence, enum table_id table);

/* True when the table was measured, even with no rows; set by evidence_add_row() too. A table that
 * was not measured makes the rules over it unknown. */
bool evidence_has_table(const struct evidence *evidence, enum table_id table);
void evidence_mark_table(struct evidence *evidence, enum table_id table);

int evidence_set_cell(struct evidence *evidence, int row, enum column_id column, double number);
int evidence_set_cell_text(struct evidence *evidence, int row, enum column_id column,
			   const char *text);
struct value evidence_cell(const struct evidence *evidence, int row, enum column_id column);

/* Replaces the record; texts are copied. Stages start as STAGE_SKIPPED without a reason. */
int evidence_set_stage(struct evidence *evidence, enum stage_id stage,
		       const struct stage_record *record);
const struct stage_record *evidence_stage(const struct evidence *evidence, enum stage_id stage);

/* One sentence about something that a reader must know to trust the numbers: a loss, a cap, a file
 * that could not be read. Duplicates are dropped. */
int evidence_add_caveat(struct evidence *evidence, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
size_t evidence_caveats(const struct evidence *evidence);
const char *evidence_caveat(const struct evidence *evidence, size_t index);

/* Appends a value as a person reads it; "unknown" when it is. */
void value_format(struct str *out, enum unit unit, struct value value);

#endif
