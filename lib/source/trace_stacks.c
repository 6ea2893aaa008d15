/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/trace_stacks_internal.h"

#include "base/cleanup.h"
#include "source/perf_probe.h"
#include "source/procroot.h"
#include "source/sched_rings_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define RING_BYTES_MAX ((size_t)4 << 20)

/* `stack`: where a stack is of use. */
static const struct trace_event {
	const char *folder, *name;
	enum trace_about about;
	bool stack;
	bool needed;
} wanted[] = {
	{ "sched", "sched_switch", TRACE_ABOUT_SWITCH, true, true },
	{ "sched", "sched_waking", TRACE_ABOUT_WAKEE, true, true },
	{ "syscalls", "sys_enter_futex", TRACE_ABOUT_FUTEX, true, false },
	{ "syscalls", "sys_exit_futex", TRACE_ABOUT_CURRENT, false, false },
	{ "lock", "contention_begin", TRACE_ABOUT_CURRENT, true, false },
	{ "lock", "contention_end", TRACE_ABOUT_CURRENT, false, false },
};

#define EVENTS ARRAY_SIZE(wanted)

struct opening {
	const struct trace_stacks_options *options;
	struct trace_stacks *stacks;
	const char *tracefs;
	struct str text;
	int ids[EVENTS]; /* -1: this kernel does not have it */
};

static void free_side(struct trace_side *side)
{
	perf_rings_free(side->perf);
	free(side->times);
	free(side->heads);
}

void trace_stacks_free(struct trace_stacks *stacks)
{
	if (!stacks)
		return;
	free_side(&stacks->events);
	free_side(&stacks->stacks);
	sched_format_free(stacks->format);
	free(stacks);
}

void trace_stacks_freep(struct trace_stacks **stacks)
{
	trace_stacks_free(*stacks);
}

bool trace_stacks_has_locks(const struct trace_stacks *stacks)
{
	return stacks->has_locks;
}

bool trace_stacks_has_futexes(const struct trace_stacks *stacks)
{
	return stacks->has_futexes;
}

static int load_format(struct opening *opening, size_t index, struct err *err)
{
	char path[320];
	int r;

	opening->ids[index] = -1;
	snprintf(path, sizeof(path), "%s/events/%s/%s/format", opening->tracefs,
		 wanted[index].folder, wanted[index].name);
	r = sched_rings_read_format(path, &opening->text);
	if (r < 0)
		return err_set(err, r, "%s: %s", path, strerror(-r));
	r = sched_format_add(opening->stacks->format, str_text(&opening->text), opening->text.len,
			     err);
	if (r == 0)
		opening->ids[index] = sched_format_id(opening->stacks->format, wanted[index].name);
	return r;
}

/* A pair of which one half is missing tells nothing. */
static void drop_halves(struct opening *opening)
{
	for (size_t i = 2; i + 1 < EVENTS; i += 2)
		if (opening->ids[i] < 0 || opening->ids[i + 1] < 0)
			opening->ids[i] = opening->ids[i + 1] = -1;
	opening->stacks->has_futexes = opening->ids[2] >= 0;
	opening->stacks->has_locks = opening->ids[4] >= 0;
}

static int load_formats(struct opening *opening, struct err *err)
{
	int r = sched_format_new(&opening->stacks->format);

	if (r < 0)
		return r;
	sched_format_take_locks(opening->stacks->format);
	for (size_t i = 0; i < EVENTS; i++) {
		r = load_format(opening, i, wanted[i].needed ? err : NULL);
		if (r == -ENOMEM || (r < 0 && wanted[i].needed))
			return r;
	}
	drop_halves(opening);
	return 0;
}

static uint64_t sample_type(const struct opening *opening, bool stack)
{
	if (!stack)
		return TRACE_STACKS_TYPE;
	return opening->options->user_stack_bytes && STACK_USER_REGS ? TRACE_STACKS_TYPE_STACK :
								       TRACE_STACKS_TYPE_CHAIN;
}

static struct perf_event_attr make_attr(const struct opening *opening, size_t index, bool stack)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.config = (__u64)opening->ids[index],
		.sample_period = 1,
		.sample_type = sample_type(opening, stack),
		.disabled = 1,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	if (attr.sample_type & PERF_SAMPLE_STACK_USER) {
		attr.sample_regs_user = STACK_USER_REGS;
		attr.sample_stack_user = (__u32)opening->options->user_stack_bytes;
	}
	return attr;
}

