/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "base/sched_text.h"
#include "export.h"
#include "report/chrome_trace.h"
#include "source/perf_data.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define EXCERPT "sched/excerpt.events"

static int take_event(void *context, const struct sched_event *event)
{
	return chrome_trace_event(context, event);
}

static int new_trace(const struct export *export, struct output *output, const char *host,
		     struct chrome_trace **ret)
{
	const struct chrome_trace_options options = {
		.write = output_write,
		.context = output,
		.host = host,
		.tool_version = TRIAGE_VERSION,
		.events_max = export->events_max,
	};

	return chrome_trace_new(&options, ret);
}

/* What is missing is said where a person sees it; the file itself says it too. */
static void tell_limits(const struct chrome_trace *trace)
{
	struct chrome_trace_counts counts = chrome_trace_counts(trace);

	if (counts.full)
		cmd_fail("the timeline ends after %llu events; --max-events N takes more",
			 (unsigned long long)counts.events);
	if (counts.left_out)
		cmd_fail("%llu events of too many threads or CPUs are left out",
			 (unsigned long long)counts.left_out);
	if (counts.losses)
		cmd_fail("records were lost at %llu places", (unsigned long long)counts.losses);
}

static int finish(struct chrome_trace *trace)
{
	int r = chrome_trace_end(trace);

	if (r == 0)
		tell_limits(trace);
	return r;
}

/* ---- perf.data -------------------------------------------------------------------------------- */

/* A damaged tail is told; what comes before it is a timeline. */
static int stream_file(struct perf_data *data, struct chrome_trace *trace, struct err *err)
{
	struct err damage = { "" };
	int r;

	perf_data_leave_out(data, SCHED_RUNTIME);
	r = perf_data_each(data, take_event, trace, &damage);
	if (r == -EBADMSG && chrome_trace_counts(trace).events)
		cmd_fail("%s: what comes after it is missing", damage.msg);
	else if (r < 0)
		return err_set(err, r, "%s", damage.msg[0] ? damage.msg : strerror(-r));
	return finish(trace);
}

static int export_file(const struct export *export, struct output *output, struct err *err)
{
	_cleanup_(perf_data_freep) struct perf_data *data = NULL;
	_cleanup_(chrome_trace_freep) struct chrome_trace *trace = NULL;
	struct perf_data_info info;
	int r;

	r = perf_data_open(export->input, &data, err);
	if (r < 0)
		return r;
	perf_data_about(data, &info);
	if (!info.has_sched)
		return err_set(
			err, -EBADMSG,
			"%s has no sched_switch in it; record with: perf sched record -- sleep 5",
			quote(export->input).text);
	r = new_trace(export, output, info.hostname[0] ? info.hostname : NULL, &trace);
	return r < 0 ? r : stream_file(data, trace, err);
}

/* ---- a bundle --------------------------------------------------------------------------------- */

static int tell_missing(const struct export *export, const struct bundle *bundle, struct err *err)
{
	_cleanup_(evidence_freep) struct evidence *evidence = export_load_evidence(bundle);
	_cleanup_(str_free) struct str stage = { 0 };

	export_tell_stage(evidence, STAGE_sched, &stage);
	return err_set(
		err, -ENOENT,
		"%s has no timeline. The sched stage keeps a piece of it: `triage run --full`; a "
		"whole one is a perf.data file: `perf sched record -- sleep 1`%s",
		quote(export->input).text, str_text(&stage));
}

static int draw_excerpt(const struct export *export, const struct bundle *bundle,
			struct chrome_trace *trace, struct err *err)
{
	struct sched_text_about about = { 0 };
	const char *bytes;
	size_t len;
	int r;

	if (!bundle_find(bundle, EXCERPT, &bytes, &len))
		return tell_missing(export, bundle, err);
	r = sched_text_parse(bytes, len, take_event, trace, &about, err);
	if (r == -EBADMSG || r == -E2BIG)
		return err_prefix(err, r, "%s: " EXCERPT, quote(export->input).text);
	if (r >= 0 && about.tid)
		r = chrome_trace_mark(trace, "longest wait for a CPU", about.from_ns,
				      about.until_ns);
	return r < 0 ? r : finish(trace);
}

static int export_bundle(const struct export *export, struct output *output, struct err *err)
{
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	_cleanup_(chrome_trace_freep) struct chrome_trace *trace = NULL;
	int r;

	r = export_load_bundle(export->input, &bundle, err);
	if (r == 0)
		r = new_trace(export, output, bundle_about(bundle)->host, &trace);
	return r < 0 ? r : draw_excerpt(export, bundle, trace, err);
}

/* ---- the trace that was kept --------------------------------------------------------------------- */

int export_perf_data(const struct export *export, struct output *output, struct err *err)
{
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	const char *bytes;
	size_t len;
	int r = export_load_bundle(export->input, &bundle, err);

	if (r < 0)
		return r;
	if (!bundle_find(bundle, "perf.data", &bytes, &len))
		return err_set(
			err, -ENOENT,
			"%s has no perf.data. The sched stage records one when it is asked to: "
			"`triage run --keep-trace --full`",
			quote(export->input).text);
	return output_write(output, bytes, len);
}

/* ---- what the input is --------------------------------------------------------------------------- */

static bool is_perf_data(const char *path)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char head[16];
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));

	return n > 0 && perf_data_looks_like(head, (size_t)n);
}

int export_chrome_trace(const struct export *export, struct output *output, struct err *err)
{
	if (strcmp(export->input, "-") != 0 && is_perf_data(export->input))
		return export_file(export, output, err);
	return export_bundle(export, output, err);
}
