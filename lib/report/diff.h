/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two judgements beside each other, at the level of causes: what is gone, milder, worse, new; with the numbers that decided it, before
 * and after. "thread-storm of tokio is gone: threads 791 -> 16". Causes are matched by cause and subject (struct chain_node), never by
 * PID. What the second look could not see is not called gone.
 */
#ifndef TRIAGE_REPORT_DIFF_H
#define TRIAGE_REPORT_DIFF_H

#include "report/report.h"

enum change_kind {
	CHANGE_NEW,
	CHANGE_WORSE,
	CHANGE_UNSEEN, /* its stage could not run the second time, or its numbers are not known */
	CHANGE_MILDER,
	CHANGE_GONE,
	CHANGE_SAME,
	CHANGE_KINDS,
};

/* A number of the finding of record on both sides; unknown where it was not measured. */
struct diff_number {
	const char *metric; /* "sched.groups.switches_per_s"; the rule's */
	enum unit unit;
	struct value before, after;
};

VEC_DECLARE(diff_numbers, struct diff_number);

struct change {
	enum change_kind kind;
	const struct finding *before, *after; /* of record; NULL: not found */
	struct diff_numbers numbers;
};

VEC_DECLARE(changes, struct change);

enum diff_result {
	DIFF_SAME,
	DIFF_BETTER,
	DIFF_WORSE,
	DIFF_MIXED, /* something is better, something worse */
};

struct diff {
	const struct report *before, *after; /* borrowed */
	enum diff_result result;	     /* by changes between warning, critical and neither */
	struct changes changes;		     /* by kind, then the worst first */
};

/* Both reports must outlive `ret`. -ENOMEM. */
int diff_make(const struct report *before, const struct report *after, struct diff *ret);
void diff_free(struct diff *diff);

const char *diff_result_name(enum diff_result result);
const char *change_kind_name(enum change_kind kind);

/* Something that is new or worse reaches that severity: what `triage diff` exits with 1 for. */
bool diff_reaches(const struct diff *diff, enum severity severity);

/* As the writers of report.h. JSON: docs/schema/triage-diff-1.schema.json. */
int diff_text(const struct diff *diff, const struct report_style *style, struct str *out);
int diff_markdown(const struct diff *diff, const struct report_style *style, struct str *out);
int diff_html(const struct diff *diff, const struct report_style *style, struct str *out);
int diff_json(const struct diff *diff, struct str *out);

#endif
