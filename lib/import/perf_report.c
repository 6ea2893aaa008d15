/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tables of functions: perf report --stdio with and without --children and call graphs, perf top.
 *
 *   # Samples: 1K of event 'cpu-clock:ppp'
 *   # Children      Self  Command    Shared Object      Symbol
 *   # ........  ........  .........  .................  ...................................
 *       31.28%     9.49%  dd         [kernel.kallsyms]  [k] do_syscall_64
 *               |--21.79%--do_syscall_64
 *
 *      PerfTop:    1234 irqs/sec  kernel:34.2%  exact:  0.0% [4000Hz cpu-clock],  (all, 2 CPUs)
 *       25.31%  [kernel]   [k] read_zero
 */
#include "import/gather.h"
#include "import/perf_kinds.h"
#include "import/perf_text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define FUNCTIONS_MAX 65536
#define PREAMBLE_MAX 100

struct table {
	bool has_header;
	bool children, comm, dso, samples; /* columns */
	bool ignored;			   /* of an event that is no clock */
	bool started;			   /* a row was taken */
};

struct row {
	double self_pct, total_pct;
	struct span comm, dso, function;
	bool kernel;
};

/* ---- what stands above ---------------------------------------------------------------------- */

static struct span without_hash(struct span line)
{
	struct span text = span_trim(line);

	while (text.p < text.end && *text.p == '#')
		text.p++;
	return span_trim(text);
}

/* "Overhead  Command  Shared Object  Symbol" */
static bool read_header(struct span line, struct table *table)
{
	struct span text = without_hash(line);

	if ((!span_starts(text, "Overhead") && !span_starts(text, "Children")) ||
	    !perf_find(text, "Symbol"))
		return false;
	*table = (struct table){
		.has_header = true,
		.children = span_starts(text, "Children"),
		.comm = line_has(text, "Command"),
		.dso = line_has(text, "Shared O") || line_has(text, "Object"),
		.samples = line_has(text, "Samples"),
		.ignored = table->ignored,
		.started = table->started,
	};
	return true;
}

/* "# Samples: 1K of event 'cpu-clock:ppp'" */
static bool read_event(struct span line, struct table *table)
{
	struct span text = without_hash(line);

	if (!span_starts(text, "Samples:") || !line_has(text, "of event"))
		return false;
	*table = (struct table){ .ignored = !perf_find(text, "cycles") &&
					    !perf_find(text, "clock") };
	return true;
}

/* "(all, 2 CPUs)" */
static bool read_perf_top(struct import *import, struct span line)
{
	const char *all;
	struct span rest;
	double cpus;

	if (!span_starts(span_trim(line), "PerfTop:"))
		return false;
	all = perf_find(line, "(all, ");
	rest = (struct span){ all ? all + strlen("(all, ") : line.end, line.end };
	if (perf_take_number(&rest, &cpus) && span_starts(span_trim(rest), "CPU"))
		import_tell_cpus(import, cpus);
	return true;
}

