/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which kinds of perf event this process may open on all CPUs, found out by opening and closing
 * them (libperf over perf_event_open(2)); nothing is enabled or counted. Kernel:
 * kernel/events/core.c; a tracepoint's number is read from tracefs, events/sched/sched_switch/id
 * ("318"), in sys/kernel/tracing or sys/kernel/debug/tracing.
 */
#ifndef TRIAGE_SOURCE_PERF_PROBE_H
#define TRIAGE_SOURCE_PERF_PROBE_H

#include "source/procroot.h"

#include <stdbool.h>

enum perf_ability_id {
	PERF_ABILITY_CYCLES,	   /* hardware cycles, sampled with callchains */
	PERF_ABILITY_CPU_CLOCK,	   /* a timer, sampled with callchains: the substitute for cycles */
	PERF_ABILITY_SCHED_SWITCH, /* tracepoint sched:sched_switch: sched and locate */
	PERF_ABILITY_FUTEX, /* tracepoints of the system call futex (CONFIG_FTRACE_SYSCALLS): locate */
	PERF_ABILITY_CONTENTION, /* lock:contention_begin and _end (5.19): locate */
	PERF_ABILITY_CONTEXT_SWITCH, /* switch records without tracefs (4.3): who ran, not who woke whom */
	PERF_ABILITY_TOTAL,
};

struct perf_ability {
	const char *name; /* "hardware cycles"; static */
	bool available;
	int error;	  /* 0, or the positive errno of the first step that failed */
	char reason[160]; /* one sentence; "" when available */
	char fix[160];	  /* command; "" when available, or when no command helps */
};

struct perf_abilities {
	struct perf_ability item[PERF_ABILITY_TOTAL];
	char tracefs[32]; /* where tracefs is, under the root: "sys/kernel/tracing"; "" when it can't be seen */
	int paranoid; /* kernel.perf_event_paranoid; -2 when it can't be read */
};

/* Tries them all. `root` must be live: -EINVAL; -ENOMEM. A kind that can't be opened is a result,
 * no error. */
int perf_probe(struct procroot *root, struct perf_abilities *ret);

#endif
