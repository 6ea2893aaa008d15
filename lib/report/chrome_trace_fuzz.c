/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/sched_text.h"
#include "report/chrome_trace.h"
#include "report/sched_script.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int append(void *context, const char *bytes, size_t len)
{
	str_append_bytes(context, bytes, len);
	return 0;
}

static int print(void *context, const struct sched_event *event)
{
	return sched_script_event(context, event);
}

/* Text has no end to miss: it must only come out. */
static void check_text(const uint8_t *data, size_t size)
{
	_cleanup_(sched_script_freep) struct sched_script *script = NULL;
	_cleanup_(str_free) struct str out = { 0 };
	struct sched_text_about about = { 0 };
	struct err err = { "" };

	if (sched_script_new(append, &out, size % 3 ? 0 : 5, &script) < 0)
		return;
	if (sched_text_parse((const char *)data, size, print, script, &about, &err) >= 0 &&
	    sched_script_end(script) < 0)
		__builtin_trap();
}

static int take(void *context, const struct sched_event *event)
{
	return chrome_trace_event(context, event);
}

/* Whatever order events come in, a trace is made of them, and it ends. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(chrome_trace_freep) struct chrome_trace *trace = NULL;
	_cleanup_(str_free) struct str out = { 0 };
	const struct chrome_trace_options options = {
		.write = append,
		.context = &out,
		.host = "h",
		.events_max = size % 3 ? 0 : 5,
	};
	struct sched_text_about about = { 0 };
	struct err err = { "" };

	check_text(data, size);
	if (chrome_trace_new(&options, &trace) < 0)
		return 0;
	if (sched_text_parse((const char *)data, size, take, trace, &about, &err) < 0)
		return 0;
	if (about.tid)
		chrome_trace_mark(trace, "look", about.from_ns, about.until_ns);
	if (chrome_trace_end(trace) < 0 || out.len < 3 || out.data[out.len - 3] != '}')
		__builtin_trap();
	return 0;
}
