/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_internal.h"

#include <errno.h>
#include <stdlib.h>

int sched_edges_init(struct sched_model *model)
{
	model->edge_slots_len = 4;
	while (model->edge_slots_len < 2 * model->options.edges_max)
		model->edge_slots_len *= 2;
	model->edge_slots = calloc(model->edge_slots_len, sizeof(struct edge_slot));
	return model->edge_slots ? 0 : -ENOMEM;
}

static struct edge_slot *find_slot(const struct sched_model *model, uint32_t waker, uint32_t wakee)
{
	uint64_t hash = ((uint64_t)waker << 32 | wakee) * 0x9e3779b97f4a7c15ULL;
	uint32_t i = (uint32_t)(hash >> 32) & (model->edge_slots_len - 1);
	struct edge_slot *slot = &model->edge_slots[i];

	while (slot->count && (slot->waker != waker || slot->wakee != wakee)) {
		i = (i + 1) & (model->edge_slots_len - 1);
		slot = &model->edge_slots[i];
	}
	return slot;
}

void sched_edges_add(struct sched_model *model, uint32_t waker, uint32_t wakee)
{
	struct edge_slot *slot = find_slot(model, waker, wakee);

	if (!slot->count) {
		if (model->edges_len >= model->options.edges_max) {
			model->totals.over_edges_max++;
			return;
		}
		model->edges_len++;
		slot->waker = waker;
		slot->wakee = wakee;
	}
	slot->count++;
}

uint64_t sched_edges_get(const struct sched_model *model, uint32_t waker, uint32_t wakee)
{
	return find_slot(model, waker, wakee)->count;
}
