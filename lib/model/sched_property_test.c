/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random scheduling histories against a slow and simple oracle. A small simulated scheduler makes a valid trace and
 * writes down the truth: who ran where from when to when, who waited for which CPU. The oracle compares all of it pairwise.
 */
#include "model/sched_testing.h"

#include "base/vec.h"

#include <stdlib.h>

#define CPUS 4
#define THREADS 24
#define GROUPS 5
#define STEPS 300
#define TRACES 2000
#define FIRST_TID 1000

struct interval {
	int who; /* thread; -1 idle */
	uint32_t cpu;
	uint64_t from_ns, to_ns;
	bool counts; /* waits: of a wait whose beginning was seen */
};

struct wait {
	int who;
	uint64_t from_ns, to_ns;
	bool open;
};

VEC_DECLARE(intervals, struct interval);
VEC_DECLARE(wait_list, struct wait);
VEC_DECLARE(events, struct sched_event);

enum fate { ASLEEP, QUEUED, ON_CPU };

struct actor {
	enum fate fate;
	uint32_t cpu;
	uint64_t since_ns, wait_from_ns; /* since: on this CPU or in its queue */
	bool start_known;
};

struct world {
	uint64_t seed, now_ns, start_ns;
	struct actor actors[THREADS];
	int running[CPUS];
	uint64_t running_since_ns[CPUS];
	struct intervals runs, queues;
	struct wait_list waits;
	struct events events;
	uint64_t switches[THREADS];
};

static uint64_t draw(struct world *world, uint64_t below)
{
	world->seed = world->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (world->seed >> 33) % below;
}

static pid_t tid_of(int who)
{
	return who < 0 ? 0 : FIRST_TID + who;
}

static void name_thread(int who, char comm[SCHED_COMM_LEN])
{
	if (who < 0)
		test_comm(0, comm);
	else
		snprintf(comm, SCHED_COMM_LEN, "group%c-%d", 'a' + who % GROUPS, who % THREADS);
}

static void record(struct world *world, struct sched_event event, int who, int other)
{
	name_thread(who, event.comm);
	if (event.type == SCHED_SWITCH)
		name_thread(other, event.other_comm);
	ck_assert_int_eq(vec_push(&world->events, event), 0);
}

static void end_queueing(struct world *world, int who)
{
	struct actor *actor = &world->actors[who];
	struct interval interval = { who, actor->cpu, actor->since_ns, world->now_ns, actor->start_known };

	vec_push(&world->queues, interval);
}

static void begin_queueing(struct world *world, int who, uint32_t cpu)
{
	struct actor *actor = &world->actors[who];

	actor->fate = QUEUED;
	actor->cpu = cpu;
	actor->since_ns = world->now_ns;
}

static void end_wait(struct world *world, int who, bool open)
{
	struct wait wait = { who, world->actors[who].wait_from_ns, world->now_ns, open };

	end_queueing(world, who);
	if (world->actors[who].start_known)
		vec_push(&world->waits, wait);
}

static void end_run(struct world *world, uint32_t cpu)
{
	struct interval interval = { world->running[cpu], cpu, world->running_since_ns[cpu],
				     world->now_ns, true };

	vec_push(&world->runs, interval);
}

static int pick_queued(struct world *world, uint32_t cpu)
{
	int first = (int)draw(world, THREADS);

	for (int i = 0; i < THREADS; i++) {
		int who = (first + i) % THREADS;

		if (world->actors[who].fate == QUEUED && world->actors[who].cpu == cpu)
			return who;
	}
	return -1;
}

static void step_switch(struct world *world, uint32_t cpu)
{
	static const char states[] = "SDR+";
	int prev = world->running[cpu], next = pick_queued(world, cpu);
	char state = prev < 0 ? 'R' : states[draw(world, 4)];

	if (next == prev)
		return;
	end_run(world, cpu);
	if (prev >= 0 && (state == 'R' || state == '+')) {
		begin_queueing(world, prev, cpu);
		world->actors[prev].wait_from_ns = world->now_ns;
		world->actors[prev].start_known = true;
	} else if (prev >= 0) {
		world->actors[prev].fate = ASLEEP;
	}
	if (next >= 0) {
		end_wait(world, next, false);
		world->actors[next].fate = ON_CPU;
		world->actors[next].cpu = cpu;
		world->switches[next]++;
	}
	world->running[cpu] = next;
	world->running_since_ns[cpu] = world->now_ns;
	record(world, test_switch(world->now_ns, cpu, tid_of(prev), state, tid_of(next)), next, prev);
}

