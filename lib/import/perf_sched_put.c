/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scheduler's tables as evidence: rates only where the text tells how long it watched. */
#include "import/gather.h"
#include "import/perf_text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define ROWS_MAX 64

struct sums {
	double switches, run_ms, wait_ms, preempted, max_ms;
};

static struct sums sum_of(const struct perf_sched_table *table)
{
	struct sums sums = { .max_ms = NAN };

	vec_each(row, &table->rows) {
		sums.switches += row->switches;
		sums.run_ms += row->run_ms;
		sums.wait_ms += row->wait_ms;
		sums.preempted += row->preempted;
		sums.max_ms = fmax(sums.max_ms, row->max_ms);
	}
	return sums;
}

static int by_wait(const void *left, const void *right)
{
	const struct perf_sched_row *a = left, *b = right;
	double x = isnan(a->wait_ms) ? a->run_ms : a->wait_ms;
	double y = isnan(b->wait_ms) ? b->run_ms : b->wait_ms;

	if (x != y)
		return x < y ? 1 : -1;
	return strcmp(a->name, b->name);
}

/* Per second, per cent of a CPU: unknown without a window. */
static double per_s(double number, double window_s)
{
	return window_s > 0 ? number / window_s : NAN;
}

static double busy_pct(double ms, double window_s)
{
	return per_s(ms / 1000, window_s) * 100;
}

static double average(double sum, double count)
{
	return count > 0 ? sum / count : NAN;
}

/* A line that somebody picked out tells no threads: another tool may have counted them. */
static double threads_of(const struct evidence *evidence, const struct perf_sched_row *told)
{
	int rows = evidence_rows(evidence, TABLE_top_groups);

	for (int row = 0; isnan(told->threads) && row < rows; row++) {
		struct value name = evidence_cell(evidence, row, COLUMN_top_groups_thread);
		struct value threads = evidence_cell(evidence, row, COLUMN_top_groups_threads);

		if (name.kind == VALUE_TEXT && threads.kind == VALUE_NUMBER &&
		    strcmp(name.text, told->name) == 0)
			return threads.number;
	}
	/* 0: they were counted under the name that they had before */
	return told->threads > 0 ? told->threads : NAN;
}

static int put_row(struct evidence *evidence, const struct perf_sched_row *told, double window_s,
		   const struct sums *sums)
{
	int row = evidence_add_row(evidence, TABLE_sched_groups), r;
	double runnable = busy_pct(told->run_ms + told->wait_ms, window_s) / 100;
	double cpus = evidence_number(evidence, METRIC_host_usable_cpus);
	const struct {
		enum column_id column;
		double value;
	} cells[] = {
		{ COLUMN_sched_groups_threads, threads_of(evidence, told) },
		{ COLUMN_sched_groups_runnable, runnable },
		{ COLUMN_sched_groups_runnable_per_cpu, runnable / cpus },
		{ COLUMN_sched_groups_run_pct, busy_pct(told->run_ms, window_s) },
		{ COLUMN_sched_groups_switches_per_s, per_s(told->switches, window_s) },
		{ COLUMN_sched_groups_switch_share_pct,
		  import_share_pct(told->switches, sums->switches) },
		{ COLUMN_sched_groups_wait_pct, busy_pct(told->wait_ms, window_s) },
		{ COLUMN_sched_groups_wait_share_pct,
		  import_share_pct(told->wait_ms, sums->wait_ms) },
		{ COLUMN_sched_groups_wait_avg_ms, average(told->wait_ms, told->switches) },
		{ COLUMN_sched_groups_wait_max_ms, told->max_ms },
		{ COLUMN_sched_groups_preempted_per_s, per_s(told->preempted, window_s) },
		{ COLUMN_sched_groups_preempted_pct,
		  import_share_pct(told->preempted, told->switches) },
	};

	if (row < 0)
		return row;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
		evidence_set_cell(evidence, row, cells[i].column, cells[i].value);
	r = evidence_set_cell_text(evidence, row, COLUMN_sched_groups_name, told->name);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_sched_groups_thread, told->name);
	return r < 0 ? r :
		       evidence_set_cell_text(evidence, row, COLUMN_sched_groups_kind,
					      told->kernel ? "kernel" : "user");
}

