/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes perf.data files for tests, as perf lays them out: header, ids, attrs, records, table of
 * features, features. */
#ifndef TRIAGE_SOURCE_TEST_PERF_DATA_H
#define TRIAGE_SOURCE_TEST_PERF_DATA_H

#include "base/cleanup.h"
#include "base/str.h"
#include "base/vec.h"
#include "source/perf_data.h"
#include "source/test_sched_formats.h"
#include "source/test_tree.h"

#include <check.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define USUAL_SAMPLE                                                                    \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | \
	 PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_RAW)
#define SWITCH_ID 100 /* of its attr's first CPU */
#define WAKING_ID 200
#define DUMMY_ID 300
#define FINISHED_ROUND 68

#define HEADER_LEN 104
#define ATTR_LEN (sizeof(struct perf_event_attr) + 16)

struct recording {
	struct perf_event_attr attrs[3]; /* switch, waking, dummy */
	size_t attr_count;
	struct str records, tracing;
	/* Where the last file had its parts. */
	size_t attrs_at, records_at, features_at, tracing_at;
};

static inline void put_u32(struct str *s, uint32_t value)
{
	str_append_bytes(s, (const char *)&value, sizeof(value));
}

static inline void put_u64(struct str *s, uint64_t value)
{
	str_append_bytes(s, (const char *)&value, sizeof(value));
}

static inline void put_format(struct str *s, const char *text)
{
	put_u64(s, strlen(text));
	str_append(s, text);
}

