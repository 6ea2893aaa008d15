/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of evidence become arrows between nodes. */
#include "rule/judging.h"

#include "base/cleanup.h"
#include "rule/condition.h"
#include "rule/ref.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define ARROWS_MAX 256
#define NO_NODE SIZE_MAX

struct drawing {
	const struct evidence *evidence;
	struct judgement *out;
	struct chain *chain;
	const struct link *link;
	int row; /* -1: the host */
	struct chain_gap gap;
};

/* One side of a link for one row: which findings may stand there. */
struct side {
	const char *word;    /* a literal: subject or kind; NULL: none */
	const char *name;    /* from the row; NULL: any */
	const char *program; /* the row's program beside that name; NULL: any */
	bool of_program;     /* `name` is a program's */
};

static const char *cell_text(const struct drawing *drawing, enum column_id column)
{
	struct value value = { .kind = VALUE_UNKNOWN };

	if (column != COLUMN_NONE)
		value = evidence_cell(drawing->evidence, drawing->row, column);
	return value.kind == VALUE_TEXT ? value.text : NULL;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), tail = strlen(end);

	return len >= tail && strcmp(text + len - tail, end) == 0;
}

/* "program" beside "name", "wakee_program" beside "wakee". */
static enum column_id companion(const struct drawing *drawing, enum column_id column)
{
	char name[64];

	if (column == table_info(drawing->link->table)->first)
		return column_by_name(drawing->link->table, "program");
	snprintf(name, sizeof(name), "%s_program", column_info(column)->name);
	return column_by_name(drawing->link->table, name);
}

/* False when the row does not tell whom it is about. */
static bool side_of(const struct drawing *drawing, enum column_id column, const char *word,
		    struct side *ret)
{
	*ret = (struct side){ .word = word };
	if (column == COLUMN_NONE)
		return true;
	ret->name = cell_text(drawing, column);
	ret->program = cell_text(drawing, companion(drawing, column));
	ret->of_program = ends_with(column_info(column)->name, "program");
	return ret->name != NULL;
}

static bool is(const char *text, const char *word)
{
	return text && strcmp(text, word) == 0;
}

static bool fits(const struct subject *subject, const struct side *side)
{
	if (side->word)
		return is(subject->kind, side->word) || is(subject->name, side->word) ||
		       is(subject->program, side->word) || is(subject->thread, side->word);
	if (!side->name)
		return true;
	if (side->of_program)
		return is(subject->program, side->name);
	if (side->program && subject->program && strcmp(side->program, subject->program) != 0)
		return false;
	/* a program's name stands for those of its threads that have no other */
	return is(subject->name, side->name) || is(subject->thread, side->name) ||
	       (!subject->thread && is(subject->program, side->name));
}

static bool node_fits(const struct drawing *drawing, const struct chain_node *node,
		      const char *cause, const struct side *side)
{
	if (strcmp(node->cause, cause) != 0)
		return false;
	vec_each(index, &node->findings)
		if (fits(&drawing->out->findings.data[*index].subject, side))
			return true;
	return false;
}

/* Nodes stand in the order of their best findings' rank, so the first of equals stays. */
static bool is_better(const struct chain_node *a, const struct chain_node *b)
{
	if (a->severity != b->severity)
		return a->severity > b->severity;
	return judging_role_rank(a->role) < judging_role_rank(b->role);
}

/* What is merely seen drives nothing. */
static void choose(const struct drawing *drawing, const char *cause, const struct side *side,
		   bool drives, size_t *best)
{
	const struct chain_nodes *nodes = &drawing->chain->nodes;

	for (size_t i = 0; i < nodes->len; i++)
		if (!(drives && nodes->data[i].role == ROLE_SYMPTOM) &&
		    node_fits(drawing, &nodes->data[i], cause, side) &&
		    (*best == NO_NODE || is_better(&nodes->data[i], &nodes->data[*best])))
			*best = i;
}

static struct chain_arrow *find_arrow(const struct drawing *drawing, size_t from, size_t to)
{
	vec_each(arrow, &drawing->chain->arrows)
		if (arrow->link == drawing->link && arrow->from == from && arrow->to == to)
			return arrow;
	return NULL;
}

/* NAN when it is unknown, and nothing is claimed by nothing. */
static double strength_of(const struct drawing *drawing)
{
	struct value value =
		ref_value(drawing->link->strength_ref, drawing->evidence, drawing->row);

	if (value.kind != VALUE_NUMBER)
		return NAN;
	return value.number > 100 ? 100 : value.number;
}

static int tell(struct drawing *drawing, struct chain_arrow *arrow)
{
	_cleanup_(str_free) struct str text = { 0 };
	const struct link *link = drawing->link;

	if (rule_fill(link->say, link->table, drawing->row, drawing->evidence, &text) < 0)
		return -ENOMEM;
	arrow->say = judgement_own(drawing->out, &text);
	if (!arrow->say)
		return -ENOMEM;
	vec_free(&arrow->facts);
	return judging_facts(drawing->out, drawing->evidence, &link->when, drawing->row,
			     &arrow->facts);
}

static int draw(struct drawing *drawing, size_t from, size_t to, double strength)
{
	struct chain_arrow *old = find_arrow(drawing, from, to);
	struct chain_arrow arrow = { .link = drawing->link,
				     .from = from,
				     .to = to,
				     .row = drawing->row,
				     .strength_pct = strength };
	int r;

	if (old && old->strength_pct >= strength)
		return 0;
	r = tell(drawing, &arrow);
	if (r == 0 && old) {
		vec_free(&old->facts);
		*old = arrow;
		return 0;
	}
	r = r == 0 ? vec_push(&drawing->chain->arrows, arrow) : r;
	if (r < 0)
		vec_free(&arrow.facts);
	return r;
}