static bool read_comment(struct import *import, struct span line)
{
	static const char nrcpus[] = "nrcpus online :";
	struct span text = without_hash(line);
	double cpus;

	if (!span_starts(span_trim(line), "#"))
		return false;
	if (span_starts(text, nrcpus)) {
		text.p += strlen(nrcpus);
		if (perf_take_number(&text, &cpus))
			import_tell_cpus(import, cpus);
	}
	return true;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static bool take_percent(struct span *rest, double *ret)
{
	struct span after = *rest;

	if (!perf_take_number(&after, ret) || after.p == after.end || *after.p != '%' ||
	    *ret > 100.5)
		return false;
	after.p++;
	*rest = after;
	return true;
}

/* "[k] ", with a blank before it: what kind of code the symbol is. */
static const char *find_marker(struct span text)
{
	for (const char *p = text.p; p + 4 < text.end; p++)
		if (p[0] == '[' && p[2] == ']' && p[3] == ' ' && strchr(".kguH", p[1]) &&
		    (p == text.p || p[-1] == ' '))
			return p;
	return NULL;
}

/* Columns that follow the symbol (IPC) stand two blanks off. */
static struct span first_column(struct span text)
{
	for (const char *p = text.p; p + 1 < text.end; p++)
		if (p[0] == ' ' && p[1] == ' ')
			return (struct span){ text.p, p };
	return text;
}

/* Between percentages and marker: comm and file, or one of them. The file is the last word, the
 * comm may have blanks. */
static void split_owner(const struct table *table, struct span text, struct row *row)
{
	bool both = table->comm == table->dso;
	const char *last = span_len(text) ? memrchr(text.p, ' ', span_len(text)) : NULL;

	row->comm = row->dso = span_of("");
	if (!span_len(text) || (table->has_header && !table->comm && !table->dso))
		return;
	if (both && last) {
		row->dso = (struct span){ last + 1, text.end };
		row->comm = span_trim((struct span){ text.p, last });
	} else if (!table->dso && table->comm) {
		row->comm = text;
	} else {
		row->dso = text;
	}
}

static bool read_row(const struct table *table, struct span line, struct row *ret)
{
	struct span rest = line;
	const char *marker;
	double samples;

	ret->total_pct = NAN;
	if (!take_percent(&rest, &ret->self_pct))
		return false;
	if (!table->has_header || table->children) {
		double second;

		if (take_percent(&rest, &second)) {
			ret->total_pct = ret->self_pct;
			ret->self_pct = second;
		}
	}
	if (table->samples && !perf_take_number(&rest, &samples))
		return false;
	marker = find_marker(rest);
	if (!marker)
		return false;
	split_owner(table, span_trim((struct span){ rest.p, marker }), ret);
	ret->kernel = marker[1] == 'k';
	ret->function = first_column(span_trim((struct span){ marker + 3, rest.end }));
	return span_len(ret->function) > 0;
}

/* An address is not a name. */
static bool is_address(struct span text)
{
	return span_starts(text, "0x") || span_is(text, "[unknown]");
}

static int add_row(struct perf_text *text, const struct row *row)
{
	struct perf_function_row kept = { .self_pct = row->self_pct, .total_pct = row->total_pct };
	int64_t comm = perf_names_add(&text->names, row->comm), function = 0;
	int r;

	if (text->functions.len >= FUNCTIONS_MAX)
		return 0;
	if (!is_address(row->function))
		function = perf_names_add(&text->names, row->function);
	if (comm < 0 || function < 0)
		return -ENOMEM;
	kept.comm = (uint32_t)comm;
	kept.frame.function = (uint32_t)function;
	r = perf_text_module(text, row->dso, &kept.frame);
	kept.frame.kernel = row->kernel;
	return r < 0 ? r : vec_push(&text->functions, kept);
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* Lines of a call graph are drawn: bars, dashes, or names far from the margin. */
static bool is_graph(struct span line)
{
	struct span text = span_trim(line);

	if (!span_len(text))
		return true;
	return *text.p == '|' || span_starts(text, "--") || text.p - line.p >= 10;
}

static bool read_heading(struct import *import, struct span line, struct table *table)
{
	if (read_perf_top(import, line)) {
		*table = (struct table){ .dso = true };
		return true;
	}
	return read_event(line, table) || read_header(line, table);
}

/* Rows behind a heading replace those of an earlier table; those without go on with it. */
static int take_row(struct perf_text *text, struct table *table, bool headed, const struct row *row)
{
	if (table->ignored)
		return 0;
	if (headed && !table->started)
		text->functions.len = 0;
	table->started = true;
	return add_row(text, row);
}

static int take_rows(struct import *import, struct perf_text *text, struct table *table,
		     const struct span *lines, size_t count, size_t *ret_used)
{
	bool headed = false, rows = false;
	struct row row;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (read_heading(import, lines[i], table)) {
			headed = true;
			table->started = table->started && !rows;
			rows = false;
		} else if (read_row(table, lines[i], &row)) {
			r = take_row(text, table, headed, &row);
			rows = true;
		} else if (!read_comment(import, lines[i])) {
			if (!is_graph(lines[i]) && !(headed && !rows && line_has(lines[i], "---")))
				break;
			if (line_is_blank(lines[i]))
				continue;
		}
		*ret_used = i + 1;
	}
	return r;
}

static int take_table(struct import *import, const struct span *lines, size_t count)
{
	struct table table = { .has_header = false };
	struct perf_text *text;
	size_t used = 0;
	int r = perf_text_of(import, &text);

	if (r == 0)
		r = take_rows(import, text, &table, lines, count, &used);
	return r < 0 ? r : (int)used;
}

/* Comments of perf report before its first table. */
static bool is_preamble(const struct span *lines, size_t count)
{
	struct table table;

	for (size_t i = 0; i < count && i < PREAMBLE_MAX; i++) {
		if (read_event(lines[i], &table))
			return i > 0;
		if (!span_starts(span_trim(lines[i]), "#"))
			return false;
	}
	return false;
}

static int take_report(struct import *import, const struct span *lines, size_t count)
{
	struct table table = { .has_header = false };
	struct row row;

	if (!read_event(lines[0], &table) && !read_header(lines[0], &table) &&
	    !read_row(&table, lines[0], &row) && !is_preamble(lines, count))
		return 0;
	return take_table(import, lines, count);
}

static int take_top(struct import *import, const struct span *lines, size_t count)
{
	return span_starts(span_trim(lines[0]), "PerfTop:") ? take_table(import, lines, count) : 0;
}

const struct text_kind kind_perf_report = { "perf report", STAGE_perf, take_report };
const struct text_kind kind_perf_top = { "perf top", STAGE_perf, take_top };

/* ---- names that somebody copied out of perf top --------------------------------------------- */

#define PROSE_MAX 4
#define NAMES_LEAST 3

static bool is_name(struct span line)
{
	struct span text = span_trim(line);

	if (!span_len(text) || span_len(text) >= PERF_NAME_MAX ||
	    (*text.p >= '0' && *text.p <= '9'))
		return false;
	for (const char *p = text.p; p < text.end; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/",
			    *p))
			return false;
	return text.end[-1] != ':';
}

static size_t count_names(const struct span *lines, size_t count)
{
	size_t names = 0;

	while (names < count && is_name(lines[names]))
		names++;
	return names;
}

static int take_names(struct import *import, const struct span *lines, size_t count)
{
	struct perf_text *text;
	size_t first = 1, names = 0;
	int r;

	if (!perf_find(lines[0], "perf top"))
		return 0;
	for (; first < count && first <= PROSE_MAX; first++) {
		names = count_names(lines + first, count - first);
		if (names >= NAMES_LEAST)
			break;
	}
	if (names < NAMES_LEAST)
		return 0;
	r = perf_text_of(import, &text);
	for (size_t i = first; r == 0 && i < first + names; i++)
		r = add_row(text, &(struct row){ .self_pct = NAN,
						 .total_pct = NAN,
						 .comm = span_of(""),
						 .dso = span_of(""),
						 .function = span_trim(lines[i]) });
	return r < 0 ? r : (int)(first + names);
}

const struct text_kind kind_perf_top_names = { "perf top (names)", STAGE_perf, take_names };
