/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/perf_data_internal.h"

#include <errno.h>
#include <stdlib.h>

#define HEADER sizeof(struct perf_event_header)

/* --- layouts: the order of fields is that of PERF_RECORD_SAMPLE in <linux/perf_event.h> */

static uint16_t place(uint64_t type, uint64_t bit, uint16_t *at)
{
	uint16_t here = *at;

	if (!(type & bit))
		return 0;
	*at += 8;
	return here;
}

/* sample_id at the end of other records: TID TIME ID STREAM_ID CPU IDENTIFIER, those that the
 * samples have. */
static void place_trailer(struct perf_layout *layout, uint64_t type)
{
	uint16_t from_end = 0;

	if (type & PERF_SAMPLE_IDENTIFIER)
		from_end += 8;
	if (type & PERF_SAMPLE_CPU)
		layout->trailer_cpu = from_end += 8;
	if (type & PERF_SAMPLE_STREAM_ID)
		from_end += 8;
	if (type & PERF_SAMPLE_ID)
		from_end += 8;
	if (type & PERF_SAMPLE_TIME)
		layout->trailer_time = from_end += 8;
	if (type & PERF_SAMPLE_TID)
		from_end += 8;
	layout->trailer = from_end;
}

/* The cores of a hybrid machine have their PMU's number in the upper half. Kinds of PMUs that
 * aren't in the kernel's list count what their maker thought of. */
static enum perf_data_clock clock_of(const struct perf_event_attr *attr)
{
	bool samples = attr->sample_type & PERF_SAMPLE_IP && attr->sample_type & PERF_SAMPLE_TID;
	uint64_t event = attr->config & UINT32_MAX;

	if (!samples)
		return PERF_DATA_NO_CLOCK;
	if (attr->type == PERF_TYPE_SOFTWARE)
		return event == PERF_COUNT_SW_CPU_CLOCK	 ? PERF_DATA_CPU_CLOCK :
		       event == PERF_COUNT_SW_TASK_CLOCK ? PERF_DATA_TASK_CLOCK :
							   PERF_DATA_NO_CLOCK;
	if (attr->type == PERF_TYPE_TRACEPOINT || attr->type == PERF_TYPE_BREAKPOINT)
		return PERF_DATA_NO_CLOCK;
	if (attr->type == PERF_TYPE_HARDWARE &&
	    (event == PERF_COUNT_HW_CPU_CYCLES || event == PERF_COUNT_HW_REF_CPU_CYCLES))
		return PERF_DATA_CYCLES;
	return PERF_DATA_OTHER;
}

void perf_layout_make(const struct perf_event_attr *attr, struct perf_layout *ret)
{
	uint64_t type = attr->sample_type;
	uint16_t at = HEADER;

	*ret = (struct perf_layout){
		.sample_type = type,
		.read_format = attr->read_format,
		.config = attr->config,
		.tracepoint = attr->type == PERF_TYPE_TRACEPOINT && type & PERF_SAMPLE_RAW,
		.dummy = attr->type == PERF_TYPE_SOFTWARE && attr->config == PERF_COUNT_SW_DUMMY,
		.direct_raw = !(type & (PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN)),
	};
	place(type, PERF_SAMPLE_IDENTIFIER, &at);
	place(type, PERF_SAMPLE_IP, &at);
	place(type, PERF_SAMPLE_TID, &at);
	ret->time = place(type, PERF_SAMPLE_TIME, &at);
	place(type, PERF_SAMPLE_ADDR, &at);
	place(type, PERF_SAMPLE_ID, &at);
	place(type, PERF_SAMPLE_STREAM_ID, &at);
	ret->cpu = place(type, PERF_SAMPLE_CPU, &at);
	place(type, PERF_SAMPLE_PERIOD, &at);
	ret->fixed_end = at;
	if (attr->sample_id_all)
		place_trailer(ret, type);
	ret->clock = clock_of(attr);
	ret->hz = attr->freq && attr->sample_freq <= UINT32_MAX ? (unsigned)attr->sample_freq : 0;
	ret->period = attr->freq || !attr->sample_period ? 1 : attr->sample_period;
	ret->user_regs = attr->sample_regs_user;
	ret->branch_type = attr->branch_sample_type;
	ret->kernel_left_out = attr->exclude_kernel;
	ret->user_left_out = attr->exclude_user;
}

/* --- ids: open addressing */

#define PROBES_MAX 256u

static uint32_t ids_slot(const struct perf_ids *ids, uint64_t id)
{
	return (uint32_t)(id * 0x9e3779b97f4a7c15ULL >> 32) & ids->mask;
}

int perf_ids_reserve(struct perf_ids *ids, size_t count)
{
	size_t size = 16;

	while (size < count * 4)
		size *= 2;
	ids->keys = calloc(size, sizeof(*ids->keys));
	ids->attrs = calloc(size, sizeof(*ids->attrs));
	ids->mask = (uint32_t)size - 1;
	return ids->keys && ids->attrs ? 0 : -ENOMEM;
}

