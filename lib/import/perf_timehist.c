/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf sched timehist, with and without --state and -w, and its summaries (-s, -s --state):
 *
 *              time    cpu  task name                       wait time  sch delay   run time
 *                           [tid/pid]                          (msec)     (msec)     (msec)
 *   --------------- ------  ------------------------------  ---------  ---------  ---------
 *      16885.163296 [0000]  sysbench[7538/7535]                 0.000      0.000      2.458      R
 *
 *                  comm  parent   sched-in     run-time    sleep   iowait   preempt   delay
 *   sysbench[7540/7535]    7535         85      333.151    0.000    0.000   677.001   0.012
 */
#include "import/gather.h"
#include "import/perf_kinds.h"
#include "import/perf_text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define BLANKS_MAX 1 /* within a block */

/* ---- a line of the history ------------------------------------------------------------------ */

struct line {
	double time_s;
	struct span name; /* with "[tid/pid]" behind it */
	struct span rest; /* what follows */
	long tid;
};

/* "NAME[7538/7535]": the last bracket that holds ids, as names may have brackets too. */
static bool read_task(struct span text, struct line *ret)
{
	for (const char *close = text.end - 1; close > text.p; close--) {
		struct span inside;
		const char *open;

		if (*close != ']')
			continue;
		open = memrchr(text.p, '[', (size_t)(close - text.p));
		if (!open || open == text.p)
			return false;
		inside = (struct span){ open + 1, close };
		inside.end = memchr(inside.p, '/', span_len(inside)) ?: inside.end;
		if (!word_id(inside, &ret->tid))
			continue;
		ret->name = span_trim((struct span){ text.p, open });
		ret->rest = (struct span){ close + 1, text.end };
		return span_len(ret->name) > 0;
	}
	return false;
}

static bool is_cpu(struct span word)
{
	long cpu;

	return span_len(word) > 2 && *word.p == '[' && word.end[-1] == ']' &&
	       word_id((struct span){ word.p + 1, word.end - 1 }, &cpu);
}

/* Only the first bracket after the numbers' place: "awakened: perf[7544]" has one of its own. */
static bool read_line(struct span text, struct line *ret)
{
	struct span word;
	const char *awakened;

	if (!span_word(&text, &word) || !memchr(word.p, '.', span_len(word)) ||
	    !word_number(word, &ret->time_s) || !span_word(&text, &word) || !is_cpu(word))
		return false;
	if (span_is(span_trim(text), "<idle>") || span_starts(span_trim(text), "<idle>")) {
		ret->name = span_of("<idle>");
		ret->rest = text;
		ret->tid = 0;
		return true;
	}
	awakened = perf_find(text, "awakened:");
	if (!awakened)
		awakened = perf_find(text, "migrated:");
	return read_task((struct span){ text.p, awakened ? awakened : text.end }, ret);
}

static bool is_history_header(struct span line)
{
	return line_has(line, "task name") && line_has(line, "sch delay");
}

static bool is_furniture(struct span line)
{
	return line_has(line, "[tid/pid]") || line_has(line, "------") || is_history_header(line);
}

struct seen_thread {
	long tid;
	bool preempted; /* it left the CPU ready to run, the last time */
};

struct history {
	struct perf_sched_table *table;
	double first_s, last_s;
	bool has_state;
	VEC(struct seen_thread) threads; /* ascending by tid */
};

/* NULL: no memory. */
static struct seen_thread *find_thread(struct history *history, long tid, bool *ret_new)
{
	struct seen_thread fresh = { .tid = tid };
	size_t low = 0, high = history->threads.len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (history->threads.data[middle].tid < tid)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_new = low == history->threads.len || history->threads.data[low].tid != tid;
	if (!*ret_new)
		return &history->threads.data[low];
	if (vec_push(&history->threads, fresh) < 0)
		return NULL;
	memmove(history->threads.data + low + 1, history->threads.data + low,
		(history->threads.len - 1 - low) * sizeof(fresh));
	history->threads.data[low] = fresh;
	return &history->threads.data[low];
}

/* wait time, sch delay, run time, then a state where --state was given. Lines of wakeups have no
 * numbers. "sch delay" is the wait after a wakeup; that after a preemption is the wait time of
 * the next line, which is sleep otherwise: without states it is not known. */
static int add_line(struct history *history, const struct line *line)
{
	struct perf_sched_row row = { .switches = 1, .max_at_s = line->time_s };
	struct span rest = line->rest, word;
	double wait_ms, delay_ms;
	struct seen_thread *thread;
	bool is_new;

	if (!perf_take_number(&rest, &wait_ms) || !perf_take_number(&rest, &delay_ms) ||
	    !perf_take_number(&rest, &row.run_ms) || line->tid == 0)
		return 0;
	thread = find_thread(history, line->tid, &is_new);
	if (!thread)
		return -ENOMEM;
	row.max_ms = delay_ms + (thread->preempted ? wait_ms : 0);
	row.wait_ms = history->has_state ? row.max_ms : NAN;
	row.threads = is_new;
	row.preempted = NAN;
	if (history->has_state && span_word(&rest, &word)) {
		thread->preempted = *word.p == 'R';
		row.preempted = thread->preempted;
	}
	return perf_sched_add(history->table, line->name, &row);
}

