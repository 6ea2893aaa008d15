/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/rule.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "rule/ref.h"

#define WIDTH 78

static size_t columns_of(struct span word)
{
	size_t columns = 0;

	for (const char *p = word.p; p < word.end; p++)
		columns += ((unsigned char)*p & 0xc0) != 0x80;
	return columns;
}

/* A paragraph with `mark` before its first line and blanks of the same width before the others. */
static void put_wrapped(struct str *out, const char *mark, const char *text)
{
	struct span rest = span_of(text), word;
	size_t indent = columns_of(span_of(mark)), column = indent;

	str_append(out, mark);
	for (bool first = true; span_word(&rest, &word); first = false) {
		size_t width = columns_of(word);

		if (!first && column + 1 + width > WIDTH) {
			str_format(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			str_append_char(out, ' ');
			column++;
		}
		str_append_bytes(out, word.p, span_len(word));
		column += width;
	}
	str_append_char(out, '\n');
}

static const char *op_words(enum op op)
{
	static const char *const words[] = {
		[OP_LT] = "is below",	  [OP_LE] = "is at most", [OP_GT] = "is above",
		[OP_GE] = "is at least",  [OP_EQ] = "is",	  [OP_NE] = "is not",
		[OP_GLOB] = "looks like",
	};

	return words[op];
}

static void put_left(struct str *out, struct ref ref)
{
	if (ref.column != COLUMN_NONE)
		str_format(out, "row.%s", column_info(ref.column)->name);
	else
		ref_name(ref, out);
}

static void put_right(struct str *out, const struct condition *condition)
{
	enum unit unit = ref_unit(condition->left);

	if (condition->word) {
		str_format(out, "\"%s\"", condition->word);
		return;
	}
	if (!condition->against_ref) {
		unit_format(out, unit, condition->number);
		return;
	}
	if (!unit_is_plain(ref_unit(condition->right)))
		unit = UNIT_RATIO;
	if (condition->number != 1) {
		unit_format(out, unit, condition->number);
		str_append(out, " times ");
	}
	put_left(out, condition->right);
}

static void put_condition(struct str *out, const struct condition *condition)
{
	put_left(out, condition->left);
	str_format(out, " %s ", op_words(condition->op));
	put_right(out, condition);
}

static void put_condition_line(struct str *out, const struct condition *condition)
{
	_cleanup_(str_free) struct str line = { 0 };

	put_condition(&line, condition);
	str_format(&line, " (%s", ref_doc(condition->left));
	/* a row's command stands above, once */
	if (condition->left.column == COLUMN_NONE && *ref_command(condition->left))
		str_format(&line, "; %s", ref_command(condition->left));
	str_append_char(&line, ')');
	put_wrapped(out, "  - ", str_text(&line));
}

static void put_conditions(struct str *out, const char *title, const struct conditions *conditions)
{
	if (!conditions->len)
		return;
	put_wrapped(out, "", title);
	vec_each(condition, conditions)
		put_condition_line(out, condition);
	str_append_char(out, '\n');
}

static void put_title(struct str *out, const struct rule *rule)
{
	str_append(out, rule->id);
	if (rule->cause)
		str_format(out, ": %s, a%s %s", rule->cause,
			   rule->role == ROLE_AMPLIFIER ? "n" : "", role_name(rule->role));
	else if (rule->rules_out)
		str_format(out, ": rules out %s", rule->rules_out);
	else if (rule->next != STAGE_TOTAL)
		str_format(out, ": asks for %s", stage_name(rule->next));
	str_format(out, " (%s:%d%s)\n\n", rule->file, rule->line,
		   rule->enabled ? "" : ", switched off");
}

static void put_question(struct str *out, const struct rule *rule)
{
	_cleanup_(str_free) struct str text = { 0 };

	if (rule->table != TABLE_NONE)
		str_format(&text, "It tries each row of %s: %s (%s). It holds when %s:",
			   table_info(rule->table)->name, table_info(rule->table)->doc,
			   table_info(rule->table)->command,
			   rule->when.len > 1 ? "all of this is so" : "this is so");
	else
		str_format(&text, "It looks at the host. It holds when %s:",
			   rule->when.len > 1 ? "all of this is so" : "this is so");
	put_conditions(out, str_text(&text), &rule->when);
	put_conditions(
		out, "But it is suppressed, and says so, when one of these holds:", &rule->unless);
}

static void put_level(struct str *out, const struct rule *rule, enum severity severity)
{
	const struct conditions *conditions = &rule->severity[severity];

	if (!conditions->len)
		return;
	str_format(out, ", %s when ", severity_name(severity));
	vec_each(condition, conditions) {
		if (condition != conditions->data)
			str_append(out, " and ");
		put_condition(out, condition);
	}
}

static void put_severity(struct str *out, const struct rule *rule)
{
	_cleanup_(str_free) struct str text = { 0 };

	str_format(&text, "Severity: %s", severity_name(rule->severity_least));
	put_level(&text, rule, SEVERITY_WARNING);
	put_level(&text, rule, SEVERITY_CRITICAL);
	str_append_char(&text, '.');
	put_wrapped(out, "", str_text(&text));
}

static void put_share(struct str *out, const struct rule *rule)
{
	_cleanup_(str_free) struct str text = { 0 };

	if (!rule->share)
		return;
	str_format(&text, "Ranked by %s", rule->share);
	if (rule->share_of)
		str_format(&text, ", its share of %s", rule->share_of);
	str_append_char(&text, '.');
	put_wrapped(out, "", str_text(&text));
}

static void put_part(struct str *out, const char *title, const char *text)
{
	if (!text)
		return;
	str_format(out, "\n%s\n", title);
	put_wrapped(out, "  ", text);
}

static void put_list(struct str *out, const char *title, const struct strings *lines)
{
	if (!lines->len)
		return;
	str_format(out, "\n%s\n", title);
	vec_each(line, lines)
		put_wrapped(out, "  - ", *line);
}

void rule_describe(const struct rule *rule, struct str *out)
{
	const struct cause *cause = rule->cause	    ? cause_find(rule->cause) :
				    rule->rules_out ? cause_find(rule->rules_out) :
						      NULL;

	put_title(out, rule);
	put_question(out, rule);
	if (rule->cause) {
		put_severity(out, rule);
		put_share(out, rule);
	}
	put_part(out, "It says:", rule->say);
	put_part(out, "Which means:", rule->means);
	if (cause)
		put_part(out, rule->cause ? "The cause it names:" : "The cause it rules out:",
			 cause->meaning);
	put_list(out, "What to do:", &rule->remedy);
	put_list(out, "What to run:", &rule->commands);
	if (rule->next != STAGE_TOTAL)
		put_part(out, "It asks for the next stage:", stage_name(rule->next));
	put_part(out, "Why:", rule->why);
	put_part(out, "Source:", rule->source);
}

static void put_causes(struct str *out, const struct strings *names)
{
	vec_each(name, names) {
		if (name != names->data)
			str_append(out, name + 1 == names->data + names->len ? " or " : ", ");
		str_append(out, *name);
	}
}

/* "thread-storm about row.wakee" */
static void put_end(struct str *out, const struct strings *names, enum column_id column,
		    const char *word)
{
	put_causes(out, names);
	if (column != COLUMN_NONE)
		str_format(out, " about row.%s", column_info(column)->name);
	else if (word)
		str_format(out, " about \"%s\"", word);
}

static void put_link_title(struct str *out, const struct link *link)
{
	_cleanup_(str_free) struct str text = { 0 };

	str_format(&text, "%s: ", link->id);
	put_end(&text, &link->from, link->match_from, link->match_from_word);
	str_append(&text, " drives ");
	put_end(&text, &link->to, link->match_to, link->match_to_word);
	str_format(&text, " (%s:%d%s)", link->file, link->line,
		   link->enabled ? "" : ", switched off");
	put_wrapped(out, "", str_text(&text));
	str_append_char(out, '\n');
}

static void put_link_question(struct str *out, const struct link *link)
{
	_cleanup_(str_free) struct str text = { 0 };
	const char *all = link->when.len > 1 ? "all of this is so" : "this is so";

	if (link->table != TABLE_NONE)
		str_format(&text,
			   "It tries each row of %s: %s (%s). It draws an arrow when both ends are "
			   "findings and %s:",
			   table_info(link->table)->name, table_info(link->table)->doc,
			   table_info(link->table)->command, all);
	else
		str_format(&text,
			   "It looks at the host. It draws an arrow when both ends are findings "
			   "and %s:",
			   all);
	put_conditions(out, str_text(&text), &link->when);
}

void link_describe(const struct link *link, struct str *out)
{
	_cleanup_(str_free) struct str strength = { 0 };

	put_link_title(out, link);
	put_link_question(out, link);
	str_format(&strength, "Strength: %s (%s)", link->strength ? link->strength : "?",
		   ref_is_set(link->strength_ref) ? ref_doc(link->strength_ref) : "");
	if (link->strength_of)
		str_format(&strength, ", a share of %s", link->strength_of);
	str_append_char(&strength, '.');
	put_wrapped(out, "", str_text(&strength));
	if (link->explains)
		put_wrapped(
			out, "",
			"What it points at only says how much: the driver is the cause, however weak the arrow.");
	put_part(out, "It says:", link->say);
	put_part(out, "Source:", link->source);
}
