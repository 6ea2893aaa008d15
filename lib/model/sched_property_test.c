/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random scheduling histories against a slow and simple oracle. The simulated world knows who ran where from
 * when to when and who waited for which CPU; the oracle compares all of it pairwise.
 */
#include "model/sched_world.h"

#include "base/testing.h"
#include <stdlib.h>

#define TRACES 2000

/* A CPU without a switch or a wakeup of its own does not tell what it runs. */
static bool tells(const struct world *world, uint32_t cpu)
{
	vec_each(event, &world->events)
		if (event->cpu == cpu && event->type != SCHED_MIGRATE)
			return true;
	return false;
}

static uint32_t group_id(const struct sched_model *model, int who)
{
	char program[SCHED_COMM_LEN];

	snprintf(program, sizeof(program), "group%c", 'a' + who % GROUPS);
	for (uint32_t id = 0; id < sched_model_totals(model)->groups; id++)
		if (strcmp(sched_model_group(model, id)->thread, program) == 0)
			return id;
	return UINT32_MAX;
}

static uint64_t overlap(const struct interval *a, const struct interval *b)
{
	uint64_t from = a->from_ns > b->from_ns ? a->from_ns : b->from_ns;
	uint64_t to = a->to_ns < b->to_ns ? a->to_ns : b->to_ns;

	return to > from ? to - from : 0;
}

static void check_blame(const struct world *world, const struct sched_model *model)
{
	/* columns: groups by letter, idle, unknown */
	uint64_t truth[GROUPS + 2][GROUPS] = { 0 };

	vec_each(queue, &world->queues) {
		if (!queue->counts)
			continue;
		vec_each(run, &world->runs) {
			int row = run->who < 0 ? GROUPS : run->who % GROUPS;

			if (run->cpu != queue->cpu)
				continue;
			if (!tells(world, run->cpu))
				row = GROUPS + 1;
			truth[row][queue->who % GROUPS] += overlap(queue, run);
		}
	}
	for (int runner = 0; runner < GROUPS + 2; runner++)
		for (int waiter = 0; waiter < GROUPS; waiter++) {
			uint32_t id = runner < GROUPS  ? group_id(model, runner) :
				      runner == GROUPS ? SCHED_ACTOR_IDLE :
							 SCHED_ACTOR_UNKNOWN;

			ck_assert_uint_eq(blame_of(model, id, group_id(model, waiter)),
					  truth[runner][waiter]);
		}
}

static void check_cpus(const struct world *world, const struct sched_model *model)
{
	size_t count;
	const struct sched_cpu *cpus = sched_model_cpus(model, &count);

	for (size_t i = 0; i < count; i++) {
		uint64_t busy_ns = 0, waited_ns = 0;

		vec_each(run, &world->runs)
			if (run->cpu == cpus[i].cpu && run->who >= 0)
				busy_ns += run->to_ns - run->from_ns;
		vec_each(queue, &world->queues)
			if (queue->cpu == cpus[i].cpu && queue->counts)
				waited_ns += queue->to_ns - queue->from_ns;
		ck_assert_uint_eq(cpus[i].wait_ns, waited_ns);
		if (tells(world, cpus[i].cpu))
			ck_assert_uint_eq(cpus[i].busy_ns, busy_ns);
		else
			ck_assert_uint_eq(cpus[i].busy_ns + cpus[i].idle_ns, 0);
	}
}

static void check_thread(const struct world *world, const struct sched_model *model,
			 const struct sched_thread *thread)
{
	int who = thread->tid - FIRST_TID;
	struct sched_delays all = sched_delays_all(thread->waits), truth = { 0 };
	uint64_t run_ns = 0, open_ns = 0;

	vec_each(wait, &world->waits) {
		uint64_t ns = wait->to_ns - wait->from_ns;

		if (wait->who != who)
			continue;
		if (wait->open) {
			open_ns = ns;
			continue;
		}
		if (!truth.count++ || ns > truth.max_ns) {
			truth.max_ns = ns;
			truth.max_from_ns = wait->from_ns;
		}
		truth.sum_ns += ns;
	}
	vec_each(run, &world->runs)
		if (run->who == who && tells(world, run->cpu))
			run_ns += run->to_ns - run->from_ns;
	ck_assert_uint_eq(thread->work.run_ns, run_ns);
	ck_assert_uint_eq(thread->work.switches, world->switches[who]);
	ck_assert_uint_eq(all.count, truth.count);
	ck_assert_uint_eq(all.sum_ns, truth.sum_ns);
	ck_assert_uint_eq(all.max_ns, truth.max_ns);
	ck_assert_uint_eq(all.max_from_ns, truth.max_from_ns);
	ck_assert_uint_eq(thread->open_wait_ns, open_ns);
	ck_assert_uint_eq(thread->work.cut_waits, 0);
	ck_assert_uint_eq(thread->group, group_id(model, who));
}

