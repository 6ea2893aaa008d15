/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as a ring holds them, one after the other: bits 0 and 1 of the first byte choose what each sample claims to hold. */
#include "source/trace_stacks_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COMMON                                                                         \
	"format:\n"                                                                    \
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"         \
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"         \
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n" \
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"

static const char *const formats[] = {
	"name: sys_enter_futex\nID: 1\n" COMMON
	"\tfield:u32 * uaddr;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:int op;\toffset:24;\tsize:8;\tsigned:0;\n\nprint fmt: \"\"\n",
	"name: contention_begin\nID: 2\n" COMMON
	"\tfield:void * lock_addr;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned int flags;\toffset:16;\tsize:4;\tsigned:0;\n\nprint fmt: \"\"\n",
	"name: sched_waking\nID: 3\n" COMMON
	"\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
	"\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n",
};

static struct sched_format *make_format(void)
{
	struct sched_format *format;

	if (sched_format_new(&format) < 0)
		abort();
	sched_format_take_locks(format);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (sched_format_add(format, formats[i], strlen(formats[i]), NULL) < 0)
			abort();
	return format;
}

/* What a consumer may rely on; every byte is read, so that the sanitizer sees one outside. */
static void read_record(const struct trace_record *record)
{
	const struct stack_sample *sample = &record->sample;
	volatile uint64_t sum = record->event.value;

	if (!memchr(record->event.comm, '\0', sizeof(record->event.comm)) ||
	    !sample->user_stack != !sample->user_stack_len ||
	    (sample->user_stack && !sample->user_regs))
		abort();
	for (size_t i = 0; i < sample->kernel_count; i++)
		sum += sample->kernel[i];
	for (size_t i = 0; i < sample->user_count; i++)
		sum += sample->user[i];
	for (size_t i = 0; sample->user_regs && i < STACK_USER_REGS_COUNT; i++)
		sum += sample->user_regs[i];
	for (size_t i = 0; i < sample->user_stack_len; i++)
		sum += ((const uint8_t *)sample->user_stack)[i];
}

/* From the heap and of exact size. */
static void decode(const struct sched_format *format, uint64_t type, const uint8_t *data,
		   size_t size)
{
	struct perf_event_header *header = malloc(size);
	struct trace_record record;
	int r;

	if (!header)
		return;
	memcpy(header, data, size);
	header->size = (uint16_t)size;
	r = trace_record_decode(format, type, header, &record);
	if (r > 0)
		read_record(&record);
	else if (r < 0 && r != -EBADMSG)
		abort();
	free(header);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint64_t types[] = { TRACE_STACKS_TYPE, TRACE_STACKS_TYPE_CHAIN,
					  TRACE_STACKS_TYPE_STACK, TRACE_STACKS_TYPE_STACK };
	static struct sched_format *format;
	size_t at = 1;

	if (!format)
		format = make_format();
	while (at < size && size - at >= sizeof(struct perf_event_header)) {
		struct perf_event_header header;
		size_t len;

		memcpy(&header, data + at, sizeof(header));
		len = header.size < sizeof(header) ? sizeof(header) : header.size;
		if (len > size - at)
			len = size - at;
		decode(format, types[data[0] & 3], data + at, len);
		at += len;
	}
	return 0;
}
