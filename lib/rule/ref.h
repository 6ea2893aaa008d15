/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names in rules, resolved: a metric, or a column of the rule's table.
 */
#ifndef TRIAGE_RULE_REF_H
#define TRIAGE_RULE_REF_H

#include "base/span.h"
#include "base/str.h"
#include "evidence/evidence.h"
#include "rule/rule.h"

#define REF_NONE ((struct ref){ .metric = METRIC_NONE, .column = COLUMN_NONE })

/* Resolves "vmstat.r" or "row.threads". On failure -EINVAL, and `why` holds the sentence. */
int ref_parse(struct span name, enum table_id table, struct ref *ret, struct err *why);

bool ref_is_set(struct ref ref);
enum unit ref_unit(struct ref ref);

/* Things, and things per thing: what has no unit of its own and may multiply one that has. */
bool unit_is_plain(enum unit unit);

/* "vmstat.r", "top.groups.threads". */
void ref_name(struct ref ref, struct str *out);

/* The metric's or the table's. */
const char *ref_command(struct ref ref);
const char *ref_origin(struct ref ref);
const char *ref_doc(struct ref ref);

/* As measured. */
struct value ref_value(struct ref ref, const struct evidence *evidence, int row);

/* The same for a condition: a known column that no knowledge row filled is the empty text (nobody
 * has a name for this thread), unless the row's own name is unknown, in which case nobody could
 * have looked. */
struct value ref_judged(struct ref ref, const struct evidence *evidence, int row);

/* The stage that measures it; STAGE_TOTAL for host and self. */
enum stage_id ref_stage(struct ref ref);

/* A text template in pieces: runs of literal text and names in braces; "{{" and "}}" are braces. */
struct piece {
	struct span text;
	bool is_name;
};

/* 1 and the next piece, 0 at the end, -EINVAL when a brace is never closed. */
int template_next(struct span *rest, struct piece *ret);

/* True when every text that fills the template is a plain word for a shell (letters, digits and
 * _./:@,+=-, not beginning with '-'). Commands are made to be pasted, and names come from the host:
 * a cgroup may be called "$(...)". */
bool template_is_pasteable(const char *template, enum table_id table, int row,
			   const struct evidence *evidence);

#endif
