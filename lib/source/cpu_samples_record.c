/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/cpu_samples_internal.h"
#include "source/perf_chain.h"
#include "source/perf_words.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

/* At the end of every record but samples: pid and tid, time, cpu. */
#define SAMPLE_ID_WORDS 3

static int decode_sample(const struct perf_event_header *header, struct words *words,
			 bool user_stacks, struct cpu_samples_record *ret)
{
	uint16_t mode = header->misc & PERF_RECORD_MISC_CPUMODE_MASK;
	struct stack_sample *sample = &ret->sample;
	const uint64_t *ip = words_take(words, 1);
	struct pair ids = words_pair(words);
	uint64_t count;
	const uint64_t *ips;

	ret->type = CPU_SAMPLES_RECORD_SAMPLE;
	sample->pid = (pid_t)ids.first;
	sample->tid = (pid_t)ids.second;
	ret->time_ns = sample->time_ns = words_u64(words);
	sample->cpu = words_pair(words).first;
	sample->period = words_u64(words);
	sample->in_user = mode == PERF_RECORD_MISC_USER;
	count = words_u64(words);
	ips = words_take(words, count);
	if (user_stacks)
		perf_chain_user_stack(words, sample);
	if (words->failed)
		return -EBADMSG;
	perf_chain_split(sample, mode, ip, ips, count);
	return 1;
}

static int decode_mapping(const struct perf_event_header *header, struct words *words,
			  struct cpu_samples_record *ret)
{
	bool build_id = header->misc & PERF_RECORD_MISC_MMAP_BUILD_ID;
	struct mapping_event *mapping = &ret->mapping;
	struct pair ids = words_pair(words), device, protection;

	ret->type = CPU_SAMPLES_RECORD_MAPPING;
	mapping->time_ns = ret->time_ns;
	mapping->pid = (pid_t)ids.first;
	mapping->tid = (pid_t)ids.second;
	mapping->start = words_u64(words);
	mapping->len = words_u64(words);
	mapping->offset = words_u64(words);
	device = words_pair(words);
	mapping->inode = words_u64(words);
	words_u64(words); /* generation */
	protection = words_pair(words);
	mapping->path = words_text(words);
	if (!mapping->path)
		return -EBADMSG;
	if (build_id)
		mapping->inode = 0;
	else {
		mapping->major = device.first;
		mapping->minor = device.second;
	}
	return protection.first & PROT_EXEC ? 1 : 0;
}

static int decode_comm(const struct perf_event_header *header, struct words *words,
		       struct cpu_samples_record *ret)
{
	struct task_event *task = &ret->task;
	struct pair ids = words_pair(words);
	const char *comm = words_text(words);

	if (!comm)
		return -EBADMSG;
	ret->type = CPU_SAMPLES_RECORD_TASK;
	task->type = TASK_EVENT_NAME;
	task->time_ns = ret->time_ns;
	task->pid = (pid_t)ids.first;
	task->tid = (pid_t)ids.second;
	task->exec = header->misc & PERF_RECORD_MISC_COMM_EXEC;
	memcpy(task->comm, comm, strnlen(comm, sizeof(task->comm) - 1));
	return 1;
}

static int decode_task(enum task_event_type type, struct words *words,
		       struct cpu_samples_record *ret)
{
	struct task_event *task = &ret->task;
	struct pair pids = words_pair(words), tids = words_pair(words);

	ret->type = CPU_SAMPLES_RECORD_TASK;
	task->type = type;
	task->time_ns = ret->time_ns;
	task->pid = (pid_t)pids.first;
	task->tid = (pid_t)tids.first;
	task->parent_pid = (pid_t)pids.second;
	return words->failed ? -EBADMSG : 1;
}

static int decode_lost(struct words *words, bool with_id, struct cpu_samples_record *ret)
{
	if (with_id)
		words_u64(words);
	ret->type = CPU_SAMPLES_RECORD_LOST;
	ret->lost = words_u64(words);
	return words->failed ? -EBADMSG : 1;
}

static int decode_other(const struct perf_event_header *header, struct words *words,
			struct cpu_samples_record *ret)
{
	switch (header->type) {
	case PERF_RECORD_MMAP2:
		return decode_mapping(header, words, ret);
	case PERF_RECORD_COMM:
		return decode_comm(header, words, ret);
	case PERF_RECORD_FORK:
		return decode_task(TASK_EVENT_FORK, words, ret);
	case PERF_RECORD_EXIT:
		return decode_task(TASK_EVENT_EXIT, words, ret);
	case PERF_RECORD_LOST:
		return decode_lost(words, true, ret);
	case PERF_RECORD_LOST_SAMPLES:
		return decode_lost(words, false, ret);
	case PERF_RECORD_THROTTLE:
		ret->type = CPU_SAMPLES_RECORD_THROTTLE;
		return 1;
	default:
		return 0;
	}
}

/* Cuts the time off the end, and the rest of the sample_id with it. */
static bool take_sample_id(struct words *words, uint64_t *ret_time_ns)
{
	if (words->left < SAMPLE_ID_WORDS)
		return false;
	words->left -= SAMPLE_ID_WORDS;
	*ret_time_ns = words->p[words->left + 1];
	return true;
}

int cpu_samples_decode(const struct perf_event_header *header, bool user_stacks,
		       struct cpu_samples_record *ret)
{
	struct cpu_samples_record record = { 0 };
	struct words words = { .p = (const uint64_t *)(const void *)(header + 1) };
	int r;

	if ((uintptr_t)header % 8 || header->size % 8 || header->size < sizeof(*header))
		return -EBADMSG;
	words.left = (header->size - sizeof(*header)) / 8;
	if (header->type == PERF_RECORD_SAMPLE)
		r = decode_sample(header, &words, user_stacks, &record);
	else
		r = take_sample_id(&words, &record.time_ns) ?
			    decode_other(header, &words, &record) :
			    -EBADMSG;
	if (r > 0)
		*ret = record;
	return r;
}
