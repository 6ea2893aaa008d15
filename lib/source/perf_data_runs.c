/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/perf_data_runs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* What 0 <= offset < end holds. `ret_advance`: to the next record. */
static int fetch(struct perf_data *data, uint64_t offset, uint64_t end, uint32_t *hint,
		 struct perf_record *ret, uint64_t *ret_advance, struct err *err)
{
	uint64_t left = end - offset;
	const uint8_t *p;
	uint16_t size;

	if (left < sizeof(struct perf_event_header))
		return perf_data_damaged(data, err, offset, "the records end within a record");
	p = perf_file_at(data->file, offset, sizeof(struct perf_event_header), hint);
	if (!p)
		return perf_data_damaged(data, err, offset, "can't read: %s",
					 strerror(-data->file->error));
	memcpy(&size, p + 6, sizeof(size));
	if (size < sizeof(struct perf_event_header) || size > left)
		return err_set(err, -EBADMSG,
			       "\"%s\": record at offset 0x%" PRIx64
			       " has size %u: the file is damaged",
			       data->path, offset, size);
	p = perf_file_at(data->file, offset, size, hint);
	if (!p)
		return perf_data_damaged(data, err, offset, "can't read: %s",
					 strerror(-data->file->error));
	*ret = (struct perf_record){ .p = p, .type = perf_u32(p), .size = size };
	*ret_advance = size;
	return 0;
}

/* How many bytes stand behind a record of the few types that have some. */
static uint64_t bytes_behind(const struct perf_record *record)
{
	if (record->type == PERF_RECORD_AUXTRACE_USER)
		return record->size >= 16 ? perf_u64(record->p + 8) : UINT64_MAX;
	if (record->type == PERF_RECORD_TRACING_DATA)
		return record->size >= 12 ? perf_u32(record->p + 8) : UINT64_MAX;
	return 0;
}

/* Those, and the types that end the reading. */
static int check_special(struct perf_data *data, uint64_t offset, uint64_t end,
			 const struct perf_record *record, uint64_t *advance, struct err *err)
{
	uint64_t behind = bytes_behind(record);
	bool compressed = record->type == PERF_RECORD_COMPRESSED ||
			  record->type == PERF_RECORD_COMPRESSED2;

	if (compressed && !data->packed)
		return perf_data_damaged(data, err, offset,
					 "compressed records in a file that tells of none");
	if (behind > end - offset - record->size)
		return perf_data_damaged(data, err, offset,
					 "data behind a record that reaches beyond the records");
	*advance += behind;
	return 0;
}

int perf_record_fetch_slow(struct perf_data *data, uint64_t offset, uint64_t end, uint32_t *hint,
			   struct perf_record *ret, uint64_t *ret_advance, struct err *err)
{
	int r = fetch(data, offset, end, hint, ret, ret_advance, err);

	if (r == 0 && ret->type >= PERF_RECORD_USER_FIRST)
		r = check_special(data, offset, end, ret, ret_advance, err);
	return r;
}

/* --- memory */

struct perf_chunk *perf_merge_chunk(struct perf_merge *merge)
{
	struct perf_chunk *chunk = merge->free;

	if (chunk) {
		merge->free = chunk->next;
	} else {
		if (merge->chunks.len == PERF_CHUNKS_MAX)
			return NULL;
		chunk = malloc(sizeof(*chunk));
		if (!chunk || vec_push(&merge->chunks, chunk) < 0) {
			free(chunk);
			return NULL;
		}
	}
	chunk->next = NULL;
	chunk->len = 0;
	return chunk;
}

void perf_merge_free(struct perf_merge *merge)
{
	vec_each(chunk, &merge->chunks)
		free(*chunk);
	vec_free(&merge->chunks);
	vec_free(&merge->heap);
}

/* --- the heap */

static inline bool is_before(const struct perf_run *a, const struct perf_run *b)
{
	return a->time_ns != b->time_ns ? a->time_ns < b->time_ns : a->number < b->number;
}

