/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/sched_put.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "model/rates.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define GROUPS_MAX 64
#define PAIRS_MAX 32

/* What every row needs. */
struct put {
	const struct sched_model *model;
	const struct sched_totals *totals;
	struct evidence *evidence;
	uint32_t own_group;
	bool wakeups; /* without them only preempted threads are known to wait: no wait is told */
	double window_s;
	double cpus; /* usable; NAN: not known */
	uint64_t all_wait_ns;
};

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

static double per_s(const struct put *put, uint64_t count)
{
	return (double)count / put->window_s;
}

/* A sum of durations as a share of the window: 100 is one thread all the time. */
static double window_pct(const struct put *put, uint64_t ns)
{
	return share_pct((double)ns / 1e9, put->window_s);
}

static uint64_t all_waits(const struct sched_group *group)
{
	return group->waits.sum_ns + group->open_wait_ns;
}

static const char *group_name(const struct sched_group *group)
{
	return strcmp(group->thread, group->program) ? group->thread : group->program;
}

/* Groups are shown as "thread" or, where that says too little, "thread of program". */
static void actor_name(const struct put *put, uint32_t actor, struct str *out)
{
	const struct sched_group *group;

	if (actor == SCHED_ACTOR_IDLE)
		str_append(out, "idle");
	else if (actor == SCHED_ACTOR_SOFTIRQ)
		str_append(out, "softirq");
	else if (actor == SCHED_ACTOR_HARDIRQ)
		str_append(out, "hardirq");
	else if ((group = sched_model_group(put->model, actor)))
		str_append(out, group_name(group));
	else
		str_append(out, "unknown");
}

static int put_actor(const struct put *put, int row, enum column_id name, enum column_id program,
		     uint32_t actor)
{
	const struct sched_group *group = sched_model_group(put->model, actor);
	_cleanup_(str_free) struct str text = { 0 };
	int r;

	actor_name(put, actor, &text);
	r = evidence_set_cell_text(put->evidence, row, name, str_text(&text));
	if (r == 0 && group)
		r = evidence_set_cell_text(put->evidence, row, program, group->program);
	return r;
}

static int put_cpu_name(const struct put *put, int row, enum column_id column, uint32_t cpu)
{
	char name[24];

	snprintf(name, sizeof(name), "CPU %u", cpu);
	return evidence_set_cell_text(put->evidence, row, column, name);
}

/* Who ran most while the group waited. */
static int put_delayer(const struct put *put, int row, const struct sched_group *group)
{
	_cleanup_(str_free) struct str name = { 0 };
	const struct sched_blame *blame;
	size_t count;

	blame = sched_model_blame(put->model, &count);
	for (size_t i = 0; i < count; i++) {
		if (blame[i].waiter != group->id || blame[i].runner == SCHED_ACTOR_UNKNOWN)
			continue;
		actor_name(put, blame[i].runner, &name);
		evidence_set_cell(put->evidence, row, COLUMN_sched_groups_delayed_by_pct,
				  share_pct(ms(blame[i].ns),
					    ms(all_waits(group) + group->work.cut_wait_ns)));
		return evidence_set_cell_text(put->evidence, row, COLUMN_sched_groups_delayed_by,
					      str_text(&name));
	}
	return 0;
}

struct cell {
	enum column_id column;
	double number;
};

static void put_cells(const struct put *put, int row, const struct cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i++)
		evidence_set_cell(put->evidence, row, cells[i].column, cells[i].number);
}

static void put_group_work(const struct put *put, int row, const struct sched_group *group)
{
	const struct sched_work *work = &group->work;
	uint64_t pushed = work->preempted + work->yielded;
	const struct cell cells[] = {
		{ COLUMN_sched_groups_threads, (double)group->threads },
		{ COLUMN_sched_groups_run_pct, window_pct(put, work->run_ns) },
		{ COLUMN_sched_groups_switches_per_s, per_s(put, work->switches) },
		{ COLUMN_sched_groups_switch_share_pct,
		  share_pct((double)work->switches, (double)put->totals->work.switches) },
		{ COLUMN_sched_groups_voluntary_per_s, per_s(put, work->voluntary) },
		{ COLUMN_sched_groups_preempted_per_s, per_s(put, pushed) },
		{ COLUMN_sched_groups_preempted_pct,
		  share_pct((double)pushed, (double)(pushed + work->voluntary)) },
		{ COLUMN_sched_groups_migrations_per_s, per_s(put, work->migrations) },
	};

	put_cells(put, row, cells, ARRAY_SIZE(cells));
	if (work->switches)
		evidence_set_cell(put->evidence, row, COLUMN_sched_groups_slice_ms,
				  ms(group->slice_p50_ns));
}

