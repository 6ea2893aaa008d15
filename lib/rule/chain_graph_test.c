/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attribution and standings on graphs by hand and by chance: whatever the arrows, shares stay
 * within 100 %, cycles end, and the order of things does not matter. */
#include "rule/judging.h"
#include "rule/testing.h"

/* ---- graphs by hand ---- */

#define NODES_MAX 12
#define ARROWS_MAX 40

struct graph {
	struct chain chain;
	struct link links[ARROWS_MAX];
	enum severity reach[NODES_MAX];
	size_t names[NODES_MAX]; /* findings.data[0] of each node: who it is after sorting */
};

static void add_node(struct graph *graph, enum role role, enum severity severity, double share)
{
	struct chain_node node = { .cause = "cpu-hog",
				   .role = role,
				   .severity = severity,
				   .share_pct = share,
				   .explained_pct = NAN,
				   .standing = STANDING_ASIDE };

	ck_assert_int_eq(vec_push(&node.findings, graph->chain.nodes.len), 0);
	ck_assert_int_eq(vec_push(&graph->chain.nodes, node), 0);
}

/* Strongest first, as chain_add_arrows() leaves them. */
static void add_arrow(struct graph *graph, size_t from, size_t to, double strength,
		      const char *claim)
{
	struct link *link = &graph->links[graph->chain.arrows.len];
	struct chain_arrow arrow = {
		.link = link, .from = from, .to = to, .row = -1, .strength_pct = strength
	};

	*link = (struct link){ .id = "chain.x", .strength_of = claim };
	ck_assert_int_eq(vec_push(&graph->chain.arrows, arrow), 0);
}

static bool finish(struct graph *graph)
{
	bool found = false;

	ck_assert_int_eq(chain_attribute(&graph->chain, graph->reach), 0);
	ck_assert_int_eq(chain_stand(&graph->chain, graph->reach, &found), 0);
	return found;
}

static const struct chain_node *node_named(const struct graph *graph, size_t name)
{
	vec_each(node, &graph->chain.nodes)
		if (node->findings.data[0] == name)
			return node;
	ck_abort_msg("no node %zu", name);
}

START_TEST(diamonds_add_up)
{
	struct graph graph = { 0 };

	add_node(&graph, ROLE_MECHANISM, SEVERITY_WARNING, NAN);
	add_node(&graph, ROLE_MECHANISM, SEVERITY_WARNING, NAN);
	add_node(&graph, ROLE_MECHANISM, SEVERITY_WARNING, NAN);
	add_node(&graph, ROLE_SYMPTOM, SEVERITY_CRITICAL, 80);
	add_arrow(&graph, 0, 1, 100, "a");
	add_arrow(&graph, 0, 2, 100, "a");
	add_arrow(&graph, 1, 3, 30, "a");
	add_arrow(&graph, 2, 3, 20, "b");
	ck_assert(finish(&graph));
	ck_assert_uint_eq(graph.chain.nodes.data[0].findings.data[0], 0);
	ck_assert_double_eq_tol(node_named(&graph, 0)->explained_pct, 40, 1e-9);
	ck_assert_double_eq_tol(node_named(&graph, 1)->explained_pct, 24, 1e-9);
	ck_assert_double_eq_tol(node_named(&graph, 2)->explained_pct, 16, 1e-9);
	ck_assert_int_eq(node_named(&graph, 3)->standing, STANDING_EFFECT);
	chain_clear(&graph.chain);
}
END_TEST

/* Those that claim the same wakeups twice are cut first, and then all of them together. */
START_TEST(claims_of_one_kind_are_scaled_first)
{
	struct graph graph = { 0 };

	for (int i = 0; i < 3; i++)
		add_node(&graph, ROLE_MECHANISM, SEVERITY_WARNING, NAN);
	add_node(&graph, ROLE_SYMPTOM, SEVERITY_CRITICAL, 90);
	add_arrow(&graph, 0, 3, 100, "its wakeups");
	add_arrow(&graph, 1, 3, 100, "its wakeups");
	add_arrow(&graph, 2, 3, 50, "its CPU time");
	ck_assert(finish(&graph));
	/* 50 + 50 + 50 of 150 */
	for (size_t i = 0; i < 3; i++)
		ck_assert_double_eq_tol(node_named(&graph, i)->explained_pct, 30, 1e-9);
	chain_clear(&graph.chain);
}
END_TEST

