/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/perf_file.h"

#include "base/cleanup.h"
#include "stage/perf_put.h"
#include "stage/perf_resolve.h"
#include "stage/stage.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define RECORD_COMMAND "perf record -a -g -F 99 -- sleep 10"

struct perf_reading {
	struct evidence *evidence;
	const struct ruleset *rules;
	struct perf_data *data;
	struct perf_data_sampling sampling;
	struct perf_data_stacks_counts counts;
	struct procroot *root;
	struct address_spaces *spaces;
	struct perf_fits fits;
	struct perf_resolver resolver;
	bool kernel_settled, kernel_moved;
	char reason[256];
};

static void close_reading(struct perf_reading *reading)
{
	profile_free(reading->resolver.profile);
	unwinder_free(reading->resolver.unwinder);
	symbolizer_free(reading->resolver.symbolizer);
	address_spaces_free(reading->spaces);
	procroot_free(reading->root);
	perf_data_free(reading->data);
}

/* The first is the stage's reason, the others are caveats. */
static void degrade(struct perf_reading *reading, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void degrade(struct perf_reading *reading, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (!reading->reason[0])
		snprintf(reading->reason, sizeof(reading->reason), "%s", text);
	else
		evidence_add_caveat(reading->evidence, "perf: %s", text);
}

/* ---- what the file tells, in time order ----------------------------------------------------- */

/* Names of the kernel are those of this moment: they serve only the kernel that was recorded. */
static int settle_kernel(struct perf_reading *reading)
{
	struct err why = { "" };
	int r;

	reading->kernel_settled = true;
	if (!reading->fits.same_kernel) {
		degrade(reading, "kernel functions have no names: the file is not of this host and "
				 "kernel; explain it where it was recorded");
		return 0;
	}
	if (reading->kernel_moved) {
		degrade(reading,
			"kernel functions have no names: the host was started again since");
		return 0;
	}
	r = symbolizer_load_kernel(reading->resolver.symbolizer, &why);
	if (r < 0 && r != -ENOMEM)
		degrade(reading, "%s", why.msg);
	return r == -ENOMEM ? r : 0;
}

static int take_sample(void *context, const struct stack_sample *sample)
{
	struct perf_reading *reading = context;
	int r = 0;

	if (!reading->kernel_settled)
		r = settle_kernel(reading);
	return r < 0 ? r : perf_resolve(&reading->resolver, sample);
}

static int take_mapping(void *context, const struct mapping_event *event,
			const struct perf_build_id *id)
{
	struct perf_reading *reading = context;
	struct mapping_event fitting;

	if (event->pid == -1) {
		if (strncmp(event->path, "[kernel.kallsyms]_", 18) == 0)
			reading->kernel_moved =
				!perf_fits_kernel_start(&reading->fits, event->path, event->offset);
		return 0;
	}
	perf_fits_apply(&reading->fits, event, id, &fitting);
	return address_spaces_map(reading->spaces, &fitting);
}

/* Threads of the kernel are the children of kthreadd; the profile hands that on to them. */
static int take_task(void *context, const struct task_event *event)
{
	struct perf_reading *reading = context;
	struct profile *profile = reading->resolver.profile;
	bool made_up = event->type == TASK_EVENT_FORK && event->exec;
	int r = made_up ? 0 : address_spaces_task(reading->spaces, event);

	if (r == 0 && event->type == TASK_EVENT_NAME)
		r = profile_thread(profile, event->pid, event->tid, event->comm,
				   event->pid == 2 && strcmp(event->comm, "kthreadd") == 0);
	if (r == 0 && event->type == TASK_EVENT_FORK)
		r = profile_fork(profile, event->pid, event->tid, event->parent_pid);
	return r;
}

/* ---- before --------------------------------------------------------------------------------- */

static bool is_this_machine(const struct perf_data *data)
{
	struct perf_data_info info;
	struct utsname name;

	perf_data_about(data, &info);
	return uname(&name) == 0 && strcmp(info.arch, name.machine) == 0;
}

static int make_resolver(struct perf_reading *reading)
{
	/* /tmp/perf-PID.map is of a process that lives now: of another host it would be
	 * anybody's. */
	struct symbolizer_options options = { .jit_bytes_max = reading->fits.same_host ? 0 : 1 };
	bool unwinds = reading->sampling.user_stacks && is_this_machine(reading->data);
	struct perf_resolver *resolver = &reading->resolver;

	resolver->rules = reading->rules;
	resolver->profile = perf_profile_new(reading->rules);
	resolver->symbolizer = symbolizer_new(reading->root, reading->spaces, &options);
	resolver->unwinder = unwinds ? unwinder_new(reading->spaces, NULL) : NULL;
	return resolver->profile && resolver->symbolizer && (resolver->unwinder || !unwinds) ?
		       0 :
		       -ENOMEM;
}

static int open_reading(struct perf_reading *reading, const char *path, struct err *err)
{
	int r = perf_data_open(path, &reading->data, err);

	if (r < 0)
		return r;
	perf_data_sampling(reading->data, &reading->sampling);
	if (reading->sampling.clock == PERF_DATA_NO_CLOCK)
		return err_set(err, -ENODATA,
			       "%s: no samples of what the CPUs did in it; record with: %s", path,
			       RECORD_COMMAND);
	r = procroot_open_live(NULL, &reading->root, err);
	if (r < 0)
		return r;
	reading->spaces = address_spaces_new(reading->root, 0, 0);
	if (!reading->spaces)
		return -ENOMEM;
	perf_fits_init(&reading->fits, reading->root, reading->spaces, reading->data);
	return make_resolver(reading);
}

/* ---- after ---------------------------------------------------------------------------------- */

static const char *clock_name(enum perf_data_clock clock)
{
	switch (clock) {
	case PERF_DATA_CYCLES:
		return "cycles";
	case PERF_DATA_CPU_CLOCK:
		return "cpu-clock";
	case PERF_DATA_TASK_CLOCK:
		return "task-clock";
	default:
		return "other";
	}
}

static double window_s(const struct perf_reading *reading)
{
	return (double)(reading->counts.last_ns - reading->counts.first_ns) / 1e9;
}

/* Idle CPUs give no samples of cycles: what is missing of the expected number was idle. */
static double busy_pct(const struct perf_reading *reading)
{
	const struct profile_totals *totals = profile_totals(reading->resolver.profile);
	const struct perf_data_sampling *sampling = &reading->sampling;
	double expected = (double)sampling->hz * sampling->rings * window_s(reading);

	if (!sampling->whole_host)
		return NAN;
	if (sampling->clock == PERF_DATA_CPU_CLOCK && totals->weight)
		return 100 * (double)totals->busy_weight / (double)totals->weight;
	if (sampling->clock == PERF_DATA_CYCLES && expected > 0)
		return fmin(100, 100 * (double)totals->samples / expected);
	return NAN;
}

static void tell_sampling(struct perf_reading *reading)
{
	const struct perf_data_sampling *sampling = &reading->sampling;

	if (!sampling->whole_host)
		degrade(reading, "chosen processes or threads were recorded, not the host: all "
				 "shares are of them; record with: " RECORD_COMMAND);
	if (sampling->clock == PERF_DATA_OTHER)
		degrade(reading, "the samples count something else than time");
	if (!sampling->callchains)
		degrade(reading, "no call chains were recorded: who called is not known; record "
				 "with: " RECORD_COMMAND);
	if (sampling->kernel_left_out)
		degrade(reading, "the kernel was left out: record as root");
	if (sampling->user_left_out)
		degrade(reading, "user space was left out");
	if (reading->fits.left_out)
		degrade(reading,
			"programs and libraries that are not the ones that were recorded were left "
			"without names (%llu mappings)",
			(unsigned long long)reading->fits.left_out);
}

static void tell_losses(struct perf_reading *reading)
{
	const struct perf_data_stacks_counts *counts = &reading->counts;
	double all = (double)counts->samples + (double)counts->lost;

	evidence_set(reading->evidence, METRIC_perf_lost_pct, 100 * (double)counts->lost / all);
	if (counts->lost)
		evidence_add_caveat(reading->evidence, "perf: %.0f of %.0f samples were lost",
				    (double)counts->lost, all);
	if (counts->throttled)
		evidence_add_caveat(reading->evidence,
				    "perf: the kernel throttled sampling %llu times",
				    (unsigned long long)counts->throttled);
	if (counts->undecoded)
		evidence_add_caveat(reading->evidence, "perf: %llu records make no sense",
				    (unsigned long long)counts->undecoded);
}

static int put_record(struct perf_reading *reading)
{
	struct stage_record record = {
		.status = reading->reason[0] ? STAGE_DEGRADED : STAGE_OK,
		.duration_s = window_s(reading),
		.reason = reading->reason[0] ? reading->reason : NULL,
	};

	return evidence_set_stage(reading->evidence, STAGE_perf, &record);
}

static int put_all(struct perf_reading *reading)
{
	struct perf_put_options options = {
		.symbolizer = reading->resolver.symbolizer,
		.window_s = window_s(reading),
		.cpus = reading->sampling.rings,
		.busy_pct = busy_pct(reading),
		.unwound_weight = reading->resolver.unwound_weight,
	};
	int r;

	tell_sampling(reading);
	tell_losses(reading);
	r = perf_file_put_host(reading->data, reading->evidence);
	if (r == 0)
		r = evidence_set_text(reading->evidence, METRIC_perf_source, "samples");
	if (r == 0)
		r = evidence_set_text(reading->evidence, METRIC_perf_clock,
				      clock_name(reading->sampling.clock));
	if (r == 0)
		r = perf_put(reading->resolver.profile, &options, reading->evidence);
	if (r == 0 && !reading->sampling.callchains)
		perf_put_forget_callers(reading->evidence);
	return r < 0 ? r : put_record(reading);
}

static int read_all(struct perf_reading *reading, const char *path, struct err *err)
{
	struct perf_data_stacks_handler handler = {
		.sample = take_sample,
		.mapping = take_mapping,
		.task = take_task,
		.context = reading,
	};
	struct err damage = { "" };
	int r = perf_data_each_stack(reading->data, &handler, &reading->counts, &damage);

	if (r < 0 && (r != -EBADMSG || !reading->counts.samples))
		return err_set(err, r, "%s", damage.msg[0] ? damage.msg : strerror(-r));
	if (r == -EBADMSG)
		evidence_add_caveat(reading->evidence, "%s: what comes after it is missing",
				    damage.msg);
	if (!reading->counts.samples)
		return err_set(err, -ENODATA, "%s: not a single sample of a CPU in it", path);
	r = profile_end(reading->resolver.profile);
	return r < 0 ? r : put_all(reading);
}

int stage_perf_from_file(const char *path, const struct ruleset *rules, struct evidence *evidence,
			 struct err *err)
{
	struct perf_reading reading = { .evidence = evidence, .rules = rules };
	int r;

	r = open_reading(&reading, path, err);
	if (r == 0)
		r = read_all(&reading, path, err);
	close_reading(&reading);
	return r;
}

/* ---- both ----------------------------------------------------------------------------------- */

int perf_file_put_host(const struct perf_data *data, struct evidence *evidence)
{
	struct perf_data_info info;
	int r;

	perf_data_about(data, &info);
	if (info.cpus_online > 0) {
		evidence_set(evidence, METRIC_host_cpus_online, info.cpus_online);
		evidence_set(evidence, METRIC_host_usable_cpus, info.cpus_online);
	}
	r = evidence_set_text(evidence, METRIC_host_name, *info.hostname ? info.hostname : NULL);
	return r < 0 ? r :
		       evidence_set_text(evidence, METRIC_host_kernel,
					 *info.release ? info.release : NULL);
}

bool perf_file_has_run(const struct evidence *evidence, enum stage_id stage)
{
	enum stage_status status = evidence_stage(evidence, stage)->status;

	return status == STAGE_OK || status == STAGE_DEGRADED;
}

/* A file answers one or two questions; the others need the host. */
static int put_absent(struct evidence *evidence, bool has_perf, bool has_sched)
{
	struct stage_record absent = { .status = STAGE_SKIPPED, .fix = "triage run" };

	for (int stage = 0; stage < STAGE_TOTAL; stage++) {
		int r;

		if ((stage == STAGE_perf && has_perf) || (stage == STAGE_sched && has_sched) ||
		    perf_file_has_run(evidence, (enum stage_id)stage))
			continue;
		absent.reason =
			stage == STAGE_sched ? "the perf.data file has no events of the scheduler" :
			stage == STAGE_perf  ? "the perf.data file has no samples of the CPUs" :
					       "a perf.data file says nothing about it";
		r = evidence_set_stage(evidence, (enum stage_id)stage, &absent);
		if (r < 0)
			return r;
	}
	return 0;
}

static int find_parts(const char *path, struct perf_data_info *ret, struct err *err)
{
	_cleanup_(perf_data_freep) struct perf_data *data = NULL;
	int r = perf_data_open(path, &data, err);

	if (r == 0)
		perf_data_about(data, ret);
	return r;
}

/* A part that failed is not a reason to leave out the other. */
static int note_failure(struct evidence *evidence, const struct err *why)
{
	return evidence_add_caveat(evidence, "%s", why->msg);
}

/* Rows of two recordings would be two groups of the same threads. */
static int leave_out_told(const char *path, struct perf_data_info *info, struct evidence *evidence)
{
	bool samples = info->has_cpu_samples && perf_file_has_run(evidence, STAGE_perf);
	bool sched = info->has_sched && perf_file_has_run(evidence, STAGE_sched);
	int r = 0;

	if (samples)
		r = evidence_add_caveat(evidence, "%s: samples of another file are told already",
					path);
	if (r == 0 && sched)
		r = evidence_add_caveat(
			evidence, "%s: events of the scheduler of another file are told already",
			path);
	info->has_cpu_samples &= !samples;
	info->has_sched &= !sched;
	return r;
}

int stage_from_perf_data(const char *path, const struct ruleset *rules, struct evidence *evidence,
			 struct err *err)
{
	struct perf_data_info info = { .has_sched = false };
	struct err why = { "" };
	bool has_perf = false, has_sched = false;
	int r;

	r = find_parts(path, &info, err);
	if (r < 0)
		return r;
	if (!info.has_sched && !info.has_cpu_samples)
		return err_set(
			err, -EBADMSG,
			"%s: neither samples of the CPUs nor sched_switch in it; record with: " RECORD_COMMAND
			" (or: perf sched record -- sleep 5)",
			path);
	r = leave_out_told(path, &info, evidence);
	if (r < 0 || (!info.has_sched && !info.has_cpu_samples))
		return r;
	if (info.has_sched) {
		r = stage_sched_from_file(path, evidence, &why);
		has_sched = r == 0;
	}
	if (r != -ENOMEM && info.has_cpu_samples) {
		struct err *here = has_sched ? &why : err;

		r = stage_perf_from_file(path, rules, evidence, here);
		has_perf = r == 0;
	}
	if (!has_perf && !has_sched)
		return info.has_cpu_samples ? r : err_set(err, r, "%s", why.msg);
	if (why.msg[0])
		note_failure(evidence, &why);
	r = evidence_set_text(evidence, METRIC_self_input, "perf.data");
	return r < 0 ? r : put_absent(evidence, has_perf, has_sched);
}
