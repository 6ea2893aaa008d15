/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scheduler's timeline as Chrome trace events (JSON for chrome://tracing and ui.perfetto.dev), streamed: what a
 * switch completes is written at once, memory depends on CPUs and threads alone.
 *
 *   {"name":"nginx","ph":"X","ts":12.345,"dur":3.210,"pid":4194304,"tid":4194306,"args":{"tid":812,"pid":812}}
 *
 * Tracks: one per CPU (below the process "CPUs") with who ran there, one per thread with "running", "waiting for a
 * CPU" and "uninterruptible sleep"; other sleep is a gap. An arrow leads from where a thread was woken (its waker, or
 * the CPU in whose interrupt that was) to where it then runs. A counter has the threads that run and wait, at most one
 * value in a millisecond. Times are microseconds since the first event.
 *
 * What is not known is not drawn: a slice needs both its switches; who runs on a CPU is not known before its first one
 * and after a loss or a pause. A slice whose end was not seen ends with the CPU's last event and says so.
 *
 *   r = chrome_trace_new(&options, &trace);
 *   r = chrome_trace_event(trace, &event);	in time order; 1 when there is no room for more
 *   r = chrome_trace_end(trace);
 */
#ifndef TRIAGE_REPORT_CHROME_TRACE_H
#define TRIAGE_REPORT_CHROME_TRACE_H

#include "base/sched_event.h"

#include <stdbool.h>
#include <stddef.h>

#define CHROME_EVENTS_MAX 500000 /* scheduler events; each makes about two of the trace's */
#define CHROME_THREADS_MAX 65536
#define CHROME_CPUS_MAX 4096
/* Larger than any thread's id (PID_MAX_LIMIT of the kernel); CPU n is the thread CHROME_CPUS_PID + 1 + n. */
#define CHROME_CPUS_PID 4194304

struct chrome_trace_options {
	int (*write)(void *context, const char *bytes, size_t len); /* 0 or -errno */
	void *context;
	const char *host, *tool_version; /* NULL: not told; any bytes */
	uint64_t events_max;		 /* 0: CHROME_EVENTS_MAX */
};

struct chrome_trace_counts {
	uint64_t events;  /* of the scheduler that were taken */
	uint64_t written; /* of the trace */
	uint64_t arrows, losses;
	uint64_t left_out;  /* about threads and CPUs beyond the limits above */
	uint64_t backwards; /* came before their predecessor, and were taken at its time */
	bool full;	    /* events_max was reached: there was more */
};

struct chrome_trace;

/* -ENOMEM, or what write() returned; so do the others. */
int chrome_trace_new(const struct chrome_trace_options *options, struct chrome_trace **ret);
void chrome_trace_free(struct chrome_trace *trace);
void chrome_trace_freep(struct chrome_trace **trace); /* for _cleanup_ */

/* 1: `events_max` is reached and the event was not taken. Names (SCHED_NAME) do not count. */
int chrome_trace_event(struct chrome_trace *trace, const struct sched_event *event);

/* A slice on a track of its own: something to look at. Both times as those of events, which may come later. */
int chrome_trace_mark(struct chrome_trace *trace, const char *name, uint64_t from_ns,
		      uint64_t until_ns);

/* Ends what is open at the latest event, names the tracks, completes the JSON. Once. */
int chrome_trace_end(struct chrome_trace *trace);

struct chrome_trace_counts chrome_trace_counts(const struct chrome_trace *trace);

#endif