static void sift_up(struct perf_merge *merge)
{
	struct perf_run *heap = merge->heap.data;
	size_t i = merge->heap.len - 1;
	struct perf_run moved = heap[i];

	while (i > 0 && is_before(&moved, &heap[(i - 1) / 2])) {
		heap[i] = heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	heap[i] = moved;
}

static void sift_down(struct perf_merge *merge)
{
	struct perf_run *heap = merge->heap.data;
	size_t len = merge->heap.len, i = 0;
	struct perf_run moved;

	/* Most often the same CPU goes on. */
	if ((len < 2 || is_before(&heap[0], &heap[1])) &&
	    (len < 3 || is_before(&heap[0], &heap[2])))
		return;
	moved = heap[0];
	for (size_t child = 1; child < len; child = 2 * i + 1) {
		if (child + 1 < len && is_before(&heap[child + 1], &heap[child]))
			child++;
		if (!is_before(&heap[child], &moved))
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = moved;
}

static void drop_first(struct perf_merge *merge)
{
	struct perf_run *heap = merge->heap.data;

	heap[0] = heap[--merge->heap.len];
	if (merge->heap.len > 1)
		sift_down(merge);
}

/* --- delivery */

static inline void count_event(struct perf_data_counts *counts, const struct sched_event *event)
{
	if (event->type == SCHED_NAME)
		return;
	if (event->type == SCHED_LOST) {
		counts->lost += event->value;
		return;
	}
	if (counts->events++ == 0)
		counts->first_ns = event->time_ns;
	counts->last_ns = event->time_ns;
}

static inline int deliver(struct perf_merge *merge, struct sched_event *event)
{
	struct perf_data_counts *counts = &merge->data->counts;

	if (event->time_ns < merge->last_ns) {
		counts->out_of_order += event->time_ns != 0;
		event->time_ns = merge->last_ns;
	}
	merge->last_ns = event->time_ns;
	count_event(counts, event);
	return merge->each(merge->context, event);
}

int perf_merge_deliver(struct perf_merge *merge, struct sched_event *event)
{
	return deliver(merge, event);
}

/* From where the run's part in the file goes on to its next event; offset == end when there is
 * none. */
static int seek_event(struct perf_merge *merge, struct perf_run *run)
{
	uint64_t advance;

	for (; run->offset < run->end; run->offset += advance) {
		struct perf_record record;
		int r = perf_record_fetch(merge->data, run->offset, run->end, &run->hint, &record,
					  &advance, merge->err);

		if (r < 0)
			return r;
		run->time_ns = perf_record_time(merge->data, &record);
		if (run->time_ns != 0 && run->time_ns != PERF_TIME_PASS_OVER)
			return 0;
	}
	return 0;
}

static int deliver_from_file(struct perf_merge *merge, struct perf_run *run)
{
	struct perf_record record;
	struct sched_event event;
	uint64_t advance;
	int r;

	r = perf_record_fetch(merge->data, run->offset, run->end, &run->hint, &record, &advance,
			      merge->err);
	if (r < 0)
		return r;
	run->offset += advance;
	r = perf_record_decode(merge->data, &record, &event);
	merge->data->counts.undecoded += r < 0;
	if (r == 1) {
		r = deliver(merge, &event);
		if (r != 0)
			return r;
	}
	return seek_event(merge, run);
}

static void drop_chunk(struct perf_merge *merge, struct perf_run *run)
{
	struct perf_chunk *chunk = run->first;

	run->first = chunk->next;
	run->pos = 0;
	chunk->next = merge->free;
	merge->free = chunk;
}

/* Up to when the first run's events come before those of all others. */
static uint64_t lead_until(const struct perf_merge *merge, uint64_t limit_ns)
{
	const struct perf_run *heap = merge->heap.data;

	for (size_t child = 1; child < 3 && child < merge->heap.len; child++) {
		uint64_t until = heap[child].time_ns - (heap[child].number < heap[0].number);

		if (until < limit_ns)
			limit_ns = until;
	}
	return limit_ns;
}

/* Events in memory come before those in the file. At least one is delivered. */
static int deliver_from_memory(struct perf_merge *merge, struct perf_run *run, uint64_t until_ns)
{
	struct sched_event *event = &run->first->events[run->pos];
	struct sched_event *end = &run->first->events[run->first->len];

	do {
		int r = deliver(merge, event);

		if (r != 0)
			return r;
		event++;
	} while (event < end && event->time_ns <= until_ns);
	run->pos = (uint32_t)(event - run->first->events);
	while (run->first && run->pos == run->first->len)
		drop_chunk(merge, run);
	if (!run->first)
		return seek_event(merge, run);
	run->time_ns = run->first->events[run->pos].time_ns;
	return 0;
}

int perf_merge_add(struct perf_merge *merge, const struct perf_run *run)
{
	int r = 0;

	if (merge->heap.len >= PERF_RUNS_MAX)
		r = perf_merge_drain(merge, UINT64_MAX);
	if (r == 0)
		r = vec_push(&merge->heap, *run);
	if (r == 0)
		sift_up(merge);
	return r;
}

int perf_merge_drain(struct perf_merge *merge, uint64_t limit_ns)
{
	while (merge->heap.len && merge->heap.data[0].time_ns <= limit_ns) {
		struct perf_run *run = &merge->heap.data[0];
		int r = run->first ? deliver_from_memory(merge, run, lead_until(merge, limit_ns)) :
				     deliver_from_file(merge, run);

		if (r != 0)
			return r;
		if (run->first || run->offset < run->end)
			sift_down(merge);
		else
			drop_first(merge);
	}
	return 0;
}
