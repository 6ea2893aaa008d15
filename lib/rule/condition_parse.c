/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/condition.h"

#include "base/cleanup.h"
#include "rule/ref.h"

#include <errno.h>
#include <string.h>

static bool is_name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

static struct span take_name(struct span *rest)
{
	struct span name = span_trim(*rest);

	rest->p = name.p;
	while (rest->p < rest->end && is_name_byte(*rest->p))
		rest->p++;
	name.end = rest->p;
	return name;
}

static bool take_op(struct span *rest, enum op *ret)
{
	/* two bytes before one, so that ">=" is not taken for ">" */
	static const enum op order[] = { OP_LE, OP_GE, OP_EQ, OP_NE, OP_LT, OP_GT, OP_GLOB };

	*rest = span_trim(*rest);
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		if (span_starts(*rest, op_name(order[i]))) {
			rest->p += strlen(op_name(order[i]));
			*rest = span_trim(*rest);
			*ret = order[i];
			return true;
		}
	return false;
}

/* "r > 2 * host.usable_cpus" compares what has no unit of its own. */
static bool is_comparable(enum unit a, enum unit b)
{
	return a == b || (unit_is_plain(a) && unit_is_plain(b));
}

static int parse_word(struct span right, struct parsed_condition *parsed, struct err *why)
{
	char quote = *right.p;

	if (span_len(right) < 2 || right.end[-1] != quote)
		return err_set(why, -EINVAL, "the text is not closed by %c", quote);
	parsed->word = (struct span){ .p = right.p + 1, .end = right.end - 1 };
	if (memchr(parsed->word.p, quote, span_len(parsed->word)))
		return err_set(why, -EINVAL, "only one text may stand on the right");
	return 0;
}

static int parse_number(struct span text, enum unit unit, double *ret, struct err *why)
{
	int r = unit_parse(unit, text, ret);

	if (r == -EDOM)
		return err_set(why, -EINVAL, "\"%.*s\" is not a number of %s", (int)span_len(text),
			       text.p, unit_name(unit));
	if (r < 0)
		return err_set(why, -EINVAL, "\"%.*s\" is not a number", (int)span_len(text),
			       text.p);
	return 0;
}

static int parse_right_ref(struct span name, enum table_id table, struct condition *condition,
			   struct err *why)
{
	condition->against_ref = true;
	return ref_parse(span_trim(name), table, &condition->right, why);
}

/* "number * name": the number has the unit of what is left, for each of what is right
 * ("row.switches_per_s > 10k/s * host.usable_cpus"), or none when both have the same. */
static int parse_product(struct span right, enum table_id table, struct condition *condition,
			 struct err *why)
{
	enum unit left_unit = ref_unit(condition->left);
	struct span factor;
	int r;

	span_until(&right, '*', &factor);
	r = parse_right_ref(right, table, condition, why);
	if (r < 0)
		return r;
	if (unit_is_plain(ref_unit(condition->right)))
		return parse_number(factor, left_unit, &condition->number, why);
	r = parse_number(factor, UNIT_RATIO, &condition->number, why);
	if (r == 0 && !is_comparable(left_unit, ref_unit(condition->right)))
		return err_set(why, -EINVAL, "%s compared with %s", unit_name(left_unit),
			       unit_name(ref_unit(condition->right)));
	return r;
}

static int parse_plain_ref(struct span right, enum table_id table, struct condition *condition,
			   struct err *why)
{
	int r = parse_right_ref(right, table, condition, why);

	condition->number = 1;
	if (r == 0 && !is_comparable(ref_unit(condition->left), ref_unit(condition->right)))
		return err_set(why, -EINVAL, "%s compared with %s",
			       unit_name(ref_unit(condition->left)),
			       unit_name(ref_unit(condition->right)));
	return r;
}

static int parse_right(struct span right, enum table_id table, struct parsed_condition *parsed,
		       struct err *why)
{
	struct condition *condition = &parsed->condition;
	bool text = ref_unit(condition->left) == UNIT_TEXT;

	if (span_len(right) == 0)
		return err_set(why, -EINVAL, "nothing to compare with");
	if (*right.p == '"' || *right.p == '\'') {
		if (!text)
			return err_set(why, -EINVAL, "a number compared with a text");
		return parse_word(right, parsed, why);
	}
	if (*right.p >= 'a' && *right.p <= 'z')
		return parse_plain_ref(right, table, condition, why);
	if (text)
		return err_set(why, -EINVAL, "a text compared with a number");
	if (memchr(right.p, '*', span_len(right)))
		return parse_product(right, table, condition, why);
	return parse_number(right, ref_unit(condition->left), &condition->number, why);
}

static int check_op(const struct parsed_condition *parsed, struct err *why)
{
	enum op op = parsed->condition.op;

	if (op == OP_GLOB && !parsed->word.p)
		return err_set(why, -EINVAL, "`~` needs a pattern in quotes");
	if (ref_unit(parsed->condition.left) == UNIT_TEXT && op != OP_GLOB && op != OP_EQ &&
	    op != OP_NE)
		return err_set(why, -EINVAL, "a text can't be compared by `%s`", op_name(op));
	return 0;
}

int condition_parse(const char *text, enum table_id table, struct parsed_condition *ret,
		    struct err *why)
{
	struct parsed_condition parsed = { .condition = { .left = REF_NONE, .right = REF_NONE } };
	struct span rest = span_of(text);
	struct span name = take_name(&rest);
	int r;

	if (span_len(name) == 0)
		return err_set(why, -EINVAL, "\"%s\" does not begin with a name", text);
	r = ref_parse(name, table, &parsed.condition.left, why);
	if (r < 0)
		return r;
	if (!take_op(&rest, &parsed.condition.op))
		return err_set(why, -EINVAL,
			       "no operator after \"%.*s\" (one of < <= > >= == != ~)",
			       (int)span_len(name), name.p);
	r = parse_right(rest, table, &parsed, why);
	if (r == 0)
		r = check_op(&parsed, why);
	if (r == 0)
		*ret = parsed;
	return r;
}
