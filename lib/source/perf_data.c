/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/perf_data.h"

#include "base/cleanup.h"
#include "source/perf_data_internal.h"

#include <errno.h>
#include <stdlib.h>

bool perf_data_looks_like(const char *bytes, size_t len)
{
	return len >= 8 && (memcmp(bytes, "PERFILE2", 8) == 0 || memcmp(bytes, "2ELIFREP", 8) == 0);
}

static int make(const char *path, struct perf_data **ret)
{
	_cleanup_(perf_data_freep) struct perf_data *data = calloc(1, sizeof(*data));
	int r;

	if (!data)
		return -ENOMEM;
	data->path = strdup(path);
	if (!data->path)
		return -ENOMEM;
	r = sched_format_new(&data->format);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(data);
	return 0;
}

/* The best clock that the file has; PERF_DATA_NO_CLOCK. */
static enum perf_data_clock best_clock(const struct perf_data *data)
{
	enum perf_data_clock clock = PERF_DATA_NO_CLOCK;

	vec_each(layout, &data->layouts)
		if (layout->clock < clock)
			clock = layout->clock;
	return clock;
}

static bool has_sched_switch(const struct perf_data *data)
{
	return sched_format_id(data->format, "sched_switch") >= 0;
}

int perf_data_open(const char *path, struct perf_data **ret, struct err *err)
{
	_cleanup_(perf_data_freep) struct perf_data *data = NULL;
	int r;

	r = make(path, &data);
	if (r == 0)
		r = perf_file_open(path, &data->file, err);
	if (r == 0)
		r = perf_data_read_header(data, err);
	if (r < 0)
		return r == -ENOMEM ? err_set(err, r, "\"%s\": %s", path, strerror(ENOMEM)) : r;
	sched_format_settle(data->format);
	data->info.has_sched = has_sched_switch(data);
	data->info.has_cpu_samples = best_clock(data) != PERF_DATA_NO_CLOCK;
	*ret = TAKE_PTR(data);
	return 0;
}

void perf_data_free(struct perf_data *data)
{
	if (!data)
		return;
	perf_file_free(data->file);
	sched_format_free(data->format);
	perf_ids_free(&data->ids);
	perf_data_free_build_ids(data);
	vec_free(&data->layouts);
	free(data->path);
	free(data);
}

void perf_data_freep(struct perf_data **data)
{
	perf_data_free(*data);
}

void perf_data_about(const struct perf_data *data, struct perf_data_info *ret)
{
	*ret = data->info;
}

void perf_data_sampling(const struct perf_data *data, struct perf_data_sampling *ret)
{
	struct perf_data_sampling sampling = { .clock = best_clock(data), .whole_host = true };

	vec_each(layout, &data->layouts) {
		if (layout->clock != sampling.clock)
			continue;
		if (layout->hz > sampling.hz)
			sampling.hz = layout->hz;
		sampling.rings += layout->ids;
		sampling.whole_host &= (layout->sample_type & PERF_SAMPLE_CPU) != 0;
		sampling.callchains |= (layout->sample_type & PERF_SAMPLE_CALLCHAIN) != 0;
		sampling.user_stacks |= (layout->sample_type & PERF_SAMPLE_STACK_USER) != 0;
		sampling.kernel_left_out |= layout->kernel_left_out;
		sampling.user_left_out |= layout->user_left_out;
	}
	*ret = sampling;
}

void perf_data_leave_out(struct perf_data *data, enum sched_event_type type)
{
	sched_format_leave_out(data->format, type);
}

int perf_data_each(struct perf_data *data,
		   int (*each)(void *context, const struct sched_event *event), void *context,
		   struct err *err)
{
	return perf_data_merge(data, each, context, err);
}

void perf_data_counts(const struct perf_data *data, struct perf_data_counts *ret)
{
	*ret = data->counts;
}
