/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/switch_counter.h"

#include "source/perf_turn.h"
#include "source/proc_stat.h"

#include <time.h>

#define REST_STEPS 10
#define REST_STEP_NS (SWITCH_COUNTER_REST_NS / REST_STEPS)
#define WINDOW_NS_LEAST (10 * SWITCH_COUNTER_REST_NS)

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
}

void switch_counter_free(struct switch_counter *counter)
{
	str_free(&counter->text);
}

void switch_counter_mark(struct switch_counter *counter, enum slowdown_phase next)
{
	struct proc_stat stat = { 0 };
	int r = procroot_read(counter->root, "proc/stat", &counter->text);

	if (r == 0)
		r = proc_stat_parse(counter->text.data, counter->text.len, &stat);
	if (r == 0)
		slowdown_mark(&counter->slowdown, next, stat.switches, now_ns());
	else
		counter->slowdown = (struct slowdown){ 0 };
	proc_stat_free(&stat);
}

/* First in the queue, so that a saturated host does not come between the counter and the clock. */
void switch_counter_rest(struct switch_counter *counter, const volatile sig_atomic_t *stop)
{
	const struct timespec step = { .tv_nsec = REST_STEP_NS };
	struct perf_turn turn;

	perf_turn_first(&turn);
	switch_counter_mark(counter, SLOWDOWN_RESTS);
	for (int i = 0; i < REST_STEPS && !(stop && *stop); i++)
		nanosleep(&step, NULL);
	switch_counter_mark(counter, SLOWDOWN_NEITHER);
	perf_turn_back(&turn);
}

uint64_t switch_counter_window_ns(uint64_t window_ns)
{
	return window_ns < WINDOW_NS_LEAST ? window_ns : window_ns - 2 * SWITCH_COUNTER_REST_NS;
}
