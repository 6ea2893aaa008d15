/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/ref.h"

#include "rule/judge.h"
#include "rule/names.h"

#include <errno.h>
#include <string.h>

#define NAME_SIZE 96

static int refuse_name(struct err *why, const char *what, const char *name, const char *prefix,
		       const char *near)
{
	if (!near)
		return err_set(why, -EINVAL, "unknown %s \"%s\"", what, name);
	return err_set(why, -EINVAL, "unknown %s \"%s\" (did you mean \"%s%s\"?)", what, name,
		       prefix, near);
}

static int parse_column(const char *name, enum table_id table, struct ref *ret, struct err *why)
{
	enum column_id column;

	if (table == TABLE_NONE)
		return err_set(why, -EINVAL, "\"%s\" needs a table: the row has no `for`", name);
	column = column_by_name(table, name + strlen("row."));
	if (column == COLUMN_NONE)
		return refuse_name(why, "column", name, "row.",
				   nearest_column(table, name + strlen("row.")));
	*ret = (struct ref){ .metric = METRIC_NONE, .column = column };
	return 0;
}

int ref_parse(struct span text, enum table_id table, struct ref *ret, struct err *why)
{
	char name[NAME_SIZE];
	enum metric_id metric;

	span_copy(text, name, sizeof(name));
	if (span_starts(text, "row."))
		return parse_column(name, table, ret, why);
	metric = span_len(text) < sizeof(name) ? metric_by_name(name) : METRIC_NONE;
	if (metric == METRIC_NONE)
		return refuse_name(why, "metric", name, "", nearest_metric(name));
	*ret = (struct ref){ .metric = metric, .column = COLUMN_NONE };
	return 0;
}

bool ref_is_set(struct ref ref)
{
	return ref.metric != METRIC_NONE || ref.column != COLUMN_NONE;
}

enum unit ref_unit(struct ref ref)
{
	return ref.column != COLUMN_NONE ? column_info(ref.column)->unit :
					   metric_info(ref.metric)->unit;
}

bool unit_is_plain(enum unit unit)
{
	return unit == UNIT_COUNT || unit == UNIT_CPUS || unit == UNIT_RATIO;
}

static const struct table_info *table_of(struct ref ref)
{
	return table_info(column_info(ref.column)->table);
}

void ref_name(struct ref ref, struct str *out)
{
	if (ref.column != COLUMN_NONE)
		str_format(out, "%s.%s", table_of(ref)->name, column_info(ref.column)->name);
	else
		str_append(out, metric_info(ref.metric)->name);
}

const char *ref_command(struct ref ref)
{
	return ref.column != COLUMN_NONE ? table_of(ref)->command :
					   metric_info(ref.metric)->command;
}

const char *ref_origin(struct ref ref)
{
	return ref.column != COLUMN_NONE ? table_of(ref)->origin : metric_info(ref.metric)->origin;
}

const char *ref_doc(struct ref ref)
{
	return ref.column != COLUMN_NONE ? column_info(ref.column)->doc :
					   metric_info(ref.metric)->doc;
}

struct value ref_value(struct ref ref, const struct evidence *evidence, int row)
{
	return ref.column != COLUMN_NONE ? evidence_cell(evidence, row, ref.column) :
					   evidence_get(evidence, ref.metric);
}

struct value ref_judged(struct ref ref, const struct evidence *evidence, int row)
{
	struct value value = ref_value(ref, evidence, row);
	enum column_id name;

	if (value.kind != VALUE_UNKNOWN || ref.column == COLUMN_NONE ||
	    !column_info(ref.column)->known)
		return value;
	name = table_of(ref)->first;
	if (evidence_cell(evidence, row, name).kind == VALUE_UNKNOWN)
		return value;
	return (struct value){ .kind = VALUE_TEXT, .text = "" };
}

enum stage_id ref_stage(struct ref ref)
{
	return stage_of(ref.column != COLUMN_NONE ? table_of(ref)->name :
						    metric_info(ref.metric)->name);
}