static int put_group_waits(const struct put *put, int row, const struct sched_group *group)
{
	const struct sched_delays *waits = &group->waits;
	bool open_is_longer = group->open_wait_max_ns > waits->max_ns;
	uint64_t max_end_ns = waits->max_from_ns + waits->max_ns;
	const struct cell queueing[] = {
		{ COLUMN_sched_groups_wakeups_per_s, per_s(put, group->work.wakeups) },
		{ COLUMN_sched_groups_wakes_per_s, per_s(put, group->wakeups_given) },
		{ COLUMN_sched_groups_runnable, group->runnable_avg },
		{ COLUMN_sched_groups_runnable_max, group->runnable_max },
		{ COLUMN_sched_groups_runnable_per_cpu, group->runnable_avg / put->cpus },
		{ COLUMN_sched_groups_wait_pct, window_pct(put, all_waits(group)) },
		{ COLUMN_sched_groups_wait_share_pct,
		  share_pct(ms(all_waits(group)), ms(put->all_wait_ns)) },
	};
	const struct cell cells[] = {
		{ COLUMN_sched_groups_wait_avg_ms, ms(waits->sum_ns) / (double)waits->count },
		{ COLUMN_sched_groups_wait_p50_ms, ms(group->wait_p50_ns) },
		{ COLUMN_sched_groups_wait_p99_ms, ms(group->wait_p99_ns) },
	};

	put_cells(put, row, queueing, ARRAY_SIZE(queueing));
	if (waits->count)
		put_cells(put, row, cells, ARRAY_SIZE(cells));
	if (!waits->count && !group->open_waits)
		return 0;
	evidence_set_cell(put->evidence, row, COLUMN_sched_groups_wait_max_ms,
			  ms(open_is_longer ? group->open_wait_max_ns : waits->max_ns));
	evidence_set_cell(put->evidence, row, COLUMN_sched_groups_wait_max_at_s,
			  (double)((open_is_longer ? group->open_wait_max_until_ns : max_end_ns) -
				   put->totals->start_ns) /
				  1e9);
	return open_is_longer ?
		       0 :
		       put_cpu_name(put, row, COLUMN_sched_groups_wait_max_cpu, waits->max_cpu);
}

static int put_group(const struct put *put, const struct sched_group *group)
{
	int row = evidence_add_row(put->evidence, TABLE_sched_groups);
	struct evidence *evidence = put->evidence;
	int r;

	if (row < 0)
		return row;
	r = evidence_set_cell_text(evidence, row, COLUMN_sched_groups_name, group_name(group));
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_sched_groups_program,
					   group->program);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_sched_groups_thread,
					   group->thread);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_sched_groups_kind,
					   group->kernel ? "kernel" : "user");
	put_group_work(put, row, group);
	if (r < 0 || !put->wakeups)
		return r;
	r = put_group_waits(put, row, group);
	return r < 0 ? r : put_delayer(put, row, group);
}

static int put_groups(const struct put *put)
{
	uint32_t ids[GROUPS_MAX + 1];
	size_t count = sched_model_rank(put->model, SCHED_BY_WAIT, ids, ARRAY_SIZE(ids));
	int r = 0;

	evidence_mark_table(put->evidence, TABLE_sched_groups);
	for (size_t i = 0; i < count && r == 0; i++)
		if (ids[i] != put->own_group && ids[i] != SCHED_GROUP_OTHER)
			r = put_group(put, sched_model_group(put->model, ids[i]));
	return r;
}

static const char *context_name(uint32_t waker)
{
	return waker == SCHED_ACTOR_SOFTIRQ ? "softirq" :
	       waker == SCHED_ACTOR_HARDIRQ ? "hardirq" :
					      "task";
}

