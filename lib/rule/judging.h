/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judging, inside lib/rule: judge.c decides which rules hold, finding.c says what about, verdict.c
 * ranks and sums up.
 */
#ifndef TRIAGE_RULE_JUDGING_H
#define TRIAGE_RULE_JUDGING_H

#include "rule/judge.h"

#define CONFIDENCE_BEST 0.95
#define CONFIDENCE_LEAST 0.3

/* A copy that the judgement owns; NULL when memory ran out. `text` is emptied. */
const char *judgement_own(struct judgement *judgement, struct str *text);

/* A template filled for a row; the number of unknown placeholders is optional. */
int judging_fill(struct judgement *judgement, const struct evidence *evidence,
		 const struct rule *rule, int row, const char *template, const char **ret,
		 int *ret_unknown);

/* The numbers of the conditions, as facts. */
int judging_facts(struct judgement *judgement, const struct evidence *evidence,
		  const struct conditions *conditions, int row, struct facts *out);

/* "top.throttled_pct 61 % > 25 %" */
void judging_describe(const struct condition *condition, const struct evidence *evidence, int row,
		      struct str *out);

/* The number that ranks rows; NAN when the rule names none or it is unknown. */
double judging_share(const struct rule *rule, const struct evidence *evidence, int row);

/* Appends the finding of a rule that holds for a row. */
int judging_add_finding(struct judgement *judgement, const struct evidence *evidence,
			const struct rule *rule, int row);
void finding_clear(struct finding *finding);

/* Factor for a degraded stage and for caveats. */
double judging_trust(const struct evidence *evidence, enum stage_id stage);

/* Ranks findings, numbers them and fills the verdict. */
int judging_conclude(struct judgement *judgement, const struct evidence *evidence);

#endif
