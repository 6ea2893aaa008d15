/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/locate_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The same tracepoint, seen by two events one after the other; a copy of a stack lies in between. */
#define NEAR_NS 200000

static uint32_t or_default(uint32_t value, uint32_t otherwise)
{
	return value ? value : otherwise;
}

struct locate_model *locate_model_new(const struct locate_options *options)
{
	struct locate_model *model = calloc(1, sizeof(*model));

	if (!model)
		return NULL;
	model->options = *options;
	model->options.threads_max = or_default(options->threads_max, 16384);
	model->options.groups_max = or_default(options->groups_max, 512);
	model->options.edges_max = or_default(options->edges_max, 8192);
	model->options.locks_max = or_default(options->locks_max, 8192);
	model->options.waits_max = or_default(options->waits_max, 65536);
	return model;
}

void locate_model_free(struct locate_model *model)
{
	if (!model)
		return;
	vec_free(&model->tasks);
	vec_free(&model->groups);
	vec_free(&model->edges);
	vec_free(&model->waits);
	vec_free(&model->lock_states);
	vec_free(&model->locks);
	vec_free(&model->kernel_locks);
	vec_free(&model->sites);
	profile_index_free(&model->task_index);
	profile_index_free(&model->group_index);
	profile_index_free(&model->edge_index);
	profile_index_free(&model->lock_index);
	profile_index_free(&model->kernel_lock_index);
	free(model);
}

void locate_model_freep(struct locate_model **model)
{
	locate_model_free(*model);
}

bool locate_is_near(const struct locate_model *model, uint64_t when_ns)
{
	return when_ns && model->now_ns - when_ns <= NEAR_NS;
}

uint32_t locate_take_fresh(const struct locate_model *model, struct fresh *fresh)
{
	uint32_t stack = locate_is_near(model, fresh->when_ns) ? fresh->stack : NONE;

	*fresh = (struct fresh){ .stack = NONE };
	return stack;
}

bool locate_is_doubtful(struct locate_model *model, uint64_t since_ns)
{
	if (!model->lost_ns || since_ns > model->lost_ns)
		return false;
	model->totals.doubtful++;
	return true;
}

/* ---- waits ------------------------------------------------------------------------------------- */

static int count_edge(struct locate_model *model, uint32_t waker, uint32_t wakee, uint64_t wait_ns)
{
	uint32_t hash = profile_hash_pair(waker, wakee), cursor = hash, item;
	struct locate_edge edge = { .waker = waker, .wakee = wakee, .count = 1, .wait_ns = wait_ns };

	while ((item = profile_index_next(&model->edge_index, hash, &cursor))) {
		struct locate_edge *known = &model->edges.data[item - 1];

		if (known->waker != waker || known->wakee != wakee)
			continue;
		known->count++;
		known->wait_ns += wait_ns;
		return 0;
	}
	if (model->edges.len >= model->options.edges_max) {
		model->totals.left_out++;
		return 0;
	}
	return vec_push(&model->edges, edge) < 0 ||
			       profile_index_add(&model->edge_index, hash,
						 (uint32_t)model->edges.len - 1) < 0 ?
		       -ENOMEM :
		       0;
}

static int keep_wait(struct locate_model *model, struct task *task, const struct locate_wait *wait)
{
	task->last_wait = *wait;
	task->woken = (struct recent){ .when_ns = model->now_ns, .item = NONE };
	if (wait->blocked_stack == NONE && wait->waker_stack == NONE)
		return 0;
	if (model->waits.len >= model->options.waits_max) {
		model->totals.left_out++;
		return 0;
	}
	task->woken.item = (uint32_t)model->waits.len;
	return vec_push(&model->waits, *wait);
}

/* How long it has waited; 0: that is not known. */
static uint64_t end_block(struct locate_model *model, struct task *task)
{
	struct locate_group *group = &model->groups.data[task->group];
	uint64_t wait_ns;

	if (!task->blocked)
		return 0;
	task->blocked = false;
	if (locate_is_doubtful(model, task->blocked_ns))
		return 0;
	wait_ns = model->now_ns - task->blocked_ns;
	group->waits++;
	group->wait_ns += wait_ns;
	if (wait_ns > group->wait_max_ns)
		group->wait_max_ns = wait_ns;
	model->totals.waits++;
	model->totals.wait_ns += wait_ns;
	return wait_ns;
}

