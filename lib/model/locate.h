/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What suspects wait for: off-CPU time, who ends it, user locks by address, locks of the kernel. A streaming pass over the events of a
 * few groups; pure, and bounded by the options.
 *
 *   model = locate_model_new(&options);
 *   locate_model_name(model, tid, pid, comm, kernel);   names, whenever they are learnt
 *   locate_model_event(model, &event, pid);             every event, in time order
 *   locate_model_stack(model, &event, stack);           some of them once more: the number of their stack
 *   locate_model_end(model, end_ns);                    then the results are valid
 *
 * RULES OF COUNTING
 *
 * - A wait begins when a thread leaves the CPU and is not ready to run, and ends when it is woken: the time it then waits for a CPU is
 *   the sched stage's. One that was open when the window began counts as a wakeup, not as time; one that is open at its end counts up
 *   to there, without a waker. Across lost records a wait is `doubtful`: counted as such, and not as time.
 * - Waker: the group of the thread on the CPU of the wakeup, or the context when that was a softirq or a hard interrupt.
 * - A stack belongs to the event of the same kind and thread within 200 us; one that a thread leaves the CPU with, to the futex or lock
 *   that it is waiting for as well.
 * - User lock: the word (process, address) that futex calls are about. A wait lasts from FUTEX_WAIT (or LOCK_PI) to its return; one that
 *   returns EAGAIN at once is a `retry`; one that is open at the end counts up to there. Distinct waiters are estimated from a map of 512 bits.
 * - Hold: when a thread gives a lock free (FUTEX_WAKE and its kin) while others wait for it, from the moment that it was given free
 *   before, or that this thread itself was let in, whichever was later. With barging this may take in the hold of one that took and gave
 *   the lock without a system call. It says nothing of conditions, where those who wake do not wait: see `wakes_by_waiters`.
 * - Kernel locks: contention_begin to contention_end of one thread; nested ones (in interrupts) count by their address.
 */
#ifndef TRIAGE_MODEL_LOCATE_H
#define TRIAGE_MODEL_LOCATE_H

#include "base/sched_event.h"
#include "base/vec.h"
#include "model/thread.h"

#define LOCATE_STACK_NONE UINT32_MAX

/* Who ended a wait: the id of a group, or one of these. */
#define LOCATE_ACTOR_SOFTIRQ UINT32_MAX
#define LOCATE_ACTOR_HARDIRQ (UINT32_MAX - 1)
#define LOCATE_ACTOR_UNKNOWN (UINT32_MAX - 2)
#define LOCATE_ACTOR_LEAST LOCATE_ACTOR_UNKNOWN

/* Zero means the default. */
struct locate_options {
	uint32_t threads_max; /* 16384; events of further ones are left out */
	uint32_t groups_max;  /* 512; further ones are the group "(other)" */
	uint32_t edges_max;   /* 8192 pairs of waker and wakee */
	uint32_t locks_max;   /* 8192 user locks, and as many of the kernel */
	uint32_t waits_max;   /* 65536 waits with stacks, and as many sites */
	/* Whether threads of a name are among the suspects, so that their wakeups are seen too; others leave the CPU for a suspect without
	 * waiting. NULL: all are. */
	bool (*is_watched)(void *context, const char *comm);
	void *context;
};

struct locate_model;

struct locate_model *locate_model_new(const struct locate_options *options); /* NULL: no memory */
void locate_model_free(struct locate_model *model);
void locate_model_freep(struct locate_model **model);

/* Whether a name of the thread is known. */
bool locate_model_knows(struct locate_model *model, pid_t tid);

/* A process's name is that of its leader (pid == tid). -ENOMEM. */
int locate_model_name(struct locate_model *model, pid_t tid, pid_t pid, const char *comm,
		      bool kernel);

/* `pid`: of the thread on the CPU; <= 0 not known. -ENOMEM. */
int locate_model_event(struct locate_model *model, const struct sched_event *event, pid_t pid);
int locate_model_stack(struct locate_model *model, const struct sched_event *event, uint32_t stack);
int locate_model_end(struct locate_model *model, uint64_t end_ns);

