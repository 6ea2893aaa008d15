/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads over time: a pass is all threads at one moment; a change is what one thread did between
 * two passes; a group is all threads of one name in one program.
 *
 * (tid, start) names a thread for ever: a reused TID is a different thread. A thread that was born
 * between the passes counts from its birth; one that is older but was not seen (a pass that was cut
 * short) counts nothing; one that died is gone with what it did since the first pass, and only the
 * host's counters know about it.
 */
#ifndef TRIAGE_MODEL_THREAD_H
#define TRIAGE_MODEL_THREAD_H

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define THREAD_NAME_MAX 64
#define THREAD_TICKS_PER_S 100 /* USER_HZ, part of the kernel's ABI */

struct thread_sample {
	pid_t pid, tid, ppid;
	uint64_t start_ticks;
	char comm[THREAD_NAME_MAX];
	char state;
	bool kernel;
	bool realtime;	    /* SCHED_FIFO, SCHED_RR, SCHED_DEADLINE */
	bool has_schedstat; /* run_ns, wait_ns and runs are valid */
	int cpu;	    /* last run on; -1 when not known */
	uint64_t run_ns, wait_ns, runs;
	uint64_t user_ticks, system_ticks; /* USER_HZ */
	uint64_t minor_faults, major_faults;
	/* of children that were reaped; on the leader only */
	uint64_t child_ticks, child_minor_faults;
	uint64_t process_threads; /* threads of its process */
};

VEC_DECLARE(thread_samples, struct thread_sample);

struct thread_pass {
	uint64_t when_ns;
	uint64_t boot_ticks;	       /* USER_HZ since boot at its start; 0: not known */
	struct thread_samples samples; /* ascending by tid after thread_pass_seal() */
};

/* Sorts by tid; must be called before the pass is used below. */
void thread_pass_seal(struct thread_pass *pass);
const struct thread_sample *thread_pass_find(const struct thread_pass *pass, pid_t tid);
void thread_pass_free(struct thread_pass *pass);

/* What one thread of the later pass did since the earlier one. */
struct thread_change {
	const struct thread_sample *now;
	const struct thread_sample *before; /* NULL: born in between, or missed by the earlier pass */
	bool born;			    /* started after the earlier pass did */
	const char *program; /* comm of its process leader, or its own when that is gone */
	double run_s;	     /* NAN without schedstat */
	double wait_s;	     /* for a CPU; the kernel counts it when the wait ends: a
					       thread that was ready at both passes and never ran has
					       waited all the time between them */
	double runs;
	double user_s, system_s;
	double minor_faults, major_faults;
	bool lasting; /* in state D at both passes and did not run in between */
};

VEC_DECLARE(thread_changes, struct thread_change);

/* One change per thread of `after`, in its order; points into both passes. -ENOMEM. */
int thread_changes_make(const struct thread_pass *before, const struct thread_pass *after,
			struct thread_changes *ret);

/* CPU time of a change in seconds: the scheduler's where it is known, else the tick's. */
double thread_change_cpu_s(const struct thread_change *change);

/*
 * The name without what only counts instances. Kernel threads: "ksoftirqd/1" -> "ksoftirqd",
 * "kworker/u8:2-events_unbound" -> "kworker-events_unbound", "kswapd0" -> "kswapd". Threads: "GC
 * Thread#12" -> "GC Thread", "reactor-3" -> "reactor", "worker7" -> "worker". A name equal to its
 * program's ("python3") only loses an index after a separator, so versions stay. Never empty.
 */
void thread_stem(const char *comm, const char *program, bool kernel, char stem[THREAD_NAME_MAX]);

VEC_DECLARE(thread_members, uint32_t); /* indexes into the changes */

struct thread_group {
	char program[THREAD_NAME_MAX]; /* without an index */
	char thread[THREAD_NAME_MAX];  /* without an index */
	bool kernel;
	uint32_t threads, processes;
	pid_t pids[4];			 /* the first of them */
	uint32_t runnable_now;		 /* state R in the later pass */
	uint32_t uninterruptible;	 /* state D in the later pass */
	uint32_t uninterruptible_before; /* state D in the earlier one */
	uint32_t lasting;
	uint32_t realtime;
	bool has_schedstat;
	double run_s, wait_s, runs, leader_runs;
	double cpu_s, user_s, system_s;
	double minor_faults, major_faults;
	double busiest_s; /* CPU time of its busiest thread */
	const struct thread_change *busiest;
	struct thread_members members;
};

VEC_DECLARE(thread_groups, struct thread_group);

/* Groups of all changes; zombies (state Z, X) are left out. Order: the heaviest first (CPU time,
 * waiting for a CPU, state D), ties by name. -ENOMEM. */
int thread_groups_make(const struct thread_changes *changes, struct thread_groups *ret);
void thread_groups_free(struct thread_groups *groups);

/* Sums over all groups. */
struct thread_totals {
	uint32_t threads, processes, uninterruptible, uninterruptible_before, lasting, zombies,
		zombies_before;
	uint32_t born;		 /* threads born between the passes and still alive */
	uint32_t processes_born; /* processes among them */
	uint32_t runnable_now;
	bool has_schedstat;
	double run_s, wait_s, runs, leader_runs, cpu_s, kernel_cpu_s, realtime_cpu_s, major_faults;
};

void thread_totals_make(const struct thread_pass *before, const struct thread_changes *changes,
			struct thread_totals *ret);

/* A process that made, reaped or holds dead children. */
struct thread_parent {
	const struct thread_sample *process;
	uint32_t children_seen; /* processes born between the passes, alive at the later one */
	const struct thread_sample *last_child;
	double children_cpu_s, children_minor_faults; /* of those reaped between the passes */
	uint32_t zombies, zombies_before;
};

VEC_DECLARE(thread_parents, struct thread_parent);

/* All of them, most reaped faults first, then most children, then most zombies. -ENOMEM. */
int thread_parents_make(const struct thread_pass *before, const struct thread_changes *changes,
			struct thread_parents *ret);

#endif
