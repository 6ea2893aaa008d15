/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/profile_internal.h"

#include <errno.h>

static bool has_room(const struct profile *profile, enum role role)
{
	/* The many functions leave some for the few that sum them up. */
	uint32_t kept = role == ROLE_FUNCTION ? profile->counters_max / 4 : 0;

	return profile->counters.len < profile->counters_max - kept;
}

uint32_t profile_counter_get(struct profile *profile, enum role role, uint32_t number,
			     uint32_t symbol)
{
	struct counter counter = { .owner = counter_owner(role, number), .symbol = symbol };
	uint32_t hash = profile_hash_pair(counter.owner, symbol), cursor = hash, item;

	while ((item = profile_index_next(&profile->counter_index, hash, &cursor)))
		if (profile->counters.data[item - 1].owner == counter.owner &&
		    profile->counters.data[item - 1].symbol == symbol)
			return item - 1;
	if (!has_room(profile, role))
		return NONE;
	item = (uint32_t)profile->counters.len;
	if (vec_push(&profile->counters, counter) < 0 ||
	    profile_index_add(&profile->counter_index, hash, item) < 0) {
		profile->error = -ENOMEM;
		return NONE;
	}
	return item;
}

static void cast(struct vote *vote, const struct stack *stack, size_t frame)
{
	const struct profile_sample *sample = stack->sample;
	uint64_t address = sample->count && sample->addresses ? sample->addresses[frame] : 0;

	if (vote->lead && vote->address != address) {
		vote->lead--;
		return;
	}
	if (!vote->lead)
		*vote = (struct vote){
			.address = address,
			/* it was at the leaf, and left for the kernel at the first user frame */
			.is_return = frame > 0 && frame != stack->user_from,
			.pid = sample->pid,
		};
	vote->lead += vote->lead < 0x7fffffffU;
}

/* ---- functions ------------------------------------------------------------------------------- */

/* The counter of a node's function is looked up once. */
static uint32_t counter_at(struct profile *profile, const struct stack *stack, uint32_t node,
			   uint32_t symbol)
{
	uint32_t counter = node == NONE ? NONE : profile->nodes.data[node].counter;

	if (counter != NONE)
		return counter;
	counter = profile_counter_get(profile, ROLE_FUNCTION, stack->group, symbol);
	if (node != NONE)
		profile->nodes.data[node].counter = counter;
	return counter;
}

static void count_global(struct profile *profile, const struct stack *stack, uint32_t symbol,
			 bool is_leaf)
{
	struct function *function = function_at(profile, symbol);
	uint64_t weight = stack->sample->weight;

	if (!function->last_sample)
		function->group = stack->group;
	if (function->last_sample != profile->serial)
		function->total += weight;
	function->last_sample = profile->serial;
	if (is_leaf)
		function->self += weight;
}

static void count_in_group(struct profile *profile, const struct stack *stack, uint32_t id,
			   size_t frame)
{
	struct counter *counter;

	if (id == NONE)
		return;
	counter = vec_at(&profile->counters, id);
	if (counter->last_sample != profile->serial) {
		counter->total += stack->sample->weight;
		cast(&counter->any, stack, frame);
	}
	counter->last_sample = profile->serial;
	if (frame == 0) {
		counter->self += stack->sample->weight;
		cast(&counter->leaf, stack, frame);
	}
}

static void end_at(struct profile *profile, const struct stack *stack, uint32_t at, bool cut)
{
	uint64_t weight = stack->sample->weight;

	if (at & ROOT_BIT)
		profile->groups.data[stack->group]->root_weight += weight;
	else
		profile->nodes.data[at].weight += weight;
	if (cut)
		profile->totals.cut_weight += weight;
}

/* From the root to the leaf. */
void profile_count_functions(struct profile *profile, const struct stack *stack)
{
	uint32_t at = ROOT_BIT | stack->group;
	bool cut = false;

	for (size_t i = stack->count; i-- > 0;) {
		uint32_t symbol = function_id(profile, stack->frames[i]);
		uint32_t node = cut ? NONE : profile_node_get(profile, at, symbol);

		cut = node == NONE;
		if (!cut)
			at = node;
		count_global(profile, stack, symbol, i == 0);
		count_in_group(profile, stack, counter_at(profile, stack, node, symbol), i);
	}
	end_at(profile, stack, at, cut);
}

/* ---- roles ----------------------------------------------------------------------------------- */

static void count_role(struct profile *profile, const struct stack *stack, enum role role,
		       size_t frame)
{
	uint32_t symbol = function_id(profile, stack->frames[frame]);
	uint32_t id = profile_counter_get(profile, role, stack->group, symbol);

	if (symbol == PROFILE_SYMBOL_OTHER || id == NONE)
		return;
	profile->counters.data[id].total += stack->sample->weight;
	cast(&profile->counters.data[id].any, stack, frame);
}

void profile_count_asker(struct profile *profile, const struct stack *stack)
{
	if (!(stack->classes & profile->options.lock))
		return;
	profile->groups.data[stack->group]->stats.lock_weight += stack->sample->weight;
	for (size_t i = stack->user_from; i < stack->count; i++) {
		const struct profile_symbol *info = &function_at(profile, stack->frames[i])->info;
		bool glue_leaf = i == 0 && (info->leaf_classes & profile->options.glue);

		if (glue_leaf || !function_is_own(profile, stack->frames[i]))
			continue;
		count_role(profile, stack, ROLE_ASKER, i);
		return;
	}
}

void profile_count_work(struct profile *profile, const struct stack *stack)
{
	const struct profile_group *group = &profile->groups.data[stack->group]->stats;

	if (!group->kernel || group->interrupts)
		return;
	for (size_t i = stack->count; i-- > 0;) {
		if (function_at(profile, stack->frames[i])->info.loop)
			continue;
		count_role(profile, stack, ROLE_WORK, i);
		return;
	}
}

/* ---- classes --------------------------------------------------------------------------------- */

static struct profile_cpu *cpu_at(struct profile *profile, uint32_t cpu)
{
	return vec_at(&profile->cpus, profile->cpu_slots[cpu < CPUS_MAX ? cpu : CPUS_MAX - 1] - 1);
}

void profile_count_classes(struct profile *profile, const struct stack *stack)
{
	struct profile_group *group = &profile->groups.data[stack->group]->stats;
	struct profile_cpu *cpu = cpu_at(profile, stack->sample->cpu);
	bool focused = stack->classes & profile->options.focus;
	uint64_t weight = stack->sample->weight;

	if (focused)
		profile->totals.focus_weight += weight;
	for (profile_classes left = stack->classes; left; left &= left - 1) {
		uint32_t number = (uint32_t)__builtin_ctzll(left);
		uint32_t id = profile_counter_get(profile, ROLE_CLASS, number,
						  function_id(profile, stack->frames[0]));

		group->class_weight[number] += weight;
		cpu->class_weight[number] += weight;
		if (focused)
			profile->focus_weight[number] += weight;
		if (id != NONE)
			profile->counters.data[id].self += weight;
	}
}
