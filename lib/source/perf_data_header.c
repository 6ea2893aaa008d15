/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "source/perf_data_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

/* struct perf_file_header: magic, size, attr_size, attrs, data, event_types, adds_features[256
 * bits]. */
#define HEADER_SIZE 104u
#define HEADER_PIPE 16u
#define SECTION_SIZE 16u

#define MAGIC 0x32454c4946524550ULL /* "PERFILE2" */
#define MAGIC_OTHER_ENDIAN 0x50455246494c4532ULL

#define FEATURE_TRACING_DATA 1 /* tools/perf/util/header.h */
#define FEATURE_BUILD_ID 2
#define FEATURE_HOSTNAME 3
#define FEATURE_OSRELEASE 4
#define FEATURE_ARCH 6
#define FEATURE_NRCPUS 7
#define FEATURE_COMPRESSED 27
#define FEATURES 256

#define ATTR_SIZE_MAX 4096u

int perf_data_damaged(const struct perf_data *data, struct err *err, uint64_t offset,
		      const char *format, ...)
{
	char what[160];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return err_set(err, -EBADMSG, "\"%s\": %s (offset 0x%" PRIx64 ")", data->path, what,
		       offset);
}

static struct perf_section section_at(const uint8_t *p)
{
	return (struct perf_section){ .offset = perf_u64(p), .size = perf_u64(p + 8) };
}

static bool is_inside(const struct perf_data *data, struct perf_section section)
{
	return section.offset <= data->file->size &&
	       section.size <= data->file->size - section.offset;
}

/* `at` is where the header tells of the section. */
static int check_inside(const struct perf_data *data, struct perf_section section, const char *name,
			uint64_t at, struct err *err)
{
	if (is_inside(data, section))
		return 0;
	return perf_data_damaged(data, err, at,
				 "the file is truncated or damaged: it tells of %" PRIu64
				 " bytes of %s at 0x%" PRIx64 " and has only %" PRIu64 " bytes",
				 section.size, name, section.offset, data->file->size);
}

static int check_magic(const struct perf_data *data, const uint8_t *header, struct err *err)
{
	if (perf_u64(header) == MAGIC_OTHER_ENDIAN)
		return err_set(err, -EBADMSG,
			       "\"%s\" was recorded on a machine of the other endianness (%s): "
			       "explain it there, or the text of perf script of it",
			       data->path,
			       __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? "big-endian" :
									   "little-endian");
	if (perf_u64(header) != MAGIC)
		return err_set(err, -EBADMSG, "\"%s\" is not a perf.data file", data->path);
	return 0;
}

static int check_sections(struct perf_data *data, struct err *err)
{
	int r = check_inside(data, data->attrs, "event attributes", 24, err);

	if (r < 0)
		return r;
	return check_inside(data, data->records, "records", 40, err);
}

static int read_sections(struct perf_data *data, const uint8_t *header, size_t len, struct err *err)
{
	if (len < HEADER_SIZE)
		return perf_data_damaged(data, err, len, "the file ends within its header");
	if (perf_u64(header + 8) != HEADER_SIZE)
		return perf_data_damaged(data, err, 8, "a header of %" PRIu64 " bytes is not known",
					 perf_u64(header + 8));
	if (perf_u64(header + 16) < PERF_ATTR_SIZE_VER0 + SECTION_SIZE ||
	    perf_u64(header + 16) > ATTR_SIZE_MAX)
		return perf_data_damaged(data, err, 16,
					 "attributes of %" PRIu64 " bytes are not known",
					 perf_u64(header + 16));
	data->attr_size = (uint32_t)perf_u64(header + 16);
	data->attrs = section_at(header + 24);
	data->records = section_at(header + 40);
	memcpy(data->features, header + 72, sizeof(data->features));
	return check_sections(data, err);
}

