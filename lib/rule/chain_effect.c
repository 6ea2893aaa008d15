/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much each node explains. Effects go backwards along the arrows: a node's drivers have parts
 * of what it suffers, at most all of it together, so a walk back from any effect reaches a node
 * with a chance, and no share exceeds 100 % however the arrows run.
 */
#include "rule/judging.h"

#include "base/cleanup.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define MOST_OF 0.5

struct effects {
	struct chain *chain;
	double *part;	/* of arrow->to that arrow->from has, 0 .. 1, for each arrow */
	size_t *order;	/* nodes, drivers before what they drive */
	double *reach;	/* of one effect, the part that each node has */
	size_t *degree; /* scratch */
};

static struct chain_arrow *arrow_at(const struct effects *effects, size_t index)
{
	return &effects->chain->arrows.data[index];
}

static size_t arrows_of(const struct effects *effects)
{
	return effects->chain->arrows.len;
}

/* Whether arrows that count lead from a node to another. Marks spread until nothing changes. */
static bool leads_to(const struct effects *effects, size_t from, size_t to, size_t arrows)
{
	bool grows = true;

	memset(effects->degree, 0, effects->chain->nodes.len * sizeof(*effects->degree));
	effects->degree[from] = 1;
	while (grows && !effects->degree[to]) {
		grows = false;
		for (size_t i = 0; i < arrows; i++) {
			const struct chain_arrow *arrow = arrow_at(effects, i);

			if (arrow->feedback || !effects->degree[arrow->from] ||
			    effects->degree[arrow->to])
				continue;
			effects->degree[arrow->to] = 1;
			grows = true;
		}
	}
	return effects->degree[to];
}

/* The strongest stand first, so it is the weakest of a cycle that is feedback. */
static void mark_feedback(const struct effects *effects)
{
	for (size_t i = 0; i < arrows_of(effects); i++) {
		struct chain_arrow *arrow = arrow_at(effects, i);

		arrow->feedback = leads_to(effects, arrow->to, arrow->from, i);
	}
}

/* Several arrows between two nodes say the same in other numbers: the first is the strongest. */
static bool is_repeated(const struct effects *effects, size_t index)
{
	const struct chain_arrow *arrow = arrow_at(effects, index);

	for (size_t i = 0; i < index; i++)
		if (!arrow_at(effects, i)->feedback && arrow_at(effects, i)->from == arrow->from &&
		    arrow_at(effects, i)->to == arrow->to)
			return true;
	return false;
}

static bool same_claim(const struct chain_arrow *a, const struct chain_arrow *b)
{
	const char *left = a->link->strength_of, *right = b->link->strength_of;

	return a->to == b->to && strcmp(left ? left : "", right ? right : "") == 0;
}

/* All parts of the arrow's target; only those of the same claim when `alike`. */
static double sum_parts(const struct effects *effects, const struct chain_arrow *arrow, bool alike)
{
	double sum = 0;

	for (size_t i = 0; i < arrows_of(effects); i++)
		if (alike ? same_claim(arrow_at(effects, i), arrow) :
			    arrow_at(effects, i)->to == arrow->to)
			sum += effects->part[i];
	return sum;
}

static int scale(const struct effects *effects, bool alike)
{
	_cleanup_(cleanup_free) double *sums = calloc(arrows_of(effects) + 1, sizeof(*sums));

	if (!sums)
		return -ENOMEM;
	for (size_t i = 0; i < arrows_of(effects); i++)
		sums[i] = sum_parts(effects, arrow_at(effects, i), alike);
	for (size_t i = 0; i < arrows_of(effects); i++)
		if (sums[i] > 1)
			effects->part[i] /= sums[i];
	return 0;
}

static int share_out(const struct effects *effects)
{
	int r;

	for (size_t i = 0; i < arrows_of(effects); i++) {
		const struct chain_arrow *arrow = arrow_at(effects, i);

		effects->part[i] =
			arrow->feedback || is_repeated(effects, i) ? 0 : arrow->strength_pct / 100;
	}
	r = scale(effects, true);
	return r < 0 ? r : scale(effects, false);
}

