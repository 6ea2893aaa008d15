/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FNV_OFFSET 14695981039346656037ULL
#define FNV_PRIME 1099511628211ULL

/* Rows of the blame matrix behind the groups'. A row is a runner: settling a CPU is a walk along one. */
enum { ROW_IDLE, ROW_UNKNOWN, ROWS_MORE };

int sched_groups_init(struct sched_model *model)
{
	uint32_t max = model->options.groups_max;

	model->group_slots_len = 4;
	while (model->group_slots_len < 2 * max)
		model->group_slots_len *= 2;
	model->groups = calloc(max, sizeof(struct group *));
	model->group_slots = calloc(model->group_slots_len, sizeof(uint32_t));
	/* Pages of groups that don't exist are never touched. */
	model->blame = calloc((size_t)max * (max + ROWS_MORE), sizeof(uint64_t));
	if (!model->groups || !model->group_slots || !model->blame)
		return -ENOMEM;
	sched_group_get(model, "(other)", "(other)", false);
	return model->error;
}

void sched_groups_free(struct sched_model *model)
{
	for (uint32_t i = 0; i < model->groups_len; i++)
		free(model->groups[i]);
	free(model->groups);
	free(model->group_slots);
	free(model->blame);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
	return hash * FNV_PRIME;
}

static uint32_t *find_slot(const struct sched_model *model, const char *program, const char *thread,
			   bool kernel)
{
	uint64_t hash = hash_text(hash_text(FNV_OFFSET + kernel, program), thread);
	uint32_t i = (uint32_t)(hash ^ (hash >> 32)) & (model->group_slots_len - 1);

	for (; model->group_slots[i]; i = (i + 1) & (model->group_slots_len - 1)) {
		const struct sched_group *group = &model->groups[model->group_slots[i] - 1]->stats;

		if (group->kernel == kernel && strcmp(group->program, program) == 0 &&
		    strcmp(group->thread, thread) == 0)
			break;
	}
	return &model->group_slots[i];
}

uint32_t sched_group_get(struct sched_model *model, const char *program, const char *thread,
			 bool kernel)
{
	uint32_t *slot = find_slot(model, program, thread, kernel);
	struct group *group;

	if (*slot)
		return *slot - 1;
	if (model->groups_len >= model->options.groups_max) {
		model->totals.over_groups_max++;
		return SCHED_GROUP_OTHER;
	}
	group = calloc(1, sizeof(*group));
	if (!group) {
		model->error = -ENOMEM;
		return SCHED_GROUP_OTHER;
	}
	group->stats.id = model->groups_len;
	group->stats.kernel = kernel;
	snprintf(group->stats.program, sizeof(group->stats.program), "%s", program);
	snprintf(group->stats.thread, sizeof(group->stats.thread), "%s", thread);
	model->groups[model->groups_len++] = group;
	*slot = model->groups_len;
	return group->stats.id;
}

void sched_group_enter(struct sched_model *model, uint32_t id)
{
	struct group *group = model->groups[id];

	group->runnable++;
	if (group->runnable > group->stats.runnable_max)
		group->stats.runnable_max = group->runnable;
}

void sched_group_leave(struct sched_model *model, uint32_t id)
{
	model->groups[id]->runnable--;
}

uint64_t *sched_blame_of(const struct sched_model *model, uint32_t runner)
{
	size_t row = runner;

	if (runner == SCHED_ACTOR_IDLE)
		row = model->options.groups_max + ROW_IDLE;
	else if (!actor_is_group(runner))
		row = model->options.groups_max + ROW_UNKNOWN;
	return &model->blame[row * model->options.groups_max];
}
