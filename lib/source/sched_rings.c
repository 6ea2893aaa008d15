/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/sched_rings.h"

#include "base/cleanup.h"
#include "source/perf_probe.h"
#include "source/perf_ring.h"
#include "source/perf_turn.h"
#include "source/sched_rings_internal.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define DRAIN_MS 50
#define EVENT_BYTES 80 /* sched_switch 88, sched_waking 56 */
#define SAFETY 4
#define RING_BYTES_MIN ((size_t)256 << 10)
#define RING_BYTES_MAX ((size_t)4 << 20)

/* A record is stamped a little before it can be read: what is younger than this waits for the next drain, so that no CPU's event is
 * delivered before an older one of another CPU. A guest's CPU that is taken away in between may still be later. */
#define MARGIN_NS 2000000

/* A reader that is told "full" and finds nothing must not spin. */
#define IDLE_NS 1000000

#define RELEASE_EVENTS 256

#define HOG_NS 200000000

/* What an event costs those who are watched: the tracepoint and the record (docs/PERFORMANCE.md). */
#define EVENT_COST_NS 700

#define LOOK_NS 200000000ULL
#define LOOKS_LEAST 3
#define REST_NS_LEAST \
	(LOOK_NS / 4) /* shorter ones are saved up: switching all CPUs off and on costs, too */
#define REST_STEP_NS 20000000ULL

struct ring {
	size_t index;
	uint32_t cpu;
	unsigned int unreleased;
	struct sched_event head; /* the oldest event not yet delivered */
};

struct sched_rings {
	struct perf_rings *perf;
	struct sched_rings_events events;
	struct ring *rings;
	size_t count;
	struct ring **heap; /* rings that have a head, oldest first */
	size_t heap_len;
	struct ring **empty; /* the others */
	size_t empty_len;
	char reason[256];
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

void sched_rings_free(struct sched_rings *rings)
{
	if (!rings)
		return;
	perf_rings_free(rings->perf);
	sched_format_free(rings->events.format);
	free(rings->rings);
	free(rings->heap);
	free(rings->empty);
	free(rings);
}

void sched_rings_freep(struct sched_rings **rings)
{
	sched_rings_free(*rings);
}

enum sched_source sched_rings_source(const struct sched_rings *rings)
{
	return rings->events.format ? SCHED_SOURCE_TRACEPOINTS : SCHED_SOURCE_SWITCH_RECORDS;
}

const char *sched_rings_reason(const struct sched_rings *rings)
{
	return rings->reason;
}

/* Room for several drains at the predicted rate; one CPU may have far more than its share. */
static size_t ring_bytes(const struct sched_rings_options *options)
{
	size_t max = options->bytes_per_cpu_max ? options->bytes_per_cpu_max : RING_BYTES_MAX;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	double wanted = options->events_per_s / (cpus > 0 ? (double)cpus : 1) * EVENT_BYTES *
			SAFETY * DRAIN_MS / 1000;
	size_t bytes = RING_BYTES_MIN;

	if (options->events_per_s <= 0)
		wanted = (double)RING_BYTES_MAX;
	while ((double)bytes < wanted && bytes < max)
		bytes *= 2;
	while (bytes > max && bytes > PERF_RING_BYTES_MIN)
		bytes /= 2;
	return bytes;
}

/* The probe knows every reason and its remedy; it is asked only when something failed. */
static int explain(enum perf_ability_id id, int error, struct err *err)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	struct perf_abilities abilities;
	const struct perf_ability *ability = &abilities.item[id];

	if (error == -EMFILE)
		return err_set(err, error, "too few file descriptors: ulimit -n 65536");
	if (procroot_open_live(NULL, &root, NULL) < 0 || perf_probe(root, &abilities) < 0 ||
	    ability->available)
		return err_set(err, error, "perf_event_open: %s", strerror(-error));
	return err_set(err, error, "%s%s%s", ability->reason, *ability->fix ? "; " : "",
		       ability->fix);
}

static int open_tracepoints(struct sched_rings *rings, const struct sched_rings_options *options,
			    struct err *err)
{
	size_t bytes = ring_bytes(options);
	int r = sched_rings_tracepoints(options->tracefs, bytes, &rings->events, err);

