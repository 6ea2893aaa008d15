/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/perf_turn.h"

#include <sys/resource.h>

/* On a host where every CPU is wanted by many, an ordinary thread waits for longer than the rings last, even at nice -20: with
 * autogroups that counts among the threads of its own session only. The lowest real-time priority does not wait, and costs the
 * others little: the reader sleeps nearly always. Without the right to it, nice is what is left. */
void perf_turn_first(struct perf_turn *turn)
{
	const struct sched_param lowest = { .sched_priority = sched_get_priority_min(SCHED_RR) };

	turn->first = true;
	turn->nice = getpriority(PRIO_PROCESS, 0);
	turn->policy = sched_getscheduler(0);
	if (turn->policy >= 0 && sched_getparam(0, &turn->param) == 0)
		sched_setscheduler(0, SCHED_RR, &lowest);
	setpriority(PRIO_PROCESS, 0, -20);
}

void perf_turn_back(struct perf_turn *turn)
{
	if (!turn->first)
		return;
	turn->first = false;
	setpriority(PRIO_PROCESS, 0, turn->nice);
	if (turn->policy >= 0)
		sched_setscheduler(0, turn->policy, &turn->param);
}
