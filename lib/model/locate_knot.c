/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/locate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX

struct node {
	uint32_t actor;
	uint64_t wait_ns;		/* of its own waits that somebody ended */
	uint32_t order, low, component; /* order 0: not visited */
	bool on_stack;
};

/* From who waits to who ended the wait. */
struct arc {
	uint32_t from, to;
	uint64_t wait_ns;
};

/* Where the search stands in a node. */
struct step {
	uint32_t node;
	size_t arc;
};

struct graph {
	struct node *nodes;
	struct arc *arcs;
	uint32_t *stack;
	struct step *steps;
	size_t nodes_len, arcs_len, stack_len, steps_len;
	uint32_t order, components;
};

static uint32_t node_of(struct graph *graph, uint32_t actor)
{
	for (uint32_t i = 0; i < graph->nodes_len; i++)
		if (graph->nodes[i].actor == actor)
			return i;
	graph->nodes[graph->nodes_len] = (struct node){ .actor = actor, .component = NONE };
	return (uint32_t)graph->nodes_len++;
}

static void add_arcs(struct graph *graph, const struct locate_edge *edges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t from, to;

		if (edges[i].waker >= LOCATE_ACTOR_LEAST || !edges[i].wait_ns)
			continue;
		from = node_of(graph, edges[i].wakee);
		to = node_of(graph, edges[i].waker);
		graph->nodes[from].wait_ns += edges[i].wait_ns;
		graph->arcs[graph->arcs_len++] = (struct arc){ from, to, edges[i].wait_ns };
	}
}

static void drop_thin_arcs(struct graph *graph, double least_pct)
{
	size_t kept = 0;

	for (size_t i = 0; i < graph->arcs_len; i++) {
		const struct arc *arc = &graph->arcs[i];

		if (100 * (double)arc->wait_ns >=
		    least_pct * (double)graph->nodes[arc->from].wait_ns)
			graph->arcs[kept++] = *arc;
	}
	graph->arcs_len = kept;
}

static void enter(struct graph *graph, uint32_t index)
{
	struct node *node = &graph->nodes[index];

	node->order = node->low = ++graph->order;
	node->on_stack = true;
	graph->stack[graph->stack_len++] = index;
	graph->steps[graph->steps_len++] = (struct step){ index, 0 };
}

static void close_component(struct graph *graph, uint32_t index)
{
	uint32_t member;

	do {
		member = graph->stack[--graph->stack_len];
		graph->nodes[member].on_stack = false;
		graph->nodes[member].component = graph->components;
	} while (member != index);
	graph->components++;
}

static void lower(struct node *node, uint32_t low)
{
	if (low < node->low)
		node->low = low;
}

/* One step of Tarjan's search: one arc further, or back to where it came from. */
static void step(struct graph *graph)
{
	struct step *top = &graph->steps[graph->steps_len - 1];
	struct node *node = &graph->nodes[top->node];

	while (top->arc < graph->arcs_len) {
		const struct arc *arc = &graph->arcs[top->arc++];

		if (arc->from != top->node)
			continue;
		if (!graph->nodes[arc->to].order) {
			enter(graph, arc->to);
			return;
		}
		if (graph->nodes[arc->to].on_stack)
			lower(node, graph->nodes[arc->to].order);
	}
	if (node->low == node->order)
		close_component(graph, top->node);
	graph->steps_len--;
	if (graph->steps_len)
		lower(&graph->nodes[graph->steps[graph->steps_len - 1].node], node->low);
}

static void find_components(struct graph *graph)
{
	for (uint32_t i = 0; i < graph->nodes_len; i++) {
		if (graph->nodes[i].order)
			continue;
		enter(graph, i);
		while (graph->steps_len)
			step(graph);
	}
}

static bool is_sink(const struct graph *graph, uint32_t component)
{
	for (size_t i = 0; i < graph->arcs_len; i++)
		if (graph->nodes[graph->arcs[i].from].component == component &&
		    graph->nodes[graph->arcs[i].to].component != component)
			return false;
	return true;
}

static void add_member(struct locate_knot *knot, const struct graph *graph, const struct node *node)
{
	uint32_t at = knot->count < 8 ? knot->count : 7;

	for (; at > 0; at--) {
		uint32_t before = 0;

		while (graph->nodes[before].actor != knot->members[at - 1])
			before++;
		if (graph->nodes[before].wait_ns >= node->wait_ns)
			break;
		knot->members[at] = knot->members[at - 1];
	}
	if (knot->count < 8 || at < 7)
		knot->members[at] = node->actor;
	knot->count++;
}

static struct locate_knot make_knot(const struct graph *graph, uint32_t component)
{
	struct locate_knot knot = { .count = 0 };

	for (uint32_t i = 0; i < graph->nodes_len; i++)
		if (graph->nodes[i].component == component)
			add_member(&knot, graph, &graph->nodes[i]);
	for (size_t i = 0; i < graph->arcs_len; i++) {
		const struct arc *arc = &graph->arcs[i];

		if (graph->nodes[arc->to].component != component)
			continue;
		knot.wait_ns += arc->wait_ns;
		if (graph->nodes[arc->from].component == component)
			knot.inner_ns += arc->wait_ns;
	}
	return knot;
}

static int compare_knots(const void *left, const void *right)
{
	const struct locate_knot *a = left, *b = right;

	if (a->wait_ns != b->wait_ns)
		return a->wait_ns < b->wait_ns ? 1 : -1;
	return a->members[0] < b->members[0] ? -1 : a->members[0] > b->members[0];
}

static int collect(const struct graph *graph, struct locate_knots *ret)
{
	for (uint32_t i = 0; i < graph->components; i++) {
		struct locate_knot knot;

		if (!is_sink(graph, i))
			continue;
		knot = make_knot(graph, i);
		if (knot.wait_ns && vec_push(ret, knot) < 0)
			return -ENOMEM;
	}
	if (ret->len)
		qsort(ret->data, ret->len, sizeof(*ret->data), compare_knots);
	return 0;
}

int locate_find_knots(const struct locate_edge *edges, size_t edges_count, double least_pct,
		      struct locate_knots *ret)
{
	size_t nodes_max = 2 * edges_count + 1;
	struct graph graph = {
		.nodes = calloc(nodes_max, sizeof(struct node)),
		.arcs = calloc(edges_count + 1, sizeof(struct arc)),
		.stack = calloc(nodes_max, sizeof(uint32_t)),
		.steps = calloc(nodes_max, sizeof(struct step)),
	};
	int r = -ENOMEM;

	if (graph.nodes && graph.arcs && graph.stack && graph.steps) {
		add_arcs(&graph, edges, edges_count);
		drop_thin_arcs(&graph, least_pct);
		find_components(&graph);
		r = collect(&graph, ret);
	}
	free(graph.nodes);
	free(graph.arcs);
	free(graph.stack);
	free(graph.steps);
	return r;
}
