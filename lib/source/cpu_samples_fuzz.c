/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as a ring holds them, one after the other: with bit 0 of the first byte set, with copies
 * of user stacks. */
#include "source/cpu_samples_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a consumer may rely on; every byte is read, so that the sanitizer sees one outside. */
static uint64_t read_sample(const struct stack_sample *sample)
{
	uint64_t sum = 0;

	if (sample->in_user && sample->kernel_count)
		abort();
	if (!sample->user_stack != !sample->user_stack_len)
		abort();
	if (sample->user_stack && !sample->user_regs)
		abort();
	for (size_t i = 0; i < sample->kernel_count; i++)
		sum += sample->kernel[i];
	for (size_t i = 0; i < sample->user_count; i++)
		sum += sample->user[i];
	for (size_t i = 0; sample->user_regs && i < STACK_USER_REGS_COUNT; i++)
		sum += sample->user_regs[i];
	for (size_t i = 0; i < sample->user_stack_len; i++)
		sum += ((const uint8_t *)sample->user_stack)[i];
	return sum;
}

static void read_record(const struct cpu_samples_record *record)
{
	volatile uint64_t sum = 0;

	switch (record->type) {
	case CPU_SAMPLES_RECORD_SAMPLE:
		sum = read_sample(&record->sample);
		break;
	case CPU_SAMPLES_RECORD_MAPPING:
		sum = strlen(record->mapping.path);
		break;
	case CPU_SAMPLES_RECORD_TASK:
		if (!memchr(record->task.comm, '\0', sizeof(record->task.comm)))
			abort();
		break;
	case CPU_SAMPLES_RECORD_LOST:
	case CPU_SAMPLES_RECORD_THROTTLE:
		break;
	default:
		abort();
	}
	(void)sum;
}

/* From the heap and of exact size. */
static void decode(const uint8_t *data, size_t size, bool user_stacks)
{
	struct perf_event_header *header = malloc(size);
	struct cpu_samples_record record = { 0 };
	int r;

	if (!header)
		return;
	memcpy(header, data, size);
	header->size = (uint16_t)size;
	r = cpu_samples_decode(header, user_stacks, &record);
	if (r > 0)
		read_record(&record);
	else if (r < 0 && r != -EBADMSG)
		abort();
	free(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool user_stacks = size && data[0] & 1;
	size_t at = 1;

	while (at < size && size - at >= sizeof(struct perf_event_header)) {
		struct perf_event_header header;
		size_t len;

		memcpy(&header, data + at, sizeof(header));
		len = header.size < sizeof(header) ? sizeof(header) : header.size;
		if (len > size - at)
			len = size - at;
		decode(data + at, len, user_stacks);
		at += len;
	}
	return 0;
}
