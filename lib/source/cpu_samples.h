/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all CPUs do, sampled by a timer through perf_event_open(2) and libperf: `cycles` where the
 * machine counts them, else the software clock `cpu-clock` (which does not fire while interrupts
 * are off). One ring per CPU, no file. Samples, mappings and names come merged in time order within
 * a reading; memory is the rings'.
 *
 * Needs CAP_PERFMON, or root, or kernel.perf_event_paranoid of 0 or below (which allows the
 * kernel's part as well: there is no level that shows all CPUs but only user space). Kernel 4.1 and
 * later. Nothing is changed on the host; the kernel ends it all with the process.
 *
 * This process is sampled like any other, and a timer does not fire more often because samples are
 * read. Ids are those of the pid namespace of this process: what runs outside of it has 0, and what
 * has already left the process table has -1.
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
	/* Per CPU; 0: 499 with cycles, 199 with cpu-clock. Lowered to
	 * kernel.perf_event_max_sample_rate. Its cost is that of the interrupts. */
	unsigned hz;

	/* Copy that much of user stacks, with the registers; 0: don't. A multiple of 8 below 64
	 * KiB, else -EINVAL. Not done where STACK_USER_REGS is 0; 32-bit processes give none. */
	size_t user_stack_bytes;

	unsigned frames_max;	  /* 0: STACK_FRAMES_MAX. Lowered to kernel.perf_event_max_stack */
	size_t bytes_per_cpu_max; /* 0: 2 MiB. A ring holds the deepest stacks of 0.4 s if it may */
	bool cpu_clock_only;	  /* don't try cycles */
};

struct cpu_samples;

/* Opens and maps everything, disabled. Cycles fall back to cpu-clock on ENOENT, ENXIO, ENODEV,
 * EOPNOTSUPP. A ring that can't be had for lack of locked memory is halved until it can. -EACCES,
 * -EPERM: not allowed, `err` says what would allow it. */
int cpu_samples_open(const struct cpu_samples_options *options, struct cpu_samples **ret,
		     struct err *err);
void cpu_samples_free(struct cpu_samples *samples);
void cpu_samples_freep(struct cpu_samples **samples);

enum cpu_samples_clock cpu_samples_clock(const struct cpu_samples *samples);

/* Why it is not cycles: one sentence; "" with cycles. */
const char *cpu_samples_reason(const struct cpu_samples *samples);

/* May not block. A non-zero return of one ends the watch and is returned. `mapping` and `task` may
 * be NULL. A sample in a guest has no frames. Mappings and tasks of the moments before and after
 * the window, while CPUs are switched on and off, are told as well. */
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
	uint64_t samples;
	uint64_t lost;	    /* records, for want of room in a ring */
	uint64_t throttled; /* times that the kernel paused a CPU's timer */
	uint64_t undecoded;
	size_t ring_bytes; /* of one CPU */
	unsigned cpus;
	bool capped; /* samples_max was reached */
};

/* Enables, delivers, disables, drains. Sleeps until a ring is half full or 100 ms have passed. 0,
 * -EINTR when stopped; `ret` is filled in any case. Can be called again; what was not delivered is
 * forgotten then. */
int cpu_samples_watch(struct cpu_samples *samples, const struct cpu_samples_limits *limits,
		      const struct cpu_samples_handler *handler, struct cpu_samples_result *ret,
		      struct err *err);

#endif
