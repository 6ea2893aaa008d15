/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct sched_totals *sched_model_totals(const struct sched_model *model)
{
	return &model->totals;
}

const struct sched_group *sched_model_group(const struct sched_model *model, uint32_t id)
{
	return id < model->groups_len ? &model->groups[id]->stats : NULL;
}

static uint64_t weight(const struct sched_group *group, enum sched_order order)
{
	switch (order) {
	case SCHED_BY_WAIT:
		return group->waits.sum_ns + group->open_wait_ns;
	case SCHED_BY_RUN:
		return group->work.run_ns;
	case SCHED_BY_MAX_WAIT:
		return group->waits.max_ns > group->open_wait_max_ns ? group->waits.max_ns :
								       group->open_wait_max_ns;
	case SCHED_BY_SWITCHES:
		return group->work.switches;
	}
	return 0;
}

struct ranking {
	const struct sched_group *group;
	uint64_t weight;
};

static int compare_ranking(const void *left, const void *right)
{
	const struct ranking *a = left, *b = right;
	int order = (a->weight < b->weight) - (a->weight > b->weight);

	if (!order)
		order = strcmp(a->group->program, b->group->program);
	if (!order)
		order = strcmp(a->group->thread, b->group->thread);
	return order ? order : a->group->kernel - b->group->kernel;
}

static bool had_events(const struct sched_group *group)
{
	return group->threads || group->work.switches || group->work.wakeups || group->work.run_ns;
}

size_t sched_model_rank(const struct sched_model *model, enum sched_order order, uint32_t *ids,
			size_t cap)
{
	struct ranking *all = calloc(model->groups_len, sizeof(*all));
	size_t len = 0;

	if (!all)
		return 0;
	for (uint32_t i = 0; i < model->groups_len; i++) {
		const struct sched_group *group = &model->groups[i]->stats;

		if (had_events(group))
			all[len++] = (struct ranking){ group, weight(group, order) };
	}
	qsort(all, len, sizeof(*all), compare_ranking);
	if (len > cap)
		len = cap;
	for (size_t i = 0; i < len; i++)
		ids[i] = all[i].group->id;
	free(all);
	return len;
}

const struct sched_thread *const *sched_model_threads(const struct sched_model *model,
						      size_t *ret_count)
{
	*ret_count = model->threads_len;
	return model->threads;
}

const struct sched_cpu *sched_model_cpus(const struct sched_model *model, size_t *ret_count)
{
	*ret_count = model->cpu_results.len;
	return model->cpu_results.data;
}

const struct sched_edge *sched_model_edges(const struct sched_model *model, size_t *ret_count)
{
	*ret_count = model->edges.len;
	return model->edges.data;
}

const struct sched_pair *sched_model_pairs(const struct sched_model *model, size_t *ret_count)
{
	*ret_count = model->pairs.len;
	return model->pairs.data;
}

const struct sched_blame *sched_model_blame(const struct sched_model *model, size_t *ret_count)
{
	*ret_count = model->blames.len;
	return model->blames.data;
}

const struct sched_loss *sched_model_losses(const struct sched_model *model, size_t *ret_count)
{
	*ret_count = model->losses_len;
	return model->losses;
}

const struct sched_worst *sched_model_worst(const struct sched_model *model,
					    enum sched_worst_kind kind)
{
	return &model->worst[kind];
}