static uint32_t crowd_at(const struct world *world, uint64_t from_ns, uint64_t to_ns)
{
	uint32_t cpus = 0;

	vec_each(run, &world->runs) {
		if (run->who < 0 || run->from_ns > from_ns || run->to_ns < to_ns)
			continue;
		vec_each(queue, &world->queues)
			if (queue->cpu == run->cpu && queue->counts && queue->from_ns <= from_ns &&
			    queue->to_ns >= to_ns) {
				cpus |= 1U << run->cpu;
				break;
			}
	}
	return cpus;
}

static int compare_times(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* Imbalance, between any two moments at which anything changed; only where all is known from the beginning. */
static void check_imbalance(const struct world *world, const struct sched_model *model)
{
	uint64_t truth[CPUS] = { 0 };
	VEC(uint64_t) times = { 0 };
	size_t count;
	const struct sched_cpu *cpus = sched_model_cpus(model, &count);

	vec_each(run, &world->runs)
		vec_push(&times, run->from_ns);
	vec_each(queue, &world->queues) {
		vec_push(&times, queue->from_ns);
		vec_push(&times, queue->to_ns);
	}
	vec_push(&times, world->now_ns);
	qsort(times.data, times.len, sizeof(uint64_t), compare_times);
	for (size_t i = 0; i + 1 < times.len; i++) {
		uint64_t from = times.data[i], to = times.data[i + 1];

		if (from == to || !crowd_at(world, from, to))
			continue;
		vec_each(run, &world->runs)
			if (run->who < 0 && run->from_ns <= from && run->to_ns >= to)
				truth[run->cpu] += to - from;
	}
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(cpus[i].idle_while_others_queue_ns, truth[cpus[i].cpu]);
	vec_free(&times);
}

static struct sched_model *new_model(uint64_t start_ns)
{
	struct sched_model_options options = {
		.cpus_max = CPUS,
		.threads_max = 2 * THREADS,
		.groups_max = 4 * GROUPS,
		.edges_max = 64,
		.start_ns = start_ns,
	};
	struct sched_model *model = sched_model_new(&options);

	ck_assert_ptr_nonnull(model);
	return model;
}

START_TEST(valid_traces_agree_with_the_oracle)
{
	for (uint64_t seed = 1; seed <= TRACES; seed++) {
		struct sched_model *model;
		const struct sched_thread *const *threads;
		const struct sched_totals *totals;
		struct world world;
		size_t count;

		simulate(&world, seed);
		model = new_model(world.start_ns);
		vec_each(event, &world.events)
			feed(model, *event);
		finish(model, world.now_ns);
		check_sums(model);
		check_blame(&world, model);
		check_cpus(&world, model);
		threads = sched_model_threads(model, &count);
		for (size_t i = 0; i < count; i++)
			check_thread(&world, model, threads[i]);
		totals = sched_model_totals(model);
		ck_assert_uint_eq(totals->wrong_prev + totals->ran_on_two_cpus +
					  totals->runs_without_wakeup + totals->wrong_waker,
				  0);
		sched_model_free(model);
		free_world(&world);
	}
}
END_TEST

/* Each CPU's first event is a switch at the window's beginning: then imbalance is exact. */
START_TEST(imbalance_agrees_with_the_oracle)
{
	for (uint64_t seed = 1; seed <= TRACES / 10; seed++) {
		struct sched_model *model;
		struct world world;

		simulate(&world, seed);
		model = new_model(world.start_ns);
		for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
			const struct interval *first = NULL;
			struct sched_event event;

			vec_each(run, &world.runs)
				if (!first && run->cpu == cpu)
					first = run;
			event = test_switch(world.start_ns, cpu, 1, 'X', tid_of(first->who));
			name_thread(first->who, event.comm);
			feed(model, event);
		}
		vec_each(event, &world.events)
			feed(model, *event);
		finish(model, world.now_ns);
		check_sums(model);
		check_imbalance(&world, model);
		sched_model_free(model);
		free_world(&world);
	}
}
END_TEST

