/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of trace_stacks share: filters (trace_stacks_filter.c), reading of records (trace_stacks_record.c), events and the
 * watch (trace_stacks.c, trace_stacks_watch.c).
 */
#ifndef TRIAGE_SOURCE_TRACE_STACKS_INTERNAL_H
#define TRIAGE_SOURCE_TRACE_STACKS_INTERNAL_H

#include "base/str.h"
#include "source/perf_ring.h"
#include "source/sched_format.h"
#include "source/trace_stacks.h"

#define TRACE_STACKS_TYPE (PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW)
#define TRACE_STACKS_TYPE_CHAIN (TRACE_STACKS_TYPE | PERF_SAMPLE_CALLCHAIN)
#define TRACE_STACKS_TYPE_STACK \
	(TRACE_STACKS_TYPE_CHAIN | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)

/* Which fields of an event name whom it is about. */
enum trace_about {
	TRACE_ABOUT_SWITCH,  /* prev_*, next_* */
	TRACE_ABOUT_WAKEE,   /* comm, pid */
	TRACE_ABOUT_CURRENT, /* whoever is on the CPU */
	TRACE_ABOUT_FUTEX, /* the same; with stacks only those who wake: who waits is seen leaving the CPU */
};

/* The filter of an event that has no stack (by name), and of one that has (by thread). A name is data: what a filter could take for
 * its own becomes '?'. */
void trace_filter_names(enum trace_about about, const struct trace_stacks_options *options,
			struct str *out);
void trace_filter_tids(enum trace_about about, const struct trace_stacks_options *options,
		       struct str *out);

struct trace_record {
	struct sched_event event;
	pid_t pid; /* of the thread on the CPU */
	struct stack_sample sample;
};

/* Reads one record, at an address that is a multiple of 8. `sample_type`: one of those above. 1: `ret` is filled, its sample leads into
 * the record; 0: none of ours; -EBADMSG: it does not hold what it claims. */
int trace_record_decode(const struct sched_format *format, uint64_t sample_type,
			const struct perf_event_header *header, struct trace_record *ret);

/* One of the two: events as they come, or with stacks. */
struct trace_side {
	struct perf_rings *perf;
	uint64_t sample_type;
	size_t count;	 /* of rings */
	uint64_t *times; /* of each ring's oldest record that was not delivered; UINT64_MAX: none */
	struct trace_record *heads;
};

struct trace_stacks {
	struct sched_format *format;
	struct trace_side events, stacks; /* stacks.perf NULL: nobody's */
	bool has_locks, has_futexes, unfiltered;
};

#endif
