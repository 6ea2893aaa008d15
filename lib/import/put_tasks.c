/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/groups.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ROWS_MAX 64

/* Sums over all groups, for shares; NAN when nothing tells them. */
struct sums {
	double cpus, busy_cpu_pct; /* of one CPU */
	double runnable;	   /* of all groups, as runnable_of() tells it */
	double cpu, kernel_cpu, switches, wait, running, blocked, leaders, realtime_cpu;
	bool estimated;
	bool overfull; /* a group uses more than the CPUs can give */
};

struct cell {
	enum column_id column;
	double number;
};

static void put_cells(struct evidence *evidence, int row, const struct cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i++)
		evidence_set_cell(evidence, row, cells[i].column, cells[i].number);
}

static void add(double *sum, double value)
{
	if (!isnan(value))
		*sum = isnan(*sum) ? value : *sum + value;
}

static struct sums sum_up(const struct import *import, const struct groups *groups)
{
	struct sums sums = { .cpu = NAN,
			     .kernel_cpu = NAN,
			     .switches = NAN,
			     .wait = NAN,
			     .running = NAN,
			     .blocked = NAN,
			     .leaders = NAN,
			     .realtime_cpu = NAN };

	sums.cpus = evidence_number(import->evidence, METRIC_host_cpus_online);
	sums.busy_cpu_pct = evidence_number(import->evidence, METRIC_vmstat_busy_pct) * sums.cpus;
	vec_each(group, groups) {
		add(&sums.cpu, group->cpu);
		add(&sums.kernel_cpu, group->kernel ? group->cpu : isnan(group->cpu) ? NAN : 0);
		add(&sums.realtime_cpu, isnan(group->realtime)		      ? NAN :
					group->realtime > 0 && !group->kernel ? group->cpu :
										0);
		add(&sums.switches, group->voluntary + group->involuntary);
		add(&sums.wait, group->wait);
		add(&sums.running, group->running);
		add(&sums.blocked, group->blocked);
		add(&sums.leaders, group->leader_switches);
	}
	return sums;
}

/* ---- one group ----------------------------------------------------------------------------------- */

/* Threads that run or queue: their time, as the top stage counts it, else how many were seen in
 * state R, else their part of the host's queue. */
static double runnable_of(const struct import *import, const struct group *group, struct sums *sums)
{
	double r = evidence_number(import->evidence, METRIC_vmstat_r);
	double share;

	if (!isnan(group->wait) && !isnan(group->cpu) && group->has_threads_cpu)
		return (group->cpu + group->wait) / 100;
	if (!isnan(group->running))
		return group->running;
	share = (group->voluntary + group->involuntary) / sums->switches;
	if (isnan(share * r) || share < 0.05)
		return NAN;
	sums->estimated = true;
	/* who used five CPUs had five threads that ran */
	return fmax(share * r, group->cpu / 100);
}

/* A tenth over, for tools that round or whose second is not a second. */
static bool is_overfull(const struct group *group, const struct sums *sums)
{
	return group->cpu > 110 * sums->cpus;
}

static int put_names(const struct group *group, struct evidence *evidence, int row)
{
	_cleanup_(str_free) struct str pids = { 0 };
	const char *program = group->program[0] ? group->program : NULL;
	int r;

	for (size_t i = 0; i < group->processes && i < GROUP_PIDS; i++)
		str_format(&pids, "%s%ld", i ? "," : "", group->pids[i]);
	r = evidence_set_cell_text(evidence, row, COLUMN_top_groups_name, group->thread);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_groups_program, program);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_groups_thread, group->thread);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_groups_kind,
					   group->kernel ? "kernel" : "user");
	if (r == 0 && pids.len)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_groups_pids, str_text(&pids));
	return r;
}