	if (r < 0)
		return options->tracefs || r == -EBADMSG || r == -ENOMEM ?
			       r :
			       explain(PERF_ABILITY_SCHED_SWITCH, r, err);
	r = perf_rings_new(rings->events.attrs, rings->events.count, bytes, &rings->perf, err);
	if (r == 0)
		return 0;
	sched_format_free(TAKE_PTR(rings->events.format));
	return r == -ENOBUFS || r == -ENOMEM ? r : explain(PERF_ABILITY_SCHED_SWITCH, r, err);
}

static int open_switch_records(struct sched_rings *rings, const struct sched_rings_options *options)
{
	size_t bytes = ring_bytes(options);

	sched_rings_switch_records(bytes, &rings->events);
	return perf_rings_new(rings->events.attrs, rings->events.count, bytes, &rings->perf, NULL);
}

static int open_any(struct sched_rings *rings, const struct sched_rings_options *options,
		    struct err *err)
{
	struct err reason = { 0 };
	int r = open_tracepoints(rings, options, &reason);

	/* The substitute needs as much memory, but fewer rights and descriptors. */
	if (r < 0 && r != -ENOMEM && r != -ENOBUFS && open_switch_records(rings, options) == 0) {
		memcpy(rings->reason, reason.msg, sizeof(rings->reason));
		return 0;
	}
	return r < 0 ? err_set(err, r, "%s", *reason.msg ? reason.msg : strerror(-r)) : 0;
}

static int make_rings(struct sched_rings *rings)
{
	rings->count = perf_rings_count(rings->perf);
	rings->rings = calloc(rings->count, sizeof(struct ring));
	rings->heap = calloc(rings->count, sizeof(struct ring *));
	rings->empty = calloc(rings->count, sizeof(struct ring *));
	if (!rings->rings || !rings->heap || !rings->empty)
		return -ENOMEM;
	for (size_t i = 0; i < rings->count; i++) {
		rings->rings[i].index = i;
		rings->rings[i].cpu = perf_rings_cpu(rings->perf, i);
		rings->empty[rings->empty_len++] = &rings->rings[i];
	}
	return 0;
}

int sched_rings_open(const struct sched_rings_options *options, struct sched_rings **ret,
		     struct err *err)
{
	_cleanup_(sched_rings_freep) struct sched_rings *rings = calloc(1, sizeof(*rings));
	int r;

	if (!rings)
		return err_set(err, -ENOMEM, "out of memory");
	r = open_any(rings, options, err);
	if (r < 0)
		return r;
	if (make_rings(rings) < 0)
		return err_set(err, -ENOMEM, "out of memory");
	*ret = TAKE_PTR(rings);
	return 0;
}

struct watch {
	struct sched_rings *rings;
	const struct sched_rings_limits *limits;
	int (*each)(void *context, const struct sched_event *event);
	void *context;
	struct sched_rings_result result;
	struct perf_turn turn;
	uint64_t deadline_ns;
	uint64_t look_ns, look_end_ns; /* begin and end of the look; UINT64_MAX while it lasts */
	uint64_t look_events;	       /* result.events when it began */
	uint64_t last_ns;	       /* time of the event delivered last */
	int ended;		       /* by `each`, by the cap or by a signal */
};

/* Reads on until there is an event of ours; false when the ring is empty, which then is the kernel's again. */
static bool fill_head(struct watch *watch, struct ring *ring)
{
	struct perf_rings *perf = watch->rings->perf;
	const struct perf_event_header *header;

	while ((header = perf_rings_next(perf, ring->index))) {
		int r;

		if (watch->limits->raw)
			watch->limits->raw(watch->limits->raw_context, ring->cpu, header,
					   header->size);
		r = sched_rings_decode(watch->rings->events.format, header, &ring->head);

		/* Telling the kernel for every record would take the ring's first page from the writing CPU each time. */
		if (++ring->unreleased == RELEASE_EVENTS) {
			perf_rings_release(perf, ring->index);
			ring->unreleased = 0;
		}
		if (r > 0) {
			ring->head.cpu = ring->cpu;
			return true;
		}
		if (r < 0)
			watch->result.undecoded++;
	}
	perf_rings_release(perf, ring->index);
	ring->unreleased = 0;
	return false;
}

static bool older(const struct ring *a, const struct ring *b)
{
	return a->head.time_ns < b->head.time_ns;
}

static void sift_down(struct sched_rings *rings)
{
	struct ring **heap = rings->heap;
	size_t at = 0;

	for (;;) {
		size_t child = 2 * at + 1;
		struct ring *moved;

		if (child >= rings->heap_len)
			return;
		if (child + 1 < rings->heap_len && older(heap[child + 1], heap[child]))
			child++;
		if (!older(heap[child], heap[at]))
			return;
		moved = heap[at];
		heap[at] = heap[child];
		heap[child] = moved;
		at = child;
	}
}