/* Drops runs of one CPU's events, and says so when the next of them arrives. */
static void feed_with_losses(struct world *world, struct sched_model *model, bool tell)
{
	uint64_t dropped[CPUS] = { 0 };
	bool losing[CPUS] = { false };

	vec_each(event, &world->events) {
		uint32_t cpu = event->cpu;

		if (draw(world, losing[cpu] ? 6 : 40) == 0)
			losing[cpu] = !losing[cpu];
		if (losing[cpu]) {
			dropped[cpu]++;
			continue;
		}
		if (dropped[cpu] && tell)
			feed(model, test_lost(event->time_ns, cpu, dropped[cpu]));
		dropped[cpu] = 0;
		feed(model, *event);
	}
	for (uint32_t cpu = 0; cpu < CPUS; cpu++)
		if (dropped[cpu] && tell)
			feed(model, test_lost(world->now_ns, cpu, dropped[cpu]));
}

static uint64_t longest_wait(const struct world *world, int who)
{
	uint64_t longest = 0;

	vec_each(wait, &world->waits)
		if (wait->who == who && wait->to_ns - wait->from_ns > longest)
			longest = wait->to_ns - wait->from_ns;
	return longest;
}

static void check_trusted(const struct world *world, const struct sched_model *model)
{
	const struct sched_worst *worst = sched_model_worst(model, SCHED_WORST_TRUSTED);
	const struct sched_thread *const *threads;
	size_t count;

	threads = sched_model_threads(model, &count);
	for (size_t i = 0; i < count; i++) {
		int who = threads[i]->tid - FIRST_TID;

		for (int kind = 0; kind < SCHED_WAIT_KINDS; kind++) {
			const struct sched_delays *delays = &threads[i]->waits[kind];

			if (delays->count && !delays->max_suspect)
				ck_assert_uint_le(delays->max_ns, longest_wait(world, who));
		}
	}
	if (worst->found)
		ck_assert_uint_le(worst->until_ns - worst->from_ns,
				  longest_wait(world, worst->tid - FIRST_TID));
}

START_TEST(losses_break_no_sum_and_make_no_trusted_maximum)
{
	uint64_t cut = 0, trusted = 0;

	for (uint64_t seed = 1; seed <= TRACES; seed++) {
		struct sched_model *model;
		struct world world;

		simulate(&world, seed);
		model = new_model(world.start_ns);
		feed_with_losses(&world, model, true);
		finish(model, world.now_ns);
		check_sums(model);
		check_trusted(&world, model);
		cut += sched_model_totals(model)->work.cut_waits;
		trusted += sched_model_worst(model, SCHED_WORST_TRUSTED)->found;
		sched_model_free(model);
		free_world(&world);
	}
	/* the test would prove nothing otherwise */
	ck_assert_uint_gt(cut, TRACES);
	ck_assert_uint_gt(trusted, TRACES / 4);
}
END_TEST

START_TEST(losses_nobody_tells_break_no_sum)
{
	uint64_t noticed = 0;

	for (uint64_t seed = 1; seed <= TRACES; seed++) {
		struct sched_model *model;
		struct world world;

		simulate(&world, seed);
		model = new_model(0);
		feed_with_losses(&world, model, false);
		finish(model, world.now_ns);
		check_sums(model);
		noticed += sched_model_totals(model)->wrong_prev;
		sched_model_free(model);
		free_world(&world);
	}
	ck_assert_uint_gt(noticed, TRACES);
}
END_TEST

/* What is summed up over looks. */
struct sums {
	uint64_t watched_ns, switches, wakeups, waits, wait_ns, open_ns, run_ns, runs_unknown;
	uint64_t busy_ns, idle_ns, idle_beside_queue_ns;
	uint64_t blame_ns[GROUPS + 2][GROUPS];
};

