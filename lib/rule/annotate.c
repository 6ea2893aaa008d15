/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/judge.h"

#include "base/text.h"

#include <string.h>

static bool cell_is(const struct evidence *evidence, int row, enum column_id column,
		    const char *text)
{
	struct value value = evidence_cell(evidence, row, column);

	return value.kind == VALUE_TEXT && strcmp(value.text, text) == 0;
}

static bool any_glob(const struct strings *globs, struct value value)
{
	if (value.kind != VALUE_TEXT)
		return false;
	vec_each(glob, globs)
		if (text_glob(*glob, value.text))
			return true;
	return false;
}

static const struct knowledge_row *match(const struct knowledge *knowledge,
					 const struct evidence *evidence, int row)
{
	struct value value = evidence_cell(evidence, row, knowledge->column);
	enum column_id program = column_by_name(knowledge->table, "program");

	if (knowledge->kind &&
	    !cell_is(evidence, row, column_by_name(knowledge->table, "kind"), knowledge->kind))
		return NULL;
	vec_each(candidate, &knowledge->rows)
		if (any_glob(&candidate->globs, value) &&
		    (!candidate->programs.len ||
		     any_glob(&candidate->programs, evidence_cell(evidence, row, program))))
			return candidate;
	return NULL;
}

/* True when knowledge of the same name (an overlay's) has matched this row before. */
static bool is_overruled(const struct ruleset *rules, const struct knowledge *knowledge,
			 const struct evidence *evidence, int row)
{
	vec_each(earlier, &rules->knowledge) {
		if (*earlier == knowledge)
			return false;
		if ((*earlier)->table == knowledge->table &&
		    strcmp((*earlier)->name, knowledge->name) == 0 &&
		    match(*earlier, evidence, row))
			return true;
	}
	return false;
}

static int fill(const struct knowledge_row *found, struct evidence *evidence, int row)
{
	int r = 0;

	vec_each(fill, &found->set)
		if (r == 0 && evidence_cell(evidence, row, fill->column).kind == VALUE_UNKNOWN)
			r = evidence_set_cell_text(evidence, row, fill->column, fill->text);
	return r;
}

static int annotate(const struct ruleset *rules, const struct knowledge *knowledge,
		    struct evidence *evidence)
{
	int r = 0;

	for (int row = 0; row < evidence_rows(evidence, knowledge->table) && r == 0; row++) {
		const struct knowledge_row *found = match(knowledge, evidence, row);

		if (found && !is_overruled(rules, knowledge, evidence, row))
			r = fill(found, evidence, row);
	}
	return r;
}

static void clear(struct evidence *evidence)
{
	for (int i = 0; i < COLUMN_TOTAL; i++) {
		const struct column_info *info = column_info((enum column_id)i);

		for (int row = 0; info->known && row < evidence_rows(evidence, info->table); row++)
			evidence_set_cell_text(evidence, row, (enum column_id)i, NULL);
	}
}

int rule_annotate(const struct ruleset *rules, struct evidence *evidence)
{
	int r = 0;

	clear(evidence);
	vec_each(knowledge, &rules->knowledge)
		if (r == 0)
			r = annotate(rules, *knowledge, evidence);
	return r;
}

static const char *fill_of(const struct knowledge_row *row, enum column_id column)
{
	vec_each(fill, &row->set)
		if (fill->column == column)
			return fill->text;
	return NULL;
}

const char *rule_know(const struct ruleset *rules, enum column_id column, const char *text)
{
	const struct value value = { .kind = VALUE_TEXT, .text = text };

	vec_each(knowledge, &rules->knowledge) {
		if ((*knowledge)->table != column_info(column)->table)
			continue;
		vec_each(row, &(*knowledge)->rows)
			if (fill_of(row, column) && any_glob(&row->globs, value))
				return fill_of(row, column);
	}
	return NULL;
}