/* How often the wakee wakes the waker. */
static uint64_t wakes_back(const struct put *put, const struct sched_edge *edge)
{
	const struct sched_pair *pairs;
	size_t count;

	pairs = sched_model_pairs(put->model, &count);
	for (size_t i = 0; i < count; i++) {
		if (pairs[i].a == edge->waker && pairs[i].b == edge->wakee)
			return pairs[i].b_to_a;
		if (pairs[i].b == edge->waker && pairs[i].a == edge->wakee)
			return pairs[i].a_to_b;
	}
	return 0;
}

static int put_wake(const struct put *put, const struct sched_edge *edge)
{
	int row = evidence_add_row(put->evidence, TABLE_sched_wakes);
	uint64_t back = wakes_back(put, edge);
	int r;

	if (row < 0)
		return row;
	r = put_actor(put, row, COLUMN_sched_wakes_name, COLUMN_sched_wakes_program, edge->waker);
	if (r == 0)
		r = put_actor(put, row, COLUMN_sched_wakes_wakee, COLUMN_sched_wakes_wakee_program,
			      edge->wakee);
	if (r == 0)
		r = evidence_set_cell_text(put->evidence, row, COLUMN_sched_wakes_context,
					   context_name(edge->waker));
	evidence_set_cell(put->evidence, row, COLUMN_sched_wakes_per_s, per_s(put, edge->count));
	evidence_set_cell(put->evidence, row, COLUMN_sched_wakes_share_pct, 100 * edge->share);
	evidence_set_cell(put->evidence, row, COLUMN_sched_wakes_back_per_s, per_s(put, back));
	evidence_set_cell(put->evidence, row, COLUMN_sched_wakes_back_pct,
			  share_pct((double)back, (double)edge->count));
	return r;
}

static int put_wakes(const struct put *put)
{
	const struct sched_edge *edges;
	size_t count, rows = 0;
	int r = 0;

	edges = sched_model_edges(put->model, &count);
	evidence_mark_table(put->evidence, TABLE_sched_wakes);
	for (size_t i = 0; i < count && rows < PAIRS_MAX && r == 0; i++) {
		if (edges[i].waker == put->own_group || edges[i].wakee == put->own_group)
			continue;
		r = put_wake(put, &edges[i]);
		rows++;
	}
	return r;
}

static int put_blamed(const struct put *put, const struct sched_blame *blame)
{
	const struct sched_group *waiter = sched_model_group(put->model, blame->waiter);
	int row = evidence_add_row(put->evidence, TABLE_sched_blame);
	int r;

	if (row < 0)
		return row;
	r = put_actor(put, row, COLUMN_sched_blame_name, COLUMN_sched_blame_program, blame->runner);
	if (r == 0)
		r = put_actor(put, row, COLUMN_sched_blame_waiter,
			      COLUMN_sched_blame_waiter_program, blame->waiter);
	evidence_set_cell(put->evidence, row, COLUMN_sched_blame_wait_pct,
			  window_pct(put, blame->ns));
	if (waiter)
		evidence_set_cell(put->evidence, row, COLUMN_sched_blame_share_pct,
				  share_pct(ms(blame->ns),
					    ms(all_waits(waiter) + waiter->work.cut_wait_ns)));
	evidence_set_cell(put->evidence, row, COLUMN_sched_blame_total_share_pct,
			  share_pct(ms(blame->ns), ms(put->all_wait_ns)));
	return r;
}

static int put_blames(const struct put *put)
{
	const struct sched_blame *blame;
	size_t count;
	int r = 0;

	blame = sched_model_blame(put->model, &count);
	evidence_mark_table(put->evidence, TABLE_sched_blame);
	for (size_t i = 0; i < count && i < PAIRS_MAX && r == 0; i++)
		r = put_blamed(put, &blame[i]);
	return r;
}