/* ---- results: valid after the end -------------------------------------------------------------- */

struct locate_group {
	uint32_t id;
	char program[THREAD_NAME_MAX], thread[THREAD_NAME_MAX];
	bool kernel;
	uint32_t threads; /* with an event in the window */
	uint64_t waits, wait_ns, wait_max_ns;
	uint64_t wakeups; /* received, waits of unknown length included */
	uint64_t preempted;
	uint64_t futex_waits, futex_wait_ns;
};

struct locate_edge {
	uint32_t waker, wakee; /* actor, group */
	uint64_t count, wait_ns;
};

/* A wait of which a stack is known. */
struct locate_wait {
	pid_t pid, tid; /* pid 0: not known */
	uint32_t group, waker;
	uint32_t blocked_stack, waker_stack; /* LOCATE_STACK_NONE */
	uint64_t wait_ns;		     /* 0: not known */
	bool ended;			     /* false: open at the end of the window */
};

#define LOCATE_HOLDERS \
	4 /* groups that held a lock, each once; what further ones held counts for the last */

struct locate_holder {
	uint32_t group;
	uint64_t holds, ns;
};

struct locate_lock {
	pid_t pid;
	uint64_t address;
	uint32_t group; /* of the thread that waited first */
	uint64_t waits, retries, timeouts;
	uint64_t wait_ns, wait_max_ns;
	uint64_t wakes, wakes_by_waiters;
	uint64_t holds, hold_ns, hold_max_ns;
	struct locate_holder holders[LOCATE_HOLDERS]; /* holds 0: none */
	uint32_t waiters;			      /* distinct threads */
	uint32_t waiting_max;
};

struct locate_kernel_lock {
	uint64_t address;
	int32_t flags; /* LCB_F_* */
	uint32_t group;
	uint64_t waits, wait_ns, wait_max_ns;
};

enum locate_site_type {
	LOCATE_SITE_WAIT, /* of a user lock */
	LOCATE_SITE_HOLD, /* of a user lock: where it is given free */
	LOCATE_SITE_KERNEL,
};

/* A stack that has to do with a lock. */
struct locate_site {
	enum locate_site_type type;
	uint32_t lock; /* index into locks or kernel locks */
	uint32_t stack;
	pid_t pid, tid;
	uint32_t group;
	uint64_t ns; /* waited or held */
};

struct locate_totals {
	uint64_t start_ns, end_ns;
	uint64_t events, waits, wait_ns, wakeups;
	uint64_t doubtful, left_out; /* waits across losses; events and sites without room */
	uint32_t groups, threads;
};

const struct locate_totals *locate_model_totals(const struct locate_model *model);
const struct locate_group *locate_model_group(const struct locate_model *model, uint32_t id);
const struct locate_edge *locate_model_edges(const struct locate_model *model, size_t *ret_count);
const struct locate_wait *locate_model_waits(const struct locate_model *model, size_t *ret_count);
const struct locate_lock *locate_model_locks(const struct locate_model *model, size_t *ret_count);
const struct locate_kernel_lock *locate_model_kernel_locks(const struct locate_model *model,
							   size_t *ret_count);
const struct locate_site *locate_model_sites(const struct locate_model *model, size_t *ret_count);

/* ---- the wait-for graph ------------------------------------------------------------------------ */

/* Groups that wait for each other, or one that all waiting leads to: a sink component of the graph in which a group points to those
 * that end its waits. What interrupts end is left out: packets and timers wait for nobody. Edges with less than `least_pct` of a group's waiting are left out. */
struct locate_knot {
	uint32_t members[8]; /* groups, the heaviest first */
	uint32_t count;	     /* of all members */
	uint64_t wait_ns;    /* of waits that its members ended, of its own members too */
	uint64_t inner_ns;   /* of those, waits of its own members */
};

VEC_DECLARE(locate_knots, struct locate_knot);

/* The heaviest first; knots that nobody waited for are left out. -ENOMEM. */
int locate_find_knots(const struct locate_edge *edges, size_t edges_count, double least_pct,
		      struct locate_knots *ret);

#endif