/* The magic, and whether it was written into a pipe; then the sections, when it was not. */
static int read_fixed(struct perf_data *data, bool *ret_pipe, struct err *err)
{
	uint8_t header[HEADER_SIZE] = { 0 };
	size_t len = data->file->size < HEADER_SIZE ? data->file->size : HEADER_SIZE;
	int r = perf_file_read(data->file, 0, header, len);

	if (r < 0)
		return err_set(err, r, "\"%s\": %s", data->path, strerror(-r));
	if (len < 8)
		return err_set(err, -EBADMSG, "\"%s\" is not a perf.data file", data->path);
	r = check_magic(data, header, err);
	if (r < 0)
		return r;
	*ret_pipe = len >= HEADER_PIPE && perf_u64(header + 8) == HEADER_PIPE;
	return *ret_pipe ? 0 : read_sections(data, header, len, err);
}

/* --- attrs and ids */

static int read_ids(struct perf_data *data, struct perf_section section, uint32_t attr, uint64_t at,
		    struct err *err)
{
	uint8_t chunk[4096];
	int r = check_inside(data, section, "event ids", at, err);

	if (r < 0)
		return r;
	for (uint64_t done = 0; done + 8 <= section.size; done += sizeof(chunk)) {
		uint64_t left = section.size - done;
		size_t n = left < sizeof(chunk) ? left & ~7ULL : sizeof(chunk);

		r = perf_file_read(data->file, section.offset + done, chunk, n);
		for (size_t i = 0; r == 0 && i < n; i += 8)
			r = perf_ids_add(&data->ids, perf_u64(chunk + i), attr);
		if (r < 0)
			return perf_data_damaged(data, err, section.offset + done,
						 "event ids can't be read");
	}
	return 0;
}

int perf_data_add_layout(struct perf_data *data, const uint8_t *bytes, size_t len, uint32_t ids)
{
	struct perf_event_attr attr = { 0 };
	struct perf_layout layout;

	memcpy(&attr, bytes, len < sizeof(attr) ? len : sizeof(attr));
	perf_layout_make(&attr, &layout);
	layout.ids = ids;
	return vec_push(&data->layouts, layout);
}

static int read_attr(struct perf_data *data, uint64_t at, struct perf_section *ret_ids,
		     struct err *err)
{
	uint8_t bytes[ATTR_SIZE_MAX];
	size_t len = data->attr_size - SECTION_SIZE;
	int r = perf_file_read(data->file, at, bytes, data->attr_size);

	if (r < 0)
		return perf_data_damaged(data, err, at, "an event attribute can't be read");
	*ret_ids = section_at(bytes + len);
	/* at most PERF_IDS_MAX, as counted */
	return perf_data_add_layout(data, bytes, len, (uint32_t)(ret_ids->size / 8));
}

static int count_ids(struct perf_data *data, size_t attrs, struct err *err)
{
	uint64_t total = 0;

	for (size_t i = 0; i < attrs; i++) {
		uint64_t at = data->attrs.offset + (i + 1) * data->attr_size - SECTION_SIZE;
		uint8_t bytes[SECTION_SIZE];
		struct perf_section section;
		int r = perf_file_read(data->file, at, bytes, sizeof(bytes));

		if (r < 0)
			return perf_data_damaged(data, err, at, "an event attribute can't be read");
		section = section_at(bytes);
		r = check_inside(data, section, "event ids", at, err);
		if (r < 0)
			return r;
		total += section.size / 8;
		if (total > PERF_IDS_MAX)
			return perf_data_damaged(data, err, at, "more than %u event ids",
						 PERF_IDS_MAX);
	}
	return perf_ids_reserve(&data->ids, total);
}

static int read_attrs(struct perf_data *data, struct err *err)
{
	uint64_t count = data->attrs.size / data->attr_size;
	int r;

	if (count == 0 || count > PERF_ATTRS_MAX)
		return perf_data_damaged(data, err, 24, "%" PRIu64 " event attributes", count);
	r = count_ids(data, count, err);
	for (uint32_t i = 0; r == 0 && i < count; i++) {
		uint64_t at = data->attrs.offset + (uint64_t)i * data->attr_size;
		struct perf_section ids;

		r = read_attr(data, at, &ids, err);
		if (r == 0)
			r = read_ids(data, ids, i, at, err);
	}
	return r;
}