static void step_wakeup(struct world *world, uint32_t cpu)
{
	int who = (int)draw(world, THREADS);
	uint32_t target = (uint32_t)draw(world, CPUS);
	int waker = world->running[cpu];

	if (world->actors[who].fate == ON_CPU)
		return;
	if (world->actors[who].fate == ASLEEP) {
		begin_queueing(world, who, target);
		world->actors[who].wait_from_ns = world->now_ns;
		world->actors[who].start_known = true;
	} else if (!world->actors[who].start_known) {
		/* To whom all is new, a repeated wakeup is the first. */
		return;
	}
	record(world, test_wakeup(world->now_ns, cpu, tid_of(waker), tid_of(who), (int32_t)target), who, -1);
}

static void step_migrate(struct world *world, uint32_t cpu)
{
	int who = (int)draw(world, THREADS);
	struct actor *actor = &world->actors[who];
	uint32_t from = actor->cpu, to = (uint32_t)draw(world, CPUS);

	if (actor->fate != QUEUED || from == to)
		return;
	end_queueing(world, who);
	begin_queueing(world, who, to);
	record(world, test_migrate(world->now_ns, cpu, tid_of(who), (int32_t)from, (int32_t)to), who, -1);
}

static void begin_world(struct world *world, uint64_t seed)
{
	*world = (struct world){ .seed = seed * 7919 + 1, .now_ns = 1000, .start_ns = 1000 };
	for (uint32_t cpu = 0; cpu < CPUS; cpu++) {
		world->running[cpu] = draw(world, 3) ? (int)cpu : -1;
		world->running_since_ns[cpu] = world->now_ns;
	}
	for (int who = 0; who < THREADS; who++) {
		struct actor *actor = &world->actors[who];

		actor->since_ns = world->now_ns;
		actor->cpu = who < CPUS ? (uint32_t)who : (uint32_t)draw(world, CPUS);
		if (who < CPUS && world->running[who] == who)
			actor->fate = ON_CPU;
		else
			actor->fate = draw(world, 2) ? ASLEEP : QUEUED;
	}
}

static void end_world(struct world *world)
{
	for (uint32_t cpu = 0; cpu < CPUS; cpu++)
		end_run(world, cpu);
	for (int who = 0; who < THREADS; who++)
		if (world->actors[who].fate == QUEUED)
			end_wait(world, who, true);
}

static void simulate(struct world *world, uint64_t seed)
{
	begin_world(world, seed);
	for (int i = 0; i < STEPS; i++) {
		uint32_t cpu = (uint32_t)draw(world, CPUS);

		world->now_ns += draw(world, 5) ? draw(world, 1000) : 0;
		switch (draw(world, 8)) {
		case 0:
		case 1:
		case 2:
		case 3:
			step_switch(world, cpu);
			break;
		case 4:
			step_migrate(world, cpu);
			break;
		default:
			step_wakeup(world, cpu);
		}
	}
	world->now_ns += draw(world, 1000);
	end_world(world);
}

static void free_world(struct world *world)
{
	vec_free(&world->runs);
	vec_free(&world->queues);
	vec_free(&world->waits);
	vec_free(&world->events);
}

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
			uint32_t id = runner < GROUPS ? group_id(model, runner) :
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
					  totals->runs_without_wakeup + totals->wrong_waker, 0);
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

int main(void)
{
	Suite *suite = suite_create("sched_property");
	TCase *tests = tcase_create("random");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 240);
	tcase_add_test(tests, valid_traces_agree_with_the_oracle);
	tcase_add_test(tests, imbalance_agrees_with_the_oracle);
	tcase_add_test(tests, losses_break_no_sum_and_make_no_trusted_maximum);
	tcase_add_test(tests, losses_nobody_tells_break_no_sum);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
