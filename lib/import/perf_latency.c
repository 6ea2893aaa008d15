/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf sched latency:
 *
 *   Task             |   Runtime ms | Switches | Avg delay ms   | Max delay ms   | Max delay start
 *   sysbench:(6)     |  2038.310 ms |      524 | avg:  7.715 ms | max: 15.996 ms | max start: 16.1 s
 *   rcu_preempt:15   |     0.129 ms |        1 | avg:  0.000 ms | max:  0.000 ms | max at:     0.0 s
 *   TOTAL:                |   2043.296 ms |      538 |
 *
 * and what becomes of a row when it is copied out of a chat: `tokio-runtime-w:switches: 555,241max
 * delay: 77msavg delay: 0.12ms`.
 */
#include "import/gather.h"
#include "import/perf_kinds.h"
#include "import/perf_text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

/* ---- rows of the table ---------------------------------------------------------------------- */

static bool is_header(struct span line)
{
	return line_has(line, "Runtime ms") && line_has(line, "Switches") &&
	       perf_find(line, "delay ms");
}

/* "sysbench:(6)" threads 6, "sysbench:7541" one. */
static struct span take_name(struct span cell, double *ret_threads)
{
	struct span name = span_trim(cell), rest;
	const char *colon = span_len(name) ? memrchr(name.p, ':', span_len(name)) : NULL;

	*ret_threads = 1;
	if (!colon)
		return name;
	rest = (struct span){ colon + 1, name.end };
	if (span_starts(rest, "(")) {
		rest.p++;
		perf_take_number(&rest, ret_threads);
	}
	return (struct span){ name.p, colon };
}

static bool cell_number(struct span *line, const char *label, double *ret)
{
	struct span cell;

	if (!span_until(line, '|', &cell)) {
		cell = *line;
		line->p = line->end;
	}
	cell = span_trim(cell);
	if (*label) {
		if (!span_starts(cell, label))
			return false;
		cell.p += strlen(label);
	}
	return perf_take_number(&cell, ret);
}

struct latency_row {
	struct span name;
	double threads, runtime_ms, switches, average_ms, max_ms, at_s;
};

static bool read_row(struct span line, struct latency_row *ret)
{
	struct span cell;

	*ret = (struct latency_row){ .at_s = NAN };
	if (!span_until(&line, '|', &cell) || !span_len(span_trim(cell)))
		return false;
	ret->name = take_name(cell, &ret->threads);
	if (!cell_number(&line, "", &ret->runtime_ms) || !cell_number(&line, "", &ret->switches) ||
	    !cell_number(&line, "avg:", &ret->average_ms) ||
	    !cell_number(&line, "max:", &ret->max_ms))
		return false;
	if (!cell_number(&line, "max start:", &ret->at_s))
		ret->at_s = NAN;
	return true;
}

static bool is_total(struct span line)
{
	return span_starts(span_trim(line), "TOTAL:") && line_has(line, "|");
}

/* Dashes, or a blank line. */
static bool is_ruler(struct span line)
{
	struct span text = span_trim(line);

	for (const char *p = text.p; p < text.end; p++)
		if (*p != '-')
			return false;
	return true;
}

static int add_row(struct perf_text *text, const struct latency_row *row)
{
	return perf_sched_add(&text->sched[PERF_LATENCY], row->name,
			      &(struct perf_sched_row){ .threads = row->threads,
							.switches = row->switches,
							.run_ms = row->runtime_ms,
							.wait_ms = row->average_ms * row->switches,
							.max_ms = row->max_ms,
							.preempted = NAN,
							.max_at_s = row->at_s });
}

