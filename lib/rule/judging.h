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
#define CONFIDENCE_TEXT 0.75 /* at most, of a stage that pasted text fed */

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

/* Adds the names that conditions lack, each once, and the command of the first when there is none
 * yet. `table` is for a table that was not measured, `ref` for a number that stands alone. */
int judging_missing(struct judgement *judgement, const struct evidence *evidence,
		    const struct conditions *conditions, int row, struct strings *missing,
		    const char **fix);
int judging_missing_ref(struct judgement *judgement, const struct evidence *evidence,
			struct ref ref, int row, struct strings *missing, const char **fix);
int judging_missing_table(struct judgement *judgement, enum table_id table, struct strings *missing,
			  const char **fix);

/* Factor for a degraded stage and for caveats. */
double judging_trust(const struct evidence *evidence, enum stage_id stage);

/* The confidence, or what the input of that stage can support at most. */
double judging_cap(const struct evidence *evidence, enum stage_id stage, double confidence);

/* True when some of the evidence is text that people pasted. */
bool judging_is_text(const struct evidence *evidence);

/* Ranks findings, numbers them, builds the chain and fills the verdict. */
int judging_conclude(const struct ruleset *rules, struct judgement *judgement,
		     const struct evidence *evidence);

/* What explains comes before what makes it worse, and that before what is merely seen: 0, 1, 2. */
int judging_role_rank(enum role role);

/* ---- the chain, in the order of its making ---- */

/* One node for each cause and subject (chain_node.c). The findings are ranked. */
int chain_add_nodes(struct judgement *judgement);

/* One arrow for each link and pair of nodes that a row of evidence draws, the strongest first, and
 * the gaps (chain.c). */
int chain_add_arrows(const struct ruleset *rules, const struct evidence *evidence,
		     struct judgement *judgement);

/* Marks the arrows that close a cycle and attributes effects; what each node reaches is the
 * severity that it has or explains for the most part (chain_effect.c). `reach` has room for every
 * node. */
int chain_attribute(struct chain *chain, enum severity *reach);

/* Chooses the primary, gives every node its standing and sorts them (chain_standing.c). True when
 * there is a primary: it is node 0 then. */
int chain_stand(struct chain *chain, const enum severity *reach, bool *ret_primary);

void chain_clear(struct chain *chain);

#endif