static int add_history(struct history *history, const struct span *lines, size_t count,
		       size_t *ret_used)
{
	size_t blanks = 0;
	struct line line;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		blanks = line_is_blank(lines[i]) ? blanks + 1 : 0;
		if (blanks > BLANKS_MAX)
			break;
		if (read_line(lines[i], &line)) {
			history->first_s = fmin(history->first_s, line.time_s);
			history->last_s = fmax(history->last_s, line.time_s);
			r = add_line(history, &line);
		} else if (is_history_header(lines[i])) {
			history->has_state = line_has(lines[i], "state");
		} else if (!blanks && !is_furniture(lines[i])) {
			break;
		}
		*ret_used = blanks ? *ret_used : i + 1;
	}
	return r;
}

static int take_history(struct import *import, const struct span *lines, size_t count)
{
	struct history history = { .first_s = INFINITY, .last_s = -INFINITY };
	struct perf_text *text;
	struct line line;
	size_t used = 0;
	int r;

	if (!is_history_header(lines[0]) && !read_line(lines[0], &line))
		return 0;
	r = perf_text_of(import, &text);
	if (r < 0)
		return r;
	history.table = &text->sched[PERF_TIMEHIST];
	perf_sched_table_clear(history.table);
	r = add_history(&history, lines, count, &used);
	history.table->window_s = history.last_s - history.first_s;
	if (!(history.table->window_s > 0))
		history.table->window_s = NAN;
	history.table->whole = history.table->rows.len > 1;
	vec_free(&history.threads);
	return r < 0 ? r : (int)used;
}

const struct text_kind kind_perf_timehist = { "perf sched timehist", STAGE_sched, take_history };

/* ---- the summary ---------------------------------------------------------------------------- */

static bool is_summary_header(struct span line)
{
	return line_has(line, "sched-in") && line_has(line, "run-time");
}

/* Columns of numbers behind "comm  parent": sched-in, run-time, and of --state sleep, iowait,
 * preempt, delay. */
static int add_summary_row(struct perf_sched_table *table, const struct line *line, bool by_state)
{
	struct perf_sched_row row = {
		.threads = 1, .max_ms = NAN, .preempted = NAN, .max_at_s = NAN, .wait_ms = NAN
	};
	struct span rest = line->rest;
	double parent, sleep_ms, iowait_ms, preempt_ms, delay_ms;

	if (!perf_take_number(&rest, &parent) || !perf_take_number(&rest, &row.switches) ||
	    !perf_take_number(&rest, &row.run_ms) || line->tid == 0)
		return 0;
	if (by_state && perf_take_number(&rest, &sleep_ms) && perf_take_number(&rest, &iowait_ms) &&
	    perf_take_number(&rest, &preempt_ms) && perf_take_number(&rest, &delay_ms))
		row.wait_ms = preempt_ms + delay_ms;
	return perf_sched_add(table, line->name, &row);
}

/* "Total scheduling time (msec): 1026.486  (x 2)" */
static bool read_total(struct import *import, struct perf_sched_table *table, struct span line,
		       double *switches)
{
	const char *at;
	struct span rest;
	double ms, cpus;

	at = perf_find(line, "Total number of context switches:");
	if (at) {
		rest = (struct span){ memchr(at, ':', (size_t)(line.end - at)) + 1, line.end };
		return perf_take_number(&rest, switches);
	}
	at = perf_find(line, "Total scheduling time (msec):");
	if (!at)
		return perf_find(line, "Total number of unique tasks:") ||
		       perf_find(line, "Total run time (msec):");
	rest = (struct span){ memchr(at, ':', (size_t)(line.end - at)) + 1, line.end };
	if (!perf_take_number(&rest, &ms))
		return false;
	table->window_s = ms / 1000;
	at = perf_find(rest, "(x");
	rest.p = at ? at + 2 : rest.end;
	if (perf_take_number(&rest, &cpus) && cpus >= 1)
		import_tell_cpus(import, cpus);
	return true;
}

static bool is_summary_furniture(struct span line)
{
	static const char *const starts[] = { "Runtime summary",
					      "Wait-time summary",
					      "(count)",
					      "Terminated tasks",
					      "Idle stats",
					      "CPU ",
					      "---",
					      "<no " };
	struct span text = span_trim(line);

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (span_starts(text, starts[i]))
			return true;
	return !span_len(text) || is_summary_header(line);
}

static int add_summary(struct import *import, struct perf_sched_table *table,
		       const struct span *lines, size_t count, size_t *ret_used)
{
	bool by_state = line_has(lines[is_summary_header(lines[0]) ? 0 : 1], "preempt");
	double switches = NAN;
	struct line line;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		if (i > 1 && is_summary_header(lines[i]))
			break;
		if (read_task(lines[i], &line))
			r = add_summary_row(table, &line, by_state);
		else if (!read_total(import, table, lines[i], &switches) &&
			 !is_summary_furniture(lines[i]))
			break;
		*ret_used = line_is_blank(lines[i]) ? *ret_used : i + 1;
	}
	table->switches = switches;
	return r;
}

static int take_summary(struct import *import, const struct span *lines, size_t count)
{
	struct perf_sched_table *table;
	struct perf_text *text;
	size_t used = 0;
	int r;

	if (!is_summary_header(lines[0]) &&
	    (!line_has(lines[0], " summary") || count < 2 || !is_summary_header(lines[1])))
		return 0;
	r = perf_text_of(import, &text);
	if (r < 0)
		return r;
	table = &text->sched[PERF_SUMMARY];
	perf_sched_table_clear(table);
	table->whole = true;
	r = add_summary(import, table, lines, count, &used);
	return r < 0 ? r : (int)used;
}

const struct text_kind kind_perf_summary = { "perf sched timehist -s", STAGE_sched, take_summary };
