/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/sched_trace.h"

#include "base/cleanup.h"

#include <errno.h>

int sched_trace_open(const struct stage_context *context, const struct sched_rings *rings,
		     struct perf_data_writer **ret)
{
	struct err why = { "" };
	int r;

	*ret = NULL;
	if (!context->keep_trace || !context->keep)
		return 0;
	if (sched_rings_source(rings) != SCHED_SOURCE_TRACEPOINTS)
		return evidence_add_caveat(context->evidence,
					   "no trace is kept: there are no tracepoints");
	r = perf_data_writer_new(NULL, SCHED_TRACE_BYTES_MAX, ret, &why);
	if (r == 0 || r == -ENOMEM)
		return r;
	return evidence_add_caveat(context->evidence, "no trace is kept: %s", why.msg);
}

void sched_trace_take(void *writer, uint32_t cpu, const void *record, size_t len)
{
	perf_data_writer_take(writer, cpu, record, len);
}

static const char *host_of(const struct evidence *evidence)
{
	struct value name = evidence_get(evidence, METRIC_host_name);

	return name.kind == VALUE_TEXT ? name.text : NULL;
}

static void add_names(const struct sched_model *model, struct perf_data_writer *writer)
{
	const struct sched_thread *const *threads;
	size_t count;

	threads = sched_model_threads(model, &count);
	for (size_t i = 0; i < count; i++)
		perf_data_writer_name(writer, threads[i]->pid ? threads[i]->pid : threads[i]->tid,
				      threads[i]->tid, threads[i]->comm);
}

int sched_trace_keep(const struct stage_context *context, const struct sched_model *model,
		     struct perf_data_writer *writer)
{
	struct perf_data_writer_counts counts;
	_cleanup_(str_free) struct str file = { 0 };
	int r;

	if (!writer)
		return 0;
	add_names(model, writer);
	counts = perf_data_writer_counts(writer);
	if (counts.left_out)
		evidence_add_caveat(
			context->evidence,
			"the trace in the bundle lacks %llu records: it is full after %llu",
			(unsigned long long)counts.left_out, (unsigned long long)counts.samples);
	r = perf_data_writer_finish(writer, context->redact ? NULL : host_of(context->evidence),
				    &file);
	return r < 0 ? r : context->keep(context->keep_context, "perf.data", file.data, file.len);
}
