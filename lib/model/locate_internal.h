/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the locate model share. */
#ifndef TRIAGE_MODEL_LOCATE_INTERNAL_H
#define TRIAGE_MODEL_LOCATE_INTERNAL_H

#include "model/locate.h"
#include "model/profile_index.h"

#include <linux/futex.h>

#define NONE UINT32_MAX
#define WAITER_BITS 512

/* A stack that may belong to an event that is yet to come, or has just been. */
struct fresh {
	uint32_t stack;
	uint64_t when_ns;
};

/* What a thread did last, should its stack come later. */
struct recent {
	uint64_t when_ns;
	uint32_t item; /* of waits or sites; NONE: there is none yet */
};

struct task {
	pid_t tid, pid;
	uint32_t group;
	bool named, kernel, seen, watched;
	char comm[SCHED_COMM_LEN];

	bool blocked;
	uint64_t blocked_ns;
	uint32_t blocked_stack;
	struct fresh leaving; /* of sched_switch */

	struct fresh waking; /* of sched_waking, whose wakee it is */
	struct recent woken;
	struct locate_wait last_wait; /* that was not kept, having no stack */

	struct fresh calling; /* of sys_enter_futex */
	bool in_futex, futex_waits;
	uint64_t futex_ns;
	uint32_t futex_lock, futex_stack;
	uint64_t hold_ns;     /* that the call ended; 0: none */
	uint32_t let_in_lock; /* the lock that it waited for last */
	uint64_t let_in_ns;

	struct fresh contending; /* of contention_begin */
	bool in_lock;
	uint64_t lock_ns;
	uint32_t lock, lock_stack;
};

struct lock_state {
	struct locate_lock stats;
	uint64_t given_free_ns; /* 0: not yet */
	uint32_t waiting;
	uint64_t waiters[WAITER_BITS / 64];
};

VEC_DECLARE(tasks, struct task);
VEC_DECLARE(lock_states, struct lock_state);
VEC_DECLARE(locate_groups_list, struct locate_group);
VEC_DECLARE(locate_edges_list, struct locate_edge);
VEC_DECLARE(locate_waits_list, struct locate_wait);
VEC_DECLARE(locate_locks_list, struct locate_lock);
VEC_DECLARE(locate_kernel_locks_list, struct locate_kernel_lock);
VEC_DECLARE(locate_sites_list, struct locate_site);

struct locate_model {
	struct locate_options options;
	struct locate_totals totals;
	uint64_t now_ns, lost_ns; /* lost_ns: of the last loss */
	bool started, ended;
	struct tasks tasks;
	struct locate_groups_list groups;
	struct locate_edges_list edges;
	struct locate_waits_list waits;
	struct lock_states lock_states;
	struct locate_locks_list locks; /* made at the end */
	struct locate_kernel_locks_list kernel_locks;
	struct locate_sites_list sites;
	struct profile_index task_index, group_index, edge_index, lock_index, kernel_lock_index;
};

/* locate_task.c. NULL: at the cap, or no memory (`ret_error`). Valid until the next one is added. */
struct task *locate_task_find(struct locate_model *model, pid_t tid);
int locate_task_get(struct locate_model *model, pid_t tid, struct task **ret);
int locate_task_see(struct locate_model *model, pid_t tid, pid_t pid, const char *comm,
		    struct task **ret);

/* locate_lock.c: events of locks, of `task` which is on the CPU. -ENOMEM. */
int locate_on_futex(struct locate_model *model, struct task *task, const struct sched_event *event);
int locate_on_futex_end(struct locate_model *model, struct task *task,
			const struct sched_event *event);
int locate_close_futex(struct locate_model *model, struct task *task); /* at the end */
int locate_on_lock(struct locate_model *model, struct task *task, const struct sched_event *event);
int locate_on_lock_end(struct locate_model *model, struct task *task,
		       const struct sched_event *event);
int locate_futex_stack(struct locate_model *model, struct task *task, uint32_t stack);
int locate_lock_stack(struct locate_model *model, struct task *task, uint32_t stack);

/* locate.c */
bool locate_is_near(const struct locate_model *model, uint64_t when_ns);
uint32_t locate_take_fresh(const struct locate_model *model, struct fresh *fresh);
bool locate_is_doubtful(struct locate_model *model, uint64_t since_ns);

#endif
