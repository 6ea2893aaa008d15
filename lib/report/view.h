/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the report formats share: how a fact is worded, and what belongs to one stage of the funnel.
 */
#ifndef TRIAGE_REPORT_VIEW_H
#define TRIAGE_REPORT_VIEW_H

#include "base/vec.h"
#include "report/report.h"
#include "report/tree.h"

/* One line of "saw": printable cells, ended by '\n' but for the last; cells of neighbouring table
 * rows align. A template separates its cells by two blanks. */
struct saw_text {
	bool row; /* of a table */
	char *cells;
};

VEC_DECLARE(saw_texts, struct saw_text);

/* The lines that the stage's story makes of the evidence; a line that knows none of its numbers is
 * left out. Free with view_free_saw(). -ENOMEM. */
int view_saw(const struct report *report, enum stage_id stage, struct saw_texts *ret);
void view_free_saw(struct saw_texts *saw);

bool view_stage_ran(const struct report *report, enum stage_id stage);

/* The findings of a stage, the most important first: the one after `previous` (NULL: the first),
 * or NULL. */
const struct finding *view_stage_finding(const struct report *report, enum stage_id stage,
					 const struct finding *previous);

/* In one sentence what the stage led to; NULL when it did not run or its story has no such line. */
const char *view_concluded(const struct report *report, enum stage_id stage);

/* The wishes of a stage, one for each stage it asks for: the one after `previous` (NULL: the
 * first), or NULL. */
const struct request *view_request(const struct report *report, enum stage_id stage,
				   const struct request *previous);

/* The finding that stands for a node of the chain. */
const struct finding *view_node_finding(const struct report *report, const struct chain_node *node);

/* The node of a finding, or NULL: it names no cause. */
const struct chain_node *view_finding_node(const struct report *report,
					   const struct finding *finding);

/* What a finding is about, as far as any finding of its node knows it: the stage that knows most of
 * a group may not be the one that knows its PIDs. */
struct subject view_subject(const struct report *report, const struct finding *finding);

/* True for a node that is a warning or worse, other than the primary's, that no arrow connects with
 * it. */
bool view_node_is_beside(const struct report *report, const struct tree_lines *connected,
			 const struct chain_node *node);

/* Findings other than the primary that are a warning or worse and in no node of the chain, in rank
 * order, the same way. */
const struct finding *view_unchained(const struct report *report, const struct finding *previous);

/* The sentence of a finding; its cause or rule when the rule has no sentence. Never NULL. */
const char *view_say(const struct finding *finding);

/* NULL when no finding won. */
const struct finding *view_primary(const struct report *report);

/* "r_per_cpu 9.5 >= 4": without the stage or table, which stand next to it. */
void view_fact(struct str *out, const struct fact *fact);

/* False for a fact that tells a reader nothing: a name that is what it must be, or a number that
 * another fact holds against a threshold of the same direction. */
bool view_fact_matters(const struct facts *facts, const struct fact *fact);

/* Those that matter, separated by ", ". */
void view_facts(struct str *out, const struct facts *facts);

/* "2026-01-02T03:04:05.678Z"; false, and nothing appended, when the time is unknown or not of this
 * era. */
bool view_time(struct str *out, double unix_s);

/* The sum of the stages' windows. */
double view_duration_s(const struct report *report);

/* True when some of the evidence is text that people pasted. */
bool view_is_text(const struct report *report);

/* Of pasted text: the one command whose output would help most. `rules`: how many rules of `stage`
 * could not be evaluated; 0: it is the primary finding's own advice. */
struct view_help {
	const char *command;
	enum stage_id stage;
	size_t rules;
};

/* False when the evidence is no text, or nothing is missing. */
bool view_help(const struct report *report, struct view_help *ret);

const char *view_status_name(enum stage_status status);

#endif
