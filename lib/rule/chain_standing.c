/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is the primary, and what part the others play. */
#include "rule/judging.h"

#include "base/cleanup.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define TAKES_OVER_PCT 50

/* Unknown is least. */
static int compare_numbers(double a, double b)
{
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a < b) - (a > b);
}

struct choice {
	const struct chain *chain;
	const enum severity *reach;
};

/* Below 0 when `a` rather than `b` is the primary. */
static int compare_roots(const struct choice *choice, size_t a, size_t b)
{
	const struct chain_node *left = &choice->chain->nodes.data[a];
	const struct chain_node *right = &choice->chain->nodes.data[b];
	int rank = judging_role_rank(left->role) - judging_role_rank(right->role);

	if (rank)
		return rank;
	if (choice->reach[a] != choice->reach[b])
		return choice->reach[a] > choice->reach[b] ? -1 : 1;
	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	return compare_numbers(left->explained_pct, right->explained_pct);
}

/* What is a line of information alone is the root only when it does most of the worst there is, and
 * no cause is bad by itself: a driver of one thread's waiting is not why the whole host queues. */
static bool may_be_root(const struct choice *choice, size_t index)
{
	enum severity reach = choice->reach[index];

	if (reach < SEVERITY_WARNING)
		return false;
	if (choice->chain->nodes.data[index].severity >= SEVERITY_WARNING)
		return true;
	vec_each(other, &choice->chain->nodes) {
		bool is_cause = judging_role_rank(other->role) == 0;

		if (other->severity > reach || (is_cause && other->severity >= SEVERITY_WARNING))
			return false;
	}
	return true;
}

/* The nodes stand in the order of their findings' rank, so the first of equals stays. */
static bool find_root(const struct choice *choice, size_t *ret)
{
	bool found = false;

	for (size_t i = 0; i < choice->chain->nodes.len; i++) {
		if (!may_be_root(choice, i))
			continue;
		if (!found || compare_roots(choice, i, *ret) < 0)
			*ret = i;
		found = true;
	}
	return found;
}

/* What does more than half of it is the cause, and it is what that drives. An amplifier must be as
 * bad itself: a little of everything wakes a storm. Where the other only says how much, why is
 * enough. */
static bool takes_over(const struct chain *chain, const struct chain_arrow *arrow)
{
	const struct chain_node *driver = &chain->nodes.data[arrow->from];
	const struct chain_node *driven = &chain->nodes.data[arrow->to];

	if (arrow->feedback || driver->severity < SEVERITY_WARNING || driver->role == ROLE_SYMPTOM)
		return false;
	if (arrow->strength_pct <= TAKES_OVER_PCT && !arrow->link->explains)
		return false;
	return driver->role != ROLE_AMPLIFIER || driver->severity >= driven->severity;
}

/* Upstream as far as it goes: no cycle is left. The strongest arrow stands first. */
static size_t take_over(const struct chain *chain, size_t primary)
{
	for (bool moved = true; moved;) {
		moved = false;
		vec_each(arrow, &chain->arrows) {
			if (arrow->to != primary || !takes_over(chain, arrow))
				continue;
			primary = arrow->from;
			moved = true;
			break;
		}
	}
	return primary;
}

/* Spreads marks along the arrows that count, or against them. */
static void spread(const struct chain *chain, bool *marks, bool back)
{
	for (bool grows = true; grows;) {
		grows = false;
		vec_each(arrow, &chain->arrows) {
			size_t from = back ? arrow->to : arrow->from;
			size_t to = back ? arrow->from : arrow->to;

			if (arrow->feedback || !marks[from] || marks[to])
				continue;
			marks[to] = true;
			grows = true;
		}
	}
}

static bool touches(const struct chain *chain, size_t a, size_t b)
{
	vec_each(arrow, &chain->arrows)
		if ((arrow->from == a && arrow->to == b) || (arrow->from == b && arrow->to == a))
			return true;
	return false;
}

static enum standing standing_of(const struct chain *chain, size_t primary, size_t node,
				 bool in_tree)
{
	static const enum standing standings[] = {
		[ROLE_SYMPTOM] = STANDING_EFFECT,
		[ROLE_AMPLIFIER] = STANDING_AMPLIFIER,
		[ROLE_MECHANISM] = STANDING_SECONDARY,
		[ROLE_TRIGGER] = STANDING_TRIGGER,
	};
	const struct chain_node *item = &chain->nodes.data[node];

	if (node == primary)
		return STANDING_PRIMARY;
	if (item->role == ROLE_SYMPTOM ?
		    !in_tree :
		    item->severity < SEVERITY_WARNING && !touches(chain, primary, node))
		return STANDING_ASIDE;
	return standings[item->role];
}

/* The tree: the primary, what drives it, and what they drive. */
static int set_standings(struct chain *chain, size_t primary)
{
	_cleanup_(cleanup_free) bool *marks = calloc(chain->nodes.len + 1, sizeof(*marks));

	if (!marks)
		return -ENOMEM;
	marks[primary] = true;
	spread(chain, marks, true);
	spread(chain, marks, false);
	for (size_t i = 0; i < chain->nodes.len; i++)
		chain->nodes.data[i].standing = standing_of(chain, primary, i, marks[i]);
	return 0;
}

struct place {
	const struct chain_node *node;
	size_t index;
};

static int by_place(const void *left, const void *right)
{
	const struct place *a = left, *b = right;
	int order;

	if (a->node->standing != b->node->standing)
		return a->node->standing < b->node->standing ? -1 : 1;
	if (a->node->severity != b->node->severity)
		return a->node->severity > b->node->severity ? -1 : 1;
	order = compare_numbers(a->node->explained_pct, b->node->explained_pct);
	return order ? order : (a->index > b->index) - (a->index < b->index);
}

static int sort_nodes(struct chain *chain)
{
	size_t count = chain->nodes.len;
	_cleanup_(cleanup_free) struct place *places = calloc(count + 1, sizeof(*places));
	_cleanup_(cleanup_free) size_t *moved = calloc(count + 1, sizeof(*moved));
	struct chain_node *sorted = calloc(count + 1, sizeof(*sorted));

	if (!places || !moved || !sorted) {
		free(sorted);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		places[i] = (struct place){ &chain->nodes.data[i], i };
	qsort(places, count, sizeof(*places), by_place);
	for (size_t i = 0; i < count; i++) {
		sorted[i] = *places[i].node;
		moved[places[i].index] = i;
	}
	free(chain->nodes.data);
	chain->nodes.data = sorted;
	chain->nodes.cap = count + 1;
	vec_each(arrow, &chain->arrows) {
		arrow->from = moved[arrow->from];
		arrow->to = moved[arrow->to];
	}
	return 0;
}

int chain_stand(struct chain *chain, const enum severity *reach, bool *ret_primary)
{
	struct choice choice = { chain, reach };
	size_t primary = 0;
	bool found = find_root(&choice, &primary);
	int r = found ? set_standings(chain, take_over(chain, primary)) : 0;

	r = r == 0 ? sort_nodes(chain) : r;
	if (r == 0)
		*ret_primary = found;
	return r;
}
