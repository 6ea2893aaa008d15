/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the perf.data reader:
 *
 *   perf_data_file.c     bytes of the file through a bounded cache of blocks (pread: a file that
 *                        shrinks is an error, not a signal)
 *   perf_data_header.c   header, attrs, ids, feature sections
 *   perf_data_pipe.c     the same from records, where perf wrote into a pipe
 *   perf_data_unpack.c   compressed records into plain ones
 *   perf_data_tracing.c  TRACING_DATA: the event formats
 *   perf_data_record.c   where a record holds its time, CPU and payload; into a sched_event
 *   perf_data_merge.c    scanning: records into runs whose times rise
 *   perf_data_runs.c     runs merged in time order, and delivered
 *   perf_data_ids.c      build ids of files
 *   perf_data_stack.c    a record into a stack_sample, mapping_event or task_event
 *   perf_data_stacks.c   those in time order
 *   perf_data.c          the public face
 */
#ifndef TRIAGE_SOURCE_PERF_DATA_INTERNAL_H
#define TRIAGE_SOURCE_PERF_DATA_INTERNAL_H

#include "base/err.h"
#include "base/sched_event.h"
#include "base/vec.h"
#include "source/perf_data.h"
#include "source/sched_format.h"

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* --- bytes of the file */

static inline uint64_t perf_u64(const uint8_t *p)
{
	uint64_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

static inline uint32_t perf_u32(const uint8_t *p)
{
	uint32_t value;

	memcpy(&value, p, sizeof(value));
	return value;
}

#define PERF_FILE_BLOCK_SHIFT 15
#define PERF_FILE_BLOCK (1u << PERF_FILE_BLOCK_SHIFT)
#define PERF_FILE_BLOCKS \
	1024u /* 32 MiB at most; one block per ring of a large host is what merging needs */
#define PERF_FILE_BUCKETS 2048u
#define PERF_RECORD_MAX 65536u /* its size is 16 bits */

struct perf_file_block {
	uint64_t number; /* of the block in the file; UINT64_MAX: empty */
	uint8_t *data;
	uint32_t len;
	uint16_t next; /* in its bucket, index + 1 */
	bool used;     /* since the clock's hand passed */
};

struct perf_file {
	int fd;
	uint64_t size;
	uint32_t count, hand;
	uint16_t free; /* index + 1 of a released block; they are chained by `next` */
	int error;     /* of the last read that failed */
	uint16_t buckets[PERF_FILE_BUCKETS];
	struct perf_file_block blocks[PERF_FILE_BLOCKS];
	uint8_t joined[PERF_RECORD_MAX]; /* a record across blocks */
};

/* Opens a regular file. */
int perf_file_open(const char *path, struct perf_file **ret, struct err *err);

/* The same of a file that is open already, which becomes its own. -ENOMEM. */
int perf_file_of_fd(int fd, uint64_t size, struct perf_file **ret);
void perf_file_free(struct perf_file *file);

/* `len` bytes at `offset` into the caller's buffer: -EBADMSG when the file ends before. */
int perf_file_read(const struct perf_file *file, uint64_t offset, void *buffer, size_t len);

/* Nothing before that offset will be asked for soon: its blocks are reused first, so that a
 * small part of the cache stays hot. */
void perf_file_release(struct perf_file *file, uint64_t before);

/* `len` (<= PERF_RECORD_MAX) bytes at `offset`, valid until the next call; NULL when they can't
 * be read (`error`). `hint` remembers the block of the caller's last call. */
const uint8_t *perf_file_at_slow(struct perf_file *file, uint64_t offset, uint32_t len,
				 uint32_t *hint);

static inline const uint8_t *perf_file_at(struct perf_file *file, uint64_t offset, uint32_t len,
					  uint32_t *hint)
{
	struct perf_file_block *block = &file->blocks[*hint];
	uint32_t within = offset & (PERF_FILE_BLOCK - 1);

	if (block->number == offset >> PERF_FILE_BLOCK_SHIFT && within + len <= block->len) {
		block->used = true;
		return block->data + within;
	}
	return perf_file_at_slow(file, offset, len, hint);
}

/* --- what the header tells */

struct perf_section {
	uint64_t offset, size;
};

/* Where samples and other records of one attr hold what we read. Offsets are from the record's
 * start; 0: not there. */
struct perf_layout {
	uint64_t sample_type, read_format, config;
	bool tracepoint;
	bool dummy;	    /* makes no samples: it brings COMM and MMAP records */
	bool direct_raw;    /* nothing of variable length before RAW */
	uint16_t time, cpu; /* of a sample */
	uint16_t fixed_end; /* end of the fixed part of a sample: READ, CALLCHAIN and RAW follow */
	uint16_t trailer;   /* size of the sample_id at the end of other records; 0: none */
	uint16_t trailer_time, trailer_cpu; /* from the record's end; 0: not there */
	/* Of samples of what CPUs do. */
	enum perf_data_clock clock;
	unsigned hz;
	uint64_t period; /* of a sample that does not tell it */
	uint64_t user_regs, branch_type;
	bool kernel_left_out, user_left_out;
	uint32_t ids; /* how many it has: one for each ring */
};

struct perf_named_id {
	char *path;
	struct perf_build_id id;
};

#define PERF_NO_ID UINT16_MAX
#define PERF_CPU_MAX 65536u

struct perf_ids {
	uint64_t *keys;
	uint32_t *attrs; /* index + 1; 0: free */
	uint32_t mask;
};

struct perf_data {
	char *path;
	struct perf_file *file;
	struct perf_section attrs, records;
	uint64_t features[4];
	uint32_t attr_size;
	VEC(struct perf_layout) layouts;
	struct perf_ids ids;
	/* Offset of the id in every sample; PERF_NO_ID: `sample` is the layout of all. */
	uint16_t id;
	uint16_t own_id; /* the same whether they are alike or not; PERF_NO_ID: not told */
	/* The same from the end of other records; PERF_NO_ID: the first layout fits all; 0:
	 * can't be told. */
	uint16_t trailer_id;
	uint32_t sample;
	uint16_t raw; /* offset of the length of the raw data in all samples; 0: not the same */
	uint16_t common_time; /* offset of the time where all samples agree; 0: they don't */
	struct sched_format *format;
	VEC(struct perf_named_id) build_ids; /* ascending by path */
	struct perf_data_info info;
	struct perf_data_counts counts;
	bool compressed; /* it has records that must be decompressed first */
	bool packed;	 /* being looked through as it is: compressed records are passed */
	struct err tail; /* why decompressing ended before the records did; "": it did not */
};

#define PERF_ATTRS_MAX 4096u
#define PERF_IDS_MAX (1u << 19)

int perf_data_read_header(struct perf_data *data, struct err *err);

/* An attr of `len` bytes that has so many ids. -ENOMEM. */
int perf_data_add_layout(struct perf_data *data, const uint8_t *attr, size_t len, uint32_t ids);

/* What a feature's section holds, as far as it is of use. */
int perf_data_read_feature(struct perf_data *data, unsigned int bit, struct perf_section section,
			   struct err *err);

/* Attrs, ids, build ids and features from the records of a pipe, and where the event formats
 * stand; size 0: there are none. */
int perf_pipe_read_header(struct perf_data *data, struct perf_section *ret_tracing,
			  struct err *err);

/* Before events are read, any number of times: makes compressed records plain. What could not be
 * decompressed is told when all before it was delivered: */
int perf_data_unpack(struct perf_data *data, struct err *err);

/* `damage`, or (which is where that comes from) what decompressing left out. */
int perf_data_end(const struct perf_data *data, int damage, struct err *err);

/* Reads TRACING_DATA at the section into data->format. */
int perf_data_read_tracing(struct perf_data *data, struct perf_section section, struct err *err);

/* Reads the section of build ids; one that is damaged counts as far as it can be read. -ENOMEM. */
int perf_data_read_build_ids(struct perf_data *data, struct perf_section section);

/* One record of the kind; those that make no sense are passed over. Sort them when all are
 * there. -ENOMEM. */
int perf_data_add_build_id(struct perf_data *data, const uint8_t *record, uint16_t size);
void perf_data_sort_build_ids(struct perf_data *data);
void perf_data_free_build_ids(struct perf_data *data);

/* The error of a place in the file: `"x.data": FORMAT (offset 0x1234)`. */
int perf_data_damaged(const struct perf_data *data, struct err *err, uint64_t offset,
		      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* --- layouts and ids */

void perf_layout_make(const struct perf_event_attr *attr, struct perf_layout *ret);

int perf_ids_reserve(struct perf_ids *ids, size_t count);
int perf_ids_add(struct perf_ids *ids, uint64_t id, uint32_t attr);
void perf_ids_free(struct perf_ids *ids);

/* The attr's index; -1 when unknown. */
int64_t perf_ids_find(const struct perf_ids *ids, uint64_t id);

/* --- records */

struct perf_record {
	const uint8_t *p;
	uint32_t type;
	uint32_t size;
};

/* The layout of the event that the record belongs to; NULL: can't be told. `body`: what another
 * record than a sample needs before its sample_id. */
const struct perf_layout *perf_record_layout(const struct perf_data *data,
					     const struct perf_record *record, uint32_t body);

/* Moves `at` over the values of PERF_SAMPLE_READ; false when the record ends before. */
bool perf_record_skip_read(const struct perf_record *record, uint64_t format, uint32_t *at);

/* The time of a record that can become an event; 0 when it has none (perf's own records at the
 * start and end); PERF_TIME_PASS_OVER when it is nothing for us. */
#define PERF_TIME_PASS_OVER UINT64_MAX
uint64_t perf_record_time(const struct perf_data *data, const struct perf_record *record);

/* Where all samples are alike, those of other events are told apart before they are decoded or put in order. */
bool perf_record_is_passed_over_slow(const struct perf_data *data,
				     const struct perf_record *record);

static inline bool perf_record_is_passed_over(const struct perf_data *data,
					      const struct perf_record *record)
{
	uint32_t at = data->raw, len;

	if (!at)
		return perf_record_is_passed_over_slow(data, record);
	if (record->size < at + 4)
		return false;
	len = perf_u32(record->p + at);
	return len <= record->size - at - 4 &&
	       sched_format_leaves_out(data->format, record->p + at + 4, len);
}

/* 1: an event (its time is set when the record has one); 0: nothing for us; -EBADMSG:
 * undecodable. */
int perf_record_decode(const struct perf_data *data, const struct perf_record *record,
		       struct sched_event *ret);

/* --- what CPUs did */

enum perf_stack_type {
	PERF_STACK_SAMPLE,
	PERF_STACK_MAPPING,
	PERF_STACK_TASK,
	PERF_STACK_LOST,       /* a record of lost ones */
	PERF_STACK_LOST_TOTAL, /* perf's sum at the end: the same losses once more */
	PERF_STACK_THROTTLE,
};

struct perf_stack_record {
	enum perf_stack_type type;
	struct stack_sample sample;
	struct mapping_event mapping;
	struct perf_build_id id; /* of the mapping, when the record tells it */
	struct task_event task;
	uint64_t lost;
	uint64_t regs[64]; /* of the sample, in our order */
};

/* Whether the record is one of these, of the clock that is chosen; `ret_time_ns` 0: it has no
 * time. */
bool perf_stack_is_wanted(const struct perf_data *data, enum perf_data_clock clock,
			  const struct perf_record *record, uint64_t *ret_time_ns);

/* Of a wanted record at an address that is a multiple of 8: its pointers lead into the record and
 * into `ret`. 1; 0: nothing for us; -EBADMSG. */
int perf_stack_decode(const struct perf_data *data, const struct perf_record *record,
		      struct perf_stack_record *ret);

/* --- order */

int perf_data_merge(struct perf_data *data,
		    int (*each)(void *context, const struct sched_event *event), void *context,
		    struct err *err);

#endif
