/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random histories against a slow and simple oracle: the simulated world writes down every wait when it ends, the oracle adds them up.
 * And random graphs against reachability by trial.
 */
#include "model/locate_testing.h"

#include "base/testing.h"
#include "base/vec.h"

#define TRACES 300
#define STEPS 400
#define GROUPS 4
#define THREADS_EACH 5
#define THREADS (GROUPS * THREADS_EACH)
#define ADDRESSES 3
#define GRAPHS 2000
#define NODES 7

struct truth {
	int wakee, waker; /* thread; waker -1: softirq, -2: open at the end */
	uint64_t ns;	  /* 0: its beginning was not seen */
	uint32_t blocked_stack, waker_stack;
};

struct futex_truth {
	int thread, address;
	uint64_t ns;
	bool retry;
};

struct actor {
	bool asleep, seen_leaving;
	uint64_t since_ns;
	uint32_t stack;
	int address; /* in futex: -1 none */
	uint64_t futex_ns;
};

struct world {
	uint64_t seed, now_ns;
	uint32_t stacks;
	struct locate_model *model;
	struct actor actors[THREADS];
	VEC(struct truth) waits;
	VEC(struct futex_truth) futexes;
};

static uint64_t draw(struct world *world, uint64_t below)
{
	world->seed = world->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (world->seed >> 33) % below;
}

static pid_t tid_of(int thread)
{
	return 100 * (thread / THREADS_EACH + 1) + thread % THREADS_EACH;
}

/* With its stack before, behind, or none; the number of the stack. */
static uint32_t tell(struct world *world, struct sched_event event)
{
	uint64_t how = draw(world, 3);
	struct sched_event twin = event;

	if (how == 0) {
		feed(world->model, event);
		return LOCATE_STACK_NONE;
	}
	world->stacks++;
	if (how == 1) {
		feed_stack(world->model, event, world->stacks);
		event.time_ns += 2 * US;
		feed(world->model, event);
	} else {
		feed(world->model, event);
		twin.time_ns += 2 * US;
		feed_stack(world->model, twin, world->stacks);
	}
	return world->stacks;
}

/* When the plain event was, by the stack's order. */
static void fall_asleep(struct world *world, int thread)
{
	struct actor *actor = &world->actors[thread];
	uint32_t before = world->stacks;
	uint64_t seed = world->seed;
	struct world peek = *world;
	uint64_t how = draw(&peek, 3);

	ck_assert_uint_eq(seed, world->seed);
	if (draw(&peek, 4) == 0 && actor->address < 0) {
		actor->address = (int)draw(&peek, ADDRESSES);
		actor->futex_ns = world->now_ns;
		feed(world->model, test_futex(world->now_ns, tid_of(thread), FUTEX_WAIT,
					      0x1000 * (uint64_t)(actor->address + 1)));
	}
	actor->stack = tell(world, test_leaves(world->now_ns, tid_of(thread), 'S'));
	actor->asleep = actor->seen_leaving = true;
	actor->since_ns = world->now_ns + (how == 1 ? 2 * US : 0);
	ck_assert(world->stacks == before || actor->stack == world->stacks);
}

static void end_futex(struct world *world, int thread, uint64_t time_ns)
{
	struct actor *actor = &world->actors[thread];
	bool retry = draw(world, 5) == 0;

	if (actor->address < 0)
		return;
	feed(world->model, test_futex_end(time_ns, tid_of(thread), retry ? -EAGAIN : 0));
	vec_push(&world->futexes, ((struct futex_truth){ thread, actor->address,
							 time_ns - actor->futex_ns, retry }));
	actor->address = -1;
}

static void wake(struct world *world, int thread)
{
	struct actor *actor = &world->actors[thread];
	int waker = (int)draw(world, THREADS + 3);
	struct truth truth = { .wakee = thread,
			       .waker = waker < THREADS ? waker : -1,
			       .blocked_stack = actor->seen_leaving ? actor->stack :
								      LOCATE_STACK_NONE };
	struct world peek = *world;
	bool first = draw(&peek, 3) == 1;

	truth.waker_stack =
		tell(world,
		     test_wakes(world->now_ns, waker < THREADS ? tid_of(waker) : 0, tid_of(thread),
				waker < THREADS ? SCHED_CONTEXT_TASK : SCHED_CONTEXT_SOFTIRQ));
	if (actor->seen_leaving)
		truth.ns = world->now_ns + (first ? 2 * US : 0) - actor->since_ns;
	vec_push(&world->waits, truth);
	end_futex(world, thread, world->now_ns + 10 * US);
	actor->asleep = actor->seen_leaving = false;
}