static void sift_up(struct ring **heap, size_t at)
{
	while (at > 0 && older(heap[at], heap[(at - 1) / 2])) {
		struct ring *moved = heap[at];

		heap[at] = heap[(at - 1) / 2];
		heap[(at - 1) / 2] = moved;
		at = (at - 1) / 2;
	}
}

static void fill_empty(struct watch *watch)
{
	struct sched_rings *rings = watch->rings;
	size_t still = 0;

	for (size_t i = 0; i < rings->empty_len; i++) {
		struct ring *ring = rings->empty[i];

		if (!fill_head(watch, ring)) {
			rings->empty[still++] = ring;
			continue;
		}
		rings->heap[rings->heap_len] = ring;
		sift_up(rings->heap, rings->heap_len++);
	}
	rings->empty_len = still;
}

/* The first ring in the heap gets its next event, or leaves. */
static void advance(struct watch *watch)
{
	struct sched_rings *rings = watch->rings;

	if (!fill_head(watch, rings->heap[0])) {
		rings->empty[rings->empty_len++] = rings->heap[0];
		rings->heap[0] = rings->heap[--rings->heap_len];
	}
	sift_down(rings);
}

static void count_and_call(struct watch *watch, const struct sched_event *event)
{
	struct sched_rings_result *result = &watch->result;

	if (event->time_ns < watch->last_ns)
		result->out_of_order++;
	else
		watch->last_ns = event->time_ns;
	result->events++;
	watch->ended = watch->each(watch->context, event);
	if (!watch->ended && result->events == watch->limits->events_max) {
		result->capped = true;
		watch->ended = 1;
	}
}

/* Enabling and disabling takes a while on many CPUs: a look is the time in which all were watched. */
static void deliver(struct watch *watch, struct sched_event *event)
{
	if (event->time_ns < watch->look_ns)
		return;
	if (event->type == SCHED_LOST) {
		watch->result.lost += event->value;
		if (event->time_ns > watch->look_end_ns)
			event->time_ns = watch->look_end_ns;
	}
	if (event->time_ns <= watch->look_end_ns)
		count_and_call(watch, event);
}

/* Delivers what is older than `before_ns`; true when there was something. */
static bool drain(struct watch *watch, uint64_t before_ns)
{
	struct sched_rings *rings = watch->rings;
	bool any = false;

	fill_empty(watch);
	while (!watch->ended && rings->heap_len && rings->heap[0]->head.time_ns < before_ns) {
		any = true;
		deliver(watch, &rings->heap[0]->head);
		advance(watch);
	}
	/* The heads are copies: what they were read from is no longer needed. */
	for (size_t i = 0; i < rings->heap_len; i++) {
		perf_rings_release(rings->perf, rings->heap[i]->index);
		rings->heap[i]->unreleased = 0;
	}
	return any;
}

/* 0 at that time or when `each` has had enough, -EINTR when stopped. */
static int watch_until(struct watch *watch, uint64_t until_ns)
{
	const volatile sig_atomic_t *stop = watch->limits->stop;
	const struct timespec idle = { .tv_nsec = IDLE_NS };

	for (;;) {
		uint64_t now = now_ns();
		uint64_t left_ms = until_ns > now ? (until_ns - now + 999999) / 1000000 : 0;
		bool full;

		if (stop && *stop)
			return -EINTR;
		if (watch->ended || !left_ms)
			return 0;
		full = perf_rings_wait(watch->rings->perf,
				       left_ms < DRAIN_MS ? (int)left_ms : DRAIN_MS);
		now = now_ns();
		if (!drain(watch, now - MARGIN_NS) && full)
			nanosleep(&idle, NULL);
		/* Events come faster than they are read: better to lose some than to keep a CPU from everybody. */
		if (now_ns() - now > HOG_NS)
			perf_turn_back(&watch->turn);
	}
}

static void tell_look(const struct watch *watch, bool begins)
{
	if (watch->limits->look)
		watch->limits->look(watch->limits->look_context, begins);
}

static void open_look(struct watch *watch)
{
	watch->look_end_ns = UINT64_MAX;
	watch->look_events = watch->result.events;
	perf_rings_enable(watch->rings->perf);
	watch->look_ns = now_ns();
	if (!watch->result.looks++)
		watch->result.start_ns = watch->look_ns;
	tell_look(watch, true);
}

