/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/stage.h"

#include "base/cleanup.h"
#include "source/perf_data.h"
#include "source/sched_rings.h"
#include "stage/event_pipe.h"
#include "stage/perf_file.h"
#include "stage/sched_excerpt.h"
#include "stage/sched_put.h"
#include "stage/sched_trace.h"
#include "stage/switch_counter.h"
#include "stage/thread_names.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Of all rings together: on a host with many CPUs each gets less than its default. */
#define RING_BYTES_ALL ((size_t)64 << 20)
#define RING_BYTES_LEAST ((size_t)128 << 10)

/* A switch comes with about one wakeup or migration. */
#define EVENTS_PER_SWITCH 2.2

/* ---- the live host -------------------------------------------------------------------------------- */

struct listener {
	struct sched_model *model;
	struct sched_excerpt *excerpt;	 /* NULL: nobody keeps it */
	struct perf_data_writer *writer; /* likewise */
};

static int take_name(void *context, const struct thread_name *name)
{
	const struct listener *listener = context;

	if (listener->writer)
		perf_data_writer_process(listener->writer, name->pid, name->tid);
	return sched_model_name(listener->model, name->tid, name->pid, name->comm, name->kernel);
}

static int take_event(void *context, const struct sched_event *event)
{
	const struct listener *listener = context;
	int r = sched_model_event(listener->model, event);

	if (listener->excerpt)
		sched_excerpt_add(listener->excerpt, listener->model, event);
	return r;
}

static int keep_excerpt(const struct stage_context *context, const struct listener *listener)
{
	_cleanup_(str_free) struct str text = { 0 };
	int r;

	if (!listener->excerpt)
		return 0;
	r = sched_excerpt_write(listener->excerpt, listener->model,
				sched_put_worst(listener->model), &text);
	if (r < 0 || !text.len)
		return r;
	return context->keep(context->keep_context, "sched/excerpt.events", str_text(&text),
			     text.len);
}

static struct sched_rings_options ring_options(const struct evidence *evidence)
{
	double cpus = evidence_number(evidence, METRIC_host_cpus_online);
	double switches = evidence_number(evidence, METRIC_vmstat_cs_per_s);
	struct sched_rings_options options = {
		.events_per_s = isnan(switches) ? 0 : switches * EVENTS_PER_SWITCH,
	};

	if (cpus > 16)
		options.bytes_per_cpu_max =
			(size_t)fmax((double)RING_BYTES_ALL / cpus, (double)RING_BYTES_LEAST);
	return options;
}

static uint32_t find_own_group(const struct sched_model *model, pid_t own_pid)
{
	const struct sched_thread *const *threads;
	size_t count;

	threads = sched_model_threads(model, &count);
	for (size_t i = 0; i < count; i++)
		if (threads[i]->tid == own_pid)
			return threads[i]->group;
	return SCHED_ACTOR_UNKNOWN;
}

static int put_source(struct stage_context *context, const struct sched_rings *rings,
		      const struct sched_rings_result *result)
{
	bool tracepoints = sched_rings_source(rings) == SCHED_SOURCE_TRACEPOINTS;

	if (!tracepoints)
		stage_degrade(context, "mount -t tracefs tracefs /sys/kernel/tracing",
			      "no wakeups are seen: %s", sched_rings_reason(rings));
	if (result->capped)
		evidence_add_caveat(context->evidence, "sched: stopped at the cap of %llu events",
				    (unsigned long long)context->events_max);
	evidence_set(context->evidence, METRIC_self_events, (double)result->events);
	evidence_set(context->evidence, METRIC_self_lost_events, (double)result->lost);
	context->record.duration_s = (double)(result->end_ns - result->start_ns) / 1e9;
	return evidence_set_text(context->evidence, METRIC_sched_source,
				 tracepoints ? "tracepoints" : "switch records");
}

static void count_look(void *context, bool begins)
{
	switch_counter_mark(context, begins ? SLOWDOWN_WATCHED : SLOWDOWN_NEITHER);
}

static int watch(struct stage_context *context, struct sched_rings *rings,
		 struct listener *listener, struct switch_counter *counter, struct err *err)
{
	struct sched_model *model = listener->model;
	struct sched_rings_limits limits = {
		.duration_ns = switch_counter_window_ns(context->window_ns),
		.cost_max_pct = context->cost_max_pct < 100 ? context->cost_max_pct : 0,
		.events_max = context->events_max,
		.stop = context->stop,
		.raw = listener->writer ? sched_trace_take : NULL,
		.raw_context = listener->writer,
		.look = count_look,
		.look_context = counter,
	};
	struct sched_rings_result result = { 0 };
	int watched, r;

	watched = sched_rings_watch(rings, &limits, take_event, listener, &result, err);
	if (watched < 0 && watched != -EINTR)
		return watched;
	r = sched_model_end(model, result.end_ns);
	if (r == 0)
		r = put_source(context, rings, &result);
	if (r == 0)
		r = sched_put(model, find_own_group(model, context->own_pid),
			      sched_rings_source(rings) == SCHED_SOURCE_TRACEPOINTS,
			      context->evidence);
	if (r == 0)
		r = keep_excerpt(context, listener);
	if (r == 0)
		r = sched_trace_keep(context, model, listener->writer);
	return r < 0 ? r : watched;
}

/* What is compared with is a rest on each side, with no tracepoint open: many a load's rate changes
 * from second to second, and between two looks it may not have recovered yet. */
