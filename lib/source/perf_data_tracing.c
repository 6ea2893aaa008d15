/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TRACING_DATA (tools/perf/util/trace-event-info.c writes it, trace-cmd.dat(5) describes it):
 * magic, version, endianness, size of a long, size of a page, header_page, header_event, ftrace
 * formats, then event formats by system. What follows is of no use here.
 */
#include "base/cleanup.h"
#include "base/span.h"
#include "source/perf_data_internal.h"

#include <errno.h>
#include <inttypes.h>

#define TRACING_MAGIC "\x17\x08\x44tracing"
#define FORMAT_MAX 65536u
#define NAME_MAX_LEN 256u

/* A cursor over the section; `failed` is sticky, so that a row of reads is checked once. */
struct cursor {
	struct perf_file *file;
	uint64_t at, end;
	uint32_t hint;
	bool failed;
};

static void take(struct cursor *cursor, void *buffer, uint32_t len)
{
	const uint8_t *bytes = NULL;

	memset(buffer, 0, len);
	if (!cursor->failed && len <= cursor->end - cursor->at)
		bytes = perf_file_at(cursor->file, cursor->at, len, &cursor->hint);
	if (!bytes) {
		cursor->failed = true;
		return;
	}
	memcpy(buffer, bytes, len);
	cursor->at += len;
}

static void skip(struct cursor *cursor, uint64_t len)
{
	if (cursor->failed || len > cursor->end - cursor->at) {
		cursor->failed = true;
		return;
	}
	cursor->at += len;
}

static uint64_t take_u64(struct cursor *cursor)
{
	uint64_t value;

	take(cursor, &value, sizeof(value));
	return value;
}

static uint32_t take_u32(struct cursor *cursor)
{
	uint32_t value;

	take(cursor, &value, sizeof(value));
	return value;
}

/* A NUL-terminated name. */
static void take_name(struct cursor *cursor, char ret[NAME_MAX_LEN])
{
	for (size_t i = 0; i < NAME_MAX_LEN; i++) {
		take(cursor, &ret[i], 1);
		if (!ret[i])
			return;
	}
	ret[0] = '\0';
	cursor->failed = true;
}

static bool take_header(struct cursor *cursor)
{
	char magic[sizeof(TRACING_MAGIC) - 1], name[NAME_MAX_LEN];
	uint8_t big_endian, long_size;
	const uint16_t probe = 1;
	bool host_is_big = *(const uint8_t *)&probe == 0;

	take(cursor, magic, sizeof(magic));
	take_name(cursor, name); /* version, "0.6" */
	take(cursor, &big_endian, 1);
	take(cursor, &long_size, 1);
	skip(cursor, 4); /* page size */
	if (memcmp(magic, TRACING_MAGIC, sizeof(magic)) != 0 || (big_endian != 0) != host_is_big ||
	    (long_size != 4 && long_size != 8))
		cursor->failed = true;
	take_name(cursor, name); /* "header_page" */
	skip(cursor, take_u64(cursor));
	take_name(cursor, name); /* "header_event" */
	skip(cursor, take_u64(cursor));
	return !cursor->failed;
}

static const struct perf_layout *find_tracepoint(const struct perf_data *data, uint64_t id)
{
	vec_each(layout, &data->layouts)
		if (layout->tracepoint && layout->config == id)
			return layout;
	return NULL;
}

/* NULL when no samples of the event were recorded: its format must not decide which wakeup
 * counts. */
static const struct perf_layout *layout_of(const struct perf_data *data, const char *text,
					   size_t len)
{
	struct span rest = span_make(text, len), line;
	uint64_t id;

	while (span_line(&rest, &line)) {
		if (!span_starts(line, "ID:"))
			continue;
		line.p += 3;
		return span_u64(&line, &id) ? find_tracepoint(data, id) : NULL;
	}
	return NULL;
}

static int add_format(struct perf_data *data, const char *text, size_t len, uint64_t at,
		      struct err *err)
{
	const struct perf_layout *layout = layout_of(data, text, len);
	struct err inner = { "" };
	int r;

	if (!layout)
		return 0;
	if (!layout->time || !layout->cpu)
		return perf_data_damaged(
			data, err, at,
			"scheduler events without %s: record with `perf sched record`",
			layout->time ? "CPU" : "time");
	r = sched_format_add(data->format, text, len, &inner);
	return r < 0 ? perf_data_damaged(data, err, at, "%s", inner.msg) : 0;
}

static int take_format(struct perf_data *data, struct cursor *cursor, struct err *err)
{
	_cleanup_(cleanup_free) char *text = NULL;
	uint64_t at = cursor->at, size = take_u64(cursor);

	if (size > FORMAT_MAX || size > cursor->end - cursor->at) {
		skip(cursor, size);
		return 0;
	}
	text = malloc(size + 1);
	if (!text)
		return -ENOMEM;
	take(cursor, text, (uint32_t)size);
	return cursor->failed ? 0 : add_format(data, text, size, at, err);
}

static int take_system(struct perf_data *data, struct cursor *cursor, struct err *err)
{
	char system[NAME_MAX_LEN];
	uint32_t count;
	int r = 0;

	take_name(cursor, system);
	count = take_u32(cursor);
	for (uint32_t i = 0; r == 0 && i < count && !cursor->failed; i++) {
		if (strcmp(system, "sched") == 0)
			r = take_format(data, cursor, err);
		else
			skip(cursor, take_u64(cursor));
	}
	return r;
}

static int take_systems(struct perf_data *data, struct cursor *cursor, struct err *err)
{
	uint32_t count = take_u32(cursor);
	int r = 0;

	for (uint32_t i = 0; i < count && !cursor->failed; i++)
		skip(cursor, take_u64(cursor)); /* ftrace's own events */
	count = take_u32(cursor);
	for (uint32_t i = 0; r == 0 && i < count && !cursor->failed; i++)
		r = take_system(data, cursor, err);
	return r;
}

int perf_data_read_tracing(struct perf_data *data, struct perf_section section, struct err *err)
{
	struct cursor cursor = { .file = data->file,
				 .at = section.offset,
				 .end = section.offset + section.size };
	int r = 0;

	if (take_header(&cursor))
		r = take_systems(data, &cursor, err);
	if (r == 0 && cursor.failed)
		r = perf_data_damaged(data, err, cursor.at,
				      "the event formats (TRACING_DATA) are damaged");
	return r;
}
