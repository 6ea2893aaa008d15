/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/stage.h"

#include "base/cleanup.h"
#include "model/cpu_time.h"
#include "model/rates.h"
#include "stage/top_census.h"

#include <errno.h>
#include <math.h>
#include <sys/resource.h>

/* The second pass comes at this part of the window; the candidates' second look at its end. */
#define SECOND_PASS_PCT 70

/* On a host with very many threads the passes would take more than this share of it: the window
 * grows, up to a factor, rather than the share. */
#define BUDGET_PCT 3
#define STRETCH_MAX 3

/* Everything that the stage holds while it works; freed in one place. */
struct top {
	struct census before, after;
	struct quotas quotas_before, quotas_after;
	struct memory_limits memory;
	struct thread_changes changes;
	struct thread_groups groups;
	struct candidate_groups candidates;
	double own_cpu_s; /* when the stage began, then what it used */
};

static void top_free(struct top *top)
{
	candidates_free(&top->candidates);
	thread_groups_free(&top->groups);
	vec_free(&top->changes);
	quotas_free(&top->quotas_before);
	quotas_free(&top->quotas_after);
	memory_limits_free(&top->memory);
	census_free(&top->before);
	census_free(&top->after);
}

static double own_cpu_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int take(struct stage_context *context, int index, uint64_t after_ns,
		const struct census *earlier, struct census *census, struct quotas *quotas)
{
	int r = procroot_moment(context->root, "top", index, after_ns);

	/* stopped early: what is there is seen once more, now */
	if (r < 0 && !(r == -EINTR && index > 0))
		return r;
	r = census_take(context->root, context->own_pid, earlier, census);
	return r < 0 ? r : quotas_take(context->root, quotas);
}

/* The window that keeps two passes as costly as the first within the budget. */
static uint64_t stretched_ns(const struct stage_context *context, double pass_s)
{
	double cpus = evidence_number(context->evidence, METRIC_host_cpus_online);
	double window_ns = (double)context->window_ns;
	double wanted_ns = 2 * pass_s * 100 / BUDGET_PCT / (isnan(cpus) ? 1 : cpus) * 1e9;

	if (!procroot_is_live(context->root))
		return context->window_ns;
	return (uint64_t)fmin(fmax(window_ns, wanted_ns), window_ns * STRETCH_MAX);
}

static double busy_cpu_s(const struct top *top, double elapsed_s)
{
	struct cpu_shares shares;

	if (!top->before.has_host || !top->after.has_host)
		return NAN;
	shares = cpu_shares(top->before.host.total.ticks, top->after.host.total.ticks);
	return shares.busy / 100 * elapsed_s * (double)top->after.host.cpus.len;
}

static struct top_interval make_interval(const struct stage_context *context, const struct top *top)
{
	struct top_interval interval = {
		.before = &top->before,
		.after = &top->after,
		.changes = &top->changes,
		.groups = &top->groups,
		.quotas_before = &top->quotas_before,
		.quotas_after = &top->quotas_after,
		.candidates = &top->candidates,
		.cpus = evidence_number(context->evidence, METRIC_host_cpus_online),
	};

	interval.elapsed_s =
		(double)(top->after.threads.when_ns - top->before.threads.when_ns) / 1e9;
	if (isnan(interval.cpus) && top->after.has_host)
		interval.cpus = (double)top->after.host.cpus.len;
	interval.busy_cpu_s = busy_cpu_s(top, interval.elapsed_s);
	thread_totals_make(&top->before.threads, &top->changes, &interval.totals);
	return interval;
}

static void put_counts(const struct thread_totals *totals, struct evidence *evidence)
{
	evidence_set(evidence, METRIC_top_threads, totals->threads);
	evidence_set(evidence, METRIC_top_processes, totals->processes);
	evidence_set(evidence, METRIC_top_uninterruptible,
		     (totals->uninterruptible + totals->uninterruptible_before) / 2.0);
	evidence_set(evidence, METRIC_top_uninterruptible_lasting, totals->lasting);
	evidence_set(evidence, METRIC_top_zombies, totals->zombies);
	evidence_set(evidence, METRIC_top_zombies_new,
		     (double)totals->zombies - totals->zombies_before);
}

static void put_queueing(const struct top_interval *interval, struct evidence *evidence)
{
	const struct thread_totals *totals = &interval->totals;
	double elapsed_s = interval->elapsed_s;
	double runnable = totals->has_schedstat ? (totals->run_s + totals->wait_s) / elapsed_s :
						  totals->runnable_now;

	evidence_set(evidence, METRIC_top_runnable, runnable);
	evidence_set(evidence, METRIC_top_d_of_load_pct,
		     share_pct(totals->uninterruptible, runnable + totals->uninterruptible));
	if (!totals->has_schedstat)
		return;
	evidence_set(evidence, METRIC_top_switches_per_s, totals->runs / elapsed_s);
	evidence_set(evidence, METRIC_top_leader_switches_per_s, totals->leader_runs / elapsed_s);
	evidence_set(evidence, METRIC_top_wait_pct, share_pct(totals->wait_s, elapsed_s));
}

