/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/top_census.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "model/rates.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define ROWS_MAX 64

/* A column and its number: groups have many, and most are one division away from the model. */
struct cell {
	enum column_id column;
	double number;
};

static void put_cells(struct evidence *evidence, int row, const struct cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i++)
		evidence_set_cell(evidence, row, cells[i].column, cells[i].number);
}

static double mean(double a, double b)
{
	return (a + b) / 2;
}

static void put_time(const struct top_interval *interval, const struct thread_group *group,
		     struct evidence *evidence, int row)
{
	double elapsed_s = interval->elapsed_s;
	double ticks_s = group->user_s + group->system_s;
	double all_s = elapsed_s * interval->cpus;
	const struct cell cells[] = {
		{ COLUMN_top_groups_cpu_pct, share_pct(group->cpu_s, elapsed_s) },
		{ COLUMN_top_groups_user_pct, share_pct(group->user_s, elapsed_s) },
		{ COLUMN_top_groups_system_pct, share_pct(group->system_s, elapsed_s) },
		{ COLUMN_top_groups_system_of_cpu_pct, share_pct(group->system_s, ticks_s) },
		{ COLUMN_top_groups_cpu_share_pct,
		  fmin(100, share_pct(group->cpu_s, interval->busy_cpu_s)) },
		{ COLUMN_top_groups_host_cpu_pct, share_pct(group->cpu_s, all_s) },
		{ COLUMN_top_groups_busiest_thread_pct, share_pct(group->busiest_s, elapsed_s) },
		{ COLUMN_top_groups_faults_per_s, group->minor_faults / elapsed_s },
		{ COLUMN_top_groups_major_faults_per_s, group->major_faults / elapsed_s },
		{ COLUMN_top_groups_major_fault_share_pct,
		  share_pct(group->major_faults, interval->totals.major_faults) },
	};

	put_cells(evidence, row, cells, ARRAY_SIZE(cells));
}

static void put_queueing(const struct top_interval *interval, const struct thread_group *group,
			 struct evidence *evidence, int row)
{
	const struct thread_totals *totals = &interval->totals;
	double elapsed_s = interval->elapsed_s;
	const struct cell cells[] = {
		{ COLUMN_top_groups_switches_per_s, group->runs / elapsed_s },
		{ COLUMN_top_groups_switch_share_pct, share_pct(group->runs, totals->runs) },
		{ COLUMN_top_groups_leader_switches_per_s, group->leader_runs / elapsed_s },
		{ COLUMN_top_groups_wait_pct, share_pct(group->wait_s, elapsed_s) },
		{ COLUMN_top_groups_wait_share_pct, share_pct(group->wait_s, totals->wait_s) },
		{ COLUMN_top_groups_wait_per_run_ms,
		  group->runs > 0 ? 1000 * group->wait_s / group->runs : NAN },
		{ COLUMN_top_groups_runnable_share_pct,
		  share_pct(group->run_s + group->wait_s, totals->run_s + totals->wait_s) },
	};

	if (group->has_schedstat)
		put_cells(evidence, row, cells, ARRAY_SIZE(cells));
}

static void put_states(const struct thread_group *group, double runnable, struct evidence *evidence,
		       int row)
{
	const struct cell cells[] = {
		{ COLUMN_top_groups_threads, group->threads },
		{ COLUMN_top_groups_processes, group->processes },
		{ COLUMN_top_groups_runnable, runnable },
		{ COLUMN_top_groups_uninterruptible,
		  mean(group->uninterruptible, group->uninterruptible_before) },
		{ COLUMN_top_groups_uninterruptible_lasting, group->lasting },
		{ COLUMN_top_groups_rt_threads, group->realtime },
	};

	put_cells(evidence, row, cells, ARRAY_SIZE(cells));
}

