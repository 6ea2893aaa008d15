/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/locate_internal.h"

#include <errno.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13 /* 5.14 */
#endif

static uint32_t waiter_bit(pid_t tid)
{
	return profile_hash_pair((uint32_t)tid, 1) % WAITER_BITS;
}

static bool has_waited(const struct lock_state *lock, pid_t tid)
{
	uint32_t bit = waiter_bit(tid);

	return lock->waiters[bit / 64] >> (bit % 64) & 1;
}

static void remember_waiter(struct lock_state *lock, pid_t tid)
{
	uint32_t bit = waiter_bit(tid);

	lock->waiters[bit / 64] |= UINT64_C(1) << (bit % 64);
}

/* ---- user locks --------------------------------------------------------------------------------- */

static bool is_wait(int32_t op)
{
	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
	case FUTEX_WAIT_REQUEUE_PI:
		return true;
	default:
		return false;
	}
}

static bool is_wake(int32_t op)
{
	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
	case FUTEX_WAKE_OP:
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
	case FUTEX_CMP_REQUEUE_PI:
	case FUTEX_UNLOCK_PI:
		return true;
	default:
		return false;
	}
}

/* NONE: no room. */
static int find_lock(struct locate_model *model, const struct task *task, uint64_t address,
		     uint32_t *ret)
{
	uint32_t hash = profile_hash_pair((uint32_t)(address >> 32) ^ (uint32_t)task->pid * 31,
					  (uint32_t)address);
	struct lock_state fresh = {
		.stats = { .pid = task->pid, .address = address, .group = task->group }
	};
	uint32_t cursor = hash, item;

	*ret = NONE;
	while ((item = profile_index_next(&model->lock_index, hash, &cursor))) {
		const struct locate_lock *known = &model->lock_states.data[item - 1].stats;

		if (known->pid == task->pid && known->address == address) {
			*ret = item - 1;
			return 0;
		}
	}
	if (model->lock_states.len >= model->options.locks_max) {
		model->totals.left_out++;
		return 0;
	}
	*ret = (uint32_t)model->lock_states.len;
	return vec_push(&model->lock_states, fresh) < 0 ||
			       profile_index_add(&model->lock_index, hash, *ret) < 0 ?
		       -ENOMEM :
		       0;
}

static int keep_site(struct locate_model *model, const struct task *task,
		     const struct locate_site *site)
{
	struct locate_site copy = *site;

	if (site->stack == NONE)
		return 0;
	if (model->sites.len >= model->options.waits_max) {
		model->totals.left_out++;
		return 0;
	}
	copy.pid = task->pid;
	copy.tid = task->tid;
	copy.group = task->group;
	return vec_push(&model->sites, copy);
}

static void begin_wait(struct task *task, struct lock_state *lock)
{
	if (!lock->stats.waits)
		lock->stats.group = task->group;
	remember_waiter(lock, task->tid);
	lock->waiting++;
	if (lock->waiting > lock->stats.waiting_max)
		lock->stats.waiting_max = lock->waiting;
}

static void count_holder(struct locate_lock *lock, uint32_t group, uint64_t ns)
{
	size_t i = 0;

	while (i + 1 < LOCATE_HOLDERS && lock->holders[i].holds && lock->holders[i].group != group)
		i++;
	if (!lock->holders[i].holds)
		lock->holders[i].group = group;
	lock->holders[i].holds++;
	lock->holders[i].ns += ns;
}

/* Gives the lock free: how long it was held, while others wait for it. */
static void give_free(struct locate_model *model, struct task *task, uint32_t index)
{
	struct lock_state *lock = &model->lock_states.data[index];
	uint64_t since_ns = lock->given_free_ns;

	if (task->let_in_lock == index && task->let_in_ns > since_ns)
		since_ns = task->let_in_ns;
	lock->stats.wakes++;
	lock->stats.wakes_by_waiters += has_waited(lock, task->tid);
	lock->given_free_ns = model->now_ns;
	if (!since_ns || !lock->waiting || (model->lost_ns && since_ns <= model->lost_ns))
		return;
	task->hold_ns = model->now_ns - since_ns;
	lock->stats.holds++;
	lock->stats.hold_ns += task->hold_ns;
	count_holder(&lock->stats, task->group, task->hold_ns);
	if (task->hold_ns > lock->stats.hold_max_ns)
		lock->stats.hold_max_ns = task->hold_ns;
}

static int keep_hold(struct locate_model *model, struct task *task)
{
	struct locate_site site = {
		.type = LOCATE_SITE_HOLD,
		.lock = task->futex_lock,
		.stack = task->futex_stack,
		.ns = task->hold_ns,
	};

	return task->hold_ns ? keep_site(model, task, &site) : 0;
}

int locate_on_futex(struct locate_model *model, struct task *task, const struct sched_event *event)
{
	int r;

	task->in_futex = false;
	if (!is_wait(event->flags) && !is_wake(event->flags))
		return 0;
	r = find_lock(model, task, event->value, &task->futex_lock);
	if (r < 0 || task->futex_lock == NONE)
		return r;
	task->in_futex = true;
	task->futex_waits = is_wait(event->flags);
	task->futex_ns = model->now_ns;
	task->hold_ns = 0;
	task->futex_stack = locate_take_fresh(model, &task->calling);
	if (task->futex_waits) {
		begin_wait(task, &model->lock_states.data[task->futex_lock]);
		return 0;
	}
	give_free(model, task, task->futex_lock);
	return keep_hold(model, task);
}

