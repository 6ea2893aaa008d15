/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/stage.h"

#include "base/cleanup.h"
#include "model/rates.h"
#include "stage/snapshot.h"

#include <errno.h>
#include <math.h>

#define GLANCES 10 /* looks at the run queue within the window */

/* Run queue lengths as glances saw them. */
struct glances {
	double running[GLANCES + 1], blocked[GLANCES + 1];
	size_t running_count, blocked_count;
};

/* The thread that reads is itself running: without it, as vmstat counts. */
static double without_reader(uint64_t running)
{
	return running > 0 ? (double)(running - 1) : 0;
}

static void glance(struct procroot *root, struct glances *glances)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct proc_loadavg load;
	struct proc_stat stat;

	if (procroot_read(root, "proc/loadavg", &text) == 0 &&
	    proc_loadavg_parse(str_text(&text), text.len, &load) == 0)
		glances->running[glances->running_count++] = without_reader(load.running);
	if (procroot_read(root, "proc/stat", &text) == 0 &&
	    proc_stat_parse(str_text(&text), text.len, &stat) == 0) {
		glances->blocked[glances->blocked_count++] = (double)stat.blocked;
		proc_stat_free(&stat);
	}
}

static void glance_at_snapshot(const struct snapshot *snapshot, struct glances *glances)
{
	if (snapshot->has_loadavg)
		glances->running[glances->running_count++] =
			without_reader(snapshot->loadavg.running);
	if (snapshot->has_stat)
		glances->blocked[glances->blocked_count++] = (double)snapshot->stat.blocked;
}

static double largest(const double *values, size_t count)
{
	double most = count ? values[0] : NAN;

	for (size_t i = 1; i < count; i++)
		most = fmax(most, values[i]);
	return most;
}

static void put_run_queue(struct evidence *evidence, struct glances *glances)
{
	double usable_cpus = evidence_number(evidence, METRIC_host_usable_cpus);
	double r_max = largest(glances->running, glances->running_count);
	double r = median(glances->running, glances->running_count);

	evidence_set(evidence, METRIC_vmstat_r, r);
	evidence_set(evidence, METRIC_vmstat_r_max, r_max);
	evidence_set(evidence, METRIC_vmstat_r_per_cpu, r / usable_cpus);
	evidence_set(evidence, METRIC_vmstat_b, median(glances->blocked, glances->blocked_count));
}

static int put_load(struct evidence *evidence, const struct snapshot *snapshot)
{
	const struct proc_loadavg *load = &snapshot->loadavg;
	double trend;

	if (!snapshot->has_loadavg)
		return 0;
	trend = load_trend(load->load1, load->load15);
	evidence_set(evidence, METRIC_vmstat_load1, load->load1);
	evidence_set(evidence, METRIC_vmstat_load5, load->load5);
	evidence_set(evidence, METRIC_vmstat_load15, load->load15);
	evidence_set(evidence, METRIC_vmstat_load1_per_cpu,
		     load->load1 / evidence_number(evidence, METRIC_host_usable_cpus));
	evidence_set(evidence, METRIC_vmstat_load_trend, trend);
	return evidence_set_text(evidence, METRIC_vmstat_load_trend_text, load_trend_text(trend));
}

/* Watches the run queue from moment 1 to the last; 0, -EINTR or -ENODATA as procroot_moment(). */
static int watch(struct stage_context *context, struct glances *glances)
{
	for (int i = 1; i < GLANCES; i++) {
		int r = procroot_moment(context->root, "vmstat", i,
					context->window_ns * (uint64_t)i / GLANCES);

		if (r < 0)
			return r;
		glance(context->root, glances);
	}
	return procroot_moment(context->root, "vmstat", GLANCES, context->window_ns);
}

static int put_interval(struct stage_context *context, const struct interval *interval,
			struct glances *glances)
{
	struct evidence *evidence = context->evidence;
	int r = put_load(evidence, interval->after);

	put_run_queue(evidence, glances);
	if (r == 0)
		r = vmstat_put_cpu(interval, evidence);
	if (r == 0)
		r = vmstat_put_counters(interval, evidence);
	if (r == 0)
		r = vmstat_put_interrupts(interval, evidence);
	if (r == 0)
		r = vmstat_put_devices(interval, evidence);
	return r;
}

static void note_missing(struct stage_context *context, const struct interval *interval)
{
	const struct snapshot *after = interval->after;

	context->record.duration_s = (double)interval->elapsed_ns / 1e9;
	if (!interval->elapsed_ns)
		stage_degrade(context, NULL,
			      "one moment only: nothing that needs two reads is known");
	else if (!after->lists[LIST_PSI_CPU].len)
		stage_degrade(context, "boot with psi=1 on the kernel command line",
			      "no /proc/pressure: how long tasks waited is not known");
}

/* The second snapshot: at the moment that was reached, be it the last one or the one at which the
 * recording or the user's patience ended. A recording of one moment has none. */
static int finish(struct stage_context *context, const struct snapshot *before,
		  struct glances *glances)
{
	struct interval interval = { .before = before, .after = before };
	struct snapshot after = { 0 };
	int r = 0;

	if (procroot_is_live(context->root) ||
	    procroot_monotonic_ns(context->root) != before->when_ns) {
		r = snapshot_take(context->root, &after);
		glance_at_snapshot(&after, glances);
		interval.after = &after;
		interval.elapsed_ns = after.when_ns - before->when_ns;
	}
	if (r == 0)
		r = put_interval(context, &interval, glances);
	note_missing(context, &interval);
	snapshot_free(&after);
	return r;
}

int stage_vmstat_collect(struct stage_context *context, struct err *err)
{
	struct snapshot before = { 0 };
	struct glances glances = { 0 };
	int watched, r;

	r = procroot_moment(context->root, "vmstat", 0, 0);
	if (r < 0)
		return err_set(err, r, "nothing to read for this stage");
	r = snapshot_take(context->root, &before);
	if (r == 0)
		r = host_put(context->root, &before, context->evidence);
	if (r == 0 && !before.has_stat && !before.has_loadavg)
		r = err_set(err, -ENOENT, "neither /proc/stat nor /proc/loadavg could be read");
	if (r == 0) {
		glance_at_snapshot(&before, &glances);
		watched = watch(context, &glances);
		r = finish(context, &before, &glances);
		if (r == 0 && watched == -EINTR)
			r = -EINTR;
	}
	snapshot_free(&before);
	return r;
}
