/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that reads rings goes before the others while a window is open: the lowest real-time
 * priority, or, without the right to that, nice -20.
 */
#ifndef TRIAGE_SOURCE_PERF_TURN_H
#define TRIAGE_SOURCE_PERF_TURN_H

#include <sched.h>
#include <stdbool.h>

/* How the calling thread was scheduled before. */
struct perf_turn {
	int policy;
	struct sched_param param;
	int nice;
	bool first;
};

void perf_turn_first(struct perf_turn *turn);

/* Gives it back; nothing when that was done. */
void perf_turn_back(struct perf_turn *turn);

#endif
