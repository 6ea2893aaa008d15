/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events by hand, for tests of the scheduler model only. A thread's comm is "t<tid>a" unless told. */
#ifndef TRIAGE_MODEL_SCHED_TESTING_H
#define TRIAGE_MODEL_SCHED_TESTING_H

#include "model/sched.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static inline void test_comm(pid_t tid, char comm[SCHED_COMM_LEN])
{
	if (tid)
		snprintf(comm, SCHED_COMM_LEN, "t%da", tid);
	else
		snprintf(comm, SCHED_COMM_LEN, "swapper");
}

/* `state`: R ready, + preempted, else the letter. */
static inline struct sched_event test_switch(uint64_t time_ns, uint32_t cpu, pid_t prev, char state,
					     pid_t next)
{
	struct sched_event event = {
		.time_ns = time_ns,
		.cpu = cpu,
		.type = SCHED_SWITCH,
		.current_tid = prev,
		.tid = next,
		.other_tid = prev,
		.runnable = state == 'R' || state == '+',
		.preempted = state == '+',
		.state = state == '+' ? 'R' : state,
		.target_cpu = -1,
	};

	test_comm(next, event.comm);
	test_comm(prev, event.other_comm);
	return event;
}

static inline struct sched_event test_wakeup(uint64_t time_ns, uint32_t cpu, pid_t waker, pid_t tid,
					     int32_t target)
{
	struct sched_event event = {
		.time_ns = time_ns,
		.cpu = cpu,
		.type = SCHED_WAKEUP,
		.current_tid = waker,
		.tid = tid,
		.target_cpu = target,
	};

	test_comm(tid, event.comm);
	return event;
}

static inline struct sched_event test_migrate(uint64_t time_ns, uint32_t cpu, pid_t tid,
					      int32_t from, int32_t to)
{
	struct sched_event event = {
		.time_ns = time_ns,
		.cpu = cpu,
		.type = SCHED_MIGRATE,
		.tid = tid,
		.target_cpu = to,
		.from_cpu = from,
	};

	test_comm(tid, event.comm);
	return event;
}

static inline struct sched_event test_lost(uint64_t time_ns, uint32_t cpu, uint64_t records)
{
	return (struct sched_event){
		.time_ns = time_ns,
		.cpu = cpu,
		.type = SCHED_LOST,
		.value = records,
		.target_cpu = -1,
	};
}

static inline void feed(struct sched_model *model, struct sched_event event)
{
	ck_assert_int_eq(sched_model_event(model, &event), 0);
}

static inline void finish(struct sched_model *model, uint64_t end_ns)
{
	ck_assert_int_eq(sched_model_end(model, end_ns), 0);
}

static inline const struct sched_thread *thread_of(const struct sched_model *model, pid_t tid)
{
	size_t count;
	const struct sched_thread *const *threads = sched_model_threads(model, &count);

	for (size_t i = 0; i < count; i++)
		if (threads[i]->tid == tid)
			return threads[i];
	ck_abort_msg("no thread %d", tid);
	return NULL;
}

static inline const struct sched_group *group_of(const struct sched_model *model, pid_t tid)
{
	return sched_model_group(model, thread_of(model, tid)->group);
}

static inline uint64_t blame_of(const struct sched_model *model, uint32_t runner, uint32_t waiter)
{
	size_t count;
	const struct sched_blame *blame = sched_model_blame(model, &count);

	for (size_t i = 0; i < count; i++)
		if (blame[i].runner == runner && blame[i].waiter == waiter)
			return blame[i].ns;
	return 0;
}

static inline uint64_t edge_of(const struct sched_model *model, uint32_t waker, uint32_t wakee)
{
	size_t count;
	const struct sched_edge *edges = sched_model_edges(model, &count);

	for (size_t i = 0; i < count; i++)
		if (edges[i].waker == waker && edges[i].wakee == wakee)
			return edges[i].count;
	return 0;
}

/* What must hold for any input: blame sums to waiting, a CPU's time to the window. */
static inline void check_sums(const struct sched_model *model)
{
	const struct sched_totals *totals = sched_model_totals(model);
	size_t count, cpus_count;
	const struct sched_blame *blame = sched_model_blame(model, &count);
	const struct sched_cpu *cpus = sched_model_cpus(model, &cpus_count);

	for (uint32_t id = 0; id < totals->groups; id++) {
		const struct sched_group *group = sched_model_group(model, id);
		uint64_t blamed = 0;

		for (size_t i = 0; i < count; i++)
			if (blame[i].waiter == id)
				blamed += blame[i].ns;
		ck_assert_uint_eq(blamed, group->waits.sum_ns + group->open_wait_ns +
						  group->work.cut_wait_ns);
	}
	for (size_t i = 0; i < cpus_count; i++)
		ck_assert_uint_eq(cpus[i].busy_ns + cpus[i].idle_ns + cpus[i].unknown_ns,
				  totals->watched_ns);
}

#endif