/* Two numbers about the same two nodes are one effect. */
START_TEST(parallel_arrows_count_once)
{
	struct graph graph = { 0 };

	add_node(&graph, ROLE_MECHANISM, SEVERITY_WARNING, NAN);
	add_node(&graph, ROLE_SYMPTOM, SEVERITY_CRITICAL, 100);
	add_arrow(&graph, 0, 1, 40, "a");
	add_arrow(&graph, 0, 1, 30, "b");
	ck_assert(finish(&graph));
	ck_assert_double_eq_tol(node_named(&graph, 0)->explained_pct, 40, 1e-9);
	chain_clear(&graph.chain);
}
END_TEST

static const struct chain_node *primary_with_amplifier(struct graph *graph, double strength,
						       enum severity severity)
{
	add_node(graph, ROLE_MECHANISM, SEVERITY_CRITICAL, 90);
	add_node(graph, ROLE_AMPLIFIER, severity, 20);
	add_arrow(graph, 1, 0, strength, "a");
	ck_assert(finish(graph));
	return &graph->chain.nodes.data[0];
}

START_TEST(an_amplifier_takes_over_only_when_it_is_as_bad)
{
	struct graph takes = { 0 }, half = { 0 }, milder = { 0 };

	ck_assert_int_eq(primary_with_amplifier(&takes, 51, SEVERITY_CRITICAL)->role,
			 ROLE_AMPLIFIER);
	ck_assert_int_eq(takes.chain.nodes.data[1].standing, STANDING_SECONDARY);
	ck_assert_int_eq(primary_with_amplifier(&half, 50, SEVERITY_CRITICAL)->role,
			 ROLE_MECHANISM);
	ck_assert_int_eq(half.chain.nodes.data[1].standing, STANDING_AMPLIFIER);
	ck_assert_int_eq(primary_with_amplifier(&milder, 95, SEVERITY_WARNING)->role,
			 ROLE_MECHANISM);
	ck_assert_int_eq(milder.chain.nodes.data[1].standing, STANDING_AMPLIFIER);
	chain_clear(&takes.chain);
	chain_clear(&half.chain);
	chain_clear(&milder.chain);
}
END_TEST

/* A group that burns CPU, and what a third of that CPU time goes into. */
START_TEST(why_takes_over_from_how_much)
{
	for (int explains = 0; explains <= 1; explains++) {
		struct graph graph = { 0 };

		add_node(&graph, ROLE_MECHANISM, SEVERITY_CRITICAL, 80);
		add_node(&graph, ROLE_MECHANISM, SEVERITY_WARNING, 80);
		add_arrow(&graph, 1, 0, 30, "its CPU time");
		graph.links[0].explains = explains;
		ck_assert(finish(&graph));
		ck_assert_uint_eq(graph.chain.nodes.data[0].findings.data[0], explains ? 1 : 0);
		chain_clear(&graph.chain);
	}
}
END_TEST

/* What is a line of information alone is the root when it does most of the worst. */
START_TEST(a_mild_root_counts_by_what_it_drives)
{
	struct graph most = { 0 }, some = { 0 };

	add_node(&most, ROLE_SYMPTOM, SEVERITY_CRITICAL, 90);
	add_node(&most, ROLE_MECHANISM, SEVERITY_INFO, NAN);
	add_arrow(&most, 1, 0, 60, "a");
	ck_assert(finish(&most));
	ck_assert_int_eq(most.chain.nodes.data[0].role, ROLE_MECHANISM);
	add_node(&some, ROLE_SYMPTOM, SEVERITY_CRITICAL, 90);
	add_node(&some, ROLE_MECHANISM, SEVERITY_INFO, NAN);
	add_arrow(&some, 1, 0, 40, "a");
	ck_assert(finish(&some));
	ck_assert_int_eq(some.chain.nodes.data[0].role, ROLE_SYMPTOM);
	/* connected to the primary, so it contributes */
	ck_assert_int_eq(some.chain.nodes.data[1].standing, STANDING_SECONDARY);
	chain_clear(&most.chain);
	chain_clear(&some.chain);
}
END_TEST

