/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A small simulated scheduler, for the property test of the model only: it makes a random but valid trace and writes down
 * the truth. */
#ifndef TRIAGE_MODEL_SCHED_WORLD_H
#define TRIAGE_MODEL_SCHED_WORLD_H

#include "base/vec.h"
#include "model/sched_testing.h"

#define CPUS 4
#define THREADS 24
#define GROUPS 5
#define STEPS 300
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
	struct interval interval = { who, actor->cpu, actor->since_ns, world->now_ns,
				     actor->start_known };

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
	record(world, test_switch(world->now_ns, cpu, tid_of(prev), state, tid_of(next)), next,
	       prev);
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
	record(world, test_wakeup(world->now_ns, cpu, tid_of(waker), tid_of(who), (int32_t)target),
	       who, -1);
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
	record(world, test_migrate(world->now_ns, cpu, tid_of(who), (int32_t)from, (int32_t)to),
	       who, -1);
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

#endif