static void add_blame(struct sums *sums, const struct sched_model *model)
{
	for (int runner = 0; runner < GROUPS + 2; runner++)
		for (int waiter = 0; waiter < GROUPS; waiter++) {
			uint32_t id = runner < GROUPS  ? group_id(model, runner) :
				      runner == GROUPS ? SCHED_ACTOR_IDLE :
							 SCHED_ACTOR_UNKNOWN;

			if (runner < GROUPS && id == UINT32_MAX)
				continue; /* nobody of that group was seen */
			sums->blame_ns[runner][waiter] +=
				blame_of(model, id, group_id(model, waiter));
		}
}

static void add_sums(struct sums *sums, const struct sched_model *model)
{
	const struct sched_totals *totals = sched_model_totals(model);
	size_t count;
	const struct sched_cpu *cpus = sched_model_cpus(model, &count);

	sums->watched_ns += totals->watched_ns;
	sums->switches += totals->switches;
	sums->wakeups += totals->wakeups;
	sums->waits += totals->waits.count;
	sums->wait_ns += totals->waits.sum_ns;
	sums->open_ns += totals->open_wait_ns;
	sums->run_ns += totals->work.run_ns;
	sums->runs_unknown += totals->work.unknown_starts;
	for (size_t i = 0; i < count; i++) {
		sums->busy_ns += cpus[i].busy_ns;
		sums->idle_ns += cpus[i].idle_ns;
		sums->idle_beside_queue_ns += cpus[i].idle_while_others_queue_ns;
	}
	add_blame(sums, model);
}

static void end_look(struct sched_model **look, uint64_t time_ns, struct sums *sums)
{
	if (!*look)
		return;
	finish(*look, time_ns);
	add_sums(sums, *look);
	sched_model_free(*look);
	*look = NULL;
}

/* Names outlive a pause; a model of one look needs them, too. */
static struct sched_model *new_named_model(void)
{
	struct sched_model *model = new_model(0);
	char comm[SCHED_COMM_LEN];

	for (int who = 0; who < THREADS; who++) {
		name_thread(who, comm);
		ck_assert_int_eq(sched_model_name(model, tid_of(who), 0, comm, false), 0);
	}
	return model;
}

/* The events in looks with pauses in between, to one model altogether and to a new model for each look. */
static void feed_in_looks(struct world *world, struct sched_model *model, struct sums *sums)
{
	struct sched_model *look = NULL;
	bool watching = true;

	vec_each(event, &world->events) {
		if (draw(world, watching ? 40 : 10) == 0) {
			watching = !watching;
			if (!watching && sched_model_totals(model)->events)
				feed(model, (struct sched_event){ .time_ns = event->time_ns,
								  .type = SCHED_PAUSED });
			end_look(&look, event->time_ns, sums);
		}
		if (!watching)
			continue;
		if (!look)
			look = new_named_model();
		feed(model, *event);
		feed(look, *event);
	}
	end_look(&look, world->now_ns, sums);
}

START_TEST(a_watch_with_pauses_is_the_sum_of_its_looks)
{
	uint64_t pauses = 0, open_ns = 0;

	for (uint64_t seed = 1; seed <= TRACES / 10; seed++) {
		struct sums whole = { 0 }, looks = { 0 };
		struct sched_model *model = new_named_model();
		struct world world;

		simulate(&world, seed);
		feed_in_looks(&world, model, &looks);
		finish(model, world.now_ns);
		check_sums(model);
		add_sums(&whole, model);
		ck_assert_mem_eq(&whole, &looks, sizeof(whole));
		pauses += sched_model_totals(model)->pauses;
		open_ns += whole.open_ns;
		sched_model_free(model);
		free_world(&world);
	}
	ck_assert_uint_gt(pauses, TRACES / 5);
	ck_assert_uint_gt(open_ns, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sched_property");
	TCase *tests = tcase_create("random");

	tcase_set_timeout(tests, 240);
	tcase_add_test(tests, valid_traces_agree_with_the_oracle);
	tcase_add_test(tests, imbalance_agrees_with_the_oracle);
	tcase_add_test(tests, losses_break_no_sum_and_make_no_trusted_maximum);
	tcase_add_test(tests, losses_nobody_tells_break_no_sum);
	tcase_add_test(tests, a_watch_with_pauses_is_the_sum_of_its_looks);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
