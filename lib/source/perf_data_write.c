/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/perf_data_write.h"

#include "base/cleanup.h"
#include "source/perf_data_tracefs.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define SAMPLE_TYPE                                                                      \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | \
	 PERF_SAMPLE_RAW)
#define RECORD_MAX 65528 /* header.size has 16 bits */
#define PIDS_LEN 65536	 /* a power of two */

/* tools/perf/util/header.h */
enum {
	FEATURE_TRACING_DATA = 1,
	FEATURE_HOSTNAME = 3,
	FEATURE_OSRELEASE = 4,
	FEATURE_ARCH = 6,
	FEATURE_NRCPUS = 7,
	FEATURE_EVENT_DESC = 12,
	FEATURES = 256
};

struct perf_data_writer {
	struct tracefs_formats formats;
	char *bytes;
	size_t len, cap;
	struct perf_data_writer_counts counts;
	struct {
		pid_t tid, pid;
	} pids[PIDS_LEN]; /* open addressing; full: further threads are their own processes */
	size_t pids_len;
};

int perf_data_writer_new(const char *tracefs, size_t bytes_max, struct perf_data_writer **ret,
			 struct err *err)
{
	_cleanup_(perf_data_writer_freep) struct perf_data_writer *writer =
		calloc(1, sizeof(*writer));
	int r;

	if (!writer)
		return -ENOMEM;
	writer->cap = bytes_max;
	writer->bytes = malloc(bytes_max);
	if (!writer->bytes)
		return -ENOMEM;
	r = tracefs_formats_read(tracefs, &writer->formats, err);
	if (r == 0)
		*ret = TAKE_PTR(writer);
	return r;
}

void perf_data_writer_free(struct perf_data_writer *writer)
{
	if (!writer)
		return;
	tracefs_formats_free(&writer->formats);
	free(writer->bytes);
	free(writer);
}

void perf_data_writer_freep(struct perf_data_writer **writer)
{
	perf_data_writer_free(*writer);
}

struct perf_data_writer_counts perf_data_writer_counts(const struct perf_data_writer *writer)
{
	return writer->counts;
}

/* ---- processes of threads ---------------------------------------------------------------------- */

static size_t pid_slot(const struct perf_data_writer *writer, pid_t tid)
{
	size_t slot = (uint32_t)tid * 2654435761U % PIDS_LEN;

	while (writer->pids[slot].tid && writer->pids[slot].tid != tid)
		slot = (slot + 1) % PIDS_LEN;
	return slot;
}

void perf_data_writer_process(struct perf_data_writer *writer, pid_t pid, pid_t tid)
{
	size_t slot;

	if (tid <= 0 || pid <= 0)
		return;
	slot = pid_slot(writer, tid);
	if (!writer->pids[slot].tid) {
		if (writer->pids_len >= PIDS_LEN / 2)
			return;
		writer->pids_len++;
	}
	writer->pids[slot].tid = tid;
	writer->pids[slot].pid = pid;
}

static pid_t pid_of(const struct perf_data_writer *writer, pid_t tid)
{
	size_t slot = tid > 0 ? pid_slot(writer, tid) : 0;

	return tid > 0 && writer->pids[slot].tid ? writer->pids[slot].pid : tid;
}

/* ---- records ------------------------------------------------------------------------------------ */

/* A record is complete or not there; `failed` is sticky while it is made. */
struct making {
	struct perf_data_writer *writer;
	size_t start;
	bool failed;
};

static void put(struct making *making, const void *bytes, size_t len)
{
	struct perf_data_writer *writer = making->writer;

	if (making->failed || len > writer->cap - writer->len) {
		making->failed = true;
		return;
	}
	if (len > 0)
		memcpy(writer->bytes + writer->len, bytes, len);
	writer->len += len;
}

static void put_u32(struct making *making, uint32_t value)
{
	put(making, &value, sizeof(value));
}

static void put_u64(struct making *making, uint64_t value)
{
	put(making, &value, sizeof(value));
}

static struct making begin(struct perf_data_writer *writer, const struct perf_event_header *like)
{
	struct making making = { .writer = writer, .start = writer->len };

	put(&making, like, sizeof(*like));
	return making;
}

static bool end(struct making *making)
{
	struct perf_data_writer *writer = making->writer;
	size_t size = writer->len - making->start;
	struct perf_event_header header;

	if (making->failed || size > RECORD_MAX) {
		writer->len = making->start;
		writer->counts.left_out++;
		return false;
	}
	memcpy(&header, writer->bytes + making->start, sizeof(header));
	header.size = (uint16_t)size;
	memcpy(writer->bytes + making->start, &header, sizeof(header));
	return true;
}

