/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records in time order, in memory that depends neither on the file's length nor on how much
 * perf wrote per round.
 *
 * perf writes ring by ring, round after round; within a ring times rise. So the file is a row of
 * runs with rising times. A FINISHED_ROUND says that nothing older than the newest time of the
 * round before can follow: runs are merged up to there by a heap over their next times. Cost per
 * event: O(log of the runs in two rounds), which is about the number of CPUs.
 */
#include "source/perf_data_runs.h"

#include <errno.h>

#define RECORD_FINISHED_ROUND 68 /* tools/lib/perf/include/perf/event.h */

struct scan {
	struct perf_merge merge;
	struct perf_run open; /* the run that grows */
	bool started;	      /* it has an event */
	struct perf_chunk *last;
	uint64_t last_ns; /* of its last event */
	uint64_t newest_ns, limit_ns;
	uint64_t records, samples;
	uint64_t lost_in_total; /* perf's sums at the end: the same losses once more */
};

static int close_run(struct scan *scan, uint64_t end)
{
	struct perf_run run = scan->open;

	if (!scan->started)
		return 0;
	run.end = run.offset ? end : 0;
	scan->open = (struct perf_run){ .number = run.number + 1 };
	scan->last = NULL;
	scan->started = false;
	return perf_merge_add(&scan->merge, &run);
}

/* Where the next event of the open run may be decoded to; NULL when it has to stay in the file. */
static inline struct sched_event *next_slot(struct scan *scan)
{
	struct perf_chunk *chunk;

	if (scan->open.offset)
		return NULL;
	if (scan->last && scan->last->len < PERF_CHUNK_EVENTS)
		return &scan->last->events[scan->last->len];
	chunk = perf_merge_chunk(&scan->merge);
	if (!chunk)
		return NULL;
	if (scan->last)
		scan->last->next = chunk;
	else
		scan->open.first = chunk;
	scan->last = chunk;
	return &chunk->events[0];
}

static inline void note_event(struct scan *scan, uint64_t time_ns)
{
	if (!scan->started) {
		scan->started = true;
		scan->open.time_ns = time_ns;
	}
	scan->last_ns = time_ns;
	if (time_ns > scan->newest_ns)
		scan->newest_ns = time_ns;
}

static int append_in_file(struct scan *scan, uint64_t time_ns, uint64_t offset, uint32_t hint)
{
	int r = 0;

	if (scan->started && time_ns < scan->last_ns)
		r = close_run(scan, offset);
	if (r != 0)
		return r;
	if (!scan->open.offset) {
		scan->open.offset = offset;
		scan->open.hint = hint;
	}
	note_event(scan, time_ns);
	return 0;
}

/* The event begins a new run. */
static __attribute__((noinline)) int
append_earlier(struct scan *scan, const struct sched_event *event, uint64_t offset, uint32_t hint)
{
	struct sched_event moved = *event, *slot;
	int r = close_run(scan, offset);

	if (r != 0)
		return r;
	slot = next_slot(scan);
	if (!slot)
		return append_in_file(scan, moved.time_ns, offset, hint);
	*slot = moved;
	scan->last->len++;
	note_event(scan, moved.time_ns);
	return 0;
}

/* `event` is in the open run's next slot: there it stays, unless a new run begins with it. */
static inline int append_in_memory(struct scan *scan, const struct sched_event *event,
				   uint64_t offset, uint32_t hint)
{
	if (scan->started && event->time_ns < scan->last_ns)
		return append_earlier(scan, event, offset, hint);
	scan->last->len++;
	note_event(scan, event->time_ns);
	return 0;
}

static int take_untimed(struct scan *scan, const struct perf_record *record,
			struct sched_event *event)
{
	if (record->type == PERF_RECORD_SAMPLE) {
		scan->merge.data->counts.undecoded++;
		return 0;
	}
	if (record->type == PERF_RECORD_LOST_SAMPLES) {
		scan->lost_in_total += event->value;
		return 0;
	}
	event->time_ns = 0;
	return perf_merge_deliver(&scan->merge, event);
}

static inline bool has_time(uint64_t time_ns)
{
	return time_ns != 0 && time_ns != UINT64_MAX;
}

static int take_now(struct scan *scan, const struct perf_record *record, struct sched_event *slot,
		    uint64_t offset, uint32_t hint)
{
	int r = perf_record_decode(scan->merge.data, record, slot);

	if (r <= 0) {
		scan->merge.data->counts.undecoded += r < 0;
		return 0;
	}
	if (!has_time(slot->time_ns))
		return take_untimed(scan, record, slot);
	return append_in_memory(scan, slot, offset, hint);
}

