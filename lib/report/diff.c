/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/diff.h"

#include "base/span.h"
#include "report/view.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *diff_result_name(enum diff_result result)
{
	static const char *const names[] = {
		[DIFF_SAME] = "same",
		[DIFF_BETTER] = "better",
		[DIFF_WORSE] = "worse",
		[DIFF_MIXED] = "mixed",
	};

	return names[result];
}

const char *change_kind_name(enum change_kind kind)
{
	static const char *const names[CHANGE_KINDS] = {
		[CHANGE_NEW] = "new",	    [CHANGE_WORSE] = "worse", [CHANGE_UNSEEN] = "not seen",
		[CHANGE_MILDER] = "milder", [CHANGE_GONE] = "gone",   [CHANGE_SAME] = "as before",
	};

	return names[kind];
}

void diff_free(struct diff *diff)
{
	vec_each(change, &diff->changes)
		vec_free(&change->numbers);
	vec_free(&diff->changes);
}

/* ---- matching ------------------------------------------------------------------------------------- */

static const struct finding *finding_at(const struct report *report, size_t index)
{
	return &report->judgement->findings.data[index];
}

static bool is_about(const struct report *report, const struct chain_node *node,
		     const struct report *other_report, const struct chain_node *other)
{
	if (strcmp(node->cause, other->cause) != 0)
		return false;
	vec_each(index, &node->findings)
		vec_each(other_index, &other->findings)
			if (finding_same_subject(finding_at(report, *index),
						 finding_at(other_report, *other_index)))
				return true;
	return false;
}

static const struct chain_node *find_node(const struct report *report,
					  const struct chain_node *node, const struct report *in)
{
	vec_each(other, &in->judgement->chain.nodes)
		if (is_about(report, node, in, other))
			return other;
	return NULL;
}

/* ---- numbers -------------------------------------------------------------------------------------- */

static bool is_text(struct value value, const char *text)
{
	return value.kind == VALUE_TEXT && text && strcmp(value.text, text) == 0;
}

/* The row that is about the subject: by its name or thread, and its program where the table has that. */
static int find_row(const struct evidence *evidence, enum table_id table,
		    const struct subject *subject)
{
	enum column_id name = table_info(table)->first, program = column_by_name(table, "program");

	for (int row = 0; row < evidence_rows(evidence, table); row++) {
		struct value first = evidence_cell(evidence, row, name);

		if (program != COLUMN_NONE && subject->program &&
		    !is_text(evidence_cell(evidence, row, program), subject->program))
			continue;
		if (is_text(first, subject->name) || is_text(first, subject->thread))
			return row;
	}
	return -1;
}

/* `metric`: "sched.groups.switches_per_s". */
static struct value number_of_row(const struct evidence *evidence, const struct subject *subject,
				  const char *metric)
{
	const struct value unknown = { .kind = VALUE_UNKNOWN };
	const char *dot = strrchr(metric, '.');
	enum column_id column;
	enum table_id table;
	char name[64];
	int row;

	span_copy(span_make(metric, dot ? (size_t)(dot - metric) : 0), name, sizeof(name));
	table = table_by_name(name);
	if (table == TABLE_NONE)
		return unknown;
	column = column_by_name(table, dot + 1);
	row = find_row(evidence, table, subject);
	return row < 0 || column == COLUMN_NONE ? unknown : evidence_cell(evidence, row, column);
}

/* What a fact's number is on the side that did not find it. */
static struct value look_up(const struct report *report, const struct finding *finding,
			    const char *metric)
{
	enum metric_id id = metric_by_name(metric);

	return id != METRIC_NONE ? evidence_get(report->evidence, id) :
				   number_of_row(report->evidence, &finding->subject, metric);
}

static bool has_number(const struct change *change, const char *metric)
{
	vec_each(number, &change->numbers)
		if (strcmp(number->metric, metric) == 0)
			return true;
	return false;
}

static struct value value_in(const struct report *report, const struct finding *found,
			     const struct finding *other, const char *metric)
{
	if (found)
		vec_each(fact, &found->facts)
			if (strcmp(fact->metric, metric) == 0)
				return fact->value;
	return look_up(report, found ? found : other, metric);
}