static int set_filter(struct opening *opening, struct trace_side *side, size_t at, size_t index,
		      bool stack)
{
	int r;

	str_clear(&opening->text);
	if (stack)
		trace_filter_tids(wanted[index].about, opening->options, &opening->text);
	else
		trace_filter_names(wanted[index].about, opening->options, &opening->text);
	if (str_error(&opening->text) < 0)
		return -ENOMEM;
	r = perf_rings_filter(side->perf, at, str_text(&opening->text));
	if (r < 0)
		opening->stacks->unfiltered = true;
	return r == -ENOMEM ? r : 0;
}

static int make_heads(struct trace_side *side)
{
	side->count = perf_rings_count(side->perf);
	side->times = calloc(side->count, sizeof(*side->times));
	side->heads = calloc(side->count, sizeof(*side->heads));
	if (!side->times || !side->heads)
		return -ENOMEM;
	for (size_t i = 0; i < side->count; i++)
		side->times[i] = UINT64_MAX;
	return 0;
}

static int open_side(struct opening *opening, bool stack, struct trace_side *side, struct err *err)
{
	size_t bytes = opening->options->bytes_per_cpu_max, ring = PERF_RING_BYTES_MIN;
	struct perf_event_attr attrs[EVENTS];
	size_t indexes[EVENTS], count = 0;
	int r;

	for (size_t i = 0; i < EVENTS; i++) {
		if (opening->ids[i] < 0 || (stack && !wanted[i].stack))
			continue;
		attrs[count] = make_attr(opening, i, stack);
		indexes[count++] = i;
	}
	while (ring * 2 <= (bytes ? bytes : RING_BYTES_MAX))
		ring *= 2;
	side->sample_type = sample_type(opening, stack);
	r = perf_rings_new(attrs, count, ring, &side->perf, err);
	for (size_t i = 0; i < count && r == 0; i++)
		r = set_filter(opening, side, i, indexes[i], stack);
	return r < 0 ? r : make_heads(side);
}

/* The probe knows every reason and its remedy; it is asked only when something failed. */
static int explain(int error, struct err *err)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	struct perf_abilities abilities;
	const struct perf_ability *ability = &abilities.item[PERF_ABILITY_SCHED_SWITCH];

	if (error == -ENOBUFS || error == -EBADMSG)
		return error;
	if (procroot_open_live(NULL, &root, NULL) < 0 || perf_probe(root, &abilities) < 0 ||
	    ability->available)
		return err_set(err, error, "perf_event_open: %s", strerror(-error));
	return err_set(err, error, "%s%s%s", ability->reason, *ability->fix ? "; " : "",
		       ability->fix);
}

static int open_all(struct opening *opening, struct err *err)
{
	int r = load_formats(opening, err);

	if (r == 0)
		r = open_side(opening, false, &opening->stacks->events, err);
	if (r == 0 && opening->options->tids_count)
		r = open_side(opening, true, &opening->stacks->stacks, err);
	return r;
}

static bool is_sound(const struct trace_stacks_options *options)
{
	return options->comms_count && options->comms_count <= TRACE_STACKS_COMMS_MAX &&
	       options->tids_count <= TRACE_STACKS_TIDS_MAX && options->user_stack_bytes % 8 == 0 &&
	       options->user_stack_bytes <= 65528;
}

int trace_stacks_open(const struct trace_stacks_options *options, struct trace_stacks **ret,
		      struct err *err)
{
	_cleanup_(trace_stacks_freep) struct trace_stacks *stacks = NULL;
	struct opening opening = { .options = options };
	int r;

	if (!is_sound(options))
		return err_set(err, -EINVAL, "no threads to look at, or too many");
	stacks = opening.stacks = calloc(1, sizeof(*stacks));
	if (!stacks)
		return err_set(err, -ENOMEM, "out of memory");
	opening.tracefs = options->tracefs ? options->tracefs : sched_rings_find_tracefs();
	r = open_all(&opening, err);
	str_free(&opening.text);
	if (r < 0)
		return explain(r, err);
	*ret = TAKE_PTR(stacks);
	return 0;
}