static void put_time(const struct group *group, const struct sums *sums, struct evidence *evidence,
		     int row)
{
	double share = import_share_pct(group->cpu, sums->busy_cpu_pct);
	const struct cell cells[] = {
		{ COLUMN_top_groups_cpu_pct, group->cpu },
		{ COLUMN_top_groups_user_pct, group->user },
		{ COLUMN_top_groups_system_pct, group->system },
		{ COLUMN_top_groups_system_of_cpu_pct,
		  import_share_pct(group->system, group->user + group->system) },
		{ COLUMN_top_groups_cpu_share_pct, share > 100 ? 100 : share },
		{ COLUMN_top_groups_host_cpu_pct,
		  is_overfull(group, sums) ? NAN : group->cpu / sums->cpus },
		{ COLUMN_top_groups_busiest_thread_pct, group->busiest },
		{ COLUMN_top_groups_wait_pct, group->wait },
		{ COLUMN_top_groups_wait_share_pct, import_share_pct(group->wait, sums->wait) },
	};

	put_cells(evidence, row, cells, ARRAY_SIZE(cells));
}

static void put_switches(const struct group *group, const struct sums *sums,
			 struct evidence *evidence, int row)
{
	double switches = group->voluntary + group->involuntary;
	const struct cell cells[] = {
		{ COLUMN_top_groups_switches_per_s, switches },
		{ COLUMN_top_groups_switch_share_pct, import_share_pct(switches, sums->switches) },
		{ COLUMN_top_groups_leader_switches_per_s, group->leader_switches },
		{ COLUMN_top_groups_voluntary_per_s, group->voluntary },
		{ COLUMN_top_groups_involuntary_per_s, group->involuntary },
		{ COLUMN_top_groups_involuntary_pct,
		  import_share_pct(group->involuntary, switches) },
	};

	put_cells(evidence, row, cells, ARRAY_SIZE(cells));
}

static int put_group(const struct import *import, const struct group *group, struct sums *sums)
{
	struct evidence *evidence = import->evidence;
	double runnable = runnable_of(import, group, sums);
	int row = evidence_add_row(evidence, TABLE_top_groups);
	const struct cell cells[] = {
		{ COLUMN_top_groups_threads, group->threads },
		{ COLUMN_top_groups_processes, group->processes ? (double)group->processes : NAN },
		{ COLUMN_top_groups_runnable, runnable },
		{ COLUMN_top_groups_runnable_per_cpu, runnable / sums->cpus },
		{ COLUMN_top_groups_runnable_share_pct,
		  import_share_pct(runnable, sums->runnable) },
		{ COLUMN_top_groups_uninterruptible, group->blocked },
		{ COLUMN_top_groups_rt_threads, group->realtime },
		/* the most that there can be: quotas and affinity are not in the text */
		{ COLUMN_top_groups_usable_cpus, sums->cpus },
	};
	char cpu[24];
	int r;

	if (row < 0)
		return row;
	sums->overfull |= is_overfull(group, sums);
	put_cells(evidence, row, cells, ARRAY_SIZE(cells));
	put_time(group, sums, evidence, row);
	put_switches(group, sums, evidence, row);
	r = put_names(group, evidence, row);
	if (r < 0 || group->busiest_cpu < 0)
		return r;
	snprintf(cpu, sizeof(cpu), "CPU %d", group->busiest_cpu);
	return evidence_set_cell_text(evidence, row, COLUMN_top_groups_busiest_cpu, cpu);
}

/* ---- the host's sums ----------------------------------------------------------------------------- */

static bool is_whole(const struct task_list *list)
{
	return list && !list->partial;
}

static void put_states(const struct import *import, const struct task_sources *sources,
		       const struct sums *sums)
{
	struct evidence *evidence = import->evidence;
	const struct task_list *states = sources->states;
	bool threads = states && (states->kind == LIST_PS_L || states->kind == LIST_TOP_H);

	if (threads || sources->waits)
		evidence_set(evidence, METRIC_top_runnable, sums->runnable);
	if (!threads)
		return;
	evidence_set(evidence, METRIC_top_uninterruptible, sums->blocked);
	evidence_set(evidence, METRIC_top_d_of_load_pct,
		     import_share_pct(sums->blocked, sums->running + sums->blocked));
}