/* A line that somebody picked out says nothing about all, but for the longest wait, which may be
 * longer. */
static int put_table(struct evidence *evidence, struct perf_sched_table *table, double window_s)
{
	struct sums sums = sum_of(table);
	int r = 0;

	if (!table->whole)
		sums = (struct sums){ NAN, NAN, NAN, NAN, sums.max_ms };
	qsort(table->rows.data, table->rows.len, sizeof(*table->rows.data), by_wait);
	for (size_t i = 0; i < table->rows.len && i < ROWS_MAX && r == 0; i++)
		r = put_row(evidence, &table->rows.data[i], window_s, &sums);
	evidence_set(evidence, METRIC_sched_switches_per_s, per_s(table->switches, window_s));
	evidence_set(evidence, METRIC_sched_wait_pct, busy_pct(sums.wait_ms, window_s));
	evidence_set(evidence, METRIC_sched_wait_avg_ms, average(sums.wait_ms, sums.switches));
	evidence_set(evidence, METRIC_sched_wait_max_ms, sums.max_ms);
	evidence_set(evidence, METRIC_sched_preempted_pct,
		     import_share_pct(sums.preempted, sums.switches));
	if (r == 0 && table->worst[0] && table->worst_ms > 0)
		r = evidence_set_text(evidence, METRIC_sched_wait_max_thread, table->worst);
	return r;
}

static void complain_of_window(struct import *import, const struct perf_sched_table *table)
{
	const struct perf_sched_row *most = NULL;

	vec_each(row, &table->rows)
		if (row->switches > 0 && (!most || row->switches > most->switches))
			most = row;
	if (most)
		import_complain(import,
				"perf sched: %.0f switches of %s; how many that are in a second is "
				"not known, because the text does not tell how long was recorded",
				most->switches, most->name);
}

static double window_of(const struct perf_text *text, int teller)
{
	double window_s = text->sched[teller].window_s;

	return isnan(window_s) && teller == PERF_LATENCY ? text->record_s : window_s;
}

/* The first table that tells how long it is of, else the first. -1: there is none. */
static int choose(const struct perf_text *text)
{
	int chosen = -1;

	for (int i = 0; i < PERF_SCHED_TELLERS; i++) {
		if (!text->sched[i].rows.len)
			continue;
		if (!isnan(window_of(text, i)))
			return i;
		if (chosen < 0)
			chosen = i;
	}
	return chosen;
}

static bool has_run(const struct evidence *evidence, enum stage_id stage)
{
	enum stage_status status = evidence_stage(evidence, stage)->status;

	return status == STAGE_OK || status == STAGE_DEGRADED;
}

int perf_text_put(struct import *import)
{
	struct perf_text *text = import->perf;
	int chosen;

	if (!text)
		return 0;
	if (text->other_samples)
		import_complain(import,
				"perf script: %llu samples of events that don't tell what the CPUs "
				"do were left out",
				(unsigned long long)text->other_samples);
	if (has_run(import->evidence, STAGE_perf) && (text->stacks.len || text->functions.len))
		import_complain(import, "text of perf script and perf report was left out: a file "
					"of perf tells more");
	chosen = choose(text);
	if (chosen < 0 && !text->has_switches)
		return 0;
	if (has_run(import->evidence, STAGE_sched)) {
		import_complain(import,
				"text of perf sched was left out: a file of perf tells more");
		return 0;
	}
	/* events tell more than tables: they go through the model */
	if (text->has_switches)
		return 0;
	if (isnan(window_of(text, chosen)))
		complain_of_window(import, &text->sched[chosen]);
	return put_table(import->evidence, &text->sched[chosen], window_of(text, chosen));
}
