/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first line of an event in the text of perf script, whatever the event:
 *
 *   dd 24178/24179 [001] 16112.649379:    2004008 cpu-clock:ppp:
 *   perf  2445 [000]  2988.112406:  sched:sched_waking: comm=migration/0 pid=18 prio=0 target_cpu=000
 */
#ifndef TRIAGE_IMPORT_PERF_SCRIPT_H
#define TRIAGE_IMPORT_PERF_SCRIPT_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

struct perf_head {
	struct span comm, event;
	struct span rest; /* behind the event: the leaf, when there is no chain; its fields */
	long pid, tid;	  /* pid -1: not told */
	int cpu;	  /* -1: not told */
	double period, time_s;
	bool has_period;
};

bool perf_script_head(struct span line, struct perf_head *ret);

/* True for an event of the scheduler that the kind for those takes. */
bool perf_script_is_sched(struct span line);

/* How many lines of a call chain stand at the beginning. */
size_t perf_script_frames(const struct span *lines, size_t count);

#endif