/* The whole host queues, critically; what delays one of its programs most is not why. */
START_TEST(a_mild_driver_of_less_than_the_worst_is_no_root)
{
	struct graph graph = { 0 };

	add_node(&graph, ROLE_SYMPTOM, SEVERITY_CRITICAL, 90);
	add_node(&graph, ROLE_SYMPTOM, SEVERITY_WARNING, 20);
	add_node(&graph, ROLE_MECHANISM, SEVERITY_INFO, 30);
	add_arrow(&graph, 2, 1, 60, "a");
	add_arrow(&graph, 2, 0, 30, "b");
	ck_assert(finish(&graph));
	ck_assert_uint_eq(graph.chain.nodes.data[0].findings.data[0], 0);
	ck_assert_int_eq(node_named(&graph, 2)->standing, STANDING_SECONDARY);
	chain_clear(&graph.chain);
}
END_TEST

/* A cause that is bad by itself comes first, be it connected with the worst or not. */
START_TEST(a_mild_driver_yields_to_a_cause_that_warns)
{
	static const enum role roles[] = { ROLE_MECHANISM, ROLE_TRIGGER, ROLE_AMPLIFIER };

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		struct graph graph = { 0 };

		add_node(&graph, ROLE_SYMPTOM, SEVERITY_CRITICAL, 90);
		add_node(&graph, roles[i], SEVERITY_WARNING, 10);
		add_node(&graph, ROLE_MECHANISM, SEVERITY_INFO, 60);
		add_arrow(&graph, 2, 0, 60, "a");
		ck_assert(finish(&graph));
		/* what only makes it worse is no cause */
		ck_assert_uint_eq(graph.chain.nodes.data[0].findings.data[0],
				  roles[i] == ROLE_AMPLIFIER ? 2 : 1);
		chain_clear(&graph.chain);
	}
}
END_TEST

START_TEST(info_alone_has_no_primary)
{
	struct graph graph = { 0 };

	add_node(&graph, ROLE_MECHANISM, SEVERITY_INFO, 50);
	add_node(&graph, ROLE_SYMPTOM, SEVERITY_INFO, 50);
	add_arrow(&graph, 0, 1, 90, "a");
	ck_assert(!finish(&graph));
	vec_each(node, &graph.chain.nodes)
		ck_assert_int_eq(node->standing, STANDING_ASIDE);
	chain_clear(&graph.chain);
}
END_TEST

/* ---- random graphs ---- */

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static double random_share(unsigned *seed)
{
	return next_random(seed) % 4 == 0 ? NAN : (double)(next_random(seed) % 1000000) / 1e4;
}

struct plan {
	size_t nodes, arrows;
	struct {
		enum role role;
		enum severity severity;
		double share;
	} node[NODES_MAX];
	struct {
		size_t from, to;
		double strength;
		const char *claim;
	} arrow[ARROWS_MAX];
};

static int by_strength(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a < b) - (a > b);
}