static void put_slowdown(const struct stage_context *context, struct switch_counter *counter)
{
	struct evidence *evidence = context->evidence;

	switch_counter_rest(counter, context->stop);
	evidence_set(evidence, METRIC_sched_host_switches_per_s,
		     slowdown_rate_per_s(&counter->slowdown, SLOWDOWN_WATCHED));
	evidence_set(evidence, METRIC_sched_rest_switches_per_s,
		     slowdown_rate_per_s(&counter->slowdown, SLOWDOWN_RESTS));
	evidence_set(evidence, METRIC_sched_slowed_pct, slowdown_pct(&counter->slowdown));
}

int stage_sched_collect(struct stage_context *context, struct err *err)
{
	_cleanup_(switch_counter_free) struct switch_counter counter = { .root = context->root };
	_cleanup_(sched_rings_freep) struct sched_rings *rings = NULL;
	_cleanup_(sched_model_freep) struct sched_model *model = NULL;
	_cleanup_(sched_excerpt_freep) struct sched_excerpt *excerpt = NULL;
	_cleanup_(perf_data_writer_freep) struct perf_data_writer *writer = NULL;
	struct sched_rings_options options = ring_options(context->evidence);
	struct sched_model_options model_options = { 0 };
	struct listener listener;
	int r;

	if (!procroot_is_live(context->root))
		return err_set(err, -ENODATA, "a recorded /proc holds no scheduler events");
	procroot_pause_recorder(context->root, true);
	switch_counter_rest(&counter, context->stop);
	procroot_pause_recorder(context->root, false);
	r = sched_rings_open(&options, &rings, err);
	if (r < 0)
		return r;
	model_options.no_wakeups = sched_rings_source(rings) != SCHED_SOURCE_TRACEPOINTS;
	model = sched_model_new(&model_options);
	excerpt = context->keep ? sched_excerpt_new() : NULL;
	if (!model || (context->keep && !excerpt))
		return -ENOMEM;
	r = sched_trace_open(context, rings, &writer);
	if (r < 0)
		return r;
	listener = (struct listener){ model, excerpt, writer };
	r = threads_name(context->root, take_name, &listener);
	if (r < 0)
		return r;
	procroot_pause_recorder(context->root, true);
	r = watch(context, rings, &listener, &counter, err);
	sched_rings_freep(&rings);
	rings = NULL;
	if (r == 0)
		put_slowdown(context, &counter);
	procroot_pause_recorder(context->root, false);
	return r;
}

/* ---- a file of `perf sched record` ----------------------------------------------------------------- */

/* Names that perf wrote before the window carry no time: they must not begin it. */
static int take_recorded(void *context, const struct sched_event *event)
{
	if (event->type == SCHED_NAME && !event->time_ns)
		return sched_model_name(context, event->tid, event->other_tid, event->comm, false);
	return sched_model_event(context, event);
}

/* A file answers one question; the others need the host. */
static int put_file_records(const struct perf_data_counts *counts, struct evidence *evidence)
{
	struct stage_record absent = {
		.status = STAGE_SKIPPED,
		.reason = "a perf.data file of the scheduler says nothing about it",
		.fix = "triage run",
	};
	struct stage_record record = {
		.status = STAGE_OK,
		.duration_s = (double)(counts->last_ns - counts->first_ns) / 1e9,
	};

	evidence_set(evidence, METRIC_self_events, (double)counts->events);
	evidence_set(evidence, METRIC_self_lost_events, (double)counts->lost);
	for (int stage = 0; stage < STAGE_TOTAL; stage++) {
		int r = 0;

		if (stage == STAGE_sched || !perf_file_has_run(evidence, (enum stage_id)stage))
			r = evidence_set_stage(evidence, (enum stage_id)stage,
					       stage == STAGE_sched ? &record : &absent);

		if (r < 0)
			return r;
	}
	return 0;
}

struct recording {
	struct perf_data *data;
	struct err *damage;
};

static int each_recorded(void *context, event_each_fn *each, void *each_context)
{
	const struct recording *recording = context;

	return perf_data_each(recording->data, each, each_context, recording->damage);
}

static int read_file(struct perf_data *data, struct sched_model *model, struct evidence *evidence,
		     struct err *err)
{
	struct perf_data_counts counts;
	struct err damage = { "" };
	struct recording recording = { .data = data, .damage = &damage };
	int r;

	perf_data_leave_out(data,
			    SCHED_RUNTIME); /* half of what perf records, and only perf needs it */
	r = event_pipe_run(each_recorded, &recording, take_recorded, model);
	perf_data_counts(data, &counts);
	if (r < 0 && (r != -EBADMSG || !counts.events))
		return err_set(err, r, "%s", damage.msg);
	if (r == -EBADMSG)
		evidence_add_caveat(evidence, "%s: what comes after it is missing", damage.msg);
	r = sched_model_end(model, counts.last_ns);
	if (r == 0)
		r = put_file_records(&counts, evidence);
	if (r == 0)
		r = evidence_set_text(evidence, METRIC_sched_source, "tracepoints");
	return r < 0 ? r : sched_put(model, SCHED_ACTOR_UNKNOWN, true, evidence);
}

int stage_sched_from_file(const char *path, struct evidence *evidence, struct err *err)
{
	_cleanup_(sched_model_freep) struct sched_model *model = NULL;
	_cleanup_(perf_data_freep) struct perf_data *data = NULL;
	struct perf_data_info info;
	int r;

	r = perf_data_open(path, &data, err);
	if (r < 0)
		return r;
	perf_data_about(data, &info);
	if (!info.has_sched)
		return err_set(
			err, -EBADMSG,
			"%s: no sched_switch in it; record with: perf sched record -- sleep 5",
			path);
	model = sched_model_new(&(struct sched_model_options){ 0 });
	if (!model)
		return -ENOMEM;
	r = perf_file_put_host(data, evidence);
	return r < 0 ? r : read_file(data, model, evidence, err);
}
