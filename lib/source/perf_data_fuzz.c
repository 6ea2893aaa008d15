/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A perf.data file. Whatever it holds: events come in time order, every failure has a message. */
#include "source/perf_data.h"

#include "base/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int check_event(void *context, const struct sched_event *event)
{
	uint64_t *last_ns = context;

	if (event->time_ns < *last_ns)
		abort();
	*last_ns = event->time_ns;
	if (!memchr(event->comm, '\0', sizeof(event->comm)) || event->cpu >= 65536)
		abort();
	return 0;
}

static int check_stack(void *context, const struct stack_sample *sample)
{
	uint64_t *last_ns = context, sum = 0;

	if (sample->time_ns < *last_ns || sample->cpu >= 65536)
		abort();
	*last_ns = sample->time_ns;
	for (size_t i = 0; i < sample->kernel_count; i++)
		sum += sample->kernel[i];
	for (size_t i = 0; i < sample->user_count; i++)
		sum += sample->user[i];
	for (size_t i = 0; i < sample->user_stack_len; i++)
		sum += ((const uint8_t *)sample->user_stack)[i];
	return sum == 42 ? 1 : 0;
}

static int check_mapping(void *context, const struct mapping_event *event,
			 const struct perf_build_id *id)
{
	uint64_t *last_ns = context;

	if (event->time_ns < *last_ns || strlen(event->path) > 65536 || id->len > sizeof(id->bytes))
		abort();
	*last_ns = event->time_ns;
	return 0;
}

static int check_task(void *context, const struct task_event *event)
{
	uint64_t *last_ns = context;

	if (event->time_ns < *last_ns || !memchr(event->comm, '\0', sizeof(event->comm)))
		abort();
	*last_ns = event->time_ns;
	return 0;
}

static void read_stacks(struct perf_data *file)
{
	uint64_t last_ns = 0;
	struct perf_data_stacks_handler handler = {
		.sample = check_stack,
		.mapping = check_mapping,
		.task = check_task,
		.context = &last_ns,
	};
	struct perf_data_stacks_counts counts;
	struct perf_build_id id;
	struct err err = { "" };

	if (perf_data_each_stack(file, &handler, &counts, &err) < 0 && !err.msg[0])
		abort();
	perf_data_build_id(file, "[kernel.kallsyms]", &id);
}

static void read_file(const char *path)
{
	_cleanup_(perf_data_freep) struct perf_data *file = NULL;
	struct perf_data_info info;
	struct err err = { "" };
	uint64_t last_ns = 0;

	if (perf_data_open(path, &file, &err) < 0) {
		if (!err.msg[0])
			abort();
		return;
	}
	perf_data_about(file, &info);
	if (perf_data_each(file, check_event, &last_ns, &err) < 0 && !err.msg[0])
		abort();
	read_stacks(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(cleanup_close) int fd = memfd_create("perf.data", MFD_CLOEXEC);
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_file(path);
	return 0;
}
