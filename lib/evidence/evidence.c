/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/evidence.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "base/vec.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

struct table {
	bool measured;
	VEC(struct value *) rows;
};

struct evidence {
	struct value metrics[METRIC_TOTAL];
	struct table tables[TABLE_TOTAL];
	struct stage_record stages[STAGE_TOTAL];
	VEC(const char *) caveats;
	VEC(char *) texts; /* every string that the set owns */
};

int evidence_new(struct evidence **ret)
{
	struct evidence *evidence = calloc(1, sizeof(*evidence));

	if (!evidence)
		return -ENOMEM;
	for (int i = 0; i < STAGE_TOTAL; i++)
		evidence->stages[i].status = STAGE_SKIPPED;
	*ret = evidence;
	return 0;
}

static void free_table(struct table *table)
{
	vec_each(row, &table->rows)
		free(*row);
	vec_free(&table->rows);
}

void evidence_free(struct evidence *evidence)
{
	if (!evidence)
		return;
	for (int i = 0; i < TABLE_TOTAL; i++)
		free_table(&evidence->tables[i]);
	vec_each(text, &evidence->texts)
		free(*text);
	vec_free(&evidence->texts);
	vec_free(&evidence->caveats);
	free(evidence);
}

void evidence_freep(struct evidence **evidence)
{
	evidence_free(*evidence);
}

/* A printable copy that the set owns; NULL for NULL. */
static int own_text(struct evidence *evidence, const char *text, const char **ret)
{
	_cleanup_(str_free) struct str printable = { 0 };
	char *copy;

	if (!text) {
		*ret = NULL;
		return 0;
	}
	text_append_printable(&printable, text, strlen(text));
	copy = str_take(&printable);
	if (!copy)
		return -ENOMEM;
	if (vec_push(&evidence->texts, copy) < 0) {
		free(copy);
		return -ENOMEM;
	}
	*ret = copy;
	return 0;
}

static int set_number(struct value *value, enum unit unit, double number)
{
	if (unit == UNIT_TEXT)
		return -EINVAL;
	value->kind = isfinite(number) ? VALUE_NUMBER : VALUE_UNKNOWN;
	value->number = number == 0 ? 0 : number; /* no negative zero */
	return 0;
}

static int set_text(struct evidence *evidence, struct value *value, enum unit unit,
		    const char *text)
{
	const char *owned;
	int r;

	if (unit != UNIT_TEXT)
		return -EINVAL;
	r = own_text(evidence, text, &owned);
	if (r < 0)
		return r;
	value->kind = owned ? VALUE_TEXT : VALUE_UNKNOWN;
	value->text = owned;
	return 0;
}

int evidence_set(struct evidence *evidence, enum metric_id id, double number)
{
	return set_number(&evidence->metrics[id], metric_info(id)->unit, number);
}

int evidence_set_text(struct evidence *evidence, enum metric_id id, const char *text)
{
	return set_text(evidence, &evidence->metrics[id], metric_info(id)->unit, text);
}

struct value evidence_get(const struct evidence *evidence, enum metric_id id)
{
	return evidence->metrics[id];
}

double evidence_number(const struct evidence *evidence, enum metric_id id)
{
	struct value value = evidence->metrics[id];

	return value.kind == VALUE_NUMBER ? value.number : NAN;
}

int evidence_add_row(struct evidence *evidence, enum table_id id)
{
	struct table *table = &evidence->tables[id];
	struct value *row = calloc((size_t)table_columns(id), sizeof(*row));

	if (!row)
		return -ENOMEM;
	if (vec_push(&table->rows, row) < 0) {
		free(row);
		return -ENOMEM;
	}
	table->measured = true;
	return (int)table->rows.len - 1;
}

int evidence_rows(const struct evidence *evidence, enum table_id table)
{
	return (int)evidence->tables[table].rows.len;
}

bool evidence_has_table(const struct evidence *evidence, enum table_id table)
{
	return evidence->tables[table].measured;
}

void evidence_mark_table(struct evidence *evidence, enum table_id table)
{
	evidence->tables[table].measured = true;
}

static struct value *cell_of(const struct evidence *evidence, int row, enum column_id column)
{
	enum table_id table = column_info(column)->table;

	if (row < 0 || row >= evidence_rows(evidence, table))
		return NULL;
	return &evidence->tables[table].rows.data[row][column - table_info(table)->first];
}

int evidence_set_cell(struct evidence *evidence, int row, enum column_id column, double number)
{
	struct value *cell = cell_of(evidence, row, column);

	return cell ? set_number(cell, column_info(column)->unit, number) : -EINVAL;
}

int evidence_set_cell_text(struct evidence *evidence, int row, enum column_id column,
			   const char *text)
{
	struct value *cell = cell_of(evidence, row, column);

	return cell ? set_text(evidence, cell, column_info(column)->unit, text) : -EINVAL;
}

struct value evidence_cell(const struct evidence *evidence, int row, enum column_id column)
{
	const struct value *cell = cell_of(evidence, row, column);

	return cell ? *cell : (struct value){ .kind = VALUE_UNKNOWN };
}

int evidence_set_stage(struct evidence *evidence, enum stage_id stage,
		       const struct stage_record *record)
{
	struct stage_record copy = *record;
	int r;

	r = own_text(evidence, record->reason, &copy.reason);
	if (r == 0)
		r = own_text(evidence, record->fix, &copy.fix);
	if (r == 0)
		evidence->stages[stage] = copy;
	return r;
}

const struct stage_record *evidence_stage(const struct evidence *evidence, enum stage_id stage)
{
	return &evidence->stages[stage];
}

static bool has_caveat(const struct evidence *evidence, const char *text)
{
	vec_each(caveat, &evidence->caveats)
		if (strcmp(*caveat, text) == 0)
			return true;
	return false;
}

int evidence_add_caveat(struct evidence *evidence, const char *format, ...)
{
	_cleanup_(str_free) struct str text = { 0 };
	const char *owned;
	va_list args;
	int r;

	va_start(args, format);
	str_vformat(&text, format, args);
	va_end(args);
	r = own_text(evidence, str_text(&text), &owned);
	if (r < 0 || has_caveat(evidence, owned))
		return r;
	return vec_push(&evidence->caveats, owned);
}

size_t evidence_caveats(const struct evidence *evidence)
{
	return evidence->caveats.len;
}

const char *evidence_caveat(const struct evidence *evidence, size_t index)
{
	return evidence->caveats.data[index];
}

void value_format(struct str *out, enum unit unit, struct value value)
{
	if (value.kind == VALUE_TEXT)
		str_append(out, value.text);
	else if (value.kind == VALUE_NUMBER)
		unit_format(out, unit, value.number);
	else
		str_append(out, "unknown");
}