static void put_cpu(const struct top_interval *interval, double own_s, struct evidence *evidence)
{
	const struct thread_totals *totals = &interval->totals;
	double elapsed_s = interval->elapsed_s;
	double unseen_s = interval->busy_cpu_s - totals->cpu_s - own_s;

	evidence_set(evidence, METRIC_top_cpu_pct, share_pct(totals->cpu_s, elapsed_s));
	evidence_set(evidence, METRIC_top_kernel_cpu_pct,
		     share_pct(totals->kernel_cpu_s, elapsed_s));
	evidence_set(evidence, METRIC_top_rt_cpu_pct, share_pct(totals->realtime_cpu_s, elapsed_s));
	evidence_set(evidence, METRIC_top_vanished_cpu_pct,
		     share_pct(isnan(unseen_s) ? NAN : fmax(0, unseen_s),
			       elapsed_s * interval->cpus));
}

static void put_births(const struct top_interval *interval, struct evidence *evidence)
{
	const struct thread_totals *totals = &interval->totals;
	double forks;

	evidence_set(evidence, METRIC_top_births_per_s,
		     totals->processes_born / interval->elapsed_s);
	if (!interval->before->has_host || !interval->after->has_host)
		return;
	forks = counter_delta(interval->before->host.forks, interval->after->host.forks);
	evidence_set(evidence, METRIC_top_births_missed_pct,
		     share_pct(fmax(0, forks - totals->born), forks));
}

static void note_limits(struct stage_context *context, const struct top_interval *interval)
{
	double tasks = evidence_number(context->evidence, METRIC_host_tasks);

	if (interval->before->truncated || interval->after->truncated)
		evidence_add_caveat(context->evidence,
				    "more than %d threads: the census stopped there",
				    TOP_THREADS_MAX);
	if (!interval->totals.has_schedstat)
		stage_degrade(context,
			      "use a kernel with CONFIG_SCHEDSTATS or CONFIG_TASK_DELAY_ACCT",
			      "no per-thread schedstat: waiting and switches are not known");
	if (interval->totals.threads < tasks / 2)
		stage_degrade(context,
			      "run as root, outside containers: mount -o remount,hidepid=0 /proc",
			      "only %u of %.0f threads can be seen", interval->totals.threads,
			      tasks);
}

static int put_evidence(struct stage_context *context, struct top *top)
{
	struct top_interval interval = make_interval(context, top);
	struct evidence *evidence = context->evidence;
	int r;

	put_counts(&interval.totals, evidence);
	put_queueing(&interval, evidence);
	put_cpu(&interval, top->own_cpu_s, evidence);
	put_births(&interval, evidence);
	if (context->own_pid)
		evidence_set(evidence, METRIC_top_own_cpu_pct,
			     share_pct(top->own_cpu_s, interval.elapsed_s));
	r = top_put_groups(&interval, evidence);
	if (r == 0)
		r = top_put_parents(&interval, evidence);
	if (r == 0)
		r = top_put_cgroups(&interval, evidence);
	if (r == 0)
		r = top_put_memory(&top->memory, evidence);
	note_limits(context, &interval);
	return r;
}

/* The D state is read right after the second pass saw it, the rates of candidates at the window's
 * end. */
static int look_closer(struct stage_context *context, struct top *top)
{
	struct top_interval interval = make_interval(context, top);
	int stopped = 0;
	int r;

	r = top_put_dstate(context->root, &interval, context->evidence);
	if (r == 0)
		r = candidates_read(context->root, &top->changes, &top->groups, &top->quotas_after,
				    interval.elapsed_s, &top->candidates);
	if (r == 0)
		r = memory_limits_read(context->root, &top->candidates,
				       top_moment_ns(context->root), &top->memory);
	if (r == 0)
		stopped = procroot_moment(context->root, "top", 2, context->window_ns);
	if (r == 0 && stopped == 0) {
		candidates_read_again(context->root, &top->candidates);
		memory_limits_read_again(context->root, top_moment_ns(context->root), &top->memory);
	}
	top->own_cpu_s = own_cpu_s() - top->own_cpu_s;
	if (r == 0)
		r = put_evidence(context, top);
	return r == 0 && stopped == -EINTR ? -EINTR : r;
}

static int collect(struct stage_context *context, struct top *top, struct err *err)
{
	int r;

	top->own_cpu_s = own_cpu_s();
	r = take(context, 0, 0, NULL, &top->before, &top->quotas_before);
	context->window_ns = stretched_ns(context, own_cpu_s() - top->own_cpu_s);
	if (r == 0)
		r = take(context, 1, context->window_ns * SECOND_PASS_PCT / 100, &top->before,
			 &top->after, &top->quotas_after);
	if (r < 0)
		return err_set(err, r,
			       r == -ENODATA ? "the recording has no two passes over threads" :
					       "/proc/PID can't be read");
	r = thread_changes_make(&top->before.threads, &top->after.threads, &top->changes);
	if (r == 0)
		r = thread_groups_make(&top->changes, &top->groups);
	return r < 0 ? err_set(err, r, "out of memory") : look_closer(context, top);
}

int stage_top_collect(struct stage_context *context, struct err *err)
{
	struct top top = { 0 };
	int r;

	r = collect(context, &top, err);
	context->record.duration_s =
		(double)(procroot_monotonic_ns(context->root) - top.before.threads.when_ns) / 1e9;
	top_free(&top);
	return r;
}
