/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/judge.h"

#include "base/cleanup.h"
#include "rule/condition.h"
#include "rule/judging.h"
#include "rule/ref.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define ROWS_TOLD 3

struct judging {
	const struct evidence *evidence;
	struct judgement *out;
};

/* A row for which a rule's `when` holds. */
struct hit {
	int row;
	double share;
};

VEC_DECLARE(hits, struct hit);

static const struct condition *suppressor(const struct rule *rule, const struct evidence *evidence,
					  int row)
{
	vec_each(condition, &rule->unless)
		if (condition_holds(condition, evidence, row) == TRUTH_TRUE)
			return condition;
	return NULL;
}

static int suppress(struct judging *judging, const struct rule *rule, int row,
		    const struct condition *because)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct suppression suppression = { .rule = rule, .row = row };
	int r;

	judging_describe(because, judging->evidence, row, &text);
	suppression.because = judgement_own(judging->out, &text);
	r = suppression.because ?
		    judging_fill(judging->out, judging->evidence, rule, row,
				 rule->say ? rule->say : rule->why, &suppression.say, NULL) :
		    -ENOMEM;
	return r < 0 ? r : vec_push(&judging->out->suppressed, suppression);
}

static int exclude(struct judging *judging, const struct rule *rule, int row)
{
	struct exclusion exclusion = { .rule = rule };
	int r = judging_fill(judging->out, judging->evidence, rule, row, rule->say, &exclusion.say,
			     NULL);

	if (r == 0)
		r = judging_facts(judging->out, judging->evidence, &rule->when, row,
				  &exclusion.facts);
	if (r == 0)
		r = vec_push(&judging->out->ruled_out, exclusion);
	if (r < 0)
		vec_free(&exclusion.facts);
	return r;
}

static int ask(struct judging *judging, const struct rule *rule, int row)
{
	struct request request = { .rule = rule, .stage = rule->next };
	int r = judging_fill(judging->out, judging->evidence, rule, row, rule->why, &request.why,
			     NULL);

	return r < 0 ? r : vec_push(&judging->out->requests, request);
}

static int name_missing(struct judgement *judgement, struct strings *missing, const char *name)
{
	_cleanup_(str_free) struct str copy = { 0 };

	vec_each(other, missing)
		if (strcmp(*other, name) == 0)
			return 0;
	str_append(&copy, name);
	name = judgement_own(judgement, &copy);
	return name ? vec_push(missing, name) : -ENOMEM;
}

int judging_missing_table(struct judgement *judgement, enum table_id table, struct strings *missing,
			  const char **fix)
{
	*fix = table_info(table)->command;
	return name_missing(judgement, missing, table_info(table)->name);
}

int judging_missing_ref(struct judgement *judgement, const struct evidence *evidence,
			struct ref ref, int row, struct strings *missing, const char **fix)
{
	_cleanup_(str_free) struct str name = { 0 };

	if (!ref_is_set(ref) || ref_judged(ref, evidence, row).kind != VALUE_UNKNOWN)
		return 0;
	ref_name(ref, &name);
	if (!*fix && *ref_command(ref))
		*fix = ref_command(ref);
	return name_missing(judgement, missing, str_text(&name));
}

int judging_missing(struct judgement *judgement, const struct evidence *evidence,
		    const struct conditions *conditions, int row, struct strings *missing,
		    const char **fix)
{
	int r = 0;

	vec_each(condition, conditions) {
		if (r == 0)
			r = judging_missing_ref(judgement, evidence, condition->left, row, missing,
						fix);
		if (r == 0 && condition->against_ref)
			r = judging_missing_ref(judgement, evidence, condition->right, row, missing,
						fix);
	}
	return r;
}

/* What a row that is not decided lacks: its `when`, or (for exclusions) its `unless`. */
static int row_missing(struct judging *judging, struct unknown *unknown, int row)
{
	const struct rule *rule = unknown->rule;
	enum truth when = conditions_hold(&rule->when, judging->evidence, row);

	if (when == TRUTH_FALSE)
		return 0;
	return judging_missing(judging->out, judging->evidence,
			       when == TRUTH_UNKNOWN ? &rule->when : &rule->unless, row,
			       &unknown->missing, &unknown->fix);
}

static bool has_table(const struct judging *judging, const struct rule *rule)
{
	return rule->table == TABLE_NONE || evidence_has_table(judging->evidence, rule->table);
}

static int rows_of(const struct judging *judging, const struct rule *rule)
{
	return rule->table == TABLE_NONE ? 0 : evidence_rows(judging->evidence, rule->table);
}

static int add_unknown(struct judging *judging, const struct rule *rule)
{
	struct unknown unknown = { .rule = rule };
	int rows = rows_of(judging, rule), r = 0;

	if (!has_table(judging, rule)) {
		r = judging_missing_table(judging->out, rule->table, &unknown.missing,
					  &unknown.fix);
	} else if (rule->table == TABLE_NONE) {
		r = row_missing(judging, &unknown, -1);
	}
	for (int row = 0; row < rows && r == 0; row++)
		r = row_missing(judging, &unknown, row);
	if (r == 0)
		r = vec_push(&judging->out->unknown, unknown);
	if (r < 0)
		vec_free(&unknown.missing);
	return r;
}

/* Only certainty excludes: see judge.h. */
static bool is_doubtful(const struct judging *judging, const struct rule *rule, int row)
{
	if (rule->rules_out)
		vec_each(condition, &rule->unless)
			if (condition_holds(condition, judging->evidence, row) == TRUTH_UNKNOWN)
				return true;
	return false;
}

