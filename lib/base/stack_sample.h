/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One look at a CPU: which thread it ran, and the chain of calls it was in. What lib/source fills (perf rings)
 * and lib/stage hands on, while source, symbol and model don't know each other. Kernel: PERF_RECORD_SAMPLE with
 * PERF_SAMPLE_CALLCHAIN; PERF_RECORD_MMAP2, _COMM, _FORK, _EXIT (include/uapi/linux/perf_event.h).
 */
#ifndef TRIAGE_BASE_STACK_SAMPLE_H
#define TRIAGE_BASE_STACK_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STACK_FRAMES_MAX 127 /* kernel.perf_event_max_stack's default */
#define STACK_COMM_LEN 16

/* All pointers are valid during the callback only. */
struct stack_sample {
	uint64_t time_ns; /* CLOCK_MONOTONIC */
	uint32_t cpu;
	pid_t pid, tid;	 /* 0, 0: the idle thread of the CPU */
	uint64_t period; /* what it stands for: ns with cpu-clock, cycles with cycles */
	bool in_user;	 /* the CPU was in user mode when the timer fired */

	/* Leaf first, without context markers. The leaf is where the CPU was, the others are return addresses. */
	const uint64_t *kernel;
	size_t kernel_count;
	const uint64_t *user; /* by frame pointers: wrong or short where code keeps none */
	size_t user_count;

	/* For unwinding by DWARF; NULL and 0 when not asked for, or when it is a kernel thread. */
	const uint64_t *user_regs; /* in the order of the bits of STACK_USER_REGS */
	const void *user_stack;	   /* copied from the stack pointer upwards */
	size_t user_stack_len;
};

/* Registers that unwinding starts from: bits of enum perf_event_<arch>_regs (asm/perf_regs.h). */
#if defined(__x86_64__)
#define STACK_USER_REGS 0xff0fffULL /* all general ones, with flags, cs and ss; without segments */
#define STACK_USER_REGS_COUNT 20
#elif defined(__aarch64__)
#define STACK_USER_REGS 0x1ffffffffULL /* x0 to x30, sp, pc */
#define STACK_USER_REGS_COUNT 33
#else
#define STACK_USER_REGS 0ULL /* no unwinding */
#define STACK_USER_REGS_COUNT 0
#endif

/* A process mapped a file for execution. */
struct mapping_event {
	uint64_t time_ns;
	pid_t pid, tid;
	uint64_t start, len, offset; /* offset: in the file, bytes */
	uint32_t major, minor;	     /* device; all 0 with a build id */
	uint64_t inode;
	const char *path; /* raw bytes, NUL-terminated; "//anon", "[vdso]" */
};

enum task_event_type {
	TASK_EVENT_NAME, /* comm changed; by execve() when `exec`: its mappings are gone */
	TASK_EVENT_FORK, /* tid of pid is new, made by parent_pid */
	TASK_EVENT_EXIT,
};

struct task_event {
	uint64_t time_ns;
	enum task_event_type type;
	bool exec;
	pid_t pid, tid, parent_pid;
	char comm[STACK_COMM_LEN]; /* raw bytes, NUL-terminated; name only */
};

#endif
