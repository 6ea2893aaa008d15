/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of cpu_samples share: the layout that is asked of the kernel (cpu_samples.c), how
 * its records are read (cpu_samples_record.c) and what lies between the two (cpu_samples_watch.c).
 */
#ifndef TRIAGE_SOURCE_CPU_SAMPLES_INTERNAL_H
#define TRIAGE_SOURCE_CPU_SAMPLES_INTERNAL_H

#include "source/cpu_samples.h"

#include <linux/perf_event.h>

/* Without and with copies of user stacks. What the decoder expects. */
#define CPU_SAMPLES_TYPE                                                         \
	(PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | \
	 PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN)
#define CPU_SAMPLES_TYPE_STACK (CPU_SAMPLES_TYPE | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)

enum cpu_samples_record_type {
	CPU_SAMPLES_RECORD_SAMPLE,
	CPU_SAMPLES_RECORD_MAPPING,
	CPU_SAMPLES_RECORD_TASK,
	CPU_SAMPLES_RECORD_LOST,
	CPU_SAMPLES_RECORD_THROTTLE,
};

struct cpu_samples_record {
	enum cpu_samples_record_type type;
	uint64_t time_ns;
	union {
		struct stack_sample sample;
		struct mapping_event mapping;
		struct task_event task;
		uint64_t lost;
	};
};

/* Reads one record, which lies at an address that is a multiple of 8, as in a ring. 1: `ret` is
 * filled, its pointers lead into the record; 0: none of ours; -EBADMSG: it does not hold what it
 * claims. `user_stacks`: samples are of CPU_SAMPLES_TYPE_STACK. */
int cpu_samples_decode(const struct perf_event_header *header, bool user_stacks,
		       struct cpu_samples_record *ret);

struct cpu_samples {
	struct perf_rings *perf;
	size_t count; /* of rings */
	/* Of each ring the oldest record that was not delivered, still in the ring; UINT64_MAX:
	 * none. */
	uint64_t *times;
	struct cpu_samples_record *heads;
	enum cpu_samples_clock clock;
	unsigned hz, frames_max; /* frames_max 0: the kernel's own limit */
	size_t user_stack_bytes;
	char reason[256];
};

#endif
