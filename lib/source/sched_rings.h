/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduler events of the live host from perf ring buffers, through libperf: one ring per CPU, no
 * trace file. Events come merged in time order; memory is the rings', fixed before the window
 * begins.
 *
 * Needs tracepoints (root or CAP_PERFMON, tracefs); sched_rings_open() says what is missing and how
 * to get it. Without tracefs it falls back to PERF_RECORD_SWITCH (context_switch=1): who ran when,
 * no wakeups. Kernel 4.14 and later.
 */
#ifndef TRIAGE_SOURCE_SCHED_RINGS_H
#define TRIAGE_SOURCE_SCHED_RINGS_H

#include "base/err.h"
#include "base/sched_event.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

enum sched_source {
	SCHED_SOURCE_TRACEPOINTS,
	SCHED_SOURCE_SWITCH_RECORDS, /* no wakeups, no states but "preempted or not" */
};

struct sched_rings_options {
	double events_per_s;	  /* predicted, all CPUs: sizes the rings; 0: unknown */
	size_t bytes_per_cpu_max; /* cap on a ring (default 4 MiB when 0) */
	const char *tracefs;	  /* NULL: /sys/kernel/tracing, then /sys/kernel/debug/tracing */
};

struct sched_rings;

/* Opens and maps everything, disabled. Rings that can't be had for lack of locked memory are halved
 * until they can. */
int sched_rings_open(const struct sched_rings_options *options, struct sched_rings **ret,
		     struct err *err);
void sched_rings_free(struct sched_rings *rings);
void sched_rings_freep(struct sched_rings **rings);

enum sched_source sched_rings_source(const struct sched_rings *rings);

/* Why it is not tracepoints, and what to do about it: one sentence, "" with tracepoints. */
const char *sched_rings_reason(const struct sched_rings *rings);

struct sched_rings_limits {
	uint64_t duration_ns;
	double cost_max_pct; /* of all CPUs' time that the events may cost; 0: no bound */
	uint64_t events_max; /* stop after that many; 0: no cap */
	const volatile sig_atomic_t *stop; /* NULL allowed */
	/* Gets every record as the kernel wrote it (struct perf_event_header ...), in the order of reading. NULL allowed. */
	void (*raw)(void *context, uint32_t cpu, const void *record, size_t len);
	void *raw_context;
	/* Told when a look begins, with all CPUs watched, and when it ends; may not block. NULL allowed. */
	void (*look)(void *context, bool begins);
	void *look_context;
};

struct sched_rings_result {
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC, as the events' times */
	uint64_t watched_ns;	   /* of that, less the rests between looks */
	unsigned int looks;
	uint64_t events, lost, out_of_order, undecoded;
	size_t ring_bytes; /* of one CPU */
	bool capped;	   /* events_max was reached */
};

/* Enables, delivers events in time order until the window ends, disables, drains. `each` may not
 * block; a non-zero return stops and is returned. A loss is delivered as SCHED_LOST on its CPU at
 * the time it was noticed; an event that became readable too late for its place in time is counted
 * as out_of_order and delivered all the same. Names come with SCHED_NAME: renamed threads, and new
 * ones with their process and no name.
 *
 * Each event costs the watched about 0.7 us (docs/PERFORMANCE.md), whoever reads it. Where that would be more than
 * `cost_max_pct`, the window is watched in looks of 200 ms and longer with rests in between, at least three; a rest
 * begins with SCHED_PAUSED. Where it is less, the window is one look.
 *
 * Meanwhile the calling thread has the lowest real-time priority (or, without the right to that,
 * nice -20), so that a saturated host does not keep it from its rings; it sleeps until a ring is
 * half full or 50 ms have passed. Given back at the end, and early when reading takes all of a CPU.
 *
 * 0, -EINTR when stopped; `ret` is filled in any case. Can be called again. */
int sched_rings_watch(struct sched_rings *rings, const struct sched_rings_limits *limits,
		      int (*each)(void *context, const struct sched_event *event), void *context,
		      struct sched_rings_result *ret, struct err *err);

#endif
