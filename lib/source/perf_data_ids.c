/* SPDX-License-Identifier: GPL-2.0-or-later */
/* struct perf_record_header_build_id: header, pid, 24 bytes with the id (its length in the 21st
 * when the header says so), the path. */
#include "source/perf_data_internal.h"

#include <errno.h>
#include <stdlib.h>

#define RECORD_HEADER 8u
#define RECORD_PATH (RECORD_HEADER + 4 + 24)
#define BUILD_IDS_MAX 65536u

#ifndef PERF_RECORD_MISC_BUILD_ID_SIZE
#define PERF_RECORD_MISC_BUILD_ID_SIZE (1 << 15)
#endif

static int by_path(const void *left, const void *right)
{
	return strcmp(((const struct perf_named_id *)left)->path,
		      ((const struct perf_named_id *)right)->path);
}

int perf_data_add_build_id(struct perf_data *data, const uint8_t *record, uint16_t size)
{
	struct perf_named_id named = { .id.len = PERF_BUILD_ID_MAX };
	uint16_t misc;

	if (size <= RECORD_PATH || data->build_ids.len >= BUILD_IDS_MAX)
		return 0;
	memcpy(&misc, record + 4, sizeof(misc));
	if (misc & PERF_RECORD_MISC_BUILD_ID_SIZE && record[32] <= PERF_BUILD_ID_MAX)
		named.id.len = record[32];
	memcpy(named.id.bytes, record + RECORD_HEADER + 4, named.id.len);
	named.path = strndup((const char *)record + RECORD_PATH, size - RECORD_PATH);
	if (!named.path || vec_push(&data->build_ids, named) < 0) {
		free(named.path);
		return -ENOMEM;
	}
	return 0;
}

int perf_data_read_build_ids(struct perf_data *data, struct perf_section section)
{
	uint64_t at = section.offset, end = section.offset + section.size;
	uint32_t hint = 0;

	while (end - at > RECORD_PATH && data->build_ids.len < BUILD_IDS_MAX) {
		const uint8_t *record = perf_file_at(data->file, at, RECORD_HEADER, &hint);
		uint16_t size;

		if (!record)
			break;
		memcpy(&size, record + 6, sizeof(size));
		if (size <= RECORD_PATH || size > end - at)
			break;
		record = perf_file_at(data->file, at, size, &hint);
		if (!record)
			break;
		if (perf_data_add_build_id(data, record, size) < 0)
			return -ENOMEM;
		at += size;
	}
	perf_data_sort_build_ids(data);
	return 0;
}

void perf_data_sort_build_ids(struct perf_data *data)
{
	if (data->build_ids.len)
		qsort(data->build_ids.data, data->build_ids.len, sizeof(*data->build_ids.data),
		      by_path);
}

void perf_data_free_build_ids(struct perf_data *data)
{
	vec_each(named, &data->build_ids)
		free(named->path);
	vec_free(&data->build_ids);
}

bool perf_data_build_id(const struct perf_data *data, const char *path, struct perf_build_id *ret)
{
	const struct perf_named_id *found = NULL;
	size_t low = 0, high = data->build_ids.len;

	while (low < high && !found) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(data->build_ids.data[middle].path, path);

		if (order == 0)
			found = &data->build_ids.data[middle];
		else if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (!found || !found->id.len)
		return false;
	*ret = found->id;
	return true;
}
