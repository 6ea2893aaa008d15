/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drains the scheduler rings with a consumer that only counts: what watching costs without any analysis.
 *
 *   rings_drain SECONDS [COST_MAX_PCT]
 *
 * Without COST_MAX_PCT the whole time is watched; with it, as `triage run` does, as much as may cost that.
 * Runs until that long or SIGINT/SIGTERM, and prints one line of JSON.
 */
#include "source/sched_rings.h"

#include "base/cleanup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = 1;
}

struct counts {
	uint64_t by_type[SCHED_PAUSED + 1];
};

static int count(void *context, const struct sched_event *event)
{
	struct counts *counts = context;

	counts->by_type[event->type]++;
	return 0;
}

static void print(const struct sched_rings_result *result, const struct counts *counts)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("{\"events\":%" PRIu64 ",\"switches\":%" PRIu64 ",\"wakeups\":%" PRIu64
	       ",\"lost\":%" PRIu64 ",\"out_of_order\":%" PRIu64 ",\"undecoded\":%" PRIu64
	       ",\"ring_kib\":%zu,\"seconds\":%.3f,\"watched_seconds\":%.3f,\"looks\":%u"
	       ",\"cpu_seconds\":%.3f,\"peak_kib\":%ld}\n",
	       result->events, counts->by_type[SCHED_SWITCH],
	       counts->by_type[SCHED_WAKEUP] + counts->by_type[SCHED_WAKEUP_NEW], result->lost,
	       result->out_of_order, result->undecoded, result->ring_bytes >> 10,
	       (double)(result->end_ns - result->start_ns) / 1e9, (double)result->watched_ns / 1e9,
	       result->looks,
	       (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
	       usage.ru_maxrss);
}

int main(int argc, char **argv)
{
	_cleanup_(sched_rings_freep) struct sched_rings *rings = NULL;
	struct sched_rings_options options = {
		.events_per_s = 0,
	};
	struct sched_rings_limits limits = {
		.duration_ns = (uint64_t)((argc > 1 ? strtod(argv[1], NULL) : 1) * 1e9),
		.cost_max_pct = argc > 2 ? strtod(argv[2], NULL) : 0,
		.stop = &stop,
	};
	struct sigaction action = { .sa_handler = on_signal };
	struct sched_rings_result result;
	struct counts counts = { 0 };
	struct err err = { 0 };
	int r;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	r = sched_rings_open(&options, &rings, &err);
	if (r == 0) {
		if (*sched_rings_reason(rings))
			fprintf(stderr, "rings_drain: no tracepoints: %s\n",
				sched_rings_reason(rings));
		r = sched_rings_watch(rings, &limits, count, &counts, &result, &err);
	}
	if (r < 0 && !stop) {
		fprintf(stderr, "rings_drain: %s\n", err.msg);
		return 2;
	}
	print(&result, &counts);
	return 0;
}