static int take_later(struct scan *scan, const struct perf_record *record, uint64_t offset,
		      uint32_t hint)
{
	uint64_t time_ns = perf_record_time(scan->merge.data, record);
	struct sched_event event;

	if (has_time(time_ns))
		return append_in_file(scan, time_ns, offset, hint);
	if (time_ns == PERF_TIME_PASS_OVER ||
	    perf_record_decode(scan->merge.data, record, &event) != 1)
		return 0;
	return take_untimed(scan, record, &event);
}

/* Blocks of the file that only events in memory came from are not needed any more. */
static void release_read(struct scan *scan, uint64_t offset)
{
	uint64_t first = offset;

	if (scan->open.offset && scan->open.offset < first)
		first = scan->open.offset;
	vec_each(run, &scan->merge.heap)
		if (run->end && run->offset < first)
			first = run->offset;
	perf_file_release(scan->merge.data->file, first);
}

static int end_round(struct scan *scan, uint64_t offset)
{
	int r = close_run(scan, offset);

	if (r == 0)
		r = perf_merge_drain(&scan->merge, scan->limit_ns);
	scan->limit_ns = scan->newest_ns;
	return r;
}

static inline int scan_sample(struct scan *scan, const struct perf_record *record, uint64_t offset,
			      uint32_t hint)
{
	struct sched_event *slot;

	scan->samples++;
	if (perf_record_is_passed_over(scan->merge.data, record))
		return 0;
	slot = next_slot(scan);
	return slot ? take_now(scan, record, slot, offset, hint) :
		      take_later(scan, record, offset, hint);
}

static int scan_other(struct scan *scan, const struct perf_record *record, uint64_t offset,
		      uint32_t hint)
{
	struct sched_event *slot;

	if (record->type == RECORD_FINISHED_ROUND)
		return end_round(scan, offset);
	slot = next_slot(scan);
	return slot ? take_now(scan, record, slot, offset, hint) :
		      take_later(scan, record, offset, hint);
}

static inline int scan_record(struct scan *scan, const struct perf_record *record, uint64_t offset,
			      uint32_t hint)
{
	scan->records++;
	return record->type == PERF_RECORD_SAMPLE ? scan_sample(scan, record, offset, hint) :
						    scan_other(scan, record, offset, hint);
}

/* The kernel's records that lie whole in the block of the one before, which are nearly all. When a run too many makes room by
 * delivering others, the block may be given away: its number tells. */
static int scan_block(struct scan *scan, uint64_t *offset, uint64_t end, uint32_t hint)
{
	const struct perf_file_block *block = &scan->merge.data->file->blocks[hint];
	uint64_t number = *offset >> PERF_FILE_BLOCK_SHIFT, begin = number << PERF_FILE_BLOCK_SHIFT;
	uint64_t len = end - begin < block->len ? end - begin : block->len;
	int r = 0;

	while (r == 0 && block->number == number) {
		uint64_t at = *offset - begin;
		struct perf_record record;

		if (at > len || !perf_record_is_whole(block->data + at, len - at, &record))
			break;
		r = scan_record(scan, &record, *offset, hint);
		*offset += record.size;
	}
	return r;
}

/* `ret_damage`: why reading ended before the records did; what was read before is scanned. */
static int scan_records(struct scan *scan, int *ret_damage)
{
	struct perf_data *data = scan->merge.data;
	uint64_t offset = data->records.offset, end = offset + data->records.size, advance;
	struct perf_record record;
	uint32_t hint = 0;
	int r = 0;

	while (r == 0 && offset < end) {
		*ret_damage = perf_record_fetch(data, offset, end, &hint, &record, &advance,
						scan->merge.err);
		if (*ret_damage < 0)
			break;
		r = scan_record(scan, &record, offset, hint);
		offset += advance;
		if (offset >> PERF_FILE_BLOCK_SHIFT != (offset - advance) >> PERF_FILE_BLOCK_SHIFT)
			release_read(scan, offset);
		else if (r == 0)
			r = scan_block(scan, &offset, end, hint);
	}
	return r != 0 ? r : close_run(scan, offset);
}

int perf_data_merge(struct perf_data *data,
		    int (*each)(void *context, const struct sched_event *event), void *context,
		    struct err *err)
{
	struct scan scan = {
		.merge = { .data = data, .each = each, .context = context, .err = err },
	};
	int damage = 0, r = perf_data_unpack(data, err);

	if (r < 0)
		return r;
	data->counts = (struct perf_data_counts){ 0 };
	r = scan_records(&scan, &damage);
	if (r == 0)
		r = perf_merge_drain(&scan.merge, UINT64_MAX);
	data->counts.records = scan.records;
	data->counts.samples = scan.samples;
	if (scan.lost_in_total > data->counts.lost)
		data->counts.lost = scan.lost_in_total;
	perf_merge_free(&scan.merge);
	return r != 0 ? r : perf_data_end(data, damage, err);
}