/* The kernel counts ids up, so that they spread; ids made to collide are refused. */
int perf_ids_add(struct perf_ids *ids, uint64_t id, uint32_t attr)
{
	uint32_t slot = ids_slot(ids, id);

	for (uint32_t i = 0; i < PROBES_MAX; i++, slot = (slot + 1) & ids->mask) {
		if (ids->attrs[slot] && ids->keys[slot] != id)
			continue;
		ids->keys[slot] = id;
		ids->attrs[slot] = attr + 1;
		return 0;
	}
	return -EBADMSG;
}

int64_t perf_ids_find(const struct perf_ids *ids, uint64_t id)
{
	uint32_t slot = ids_slot(ids, id);

	for (uint32_t i = 0; i < PROBES_MAX && ids->attrs[slot]; i++) {
		if (ids->keys[slot] == id)
			return (int64_t)ids->attrs[slot] - 1;
		slot = (slot + 1) & ids->mask;
	}
	return -1;
}

void perf_ids_free(struct perf_ids *ids)
{
	free(ids->keys);
	free(ids->attrs);
}

/* --- records */

static inline const struct perf_layout *layout_of_id(const struct perf_data *data, uint64_t id)
{
	int64_t attr = perf_ids_find(&data->ids, id);

	return attr < 0 ? NULL : &data->layouts.data[attr];
}

static inline const struct perf_layout *layout_of_sample(const struct perf_data *data,
							 const struct perf_record *record)
{
	if (data->id == PERF_NO_ID)
		return &data->layouts.data[data->sample];
	if (record->size < data->id + 8u)
		return NULL;
	return layout_of_id(data, perf_u64(record->p + data->id));
}

/* NULL when the record ends without a sample_id. `body` is what the record needs before it. */
static const struct perf_layout *layout_of_other(const struct perf_data *data,
						 const struct perf_record *record, uint32_t body)
{
	const struct perf_layout *layout = &data->layouts.data[0];

	if (data->trailer_id == 0)
		return NULL;
	if (data->trailer_id != PERF_NO_ID) {
		if (record->size < body + data->trailer_id)
			return NULL;
		layout = layout_of_id(data, perf_u64(record->p + record->size - data->trailer_id));
	}
	return layout && layout->trailer && record->size >= body + layout->trailer ? layout : NULL;
}

const struct perf_layout *perf_record_layout(const struct perf_data *data,
					     const struct perf_record *record, uint32_t body)
{
	if (record->type != PERF_RECORD_SAMPLE)
		return layout_of_other(data, record, body);
	if (data->own_id == PERF_NO_ID)
		return layout_of_sample(data, record);
	if (record->size < data->own_id + 8u)
		return NULL;
	return layout_of_id(data, perf_u64(record->p + data->own_id));
}

static uint32_t body_of(uint32_t type)
{
	switch (type) {
	case PERF_RECORD_COMM:
		return HEADER + 8;
	case PERF_RECORD_FORK:
	case PERF_RECORD_LOST:
		return HEADER + (type == PERF_RECORD_FORK ? 24 : 16);
	case PERF_RECORD_LOST_SAMPLES:
		return HEADER + 8;
	}
	return 0;
}

/* Moves `at` over `count` items of `size` bytes; false when the record ends before. */
static bool skip_items(const struct perf_record *record, uint32_t *at, uint64_t count,
		       uint32_t size)
{
	if (count > (record->size - *at) / size)
		return false;
	*at += (uint32_t)count * size;
	return true;
}

static bool take_count(const struct perf_record *record, uint32_t *at, uint64_t *ret)
{
	if (record->size - *at < 8)
		return false;
	*ret = perf_u64(record->p + *at);
	*at += 8;
	return true;
}

static bool skip_callchain(const struct perf_record *record, uint32_t *at)
{
	uint64_t count;

	return take_count(record, at, &count) && skip_items(record, at, count, 8);
}

/* struct read_format of <linux/perf_event.h>. */
bool perf_record_skip_read(const struct perf_record *record, uint64_t format, uint32_t *at)
{
	uint32_t times = (format & PERF_FORMAT_TOTAL_TIME_ENABLED ? 1 : 0) +
			 (format & PERF_FORMAT_TOTAL_TIME_RUNNING ? 1 : 0);
	uint32_t value =
		8 + (format & PERF_FORMAT_ID ? 8 : 0) + (format & PERF_FORMAT_LOST ? 8 : 0);
	uint64_t count = 1;

	if (format & PERF_FORMAT_GROUP && !take_count(record, at, &count))
		return false;
	return skip_items(record, at, times, 8) && skip_items(record, at, count, value);
}

/* Moves `at` over what stands between the fields of fixed size and the raw data. */
static bool skip_to_raw(const struct perf_layout *layout, const struct perf_record *record,
			uint32_t *at)
{
	if (layout->sample_type & PERF_SAMPLE_READ &&
	    !perf_record_skip_read(record, layout->read_format, at))
		return false;
	return !(layout->sample_type & PERF_SAMPLE_CALLCHAIN) || skip_callchain(record, at);
}