static void live(struct world *world)
{
	for (int thread = 0; thread < THREADS; thread++) {
		name_thread(world->model, tid_of(thread));
		world->actors[thread].asleep = draw(world, 2);
		world->actors[thread].address = -1;
	}
	world->now_ns = MS;
	for (int step = 0; step < STEPS; step++) {
		int thread = (int)draw(world, THREADS);

		world->now_ns += MS + draw(world, 3 * MS);
		if (world->actors[thread].asleep)
			wake(world, thread);
		else if (draw(world, 5) == 0)
			feed(world->model, test_leaves(world->now_ns, tid_of(thread), 'R'));
		else
			fall_asleep(world, thread);
	}
	world->now_ns += MS;
	for (int thread = 0; thread < THREADS; thread++) {
		struct actor *actor = &world->actors[thread];

		if (actor->seen_leaving)
			vec_push(&world->waits,
				 ((struct truth){ thread, -2, world->now_ns - actor->since_ns,
						  actor->stack, LOCATE_STACK_NONE }));
		if (actor->address >= 0)
			vec_push(&world->futexes,
				 ((struct futex_truth){ thread, actor->address,
							world->now_ns - actor->futex_ns, false }));
	}
	ck_assert_int_eq(locate_model_end(world->model, world->now_ns), 0);
}

static void check_groups(const struct world *world)
{
	for (int group = 0; group < GROUPS; group++) {
		const struct locate_group *found =
			group_of(world->model, tid_of(group * THREADS_EACH));
		uint64_t waits = 0, ns = 0, max_ns = 0, wakeups = 0;

		vec_each(wait, &world->waits) {
			if (wait->wakee / THREADS_EACH != group)
				continue;
			waits += wait->ns > 0;
			ns += wait->ns;
			max_ns = wait->ns > max_ns ? wait->ns : max_ns;
			wakeups += wait->waker != -2;
		}
		if (!found) {
			ck_assert_uint_eq(waits + wakeups, 0);
			continue;
		}
		ck_assert_uint_eq(found->waits, waits);
		ck_assert_uint_eq(found->wait_ns, ns);
		ck_assert_uint_eq(found->wait_max_ns, max_ns);
		ck_assert_uint_eq(found->wakeups, wakeups);
	}
}

static void check_edges(const struct world *world)
{
	for (int waker = -1; waker < GROUPS; waker++)
		for (int wakee = 0; wakee < GROUPS; wakee++) {
			const struct locate_group *from =
				waker < 0 ? NULL :
					    group_of(world->model, tid_of(waker * THREADS_EACH));
			const struct locate_group *to =
				group_of(world->model, tid_of(wakee * THREADS_EACH));
			const struct locate_edge *edge;
			uint64_t count = 0, ns = 0;

			vec_each(wait, &world->waits) {
				int group = wait->waker < 0 ? wait->waker :
							      wait->waker / THREADS_EACH;

				if (wait->wakee / THREADS_EACH != wakee || group != waker)
					continue;
				count++;
				ns += wait->ns;
			}
			edge = to && (from || waker < 0) ?
				       edge_of(world->model, from ? from->id : LOCATE_ACTOR_SOFTIRQ,
					       to->id) :
				       NULL;
			ck_assert_uint_eq(edge ? edge->count : 0, count);
			ck_assert_uint_eq(edge ? edge->wait_ns : 0, ns);
		}
}

/* The waits with stacks, in the order in which they ended. */
static void check_pairs(const struct world *world)
{
	const struct locate_wait *waits;
	size_t count, at = 0;

	waits = locate_model_waits(world->model, &count);
	vec_each(truth, &world->waits) {
		bool found = false;

		if (truth->blocked_stack == LOCATE_STACK_NONE &&
		    truth->waker_stack == LOCATE_STACK_NONE)
			continue;
		at++;
		for (size_t i = 0; i < count && !found; i++)
			found = waits[i].tid == tid_of(truth->wakee) &&
				waits[i].blocked_stack == truth->blocked_stack &&
				waits[i].waker_stack == truth->waker_stack &&
				waits[i].wait_ns == truth->ns;
		ck_assert_msg(found, "wait of %d with stacks %u and %u", tid_of(truth->wakee),
			      truth->blocked_stack, truth->waker_stack);
	}
	ck_assert_uint_eq(count, at);
}

static void check_futexes(const struct world *world)
{
	const struct locate_lock *locks;
	uint64_t waits = 0, ns = 0, retries = 0, found_waits = 0, found_ns = 0, found_retries = 0;
	size_t count;

	vec_each(futex, &world->futexes) {
		retries += futex->retry;
		waits += !futex->retry;
		ns += futex->retry ? 0 : futex->ns;
	}
	locks = locate_model_locks(world->model, &count);
	for (size_t i = 0; i < count; i++) {
		found_waits += locks[i].waits;
		found_ns += locks[i].wait_ns;
		found_retries += locks[i].retries;
		ck_assert_uint_le(locks[i].waiters, THREADS_EACH);
	}
	ck_assert_uint_eq(found_waits, waits);
	ck_assert_uint_eq(found_ns, ns);
	ck_assert_uint_eq(found_retries, retries);
	ck_assert_uint_le(count, GROUPS * ADDRESSES);
}