/* What is still in the rings, and the end of the look: where it was cut off, or now. */
static void close_look(struct watch *watch)
{
	watch->look_end_ns = now_ns();
	tell_look(watch, false);
	/* While events still come, so that a CPU whose ring was full gets to tell what it lost. */
	drain(watch, watch->look_end_ns - MARGIN_NS);
	perf_rings_disable(watch->rings->perf);
	drain(watch, UINT64_MAX);
	watch->result.end_ns = watch->ended ? watch->last_ns : watch->look_end_ns;
	watch->result.watched_ns += watch->result.end_ns - watch->look_ns;
}

/* How long to rest after the look so far, so that both together cost no more than they may. */
static uint64_t rest_wanted_ns(const struct watch *watch)
{
	double cpus = (double)watch->rings->count;
	double look_ns = (double)(now_ns() - watch->look_ns);
	double cost_ns = EVENT_COST_NS * (double)(watch->result.events - watch->look_events);
	double may_pct = watch->limits->cost_max_pct;
	uint64_t longest_ns = 0;
	double rest_ns;

	if (may_pct <= 0)
		return 0;
	if (watch->limits->duration_ns > LOOKS_LEAST * LOOK_NS)
		longest_ns =
			(watch->limits->duration_ns - LOOKS_LEAST * LOOK_NS) / (LOOKS_LEAST - 1);
	rest_ns = 100 * cost_ns / (may_pct * cpus) - look_ns;
	if (rest_ns < (double)REST_NS_LEAST)
		return 0;
	return rest_ns < (double)longest_ns ? (uint64_t)rest_ns : longest_ns;
}

static int rest_until(const struct watch *watch, uint64_t until_ns)
{
	const volatile sig_atomic_t *stop = watch->limits->stop;
	const struct timespec step = { .tv_nsec = REST_STEP_NS };

	while (now_ns() < until_ns) {
		if (stop && *stop)
			return -EINTR;
		nanosleep(&step, NULL);
	}
	return 0;
}

static void tell_pause(struct watch *watch)
{
	const struct sched_event event = {
		.type = SCHED_PAUSED,
		.time_ns = watch->look_end_ns,
		.current_tid = -1,
		.target_cpu = -1,
	};

	watch->ended = watch->each(watch->context, &event);
}

/* Closes the look and, when there is time for another one, rests and opens that. */
static int rest(struct watch *watch, uint64_t rest_ns, bool *ret_open)
{
	uint64_t until_ns;
	int r;

	close_look(watch);
	until_ns = watch->look_end_ns + rest_ns;
	*ret_open = false;
	if (watch->ended || until_ns + LOOK_NS / 2 > watch->deadline_ns)
		return 0;
	tell_pause(watch);
	r = rest_until(watch, until_ns);
	if (r < 0 || watch->ended)
		return r;
	open_look(watch);
	*ret_open = true;
	return 0;
}

static int watch_in_looks(struct watch *watch)
{
	bool open = true;
	int r = 0;

	open_look(watch);
	watch->deadline_ns = watch->look_ns + watch->limits->duration_ns;
	while (open && r == 0) {
		uint64_t next_ns = now_ns() + LOOK_NS, rest_ns;

		if (next_ns > watch->deadline_ns)
			next_ns = watch->deadline_ns;
		r = watch_until(watch, next_ns);
		if (r < 0 || watch->ended || next_ns == watch->deadline_ns)
			break;
		rest_ns = rest_wanted_ns(watch);
		if (rest_ns)
			r = rest(watch, rest_ns, &open);
	}
	if (open)
		close_look(watch);
	return r;
}

int sched_rings_watch(struct sched_rings *rings, const struct sched_rings_limits *limits,
		      int (*each)(void *context, const struct sched_event *event), void *context,
		      struct sched_rings_result *ret, struct err *err)
{
	struct watch watch = {
		.rings = rings,
		.limits = limits,
		.each = each,
		.context = context,
		.result = { .ring_bytes = perf_rings_bytes(rings->perf) },
	};
	int r;

	perf_turn_first(&watch.turn);
	r = watch_in_looks(&watch);
	perf_turn_back(&watch.turn);
	*ret = watch.result;
	if (r < 0)
		return err_set(err, r, "stopped by a signal");
	return watch.result.capped ? 0 : watch.ended;
}
