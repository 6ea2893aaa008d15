/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/trace_stacks_internal.h"

#include "source/perf_turn.h"

#include <errno.h>
#include <time.h>

/* Of each cycle as much is with stacks as brings its part of them. A wait that lies within has the stacks of both its ends, so few long
 * stretches are better than many short ones. */
#define CYCLE_MS 50
#define GATE_MS_FIRST 2
#define GATE_SLICE_MS 10 /* then it is seen whether they come faster than before */
#define STACKS_PER_S 1200

/* As in sched_rings.c. */
#define MARGIN_NS 2000000
#define IDLE_NS 1000000
#define HOG_NS 200000000
#define MS UINT64_C(1000000)

struct watch {
	struct trace_stacks *stacks;
	const struct trace_stacks_limits *limits;
	int (*each)(void *context, const struct sched_event *event, pid_t pid,
		    const struct stack_sample *sample);
	void *context;
	struct trace_stacks_result result;
	struct perf_turn turn;
	uint64_t last_ns, deadline_ns;
	uint64_t gate_ms, gate_opened_ns, on_ns, stacks_before, stacks_wanted; /* of a cycle */
	bool gate_open;
	int ended;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* ---- reading ---------------------------------------------------------------------------------- */

/* Gives the last head's room back to the kernel and reads on until there is a record of ours. */
static void fill_head(struct watch *watch, struct trace_side *side, size_t ring)
{
	const struct perf_event_header *header;
	int r = 0;

	perf_rings_release(side->perf, ring);
	while (r <= 0 && (header = perf_rings_next(side->perf, ring))) {
		r = trace_record_decode(watch->stacks->format, side->sample_type, header,
					&side->heads[ring]);
		watch->result.undecoded += r < 0;
	}
	side->times[ring] = r > 0 ? side->heads[ring].event.time_ns : UINT64_MAX;
	if (r <= 0)
		perf_rings_release(side->perf, ring);
}

struct place {
	struct trace_side *side;
	size_t ring;
	uint64_t time_ns;
};

static void find_oldest(struct trace_side *side, struct place *oldest)
{
	for (size_t i = 0; i < side->count; i++)
		if (side->times[i] < oldest->time_ns)
			*oldest = (struct place){ side, i, side->times[i] };
}

static void deliver_lost(struct watch *watch, const struct trace_side *side, uint64_t lost)
{
	if (side == &watch->stacks->stacks)
		watch->result.lost_stacks += lost;
	else
		watch->result.lost += lost;
}

static void deliver(struct watch *watch, const struct trace_side *side,
		    const struct trace_record *record)
{
	struct trace_stacks_result *result = &watch->result;
	bool stack = side == &watch->stacks->stacks;

	if (record->event.type == SCHED_LOST)
		deliver_lost(watch, side, record->event.value);
	if (record->event.time_ns < result->start_ns || record->event.time_ns > result->end_ns ||
	    (stack && record->event.type == SCHED_LOST))
		return;
	if (record->event.time_ns < watch->last_ns)
		result->out_of_order++;
	else
		watch->last_ns = record->event.time_ns;
	if (stack)
		result->stacks++;
	else
		result->events++;
	watch->ended = watch->each(watch->context, &record->event, record->pid,
				   stack ? &record->sample : NULL);
	if (!watch->ended && !stack && result->events == watch->limits->events_max) {
		result->capped = true;
		watch->ended = 1;
	}
}

static void fill_empty(struct watch *watch, struct trace_side *side)
{
	for (size_t i = 0; i < side->count; i++)
		if (side->times[i] == UINT64_MAX)
			fill_head(watch, side, i);
}

/* Delivers what is older than `before_ns`; true when there was something. */
static bool drain(struct watch *watch, uint64_t before_ns)
{
	bool any = false;

	fill_empty(watch, &watch->stacks->events);
	fill_empty(watch, &watch->stacks->stacks);
	while (!watch->ended) {
		struct place oldest = { .time_ns = before_ns };

		find_oldest(&watch->stacks->events, &oldest);
		find_oldest(&watch->stacks->stacks, &oldest);
		if (!oldest.side)
			break;
		any = true;
		deliver(watch, oldest.side, &oldest.side->heads[oldest.ring]);
		fill_head(watch, oldest.side, oldest.ring);
	}
	return any;
}

/* ---- when stacks are taken -------------------------------------------------------------------- */

static void open_gate(struct watch *watch)
{
	if (watch->gate_open || !watch->stacks->stacks.perf)
		return;
	watch->gate_open = true;
	watch->gate_opened_ns = now_ns();
	perf_rings_enable(watch->stacks->stacks.perf);
}

static void close_gate(struct watch *watch)
{
	if (!watch->gate_open)
		return;
	perf_rings_disable(watch->stacks->stacks.perf);
	watch->on_ns += now_ns() - watch->gate_opened_ns;
	watch->gate_open = false;
}

static uint64_t stacks_so_far(const struct watch *watch)
{
	return watch->result.stacks + watch->result.lost_stacks;
}

/* By what came in the cycle that ended; at most four times as long as before. */
static void set_gate(struct watch *watch)
{
	uint64_t wanted = watch->stacks_wanted;
	uint64_t seen = stacks_so_far(watch) - watch->stacks_before;
	uint64_t next = watch->gate_ms * (seen ? wanted : 4) / (seen ? seen : 1);

	if (next > 4 * watch->gate_ms)
		next = 4 * watch->gate_ms;
	watch->gate_ms = next < 1 ? 1 : next > CYCLE_MS ? CYCLE_MS : next;
	watch->stacks_before = stacks_so_far(watch);
}

/* ---- the window ------------------------------------------------------------------------------- */

/* Sleeps and drains until `until_ns`. */
static int read_until(struct watch *watch, uint64_t until_ns)
{
	const volatile sig_atomic_t *stop = watch->limits->stop;
	const struct timespec idle = { .tv_nsec = IDLE_NS };

	for (;;) {
		uint64_t now = now_ns();
		bool full;

		if (stop && *stop)
			return -EINTR;
		if (watch->ended || now >= until_ns)
			return 0;
		full = perf_rings_wait(watch->stacks->events.perf,
				       (int)((until_ns - now + MS - 1) / MS));
		now = now_ns();
		if (!drain(watch, now - MARGIN_NS) && full)
			nanosleep(&idle, NULL);
		/* Events come faster than they are read: better to lose some than to keep a CPU from everybody. */
		if (now_ns() - now > HOG_NS)
			perf_turn_back(&watch->turn);
	}
}

static uint64_t before_deadline(const struct watch *watch, uint64_t time_ns)
{
	return time_ns < watch->deadline_ns ? time_ns : watch->deadline_ns;
}

/* For as long as planned, or until there are enough. */
static int watch_gate(struct watch *watch, uint64_t until_ns)
{
	int r = 0;

	open_gate(watch);
	while (r == 0 && !watch->ended && now_ns() < until_ns &&
	       stacks_so_far(watch) - watch->stacks_before < 2 * watch->stacks_wanted) {
		uint64_t slice_ns = now_ns() + GATE_SLICE_MS * MS;

		r = read_until(watch, slice_ns < until_ns ? slice_ns : until_ns);
	}
	if (now_ns() < until_ns || watch->gate_ms < CYCLE_MS)
		close_gate(watch);
	return r;
}

static int watch_cycle(struct watch *watch)
{
	uint64_t start_ns = now_ns();
	int r = watch_gate(watch, before_deadline(watch, start_ns + watch->gate_ms * MS));

	if (r == 0)
		r = read_until(watch, before_deadline(watch, start_ns + CYCLE_MS * MS));
	set_gate(watch);
	return r;
}

static int watch_all(struct watch *watch)
{
	int r = 0;

	while (r == 0 && !watch->ended && now_ns() < watch->deadline_ns)
		r = watch_cycle(watch);
	return r;
}

static void close_window(struct watch *watch)
{
	struct trace_stacks_result *result = &watch->result;
	double window_ns;

	close_gate(watch);
	result->end_ns = now_ns();
	/* While events still come, so that a CPU whose ring was full gets to tell what it lost. */
	drain(watch, result->end_ns - MARGIN_NS);
	perf_rings_disable(watch->stacks->events.perf);
	drain(watch, UINT64_MAX);
	if (watch->ended)
		result->end_ns = watch->last_ns;
	window_ns = (double)(result->end_ns - result->start_ns);
	if (window_ns > 0)
		result->stacks_on_pct = 100 * (double)watch->on_ns / window_ns;
	if (result->stacks_on_pct > 100)
		result->stacks_on_pct = 100;
}

int trace_stacks_watch(struct trace_stacks *stacks, const struct trace_stacks_limits *limits,
		       int (*each)(void *context, const struct sched_event *event, pid_t pid,
				   const struct stack_sample *sample),
		       void *context, struct trace_stacks_result *ret, struct err *err)
{
	struct watch watch = {
		.stacks = stacks,
		.limits = limits,
		.each = each,
		.context = context,
		.result = { .end_ns = UINT64_MAX,
			    .ring_bytes = perf_rings_bytes(stacks->events.perf),
			    .unfiltered = stacks->unfiltered },
		.gate_ms = GATE_MS_FIRST,
	};
	int r;

	watch.stacks_wanted =
		(limits->stacks_per_s ? limits->stacks_per_s : STACKS_PER_S) * CYCLE_MS / 1000 + 1;
	perf_turn_first(&watch.turn);
	perf_rings_enable(stacks->events.perf);
	watch.result.start_ns = now_ns();
	watch.deadline_ns = watch.result.start_ns + limits->duration_ns;
	r = watch_all(&watch);
	close_window(&watch);
	perf_turn_back(&watch.turn);
	*ret = watch.result;
	if (r < 0)
		return err_set(err, r, "stopped by a signal");
	return watch.result.capped ? 0 : watch.ended;
}
