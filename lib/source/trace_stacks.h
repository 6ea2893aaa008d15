/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a few suspects wait for, from tracepoints with the stacks of those who were there, through libperf: sched_switch and
 * sched_waking, sys_enter_futex and sys_exit_futex, and contention_begin and contention_end (5.19). Two rings per CPU: one has every
 * event of the suspects and no stack, the other the events of a few of their threads once more, with the chain of calls and a copy of
 * the user stack, for as much of each moment as the budget allows. Both come merged in time order.
 *
 * Filters in the kernel keep other threads' events out of the rings (PERF_EVENT_IOC_SET_FILTER); what fires is still looked at, so
 * that every switch of the host costs a comparison of names while the window is open.
 *
 * Needs tracepoints, as sched_rings.h does. Kernel 4.14 and later.
 */
#ifndef TRIAGE_SOURCE_TRACE_STACKS_H
#define TRIAGE_SOURCE_TRACE_STACKS_H

#include "base/err.h"
#include "base/sched_event.h"
#include "base/stack_sample.h"

#include <signal.h>

#define TRACE_STACKS_COMMS_MAX 24
#define TRACE_STACKS_TIDS_MAX 48

struct trace_stacks_options {
	/* Threads' names, raw; '*' at the end stands for the rest. At least one, at most TRACE_STACKS_COMMS_MAX. */
	const char *const *comms;
	size_t comms_count;
	/* Whose events have stacks, at most TRACE_STACKS_TIDS_MAX; none: nobody's. */
	const pid_t *tids;
	size_t tids_count;
	size_t user_stack_bytes;  /* as in cpu_samples.h; 0: frame pointers alone */
	size_t bytes_per_cpu_max; /* of each of the two rings; 0: 4 MiB */
	const char *tracefs;	  /* as in sched_rings.h */
};

struct trace_stacks;

/* Opens and maps everything, disabled. Events that this kernel does not have are left out. -EINVAL: no name; -EACCES, -EPERM, -ENOENT:
 * `err` says what would allow it. */
int trace_stacks_open(const struct trace_stacks_options *options, struct trace_stacks **ret,
		      struct err *err);
void trace_stacks_free(struct trace_stacks *stacks);
void trace_stacks_freep(struct trace_stacks **stacks);

bool trace_stacks_has_locks(const struct trace_stacks *stacks);	  /* of the kernel */
bool trace_stacks_has_futexes(const struct trace_stacks *stacks); /* CONFIG_FTRACE_SYSCALLS */

struct trace_stacks_limits {
	uint64_t duration_ns;
	uint64_t events_max;		   /* stop after that many; 0: no cap */
	unsigned stacks_per_s;		   /* about; 0: 1200 */
	const volatile sig_atomic_t *stop; /* NULL allowed */
};

struct trace_stacks_result {
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
	uint64_t events, stacks;
	uint64_t lost, lost_stacks, out_of_order, undecoded;
	double stacks_on_pct; /* of the window, how long stacks were taken */
	size_t ring_bytes;    /* of one CPU and kind */
	bool capped;	      /* events_max was reached */
	bool unfiltered;      /* the kernel or libperf took no filter: all threads' events came */
};

/* Enables, delivers in time order until the window ends, disables, drains; the reader goes first as in sched_rings.h. `each` gets an
 * event without a stack, or with one (`sample`, of the thread that was on the CPU, with its pid; then the same event comes once more
 * without, a little before or after). Losses come as SCHED_LOST. It may not block; a non-zero return stops and is returned. 0; -EINTR
 * when stopped; `ret` is filled in any case. */
int trace_stacks_watch(struct trace_stacks *stacks, const struct trace_stacks_limits *limits,
		       int (*each)(void *context, const struct sched_event *event, pid_t pid,
				   const struct stack_sample *sample),
		       void *context, struct trace_stacks_result *ret, struct err *err);

#endif
