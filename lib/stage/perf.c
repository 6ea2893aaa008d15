/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/stage.h"

#include "base/cleanup.h"
#include "evidence/classes.h"
#include "source/cpu_samples.h"
#include "source/proc_task.h"
#include "stage/dstate.h"
#include "stage/perf_log.h"
#include "stage/perf_put.h"
#include "stage/perf_resolve.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define PF_KTHREAD 0x00200000 /* include/linux/sched.h */

/* Of all CPUs together: more make the shares no better and the patient no healthier. */
#define SAMPLES_WANTED 12000
#define HZ_FEWER 199 /* of which many CPUs get less, but no less than */
#define HZ_LEAST 49
#define USER_STACK_BYTES 8192
#define RING_BYTES_ALL ((size_t)64 << 20)
#define RING_BYTES_LEAST ((size_t)128 << 10)
#define FOLDED_BYTES_MAX ((size_t)2 << 20)
#define FOLDED_UNIT_NS 1000

struct perf_stage {
	struct stage_context *context;
	struct cpu_samples *samples;
	struct address_spaces *spaces;
	struct symbolizer *symbolizer;
	struct unwinder *unwinder;
	struct profile *profile;
	struct perf_log log;
	struct cpu_samples_result result;
	struct str text;
};

static void close_stage(struct perf_stage *stage)
{
	profile_free(stage->profile);
	unwinder_free(stage->unwinder);
	symbolizer_free(stage->symbolizer);
	address_spaces_free(stage->spaces);
	cpu_samples_free(stage->samples);
	perf_log_free(&stage->log);
	str_free(&stage->text);
}

/* ---- while the window is open ------------------------------------------------------------------- */

static int name_thread(struct perf_stage *stage, pid_t pid, pid_t tid)
{
	struct task_stat stat;
	char path[64];

	if (profile_knows_thread(stage->profile, tid))
		return 0;
	snprintf(path, sizeof(path), "proc/%d/task/%d/stat", pid, tid);
	if (procroot_read(stage->context->root, path, &stage->text) < 0 ||
	    task_stat_parse(str_text(&stage->text), stage->text.len, &stat) < 0)
		return 0; /* vanished */
	return profile_thread(stage->profile, pid, tid, stat.comm, stat.flags & PF_KTHREAD);
}

/* What only a living process tells is asked now; the rest waits until the window is over. */
static int take_sample(void *context, const struct stack_sample *sample)
{
	struct perf_stage *stage = context;
	int r = 0;

	if (sample->pid == stage->context->own_pid && sample->pid)
		return 0;
	if (sample->pid > 0) {
		r = name_thread(stage, sample->pid, sample->pid);
		if (r == 0)
			r = name_thread(stage, sample->pid, sample->tid);
	}
	if (r == 0 && sample->pid > 0 && sample->user_count &&
	    !dstate_may_hang(stage->context->evidence, sample->pid))
		r = address_spaces_see(stage->spaces, sample->pid);
	return r == -ENOMEM ? r : perf_log_add(&stage->log, sample);
}

static int take_mapping(void *context, const struct mapping_event *event)
{
	struct perf_stage *stage = context;

	return address_spaces_map(stage->spaces, event);
}

static int take_task(void *context, const struct task_event *event)
{
	struct perf_stage *stage = context;
	int r = address_spaces_task(stage->spaces, event);

	if (r == 0 && event->type == TASK_EVENT_NAME)
		r = profile_thread(stage->profile, event->pid, event->tid, event->comm, false);
	if (r == 0 && event->type == TASK_EVENT_FORK)
		r = profile_fork(stage->profile, event->pid, event->tid, event->parent_pid);
	return r;
}

/* ---- before: what it takes ------------------------------------------------------------------------ */

static struct cpu_samples_options sample_options(const struct stage_context *context)
{
	double cpus = evidence_number(context->evidence, METRIC_host_cpus_online);
	double window_s = (double)context->window_ns / 1e9;
	struct cpu_samples_options options = { .hz = 0 };

	if (!(cpus >= 1))
		cpus = 1;
	if (SAMPLES_WANTED / (cpus * window_s) < HZ_FEWER)
		options.hz = (unsigned)fmax(HZ_LEAST, SAMPLES_WANTED / (cpus * window_s));
	if (context->call_graph != CALL_GRAPH_FP)
		options.user_stack_bytes = USER_STACK_BYTES;
	if (cpus > 16)
		options.bytes_per_cpu_max =
			(size_t)fmax((double)RING_BYTES_ALL / cpus, (double)RING_BYTES_LEAST);
	return options;
}

static int open_stage(struct perf_stage *stage, struct err *err)
{
	struct stage_context *context = stage->context;
	struct cpu_samples_options options = sample_options(context);
	int r;

	r = cpu_samples_open(&options, &stage->samples, err);
	if (r < 0)
		return r;
	perf_log_init(&stage->log, &(struct perf_log_options){ 0 });
	stage->spaces = address_spaces_new(context->root, 0, 0);
	stage->profile = perf_profile_new(context->rules);
	if (!stage->spaces || !stage->profile)
		return -ENOMEM;
	return perf_naming_open(context, stage->spaces, &stage->symbolizer, &stage->unwinder);
}

/* ---- after: what it means ------------------------------------------------------------------------- */

