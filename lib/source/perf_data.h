/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading perf.data: what `perf sched record` and `perf record` write. The file is hostile: every
 * size is checked, nothing is mapped whole, memory does not grow with the file (pages are read
 * through a window, in time order by rounds and per-CPU queues).
 *
 * Read: header, attrs and ids, TRACING_DATA (event formats), records SAMPLE, LOST, LOST_SAMPLES,
 * COMM, FORK, EXIT, MMAP(2) skipped, FINISHED_ROUND. Refused with a clear message: foreign magic,
 * other endian, pipe mode, COMPRESSED records (perf record -z), truncated sections. Format:
 * tools/perf/Documentation/perf.data-file-format.txt of the kernel sources.
 */
#ifndef TRIAGE_SOURCE_PERF_DATA_H
#define TRIAGE_SOURCE_PERF_DATA_H

#include "base/err.h"
#include "base/sched_event.h"

#include <stdbool.h>
#include <stddef.h>

/* True for the first bytes of a perf.data file ("PERFILE2", either endian). */
bool perf_data_looks_like(const char *bytes, size_t len);

struct perf_data;

/* -EBADMSG (what and at which offset in `err`), or what open said. */
int perf_data_open(const char *path, struct perf_data **ret, struct err *err);
void perf_data_free(struct perf_data *data);
void perf_data_freep(struct perf_data **data);

struct perf_data_info {
	char hostname[256]; /* from the header's features; "" when not there */
	char release[256];
	int cpus_online; /* 0: not known */
	bool has_sched;	 /* sched_switch is among the events */
};

void perf_data_about(const struct perf_data *data, struct perf_data_info *ret);

/* Events of that type are passed over undecoded by perf_data_each(): half of what `perf sched record`
 * writes is SCHED_RUNTIME. */
void perf_data_leave_out(struct perf_data *data, enum sched_event_type type);

/* Calls `each` for every scheduler event in time order (ties in file order); stops with what it
 * returns when that is not 0. What a damaged tail made unreadable is told by -EBADMSG after all events
 * before it were delivered.
 *
 * COMM and FORK records come as SCHED_NAME (a fork without comm), losses as SCHED_LOST. Those that perf
 * made up without a time (threads that were there at the start) get that of the event before, 0 at the
 * start. Events that come too late for their order get the time that has been reached, and are counted. */
int perf_data_each(struct perf_data *data,
		   int (*each)(void *context, const struct sched_event *event), void *context,
		   struct err *err);

/* Of the last perf_data_each(). `events`: without names and losses; `undecoded`: samples too short for
 * their format, or without a time or CPU; `lost`: as LOST records or perf's own sums tell, whichever is
 * more. */
struct perf_data_counts {
	uint64_t records, samples, events, undecoded, lost, out_of_order;
	uint64_t first_ns, last_ns;
};

void perf_data_counts(const struct perf_data *data, struct perf_data_counts *ret);

#endif