/* Before the attr is known only one place can hold the id: all attrs must agree on it. */
static uint16_t sample_id_place(uint64_t type)
{
	uint16_t place = sizeof(struct perf_event_header);

	if (type & PERF_SAMPLE_IDENTIFIER)
		return place;
	if (!(type & PERF_SAMPLE_ID))
		return PERF_NO_ID;
	place += type & PERF_SAMPLE_IP ? 8 : 0;
	place += type & PERF_SAMPLE_TID ? 8 : 0;
	place += type & PERF_SAMPLE_TIME ? 8 : 0;
	place += type & PERF_SAMPLE_ADDR ? 8 : 0;
	return place;
}

static uint16_t trailer_id_place(uint64_t type)
{
	uint16_t place = 8;

	if (type & PERF_SAMPLE_IDENTIFIER)
		return place;
	if (!(type & PERF_SAMPLE_ID))
		return PERF_NO_ID;
	place += type & PERF_SAMPLE_CPU ? 8 : 0;
	place += type & PERF_SAMPLE_STREAM_ID ? 8 : 0;
	return place;
}

static bool is_same_sample(const struct perf_layout *a, const struct perf_layout *b)
{
	return a->sample_type == b->sample_type && a->read_format == b->read_format &&
	       a->tracepoint == b->tracepoint;
}

static bool is_same_trailer(const struct perf_layout *a, const struct perf_layout *b)
{
	return a->trailer == b->trailer && a->trailer_time == b->trailer_time &&
	       a->trailer_cpu == b->trailer_cpu;
}

/* Most recordings have one layout for all samples: then no id needs to be looked up. */
static bool are_samples_alike(struct perf_data *data)
{
	const struct perf_layout *first = NULL;
	bool alike = true;

	vec_each(layout, &data->layouts) {
		if (layout->dummy)
			continue;
		if (!first) {
			first = layout;
			data->common_time = layout->time;
		}
		alike = alike && is_same_sample(first, layout);
		if (layout->time != data->common_time)
			data->common_time = 0;
	}
	data->sample = first ? (uint32_t)(first - data->layouts.data) : 0;
	data->raw = alike && first && first->tracepoint && first->direct_raw ? first->fixed_end : 0;
	return alike;
}

static uint16_t common_id_place(const struct perf_data *data)
{
	uint16_t place = sample_id_place(data->layouts.data[data->sample].sample_type);

	vec_each(layout, &data->layouts)
		if (!layout->dummy && sample_id_place(layout->sample_type) != place)
			return PERF_NO_ID;
	return place;
}

static int settle_samples(struct perf_data *data, struct err *err)
{
	bool alike = are_samples_alike(data);

	data->id = PERF_NO_ID;
	data->own_id = common_id_place(data);
	if (alike)
		return 0;
	data->id = sample_id_place(data->layouts.data[0].sample_type);
	vec_each(layout, &data->layouts)
		if (data->id == PERF_NO_ID || sample_id_place(layout->sample_type) != data->id)
			return perf_data_damaged(data, err, data->attrs.offset,
						 "samples don't tell to which event they belong");
	return 0;
}

static void settle_trailers(struct perf_data *data)
{
	const struct perf_layout *first = &data->layouts.data[0];
	uint16_t place = trailer_id_place(first->sample_type);

	data->trailer_id = PERF_NO_ID;
	vec_each(layout, &data->layouts)
		if (!is_same_trailer(first, layout))
			data->trailer_id = place == PERF_NO_ID ? 0 : place;
	if (data->trailer_id == PERF_NO_ID)
		return;
	vec_each(layout, &data->layouts)
		if (trailer_id_place(layout->sample_type) != place)
			data->trailer_id = 0;
}

/* --- features */

static bool has_feature(const struct perf_data *data, unsigned int bit)
{
	return data->features[bit / 64] >> (bit % 64) & 1;
}