/* Drivers first; there is no cycle among the arrows that count. */
static void sort_nodes(const struct effects *effects)
{
	size_t nodes = effects->chain->nodes.len, placed = 0;

	memset(effects->degree, 0, nodes * sizeof(*effects->degree));
	for (size_t i = 0; i < arrows_of(effects); i++)
		effects->degree[arrow_at(effects, i)->to] += effects->part[i] > 0;
	for (size_t i = 0; i < nodes; i++)
		if (effects->degree[i] == 0)
			effects->order[placed++] = i;
	for (size_t next = 0; next < placed; next++)
		for (size_t i = 0; i < arrows_of(effects); i++) {
			const struct chain_arrow *arrow = arrow_at(effects, i);

			if (arrow->from == effects->order[next] && effects->part[i] > 0 &&
			    --effects->degree[arrow->to] == 0)
				effects->order[placed++] = arrow->to;
		}
}

/* The part that each node has of what `effect` suffers. */
static void walk_back(const struct effects *effects, size_t effect)
{
	memset(effects->reach, 0, effects->chain->nodes.len * sizeof(*effects->reach));
	effects->reach[effect] = 1;
	for (size_t place = effects->chain->nodes.len; place-- > 0;) {
		size_t node = effects->order[place];

		if (effects->reach[node] <= 0)
			continue;
		for (size_t i = 0; i < arrows_of(effects); i++)
			if (arrow_at(effects, i)->to == node)
				effects->reach[arrow_at(effects, i)->from] +=
					effects->part[i] * effects->reach[node];
	}
}

/* The first number, or a larger one. */
static void raise_to(double *value, double other)
{
	/* parts of a whole may add up to a little more in floating point */
	if (other > 100)
		other = 100;
	if (!isnan(other) && !(*value >= other))
		*value = other;
}

static void credit(const struct effects *effects, size_t effect, enum severity *severity)
{
	struct chain_node *nodes = effects->chain->nodes.data;

	walk_back(effects, effect);
	for (size_t i = 0; i < effects->chain->nodes.len; i++) {
		if (i == effect || effects->reach[i] <= 0)
			continue;
		raise_to(&nodes[i].explained_pct, effects->reach[i] * nodes[effect].share_pct);
		if (effects->reach[i] >= MOST_OF && nodes[effect].severity > severity[i])
			severity[i] = nodes[effect].severity;
	}
}

static bool drives_more_than_symptoms(const struct effects *effects, size_t node)
{
	for (size_t i = 0; i < arrows_of(effects); i++)
		if (arrow_at(effects, i)->from == node && effects->part[i] > 0 &&
		    effects->chain->nodes.data[arrow_at(effects, i)->to].role != ROLE_SYMPTOM)
			return true;
	return false;
}

static void attribute(const struct effects *effects, enum severity *reach)
{
	struct chain_node *nodes = effects->chain->nodes.data;
	size_t count = effects->chain->nodes.len;

	for (size_t i = 0; i < count; i++) {
		nodes[i].explained_pct = NAN;
		reach[i] = nodes[i].severity;
	}
	for (size_t i = 0; i < count; i++)
		credit(effects, i, reach);
	for (size_t i = 0; i < count; i++)
		if (isnan(nodes[i].explained_pct) || !drives_more_than_symptoms(effects, i))
			raise_to(&nodes[i].explained_pct, nodes[i].share_pct);
}

int chain_attribute(struct chain *chain, enum severity *reach)
{
	size_t nodes = chain->nodes.len + 1;
	_cleanup_(cleanup_free) double *part = calloc(chain->arrows.len + 1, sizeof(*part));
	_cleanup_(cleanup_free) size_t *order = calloc(nodes, sizeof(*order));
	_cleanup_(cleanup_free) double *parts = calloc(nodes, sizeof(*parts));
	_cleanup_(cleanup_free) size_t *degree = calloc(nodes, sizeof(*degree));
	struct effects effects = { chain, part, order, parts, degree };
	int r;

	if (!part || !order || !parts || !degree)
		return -ENOMEM;
	mark_feedback(&effects);
	r = share_out(&effects);
	if (r < 0)
		return r;
	sort_nodes(&effects);
	attribute(&effects, reach);
	return 0;
}
