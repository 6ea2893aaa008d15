/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/funnel.h"

#include "base/cleanup.h"
#include "rule/judge.h"
#include "stage/stage.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* In the funnel's order. `part`: of the budget. */
static const struct stage {
	enum stage_id id;
	double part;
	stage_collect_fn *collect;
} stages[] = {
	{ STAGE_vmstat, 0.10, stage_vmstat_collect }, { STAGE_top, 0.12, stage_top_collect },
	{ STAGE_perf, 0.25, stage_perf_collect },     { STAGE_sched, 0.30, stage_sched_collect },
	{ STAGE_locate, 0.23, stage_locate_collect },
};

struct funnel {
	struct procroot *root;
	const struct funnel_options *options;
	struct evidence *evidence;
	unsigned asked; /* bits of the stages that a rule asked for */
	unsigned ran;
};

void stage_degrade(struct stage_context *context, const char *fix, const char *format, ...)
{
	va_list args;

	if (context->record.status == STAGE_DEGRADED)
		return;
	context->record.status = STAGE_DEGRADED;
	context->record.fix = fix;
	va_start(args, format);
	vsnprintf(context->reason, sizeof(context->reason), format, args);
	va_end(args);
	context->record.reason = context->reason;
}

static bool is_wanted(const struct funnel *funnel, const struct stage *stage)
{
	unsigned bit = 1U << stage->id;

	if (funnel->options->stages)
		return funnel->options->stages & bit;
	return funnel->options->full || stage == &stages[0] || funnel->asked & bit;
}

static int put_record(struct funnel *funnel, enum stage_id id, enum stage_status status,
		      const char *reason, const char *fix)
{
	struct stage_record record = { .status = status, .reason = reason, .fix = fix };

	return evidence_set_stage(funnel->evidence, id, &record);
}

/* What the rules want next, by what is known so far. */
static int ask_rules(struct funnel *funnel)
{
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	int r;

	r = rule_annotate(funnel->options->rules, funnel->evidence);
	if (r == 0)
		r = rule_judge(funnel->options->rules, funnel->evidence, &judgement);
	if (r < 0)
		return r;
	vec_each(request, &judgement->requests)
		funnel->asked |= 1U << request->stage;
	return 0;
}

static int run_stage(struct funnel *funnel, const struct stage *stage, struct err *err)
{
	double seconds = funnel->options->seconds > 0 ? funnel->options->seconds : FUNNEL_SECONDS;
	struct stage_context context = {
		.root = funnel->root,
		.evidence = funnel->evidence,
		.rules = funnel->options->rules,
		.call_graph = funnel->options->call_graph,
		.keep = funnel->options->keep,
		.keep_context = funnel->options->context,
		.keep_trace = funnel->options->keep_trace,
		.redact = funnel->options->redact,
		.window_ns = (uint64_t)(seconds * stage->part * 1e9),
		.own_pid = procroot_is_live(funnel->root) ? getpid() : 0,
		.events_max = funnel->options->events_max,
		.cost_max_pct = funnel->options->cost_max_pct > 0 ? funnel->options->cost_max_pct :
								    FUNNEL_COST_PCT,
		.stop = funnel->options->stop,
		.record = { .status = STAGE_OK },
	};
	struct err why = { "" };
	int r, recorded;

	if (funnel->options->progress)
		funnel->options->progress(funnel->options->context, stage_name(stage->id),
					  seconds * stage->part);
	r = stage->collect(&context, &why);
	if (r == -ENOMEM)
		return err_set(err, r, "%s: out of memory", stage_name(stage->id));
	if (r < 0 && r != -EINTR) {
		if (stage == &stages[0])
			err_set(err, r, "%s: %s", stage_name(stage->id), why.msg);
		return put_record(funnel, stage->id, STAGE_UNAVAILABLE, why.msg, "triage doctor");
	}
	if (r == -EINTR)
		stage_degrade(&context, NULL, "interrupted before the end of its window");
	funnel->ran |= 1U << stage->id;
	recorded = evidence_set_stage(funnel->evidence, stage->id, &context.record);
	return recorded < 0 ? recorded : r;
}

static int pass_over(struct funnel *funnel, const struct stage *stage)
{
	return put_record(funnel, stage->id, STAGE_SKIPPED,
			  funnel->options->stages ? "not among the stages that were asked for" :
						    "no rule asked for it",
			  NULL);
}

static int run_stages(struct funnel *funnel, struct err *err)
{
	bool stopped = false;

	for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
		bool wanted = is_wanted(funnel, &stages[i]) && !stopped;
		int r = wanted ? run_stage(funnel, &stages[i], err) : pass_over(funnel, &stages[i]);

		stopped |= r == -EINTR;
		if (wanted && (r == 0 || r == -EINTR))
			r = ask_rules(funnel);
		if (r < 0)
			return r;
	}
	if (!funnel->ran)
		return -ENOENT;
	return stopped ? -EINTR : 0;
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double seconds_of(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static void put_cost(struct evidence *evidence, double wall_s)
{
	double cpus = evidence_number(evidence, METRIC_host_cpus_online);
	struct rusage usage;
	double cpu_s;

	getrusage(RUSAGE_SELF, &usage);
	cpu_s = seconds_of(&usage.ru_utime) + seconds_of(&usage.ru_stime);
	evidence_set(evidence, METRIC_self_wall_s, wall_s);
	evidence_set(evidence, METRIC_self_cpu_s, cpu_s);
	evidence_set(evidence, METRIC_self_cpu_pct_of_host, 100 * cpu_s / (wall_s * cpus));
	evidence_set(evidence, METRIC_self_max_rss_bytes, (double)usage.ru_maxrss * 1024);
}

int funnel_run(struct procroot *root, const struct funnel_options *options,
	       struct evidence *evidence, struct err *err)
{
	struct funnel funnel = { .root = root, .options = options, .evidence = evidence };
	double start_s = seconds_now();
	int r;

	r = evidence_set_text(evidence, METRIC_self_input,
			      procroot_is_live(root) ? "host" : "recorded");
	r = r == 0 ? run_stages(&funnel, err) : r;
	if (procroot_is_live(root))
		put_cost(evidence, seconds_now() - start_s);
	return r;
}