static int find_waker(struct locate_model *model, const struct sched_event *event, pid_t pid,
		      uint32_t *ret)
{
	struct task *waker;
	int r;

	*ret = event->context == SCHED_CONTEXT_SOFTIRQ ? LOCATE_ACTOR_SOFTIRQ :
							 LOCATE_ACTOR_HARDIRQ;
	if (event->context != SCHED_CONTEXT_TASK)
		return 0;
	*ret = LOCATE_ACTOR_UNKNOWN;
	if (event->current_tid <= 0)
		return 0;
	r = locate_task_see(model, event->current_tid, pid, "", &waker);
	if (r == 0 && waker)
		*ret = waker->group;
	return r;
}

static int on_waking(struct locate_model *model, const struct sched_event *event, pid_t pid)
{
	struct locate_wait wait = { .tid = event->tid, .ended = true };
	struct task *task;
	int r = find_waker(model, event, pid, &wait.waker);

	if (r == 0)
		r = locate_task_see(model, event->tid, 0, event->comm, &task);
	if (r < 0 || !task)
		return r;
	wait.pid = task->pid;
	wait.group = task->group;
	wait.blocked_stack = task->blocked ? task->blocked_stack : NONE;
	wait.wait_ns = end_block(model, task);
	wait.waker_stack = locate_take_fresh(model, &task->waking);
	task->blocked_stack = NONE;
	model->groups.data[task->group].wakeups++;
	model->totals.wakeups++;
	r = count_edge(model, wait.waker, task->group, wait.wait_ns);
	return r < 0 ? r : keep_wait(model, task, &wait);
}

/* A thread that waits in a futex call leaves the CPU with the very stack that it called with. */
static void set_blocked_stack(struct task *task, uint32_t stack)
{
	task->blocked_stack = stack;
	if (task->in_futex && task->futex_waits && task->futex_stack == NONE)
		task->futex_stack = stack;
	if (task->in_lock && task->lock_stack == NONE)
		task->lock_stack = stack;
}

static int leave(struct locate_model *model, const struct sched_event *event, pid_t pid)
{
	struct task *task;
	int r;

	if (event->other_tid <= 0)
		return 0;
	r = locate_task_see(model, event->other_tid, pid, event->other_comm, &task);
	if (r < 0 || !task || !task->watched)
		return r;
	if (event->runnable) {
		locate_take_fresh(model, &task->leaving);
		model->groups.data[task->group].preempted++;
		return 0;
	}
	task->blocked = true;
	task->blocked_ns = model->now_ns;
	set_blocked_stack(task, locate_take_fresh(model, &task->leaving));
	return 0;
}

/* It runs, and nobody was seen to wake it: the record is missing, or its sleep was cut short before it began. */
static void come(struct locate_model *model, const struct sched_event *event)
{
	struct task *task = event->tid > 0 ? locate_task_find(model, event->tid) : NULL;

	if (task && task->blocked)
		end_block(model, task);
}

/* ---- events ------------------------------------------------------------------------------------- */

static void advance(struct locate_model *model, uint64_t time_ns)
{
	if (!model->started) {
		model->started = true;
		model->totals.start_ns = model->now_ns = time_ns;
	}
	if (time_ns > model->now_ns)
		model->now_ns = time_ns;
}

static int on_current(struct locate_model *model, const struct sched_event *event, pid_t pid)
{
	struct task *task;
	int r = event->current_tid > 0 ?
			locate_task_see(model, event->current_tid, pid, "", &task) :
			-EINVAL;

	if (r < 0 || !task)
		return r == -ENOMEM ? r : 0;
	switch (event->type) {
	case SCHED_FUTEX:
		return locate_on_futex(model, task, event);
	case SCHED_FUTEX_END:
		return locate_on_futex_end(model, task, event);
	case SCHED_LOCK:
		return locate_on_lock(model, task, event);
	default:
		return locate_on_lock_end(model, task, event);
	}
}

int locate_model_event(struct locate_model *model, const struct sched_event *event, pid_t pid)
{
	int r;

	advance(model, event->time_ns);
	model->totals.events++;
	switch (event->type) {
	case SCHED_SWITCH:
		r = leave(model, event, pid);
		come(model, event);
		return r;
	case SCHED_WAKEUP:
		return event->tid > 0 ? on_waking(model, event, pid) : 0;
	case SCHED_FUTEX:
	case SCHED_FUTEX_END:
	case SCHED_LOCK:
	case SCHED_LOCK_END:
		return on_current(model, event, pid);
	case SCHED_LOST:
		model->lost_ns = model->now_ns;
		return 0;
	default:
		return 0;
	}
}

