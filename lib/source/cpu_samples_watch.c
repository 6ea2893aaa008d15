/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/cpu_samples_internal.h"

#include "source/perf_ring.h"

#include <errno.h>
#include <time.h>

#define SLEEP_MS 100

/* A record is stamped a little before it can be read: what is younger than this waits for the next
 * reading, so that no CPU's record is delivered before an older one of another CPU. */
#define MARGIN_NS 2000000

/* A reader that is told "half full" and finds nothing, as of a CPU that went offline, must not
 * spin. */
#define IDLE_NS 10000000

struct watch {
	struct cpu_samples *samples;
	const struct cpu_samples_limits *limits;
	const struct cpu_samples_handler *handler;
	struct cpu_samples_result result;
	uint64_t last_ns; /* time of the sample that was delivered last */
	int ended;	  /* by the handler or the cap */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* Gives the last head's room back to the kernel and reads on until there is a record of ours. */
static void fill_head(struct watch *watch, size_t ring)
{
	struct cpu_samples *samples = watch->samples;
	const struct perf_event_header *header;
	int r = 0;

	perf_rings_release(samples->perf, ring);
	while (r <= 0 && (header = perf_rings_next(samples->perf, ring))) {
		r = cpu_samples_decode(header, samples->user_stack_bytes, &samples->heads[ring]);
		watch->result.undecoded += r < 0;
	}
	samples->times[ring] = r > 0 ? samples->heads[ring].time_ns : UINT64_MAX;
	if (r <= 0)
		perf_rings_release(samples->perf, ring);
}

/* Samples come a few hundred times a second and CPU: looking at all rings is cheap enough. */
static size_t oldest(const struct cpu_samples *samples)
{
	size_t found = 0;

	for (size_t i = 1; i < samples->count; i++) {
		if (samples->times[i] < samples->times[found])
			found = i;
	}
	return found;
}

static void deliver_sample(struct watch *watch, const struct stack_sample *sample)
{
	struct cpu_samples_result *result = &watch->result;

	if (sample->time_ns < result->start_ns || sample->time_ns > result->end_ns)
		return;
	if (sample->time_ns > watch->last_ns)
		watch->last_ns = sample->time_ns;
	result->samples++;
	watch->ended = watch->handler->sample(watch->handler->context, sample);
	if (!watch->ended && result->samples == watch->limits->samples_max) {
		result->capped = true;
		watch->ended = 1;
	}
}

/* The window is the time in which all CPUs were watched. What is mapped and named outside of it
 * counts as well. */
static void deliver(struct watch *watch, const struct cpu_samples_record *record)
{
	const struct cpu_samples_handler *handler = watch->handler;

	switch (record->type) {
	case CPU_SAMPLES_RECORD_SAMPLE:
		deliver_sample(watch, &record->sample);
		break;
	case CPU_SAMPLES_RECORD_MAPPING:
		if (handler->mapping)
			watch->ended = handler->mapping(handler->context, &record->mapping);
		break;
	case CPU_SAMPLES_RECORD_TASK:
		if (handler->task)
			watch->ended = handler->task(handler->context, &record->task);
		break;
	case CPU_SAMPLES_RECORD_LOST:
		watch->result.lost += record->lost;
		break;
	case CPU_SAMPLES_RECORD_THROTTLE:
		watch->result.throttled++;
		break;
	}
}

static void fill_empty(struct watch *watch)
{
	struct cpu_samples *samples = watch->samples;

	for (size_t i = 0; i < samples->count; i++) {
		if (samples->times[i] == UINT64_MAX)
			fill_head(watch, i);
	}
}

/* Delivers what is older than `before_ns`; true when there was something. */
static bool drain(struct watch *watch, uint64_t before_ns)
{
	struct cpu_samples *samples = watch->samples;
	bool any = false;

	fill_empty(watch);
	while (!watch->ended) {
		size_t ring = oldest(samples);

		if (samples->times[ring] >= before_ns)
			break;
		any = true;
		deliver(watch, &samples->heads[ring]);
		fill_head(watch, ring);
	}
	return any;
}

/* What an earlier watch that was ended early has left. */
static void empty_rings(struct watch *watch)
{
	struct watch nobody = *watch;
	const struct cpu_samples_handler deaf = { 0 };

	nobody.handler = &deaf;
	nobody.result.start_ns = UINT64_MAX;
	drain(&nobody, UINT64_MAX);
}

/* 0 at the end of the window or when the handler has had enough, -EINTR when stopped. */
static int watch_until(struct watch *watch, uint64_t deadline_ns)
{
	const volatile sig_atomic_t *stop = watch->limits->stop;
	const struct timespec idle = { .tv_nsec = IDLE_NS };

	for (;;) {
		uint64_t now = now_ns();
		uint64_t left_ms = deadline_ns > now ? (deadline_ns - now + 999999) / 1000000 : 0;
		bool full;

		if (stop && *stop)
			return -EINTR;
		if (watch->ended || !left_ms)
			return 0;
		full = perf_rings_wait(watch->samples->perf,
				       left_ms < SLEEP_MS ? (int)left_ms : SLEEP_MS);
		if (!drain(watch, now_ns() - MARGIN_NS) && full)
			nanosleep(&idle, NULL);
	}
}

/* What is still in the rings, and the end of the window: where it was cut off, or now. */
static void close_window(struct watch *watch)
{
	struct cpu_samples_result *result = &watch->result;

	result->end_ns = now_ns();
	/* While samples still come, so that a CPU whose ring was full gets to tell what it lost. */
	drain(watch, result->end_ns - MARGIN_NS);
	perf_rings_disable(watch->samples->perf);
	drain(watch, UINT64_MAX);
	if (watch->ended)
		result->end_ns = watch->last_ns > result->start_ns ? watch->last_ns :
								     result->start_ns;
}

int cpu_samples_watch(struct cpu_samples *samples, const struct cpu_samples_limits *limits,
		      const struct cpu_samples_handler *handler, struct cpu_samples_result *ret,
		      struct err *err)
{
	struct watch watch = {
		.samples = samples,
		.limits = limits,
		.handler = handler,
		.result = {
			.end_ns = UINT64_MAX,
			.hz = samples->hz,
			.ring_bytes = perf_rings_bytes(samples->perf),
			.cpus = (unsigned)samples->count,
		},
	};
	int r;

	empty_rings(&watch);
	perf_rings_enable(samples->perf);
	watch.result.start_ns = now_ns();
	r = watch_until(&watch, watch.result.start_ns + limits->duration_ns);
	close_window(&watch);
	*ret = watch.result;
	if (r < 0)
		return err_set(err, r, "stopped by a signal");
	return watch.result.capped ? 0 : watch.ended;
}