static bool stage_ran(const struct drawing *drawing, enum stage_id stage)
{
	enum stage_status status;

	if (stage == STAGE_TOTAL)
		return true;
	status = evidence_stage(drawing->evidence, stage)->status;
	return status == STAGE_OK || status == STAGE_DEGRADED;
}

/* What a stage that did not run would have measured is told by the stage's record. */
static bool is_due(const struct drawing *drawing, const struct conditions *conditions)
{
	vec_each(condition, conditions) {
		if (!stage_ran(drawing, ref_stage(condition->left)))
			return false;
		if (condition->against_ref && !stage_ran(drawing, ref_stage(condition->right)))
			return false;
	}
	return stage_ran(drawing, ref_stage(drawing->link->strength_ref));
}

static int note_gap(struct drawing *drawing)
{
	const struct link *link = drawing->link;
	struct chain_gap *gap = &drawing->gap;
	int r;

	if (!is_due(drawing, &link->when))
		return 0;
	r = judging_missing(drawing->out, drawing->evidence, &link->when, drawing->row,
			    &gap->missing, &gap->fix);
	if (r == 0)
		r = judging_missing_ref(drawing->out, drawing->evidence, link->strength_ref,
					drawing->row, &gap->missing, &gap->fix);
	return r;
}

/* The row holds, or may hold, for these two nodes. */
static int settle(struct drawing *drawing, enum truth truth, size_t from, size_t to)
{
	double strength = strength_of(drawing);

	if (from == to)
		return 0;
	if (truth == TRUTH_UNKNOWN || isnan(strength))
		return note_gap(drawing);
	return strength > 0 ? draw(drawing, from, to, strength) : 0;
}

static int try_row(struct drawing *drawing)
{
	const struct link *link = drawing->link;
	enum truth truth = conditions_hold(&link->when, drawing->evidence, drawing->row);
	size_t from = NO_NODE;
	struct side left, right;
	int r = 0;

	if (truth == TRUTH_FALSE ||
	    !side_of(drawing, link->match_from, link->match_from_word, &left) ||
	    !side_of(drawing, link->match_to, link->match_to_word, &right))
		return 0;
	vec_each(cause, &link->from)
		choose(drawing, *cause, &left, true, &from);
	vec_each(cause, &link->to) {
		size_t to = NO_NODE;

		choose(drawing, *cause, &right, false, &to);
		if (from != NO_NODE && to != NO_NODE && r == 0)
			r = settle(drawing, truth, from, to);
	}
	return r;
}

static bool has_any(const struct drawing *drawing, const struct strings *list)
{
	vec_each(cause, list)
		vec_each(node, &drawing->chain->nodes)
			if (strcmp(node->cause, *cause) == 0)
				return true;
	return false;
}

static bool lacks_table(const struct drawing *drawing)
{
	enum table_id table = drawing->link->table;

	return table != TABLE_NONE && !evidence_has_table(drawing->evidence, table);
}

static int try_rows(struct drawing *drawing)
{
	enum table_id table = drawing->link->table;
	int rows, r = 0;

	if (table == TABLE_NONE)
		return try_row(drawing);
	rows = evidence_rows(drawing->evidence, table);
	for (drawing->row = 0; drawing->row < rows && r == 0; drawing->row++)
		r = try_row(drawing);
	return r;
}

static bool has_drawn(const struct drawing *drawing)
{
	vec_each(arrow, &drawing->chain->arrows)
		if (arrow->link == drawing->link)
			return true;
	return false;
}

static int try_link(struct drawing *drawing)
{
	const struct link *link = drawing->link;
	int r = 0;

	if (!link->enabled || !has_any(drawing, &link->from) || !has_any(drawing, &link->to))
		return 0;
	if (!lacks_table(drawing))
		r = try_rows(drawing);
	else if (stage_ran(drawing, stage_of(table_info(link->table)->name)))
		r = judging_missing_table(drawing->out, link->table, &drawing->gap.missing,
					  &drawing->gap.fix);
	if (r == 0 && drawing->gap.missing.len && !has_drawn(drawing))
		r = vec_push(&drawing->chain->gaps, drawing->gap);
	else
		vec_free(&drawing->gap.missing);
	if (r < 0)
		vec_free(&drawing->gap.missing);
	return r;
}

static int by_strength(const void *left, const void *right)
{
	const struct chain_arrow *a = left, *b = right;
	int order;

	if (a->strength_pct != b->strength_pct)
		return a->strength_pct < b->strength_pct ? 1 : -1;
	order = strcmp(a->link->id, b->link->id);
	if (order)
		return order;
	if (a->from != b->from)
		return a->from < b->from ? -1 : 1;
	return (a->to > b->to) - (a->to < b->to);
}

static void sort_arrows(struct chain_arrows *arrows)
{
	if (arrows->len > 1)
		qsort(arrows->data, arrows->len, sizeof(*arrows->data), by_strength);
	while (arrows->len > ARROWS_MAX)
		vec_free(&arrows->data[--arrows->len].facts);
}

int chain_add_arrows(const struct ruleset *rules, const struct evidence *evidence,
		     struct judgement *judgement)
{
	int r = 0;

	vec_each(link, &rules->links) {
		struct drawing drawing = { .evidence = evidence,
					   .out = judgement,
					   .chain = &judgement->chain,
					   .link = *link,
					   .row = -1,
					   .gap = { .link = *link } };

		r = r == 0 ? try_link(&drawing) : r;
	}
	sort_arrows(&judgement->chain.arrows);
	return r;
}
