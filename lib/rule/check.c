/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rows that load but make no sense. These are complaints of `triage rules check` only: an overlay
 * that was fine yesterday must not keep triage from running on a sick host today.
 */
#include "rule/load.h"

#include "rule/condition.h"
#include "rule/ref.h"

#include <math.h>
#include <string.h>

static bool same_ref(struct ref a, struct ref b)
{
	return a.metric == b.metric && a.column == b.column;
}

/* The stretch of numbers that a condition leaves. */
struct range {
	double low;
	double high;
	bool low_open;
	bool high_open;
};

static void raise_low(struct range *range, double low, bool open)
{
	if (low > range->low || (low == range->low && open)) {
		range->low = low;
		range->low_open = open;
	}
}

static void lower_high(struct range *range, double high, bool open)
{
	if (high < range->high || (high == range->high && open)) {
		range->high = high;
		range->high_open = open;
	}
}

static bool is_constant(const struct condition *condition)
{
	return !condition->word && !condition->against_ref;
}

static void narrow(struct range *range, const struct condition *condition)
{
	bool open = condition->op == OP_LT || condition->op == OP_GT;

	if (condition->op == OP_LT || condition->op == OP_LE || condition->op == OP_EQ)
		lower_high(range, condition->number, open);
	if (condition->op == OP_GT || condition->op == OP_GE || condition->op == OP_EQ)
		raise_low(range, condition->number, open);
}

static void narrow_all(struct range *range, const struct conditions *conditions, struct ref ref)
{
	vec_each(condition, conditions)
		if (is_constant(condition) && same_ref(condition->left, ref))
			narrow(range, condition);
}

static bool is_empty(const struct range *range)
{
	return range->low > range->high ||
	       (range->low == range->high && (range->low_open || range->high_open));
}

/* Both lists together leave no value for some number. */
static const struct condition *contradiction(const struct conditions *a, const struct conditions *b)
{
	vec_each(condition, b) {
		struct range range = { .low = -INFINITY, .high = INFINITY };

		if (!is_constant(condition))
			continue;
		narrow_all(&range, a, condition->left);
		if (a != b)
			narrow_all(&range, b, condition->left);
		if (is_empty(&range))
			return condition;
	}
	return NULL;
}

/* An `unless` whose stretch holds the whole stretch of `when`: the row can never fire. */
static const struct condition *always_suppressed(const struct rule *rule)
{
	vec_each(condition, &rule->unless) {
		struct range when = { .low = -INFINITY, .high = INFINITY }, both;

		if (!is_constant(condition) || condition->op == OP_NE)
			continue;
		narrow_all(&when, &rule->when, condition->left);
		both = when;
		narrow(&both, condition);
		if (memcmp(&both.low, &when.low, sizeof(both.low)) == 0 && both.high == when.high &&
		    both.low_open == when.low_open && both.high_open == when.high_open)
			return condition;
	}
	return NULL;
}

static void check_ranges(struct layer *layer, const struct rule *rule)
{
	const struct condition *never = contradiction(&rule->when, &rule->when);

	if (never) {
		layer_complain(layer, rule->line, "when", "`%s` can't hold with the others",
			       never->text);
		return;
	}
	never = always_suppressed(rule);
	if (never)
		layer_complain(layer, rule->line, "unless", "`%s` always holds when `when` does",
			       never->text);
	for (int i = SEVERITY_WARNING; i <= SEVERITY_CRITICAL; i++) {
		never = contradiction(&rule->when, &rule->severity[i]);
		if (never)
			layer_complain(layer, rule->line, "severity",
				       "%s: `%s` can't hold when `when` does",
				       severity_name((enum severity)i), never->text);
		if (rule->severity[i].len && (int)rule->severity_least >= i)
			layer_complain(layer, rule->line, "severity",
				       "%s: is never more than least",
				       severity_name((enum severity)i));
	}
}