static inline void put_tracing(struct str *s)
{
	str_append_bytes(s, "\x17\x08\x44tracing", 10);
	str_append_bytes(s, "0.6", 4);
	str_append_char(s, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	str_append_char(s, sizeof(long));
	put_u32(s, 4096);
	str_append_bytes(s, "header_page", 12);
	put_format(s, "page");
	str_append_bytes(s, "header_event", 13);
	put_format(s, "event");
	put_u32(s, 1);
	put_format(s, "name: function\n");
	put_u32(s, 2);
	str_append_bytes(s, "irq", 4);
	put_u32(s, 1);
	put_format(s, "name: sched_switch\nnot ours\n");
	str_append_bytes(s, "sched", 6);
	put_u32(s, 3);
	put_format(s, FORMAT_SWITCH);
	put_format(s, FORMAT_WAKING);
	put_format(s, FORMAT_WAKEUP_NEW); /* not recorded */
	put_u32(s, 0);			  /* kallsyms */
	put_u32(s, 0);			  /* printk */
	put_u64(s, 0);			  /* command names */
}

static inline void recording_init(struct recording *r)
{
	static const uint64_t configs[] = { 372, 375, PERF_COUNT_SW_DUMMY };

	*r = (struct recording){ .attr_count = 3 };
	for (size_t i = 0; i < 3; i++)
		r->attrs[i] = (struct perf_event_attr){
			.type = i == 2 ? PERF_TYPE_SOFTWARE : PERF_TYPE_TRACEPOINT,
			.size = sizeof(struct perf_event_attr),
			.config = configs[i],
			.sample_type = i == 2 ? USUAL_SAMPLE & ~(uint64_t)PERF_SAMPLE_PERIOD :
						USUAL_SAMPLE,
			.sample_id_all = 1,
		};
	put_tracing(&r->tracing);
}

static inline void recording_free(struct recording *r)
{
	str_free(&r->records);
	str_free(&r->tracing);
}

/* --- records */

static inline void put_record(struct recording *r, uint32_t type, const struct str *body)
{
	uint16_t size[2] = { 0, (uint16_t)(8 + body->len) };

	put_u32(&r->records, type);
	str_append_bytes(&r->records, (const char *)size, 4);
	str_append_bytes(&r->records, body->data, body->len);
}

static inline void put_round(struct recording *r)
{
	struct str none = { 0 };

	put_record(r, FINISHED_ROUND, &none);
}

/* struct sample_id as USUAL_SAMPLE has it. */
static inline void put_trailer(struct str *body, uint64_t time_ns, uint32_t cpu)
{
	put_u64(body, 0);
	put_u64(body, time_ns);
	put_u64(body, cpu);
	put_u64(body, DUMMY_ID);
}

static inline void put_comm(struct recording *r, uint64_t time_ns, uint32_t pid, uint32_t tid,
			    const char *comm)
{
	_cleanup_(str_free) struct str body = { 0 };
	char padded[16] = "";

	snprintf(padded, sizeof(padded), "%s", comm);
	put_u32(&body, pid);
	put_u32(&body, tid);
	str_append_bytes(&body, padded, (strlen(padded) + 8) & ~7ul);
	put_trailer(&body, time_ns, 0);
	put_record(r, PERF_RECORD_COMM, &body);
}

static inline void put_fork(struct recording *r, uint64_t time_ns, uint32_t pid, uint32_t tid)
{
	_cleanup_(str_free) struct str body = { 0 };

	put_u32(&body, pid);
	put_u32(&body, 1);
	put_u32(&body, tid);
	put_u32(&body, 1);
	put_u64(&body, time_ns);
	put_trailer(&body, time_ns, 1);
	put_record(r, PERF_RECORD_FORK, &body);
}

static inline void put_lost(struct recording *r, uint64_t time_ns, uint32_t cpu, uint64_t lost)
{
	_cleanup_(str_free) struct str body = { 0 };

	put_u64(&body, DUMMY_ID);
	put_u64(&body, lost);
	put_trailer(&body, time_ns, cpu);
	put_record(r, PERF_RECORD_LOST, &body);
}

static inline void put_raw(struct str *body, const uint8_t *raw, uint32_t len)
{
	put_u32(body, len + 4);
	str_append_bytes(body, (const char *)raw, len);
	put_u32(body, 0);
}

static inline void make_switch(uint8_t raw[64], int32_t prev, int32_t next)
{
	uint16_t id = 372;

	memset(raw, 0, 64);
	memcpy(raw, &id, 2);
	memcpy(raw + 4, &prev, 4);
	memcpy(raw + 24, &prev, 4);
	memcpy(raw + 56, &next, 4);
}

static inline void put_switch_sample(struct recording *r, uint64_t time_ns, uint32_t cpu,
				     int32_t next)
{
	_cleanup_(str_free) struct str body = { 0 };
	uint8_t raw[64];

	make_switch(raw, 1, next);
	put_u64(&body, SWITCH_ID + cpu);
	put_u64(&body, 0); /* IP */
	put_u64(&body, 1); /* TID */
	put_u64(&body, time_ns);
	put_u64(&body, cpu);
	put_u64(&body, 1); /* PERIOD */
	put_raw(&body, raw, sizeof(raw));
	put_record(r, PERF_RECORD_SAMPLE, &body);
}

/* --- the file */

static inline void put_section(struct str *s, uint64_t offset, uint64_t size)
{
	put_u64(s, offset);
	put_u64(s, size);
}

static inline void put_text(struct str *s, const char *text)
{
	char padded[64] = "";

	strcpy(padded, text);
	put_u32(s, sizeof(padded));
	str_append_bytes(s, padded, sizeof(padded));
}

/* TRACING_DATA, HOSTNAME, OSRELEASE, NRCPUS. */
static inline void put_features(struct recording *r, struct str *file)
{
	size_t at = file->len + 4 * 16;

	r->features_at = file->len;
	r->tracing_at = at;
	put_section(file, at, r->tracing.len);
	put_section(file, at + r->tracing.len, 68);
	put_section(file, at + r->tracing.len + 68, 68);
	put_section(file, at + r->tracing.len + 136, 8);
	str_append_bytes(file, r->tracing.data, r->tracing.len);
	put_text(file, "lab");
	put_text(file, "6.18.0-test");
	put_u32(file, 4);
	put_u32(file, 2);
}

static inline void recording_build(struct recording *r, struct str *file)
{
	static const uint64_t ids[] = { SWITCH_ID, WAKING_ID, DUMMY_ID };

	str_clear(file);
	r->attrs_at = HEADER_LEN + r->attr_count * 16;
	r->records_at = r->attrs_at + r->attr_count * ATTR_LEN;
	str_append(file, "PERFILE2");
	put_u64(file, HEADER_LEN);
	put_u64(file, ATTR_LEN);
	put_section(file, r->attrs_at, r->attr_count * ATTR_LEN);
	put_section(file, r->records_at, r->records.len);
	put_section(file, 0, 0);
	put_u64(file, 1 << 1 | 1 << 3 | 1 << 4 | 1 << 7);
	for (int i = 0; i < 3; i++)
		put_u64(file, 0);
	for (size_t i = 0; i < r->attr_count; i++) { /* two CPUs each */
		put_u64(file, ids[i]);
		put_u64(file, ids[i] + 1);
	}
	for (size_t i = 0; i < r->attr_count; i++) {
		str_append_bytes(file, (const char *)&r->attrs[i], sizeof(r->attrs[i]));
		put_section(file, HEADER_LEN + i * 16, 16);
	}
	str_append_bytes(file, r->records.data, r->records.len);
	put_features(r, file);
	ck_assert_int_eq(str_error(file), 0);
}

static inline void save_bytes(const char *path, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	ck_assert_int_eq(fclose(file), 0);
}

VEC_DECLARE(event_list, struct sched_event);

static inline int keep_event(void *context, const struct sched_event *event)
{
	return vec_push((struct event_list *)context, *event);
}

#endif
