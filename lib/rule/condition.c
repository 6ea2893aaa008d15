/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/condition.h"

#include "base/text.h"
#include "rule/ref.h"

#include <math.h>
#include <string.h>

struct value condition_threshold(const struct condition *condition, const struct evidence *evidence,
				 int row)
{
	struct value value;

	if (condition->word)
		return (struct value){ .kind = VALUE_TEXT, .text = condition->word };
	if (!condition->against_ref)
		return (struct value){ .kind = VALUE_NUMBER, .number = condition->number };
	value = ref_judged(condition->right, evidence, row);
	value.number *= condition->number;
	if (value.kind == VALUE_NUMBER && !isfinite(value.number))
		value.kind = VALUE_UNKNOWN;
	return value;
}

static bool compare_numbers(enum op op, double left, double right)
{
	switch (op) {
	case OP_LT:
		return left < right;
	case OP_LE:
		return left <= right;
	case OP_GT:
		return left > right;
	case OP_GE:
		return left >= right;
	case OP_EQ:
		return left == right;
	default:
		return left != right;
	}
}

static bool compare_texts(enum op op, const char *left, const char *right)
{
	if (op == OP_GLOB)
		return text_glob(right, left);
	return (strcmp(left, right) == 0) == (op == OP_EQ);
}

enum truth condition_holds(const struct condition *condition, const struct evidence *evidence,
			   int row)
{
	struct value left = ref_judged(condition->left, evidence, row);
	struct value right = condition_threshold(condition, evidence, row);
	bool holds;

	if (left.kind == VALUE_UNKNOWN || right.kind != left.kind)
		return TRUTH_UNKNOWN;
	holds = left.kind == VALUE_TEXT ? compare_texts(condition->op, left.text, right.text) :
					  compare_numbers(condition->op, left.number, right.number);
	return holds ? TRUTH_TRUE : TRUTH_FALSE;
}

enum truth conditions_hold(const struct conditions *conditions, const struct evidence *evidence,
			   int row)
{
	enum truth all = TRUTH_TRUE;

	vec_each(condition, conditions) {
		enum truth truth = condition_holds(condition, evidence, row);

		if (truth < all)
			all = truth;
	}
	return all;
}

enum truth rule_holds(const struct rule *rule, const struct evidence *evidence, int row)
{
	enum truth when = conditions_hold(&rule->when, evidence, row);

	vec_each(condition, &rule->unless)
		if (condition_holds(condition, evidence, row) == TRUTH_TRUE)
			return TRUTH_FALSE;
	return when;
}