static int resolve_all(struct perf_stage *stage, uint64_t *ret_unwound_weight)
{
	struct perf_resolver resolver = {
		.rules = stage->context->rules,
		.symbolizer = stage->symbolizer,
		.unwinder = stage->unwinder,
		.profile = stage->profile,
	};
	int r = 0;

	vec_each(sample, &stage->log.samples)
		if (r == 0)
			r = perf_resolve(&resolver, sample);
	if (r == 0)
		r = profile_end(stage->profile);
	*ret_unwound_weight = resolver.unwound_weight;
	return r;
}

/* Of what all CPUs could have given. Not of the samples that came: idle CPUs give none of cycles, and some kernels tell nothing of
 * one CPU's idle thread. */
static double busy_pct(const struct perf_stage *stage)
{
	const struct profile_totals *totals = profile_totals(stage->profile);
	double window_ns = (double)(stage->result.end_ns - stage->result.start_ns);
	double all_ns = window_ns * stage->result.cpus;

	if (cpu_samples_clock(stage->samples) == CPU_SAMPLES_CYCLES)
		return fmin(100, 100 * (double)totals->samples * 1e9 / (stage->result.hz * all_ns));
	return fmin(100, 100 * (double)totals->busy_weight / all_ns);
}

static void tell_losses(const struct perf_stage *stage)
{
	const struct cpu_samples_result *result = &stage->result;
	const struct perf_log *log = &stage->log;
	struct evidence *evidence = stage->context->evidence;
	double lost = (double)(result->lost + log->samples_left_out);

	evidence_set(evidence, METRIC_perf_lost_pct,
		     100 * lost / ((double)result->samples + (double)result->lost));
	if (lost > 0)
		evidence_add_caveat(evidence, "perf: %.0f of %.0f samples were lost", lost,
				    (double)result->samples + (double)result->lost);
	if (result->throttled)
		evidence_add_caveat(evidence, "perf: the kernel throttled sampling %llu times",
				    (unsigned long long)result->throttled);
	if (log->stacks_left_out)
		evidence_add_caveat(evidence,
				    "perf: %llu user stacks were not kept: callers may be missing",
				    (unsigned long long)log->stacks_left_out);
	if (result->capped)
		evidence_add_caveat(evidence, "perf: stopped at the cap of %llu samples",
				    (unsigned long long)stage->context->events_max);
}

static int keep_stacks(const struct perf_stage *stage)
{
	_cleanup_(str_free) struct str text = { 0 };
	int r;

	if (!stage->context->keep)
		return 0;
	str_append(&text, "# triage-stacks/1 view=on-cpu unit=us\n");
	r = profile_fold(stage->profile, FOLDED_UNIT_NS, FOLDED_BYTES_MAX, &text);
	if (r == 0)
		r = str_error(&text);
	return r < 0 ? r :
		       stage->context->keep(stage->context->keep_context, "stacks/on-cpu.folded",
					    str_text(&text), text.len);
}

static int put_all(struct perf_stage *stage, uint64_t unwound_weight)
{
	struct evidence *evidence = stage->context->evidence;
	bool cycles = cpu_samples_clock(stage->samples) == CPU_SAMPLES_CYCLES;
	struct perf_put_options options = {
		.symbolizer = stage->symbolizer,
		.window_s = (double)(stage->result.end_ns - stage->result.start_ns) / 1e9,
		.cpus = stage->result.cpus,
		.busy_pct = busy_pct(stage),
		.weight_is_ns = !cycles,
		.unwound_weight = unwound_weight,
	};
	int r;

	stage->context->record.duration_s = options.window_s;
	tell_losses(stage);
	r = evidence_set_text(evidence, METRIC_perf_source, "samples");
	if (r == 0)
		r = evidence_set_text(evidence, METRIC_perf_clock, cycles ? "cycles" : "cpu-clock");
	if (r == 0)
		r = perf_put(stage->profile, &options, evidence);
	return r < 0 ? r : keep_stacks(stage);
}

static int watch(struct perf_stage *stage, struct err *err)
{
	struct stage_context *context = stage->context;
	struct cpu_samples_limits limits = {
		.duration_ns = context->window_ns,
		.samples_max = context->events_max,
		.stop = context->stop,
	};
	struct cpu_samples_handler handler = {
		.sample = take_sample,
		.mapping = take_mapping,
		.task = take_task,
		.context = stage,
	};
	uint64_t unwound_weight = 0;
	int watched, r;

	watched = cpu_samples_watch(stage->samples, &limits, &handler, &stage->result, err);
	if (watched < 0 && watched != -EINTR)
		return watched;
	if (!stage->log.samples.len)
		return err_set(err, -ENODATA, "no sample came within %.1f s",
			       (double)context->window_ns / 1e9);
	r = resolve_all(stage, &unwound_weight);
	if (r == 0)
		r = put_all(stage, unwound_weight);
	return r < 0 ? r : watched;
}

int stage_perf_collect(struct stage_context *context, struct err *err)
{
	struct perf_stage stage = { .context = context };
	int r;

	if (!procroot_is_live(context->root))
		return err_set(err, -ENODATA, "a recorded /proc holds no samples of the CPUs");
	procroot_pause_recorder(context->root, true);
	r = open_stage(&stage, err);
	if (r == 0)
		r = watch(&stage, err);
	procroot_pause_recorder(context->root, false);
	close_stage(&stage);
	return r;
}