static int put_cpus(const struct put *put)
{
	const struct sched_cpu *cpus;
	double idle_s = 0;
	size_t count;
	int r = 0;

	cpus = sched_model_cpus(put->model, &count);
	evidence_mark_table(put->evidence, TABLE_sched_cpus);
	for (size_t i = 0; i < count && r == 0; i++) {
		int row = evidence_add_row(put->evidence, TABLE_sched_cpus);

		if (row < 0)
			return row;
		r = put_cpu_name(put, row, COLUMN_sched_cpus_name, cpus[i].cpu);
		evidence_set_cell(put->evidence, row, COLUMN_sched_cpus_busy_pct,
				  window_pct(put, cpus[i].busy_ns));
		evidence_set_cell(put->evidence, row, COLUMN_sched_cpus_switches_per_s,
				  per_s(put, cpus[i].switches));
		evidence_set_cell(put->evidence, row, COLUMN_sched_cpus_queue, cpus[i].queue_avg);
		evidence_set_cell(put->evidence, row, COLUMN_sched_cpus_queue_max,
				  cpus[i].queue_max);
		evidence_set_cell(put->evidence, row, COLUMN_sched_cpus_idle_while_queued_pct,
				  window_pct(put, cpus[i].idle_while_others_queue_ns));
		idle_s += (double)cpus[i].idle_while_others_queue_ns / 1e9;
	}
	if (count)
		evidence_set(put->evidence, METRIC_sched_idle_while_queued_pct,
			     share_pct(idle_s, put->window_s * (double)count));
	return r;
}

const struct sched_worst *sched_put_worst(const struct sched_model *model)
{
	const struct sched_worst *trusted = sched_model_worst(model, SCHED_WORST_TRUSTED);
	const struct sched_worst *open = sched_model_worst(model, SCHED_WORST_OPEN);
	const struct sched_worst *suspect = sched_model_worst(model, SCHED_WORST_SUSPECT);

	if (open->found && (!trusted->found ||
			    open->until_ns - open->from_ns > trusted->until_ns - trusted->from_ns))
		return open;
	return trusted->found ? trusted : suspect;
}

static void describe_wakeup(const struct sched_excerpt_line *line, struct str *out)
{
	str_format(out, "%s[%d] is woken", line->comm, line->tid);
	if (line->context != SCHED_CONTEXT_TASK)
		str_format(out, " from %s",
			   line->context == SCHED_CONTEXT_SOFTIRQ ? "softirq" : "hardirq");
	else
		str_format(out, " by %s[%d]", line->other_comm, line->other_tid);
	if (line->target_cpu >= 0)
		str_format(out, ", to CPU %d", line->target_cpu);
}

static void describe_switch(const struct sched_excerpt_line *line, struct str *out)
{
	const char *why = line->preempted ? "preempted" :
			  line->runnable  ? "still ready" :
			  line->state	  ? "" :
					    "left";

	if (line->tid)
		str_format(out, "%s[%d] runs", line->comm, line->tid);
	else
		str_append(out, "idle");
	if (!line->other_tid)
		return;
	str_format(out, ", after %s[%d] (", line->other_comm, line->other_tid);
	if (*why)
		str_append(out, why);
	else
		str_format(out, "sleeps %c", line->state);
	str_append_char(out, ')');
}

static void describe_line(const struct sched_excerpt_line *line, struct str *out)
{
	switch (line->type) {
	case SCHED_SWITCH:
		describe_switch(line, out);
		break;
	case SCHED_WAKEUP:
	case SCHED_WAKEUP_NEW:
		describe_wakeup(line, out);
		break;
	case SCHED_MIGRATE:
		str_format(out, "%s[%d] moves to CPU %d", line->comm, line->tid, line->target_cpu);
		break;
	default:
		str_append(out, "records lost");
	}
}

static int put_excerpt(const struct put *put, const struct sched_worst *worst)
{
	int r = 0;

	evidence_mark_table(put->evidence, TABLE_sched_excerpt);
	for (size_t i = 0; i < worst->lines && r == 0; i++) {
		_cleanup_(str_free) struct str text = { 0 };
		const struct sched_excerpt_line *line = &worst->line[i];
		int row = evidence_add_row(put->evidence, TABLE_sched_excerpt);
		char at[32];

		if (row < 0)
			return row;
		describe_line(line, &text);
		r = evidence_set_cell_text(put->evidence, row, COLUMN_sched_excerpt_name,
					   str_text(&text));
		snprintf(at, sizeof(at), "%.3f ms",
			 ((double)line->time_ns - (double)worst->from_ns) / 1e6);
		if (r == 0)
			r = evidence_set_cell_text(put->evidence, row, COLUMN_sched_excerpt_at, at);
		if (r == 0)
			r = put_cpu_name(put, row, COLUMN_sched_excerpt_cpu, line->cpu);
	}
	return r;
}

