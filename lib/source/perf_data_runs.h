/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between scanning (perf_data_merge.c) and delivery (perf_data_runs.c): runs of events whose
 * times rise.
 *
 * A run is a chain of decoded events, then, when the memory for decoded events is used up, the
 * rest of it as a range of the file, which is read once more when its turn comes. So memory is
 * bounded whatever the file holds, and most events are decoded while the bytes are hot.
 */
#ifndef TRIAGE_SOURCE_PERF_DATA_RUNS_H
#define TRIAGE_SOURCE_PERF_DATA_RUNS_H

#include "source/perf_data_internal.h"

#define PERF_CHUNK_EVENTS 128u
#define PERF_CHUNKS_MAX 1500u /* 21 MiB */
#define PERF_RUNS_MAX 65536u

struct perf_chunk {
	struct perf_chunk *next;
	uint32_t len;
	struct sched_event events[PERF_CHUNK_EVENTS];
};

struct perf_run {
	uint64_t time_ns; /* of its next event */
	struct perf_chunk *first;
	uint32_t pos; /* of the next event in `first` */
	uint32_t hint;
	uint64_t number; /* in the file's order: among equal times the earlier run goes first */
	uint64_t offset, end; /* the part in the file; end == 0: none */
};

struct perf_merge {
	struct perf_data *data;
	int (*each)(void *context, const struct sched_event *event);
	void *context;
	struct err *err;
	VEC(struct perf_run) heap; /* the run with the earliest event first */
	VEC(struct perf_chunk *) chunks;
	struct perf_chunk *free;
	uint64_t last_ns; /* delivered */
};

/* An empty chunk; NULL when there may be no more. */
struct perf_chunk *perf_merge_chunk(struct perf_merge *merge);
void perf_merge_free(struct perf_merge *merge);

/* Takes the run over. */
int perf_merge_add(struct perf_merge *merge, const struct perf_run *run);

/* Delivers all events up to `limit_ns`; what `each` or reading said when that is not 0. */
int perf_merge_drain(struct perf_merge *merge, uint64_t limit_ns);

/* Delivers one event now. `time_ns` 0: it has no time of its own. */
int perf_merge_deliver(struct perf_merge *merge, struct sched_event *event);

/* tools/lib/perf/include/perf/event.h: perf's own, from the first of which on records may need more
 * than their own bytes. */
#define PERF_RECORD_USER_FIRST 64
#define PERF_RECORD_TRACING_DATA 66
#define PERF_RECORD_AUXTRACE_USER 71
#define PERF_RECORD_COMPRESSED 81
#define PERF_RECORD_COMPRESSED2 83

int perf_record_fetch_slow(struct perf_data *data, uint64_t offset, uint64_t end, uint32_t *hint,
			   struct perf_record *ret, uint64_t *ret_advance, struct err *err);

/* Whether `left` bytes begin with a record of the kernel, all of it. */
static inline bool perf_record_is_whole(const uint8_t *p, uint64_t left, struct perf_record *ret)
{
	uint16_t size;

	if (left < 8)
		return false;
	memcpy(&size, p + 6, sizeof(size));
	*ret = (struct perf_record){ .p = p, .type = perf_u32(p), .size = size };
	return size >= 8 && size <= left && ret->type < PERF_RECORD_USER_FIRST;
}

/* Reads the record at `offset`; `ret_advance`: to the next. `end`: of all records. Most lie
 * whole in the block of the one before. */
static inline int perf_record_fetch(struct perf_data *data, uint64_t offset, uint64_t end,
				    uint32_t *hint, struct perf_record *ret, uint64_t *ret_advance,
				    struct err *err)
{
	struct perf_file_block *block = &data->file->blocks[*hint];
	uint32_t within = offset & (PERF_FILE_BLOCK - 1);

	if (block->number != offset >> PERF_FILE_BLOCK_SHIFT || within > block->len ||
	    !perf_record_is_whole(block->data + within, block->len - within, ret) ||
	    ret->size > end - offset)
		return perf_record_fetch_slow(data, offset, end, hint, ret, ret_advance, err);
	block->used = true;
	*ret_advance = ret->size;
	return 0;
}

#endif
