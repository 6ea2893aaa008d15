/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drains the rings of the locate stage with a consumer that only counts: what watching costs the suspects.
 *
 *   stacks_drain SECONDS COMM [TID...]
 *
 * Runs until that long or SIGINT/SIGTERM, and prints one line of JSON.
 */
#include "source/trace_stacks.h"

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

static int count(void *context, const struct sched_event *event, pid_t pid,
		 const struct stack_sample *sample)
{
	uint64_t *switches = context;

	*switches += !sample && event->type == SCHED_SWITCH;
	return 0;
}

static void print(const struct trace_stacks_result *result, uint64_t switches)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("{\"events\":%" PRIu64 ",\"switches\":%" PRIu64 ",\"stacks\":%" PRIu64
	       ",\"lost\":%" PRIu64 ",\"lost_stacks\":%" PRIu64 ",\"stacks_on_pct\":%.1f"
	       ",\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"peak_kib\":%ld}\n",
	       result->events, switches, result->stacks, result->lost, result->lost_stacks,
	       result->stacks_on_pct, (double)(result->end_ns - result->start_ns) / 1e9,
	       (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
	       usage.ru_maxrss);
}

int main(int argc, char **argv)
{
	_cleanup_(trace_stacks_freep) struct trace_stacks *stacks = NULL;
	const char *comms[] = { argc > 2 ? argv[2] : "" };
	pid_t tids[TRACE_STACKS_TIDS_MAX];
	struct trace_stacks_options options = {
		.comms = comms, .comms_count = 1, .tids = tids, .user_stack_bytes = 8192
	};
	struct trace_stacks_limits limits = {
		.duration_ns = (uint64_t)((argc > 1 ? strtod(argv[1], NULL) : 1) * 1e9),
		.stop = &stop,
	};
	struct sigaction action = { .sa_handler = on_signal };
	struct trace_stacks_result result;
	struct err err = { 0 };
	uint64_t switches = 0;
	int r;

	for (int i = 3; i < argc && options.tids_count < TRACE_STACKS_TIDS_MAX; i++)
		tids[options.tids_count++] = atoi(argv[i]);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	r = trace_stacks_open(&options, &stacks, &err);
	if (r == 0)
		r = trace_stacks_watch(stacks, &limits, count, &switches, &result, &err);
	if (r < 0 && !stop) {
		fprintf(stderr, "stacks_drain: %s\n", err.msg);
		return 2;
	}
	print(&result, switches);
	return 0;
}
