/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "base/sched_text.h"
#include "export.h"
#include "report/chrome_trace.h"
#include "report/sched_script.h"
#include "source/perf_data.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define EXCERPT "sched/excerpt.events"

/* What the events go into: one of the two. */
struct drawing {
	const struct export *export;
	struct output *output;
	bool as_text;
	uint64_t events;
	struct chrome_trace *trace;
	struct sched_script *script;
};

static void drawing_free(struct drawing *drawing)
{
	chrome_trace_free(drawing->trace);
	sched_script_free(drawing->script);
}

static int begin(struct drawing *drawing, const char *host)
{
	const struct chrome_trace_options options = {
		.write = output_write,
		.context = drawing->output,
		.host = host,
		.tool_version = TRIAGE_VERSION,
		.events_max = drawing->export->events_max,
	};

	if (drawing->as_text)
		return sched_script_new(output_write, drawing->output, drawing->export->events_max,
					&drawing->script);
	return chrome_trace_new(&options, &drawing->trace);
}

static int take_event(void *context, const struct sched_event *event)
{
	struct drawing *drawing = context;

	drawing->events++;
	if (drawing->as_text)
		return sched_script_event(drawing->script, event);
	return chrome_trace_event(drawing->trace, event);
}

static void tell_full(uint64_t events)
{
	cmd_fail("the timeline ends after %llu events; --max-events N takes more",
		 (unsigned long long)events);
}

/* What is missing is said where a person sees it; the file itself says it too. */
static void tell_limits(const struct chrome_trace *trace)
{
	struct chrome_trace_counts counts = chrome_trace_counts(trace);

	if (counts.full)
		tell_full(counts.events);
	if (counts.left_out)
		cmd_fail("%llu events of too many threads or CPUs are left out",
			 (unsigned long long)counts.left_out);
	if (counts.losses)
		cmd_fail("records were lost at %llu places", (unsigned long long)counts.losses);
}

static int finish(struct drawing *drawing)
{
	int r = drawing->as_text ? sched_script_end(drawing->script) :
				   chrome_trace_end(drawing->trace);

	if (r < 0)
		return r;
	if (drawing->trace)
		tell_limits(drawing->trace);
	else if (sched_script_is_full(drawing->script))
		tell_full(drawing->export->events_max);
	return 0;
}

/* ---- perf.data -------------------------------------------------------------------------------- */

/* A damaged tail is told; what comes before it is a timeline. */
static int stream_file(struct perf_data *data, struct drawing *drawing, struct err *err)
{
	struct err damage = { "" };
	int r;

	perf_data_leave_out(data, SCHED_RUNTIME);
	r = perf_data_each(data, take_event, drawing, &damage);
	if (r == -EBADMSG && drawing->events)
		cmd_fail("%s: what comes after it is missing", damage.msg);
	else if (r < 0)
		return err_set(err, r, "%s", damage.msg[0] ? damage.msg : strerror(-r));
	return finish(drawing);
}

static int export_file(struct drawing *drawing, struct err *err)
{
	_cleanup_(perf_data_freep) struct perf_data *data = NULL;
	struct perf_data_info info;
	int r;

	r = perf_data_open(drawing->export->input, &data, err);
	if (r < 0)
		return r;
	perf_data_about(data, &info);
	if (!info.has_sched)
		return err_set(
			err, -EBADMSG,
			"%s has no sched_switch in it; record with: perf sched record -- sleep 5",
			quote(drawing->export->input).text);
	r = begin(drawing, info.hostname[0] ? info.hostname : NULL);
	return r < 0 ? r : stream_file(data, drawing, err);
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

static int draw_excerpt(struct drawing *drawing, const struct bundle *bundle, struct err *err)
{
	struct sched_text_about about = { 0 };
	const char *bytes;
	size_t len;
	int r;

	if (!bundle_find(bundle, EXCERPT, &bytes, &len))
		return tell_missing(drawing->export, bundle, err);
	r = sched_text_parse(bytes, len, take_event, drawing, &about, err);
	if (r == -EBADMSG || r == -E2BIG)
		return err_prefix(err, r, "%s: " EXCERPT, quote(drawing->export->input).text);
	if (r >= 0 && about.tid && drawing->trace)
		r = chrome_trace_mark(drawing->trace, "longest wait for a CPU", about.from_ns,
				      about.until_ns);
	return r < 0 ? r : finish(drawing);
}

static int export_bundle(struct drawing *drawing, struct err *err)
{
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	int r;

	r = export_load_bundle(drawing->export->input, &bundle, err);
	if (r == 0)
		r = begin(drawing, bundle_about(bundle)->host);
	return r < 0 ? r : draw_excerpt(drawing, bundle, err);
}

/* ---- what the input is ------------------------------------------------------------------------ */

static bool is_perf_data(const char *path)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char head[16];
	ssize_t n = fd < 0 ? -1 : read(fd, head, sizeof(head));

	return n > 0 && perf_data_looks_like(head, (size_t)n);
}

static int export_timeline(struct drawing *drawing, struct err *err)
{
	const char *input = drawing->export->input;

	if (strcmp(input, "-") != 0 && is_perf_data(input))
		return export_file(drawing, err);
	return export_bundle(drawing, err);
}

int export_chrome_trace(const struct export *export, struct output *output, struct err *err)
{
	_cleanup_(drawing_free) struct drawing drawing = { .export = export, .output = output };

	return export_timeline(&drawing, err);
}

int export_perf_script(const struct export *export, struct output *output, struct err *err)
{
	_cleanup_(drawing_free) struct drawing drawing = { .export = export,
							   .output = output,
							   .as_text = true };

	return export_timeline(&drawing, err);
}

/* ---- the trace that was kept ------------------------------------------------------------------ */

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