/* Strengths are all different, so that no order is left to chance. */
static void make_plan(struct plan *plan, unsigned seed)
{
	static const char *const claims[] = { "its wakeups", "its CPU time", NULL };
	double strengths[ARROWS_MAX];

	*plan = (struct plan){ .nodes = 2 + next_random(&seed) % (NODES_MAX - 1),
			       .arrows = next_random(&seed) % ARROWS_MAX };
	for (size_t i = 0; i < plan->nodes; i++) {
		plan->node[i].role = (enum role)(next_random(&seed) % 4);
		plan->node[i].severity = (enum severity)(next_random(&seed) % 3);
		plan->node[i].share = random_share(&seed);
	}
	for (size_t i = 0; i < plan->arrows; i++)
		strengths[i] = (double)(1 + next_random(&seed) % 99) + (double)i / 1e3;
	qsort(strengths, plan->arrows, sizeof(*strengths), by_strength);
	for (size_t i = 0; i < plan->arrows; i++) {
		plan->arrow[i].from = next_random(&seed) % plan->nodes;
		plan->arrow[i].to =
			(plan->arrow[i].from + 1 + next_random(&seed) % (plan->nodes - 1)) %
			plan->nodes;
		plan->arrow[i].strength = strengths[i];
		plan->arrow[i].claim = claims[next_random(&seed) % 3];
	}
}

/* Node i of the plan becomes node (i * step + shift) mod nodes; step and nodes have no factor in
 * common. */
static void build(struct graph *graph, const struct plan *plan, size_t step, size_t shift)
{
	size_t place[NODES_MAX];

	*graph = (struct graph){ 0 };
	for (size_t i = 0; i < plan->nodes; i++)
		place[(i * step + shift) % plan->nodes] = i;
	for (size_t i = 0; i < plan->nodes; i++) {
		size_t from = place[i];

		add_node(graph, plan->node[from].role, plan->node[from].severity,
			 plan->node[from].share);
		graph->chain.nodes.data[i].findings.data[0] = from;
	}
	for (size_t i = 0; i < plan->arrows; i++)
		add_arrow(graph, (plan->arrow[i].from * step + shift) % plan->nodes,
			  (plan->arrow[i].to * step + shift) % plan->nodes, plan->arrow[i].strength,
			  plan->arrow[i].claim);
}

/* Colours: what counts has no cycle when a walk that takes away nodes without drivers ends with
 * none. */
static void check_acyclic(const struct chain *chain)
{
	bool gone[NODES_MAX] = { false };
	size_t left = chain->nodes.len;

	for (bool moved = true; moved;) {
		moved = false;
		for (size_t i = 0; i < chain->nodes.len; i++) {
			bool driven = gone[i];

			vec_each(arrow, &chain->arrows)
				if (!arrow->feedback && arrow->to == i && !gone[arrow->from])
					driven = true;
			if (driven)
				continue;
			gone[i] = true;
			moved = true;
			left--;
		}
	}
	ck_assert_uint_eq(left, 0);
}

/* Of one effect, what ends at nodes that nothing drives is not more than all of it. */
static void check_numbers(const struct graph *graph)
{
	double most = 0;

	vec_each(node, &graph->chain.nodes)
		if (!isnan(node->share_pct) && node->share_pct > most)
			most = node->share_pct;
	vec_each(node, &graph->chain.nodes) {
		if (isnan(node->explained_pct))
			continue;
		ck_assert_double_ge(node->explained_pct, 0);
		ck_assert_double_le(node->explained_pct, most + 1e-9);
		ck_assert_double_le(node->explained_pct, 100);
	}
}

static void check_primary(const struct graph *graph, bool found)
{
	const struct chain_nodes *nodes = &graph->chain.nodes;
	size_t primaries = 0;

	vec_each(node, nodes) {
		bool warns = node->severity >= SEVERITY_WARNING;

		primaries += node->standing == STANDING_PRIMARY;
		ck_assert(!warns || found);
		if (warns && node->role != ROLE_SYMPTOM && found)
			ck_assert_int_ne(nodes->data[0].role, ROLE_SYMPTOM);
		if (warns && (node->role == ROLE_MECHANISM || node->role == ROLE_TRIGGER))
			ck_assert_int_ge(nodes->data[0].severity, SEVERITY_WARNING);
		if (found && node != nodes->data && node->role != ROLE_SYMPTOM && warns)
			ck_assert_int_lt(node->standing, STANDING_EFFECT);
	}
	ck_assert_uint_eq(primaries, found);
	ck_assert(!found || nodes->data[0].standing == STANDING_PRIMARY);
}