START_TEST(sums_are_those_of_the_history)
{
	for (int trace = 0; trace < TRACES; trace++) {
		struct world world = { .seed = (uint64_t)trace };

		world.model = locate_model_new(&(struct locate_options){ 0 });
		live(&world);
		check_groups(&world);
		check_edges(&world);
		check_pairs(&world);
		check_futexes(&world);
		locate_model_free(world.model);
		vec_free(&world.waits);
		vec_free(&world.futexes);
	}
}
END_TEST

/* ---- knots ----------------------------------------------------------------------------------------- */

static bool reaches[NODES][NODES];

static void close_reach(const struct locate_edge *edges, size_t count)
{
	memset(reaches, 0, sizeof(reaches));
	for (size_t i = 0; i < count; i++)
		if (edges[i].wait_ns)
			reaches[edges[i].wakee][edges[i].waker] = true;
	for (int via = 0; via < NODES; via++)
		for (int from = 0; from < NODES; from++)
			for (int to = 0; to < NODES; to++)
				reaches[from][to] |= reaches[from][via] && reaches[via][to];
}

/* In a sink: whatever it leads to leads back. */
static bool in_sink(int node)
{
	for (int to = 0; to < NODES; to++)
		if (reaches[node][to] && !reaches[to][node])
			return false;
	return true;
}

static bool is_waited_for(const struct locate_edge *edges, size_t count, int node)
{
	for (size_t i = 0; i < count; i++)
		if (edges[i].wait_ns &&
		    ((int)edges[i].waker == node || reaches[edges[i].waker][node]) &&
		    ((int)edges[i].waker == node || reaches[node][edges[i].waker]))
			return true;
	return false;
}

static uint32_t count_component(int node)
{
	uint32_t count = 1;

	for (int other = 0; other < NODES; other++)
		count += other != node && reaches[node][other] && reaches[other][node];
	return count;
}

static void check_knots(const struct locate_edge *edges, size_t count)
{
	struct locate_knots knots = { 0 };
	uint32_t members = 0, expected = 0;

	close_reach(edges, count);
	ck_assert_int_eq(locate_find_knots(edges, count, 0, &knots), 0);
	vec_each(knot, &knots) {
		members += knot->count;
		for (uint32_t i = 0; i < knot->count; i++) {
			ck_assert(in_sink((int)knot->members[i]));
			ck_assert_uint_eq(count_component((int)knot->members[i]), knot->count);
		}
		ck_assert_uint_le(knot->inner_ns, knot->wait_ns);
		ck_assert_uint_gt(knot->wait_ns, 0);
	}
	for (int node = 0; node < NODES; node++)
		expected += in_sink(node) && is_waited_for(edges, count, node);
	ck_assert_uint_eq(members, expected);
	vec_free(&knots);
}

START_TEST(knots_are_what_nothing_leads_out_of)
{
	struct world world = { .seed = 7 };

	for (int graph = 0; graph < GRAPHS; graph++) {
		struct locate_edge edges[12];
		size_t count = draw(&world, 12);

		for (size_t i = 0; i < count; i++)
			edges[i] = (struct locate_edge){ .waker = (uint32_t)draw(&world, NODES),
							 .wakee = (uint32_t)draw(&world, NODES),
							 .wait_ns = draw(&world, 4) };
		check_knots(edges, count);
	}
}
END_TEST

START_TEST(thin_edges_and_interrupts_are_no_part_of_the_graph)
{
	const struct locate_edge edges[] = {
		{ .waker = 1, .wakee = 0, .wait_ns = 96 },
		{ .waker = 0, .wakee = 1, .wait_ns = 96 },
		{ .waker = 2, .wakee = 1, .wait_ns = 4 },
		{ .waker = LOCATE_ACTOR_SOFTIRQ, .wakee = 0, .wait_ns = 900 },
	};
	struct locate_knots knots = { 0 };

	ck_assert_int_eq(locate_find_knots(edges, 4, 5, &knots), 0);
	ck_assert_uint_eq(knots.len, 1);
	ck_assert_uint_eq(knots.data[0].count, 2);
	ck_assert_uint_eq(knots.data[0].inner_ns, 192);
	vec_free(&knots);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("locate properties");
	TCase *cases = tcase_create("locate properties");

	tcase_set_timeout(cases, 120);
	tcase_add_test(cases, sums_are_those_of_the_history);
	tcase_add_test(cases, knots_are_what_nothing_leads_out_of);
	tcase_add_test(cases, thin_edges_and_interrupts_are_no_part_of_the_graph);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