static void check_stage(struct layer *layer, const struct rule *rule, struct ref ref,
			const char *text)
{
	enum stage_id stage = ref_is_set(ref) ? ref_stage(ref) : STAGE_TOTAL;

	if (stage != STAGE_TOTAL && stage > rule->stage)
		layer_complain(layer, rule->line, "when",
			       "`%s` is measured by %s, after %s: the id must begin with \"%s.\"",
			       text, stage_name(stage), stage_name(rule->stage), stage_name(stage));
}

static void check_stages(struct layer *layer, const struct rule *rule)
{
	vec_each(condition, &rule->when) {
		check_stage(layer, rule, condition->left, condition->text);
		check_stage(layer, rule, condition->right, condition->text);
	}
}

static bool looks_at_row(const struct rule *rule)
{
	vec_each(condition, &rule->when)
		if (condition->left.column != COLUMN_NONE || condition->right.column != COLUMN_NONE)
			return true;
	return false;
}

static void check_prose(struct layer *layer, const struct rule *rule)
{
	if (rule->cause && !rule->means)
		layer_complain(layer, rule->line, "means", "is missing: what does it mean?");
	if (rule->cause && rule->role != ROLE_SYMPTOM && !rule->remedy.len)
		layer_complain(layer, rule->line, "remedy", "is missing: what is there to do?");
	if (rule->cause && !rule->source)
		layer_complain(layer, rule->line, "source",
			       "is missing: where do the thresholds come from?");
	if (rule->share && !rule->share_of)
		layer_complain(layer, rule->line, "share_of", "is missing: a share of what?");
	if (rule->share_of && !rule->share)
		layer_complain(layer, rule->line, "share_of", "without share");
}

static void check_rule(struct layer *layer, const struct rule *rule)
{
	layer->file = rule->file;
	layer->rule = rule->id;
	check_ranges(layer, rule);
	check_stages(layer, rule);
	check_prose(layer, rule);
	if (rule->table != TABLE_NONE && rule->when.len && !looks_at_row(rule))
		layer_complain(layer, rule->line, "when", "never looks at a column of %s",
			       table_info(rule->table)->name);
	layer->file = NULL;
	layer->rule = NULL;
}

static bool is_about_row(const struct link *link)
{
	vec_each(condition, &link->when)
		if (condition->left.column != COLUMN_NONE || condition->right.column != COLUMN_NONE)
			return true;
	return link->strength_ref.column != COLUMN_NONE || link->match_from != COLUMN_NONE ||
	       link->match_to != COLUMN_NONE;
}

static bool shares_cause(const struct link *link)
{
	vec_each(from, &link->from)
		vec_each(to, &link->to)
			if (strcmp(*from, *to) == 0)
				return true;
	return false;
}

static bool is_matched(const struct link *link)
{
	return link->match_from != COLUMN_NONE || link->match_to != COLUMN_NONE ||
	       link->match_from_word || link->match_to_word;
}

static void check_link(struct layer *layer, const struct link *link)
{
	const struct condition *never = contradiction(&link->when, &link->when);

	layer->file = link->file;
	layer->rule = link->id;
	if (never)
		layer_complain(layer, link->line, "when", "`%s` can't hold with the others",
			       never->text);
	if (!link->source)
		layer_complain(layer, link->line, "source",
			       "is missing: why does the one drive the other?");
	if (!link->strength_of)
		layer_complain(layer, link->line, "strength_of", "is missing: a share of what?");
	if (link->table != TABLE_NONE && !is_about_row(link))
		layer_complain(layer, link->line, "for", "never looks at a column of %s",
			       table_info(link->table)->name);
	if (shares_cause(link) && !is_matched(link))
		layer_complain(layer, link->line, "match",
			       "is missing: from and to are the same finding");
	layer->file = NULL;
	layer->rule = NULL;
}

/* A switch has nothing to check. */
static bool is_whole(const struct link *link)
{
	return link->id && link->when.len && link->from.len && link->to.len && link->strength;
}

void check_rules(struct layer *layer)
{
	vec_each(rule, &layer->rules->rules)
		if ((*rule)->id && (*rule)->stage != STAGE_TOTAL)
			check_rule(layer, *rule);
	vec_each(link, &layer->rules->links)
		if (is_whole(*link))
			check_link(layer, *link);
}
