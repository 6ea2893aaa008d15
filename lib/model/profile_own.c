/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The function that says most about a group: in many of its stacks, but not in all of them like
 * main(), and rather the one that works than the one that only calls it.
 */
#include "model/profile_internal.h"

#include <errno.h>
#include <stdlib.h>

#define OUTERMOST 0.95 /* of the stacks: above is what calls everything */
#define SAME \
	0.95 /* of the caller's total: a callee that has as much says the same, more precisely */
#define STEPS_MAX 64

/* The tree once more, with what is needed here; a node's parents stand before it. */
struct place {
	uint32_t group;
	uint32_t own;	 /* nearest node with an own function, from here up; NONE */
	bool inside;	 /* below the group's choice */
	uint64_t weight; /* of all samples that come through here */
};

struct choice {
	uint32_t counter; /* NONE: there is none */
	uint32_t outermost, inner;
	uint32_t deeper; /* best candidate of this step */
	uint64_t least;	 /* total that a deeper one must have */
};

struct search {
	const struct profile *profile;
	struct place *places;	/* by node */
	struct choice *choices; /* by group */
	uint64_t *sums;		/* by counter */
};

static const struct node *node_at(const struct search *search, uint32_t node)
{
	return vec_at(&search->profile->nodes, node);
}

static const struct counter *counter_at(const struct search *search, uint32_t counter)
{
	return vec_at(&search->profile->counters, counter);
}

static bool has_parent(const struct node *node)
{
	return !(node->parent & ROOT_BIT);
}

static void place_nodes(struct search *search)
{
	uint32_t len = (uint32_t)search->profile->nodes.len;

	for (uint32_t i = 0; i < len; i++) {
		const struct node *node = node_at(search, i);
		struct place *place = &search->places[i];

		place->weight = node->weight;
		place->own = NONE;
		place->group = node->parent & ~ROOT_BIT;
		if (has_parent(node)) {
			place->group = search->places[node->parent].group;
			place->own = search->places[node->parent].own;
		}
		if (function_is_own(search->profile, node->symbol))
			place->own = i;
	}
	for (uint32_t i = len; i-- > 0;)
		if (has_parent(node_at(search, i)))
			search->places[node_at(search, i)->parent].weight +=
				search->places[i].weight;
}

/* What each own function does itself: everything that is not in another own function below it. */
static void sum_own_work(struct search *search)
{
	for (uint32_t i = 0; i < search->profile->nodes.len; i++) {
		uint32_t own = search->places[i].own;

		if (own != NONE && node_at(search, own)->counter != NONE)
			search->sums[node_at(search, own)->counter] += node_at(search, i)->weight;
	}
}

/* The one with more; the first by name among equals. */
static uint32_t better(const struct search *search, uint32_t a, uint32_t b, uint64_t more_a,
		       uint64_t more_b)
{
	if (a == NONE || more_b > more_a)
		return b;
	if (more_b < more_a)
		return a;
	return profile_compare_functions(search->profile, counter_at(search, b)->symbol,
					 counter_at(search, a)->symbol) < 0 ?
		       b :
		       a;
}

static bool is_outermost(const struct search *search, const struct counter *counter)
{
	uint32_t group = counter_number(counter);

	return (double)counter->total >
	       OUTERMOST * (double)search->profile->groups.data[group]->stats.user_stacks;
}

static void offer(const struct search *search, uint32_t id)
{
	const struct counter *counter = counter_at(search, id);
	struct choice *choice = &search->choices[counter_number(counter)];

	if (is_outermost(search, counter))
		choice->outermost =
			better(search, choice->outermost, id,
			       choice->outermost == NONE ? 0 : search->sums[choice->outermost],
			       search->sums[id]);
	else
		choice->inner =
			better(search, choice->inner, id,
			       choice->inner == NONE ? 0 : counter_at(search, choice->inner)->total,
			       counter->total);
}

/* An outermost function stays when it does more itself than any inner one does with all that it
 * calls. */