static int put_worst(const struct put *put)
{
	const struct sched_worst *worst = sched_put_worst(put->model);
	char thread[64], cpu[24];
	int r;

	if (!worst->found)
		return 0;
	snprintf(thread, sizeof(thread), "%s[%d]", worst->comm, worst->tid);
	snprintf(cpu, sizeof(cpu), "CPU %u", worst->cpu);
	r = evidence_set_text(put->evidence, METRIC_sched_wait_max_thread, thread);
	if (r == 0)
		r = evidence_set_text(put->evidence, METRIC_sched_wait_max_cpu, cpu);
	evidence_set(put->evidence, METRIC_sched_wait_max_ms, ms(worst->until_ns - worst->from_ns));
	evidence_set(put->evidence, METRIC_sched_wait_max_at_s,
		     (double)(worst->until_ns - put->totals->start_ns) / 1e9);
	evidence_set(put->evidence, METRIC_sched_wait_max_suspect, worst->suspect != 0);
	return r < 0 ? r : put_excerpt(put, worst);
}

static void put_totals(const struct put *put)
{
	const struct sched_totals *totals = put->totals;
	const struct sched_work *work = &totals->work;
	uint64_t pushed = work->preempted + work->yielded;
	struct evidence *evidence = put->evidence;

	evidence_set(evidence, METRIC_sched_switches_per_s, per_s(put, totals->switches));
	evidence_set(evidence, METRIC_sched_migrations_per_s, per_s(put, work->migrations));
	evidence_set(evidence, METRIC_sched_preempted_pct,
		     share_pct((double)pushed, (double)(pushed + work->voluntary)));
	if (!put->wakeups)
		return;
	evidence_set(evidence, METRIC_sched_wakeups_per_s, per_s(put, totals->wakeups));
	evidence_set(evidence, METRIC_sched_irq_wakeups_pct,
		     share_pct((double)(totals->wakeups_softirq + totals->wakeups_hardirq),
			       (double)totals->wakeups));
	evidence_set(evidence, METRIC_sched_wait_pct, window_pct(put, put->all_wait_ns));
	if (totals->waits.count)
		evidence_set(evidence, METRIC_sched_wait_avg_ms,
			     ms(totals->waits.sum_ns) / (double)totals->waits.count);
	evidence_set(evidence, METRIC_sched_watched_pct,
		     share_pct((double)totals->watched_ns,
			       (double)(totals->end_ns - totals->start_ns)));
	evidence_set(evidence, METRIC_sched_looks, (double)totals->pauses + 1);
	evidence_set(evidence, METRIC_sched_odd_records,
		     (double)(totals->wrong_prev + totals->ran_on_two_cpus +
			      totals->runs_without_wakeup + totals->backwards + totals->malformed));
}

static void note_limits(const struct put *put)
{
	const struct sched_totals *totals = put->totals;

	if (totals->lost_records || totals->losses)
		evidence_add_caveat(
			put->evidence,
			"sched: records were lost %llu times (%llu records): waits that "
			"they cut are not counted",
			(unsigned long long)totals->losses,
			(unsigned long long)totals->lost_records);
	if (totals->over_threads_max)
		evidence_add_caveat(put->evidence,
				    "sched: more threads than fit: some are not told apart");
}

int sched_put(const struct sched_model *model, uint32_t own_group, bool wakeups,
	      struct evidence *evidence)
{
	const struct sched_totals *totals = sched_model_totals(model);
	struct put put = {
		.model = model,
		.totals = totals,
		.evidence = evidence,
		.own_group = own_group,
		.wakeups = wakeups,
		.window_s = (double)totals->watched_ns / 1e9,
		.cpus = evidence_number(evidence, METRIC_host_usable_cpus),
		.all_wait_ns = totals->waits.sum_ns + totals->open_wait_ns,
	};
	int r;

	put_totals(&put);
	note_limits(&put);
	r = put_groups(&put);
	if (r < 0 || !wakeups)
		return r;
	r = put_wakes(&put);
	if (r == 0)
		r = put_blames(&put);
	if (r == 0)
		r = put_cpus(&put);
	return r < 0 ? r : put_worst(&put);
}