/* ---- their stacks --------------------------------------------------------------------------------- */

static void stack_of_leaving(struct locate_model *model, struct task *task, uint32_t stack)
{
	if (task->blocked && task->blocked_stack == NONE && locate_is_near(model, task->blocked_ns))
		task->blocked_stack = stack;
	else
		task->leaving = (struct fresh){ stack, model->now_ns };
}

static int stack_of_waking(struct locate_model *model, struct task *task, uint32_t stack)
{
	if (!locate_is_near(model, task->woken.when_ns) || task->last_wait.waker_stack != NONE) {
		task->waking = (struct fresh){ stack, model->now_ns };
		return 0;
	}
	task->last_wait.waker_stack = stack;
	if (task->woken.item == NONE)
		return keep_wait(model, task, &task->last_wait);
	model->waits.data[task->woken.item].waker_stack = stack;
	return 0;
}

int locate_model_stack(struct locate_model *model, const struct sched_event *event, uint32_t stack)
{
	pid_t tid = event->type == SCHED_SWITCH ? event->other_tid :
		    event->type == SCHED_WAKEUP ? event->tid :
						  event->current_tid;
	struct task *task;
	int r;

	advance(model, event->time_ns);
	if (tid <= 0)
		return 0;
	r = locate_task_get(model, tid, &task);
	if (r < 0 || !task)
		return r;
	switch (event->type) {
	case SCHED_SWITCH:
		if (!event->runnable)
			stack_of_leaving(model, task, stack);
		return 0;
	case SCHED_WAKEUP:
		return stack_of_waking(model, task, stack);
	case SCHED_FUTEX:
		return locate_futex_stack(model, task, stack);
	case SCHED_LOCK:
		return locate_lock_stack(model, task, stack);
	default:
		return 0;
	}
}

/* ---- the end -------------------------------------------------------------------------------------- */

static int close_task(struct locate_model *model, struct task *task)
{
	struct locate_wait wait = {
		.pid = task->pid,
		.tid = task->tid,
		.group = task->group,
		.waker = LOCATE_ACTOR_UNKNOWN,
		.blocked_stack = task->blocked_stack,
		.waker_stack = NONE,
	};

	if (!task->blocked)
		return 0;
	wait.wait_ns = end_block(model, task);
	return wait.wait_ns ? keep_wait(model, task, &wait) : 0;
}

int locate_model_end(struct locate_model *model, uint64_t end_ns)
{
	int r = 0;

	advance(model, end_ns);
	model->totals.end_ns = model->now_ns;
	for (size_t i = 0; i < model->tasks.len && r == 0; i++) {
		r = close_task(model, &model->tasks.data[i]);
		if (r == 0)
			r = locate_close_futex(model, &model->tasks.data[i]);
	}
	for (size_t i = 0; i < model->lock_states.len && r == 0; i++) {
		struct lock_state *state = &model->lock_states.data[i];

		for (size_t word = 0; word < WAITER_BITS / 64; word++)
			state->stats.waiters +=
				(uint32_t)__builtin_popcountll(state->waiters[word]);
		r = vec_push(&model->locks, state->stats);
	}
	model->totals.groups = (uint32_t)model->groups.len;
	model->ended = true;
	return r;
}

const struct locate_totals *locate_model_totals(const struct locate_model *model)
{
	return &model->totals;
}

const struct locate_group *locate_model_group(const struct locate_model *model, uint32_t id)
{
	return id < model->groups.len ? &model->groups.data[id] : NULL;
}

const struct locate_edge *locate_model_edges(const struct locate_model *model, size_t *ret_count)
{
	*ret_count = model->edges.len;
	return model->edges.data;
}

const struct locate_wait *locate_model_waits(const struct locate_model *model, size_t *ret_count)
{
	*ret_count = model->waits.len;
	return model->waits.data;
}

const struct locate_lock *locate_model_locks(const struct locate_model *model, size_t *ret_count)
{
	*ret_count = model->locks.len;
	return model->locks.data;
}

const struct locate_kernel_lock *locate_model_kernel_locks(const struct locate_model *model,
							   size_t *ret_count)
{
	*ret_count = model->kernel_locks.len;
	return model->kernel_locks.data;
}

const struct locate_site *locate_model_sites(const struct locate_model *model, size_t *ret_count)
{
	*ret_count = model->sites.len;
	return model->sites.data;
}