static enum truth truth_of(const struct judging *judging, const struct rule *rule, int row)
{
	enum truth when = conditions_hold(&rule->when, judging->evidence, row);

	if (when == TRUTH_TRUE && !suppressor(rule, judging->evidence, row) &&
	    is_doubtful(judging, rule, row))
		return TRUTH_UNKNOWN;
	return when;
}

/* Larger shares first, unknown ones last, then the order of the table. */
static int by_share(const void *left, const void *right)
{
	const struct hit *a = left, *b = right;

	if (isnan(a->share) != isnan(b->share))
		return isnan(a->share) ? 1 : -1;
	if (!isnan(a->share) && a->share != b->share)
		return a->share < b->share ? 1 : -1;
	return a->row < b->row ? -1 : a->row > b->row;
}

/* Every row (or the host) for which `when` holds; tells whether some row could not be decided. */
static int collect(const struct judging *judging, const struct rule *rule, struct hits *hits,
		   bool *ret_unknown)
{
	int first = rule->table == TABLE_NONE || !has_table(judging, rule) ? -1 : 0;
	int rows = rows_of(judging, rule), r = 0;
	bool unknown = false;

	for (int row = first; (row < rows && r == 0); row++) {
		enum truth truth = truth_of(judging, rule, row);
		double share = judging_share(rule, judging->evidence, row);

		/* nothing can be said of the rows of a table that was not measured */
		if (truth == TRUTH_TRUE && !has_table(judging, rule))
			truth = TRUTH_UNKNOWN;
		if (truth == TRUTH_UNKNOWN)
			unknown = true;
		else if (truth == TRUTH_TRUE)
			r = vec_push(hits, ((struct hit){ .row = row, .share = share }));
	}
	if (r == 0 && hits->len > 1)
		qsort(hits->data, hits->len, sizeof(*hits->data), by_share);
	*ret_unknown = unknown;
	return r;
}

static int tell(struct judging *judging, const struct rule *rule, int row, int told)
{
	int r = 0;

	if (rule->cause && told < ROWS_TOLD)
		r = judging_add_finding(judging->out, judging->evidence, rule, row);
	if (r == 0 && rule->rules_out && told == 0)
		r = exclude(judging, rule, row);
	if (r == 0 && rule->next != STAGE_TOTAL && told == 0)
		r = ask(judging, rule, row);
	return r;
}

static int tell_all(struct judging *judging, const struct rule *rule, const struct hits *hits,
		    int *ret_told)
{
	int told = 0, suppressed = 0, r = 0;

	vec_each(hit, hits) {
		const struct condition *because = suppressor(rule, judging->evidence, hit->row);

		if (r < 0)
			break;
		if (!because)
			r = tell(judging, rule, hit->row, told++);
		else if (suppressed++ < ROWS_TOLD)
			r = suppress(judging, rule, hit->row, because);
	}
	*ret_told = told;
	return r;
}

static int judge_rule(struct judging *judging, const struct rule *rule)
{
	struct hits hits = { 0 };
	bool unknown = false;
	int told = 0;
	int r = collect(judging, rule, &hits, &unknown);

	if (r == 0)
		r = tell_all(judging, rule, &hits, &told);
	if (r == 0 && unknown && told == 0)
		r = add_unknown(judging, rule);
	vec_free(&hits);
	return r;
}

static bool is_considered(const struct rule *rule, const struct evidence *evidence)
{
	enum stage_status status;

	if (!rule->enabled || rule->stage == STAGE_TOTAL)
		return false;
	status = evidence_stage(evidence, rule->stage)->status;
	return status == STAGE_OK || status == STAGE_DEGRADED;
}

static int judge_all(const struct ruleset *rules, struct judging *judging)
{
	int r = 0;

	vec_each(rule, &rules->rules) {
		if (!is_considered(*rule, judging->evidence))
			continue;
		judging->out->considered++;
		r = judge_rule(judging, *rule);
		if (r < 0)
			break;
	}
	return r < 0 ? r : judging_conclude(rules, judging->out, judging->evidence);
}

int rule_judge(const struct ruleset *rules, const struct evidence *evidence, struct judgement **ret)
{
	_cleanup_(judgement_freep) struct judgement *judgement = calloc(1, sizeof(*judgement));
	struct judging judging = { .evidence = evidence, .out = judgement };
	int r = judgement ? judge_all(rules, &judging) : -ENOMEM;

	if (r == 0)
		*ret = TAKE_PTR(judgement);
	return r;
}

void judgement_free(struct judgement *judgement)
{
	if (!judgement)
		return;
	vec_each(finding, &judgement->findings)
		finding_clear(finding);
	vec_each(exclusion, &judgement->ruled_out)
		vec_free(&exclusion->facts);
	vec_each(unknown, &judgement->unknown)
		vec_free(&unknown->missing);
	chain_clear(&judgement->chain);
	vec_free(&judgement->findings);
	vec_free(&judgement->ruled_out);
	vec_free(&judgement->unknown);
	vec_free(&judgement->suppressed);
	vec_free(&judgement->requests);
	vec_each(owned, &judgement->owned)
		free(*owned);
	vec_free(&judgement->owned);
	free(judgement);
}

void judgement_freep(struct judgement **judgement)
{
	judgement_free(*judgement);
}