/* What ends every record that is no sample (sample_id_all), of any of the events. */
static void put_sample_id(struct making *making, pid_t pid, pid_t tid, uint64_t time_ns,
			  uint32_t cpu)
{
	put_u32(making, (uint32_t)pid);
	put_u32(making, (uint32_t)tid);
	put_u64(making, time_ns);
	put_u32(making, cpu);
	put_u32(making, 0);
	put_u64(making, 1);
}

void perf_data_writer_name(struct perf_data_writer *writer, pid_t pid, pid_t tid, const char *comm)
{
	const struct perf_event_header header = { .type = PERF_RECORD_COMM };
	char name[16] = { 0 };
	struct making making;

	if (!comm[0])
		return;
	memcpy(name, comm, strnlen(comm, sizeof(name) - 1));
	making = begin(writer, &header);
	put_u32(&making, (uint32_t)pid);
	put_u32(&making, (uint32_t)tid);
	put(&making, name, sizeof(name));
	put_sample_id(&making, pid, tid, 0, 0);
	end(&making);
}

/* [u64 time, u32 size, raw] */
static void take_sample(struct perf_data_writer *writer, uint32_t cpu,
			const struct perf_event_header *header, const char *body, size_t len)
{
	uint64_t time_ns;
	uint32_t size;
	int32_t tid;
	struct making making;
	int event;

	if (len < 20)
		return;
	memcpy(&time_ns, body, 8);
	memcpy(&size, body + 8, 4);
	if (size > len - 12 || size < 8)
		return;
	memcpy(&tid, body + 16, 4); /* common_type, flags, preempt_count: two, one and one bytes */
	event = tracefs_formats_find(&writer->formats, body + 12, size);
	if (event < 0)
		return;
	making = begin(writer, header);
	put_u64(&making, (uint64_t)event + 1);
	put_u32(&making, (uint32_t)pid_of(writer, tid));
	put_u32(&making, (uint32_t)tid);
	put_u64(&making, time_ns);
	put_u32(&making, cpu);
	put_u32(&making, 0);
	put(&making, body + 8, (size_t)size + 4);
	if (end(&making))
		writer->counts.samples++;
}

/* What they tell, then [u64 time]. */
static void take_other(struct perf_data_writer *writer, uint32_t cpu,
		       const struct perf_event_header *header, const char *body, size_t len)
{
	uint32_t pid = 0, tid = 0;
	uint64_t time_ns;
	struct making making;

	if (len < 16)
		return;
	memcpy(&time_ns, body + len - 8, 8);
	if (header->type != PERF_RECORD_LOST) {
		memcpy(&pid, body, 4);
		/* fork and exit: pid, ppid, tid, ptid */
		memcpy(&tid, body + (header->type == PERF_RECORD_COMM ? 4 : 8), 4);
		perf_data_writer_process(writer, (pid_t)pid, (pid_t)tid);
	}
	making = begin(writer, header);
	put(&making, body, len - 8);
	put_sample_id(&making, (pid_t)pid, (pid_t)tid, time_ns, cpu);
	end(&making);
}

void perf_data_writer_take(struct perf_data_writer *writer, uint32_t cpu, const void *record,
			   size_t len)
{
	const char *body = (const char *)record + sizeof(struct perf_event_header);
	struct perf_event_header header;

	if (len < sizeof(header))
		return;
	if (writer->len > writer->cap / 8 * 7) {
		writer->counts.left_out++;
		return;
	}
	memcpy(&header, record, sizeof(header));
	len -= sizeof(header);
	switch (header.type) {
	case PERF_RECORD_SAMPLE:
		take_sample(writer, cpu, &header, body, len);
		break;
	case PERF_RECORD_COMM:
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
	case PERF_RECORD_LOST:
		take_other(writer, cpu, &header, body, len);
		break;
	default:
		break;
	}
}

/* ---- the file ----------------------------------------------------------------------------------- */

static void append_u32(struct str *out, uint32_t value)
{
	str_append_bytes(out, (const char *)&value, sizeof(value));
}

static void append_u64(struct str *out, uint64_t value)
{
	str_append_bytes(out, (const char *)&value, sizeof(value));
}

static void append_string(struct str *out, const char *text)
{
	size_t len = strlen(text) + 1, padded = (len + 63) / 64 * 64;

	append_u32(out, (uint32_t)padded);
	str_append_bytes(out, text, len);
	for (size_t i = len; i < padded; i++)
		str_append_char(out, '\0');
}

