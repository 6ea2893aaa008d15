/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What perf writes into a pipe has no sections: attributes, features, event formats and build ids
 * are records among the others ("Pipe-mode data" of perf.data-file-format.txt). They are looked for
 * in one pass over the headers of all records; build ids come last.
 *
 *   HEADER_ATTR          header, attr (its size is in it), ids
 *   HEADER_TRACING_DATA  header, u32 size; as many bytes follow behind the record
 *   HEADER_BUILD_ID      as in the section of build ids
 *   HEADER_FEATURE       header, u64 number of the feature, what its section would hold
 */
#include "base/cleanup.h"
#include "source/perf_data_runs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* tools/lib/perf/include/perf/event.h */
#define RECORD_HEADER_ATTR 64
#define RECORD_HEADER_BUILD_ID 67
#define RECORD_HEADER_FEATURE 80

#define PIPE_HEADER 16u
#define FEATURE_TRACING_DATA 1
#define FEATURE_BUILD_ID 2

struct place {
	uint64_t offset;
	uint32_t attr_size, ids;
};

struct pass {
	struct perf_data *data;
	struct err *err;
	VEC(struct place) attrs;
	uint64_t ids;
	struct perf_section tracing;
};

static int note_attr(struct pass *pass, const struct perf_record *record, uint64_t offset)
{
	struct place place = { .offset = offset };

	if (record->size >= 16)
		place.attr_size = perf_u32(record->p + 12);
	if (place.attr_size < PERF_ATTR_SIZE_VER0 || place.attr_size > record->size - 8)
		return perf_data_damaged(pass->data, pass->err, offset,
					 "an event attribute of %u bytes is not known",
					 place.attr_size);
	place.ids = (record->size - 8 - place.attr_size) / 8;
	pass->ids += place.ids;
	if (pass->ids > PERF_IDS_MAX || pass->attrs.len >= PERF_ATTRS_MAX)
		return perf_data_damaged(pass->data, pass->err, offset,
					 "more than %u event attributes or %u event ids",
					 PERF_ATTRS_MAX, PERF_IDS_MAX);
	return vec_push(&pass->attrs, place);
}

static int note_feature(struct pass *pass, const struct perf_record *record, uint64_t offset)
{
	uint64_t feature = record->size >= 16 ? perf_u64(record->p + 8) : UINT64_MAX;
	struct perf_section section = { offset + 16, record->size - 16u };

	if (feature > UINT32_MAX || feature == FEATURE_TRACING_DATA || feature == FEATURE_BUILD_ID)
		return 0;
	return perf_data_read_feature(pass->data, (unsigned int)feature, section, pass->err);
}

static int note(struct pass *pass, const struct perf_record *record, uint64_t offset)
{
	switch (record->type) {
	case RECORD_HEADER_ATTR:
		return note_attr(pass, record, offset);
	case RECORD_HEADER_FEATURE:
		return note_feature(pass, record, offset);
	case RECORD_HEADER_BUILD_ID:
		return perf_data_add_build_id(pass->data, record->p, record->size);
	case PERF_RECORD_TRACING_DATA:
		if (record->size >= 12)
			pass->tracing = (struct perf_section){ offset + record->size,
							       perf_u32(record->p + 8) };
		return 0;
	case PERF_RECORD_COMPRESSED:
	case PERF_RECORD_COMPRESSED2:
		pass->data->compressed = true;
		return 0;
	}
	return 0;
}

/* A stream that was cut is read as far as it goes; reading the events tells where it ends. */
static int look_through(struct pass *pass)
{
	struct perf_data *data = pass->data;
	uint64_t offset = data->records.offset, end = offset + data->records.size, advance;
	struct perf_record record;
	uint32_t hint = 0;
	int r = 0;

	while (r == 0 && offset < end) {
		if (perf_record_fetch(data, offset, end, &hint, &record, &advance, pass->err) < 0)
			break;
		r = note(pass, &record, offset);
		offset += advance;
	}
	return r;
}

static int take_attr(struct pass *pass, const struct place *place, uint32_t attr)
{
	struct perf_data *data = pass->data;
	uint32_t hint = 0;
	size_t len = (size_t)place->attr_size + 8u * place->ids;
	const uint8_t *bytes = perf_file_at(data->file, place->offset + 8, (uint32_t)len, &hint);
	int r = bytes ? perf_data_add_layout(data, bytes, place->attr_size, place->ids) : -EBADMSG;

	for (uint32_t i = 0; r == 0 && i < place->ids; i++)
		r = perf_ids_add(&data->ids, perf_u64(bytes + place->attr_size + 8u * i), attr);
	return r == -EBADMSG ? perf_data_damaged(data, pass->err, place->offset,
						 "an event attribute can't be read") :
			       r;
}

static int take_attrs(struct pass *pass)
{
	int r;

	if (!pass->attrs.len)
		return perf_data_damaged(pass->data, pass->err, PIPE_HEADER,
					 "no event attributes in what perf wrote into a pipe");
	r = perf_ids_reserve(&pass->data->ids, pass->ids);
	for (uint32_t i = 0; r == 0 && i < pass->attrs.len; i++)
		r = take_attr(pass, vec_at(&pass->attrs, i), i);
	return r;
}

int perf_pipe_read_header(struct perf_data *data, struct perf_section *ret_tracing, struct err *err)
{
	struct pass pass = { .data = data, .err = err };
	int r;

	data->records = (struct perf_section){ PIPE_HEADER, data->file->size - PIPE_HEADER };
	data->packed = true;
	r = look_through(&pass);
	if (r == 0)
		r = take_attrs(&pass);
	data->packed = false;
	perf_data_sort_build_ids(data);
	vec_free(&pass.attrs);
	if (r == 0)
		*ret_tracing = pass.tracing;
	return r;
}