static inline bool find_raw(const struct perf_layout *layout, const struct perf_record *record,
			    const uint8_t **ret_raw, uint32_t *ret_len)
{
	uint32_t at = layout->fixed_end, len;

	if (record->size < at)
		return false;
	if (!layout->direct_raw && !skip_to_raw(layout, record, &at))
		return false;
	if (record->size - at < 4)
		return false;
	len = perf_u32(record->p + at);
	if (len > record->size - at - 4)
		return false;
	*ret_raw = record->p + at + 4;
	*ret_len = len;
	return true;
}

bool perf_record_is_passed_over_slow(const struct perf_data *data, const struct perf_record *record)
{
	const struct perf_layout *layout = &data->layouts.data[data->sample];
	const uint8_t *raw;
	uint32_t len;

	if (data->id != PERF_NO_ID)
		return false;
	if (!layout->tracepoint)
		return true;
	return find_raw(layout, record, &raw, &len) &&
	       sched_format_leaves_out(data->format, raw, len);
}

static uint64_t time_of_sample(const struct perf_data *data, const struct perf_record *record)
{
	const struct perf_layout *layout;

	if (perf_record_is_passed_over(data, record))
		return PERF_TIME_PASS_OVER;
	if (data->common_time)
		return record->size >= data->common_time + 8u ?
			       perf_u64(record->p + data->common_time) :
			       0;
	layout = layout_of_sample(data, record);
	return layout && layout->time && record->size >= layout->time + 8u ?
		       perf_u64(record->p + layout->time) :
		       0;
}

static uint64_t time_of_other(const struct perf_data *data, const struct perf_record *record)
{
	uint32_t body = body_of(record->type);
	const struct perf_layout *layout;
	uint64_t time_ns;

	if (!body)
		return PERF_TIME_PASS_OVER;
	layout = layout_of_other(data, record, body);
	if (!layout || !layout->trailer_time)
		return 0;
	time_ns = perf_u64(record->p + record->size - layout->trailer_time);
	return time_ns == UINT64_MAX ? 0 : time_ns;
}

uint64_t perf_record_time(const struct perf_data *data, const struct perf_record *record)
{
	return record->type == PERF_RECORD_SAMPLE ? time_of_sample(data, record) :
						    time_of_other(data, record);
}

static inline int decode_sample(const struct perf_data *data, const struct perf_record *record,
				struct sched_event *ret)
{
	const struct perf_layout *layout = layout_of_sample(data, record);
	const uint8_t *raw;
	uint32_t len, cpu;

	if (!layout)
		return -EBADMSG;
	if (!layout->tracepoint)
		return 0;
	if (!layout->time || !layout->cpu || !find_raw(layout, record, &raw, &len))
		return -EBADMSG;
	cpu = perf_u32(record->p + layout->cpu);
	if (cpu >= PERF_CPU_MAX)
		return -EBADMSG;
	ret->time_ns = perf_u64(record->p + layout->time);
	ret->cpu = cpu;
	return sched_format_decode(data->format, raw, len, ret);
}

static void decode_comm(const struct perf_record *record, uint32_t trailer,
			struct sched_event *event)
{
	uint32_t room = record->size - trailer - (HEADER + 8);
	const char *comm = (const char *)record->p + HEADER + 8;
	size_t len = strnlen(comm, room < SCHED_COMM_LEN - 1 ? room : SCHED_COMM_LEN - 1);

	event->other_tid = (pid_t)perf_u32(record->p + HEADER);
	event->tid = (pid_t)perf_u32(record->p + HEADER + 4);
	memcpy(event->comm, comm, len);
}

static int decode_other(const struct perf_data *data, const struct perf_record *record,
			struct sched_event *ret)
{
	uint32_t body = body_of(record->type);
	struct sched_event event = { .type = SCHED_NAME, .target_cpu = -1 };
	const struct perf_layout *layout;

	if (!body)
		return 0;
	if (record->size < body)
		return -EBADMSG;
	layout = layout_of_other(data, record, body);
	if (layout && layout->trailer_time)
		event.time_ns = perf_u64(record->p + record->size - layout->trailer_time);
	if (layout && layout->trailer_cpu)
		event.cpu = perf_u32(record->p + record->size - layout->trailer_cpu);
	if (event.cpu >= PERF_CPU_MAX)
		event.cpu = 0; /* perf's own records have none */

	switch (record->type) {
	case PERF_RECORD_COMM:
		decode_comm(record, layout ? layout->trailer : 0, &event);
		break;
	case PERF_RECORD_FORK:
		event.other_tid = (pid_t)perf_u32(record->p + HEADER);
		event.tid = (pid_t)perf_u32(record->p + HEADER + 8);
		break;
	default:
		event.type = SCHED_LOST;
		event.value = perf_u64(record->p + body - 8);
		break;
	}
	*ret = event;
	return 1;
}

int perf_record_decode(const struct perf_data *data, const struct perf_record *record,
		       struct sched_event *ret)
{
	if (record->type == PERF_RECORD_SAMPLE)
		return decode_sample(data, record, ret);
	return decode_other(data, record, ret);
}
