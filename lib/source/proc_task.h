/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of one thread, /proc/PID/task/TID/... Kernel: fs/proc/array.c (do_task_stat),
 * fs/proc/base.c.
 *
 *   stat       2388 (a b) c) R 2378 2378 1190 0 -1 4194304 101 0 0 0 5 7 0 0 20 0 1 0 40233 ...
 *              comm is everything between the first '(' and the last ')': it may hold both
 *   schedstat  924767 56714 1        ns run, ns waited for a CPU, times put on a CPU
 *   status     voluntary_ctxt_switches: 41 / nonvoluntary_ctxt_switches: 3 / Cpus_allowed_list: 0-1
 *   cgroup     1:cpu:/a/b  or  0::/a/b
 *   syscall    202 0x55a83cfd10e0 0x80 0x2 0x0 0x0 0x0 0x7ffd3a51f2a8 0x7f3fbf51c2b5
 *              number, six arguments, stack and instruction pointer; `running`, and -1 with the
 *              two pointers alone outside a call. Needs ptrace rights. Linux 2.6.27
 *
 * The files of a thread vanish with it: readers get -ENOENT or -ESRCH and go on.
 */
#ifndef TRIAGE_SOURCE_PROC_TASK_H
#define TRIAGE_SOURCE_PROC_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define TASK_COMM_MAX 64 /* kernel workers append their work: "kworker/u8:2-events_unbound" */

struct task_stat {
	pid_t tid;
	char comm[TASK_COMM_MAX]; /* raw bytes, NUL-terminated, not yet printable */
	char state;
	pid_t ppid;
	uint64_t flags; /* PF_*; 0x00200000 is PF_KTHREAD */
	uint64_t minor_faults;
	uint64_t child_minor_faults; /* of reaped children; the leader's line only */
	uint64_t major_faults;
	uint64_t user_ticks, system_ticks;
	int64_t child_user_ticks, child_system_ticks; /* of reaped children */
	uint64_t threads;			      /* of its process */
	uint64_t start_ticks; /* since boot: (pid, start) names a thread for ever */
	int cpu;	      /* last run on; -1 when absent */
	unsigned int rt_priority;
	unsigned int policy; /* SCHED_* */
};

int task_stat_parse(const char *text, size_t len, struct task_stat *ret);

struct task_schedstat {
	uint64_t run_ns;
	uint64_t wait_ns;
	uint64_t runs;
};

int task_schedstat_parse(const char *text, size_t len, struct task_schedstat *ret);

struct task_status {
	uint64_t voluntary;
	uint64_t involuntary;
	int allowed_cpus; /* number in Cpus_allowed_list; 0 when absent */
};

/* -EBADMSG when the switch counters are missing. */
int task_status_parse(const char *text, size_t len, struct task_status *ret);

#define TASK_SYSCALL_NONE (-1)

/* The system call in which a thread sleeps. */
struct task_syscall {
	int64_t number; /* TASK_SYSCALL_NONE: it sleeps in none, or does not sleep */
	uint64_t args[6];
};

int task_syscall_parse(const char *text, size_t len, struct task_syscall *ret);

/* The path of a thread in the hierarchy of `controller` ("cpu"); "" as controller: the v2
 * hierarchy. Copies it, NUL-terminated; -ENOENT when the file names none, -ENAMETOOLONG. */
int task_cgroup_parse(const char *text, size_t len, const char *controller, char *path,
		      size_t size);

/* Kernel stack ("[<0>] futex_wait+0x5e/0x90" lines) as "futex_wait;...": leaf first, without
 * offsets, `most` frames. */
struct str;
int task_stack_parse(const char *text, size_t len, int most, struct str *ret);

/* "0-3,8,10-11" -> number of CPUs; -EBADMSG. An empty list is 0. */
int cpu_list_count(const char *text, size_t len, int *ret_count);

#endif
