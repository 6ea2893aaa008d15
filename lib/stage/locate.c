/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/stage.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "source/trace_stacks.h"
#include "stage/dstate.h"
#include "stage/locate_put.h"
#include "stage/locate_stacks.h"
#include "stage/locate_suspects.h"
#include "stage/switch_counter.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define USER_STACK_BYTES 8192
#define RING_BYTES_ALL ((size_t)64 << 20)
#define RING_BYTES_LEAST ((size_t)128 << 10)
#define LOG_BYTES_MAX ((size_t)32 << 20)
#define LOG_STACK_BYTES_MAX ((size_t)24 << 20)
#define FOLDED_BYTES_MAX ((size_t)1 << 20)
#define FOLDED_UNIT_NS 1000
#define EVENTS_MAX 1500000 /* then the window ends: more says nothing new */
#define NAMES_READ_MAX 1024
#define BUDGET_PCT \
	3.0 /* of the host, for the time that the stage was given: then the window ends */
#define BUDGET_EVERY 4096 /* events between two looks at the clock */

struct locate_stage {
	struct stage_context *context;
	struct suspects suspects;
	struct trace_stacks *trace;
	struct address_spaces *spaces;
	struct symbolizer *symbolizer;
	struct unwinder *unwinder;
	struct profile *blocked, *wakeups;
	struct locate_model *model;
	struct perf_log log;
	struct locate_stacks stacks;
	struct trace_stacks_result result;
	struct switch_counter counter;
	bool has_futexes, has_locks;
	struct str text;
	size_t names_read;
	uint64_t stacks_left_out;
	uint64_t taken;
	double before_cpu_s, budget_cpu_s;
	double own_cpu_s; /* while the window was open */
	uint64_t unwound;
};

static void close_stage(struct locate_stage *stage)
{
	locate_stacks_free(&stage->stacks);
	locate_model_free(stage->model);
	profile_free(stage->blocked);
	profile_free(stage->wakeups);
	unwinder_free(stage->unwinder);
	symbolizer_free(stage->symbolizer);
	address_spaces_free(stage->spaces);
	trace_stacks_free(stage->trace);
	perf_log_free(&stage->log);
	switch_counter_free(&stage->counter);
	str_free(&stage->text);
}