static void choose_first(const struct search *search, struct choice *choice)
{
	choice->counter = choice->inner;
	if (choice->outermost != NONE &&
	    (choice->inner == NONE ||
	     search->sums[choice->outermost] > counter_at(search, choice->inner)->total))
		choice->counter = choice->outermost;
	if (choice->counter != NONE)
		choice->least =
			(uint64_t)(SAME * (double)counter_at(search, choice->counter)->total);
}

static uint32_t chosen_symbol(const struct search *search, uint32_t group)
{
	uint32_t counter = search->choices[group].counter;

	return counter == NONE ? NONE : counter_at(search, counter)->symbol;
}

/* Nearest own functions below the (topmost) choice of each group. */
static void sum_callees(struct search *search)
{
	for (uint32_t i = 0; i < search->profile->nodes.len; i++) {
		const struct node *node = node_at(search, i);
		struct place *place = &search->places[i];
		uint32_t symbol = chosen_symbol(search, place->group), caller;

		place->inside = false;
		if (!has_parent(node))
			continue;
		place->inside = search->places[node->parent].inside ||
				node_at(search, node->parent)->symbol == symbol;
		caller = search->places[node->parent].own;
		if (place->own == i && node->counter != NONE && node->symbol != symbol &&
		    caller != NONE && node_at(search, caller)->symbol == symbol &&
		    !search->places[caller].inside)
			search->sums[node->counter] += place->weight;
	}
}

/* One step towards the leaves, for all groups together; false when none moved. */
static bool go_deeper(struct search *search)
{
	bool moved = false;

	for (uint32_t i = 0; i < search->profile->counters.len; i++)
		search->sums[i] = 0;
	for (uint32_t i = 0; i < search->profile->groups.len; i++)
		search->choices[i].deeper = NONE;
	sum_callees(search);
	for (uint32_t i = 0; i < search->profile->counters.len; i++) {
		struct choice *choice;

		if (!search->sums[i])
			continue; /* of a class, among others */
		choice = &search->choices[counter_number(counter_at(search, i))];
		if (search->sums[i] >= choice->least)
			choice->deeper =
				better(search, choice->deeper, i,
				       choice->deeper == NONE ? 0 : search->sums[choice->deeper],
				       search->sums[i]);
	}
	for (uint32_t i = 0; i < search->profile->groups.len; i++) {
		if (search->choices[i].deeper == NONE)
			continue;
		search->choices[i].counter = search->choices[i].deeper;
		moved = true;
	}
	return moved;
}

static void choose(struct search *search)
{
	const struct profile *profile = search->profile;

	for (uint32_t i = 0; i < profile->groups.len; i++)
		search->choices[i] = (struct choice){ NONE, NONE, NONE, NONE, 0 };
	place_nodes(search);
	sum_own_work(search);
	for (uint32_t i = 0; i < profile->counters.len; i++)
		if (counter_role(counter_at(search, i)) == ROLE_FUNCTION &&
		    counter_at(search, i)->total &&
		    function_is_own(profile, counter_at(search, i)->symbol))
			offer(search, i);
	for (uint32_t i = 0; i < profile->groups.len; i++)
		choose_first(search, &search->choices[i]);
	for (int step = 0; step < STEPS_MAX && go_deeper(search); step++)
		;
	for (uint32_t i = 0; i < profile->groups.len; i++)
		if (search->choices[i].counter != NONE)
			profile->groups.data[i]->stats.hottest_own = profile_function_of(
				profile, counter_at(search, search->choices[i].counter), false);
}

int profile_own_functions(struct profile *profile)
{
	struct search search = {
		.profile = profile,
		.places = calloc(profile->nodes.len + 1, sizeof(struct place)),
		.choices = calloc(profile->groups.len, sizeof(struct choice)),
		.sums = calloc(profile->counters.len + 1, sizeof(uint64_t)),
	};
	int r = -ENOMEM;

	if (search.places && search.choices && search.sums) {
		choose(&search);
		r = 0;
	}
	free(search.places);
	free(search.choices);
	free(search.sums);
	return r;
}
