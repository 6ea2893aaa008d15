/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST 1024
/* Sweeping the dead out costs a look at every thread: only when it makes that much room. */
#define SWEEP_SHARE 16

static uint32_t hash_tid(pid_t tid)
{
	uint32_t hash =
		(uint32_t)tid * 0x9e3779b1U; /* 2^32 by the golden ratio: neighbours lie apart */

	return hash ^ (hash >> 16);
}

static struct task *task_at(const struct sched_model *model, uint32_t index)
{
	return &model->chunks[index / CHUNK_TASKS][index % CHUNK_TASKS];
}

bool sched_task_is_shared(const struct sched_model *model, const struct task *task)
{
	return task == model->chunks[0];
}

struct task *sched_task_at(const struct sched_model *model, uint32_t index)
{
	struct task *task = task_at(model, index);

	return task->stats.tid ? task : NULL;
}

int sched_tasks_init(struct sched_model *model)
{
	uint32_t chunks = model->options.threads_max / CHUNK_TASKS + 2;

	model->chunks = calloc(chunks, sizeof(struct task *));
	model->slots = calloc(SLOTS_FIRST, sizeof(struct task_slot));
	if (!model->chunks || !model->slots)
		return -ENOMEM;
	model->chunks[0] = calloc(CHUNK_TASKS, sizeof(struct task));
	if (!model->chunks[0])
		return -ENOMEM;
	model->slots_len = SLOTS_FIRST;
	model->tasks_len = 1;
	model->generation = 2; /* 0 is none, and there is one before it */
	model->chunks[0]->stats.tid = -1;
	model->chunks[0]->generation = 1;
	snprintf(model->chunks[0]->stats.comm, SCHED_COMM_LEN, "(other)");
	model->chunks[0]->cpu = -1;
	return 0;
}

void sched_tasks_free(struct sched_model *model)
{
	for (uint32_t i = 0; model->chunks && i <= model->options.threads_max / CHUNK_TASKS; i++)
		free(model->chunks[i]);
	free(model->chunks);
	free(model->slots);
}

static struct task_slot *find_slot(struct task_slot *slots, uint32_t len, pid_t tid)
{
	uint32_t i = hash_tid(tid) & (len - 1);

	while (slots[i].tid && slots[i].tid != tid)
		i = (i + 1) & (len - 1);
	return &slots[i];
}

struct task *sched_task_find(const struct sched_model *model, pid_t tid)
{
	const struct task_slot *slot = find_slot(model->slots, model->slots_len, tid);

	return slot->tid ? task_at(model, slot->index) : NULL;
}

/* Puts all threads that exist into a new table. */
static int rebuild_slots(struct sched_model *model, uint32_t len)
{
	struct task_slot *slots = calloc(len, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	model->slots_used = 0;
	for (uint32_t i = 1; i < model->tasks_len; i++) {
		const struct task *task = sched_task_at(model, i);

		if (!task)
			continue;
		*find_slot(slots, len, task->stats.tid) = (struct task_slot){ task->stats.tid, i };
		model->slots_used++;
	}
	free(model->slots);
	model->slots = slots;
	model->slots_len = len;
	return 0;
}

static void retire(struct sched_model *model, uint32_t index)
{
	struct task *task = task_at(model, index);

	memset(task, 0, sizeof(*task));
	task->next_free = model->free_task;
	model->free_task = index;
	model->totals.threads_retired++;
}

/* Makes room from the dead. Nothing points to them but the table, and CPUs whose runner they no longer are. */
void sched_tasks_make_room(struct sched_model *model)
{
	if (model->tasks_len <= model->options.threads_max || model->free_task ||
	    model->tasks_dead <= model->options.threads_max / SWEEP_SHARE)
		return;
	for (uint32_t i = 0; i < model->cpus_end; i++)
		if (model->cpus[i].runner_task && model->cpus[i].runner_task->state == TASK_DEAD)
			model->cpus[i].runner_task = NULL;
	for (uint32_t i = 1; i < model->tasks_len; i++) {
		const struct task *task = sched_task_at(model, i);

		if (task && task->state == TASK_DEAD)
			retire(model, i);
	}
	model->tasks_dead = 0;
	if (rebuild_slots(model, model->slots_len) < 0)
		model->error = -ENOMEM;
}

/* The index of an empty task; 0: at the cap, or no memory. */
static uint32_t allocate(struct sched_model *model)
{
	struct task **chunk = &model->chunks[model->tasks_len / CHUNK_TASKS];
	uint32_t index = model->free_task;

	if (index) {
		model->free_task = task_at(model, index)->next_free;
		task_at(model, index)->next_free = 0;
		return index;
	}
	if (model->tasks_len > model->options.threads_max)
		return 0;
	if (!*chunk)
		*chunk = calloc(CHUNK_TASKS, sizeof(struct task));
	if (!*chunk) {
		model->error = -ENOMEM;
		return 0;
	}
	return model->tasks_len++;
}

struct task *sched_task_get(struct sched_model *model, pid_t tid)
{
	struct task *task = sched_task_find(model, tid);
	uint32_t index;

	if (task)
		return task;
	if (model->slots_used >= model->slots_len / 2 &&
	    rebuild_slots(model, model->slots_len * 2) < 0)
		model->error = -ENOMEM;
	index = model->error ? 0 : allocate(model);
	task = task_at(model, index);
	if (!index) {
		model->totals.over_threads_max++;
		return task;
	}
	task->stats.tid = tid;
	task->cpu = -1;
	*find_slot(model->slots, model->slots_len, tid) = (struct task_slot){ tid, index };
	model->slots_used++;
	return task;
}