static struct perf_event_attr attr_of(const struct tracefs_format *format)
{
	return (struct perf_event_attr){
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(struct perf_event_attr),
		.config = (uint64_t)format->id,
		.sample_period = 1,
		.sample_type = SAMPLE_TYPE,
		.sample_id_all = 1,
		.comm = 1,
		.task = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
}

/* u32 events, u32 size of an attr, then attr, u32 ids, name, ids */
static void append_event_desc(const struct perf_data_writer *writer, struct str *out)
{
	append_u32(out, (uint32_t)writer->formats.count);
	append_u32(out, sizeof(struct perf_event_attr));
	for (size_t i = 0; i < writer->formats.count; i++) {
		const struct tracefs_format *format = &writer->formats.list[i];
		struct perf_event_attr attr = attr_of(format);
		char name[64];

		str_append_bytes(out, (const char *)&attr, sizeof(attr));
		append_u32(out, 1);
		snprintf(name, sizeof(name), "sched:%s", format->name);
		append_string(out, name);
		append_u64(out, i + 1);
	}
}

static void append_nrcpus(struct str *out)
{
	append_u32(out, (uint32_t)sysconf(_SC_NPROCESSORS_CONF));
	append_u32(out, (uint32_t)sysconf(_SC_NPROCESSORS_ONLN));
}

struct features {
	uint64_t bits[FEATURES / 64];
	struct {
		size_t at, size;
	} section[8];
	size_t count;
	struct str text;
};

/* They are added in the order of their numbers, as readers expect. */
static void feature_ends(struct features *features, unsigned number, size_t since)
{
	features->bits[number / 64] |= UINT64_C(1) << number % 64;
	features->section[features->count].at = since;
	features->section[features->count++].size = features->text.len - since;
}

static void make_features(const struct perf_data_writer *writer, const char *host,
			  struct features *features)
{
	struct str *text = &features->text;
	struct utsname system;
	size_t since = text->len;

	tracefs_formats_append(&writer->formats, text);
	feature_ends(features, FEATURE_TRACING_DATA, since);
	since = text->len;
	if (host) {
		append_string(text, host);
		feature_ends(features, FEATURE_HOSTNAME, since);
	}
	if (uname(&system) == 0) {
		since = text->len;
		append_string(text, system.release);
		feature_ends(features, FEATURE_OSRELEASE, since);
		since = text->len;
		append_string(text, system.machine);
		feature_ends(features, FEATURE_ARCH, since);
	}
	since = text->len;
	append_nrcpus(text);
	feature_ends(features, FEATURE_NRCPUS, since);
	since = text->len;
	append_event_desc(writer, text);
	feature_ends(features, FEATURE_EVENT_DESC, since);
}

static void append_section(struct str *out, size_t offset, size_t size)
{
	append_u64(out, offset);
	append_u64(out, size);
}

#define HEADER_BYTES 104
#define ATTR_BYTES (sizeof(struct perf_event_attr) + 16)

static void append_header(const struct perf_data_writer *writer, const struct features *features,
			  size_t data_at, struct str *out)
{
	size_t events = writer->formats.count;

	str_append(out, "PERFILE2");
	append_u64(out, HEADER_BYTES);
	append_u64(out, ATTR_BYTES);
	append_section(out, HEADER_BYTES + 8 * events, ATTR_BYTES * events);
	append_section(out, data_at, writer->len);
	append_section(out, 0, 0);
	for (size_t i = 0; i < ARRAY_SIZE(features->bits); i++)
		append_u64(out, features->bits[i]);
}

/* The ids, and the attrs that point at them. */
static void append_attrs(const struct perf_data_writer *writer, struct str *out)
{
	for (size_t i = 0; i < writer->formats.count; i++)
		append_u64(out, i + 1);
	for (size_t i = 0; i < writer->formats.count; i++) {
		struct perf_event_attr attr = attr_of(&writer->formats.list[i]);

		str_append_bytes(out, (const char *)&attr, sizeof(attr));
		append_section(out, HEADER_BYTES + 8 * i, 8);
	}
}

int perf_data_writer_finish(const struct perf_data_writer *writer, const char *host,
			    struct str *out)
{
	size_t events = writer->formats.count;
	size_t data_at = HEADER_BYTES + 8 * events + ATTR_BYTES * events, text_at;
	struct features features = { 0 };

	make_features(writer, host, &features);
	text_at = data_at + writer->len + 16 * features.count;
	append_header(writer, &features, data_at, out);
	append_attrs(writer, out);
	str_append_bytes(out, writer->bytes, writer->len);
	for (size_t i = 0; i < features.count; i++)
		append_section(out, text_at + features.section[i].at, features.section[i].size);
	str_append_bytes(out, str_text(&features.text), features.text.len);
	if (str_error(&features.text) < 0)
		out->failed = true;
	str_free(&features.text);
	return str_error(out);
}