static int take_table(struct import *import, const struct span *lines, size_t count)
{
	struct latency_row row;
	struct perf_text *text;
	size_t used = 0;
	int r;

	if (!is_header(lines[0]) && !read_row(lines[0], &row) &&
	    (!is_ruler(lines[0]) || count < 2 || !is_header(lines[1])))
		return 0;
	r = perf_text_of(import, &text);
	for (size_t i = 0; r == 0 && i < count; i++) {
		if (is_header(lines[i])) {
			if (i > 1 && used > 1)
				break; /* another table */
			perf_sched_table_clear(&text->sched[PERF_LATENCY]);
			text->sched[PERF_LATENCY].whole = true;
		} else if (read_row(lines[i], &row)) {
			r = add_row(text, &row);
		} else if (!is_total(lines[i])) {
			if (!is_ruler(lines[i]))
				break;
			if (line_is_blank(lines[i]))
				continue;
		}
		used = i + 1;
	}
	return r < 0 ? r : (int)used;
}

const struct text_kind kind_perf_latency = { "perf sched latency", STAGE_sched, take_table };

/* ---- rows that ran together ----------------------------------------------------------------- */

/* The number behind "LABEL:"; false: it is not in the line. `ret_from`: where the label begins,
 * when that is earlier. */
static bool labelled(struct span line, const char *label, bool is_time, double *ret,
		     const char **ret_from)
{
	const char *at = perf_find(line, label);
	struct span rest;

	if (!at)
		return false;
	rest = span_trim((struct span){ at + strlen(label), line.end });
	if (!span_len(rest) || (*rest.p != ':' && *rest.p != '='))
		return false;
	rest.p++;
	if (is_time ? !perf_take_ms(&rest, ret) : !perf_take_number(&rest, ret))
		return false;
	if (!*ret_from || at < *ret_from)
		*ret_from = at;
	return true;
}

static int take_labelled(struct import *import, const struct span *lines, size_t count)
{
	struct perf_sched_row row = { .threads = NAN,
				      .switches = NAN,
				      .run_ms = NAN,
				      .wait_ms = NAN,
				      .max_ms = NAN,
				      .preempted = NAN,
				      .max_at_s = NAN };
	double average_ms = NAN;
	const char *from = NULL;
	struct perf_text *text;
	struct span name;
	bool known;
	int r;

	known = labelled(lines[0], "switches", false, &row.switches, &from);
	known &= labelled(lines[0], "max delay", true, &row.max_ms, &from) |
		 labelled(lines[0], "avg delay", true, &average_ms, &from);
	labelled(lines[0], "runtime", true, &row.run_ms, &from);
	if (!known)
		return 0;
	name = take_name((struct span){ lines[0].p, from }, &row.threads);
	if (!span_len(span_trim(name)) || span_len(name) >= PERF_NAME_MAX)
		return 0;
	row.threads = NAN; /* that colon belongs to the label */
	row.wait_ms = average_ms * row.switches;
	r = perf_text_of(import, &text);
	if (r == 0)
		r = perf_sched_add(&text->sched[PERF_LATENCY], name, &row);
	return r < 0 ? r : 1;
}

const struct text_kind kind_perf_labelled = { "perf sched latency (a line)", STAGE_sched,
					      take_labelled };

/* ---- how long was recorded ------------------------------------------------------------------ */

/* "# perf sched record -a -- sleep 5" */
static int take_command(struct import *import, const struct span *lines, size_t count)
{
	const char *command = perf_find(lines[0], "perf sched record");
	struct perf_text *text;
	const char *sleep;
	struct span rest;
	double seconds;
	int r;

	if (!command)
		return 0;
	sleep = perf_find((struct span){ command, lines[0].end }, "sleep ");
	if (!sleep)
		return 0;
	rest = (struct span){ sleep + strlen("sleep "), lines[0].end };
	if (!perf_take_number(&rest, &seconds) || !(seconds > 0) || span_len(span_trim(rest)))
		return 0;
	r = perf_text_of(import, &text);
	if (r == 0)
		text->record_s = seconds;
	return r < 0 ? r : 1;
}

const struct text_kind kind_perf_command = { "perf sched record", STAGE_sched, take_command };
