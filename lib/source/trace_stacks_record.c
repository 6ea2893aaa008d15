/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/perf_chain.h"
#include "source/perf_words.h"
#include "source/trace_stacks_internal.h"

#include <errno.h>

/* { u32 size, bytes } padded to whole words. */
static const char *take_raw(struct words *words, size_t *ret_len)
{
	const char *raw = (const char *)words->p;
	uint32_t size;

	if (words->failed || !words->left)
		return NULL;
	memcpy(&size, raw, sizeof(size));
	if (!words_take(words, ((uint64_t)size + sizeof(size) + 7) / 8))
		return NULL;
	*ret_len = size;
	return raw + sizeof(size);
}

static int decode_sample(const struct sched_format *format, uint64_t sample_type,
			 const struct perf_event_header *header, struct words *words,
			 struct trace_record *ret)
{
	uint16_t mode = header->misc & PERF_RECORD_MISC_CPUMODE_MASK;
	struct stack_sample *sample = &ret->sample;
	struct pair ids = words_pair(words);
	const uint64_t *ips = NULL;
	uint64_t count = 0;
	size_t raw_len = 0;
	const char *raw;
	int r;

	sample->pid = ret->pid = (pid_t)ids.first;
	sample->tid = (pid_t)ids.second;
	sample->time_ns = words_u64(words);
	sample->cpu = words_pair(words).first;
	sample->period = 1;
	if (sample_type & PERF_SAMPLE_CALLCHAIN) {
		count = words_u64(words);
		ips = words_take(words, count);
	}
	raw = take_raw(words, &raw_len);
	if (sample_type & PERF_SAMPLE_STACK_USER)
		perf_chain_user_stack(words, sample);
	if (words->failed || !raw)
		return -EBADMSG;
	r = sched_format_decode(format, raw, raw_len, &ret->event);
	if (r <= 0)
		return r;
	ret->event.time_ns = sample->time_ns;
	ret->event.cpu = sample->cpu;
	if (ips)
		perf_chain_split(sample, mode, NULL, ips, count);
	return 1;
}

/* PERF_RECORD_LOST: { id, lost }, then pid and tid, time, cpu. */
static int decode_lost(struct words *words, struct trace_record *ret)
{
	words_u64(words);
	ret->event.type = SCHED_LOST;
	ret->event.value = words_u64(words);
	words_u64(words);
	ret->event.time_ns = words_u64(words);
	ret->event.cpu = words_pair(words).first;
	return words->failed ? -EBADMSG : 1;
}

int trace_record_decode(const struct sched_format *format, uint64_t sample_type,
			const struct perf_event_header *header, struct trace_record *ret)
{
	struct words words = { .p = (const uint64_t *)(const void *)(header + 1) };
	struct trace_record record = { .event = { .target_cpu = -1 } };
	int r = 0;

	if ((uintptr_t)header % 8 || header->size % 8 || header->size < sizeof(*header))
		return -EBADMSG;
	words.left = (header->size - sizeof(*header)) / 8;
	if (header->type == PERF_RECORD_SAMPLE)
		r = decode_sample(format, sample_type, header, &words, &record);
	else if (header->type == PERF_RECORD_LOST)
		r = decode_lost(&words, &record);
	if (r > 0)
		*ret = record;
	return r;
}