static double cpu_s(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* ---- while the window is open --------------------------------------------------------------------- */

static int take_name(void *context, const struct thread_name *name)
{
	struct locate_stage *stage = context;
	int r = locate_model_name(stage->model, name->tid, name->pid, name->comm, name->kernel);

	if (r == 0 && *name->comm)
		r = profile_thread(stage->blocked, name->pid, name->tid, name->comm, name->kernel);
	if (r == 0 && *name->comm)
		r = profile_thread(stage->wakeups, name->pid, name->tid, name->comm, name->kernel);
	return r;
}

/* The record of a wakeup has the wakee's name, not the waker's. */
static int name_waker(struct locate_stage *stage, const struct sched_event *event, pid_t pid)
{
	char path[64], comm[64];

	if (event->type != SCHED_WAKEUP || event->context != SCHED_CONTEXT_TASK || pid <= 0 ||
	    event->current_tid <= 0 || stage->names_read == NAMES_READ_MAX ||
	    locate_model_knows(stage->model, event->current_tid))
		return 0;
	stage->names_read++;
	snprintf(path, sizeof(path), "proc/%d/task/%d/comm", pid, event->current_tid);
	if (procroot_read(stage->context->root, path, &stage->text) < 0)
		return 0;
	snprintf(comm, sizeof(comm), "%.*s", (int)strcspn(str_text(&stage->text), "\n"),
		 str_text(&stage->text));
	return locate_model_name(stage->model, event->current_tid, pid, comm, false);
}

static int keep_stack(struct locate_stage *stage, const struct sched_event *event,
		      const struct stack_sample *sample)
{
	size_t before = stage->log.samples.len;
	int r = 0;

	/* Half a stack would be another one. */
	if (stage->log.stack_bytes + sample->user_stack_len > LOG_STACK_BYTES_MAX) {
		stage->stacks_left_out++;
		return 0;
	}
	if (sample->pid > 0 && sample->user_count &&
	    !dstate_may_hang(stage->context->evidence, sample->pid))
		r = address_spaces_see(stage->spaces, sample->pid);
	if (r != -ENOMEM)
		r = perf_log_add(&stage->log, sample);
	if (r < 0 || stage->log.samples.len == before)
		return r;
	return locate_model_stack(stage->model, event, (uint32_t)before);
}

static int take_event(void *context, const struct sched_event *event, pid_t pid,
		      const struct stack_sample *sample)
{
	struct locate_stage *stage = context;
	int r;

	if (++stage->taken % BUDGET_EVERY == 0 &&
	    cpu_s() - stage->before_cpu_s > stage->budget_cpu_s)
		return 1;
	if (sample)
		return keep_stack(stage, event, sample);
	r = name_waker(stage, event, pid);
	return r < 0 ? r : locate_model_event(stage->model, event, pid);
}

static bool is_watched(void *context, const char *comm)
{
	const struct suspects *suspects = context;

	for (size_t i = 0; i < suspects->comms_count; i++)
		if (text_glob(suspects->comms[i], comm))
			return true;
	return false;
}

/* ---- before: what it takes ------------------------------------------------------------------------ */

static int open_names(struct locate_stage *stage)
{
	struct stage_context *context = stage->context;

	perf_log_init(&stage->log,
		      &(struct perf_log_options){ .bytes_max = LOG_BYTES_MAX,
						  .stack_bytes_max = LOG_STACK_BYTES_MAX });
	stage->model = locate_model_new(
		&(struct locate_options){ .is_watched = is_watched, .context = &stage->suspects });
	stage->spaces = address_spaces_new(context->root, 0, 0);
	stage->blocked = perf_profile_new(context->rules);
	stage->wakeups = perf_profile_new(context->rules);
	if (!stage->model || !stage->spaces || !stage->blocked || !stage->wakeups)
		return -ENOMEM;
	return perf_naming_open(context, stage->spaces, &stage->symbolizer, &stage->unwinder);
}

static int open_trace(struct locate_stage *stage, struct err *err)
{
	double cpus = evidence_number(stage->context->evidence, METRIC_host_cpus_online);
	const char *comms[TRACE_STACKS_COMMS_MAX];
	struct trace_stacks_options options = {
		.comms = comms,
		.comms_count = stage->suspects.comms_count,
		.tids = stage->suspects.tids,
		.tids_count = stage->suspects.tids_count,
	};

	for (size_t i = 0; i < stage->suspects.comms_count; i++)
		comms[i] = stage->suspects.comms[i];
	if (stage->context->call_graph != CALL_GRAPH_FP)
		options.user_stack_bytes = USER_STACK_BYTES;
	if (cpus > 8)
		options.bytes_per_cpu_max =
			(size_t)fmax((double)RING_BYTES_ALL / 2 / cpus, (double)RING_BYTES_LEAST);
	return trace_stacks_open(&options, &stage->trace, err);
}

static int open_stage(struct locate_stage *stage, struct err *err)
{
	int r = suspects_choose(stage->context, &stage->suspects);

	if (r == 0 && !stage->suspects.count)
		return err_set(err, -ENODATA,
			       "no group of threads stands out: whom to look at is not known");
	if (r == 0)
		r = open_names(stage);
	if (r == 0)
		r = suspects_find(stage->context, &stage->suspects, take_name, stage);
	if (r == 0 && !stage->suspects.comms_count)
		return err_set(err, -ESRCH, "the suspects are gone");
	return r < 0 ? r : open_trace(stage, err);
}

/* ---- after: what it means ------------------------------------------------------------------------- */

static int resolve(struct locate_stage *stage)
{
	struct perf_resolver resolver = {
		.rules = stage->context->rules,
		.symbolizer = stage->symbolizer,
		.unwinder = stage->unwinder,
		.profile = stage->blocked,
	};
	int r = locate_stacks_resolve(&resolver, &stage->log, &stage->stacks);

	stage->unwound = resolver.unwound_weight;
	return r < 0 ? r :
		       locate_stacks_profile(&stage->stacks, stage->model, stage->blocked,
					     stage->wakeups);
}

static double lost_pct(uint64_t lost, uint64_t seen)
{
	return lost + seen ? 100 * (double)lost / (double)(lost + seen) : 0;
}

static void tell_losses(const struct locate_stage *stage)
{
	const struct trace_stacks_result *result = &stage->result;
	struct evidence *evidence = stage->context->evidence;
	uint64_t left_out = locate_model_totals(stage->model)->left_out;

	evidence_set(evidence, METRIC_locate_lost_pct, lost_pct(result->lost, result->events));
	evidence_set(evidence, METRIC_locate_lost_stacks_pct,
		     lost_pct(result->lost_stacks, result->stacks));
	if (result->lost)
		evidence_add_caveat(evidence, "locate: %llu of %llu events were lost",
				    (unsigned long long)result->lost,
				    (unsigned long long)(result->lost + result->events));
	if (left_out)
		evidence_add_caveat(evidence, "locate: %llu events were left out for want of room",
				    (unsigned long long)left_out);
	if (result->unfiltered)
		evidence_add_caveat(evidence,
				    "locate: the kernel took no filter: all threads were watched");
}

static int put_totals(struct locate_stage *stage)
{
	struct evidence *evidence = stage->context->evidence;
	double cpus = evidence_number(evidence, METRIC_host_cpus_online);
	double stacks = (double)stage->stacks.list.len;
	const struct {
		enum metric_id metric;
		double number;
	} metrics[] = {
		{ METRIC_locate_events, (double)stage->result.events },
		{ METRIC_locate_stacks, stacks },
		{ METRIC_locate_stacks_on_pct, stage->result.stacks_on_pct },
		{ METRIC_locate_unwound_pct,
		  stacks > 0 ? fmin(100, 100 * (double)stage->unwound / stacks) : NAN },
		{ METRIC_locate_host_switches_per_s,
		  slowdown_rate_per_s(&stage->counter.slowdown, SLOWDOWN_WATCHED) },
		{ METRIC_locate_rest_switches_per_s,
		  slowdown_rate_per_s(&stage->counter.slowdown, SLOWDOWN_RESTS) },
		{ METRIC_locate_slowed_pct, slowdown_pct(&stage->counter.slowdown) },
		{ METRIC_locate_own_cpu_pct,
		  100 * stage->own_cpu_s / ((double)stage->context->window_ns / 1e9 * cpus) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(metrics); i++)
		evidence_set(evidence, metrics[i].metric, metrics[i].number);
	tell_losses(stage);
	str_clear(&stage->text);
	suspects_text(&stage->suspects, &stage->text);
	return str_error(&stage->text) < 0 ?
		       -ENOMEM :
		       evidence_set_text(evidence, METRIC_locate_suspects, str_text(&stage->text));
}

static int put_all(struct locate_stage *stage)
{
	struct locate_put put = {
		.model = stage->model,
		.stacks = &stage->stacks,
		.profile = stage->blocked,
		.symbolizer = stage->symbolizer,
		.rules = stage->context->rules,
		.evidence = stage->context->evidence,
		.window_s = (double)(stage->result.end_ns - stage->result.start_ns) / 1e9,
		.has_futexes = stage->has_futexes,
		.has_locks = stage->has_locks,
	};
	int r = put_totals(stage);

	stage->context->record.duration_s = put.window_s;
	if (!put.has_futexes || !put.has_locks)
		stage_degrade(stage->context, NULL, "this kernel has no tracepoints of %s",
			      put.has_futexes ? "its locks (Linux 5.19)" : "system calls");
	if (r == 0)
		r = locate_put(&put);
	if (r == 0)
		r = locate_put_locks(&put);
	return r < 0 ? r : locate_put_kernel_locks(&put);
}

static int keep_folded(const struct locate_stage *stage, const struct profile *profile,
		       const char *view)
{
	_cleanup_(str_free) struct str text = { 0 };
	char name[64];
	int r;

	if (!stage->context->keep)
		return 0;
	snprintf(name, sizeof(name), "stacks/%s.folded", view);
	str_format(&text, "# triage-stacks/1 view=%s unit=us\n", view);
	r = profile_fold(profile, FOLDED_UNIT_NS, FOLDED_BYTES_MAX, &text);
	if (r == 0)
		r = str_error(&text);
	return r < 0 ? r :
		       stage->context->keep(stage->context->keep_context, name, str_text(&text),
					    text.len);
}

/* A system call stays on its slow path for as long as somebody has its tracepoint open: the rests to compare with come before and after. */
static void close_trace(struct locate_stage *stage)
{
	stage->has_futexes = trace_stacks_has_futexes(stage->trace);
	stage->has_locks = trace_stacks_has_locks(stage->trace);
	trace_stacks_free(stage->trace);
	stage->trace = NULL;
	switch_counter_rest(&stage->counter, stage->context->stop);
}

static int watch(struct locate_stage *stage, struct err *err)
{
	struct stage_context *context = stage->context;
	struct trace_stacks_limits limits = {
		.duration_ns = switch_counter_window_ns(context->window_ns),
		.events_max = EVENTS_MAX,
		.stop = context->stop,
	};
	double cpus = evidence_number(context->evidence, METRIC_host_cpus_online);
	int watched, r;

	stage->before_cpu_s = cpu_s();
	stage->budget_cpu_s =
		(cpus >= 1 ? cpus : 1) * BUDGET_PCT / 100 * (double)context->window_ns / 1e9;
	if (context->events_max && context->events_max < limits.events_max)
		limits.events_max = context->events_max;
	switch_counter_mark(&stage->counter, SLOWDOWN_WATCHED);
	watched = trace_stacks_watch(stage->trace, &limits, take_event, stage, &stage->result, err);
	switch_counter_mark(&stage->counter, SLOWDOWN_NEITHER);
	stage->own_cpu_s = cpu_s() - stage->before_cpu_s;
	close_trace(stage);
	if (watched < 0 && watched != -EINTR)
		return watched;
	r = locate_model_end(stage->model, stage->result.end_ns);
	if (r == 0)
		r = resolve(stage);
	if (r == 0)
		r = put_all(stage);
	if (r == 0)
		r = keep_folded(stage, stage->blocked, "off-cpu");
	if (r == 0)
		r = keep_folded(stage, stage->wakeups, "wakeup");
	return r < 0 || watched > 0 ? r : watched;
}

int stage_locate_collect(struct stage_context *context, struct err *err)
{
	struct locate_stage stage = { .context = context, .counter.root = context->root };
	int r;

	if (!procroot_is_live(context->root))
		return err_set(err, -ENODATA, "a recorded /proc holds no events of its threads");
	procroot_pause_recorder(context->root, true);
	r = locate_put_dstate(context);
	switch_counter_rest(&stage.counter, context->stop);
	if (r == 0)
		r = open_stage(&stage, err);
	if (r == 0)
		r = watch(&stage, err);
	procroot_pause_recorder(context->root, false);
	close_stage(&stage);
	return r;
}