static double count_tasks(const struct import *import, const struct task_list *list, char state)
{
	double count = 0;

	vec_each(task, &list->tasks)
		count += !state || task->state == state ? task->count : 0;
	return count;
}

static void put_counts(const struct import *import, const struct task_sources *sources)
{
	const struct task_list *threads = import_list(import, LIST_PS_L);
	double told = told_value(&import->host[HOST_TASKS]);
	double zombies = told_value(&import->host[HOST_ZOMBIES]);

	if (!is_whole(threads))
		threads = import_list(import, LIST_TOP_H);
	/* what top's first lines say counts the whole host; /proc/loadavg alone is no look at them */
	if (is_whole(threads))
		told = count_tasks(import, threads, 0);
	if (threads || import->host[HOST_TASKS].by == TOLD_BY_TOP)
		evidence_set(import->evidence, METRIC_top_threads, told);
	if (isnan(zombies) && is_whole(sources->states))
		zombies = count_tasks(import, sources->states, 'Z');
	evidence_set(import->evidence, METRIC_top_zombies, zombies);
	evidence_set(import->evidence, METRIC_top_processes,
		     told_value(&import->host[HOST_PROCESSES]));
}

static void put_sums(const struct import *import, const struct task_sources *sources,
		     const struct sums *sums)
{
	struct evidence *evidence = import->evidence;

	put_counts(import, sources);
	put_states(import, sources, sums);
	evidence_set(evidence, METRIC_top_switches_per_s, sums->switches);
	evidence_set(evidence, METRIC_top_leader_switches_per_s, sums->leaders);
	evidence_set(evidence, METRIC_top_wait_pct, sums->wait);
	if (!is_whole(sources->cpu))
		return;
	evidence_set(evidence, METRIC_top_cpu_pct, sums->cpu);
	evidence_set(evidence, METRIC_top_kernel_cpu_pct, sums->kernel_cpu);
	evidence_set(evidence, METRIC_top_rt_cpu_pct, sums->realtime_cpu);
}

/* pidstat -w shows main threads: in a storm of threads they are the ones that sleep. */
static void say_missing_threads(struct import *import, const struct task_sources *sources,
				const struct sums *sums)
{
	double switches = evidence_number(import->evidence, METRIC_vmstat_cs_per_s);

	if (!sources->leaders || sources->switches)
		return;
	if (sums->leaders < switches / 2)
		evidence_add_caveat(
			import->evidence,
			"threads are missing: pidstat -w shows main threads only, %.0f of "
			"%.0f context switches/s; run pidstat -wt 1 3",
			sums->leaders, switches);
	else
		evidence_add_caveat(import->evidence,
				    "threads are missing: pidstat -w shows main threads only; run "
				    "pidstat -wt 1 3");
}

int import_put_tasks(struct import *import)
{
	struct task_sources sources;
	struct groups groups = { 0 };
	struct sums sums;
	int r;

	if (!import->lists.len) {
		put_counts(import, &(struct task_sources){ 0 });
		return 0;
	}
	task_sources_find(import, &sources);
	r = groups_make(import, &sources, &groups);
	if (r < 0)
		return r;
	sums = sum_up(import, &groups);
	sums.runnable = NAN;
	vec_each(group, &groups)
		add(&sums.runnable, runnable_of(import, group, &sums));
	evidence_mark_table(import->evidence, TABLE_top_groups);
	for (size_t i = 0; i < groups.len && i < ROWS_MAX && r == 0; i++)
		r = put_group(import, &groups.data[i], &sums);
	put_sums(import, &sources, &sums);
	say_missing_threads(import, &sources, &sums);
	if (sums.overfull)
		evidence_add_caveat(
			import->evidence,
			"a program uses more than %.0f CPUs can give: the texts are of different "
			"hosts, or --cpus is too small",
			sums.cpus);
	if (sums.estimated)
		evidence_add_caveat(
			import->evidence,
			"how many threads of a group are runnable is estimated: its share of the "
			"switches, of r; ps -eLo state,pid,tid,comm tells");
	vec_free(&groups);
	return r == 0 ? import_put_dstate(import, &sources) : r;
}