static void check_arrows(const struct plan *plan, const struct graph *graph)
{
	for (size_t i = 0; i < plan->arrows; i++) {
		const struct chain_arrow *arrow = &graph->chain.arrows.data[i];
		const struct chain_node *nodes = graph->chain.nodes.data;

		ck_assert_uint_eq(nodes[arrow->from].findings.data[0], plan->arrow[i].from);
		ck_assert_uint_eq(nodes[arrow->to].findings.data[0], plan->arrow[i].to);
		ck_assert_double_eq(arrow->strength_pct, plan->arrow[i].strength);
	}
}

static void check_same(const struct graph *a, const struct graph *b)
{
	vec_each(node, &a->chain.nodes) {
		const struct chain_node *other = node_named(b, node->findings.data[0]);

		if (isnan(node->explained_pct))
			ck_assert(isnan(other->explained_pct));
		else
			ck_assert_double_eq_tol(node->explained_pct, other->explained_pct, 1e-9);
	}
	for (size_t i = 0; i < a->chain.arrows.len; i++)
		ck_assert_int_eq(a->chain.arrows.data[i].feedback,
				 b->chain.arrows.data[i].feedback);
}

START_TEST(random_graphs)
{
	for (unsigned seed = 1; seed <= 3000; seed++) {
		struct graph graph, turned;
		struct plan plan;
		bool found;

		make_plan(&plan, seed * 2654435761u);
		build(&graph, &plan, 1, 0);
		found = finish(&graph);
		check_acyclic(&graph.chain);
		check_numbers(&graph);
		check_primary(&graph, found);
		check_arrows(&plan, &graph);
		build(&turned, &plan, plan.nodes - 1, seed % plan.nodes);
		ck_assert_int_eq(finish(&turned), found);
		check_same(&graph, &turned);
		chain_clear(&graph.chain);
		chain_clear(&turned.chain);
	}
}
END_TEST

/* Sources of a flow: with arrows into one effect only, the parts add up to no more than it. */
START_TEST(drivers_share_what_there_is)
{
	for (unsigned seed = 1; seed <= 500; seed++) {
		unsigned random = seed * 2654435761u;
		size_t drivers = 1 + next_random(&random) % 10;
		struct graph graph = { 0 };
		double sum = 0;

		for (size_t i = 0; i < drivers; i++)
			add_node(&graph, ROLE_MECHANISM, SEVERITY_WARNING, NAN);
		add_node(&graph, ROLE_SYMPTOM, SEVERITY_CRITICAL, 70);
		for (size_t i = 0; i < drivers; i++)
			add_arrow(&graph, i, drivers, 100 - (double)(random % 7 * i),
				  i % 2 ? "a" : "b");
		ck_assert(finish(&graph));
		vec_each(node, &graph.chain.nodes)
			if (node->role == ROLE_MECHANISM)
				sum += node->explained_pct;
		ck_assert_double_le(sum, 70 + 1e-9);
		ck_assert_double_gt(sum, 0);
		chain_clear(&graph.chain);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chain_graph");
	TCase *tests = tcase_create("chain_graph");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, diamonds_add_up);
	tcase_add_test(tests, claims_of_one_kind_are_scaled_first);
	tcase_add_test(tests, parallel_arrows_count_once);
	tcase_add_test(tests, an_amplifier_takes_over_only_when_it_is_as_bad);
	tcase_add_test(tests, why_takes_over_from_how_much);
	tcase_add_test(tests, a_mild_root_counts_by_what_it_drives);
	tcase_add_test(tests, a_mild_driver_of_less_than_the_worst_is_no_root);
	tcase_add_test(tests, a_mild_driver_yields_to_a_cause_that_warns);
	tcase_add_test(tests, info_alone_has_no_primary);
	tcase_add_test(tests, random_graphs);
	tcase_add_test(tests, drivers_share_what_there_is);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
