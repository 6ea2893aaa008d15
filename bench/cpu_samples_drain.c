/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples all CPUs with a consumer that only counts: what sampling costs without any analysis.
 *
 *   cpu_samples_drain SECONDS [USER_STACK_BYTES [HZ]]
 *
 * Runs until that long or SIGINT/SIGTERM, and prints one line of JSON.
 */
#include "source/cpu_samples.h"

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
	uint64_t idle, frames, stack_bytes;
};

static int count(void *context, const struct stack_sample *sample)
{
	struct counts *counts = context;

	counts->idle += sample->tid == 0;
	counts->frames += sample->kernel_count + sample->user_count;
	counts->stack_bytes += sample->user_stack_len;
	return 0;
}

static void print(const struct cpu_samples *samples, const struct cpu_samples_result *result,
		  const struct counts *counts)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	printf("{\"clock\":\"%s\",\"hz\":%u,\"cpus\":%u,\"samples\":%" PRIu64 ",\"idle\":%" PRIu64
	       ",\"frames\":%" PRIu64 ",\"stack_bytes\":%" PRIu64 ",\"lost\":%" PRIu64
	       ",\"throttled\":%" PRIu64 ",\"undecoded\":%" PRIu64
	       ",\"ring_kib\":%zu,\"seconds\":%.3f,\"cpu_seconds\":%.3f,\"peak_kib\":%ld}\n",
	       cpu_samples_clock(samples) == CPU_SAMPLES_CYCLES ? "cycles" : "cpu-clock",
	       result->hz, result->cpus, result->samples, counts->idle, counts->frames,
	       counts->stack_bytes, result->lost, result->throttled, result->undecoded,
	       result->ring_bytes >> 10, (double)(result->end_ns - result->start_ns) / 1e9,
	       (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
	       usage.ru_maxrss);
}

int main(int argc, char **argv)
{
	_cleanup_(cpu_samples_freep) struct cpu_samples *samples = NULL;
	const struct cpu_samples_options options = {
		.user_stack_bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 0,
		.hz = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 0,
	};
	const struct cpu_samples_limits limits = {
		.duration_ns = (uint64_t)((argc > 1 ? strtod(argv[1], NULL) : 1) * 1e9),
		.stop = &stop,
	};
	const struct sigaction action = { .sa_handler = on_signal };
	struct counts counts = { 0 };
	const struct cpu_samples_handler handler = { .sample = count, .context = &counts };
	struct cpu_samples_result result;
	struct err err = { 0 };
	int r;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	r = cpu_samples_open(&options, &samples, &err);
	if (r == 0)
		r = cpu_samples_watch(samples, &limits, &handler, &result, &err);
	if (r < 0 && !(samples && stop)) {
		fprintf(stderr, "cpu_samples_drain: %s\n", err.msg);
		return 2;
	}
	print(samples, &result, &counts);
	return 0;
}
