/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events by hand, for tests of the locate model only. Thread T has the comm "gX-T" where X is a letter by T / 100, and its process is
 * T / 100 * 100. */
#ifndef TRIAGE_MODEL_LOCATE_TESTING_H
#define TRIAGE_MODEL_LOCATE_TESTING_H

#include "model/locate.h"

#include <check.h>
#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)

static inline pid_t test_pid(pid_t tid)
{
	return tid / 100 * 100;
}

static inline void test_name(pid_t tid, char comm[SCHED_COMM_LEN])
{
	snprintf(comm, SCHED_COMM_LEN, "g%c-%d", 'a' + tid / 100 % 26, tid % 100);
}

static inline struct sched_event test_event(enum sched_event_type type, uint64_t time_ns,
					    pid_t current)
{
	return (struct sched_event){ .type = type,
				     .time_ns = time_ns,
				     .current_tid = current,
				     .tid = current,
				     .target_cpu = -1 };
}

/* Leaves the CPU: `state` R: preempted. */
static inline struct sched_event test_leaves(uint64_t time_ns, pid_t tid, char state)
{
	struct sched_event event = test_event(SCHED_SWITCH, time_ns, tid);

	event.tid = 0;
	event.other_tid = tid;
	event.state = state;
	event.runnable = state == 'R';
	test_name(tid, event.other_comm);
	return event;
}

static inline struct sched_event test_comes(uint64_t time_ns, pid_t tid)
{
	struct sched_event event = test_event(SCHED_SWITCH, time_ns, 0);

	event.tid = tid;
	event.runnable = true;
	test_name(tid, event.comm);
	return event;
}

static inline struct sched_event test_wakes(uint64_t time_ns, pid_t waker, pid_t tid,
					    enum sched_context context)
{
	struct sched_event event = test_event(SCHED_WAKEUP, time_ns, waker);

	event.tid = tid;
	event.context = context;
	test_name(tid, event.comm);
	return event;
}

static inline struct sched_event test_futex(uint64_t time_ns, pid_t tid, int op, uint64_t address)
{
	struct sched_event event = test_event(SCHED_FUTEX, time_ns, tid);

	event.flags = op | FUTEX_PRIVATE_FLAG;
	event.value = address;
	return event;
}

static inline struct sched_event test_futex_end(uint64_t time_ns, pid_t tid, int64_t result)
{
	struct sched_event event = test_event(SCHED_FUTEX_END, time_ns, tid);

	event.value = (uint64_t)result;
	return event;
}

static inline struct sched_event test_lock(enum sched_event_type type, uint64_t time_ns, pid_t tid,
					   uint64_t address, int32_t flags)
{
	struct sched_event event = test_event(type, time_ns, tid);

	event.value = address;
	event.flags = flags;
	return event;
}

static inline void feed(struct locate_model *model, struct sched_event event)
{
	ck_assert_int_eq(locate_model_event(model, &event, test_pid(event.current_tid)), 0);
}

static inline void feed_stack(struct locate_model *model, struct sched_event event, uint32_t stack)
{
	ck_assert_int_eq(locate_model_stack(model, &event, stack), 0);
}

static inline void name_thread(struct locate_model *model, pid_t tid)
{
	char comm[SCHED_COMM_LEN];

	test_name(tid, comm);
	ck_assert_int_eq(locate_model_name(model, tid, test_pid(tid), comm, false), 0);
}

/* By the letter of its threads' names; NULL: nobody of it was seen. */
static inline const struct locate_group *group_of(const struct locate_model *model, pid_t tid)
{
	char stem[4];

	snprintf(stem, sizeof(stem), "g%c", 'a' + tid / 100 % 26);
	for (uint32_t id = 0; id < locate_model_totals(model)->groups; id++)
		if (strcmp(locate_model_group(model, id)->thread, stem) == 0)
			return locate_model_group(model, id);
	return NULL;
}

static inline const struct locate_edge *edge_of(const struct locate_model *model, uint32_t waker,
						uint32_t wakee)
{
	const struct locate_edge *edges;
	size_t count;

	edges = locate_model_edges(model, &count);
	for (size_t i = 0; i < count; i++)
		if (edges[i].waker == waker && edges[i].wakee == wakee)
			return &edges[i];
	return NULL;
}

static inline const struct locate_lock *lock_of(const struct locate_model *model, uint64_t address)
{
	const struct locate_lock *locks;
	size_t count;

	locks = locate_model_locks(model, &count);
	for (size_t i = 0; i < count; i++)
		if (locks[i].address == address)
			return &locks[i];
	return NULL;
}

#endif