static int add_numbers(const struct diff *diff, const struct finding *of, struct change *change)
{
	vec_each(fact, &of->facts) {
		struct diff_number number = { .metric = fact->metric, .unit = fact->unit };

		if (fact->value.kind != VALUE_NUMBER || has_number(change, fact->metric) ||
		    !view_fact_matters(&of->facts, fact))
			continue;
		number.before = value_in(diff->before, change->before, of, fact->metric);
		number.after = value_in(diff->after, change->after, of, fact->metric);
		if (vec_push(&change->numbers, number) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* ---- kinds ---------------------------------------------------------------------------------------- */

static bool has_run(const struct report *report, enum stage_id stage)
{
	return stage == STAGE_TOTAL || view_stage_ran(report, stage);
}

/* A stage that no rule asked for is one that the earlier stages gave no reason for: that is an answer. A number
 * that is unknown, of a stage that ran, is none. */
static bool could_be_seen(const struct diff *diff, const struct finding *before)
{
	const struct stage_record *record;

	vec_each(unknown, &diff->after->judgement->unknown)
		if (unknown->rule == before->rule)
			return false;
	if (has_run(diff->after, before->rule->stage))
		return true;
	record = evidence_stage(diff->after->evidence, before->rule->stage);
	return record->status == STAGE_SKIPPED &&
	       diff->after->judgement->verdict.status == VERDICT_HEALTHY;
}

static enum change_kind kind_of(const struct diff *diff, const struct chain_node *before,
				const struct chain_node *after, const struct finding *record)
{
	if (!before)
		return CHANGE_NEW;
	if (!after)
		return could_be_seen(diff, record) ? CHANGE_GONE : CHANGE_UNSEEN;
	if (before->severity == after->severity)
		return CHANGE_SAME;
	return after->severity > before->severity ? CHANGE_WORSE : CHANGE_MILDER;
}

static int add_change(struct diff *diff, const struct chain_node *before,
		      const struct chain_node *after)
{
	struct change change = {
		.before = before ? view_node_finding(diff->before, before) : NULL,
		.after = after ? view_node_finding(diff->after, after) : NULL,
	};
	int r = 0;

	change.kind = kind_of(diff, before, after, change.before);
	if (change.after)
		r = add_numbers(diff, change.after, &change);
	if (r == 0 && change.before)
		r = add_numbers(diff, change.before, &change);
	if (r == 0)
		r = vec_push(&diff->changes, change);
	if (r < 0)
		vec_free(&change.numbers);
	return r;
}

static enum severity severity_of(const struct change *change)
{
	enum severity before = change->before ? change->before->severity : SEVERITY_INFO;
	enum severity after = change->after ? change->after->severity : SEVERITY_INFO;

	return before > after ? before : after;
}

static int compare_changes(const void *left, const void *right)
{
	const struct change *a = left, *b = right;
	const struct finding *x = a->before ? a->before : a->after;
	const struct finding *y = b->before ? b->before : b->after;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (severity_of(a) != severity_of(b))
		return severity_of(a) > severity_of(b) ? -1 : 1;
	return strcmp(x->fingerprint, y->fingerprint);
}

bool diff_reaches(const struct diff *diff, enum severity severity)
{
	vec_each(change, &diff->changes)
		if ((change->kind == CHANGE_NEW || change->kind == CHANGE_WORSE) &&
		    change->after->severity >= severity)
			return true;
	return false;
}

static enum diff_result result_of(const struct diff *diff)
{
	bool worse = diff_reaches(diff, SEVERITY_WARNING), better = false;

	vec_each(change, &diff->changes)
		if (change->kind == CHANGE_GONE || change->kind == CHANGE_MILDER)
			better |= change->before->severity >= SEVERITY_WARNING;
	if (worse && better)
		return DIFF_MIXED;
	return worse ? DIFF_WORSE : better ? DIFF_BETTER : DIFF_SAME;
}

int diff_make(const struct report *before, const struct report *after, struct diff *ret)
{
	struct diff diff = { .before = before, .after = after };
	int r = 0;

	vec_each(node, &before->judgement->chain.nodes)
		if (r == 0)
			r = add_change(&diff, node, find_node(before, node, after));
	vec_each(node, &after->judgement->chain.nodes)
		if (r == 0 && !find_node(after, node, before))
			r = add_change(&diff, NULL, node);
	if (r < 0) {
		diff_free(&diff);
		return r;
	}
	if (diff.changes.len)
		qsort(diff.changes.data, diff.changes.len, sizeof(*diff.changes.data),
		      compare_changes);
	diff.result = result_of(&diff);
	*ret = diff;
	return 0;
}
