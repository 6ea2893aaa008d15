/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading perf.data: what `perf sched record` and `perf record` write. The file is hostile: every
 * size is checked, nothing is mapped whole, memory does not grow with the file (pages are read
 * through a window, in time order by rounds and per-CPU queues).
 *
 * Read: header, attrs and ids, TRACING_DATA (event formats), build ids, records SAMPLE, LOST,
 * LOST_SAMPLES, COMM, FORK, EXIT, MMAP, MMAP2, THROTTLE, FINISHED_ROUND; what perf writes into a
 * pipe (`-o -`), where attrs, formats and build ids are records; COMPRESSED and COMPRESSED2 records
 * (`-z`), which are decompressed into a file without a name in /var/tmp, at most 512 times what
 * they were and 4 GiB. Refused with a clear message: foreign magic, other endian, truncated
 * sections. A stream that was cut is read as far as it goes, and that is told. Format:
 * tools/perf/Documentation/perf.data-file-format.txt of the kernel sources.
 */
#ifndef TRIAGE_SOURCE_PERF_DATA_H
#define TRIAGE_SOURCE_PERF_DATA_H

#include "base/err.h"
#include "base/sched_event.h"
#include "base/stack_sample.h"

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
	int cpus_online;      /* 0: not known */
	bool has_sched;	      /* sched_switch is among the events */
	bool has_cpu_samples; /* an event that samples what CPUs do is among them */
	char arch[32];	      /* as of uname -m */
};

void perf_data_about(const struct perf_data *data, struct perf_data_info *ret);

/* Events of that type are passed over undecoded by perf_data_each(): half of what `perf sched
 * record` writes is SCHED_RUNTIME. */
void perf_data_leave_out(struct perf_data *data, enum sched_event_type type);

/* Calls `each` for every scheduler event in time order (ties in file order); stops with what it
 * returns when that is not 0. What a damaged tail made unreadable is told by -EBADMSG after all
 * events before it were delivered. COMM and FORK records come as SCHED_NAME (a fork without
 * comm), losses as SCHED_LOST. Those that perf made up without a time (threads that were there
 * at the start) get that of the event before, 0 at the start. Events that come too late for
 * their order get the time that has been reached, and are counted. */
int perf_data_each(struct perf_data *data,
		   int (*each)(void *context, const struct sched_event *event), void *context,
		   struct err *err);

/* Of the last perf_data_each(). `events`: without names and losses; `undecoded`: samples too
 * short for their format, or without a time or CPU; `lost`: as LOST records or perf's own sums
 * tell, whichever is more. */
struct perf_data_counts {
	uint64_t records, samples, events, undecoded, lost, out_of_order;
	uint64_t first_ns, last_ns;
};

void perf_data_counts(const struct perf_data *data, struct perf_data_counts *ret);

/* ---- what the CPUs did: `perf record -a -g` ------------------------------------------------- */

enum perf_data_clock {
	PERF_DATA_CYCLES,     /* cycles, on any kind of core: idle CPUs give no samples */
	PERF_DATA_CPU_CLOCK,  /* idle CPUs give samples of thread 0 */
	PERF_DATA_TASK_CLOCK, /* as cpu-clock, but of threads: no idle ones */
	PERF_DATA_OTHER,    /* counts something that is not time: instructions, cache misses ... */
	PERF_DATA_NO_CLOCK, /* the file has no such samples */
};

/* The events that are delivered: those of the first clock above that is in the file. */
struct perf_data_sampling {
	enum perf_data_clock clock;
	unsigned hz;	 /* asked of the kernel; 0: by a fixed period */
	unsigned rings;	 /* CPUs that it was opened on, when `whole_host` */
	bool whole_host; /* -a; else chosen processes or threads */
	bool callchains, user_stacks;
	bool kernel_left_out, user_left_out;
};

void perf_data_sampling(const struct perf_data *data, struct perf_data_sampling *ret);

#define PERF_BUILD_ID_MAX 20

struct perf_build_id {
	uint8_t len; /* 0: not known */
	uint8_t bytes[PERF_BUILD_ID_MAX];
};

/* A non-zero return of one ends the reading and is returned. `mapping` of the pid -1 is of the
 * kernel: "[kernel.kallsyms]_text", whose `offset` is the address that the symbol _text had.
 * Registers are given only when they are those of STACK_USER_REGS (same architecture). A fork
 * that is marked `exec` was made up for a process that was there already: it shares no mappings
 * with its parent. */
struct perf_data_stacks_handler {
	int (*sample)(void *context, const struct stack_sample *sample);
	int (*mapping)(void *context, const struct mapping_event *event,
		       const struct perf_build_id *id);
	int (*task)(void *context, const struct task_event *event);
	void *context;
};

/* `first_ns`, `last_ns`: of samples; 0 without times. `lost`: as LOST records or perf's own sums
 * tell, whichever is more. */
struct perf_data_stacks_counts {
	uint64_t samples, undecoded, lost, throttled, out_of_order;
	uint64_t first_ns, last_ns;
};

/* In time order, as perf_data_each(); what perf made up without a time comes first. `ret` is
 * filled in any case. */
int perf_data_each_stack(struct perf_data *data, const struct perf_data_stacks_handler *handler,
			 struct perf_data_stacks_counts *ret, struct err *err);

/* Of the kernel that was recorded ("[kernel.kallsyms]"), or of a file; false: not told. */
bool perf_data_build_id(const struct perf_data *data, const char *path, struct perf_build_id *ret);

#endif
