/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/perf_text.h"

#include "import/gather.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

/* ---- life ----------------------------------------------------------------------------------- */

static int text_new(struct perf_text **ret)
{
	struct perf_text *text = calloc(1, sizeof(*text));

	if (!text)
		return -ENOMEM;
	text->record_s = NAN;
	for (int i = 0; i < PERF_SCHED_TELLERS; i++)
		perf_sched_table_clear(&text->sched[i]);
	if (perf_names_add(&text->names, span_of("")) < 0) {
		perf_text_free(text);
		return -ENOMEM;
	}
	*ret = text;
	return 0;
}

int perf_text_of(struct import *import, struct perf_text **ret)
{
	int r = import->perf ? 0 : text_new(&import->perf);

	if (r == 0)
		*ret = import->perf;
	return r;
}

void perf_text_free(struct perf_text *text)
{
	if (!text)
		return;
	perf_names_free(&text->names);
	vec_free(&text->stacks);
	vec_free(&text->frames);
	vec_free(&text->functions);
	vec_free(&text->events);
	for (int i = 0; i < PERF_SCHED_TELLERS; i++)
		vec_free(&text->sched[i].rows);
	free(text);
}

/* ---- what parsers share --------------------------------------------------------------------- */

const char *perf_find(struct span line, const char *text)
{
	size_t len = strlen(text);

	for (const char *p = line.p; len && (size_t)(line.end - p) >= len; p++)
		if (strncasecmp(p, text, len) == 0)
			return p;
	return NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool perf_take_number(struct span *rest, double *ret)
{
	struct span number = *rest;

	while (number.p < number.end && (*number.p == ' ' || *number.p == '\t'))
		number.p++;
	number.end = number.p;
	while (number.end < rest->end &&
	       (is_digit(*number.end) || *number.end == '.' || *number.end == ','))
		number.end++;
	while (number.end > number.p && !is_digit(number.end[-1]))
		number.end--;
	if (!span_len(number) || !word_number(number, ret))
		return false;
	rest->p = number.end;
	return true;
}

bool perf_take_ms(struct span *rest, double *ret)
{
	static const struct {
		const char *name;
		double ms;
	} units[] = { { "msec", 1 },	     { "ms", 1 },    { "usec", 1e-3 }, { "us", 1e-3 },
		      { "\xc2\xb5s", 1e-3 }, { "ns", 1e-6 }, { "sec", 1e3 },   { "s", 1e3 } };
	struct span after;
	double value;

	if (!perf_take_number(rest, &value))
		return false;
	after = span_trim(*rest);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (span_starts(after, units[i].name)) {
			value *= units[i].ms;
			rest->p = after.p + strlen(units[i].name);
			break;
		}
	*ret = value;
	return true;
}

static bool ends_with(struct span text, const char *end)
{
	size_t len = strlen(end);

	return span_len(text) >= len && memcmp(text.end - len, end, len) == 0;
}

static struct span last_part(struct span path)
{
	const char *slash = span_len(path) ? memrchr(path.p, '/', span_len(path)) : NULL;

	if (slash && slash + 1 < path.end)
		path.p = slash + 1;
	return path;
}

/* "nf_nat.ko.xz" */
static bool cut_ko(struct span *module)
{
	static const char *const ends[] = { ".ko", ".ko.xz", ".ko.gz", ".ko.zst" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ends_with(*module, ends[i])) {
			module->end -= strlen(ends[i]);
			return true;
		}
	return false;
}

int perf_text_module(struct perf_text *text, struct span dso, struct perf_frame_row *ret)
{
	struct span module = last_part(dso);
	int64_t number;

	if (span_starts(dso, "[kernel") || span_starts(dso, "[guest.kernel") ||
	    span_is(dso, "vmlinux") || span_is(module, "vmlinux")) {
		module = span_of("kernel");
		ret->kernel = true;
	} else if (cut_ko(&module)) {
		ret->kernel = true;
	} else if (span_is(dso, "[unknown]")) {
		module = span_of("");
	} else if (span_len(dso) > 2 && *dso.p == '[' && dso.end[-1] == ']' &&
		   !span_is(dso, "[vdso]") && !span_is(dso, "[vsyscall]") &&
		   !span_is(dso, "[heap]") && !span_is(dso, "[stack]") && !span_is(dso, "[jit]")) {
		module = (struct span){ dso.p + 1, dso.end - 1 };
		ret->kernel = true;
	}
	number = perf_names_add(&text->names, module);
	if (number < 0)
		return -ENOMEM;
	ret->module = (uint32_t)number;
	return 0;
}

/* ---- tables of the scheduler ---------------------------------------------------------------- */

void perf_sched_table_clear(struct perf_sched_table *table)
{
	table->rows.len = 0;
	table->window_s = table->switches = NAN;
	table->whole = false;
	table->worst[0] = '\0';
	table->worst_ms = -1;
}

/* What one of them does not tell, the sum does not know. */
static void add_numbers(struct perf_sched_row *row, const struct perf_sched_row *numbers)
{
	row->threads += numbers->threads;
	row->switches += numbers->switches;
	row->run_ms += numbers->run_ms;
	row->wait_ms += numbers->wait_ms;
	row->preempted += numbers->preempted;
	if (numbers->max_ms > row->max_ms || isnan(numbers->max_ms)) {
		row->max_ms = numbers->max_ms;
		row->max_at_s = numbers->max_at_s;
	}
}

int perf_sched_add(struct perf_sched_table *table, struct span told,
		   const struct perf_sched_row *numbers)
{
	struct perf_sched_row row = { 0 };
	char comm[PERF_NAME_MAX], stem[TASK_NAME_MAX];

	/* ":68" is what perf calls a thread that it knows no name of. */
	span_copy(span_starts(told, ":") ? span_of("(unnamed)") : told, comm, sizeof(comm));
	row.kernel = task_name_is_kernel(comm);
	task_stem(comm, false, row.kernel, stem);
	span_copy(span_of(stem), row.name, sizeof(row.name));
	if (numbers->max_ms > table->worst_ms) {
		table->worst_ms = numbers->max_ms;
		span_copy(told, table->worst, sizeof(table->worst));
	}
	vec_each(there, &table->rows)
		if (strcmp(there->name, row.name) == 0) {
			add_numbers(there, numbers);
			return 0;
		}
	memcpy(stem, row.name, sizeof(row.name));
	row = (struct perf_sched_row){ .kernel = row.kernel };
	memcpy(row.name, stem, sizeof(row.name));
	add_numbers(&row, numbers);
	row.max_ms = numbers->max_ms;
	row.max_at_s = numbers->max_at_s;
	return vec_push(&table->rows, row);
}

/* ---- handing on ----------------------------------------------------------------------------- */

static struct named_frame frame_of(const struct perf_text *text, const struct perf_frame_row *row)
{
	return (struct named_frame){
		.function = row->function ? perf_names_text(&text->names, row->function) : NULL,
		.module = perf_names_text(&text->names, row->module),
		.kernel = row->kernel,
	};
}

#define FRAMES_MAX 254

int import_each_stack(const struct import *import,
		      int (*each)(void *context, const struct named_stack *stack), void *context)
{
	const struct perf_text *text = import->perf;
	struct named_frame frames[FRAMES_MAX];
	int r = 0;

	for (size_t i = 0; text && r == 0 && i < text->stacks.len; i++) {
		const struct perf_stack_row *row = &text->stacks.data[i];
		struct named_stack stack = {
			.comm = perf_names_text(&text->names, row->comm),
			.pid = row->pid,
			.tid = row->tid,
			.cpu = row->cpu,
			.time_s = row->time_s,
			.weight = row->weight,
			.weight_is_ns = row->weight_is_ns,
			.kernel = task_name_is_kernel(perf_names_text(&text->names, row->comm)),
			.frames = frames,
			.count = row->count < FRAMES_MAX ? row->count : FRAMES_MAX,
		};

		for (size_t f = 0; f < stack.count; f++)
			frames[f] = frame_of(text, &text->frames.data[row->first + f]);
		r = each(context, &stack);
	}
	return r;
}

int import_each_function(const struct import *import,
			 int (*each)(void *context, const struct named_function *function),
			 void *context)
{
	const struct perf_text *text = import->perf;
	int r = 0;

	for (size_t i = 0; text && r == 0 && i < text->functions.len; i++) {
		const struct perf_function_row *row = &text->functions.data[i];
		struct named_function function = {
			.frame = frame_of(text, &row->frame),
			.comm = perf_names_text(&text->names, row->comm),
			.self_pct = row->self_pct,
			.total_pct = row->total_pct,
		};

		r = each(context, &function);
	}
	return r;
}
