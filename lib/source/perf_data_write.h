/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writing a perf.data file of the scheduler's tracepoints from the records of our own rings (source/sched_rings.h), for
 * `perf script`, `perf sched`, Hotspot and our own reader. Header, attrs with ids, data, and the features TRACING_DATA,
 * HOSTNAME, OSRELEASE, ARCH, NRCPUS, EVENT_DESC; native endian. Format:
 * tools/perf/Documentation/perf.data-file-format.txt of the kernel sources.
 *
 * Our rings tell a record's event by its payload and its CPU by the ring. perf wants both in the record, so that a sample
 *
 *   TIME | RAW   becomes   IDENTIFIER | TID | TIME | CPU | RAW
 *
 * with the payload as the kernel wrote it; the thread is its common_pid. Records stand in the order in which rings were read: readers
 * sort them by time.
 *
 * Memory is had at the start, `bytes_max` in all, and only touched as it fills; an eighth of it is for names.
 */
#ifndef TRIAGE_SOURCE_PERF_DATA_WRITE_H
#define TRIAGE_SOURCE_PERF_DATA_WRITE_H

#include "base/err.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct perf_data_writer;

/* Reads the formats of the events from `tracefs` (NULL: the usual places). What reading said; -ENOMEM. */
int perf_data_writer_new(const char *tracefs, size_t bytes_max, struct perf_data_writer **ret,
			 struct err *err);
void perf_data_writer_free(struct perf_data_writer *writer);
void perf_data_writer_freep(struct perf_data_writer **writer); /* for _cleanup_ */

/* Which process a thread belongs to; for records that are taken later. */
void perf_data_writer_process(struct perf_data_writer *writer, pid_t pid, pid_t tid);

/* A thread's name, as a COMM record of the time 0: readers have it from the beginning. Nothing for "". */
void perf_data_writer_name(struct perf_data_writer *writer, pid_t pid, pid_t tid, const char *comm);

/* A record as a ring of sched_rings has it (struct perf_event_header and what follows, `len` bytes, events with
 * sample_type TIME | RAW and sample_id_all). Other kinds than SAMPLE, COMM, FORK, EXIT and LOST are passed over. */
void perf_data_writer_take(struct perf_data_writer *writer, uint32_t cpu, const void *record,
			   size_t len);

struct perf_data_writer_counts {
	uint64_t samples, left_out; /* left out: there was no room */
};

struct perf_data_writer_counts perf_data_writer_counts(const struct perf_data_writer *writer);

/* Appends the file. `host` NULL: not told. -ENOMEM. */
int perf_data_writer_finish(const struct perf_data_writer *writer, const char *host,
			    struct str *out);

#endif
