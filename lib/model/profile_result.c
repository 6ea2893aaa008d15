/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/profile_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int descending(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

/* ---- groups ---------------------------------------------------------------------------------- */

static int compare_groups(const void *left, const void *right)
{
	const struct profile_group *a = *(const struct profile_group *const *)left;
	const struct profile_group *b = *(const struct profile_group *const *)right;
	int order = descending(a->weight, b->weight);

	if (!order)
		order = strcmp(a->program, b->program);
	if (!order)
		order = strcmp(a->thread, b->thread);
	return order ? order : a->kernel - b->kernel;
}

/* From here on a group's id is its place among the results. */
static int sort_groups(struct profile *profile)
{
	size_t len = 0;

	profile->sorted_groups = calloc(profile->groups.len, sizeof(*profile->sorted_groups));
	if (!profile->sorted_groups)
		return -ENOMEM;
	vec_each(group, &profile->groups)
		if ((*group)->stats.samples)
			profile->sorted_groups[len++] = &(*group)->stats;
	qsort(profile->sorted_groups, len, sizeof(*profile->sorted_groups), compare_groups);
	profile->sorted_groups_len = len;
	for (size_t i = 0; i < len; i++)
		((struct profile_group *)profile->sorted_groups[i])->id = (uint32_t)i;
	return 0;
}

const struct profile_group *const *profile_groups(const struct profile *profile, size_t *ret_count)
{
	*ret_count = profile->sorted_groups_len;
	return profile->sorted_groups;
}

/* ---- functions ------------------------------------------------------------------------------- */

struct profile_function profile_function_of(const struct profile *profile,
					    const struct counter *counter, bool by_self)
{
	const struct vote *vote = by_self ? &counter->leaf : &counter->any;

	return (struct profile_function){
		.symbol = counter->symbol,
		.self = counter->self,
		.total = counter->total,
		.group = profile->groups.data[counter_number(counter)]->stats.id,
		.address = vote->address,
		.is_return = vote->is_return,
		.pid = vote->pid,
	};
}

/* Puts it there if it is more than what is there. */
static void offer_function(const struct profile *profile, struct profile_function *best,
			   const struct counter *counter, bool by_self)
{
	uint64_t more = by_self ? counter->self : counter->total;
	int order = descending(by_self ? best->self : best->total, more);

	if (!more || order < 0)
		return;
	if (order > 0 || !best->symbol ||
	    profile_compare_functions(profile, counter->symbol, best->symbol) < 0)
		*best = profile_function_of(profile, counter, by_self);
}

static void find_hottest(struct profile *profile)
{
	vec_each(counter, &profile->counters) {
		enum role role = counter_role(counter);
		struct profile_group *group;

		if (role == ROLE_CLASS || counter->symbol == PROFILE_SYMBOL_OTHER)
			continue;
		group = &profile->groups.data[counter_number(counter)]->stats;
		if (role == ROLE_FUNCTION)
			offer_function(profile, &group->hottest, counter, true);
		else if (role == ROLE_ASKER)
			offer_function(profile, &group->asker, counter, false);
		else
			offer_function(profile, &group->work, counter, false);
	}
}

/* Each function's counter in the group that has most of it. */
static void find_counters(const struct profile *profile, bool by_total,
			  const struct counter **counters)
{
	vec_each(counter, &profile->counters) {
		const struct counter **best = &counters[counter->symbol];
		uint64_t more = by_total ? counter->total : counter->self, most;
		const struct profile_group *group;

		if (counter_role(counter) != ROLE_FUNCTION)
			continue;
		if (!*best) {
			*best = counter;
			continue;
		}
		most = by_total ? (*best)->total : (*best)->self;
		group = &profile->groups.data[counter_number(counter)]->stats;
		if (more > most ||
		    (more == most &&
		     group->id < profile->groups.data[counter_number(*best)]->stats.id))
			*best = counter;
	}
}

struct order {
	const struct profile *profile;
	bool by_total;
};

static int compare_functions(const void *left, const void *right, void *context)
{
	const struct profile_function *a = left, *b = right;
	const struct order *by = context;
	int order = by->by_total ? descending(a->total, b->total) : descending(a->self, b->self);

	if (!order)
		order = by->by_total ? descending(a->self, b->self) :
				       descending(a->total, b->total);
	return order ? order : profile_compare_functions(by->profile, a->symbol, b->symbol);
}

static int list_functions(const struct profile *profile, bool by_total,
			  const struct counter *const *counters, struct profile_functions *list)
{
	for (uint32_t id = 0; id < profile->functions.len; id++) {
		const struct function *function = vec_at(&profile->functions, id);
		struct profile_function row = { .symbol = id };

		if (!(by_total ? function->total : function->self))
			continue;
		row.group = profile->groups.data[function->group]->stats.id;
		if (counters[id])
			row = profile_function_of(profile, counters[id], !by_total);
		row.self = function->self;
		row.total = function->total;
		if (vec_push(list, row) < 0)
			return -ENOMEM;
	}
	return 0;
}

int profile_functions(const struct profile *profile, size_t max, bool by_total,
		      struct profile_functions *ret)
{
	const struct counter **counters = calloc(profile->functions.len, sizeof(*counters));
	struct order order = { profile, by_total };
	struct profile_functions list = { 0 };
	int r;

	if (!counters)
		return -ENOMEM;
	find_counters(profile, by_total, counters);
	r = list_functions(profile, by_total, counters, &list);
	free(counters);
	if (r < 0) {
		vec_free(&list);
		return r;
	}
	if (list.len)
		qsort_r(list.data, list.len, sizeof(*list.data), compare_functions, &order);
	if (list.len > max)
		list.len = max;
	*ret = list;
	return 0;
}

/* ---- CPUs and classes ------------------------------------------------------------------------ */

static int compare_cpus(const void *left, const void *right)
{
	const struct profile_cpu *a = left, *b = right;

	return (a->cpu > b->cpu) - (a->cpu < b->cpu);
}

const struct profile_cpu *profile_cpus(const struct profile *profile, size_t *ret_count)
{
	*ret_count = profile->cpus.len;
	return profile->cpus.data;
}

static void find_leaves(const struct profile *profile,
			struct profile_class classes[PROFILE_CLASSES_MAX])
{
	vec_each(counter, &profile->counters) {
		struct profile_class *class;

		if (counter_role(counter) != ROLE_CLASS)
			continue;
		class = &classes[counter_number(counter)];
		if (counter->self < class->leaf_weight ||
		    (counter->self == class->leaf_weight && class->leaf &&
		     profile_compare_functions(profile, counter->symbol, class->leaf) >= 0))
			continue;
		class->leaf = counter->symbol;
		class->leaf_weight = counter->self;
	}
}

static void find_shares(const struct profile *profile, struct profile_class *class)
{
	for (size_t i = 0; i < profile->sorted_groups_len; i++) {
		uint64_t weight = profile->sorted_groups[i]->class_weight[class->number];

		class->weight += weight;
		if (weight <= class->group_weight)
			continue;
		class->group = (uint32_t)i;
		class->group_weight = weight;
	}
	vec_each(cpu, &profile->cpus) {
		if (cpu->class_weight[class->number] <= class->cpu_weight)
			continue;
		class->cpu = cpu->cpu;
		class->cpu_weight = cpu->class_weight[class->number];
	}
}

static int compare_classes(const void *left, const void *right)
{
	const struct profile_class *a = left, *b = right;
	int order = descending(a->weight, b->weight);

	return order ? order : (a->number > b->number) - (a->number < b->number);
}

static int make_classes(struct profile *profile)
{
	struct profile_class classes[PROFILE_CLASSES_MAX] = { 0 };

	find_leaves(profile, classes);
	for (unsigned i = 0; i < PROFILE_CLASSES_MAX; i++) {
		classes[i].number = i;
		classes[i].focus_weight = profile->focus_weight[i];
		find_shares(profile, &classes[i]);
		if (classes[i].weight && vec_push(&profile->classes, classes[i]) < 0)
			return -ENOMEM;
	}
	if (profile->classes.len)
		qsort(profile->classes.data, profile->classes.len, sizeof(*profile->classes.data),
		      compare_classes);
	return 0;
}

const struct profile_class *profile_class_list(const struct profile *profile, size_t *ret_count)
{
	*ret_count = profile->classes.len;
	return profile->classes.data;
}

int profile_results_make(struct profile *profile)
{
	if (profile->cpus.len)
		qsort(profile->cpus.data, profile->cpus.len, sizeof(*profile->cpus.data),
		      compare_cpus);
	profile_groups_count_members(profile);
	if (sort_groups(profile) < 0 || make_classes(profile) < 0)
		return -ENOMEM;
	find_hottest(profile);
	return profile_own_functions(profile);
}