/* The result as the system call returned it. */
static int end_wait(struct locate_model *model, struct task *task, int64_t result)
{
	struct locate_lock *lock = &model->lock_states.data[task->futex_lock].stats;
	struct locate_group *group = &model->groups.data[task->group];
	struct locate_site site = {
		.type = LOCATE_SITE_WAIT,
		.lock = task->futex_lock,
		.stack = task->futex_stack,
		.ns = model->now_ns - task->futex_ns,
	};

	task->let_in_lock = task->futex_lock;
	task->let_in_ns = model->now_ns;
	if (result == -EAGAIN) {
		lock->retries++;
		return 0;
	}
	if (locate_is_doubtful(model, task->futex_ns))
		return 0;
	lock->timeouts += result == -ETIMEDOUT;
	lock->waits++;
	lock->wait_ns += site.ns;
	if (site.ns > lock->wait_max_ns)
		lock->wait_max_ns = site.ns;
	group->futex_waits++;
	group->futex_wait_ns += site.ns;
	return keep_site(model, task, &site);
}

int locate_on_futex_end(struct locate_model *model, struct task *task,
			const struct sched_event *event)
{
	struct lock_state *lock;

	if (!task->in_futex)
		return 0;
	task->in_futex = false;
	if (!task->futex_waits)
		return 0;
	lock = &model->lock_states.data[task->futex_lock];
	if (lock->waiting)
		lock->waiting--;
	return end_wait(model, task, (int64_t)event->value);
}

int locate_close_futex(struct locate_model *model, struct task *task)
{
	if (!task->in_futex || !task->futex_waits)
		return 0;
	task->in_futex = false;
	return end_wait(model, task, 0);
}

int locate_futex_stack(struct locate_model *model, struct task *task, uint32_t stack)
{
	if (!task->in_futex || task->futex_stack != NONE ||
	    !locate_is_near(model, task->futex_ns)) {
		task->calling = (struct fresh){ stack, model->now_ns };
		return 0;
	}
	task->futex_stack = stack;
	return task->futex_waits ? 0 : keep_hold(model, task);
}

/* ---- locks of the kernel ------------------------------------------------------------------------ */

static int find_kernel_lock(struct locate_model *model, const struct task *task, uint64_t address,
			    int32_t flags, uint32_t *ret)
{
	uint32_t hash = profile_hash_pair((uint32_t)(address >> 32) ^ (uint32_t)flags << 24 ^
						  task->group * 31,
					  (uint32_t)address);
	struct locate_kernel_lock fresh = { .address = address,
					    .flags = flags,
					    .group = task->group };
	uint32_t cursor = hash, item;

	*ret = NONE;
	while ((item = profile_index_next(&model->kernel_lock_index, hash, &cursor))) {
		const struct locate_kernel_lock *known = &model->kernel_locks.data[item - 1];

		if (known->address == address && known->flags == flags &&
		    known->group == task->group) {
			*ret = item - 1;
			return 0;
		}
	}
	if (model->kernel_locks.len >= model->options.locks_max) {
		model->totals.left_out++;
		return 0;
	}
	*ret = (uint32_t)model->kernel_locks.len;
	return vec_push(&model->kernel_locks, fresh) < 0 ||
			       profile_index_add(&model->kernel_lock_index, hash, *ret) < 0 ?
		       -ENOMEM :
		       0;
}

/* An interrupt that contends meanwhile is left out: the outer wait is the longer one. */
int locate_on_lock(struct locate_model *model, struct task *task, const struct sched_event *event)
{
	int r;

	if (task->in_lock && event->context != SCHED_CONTEXT_TASK)
		return 0;
	r = find_kernel_lock(model, task, event->value, event->flags, &task->lock);
	task->in_lock = r == 0 && task->lock != NONE;
	task->lock_ns = model->now_ns;
	task->lock_stack = locate_take_fresh(model, &task->contending);
	return r;
}

int locate_on_lock_end(struct locate_model *model, struct task *task,
		       const struct sched_event *event)
{
	struct locate_kernel_lock *lock;
	struct locate_site site = {
		.type = LOCATE_SITE_KERNEL,
		.lock = task->lock,
		.stack = task->lock_stack,
		.ns = model->now_ns - task->lock_ns,
	};

	if (!task->in_lock)
		return 0;
	lock = &model->kernel_locks.data[task->lock];
	if (lock->address != event->value)
		return 0;
	task->in_lock = false;
	if (locate_is_doubtful(model, task->lock_ns))
		return 0;
	lock->waits++;
	lock->wait_ns += site.ns;
	if (site.ns > lock->wait_max_ns)
		lock->wait_max_ns = site.ns;
	return keep_site(model, task, &site);
}

int locate_lock_stack(struct locate_model *model, struct task *task, uint32_t stack)
{
	if (task->in_lock && task->lock_stack == NONE && locate_is_near(model, task->lock_ns))
		task->lock_stack = stack;
	else
		task->contending = (struct fresh){ stack, model->now_ns };
	return 0;
}