static int put_names(const struct thread_group *group, struct evidence *evidence, int row)
{
	_cleanup_(str_free) struct str pids = { 0 };
	bool own_name = strcmp(group->thread, group->program) != 0;
	int r;

	for (uint32_t i = 0; i < group->processes && i < ARRAY_SIZE(group->pids); i++)
		str_format(&pids, "%s%d", i ? "," : "", group->pids[i]);
	r = evidence_set_cell_text(evidence, row, COLUMN_top_groups_name,
				   own_name ? group->thread : group->program);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_groups_program,
					   group->program);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_groups_thread, group->thread);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_groups_kind,
					   group->kernel ? "kernel" : "user");
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_top_groups_pids, str_text(&pids));
	return r;
}

static int put_busiest_cpu(const struct thread_group *group, struct evidence *evidence, int row)
{
	char name[24];

	if (!group->busiest || group->busiest->now->cpu < 0)
		return 0;
	snprintf(name, sizeof(name), "CPU %d", group->busiest->now->cpu);
	return evidence_set_cell_text(evidence, row, COLUMN_top_groups_busiest_cpu, name);
}

/* What only candidates have: kinds of switches, affinity, cgroup and the CPUs that these leave. */
static int put_facts(const struct top_interval *interval, const struct group_facts *facts,
		     double runnable, struct evidence *evidence, int row)
{
	double affinity = facts->affinity_cpus > 0 ? facts->affinity_cpus : NAN;
	double quota = facts->has_cgroup ? quotas_limit(interval->quotas_after, facts->cgroup) :
					   NAN;
	double usable = fmin(fmin(interval->cpus, affinity), quota);
	double throttled_pct = facts->has_cgroup ?
				       quotas_throttled_pct(interval->quotas_before,
							    interval->quotas_after, facts->cgroup) :
				       NAN;
	const struct cell cells[] = {
		{ COLUMN_top_groups_voluntary_per_s, facts->voluntary_per_s },
		{ COLUMN_top_groups_involuntary_per_s, facts->involuntary_per_s },
		{ COLUMN_top_groups_involuntary_pct,
		  share_pct(facts->involuntary_per_s,
			    facts->voluntary_per_s + facts->involuntary_per_s) },
		{ COLUMN_top_groups_mutex_waiters, facts->mutex_waiters },
		{ COLUMN_top_groups_affinity_cpus, affinity },
		{ COLUMN_top_groups_usable_cpus, usable },
		{ COLUMN_top_groups_runnable_per_cpu, runnable / usable },
		{ COLUMN_top_groups_cgroup_throttled_pct, throttled_pct },
	};

	put_cells(evidence, row, cells, ARRAY_SIZE(cells));
	if (!facts->has_cgroup)
		return 0;
	return evidence_set_cell_text(evidence, row, COLUMN_top_groups_cgroup, facts->cgroup);
}

static int put_group(const struct top_interval *interval, const struct thread_group *group,
		     struct evidence *evidence)
{
	const struct group_facts *facts = candidates_facts(interval->candidates, group);
	double runnable = group->has_schedstat ?
				  (group->run_s + group->wait_s) / interval->elapsed_s :
				  group->runnable_now;
	int row = evidence_add_row(evidence, TABLE_top_groups);
	int r;

	if (row < 0)
		return row;
	r = put_names(group, evidence, row);
	put_states(group, runnable, evidence, row);
	put_time(interval, group, evidence, row);
	put_queueing(interval, group, evidence, row);
	if (r == 0)
		r = put_busiest_cpu(group, evidence, row);
	if (facts)
		return r < 0 ? r : put_facts(interval, facts, runnable, evidence, row);
	evidence_set_cell(evidence, row, COLUMN_top_groups_runnable_per_cpu,
			  runnable / interval->cpus);
	return r;
}

int top_put_groups(const struct top_interval *interval, struct evidence *evidence)
{
	int r = 0;

	evidence_mark_table(evidence, TABLE_top_groups);
	for (size_t i = 0; i < interval->groups->len && i < ROWS_MAX && r == 0; i++)
		r = put_group(interval, &interval->groups->data[i], evidence);
	return r;
}
