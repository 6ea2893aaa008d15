/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all CPUs do, sampled by a timer through perf_event_open(2) and libperf: `cycles` where the machine counts
 * them, else the software clock `cpu-clock` (which does not fire while interrupts are off). One ring per CPU, no
 * file. Samples, mappings and names come merged in time order within a reading; memory is the rings'.
 *
 * Needs CAP_PERFMON (or root; kernel.perf_event_paranoid below 1 without it, then of user space alone). Kernel 4.1 and later.
 * Nothing is changed on the host; the kernel ends it all with the process.
 */
#ifndef TRIAGE_SOURCE_CPU_SAMPLES_H
#define TRIAGE_SOURCE_CPU_SAMPLES_H

#include "base/err.h"
#include "base/stack_sample.h"

#include <signal.h>

enum cpu_samples_clock {
	CPU_SAMPLES_CYCLES,    /* hardware: unhalted cycles; idle CPUs give no samples */
	CPU_SAMPLES_CPU_CLOCK, /* software timer: idle CPUs give samples of thread 0 */
};

struct cpu_samples_options {
	unsigned hz;		  /* per CPU; 0: 499. Lowered to kernel.perf_event_max_sample_rate */
	size_t user_stack_bytes;  /* copy that much of user stacks, with the registers; 0: don't. Multiple of 8, below 64 KiB */
	unsigned frames_max;	  /* of a call chain; 0: STACK_FRAMES_MAX */
	size_t bytes_per_cpu_max; /* cap on a ring; 0: 2 MiB */
	bool cpu_clock_only;	  /* don't try cycles */
};

struct cpu_samples;

/* Opens and maps everything, disabled. Cycles fall back to cpu-clock on ENOENT, ENXIO, ENODEV, EOPNOTSUPP. A ring that can't be
 * had for lack of locked memory is halved until it can. -EACCES, -EPERM: not allowed, `err` says what would allow it. */
int cpu_samples_open(const struct cpu_samples_options *options, struct cpu_samples **ret,
		     struct err *err);
void cpu_samples_free(struct cpu_samples *samples);
void cpu_samples_freep(struct cpu_samples **samples);

enum cpu_samples_clock cpu_samples_clock(const struct cpu_samples *samples);

/* Why it is not cycles: one sentence; "" with cycles. */
const char *cpu_samples_reason(const struct cpu_samples *samples);

/* May not block. A non-zero return of one ends the watch and is returned. `mapping` and `task` may be NULL. */
struct cpu_samples_handler {
	int (*sample)(void *context, const struct stack_sample *sample);
	int (*mapping)(void *context, const struct mapping_event *event);
	int (*task)(void *context, const struct task_event *event);
	void *context;
};

struct cpu_samples_limits {
	uint64_t duration_ns;
	uint64_t samples_max;		   /* stop after that many; 0: no cap */
	const volatile sig_atomic_t *stop; /* NULL allowed */
};

struct cpu_samples_result {
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
	unsigned hz;		   /* asked of the kernel */
	uint64_t samples, lost, throttled, undecoded;
	size_t ring_bytes; /* of one CPU */
	unsigned cpus;
	bool capped; /* samples_max was reached */
};

/* Enables, delivers, disables, drains. Sleeps until a ring is half full or 100 ms have passed. 0, -EINTR when stopped;
 * `ret` is filled in any case. Can be called again. */
int cpu_samples_watch(struct cpu_samples *samples, const struct cpu_samples_limits *limits,
		      const struct cpu_samples_handler *handler, struct cpu_samples_result *ret,
		      struct err *err);

#endif