int template_next(struct span *rest, struct piece *ret)
{
	const char *start = rest->p, *p = start;

	if (p >= rest->end)
		return 0;
	if (*p == '{' && !(p + 1 < rest->end && p[1] == '{')) {
		struct span name = { .p = p + 1, .end = rest->end };
		struct span inside;

		if (!span_until(&name, '}', &inside))
			return -EINVAL;
		*ret = (struct piece){ .text = inside, .is_name = true };
		rest->p = name.p;
		return 1;
	}
	if (*p == '{' || (*p == '}' && p + 1 < rest->end && p[1] == '}')) {
		*ret = (struct piece){ .text = { .p = p, .end = p + 1 } };
		rest->p = p + 2;
		return 1;
	}
	for (p++; p < rest->end && *p != '{' && *p != '}'; p++)
		;
	*ret = (struct piece){ .text = { .p = start, .end = p } };
	rest->p = p;
	return 1;
}

static bool fill_name(struct span name, enum table_id table, int row,
		      const struct evidence *evidence, struct str *out)
{
	struct value value;
	struct ref ref;

	if (ref_parse(name, table, &ref, NULL) < 0) {
		str_append_char(out, '?');
		return false;
	}
	value = ref_value(ref, evidence, row);
	if (value.kind == VALUE_UNKNOWN)
		str_append_char(out, '?');
	else
		value_format(out, ref_unit(ref), value);
	return value.kind != VALUE_UNKNOWN;
}

/* A part in brackets that holds a name, "[; asked for in {row.x}]": it is there only when all of its names are known. */
struct option_part {
	bool open;
	size_t start; /* of its bracket, in the output */
	int names, unknown;
};

static void open_part(struct option_part *part, struct str *out)
{
	*part = (struct option_part){ .open = true, .start = out->len };
	str_append_char(out, '[');
}

/* Brackets around plain text are text. How many unknown names went with the part. */
static int close_part(struct option_part *part, struct str *out)
{
	bool dropped = part->names && part->unknown;

	part->open = false;
	if (!part->names || out->failed) {
		str_append_char(out, ']');
		return 0;
	}
	if (dropped) {
		out->len = part->start;
	} else {
		out->len--;
		memmove(out->data + part->start, out->data + part->start + 1,
			out->len - part->start);
	}
	out->data[out->len] = '\0';
	return dropped ? part->unknown : 0;
}

static int fill_text(struct span text, struct option_part *part, struct str *out)
{
	int dropped = 0;

	for (const char *p = text.p; p < text.end; p++) {
		if (*p == '[' && !part->open)
			open_part(part, out);
		else if (*p == ']' && part->open)
			dropped += close_part(part, out);
		else
			str_append_char(out, *p);
	}
	return dropped;
}

int rule_fill(const char *template, enum table_id table, int row, const struct evidence *evidence,
	      struct str *out)
{
	struct span rest = span_of(template);
	struct option_part part = { 0 };
	struct piece piece;
	int unknown = 0;

	while (template_next(&rest, &piece) > 0) {
		if (!piece.is_name) {
			unknown -= fill_text(piece.text, &part, out);
			continue;
		}
		part.names++;
		if (!fill_name(piece.text, table, row, evidence, out)) {
			part.unknown++;
			unknown++;
		}
	}
	return str_error(out) < 0 ? -ENOMEM : unknown;
}

static bool is_plain_word(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./:@,+=-";

	return *text && *text != '-' && text[strspn(text, plain)] == '\0';
}

bool template_is_pasteable(const char *template, enum table_id table, int row,
			   const struct evidence *evidence)
{
	struct span rest = span_of(template);
	struct piece piece;
	struct ref ref;

	while (template_next(&rest, &piece) > 0) {
		struct value value;

		if (!piece.is_name || ref_parse(piece.text, table, &ref, NULL) < 0)
			continue;
		value = ref_value(ref, evidence, row);
		if (value.kind == VALUE_TEXT && !is_plain_word(value.text))
			return false;
	}
	return true;
}
