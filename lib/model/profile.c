/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/profile_internal.h"

#include <errno.h>
#include <stdlib.h>

#define NUMBERS_MAX (1U << 24) /* of anything: an option beyond is one of these */

static uint32_t default_to(uint32_t value, uint32_t normal)
{
	if (!value)
		return normal;
	return value < NUMBERS_MAX ? value : NUMBERS_MAX;
}

static void set_options(struct profile *profile, const struct profile_options *options)
{
	struct profile_options *full = &profile->options;

	*full = *options;
	full->nodes_max = default_to(options->nodes_max, 65536);
	full->symbols_max = default_to(options->symbols_max, 32768);
	full->groups_max = default_to(options->groups_max, 512);
	full->threads_max = default_to(options->threads_max, 65536);
	profile->counters_max = full->nodes_max - full->nodes_max / 4;
	if (full->combinations_count > PROFILE_CLASSES_MAX)
		full->combinations_count = PROFILE_CLASSES_MAX;
	for (size_t i = 0; i < full->combinations_count; i++)
		profile->combinations[i] = options->combinations[i];
	full->combinations = profile->combinations;
}

struct profile *profile_new(const struct profile_options *options)
{
	struct profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return NULL;
	set_options(profile, options);
	profile->generation = 1;
	if (profile_functions_init(profile) < 0 || profile_groups_init(profile) < 0) {
		profile_free(profile);
		return NULL;
	}
	return profile;
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	profile_functions_free(profile);
	profile_threads_free(profile);
	profile_groups_free(profile);
	vec_free(&profile->nodes);
	profile_index_free(&profile->node_index);
	vec_free(&profile->counters);
	profile_index_free(&profile->counter_index);
	vec_free(&profile->cpus);
	vec_free(&profile->classes);
	free(profile->sorted_groups);
	free(profile);
}

void profile_freep(struct profile **profile)
{
	profile_free(*profile);
}

static struct profile_cpu *get_cpu(struct profile *profile, uint32_t number)
{
	uint32_t cpu = number < CPUS_MAX ? number : CPUS_MAX - 1;
	uint16_t *slot = &profile->cpu_slots[cpu];

	if (!*slot) {
		if (vec_push(&profile->cpus, ((struct profile_cpu){ .cpu = cpu })) < 0) {
			profile->error = -ENOMEM;
			return NULL;
		}
		*slot = (uint16_t)profile->cpus.len;
	}
	return vec_at(&profile->cpus, *slot - 1);
}

static bool is_idle(const struct profile *profile, const struct profile_sample *sample)
{
	const struct profile_symbol *leaf;

	if (sample->tid)
		return false;
	if (!sample->count)
		return true;
	leaf = &function_at(profile, sample->frames[0])->info;
	return (leaf->classes | leaf->leaf_classes) & profile->options.idle;
}

/* Counts it where all samples are counted; false when there is no more to it. */
static bool count_cpu(struct profile *profile, const struct profile_sample *sample)
{
	struct profile_cpu *cpu = get_cpu(profile, sample->cpu);
	struct profile_totals *totals = &profile->totals;

	if (!cpu)
		return false;
	totals->samples++;
	totals->weight += sample->weight;
	cpu->samples++;
	cpu->weight += sample->weight;
	if (is_idle(profile, sample)) {
		totals->idle_weight += sample->weight;
		cpu->idle_weight += sample->weight;
		return false;
	}
	totals->busy_weight += sample->weight;
	if (sample->in_user) {
		totals->user_weight += sample->weight;
		cpu->user_weight += sample->weight;
	}
	return true;
}

static void find_classes(const struct profile *profile, struct stack *stack)
{
	const struct profile_combination *combinations = profile->combinations;

	stack->classes = function_at(profile, stack->frames[0])->info.leaf_classes;
	for (size_t i = 0; i < stack->count; i++) {
		const struct profile_symbol *info = &function_at(profile, stack->frames[i])->info;

		stack->classes |= info->classes;
		if (info->kernel)
			stack->user_from = i + 1;
	}
	for (size_t i = 0; i < profile->options.combinations_count; i++)
		if (combinations[i].of && combinations[i].gives < PROFILE_CLASSES_MAX &&
		    (stack->classes & combinations[i].of) == combinations[i].of)
			stack->classes |= UINT64_C(1) << combinations[i].gives;
}

static void count_group(struct profile *profile, const struct stack *stack)
{
	const struct profile_sample *sample = stack->sample;
	struct profile_group *group = &profile->groups.data[stack->group]->stats;
	struct profile_totals *totals = &profile->totals;

	group->samples++;
	group->weight += sample->weight;
	if (sample->in_user)
		group->user_weight += sample->weight;
	if (sample->user_broken) {
		group->broken_weight += sample->weight;
		totals->broken_weight += sample->weight;
	}
	if (sample->count && stack->user_from < stack->count) {
		group->user_stacks += sample->weight;
		totals->user_stacks += sample->weight;
	}
	if (!function_at(profile, stack->frames[0])->info.named) {
		group->unnamed_leaf += sample->weight;
		totals->unnamed_leaf += sample->weight;
	}
}

int profile_add(struct profile *profile, const struct profile_sample *sample)
{
	struct stack stack = { sample, sample->frames, sample->count, 0, 0, 0 };
	uint32_t unknown;

	if (profile->ended)
		return -EINVAL;
	if (profile->error || !count_cpu(profile, sample))
		return profile->error;
	if (!stack.count) {
		unknown = profile_unknown_function(profile, !sample->in_user);
		stack.frames = &unknown;
		stack.count = 1;
	}
	profile->serial += 1 + (profile->serial == UINT32_MAX); /* 0 is none */
	stack.group = profile_group_of_sample(profile, sample);
	find_classes(profile, &stack);
	count_group(profile, &stack);
	profile_count_classes(profile, &stack);
	profile_count_functions(profile, &stack);
	profile_count_asker(profile, &stack);
	profile_count_work(profile, &stack);
	return profile->error;
}

int profile_end(struct profile *profile)
{
	if (profile->ended)
		return -EINVAL;
	profile->ended = true;
	return profile->error ? profile->error : profile_results_make(profile);
}

const struct profile_totals *profile_totals(const struct profile *profile)
{
	return &profile->totals;
}