/* u32 length, then that many bytes with NULs at the end. */
static void read_text(const struct perf_data *data, struct perf_section section, char *ret,
		      size_t size)
{
	uint8_t bytes[4 + 255] = { 0 };
	size_t len = section.size < sizeof(bytes) ? section.size : sizeof(bytes);
	size_t told;

	if (len < 4 || perf_file_read(data->file, section.offset, bytes, len) < 0)
		return;
	told = perf_u32(bytes);
	if (told > len - 4)
		told = len - 4;
	if (told > size - 1)
		told = size - 1;
	memcpy(ret, bytes + 4, told);
	ret[told] = '\0';
}

static void read_cpus(struct perf_data *data, struct perf_section section)
{
	uint8_t bytes[8];

	if (section.size < sizeof(bytes) ||
	    perf_file_read(data->file, section.offset, bytes, sizeof(bytes)) < 0)
		return;
	if (perf_u32(bytes + 4) <= INT32_MAX) /* available, online */
		data->info.cpus_online = (int)perf_u32(bytes + 4);
}

int perf_data_read_feature(struct perf_data *data, unsigned int bit, struct perf_section section,
			   struct err *err)
{
	switch (bit) {
	case FEATURE_TRACING_DATA:
		return perf_data_read_tracing(data, section, err);
	case FEATURE_BUILD_ID:
		return perf_data_read_build_ids(data, section);
	case FEATURE_ARCH:
		read_text(data, section, data->info.arch, sizeof(data->info.arch));
		break;
	case FEATURE_HOSTNAME:
		read_text(data, section, data->info.hostname, sizeof(data->info.hostname));
		break;
	case FEATURE_OSRELEASE:
		read_text(data, section, data->info.release, sizeof(data->info.release));
		break;
	case FEATURE_NRCPUS:
		read_cpus(data, section);
		break;
	}
	return 0;
}

/* One {offset, size} per bit that is set, in the order of bits, right behind the records. */
static int read_features(struct perf_data *data, struct err *err)
{
	uint64_t at = data->records.offset + data->records.size;

	for (unsigned int bit = 0; bit < FEATURES; bit++) {
		uint8_t bytes[SECTION_SIZE];
		struct perf_section section;
		int r;

		if (!has_feature(data, bit))
			continue;
		if (perf_file_read(data->file, at, bytes, sizeof(bytes)) < 0)
			return perf_data_damaged(
				data, err, at,
				"the file is truncated: its table of features is not whole");
		section = section_at(bytes);
		r = check_inside(data, section, "a feature section", at, err);
		if (r == 0)
			r = perf_data_read_feature(data, bit, section, err);
		if (r < 0)
			return r;
		at += SECTION_SIZE;
	}
	return 0;
}

static int settle(struct perf_data *data, struct err *err)
{
	int r = settle_samples(data, err);

	if (r == 0)
		settle_trailers(data);
	return r;
}

static int read_file(struct perf_data *data, struct err *err)
{
	int r = read_attrs(data, err);

	data->compressed = has_feature(data, FEATURE_COMPRESSED);
	r = r == 0 ? settle(data, err) : r;
	if (r < 0)
		return r;
	r = read_features(data, err);
	if (r == -EBADMSG && data->records.size == 0)
		return err_set(
			err, r,
			"\"%s\": the recording was not finished (perf was killed before it wrote "
			"sizes and event formats): record again",
			data->path);
	return r;
}

static int read_pipe(struct perf_data *data, struct err *err)
{
	struct perf_section tracing = { 0 };
	int r = perf_pipe_read_header(data, &tracing, err);

	r = r == 0 ? settle(data, err) : r;
	return r == 0 && tracing.size ? perf_data_read_tracing(data, tracing, err) : r;
}

int perf_data_read_header(struct perf_data *data, struct err *err)
{
	bool pipe;
	int r = read_fixed(data, &pipe, err);

	if (r < 0)
		return r;
	return pipe ? read_pipe(data, err) : read_file(data, err);
}
