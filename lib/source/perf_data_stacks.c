/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples of CPUs in time order: an index of what each round of the file holds is sorted and
 * delivered as far as nothing older can follow (as in perf_data_merge.c); records are read once
 * more when their turn comes. There are few of them, and what they mean depends on all before
 * (mappings), so they are not put into runs.
 */
#include "base/cleanup.h"
#include "source/perf_data_runs.h"

#include <errno.h>
#include <stdlib.h>

#define RECORD_FINISHED_ROUND 68 /* tools/lib/perf/include/perf/event.h */
#define INDEX_MAX (1u << 20)	 /* 16 MiB: more than that in a round is delivered by halves */

struct indexed {
	uint64_t time_ns, offset;
};

struct stacks {
	struct perf_data *data;
	const struct perf_data_stacks_handler *handler;
	struct perf_data_stacks_counts *counts;
	struct err *err;
	enum perf_data_clock clock;
	VEC(struct indexed) index;
	uint64_t newest_ns, limit_ns, last_ns;
	uint64_t lost_in_total;
	uint64_t *bytes; /* of one record, aligned */
	struct perf_stack_record record;
};

/* --- one record */

static int deliver_sample(struct stacks *stacks, struct stack_sample *sample)
{
	struct perf_data_stacks_counts *counts = stacks->counts;

	if (counts->samples++ == 0)
		counts->first_ns = sample->time_ns;
	counts->last_ns = sample->time_ns;
	return stacks->handler->sample(stacks->handler->context, sample);
}

static int deliver(struct stacks *stacks, uint64_t time_ns)
{
	const struct perf_data_stacks_handler *handler = stacks->handler;
	struct perf_stack_record *record = &stacks->record;

	switch (record->type) {
	case PERF_STACK_SAMPLE:
		record->sample.time_ns = time_ns;
		return deliver_sample(stacks, &record->sample);
	case PERF_STACK_MAPPING:
		record->mapping.time_ns = time_ns;
		return handler->mapping ?
			       handler->mapping(handler->context, &record->mapping, &record->id) :
			       0;
	case PERF_STACK_TASK:
		record->task.time_ns = time_ns;
		return handler->task ? handler->task(handler->context, &record->task) : 0;
	case PERF_STACK_LOST:
		stacks->counts->lost += record->lost;
		return 0;
	case PERF_STACK_LOST_TOTAL:
		stacks->lost_in_total += record->lost;
		return 0;
	case PERF_STACK_THROTTLE:
		stacks->counts->throttled++;
		return 0;
	}
	return 0;
}

/* An event that comes too late for its order gets the time that has been reached. */
static uint64_t time_of(struct stacks *stacks, const struct indexed *indexed)
{
	if (indexed->time_ns < stacks->last_ns) {
		stacks->counts->out_of_order += indexed->time_ns != 0;
		return stacks->last_ns;
	}
	stacks->last_ns = indexed->time_ns;
	return indexed->time_ns;
}

static int deliver_indexed(struct stacks *stacks, const struct indexed *indexed, uint32_t *hint)
{
	struct perf_data *data = stacks->data;
	uint64_t end = data->records.offset + data->records.size, advance;
	struct perf_record record;
	int r = perf_record_fetch(data, indexed->offset, end, hint, &record, &advance, stacks->err);

	if (r < 0)
		return r;
	memcpy(stacks->bytes, record.p, record.size);
	record.p = (const uint8_t *)stacks->bytes;
	r = perf_stack_decode(data, &record, &stacks->record);
	if (r <= 0) {
		stacks->counts->undecoded += r < 0;
		return 0;
	}
	return deliver(stacks, time_of(stacks, indexed));
}

/* --- order */

static int by_time(const void *left, const void *right)
{
	const struct indexed *a = left, *b = right;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Delivers what is not after `limit_ns`, and at least `least`. */
static int drain(struct stacks *stacks, uint64_t limit_ns, size_t least)
{
	struct indexed *index = stacks->index.data;
	size_t done = 0, len = stacks->index.len;
	uint32_t hint = 0;
	int r = 0;

	if (len == 0)
		return 0;
	qsort(index, len, sizeof(*index), by_time);
	while (r == 0 && done < len && (done < least || index[done].time_ns <= limit_ns))
		r = deliver_indexed(stacks, &index[done++], &hint);
	memmove(index, index + done, (len - done) * sizeof(*index));
	stacks->index.len -= done;
	return r;
}

static int end_round(struct stacks *stacks)
{
	int r = drain(stacks, stacks->limit_ns, 0);

	stacks->limit_ns = stacks->newest_ns;
	return r;
}

static int take(struct stacks *stacks, const struct perf_record *record, uint64_t offset)
{
	struct indexed indexed = { .offset = offset };

	if (record->type == RECORD_FINISHED_ROUND)
		return end_round(stacks);
	if (!perf_stack_is_wanted(stacks->data, stacks->clock, record, &indexed.time_ns))
		return 0;
	if (indexed.time_ns > stacks->newest_ns)
		stacks->newest_ns = indexed.time_ns;
	if (vec_push(&stacks->index, indexed) < 0)
		return -ENOMEM;
	return stacks->index.len < INDEX_MAX ? 0 : drain(stacks, 0, INDEX_MAX / 2);
}

/* `ret_damage`: why reading ended before the records did. */
static int scan(struct stacks *stacks, int *ret_damage)
{
	struct perf_data *data = stacks->data;
	uint64_t offset = data->records.offset, end = offset + data->records.size, advance;
	struct perf_record record;
	uint32_t hint = 0;
	int r = 0;

	while (r == 0 && offset < end) {
		*ret_damage =
			perf_record_fetch(data, offset, end, &hint, &record, &advance, stacks->err);
		if (*ret_damage < 0)
			break;
		r = take(stacks, &record, offset);
		offset += advance;
	}
	return r;
}

int perf_data_each_stack(struct perf_data *data, const struct perf_data_stacks_handler *handler,
			 struct perf_data_stacks_counts *ret, struct err *err)
{
	struct perf_data_sampling sampling;
	struct stacks stacks = { .data = data, .handler = handler, .counts = ret, .err = err };
	int damage = 0, r = perf_data_unpack(data, err);

	*ret = (struct perf_data_stacks_counts){ 0 };
	if (r < 0)
		return r;
	perf_data_sampling(data, &sampling);
	stacks.clock = sampling.clock;
	stacks.bytes = malloc(PERF_RECORD_MAX);
	if (!stacks.bytes)
		return -ENOMEM;
	r = scan(&stacks, &damage);
	if (r == 0)
		r = drain(&stacks, UINT64_MAX, 0);
	if (stacks.lost_in_total > ret->lost)
		ret->lost = stacks.lost_in_total;
	free(stacks.bytes);
	vec_free(&stacks.index);
	return r != 0 ? r : perf_data_end(data, damage, err);
}
