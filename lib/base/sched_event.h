/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the scheduler's tracepoints tell, decoded: the one type that lib/source fills (rings,
 * perf.data) and lib/model consumes, while neither knows the other. Kernel:
 * include/trace/events/sched.h.
 *
 *   sched_switch        prev_comm prev_pid prev_prio prev_state next_comm next_pid next_prio
 *   sched_waking        comm pid prio target_cpu      the waker's decision; sched_wakeup: the wakee is on the queue
 *   sched_wakeup_new    comm pid prio target_cpu
 *   sched_process_fork  parent_comm parent_pid child_comm child_pid
 *   sched_process_exit  comm pid prio
 *   sched_migrate_task  comm pid prio orig_cpu dest_cpu
 *   sched_stat_runtime  comm pid runtime
 *   sys_enter_futex     uaddr op val ...     events/syscalls; sys_exit_futex: ret
 *   contention_begin    lock_addr flags      events/lock, since 5.19; contention_end: lock_addr ret
 *
 * "pid" in these tracepoints is a thread's id; 0 is the idle thread of a CPU.
 */
#ifndef TRIAGE_BASE_SCHED_EVENT_H
#define TRIAGE_BASE_SCHED_EVENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SCHED_COMM_LEN 16

enum sched_event_type {
	SCHED_SWITCH,
	SCHED_WAKEUP, /* the wakeup that counts: sched_waking where it is there, else sched_wakeup */
	SCHED_WAKEUP_NEW, /* first wakeup of a new thread */
	SCHED_FORK,
	SCHED_EXIT,
	SCHED_MIGRATE,
	SCHED_RUNTIME,	 /* sched_stat_runtime: only to compare with perf */
	SCHED_NAME,	 /* PERF_RECORD_COMM, or names read from /proc: thread and its process */
	SCHED_LOST,	 /* records of this CPU were lost before this time */
	SCHED_PAUSED,	 /* nobody watched any CPU from this time to that of the next event */
	SCHED_FUTEX,	 /* sys_enter_futex of current_tid; the last four only when asked for */
	SCHED_FUTEX_END, /* sys_exit_futex */
	SCHED_LOCK,	 /* contention_begin: current_tid waits for a lock of the kernel */
	SCHED_LOCK_END,	 /* contention_end */
};

/* In what the CPU was when the event fired (trace_entry.flags, 0x10 softirq, 0x08 hardirq). */
enum sched_context {
	SCHED_CONTEXT_TASK,
	SCHED_CONTEXT_SOFTIRQ,
	SCHED_CONTEXT_HARDIRQ,
};

/* One cache line: a recording has millions of them, and they go from one CPU to another. */
struct sched_event {
	uint64_t time_ns;
	uint32_t cpu; /* that the event fired on */
	enum sched_event_type type : 8;
	enum sched_context context : 8;
	bool runnable : 1;  /* switch: prev left the CPU ready to run (state R, or R+ preempted) */
	bool preempted : 1; /* switch: R+, where the kernel tells */
	char state;	    /* switch: prev's state letter: R S D T t X Z P I; '\0' not told */
	pid_t current_tid;  /* running on that CPU: the waker of a wakeup (common_pid) */
	pid_t tid;	 /* switch: next; wakeup, exit, migrate, runtime, name: whom; fork: child */
	pid_t other_tid; /* switch: prev; fork: parent; name: the process (PID) */
	int32_t target_cpu;	   /* wakeup: chosen CPU; migrate: destination; -1 not told */
	char comm[SCHED_COMM_LEN]; /* of `tid`; raw bytes, NUL-terminated; "" not told */
	union {
		char other_comm[SCHED_COMM_LEN]; /* switch, fork: of `other_tid`, likewise */
		struct {			 /* others */
			uint64_t value; /* lost: how many (0: unknown); runtime: ns; futex: uaddr; lock: its
					     address; futex end: the result, negative too */
			int32_t flags;	  /* futex: op (FUTEX_WAIT ...); lock: LCB_F_* */
			int32_t from_cpu; /* migrate: origin; -1 not told */
		};
	};
};

_Static_assert(sizeof(struct sched_event) == 64, "a cache line");

#endif
