/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/perf_chain.h"
#include "source/perf_data_internal.h"
#include "source/perf_words.h"

#include <errno.h>
#include <sys/mman.h>

#define HEADER sizeof(struct perf_event_header)

/* --- which */

/* What a record needs before its sample_id; 0: it is nothing for us. */
static uint32_t body_of(uint32_t type)
{
	switch (type) {
	case PERF_RECORD_MMAP:
		return HEADER + 32;
	case PERF_RECORD_MMAP2:
		return HEADER + 64;
	case PERF_RECORD_COMM:
	case PERF_RECORD_LOST_SAMPLES:
		return HEADER + 8;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		return HEADER + 24;
	case PERF_RECORD_LOST:
		return HEADER + 16;
	case PERF_RECORD_THROTTLE:
		return HEADER + 24;
	}
	return 0;
}

bool perf_stack_is_wanted(const struct perf_data *data, enum perf_data_clock clock,
			  const struct perf_record *record, uint64_t *ret_time_ns)
{
	bool is_sample = record->type == PERF_RECORD_SAMPLE;
	uint32_t body = is_sample ? 0 : body_of(record->type);
	const struct perf_layout *layout;
	uint64_t time_ns = 0;

	if (!is_sample && !body)
		return false;
	layout = perf_record_layout(data, record, body);
	if (is_sample && (!layout || layout->clock != clock))
		return false;
	if (is_sample && layout->time && record->size >= layout->time + 8u)
		time_ns = perf_u64(record->p + layout->time);
	if (!is_sample && layout && layout->trailer_time)
		time_ns = perf_u64(record->p + record->size - layout->trailer_time);
	*ret_time_ns = time_ns == UINT64_MAX ? 0 : time_ns;
	return true;
}

/* --- samples: the order of fields is that of PERF_RECORD_SAMPLE in <linux/perf_event.h> */

static void skip_if(struct words *words, uint64_t type, uint64_t bit)
{
	if (type & bit)
		words_u64(words);
}

static void skip_read(const struct perf_layout *layout, const struct perf_record *record,
		      struct words *words)
{
	uint32_t at = record->size - (uint32_t)words->left * 8;

	if (words->failed || !perf_record_skip_read(record, layout->read_format, &at))
		words->failed = true;
	else
		words_take(words, words->left - (record->size - at) / 8);
}

/* u32 size, that many bytes, together a multiple of 8. */
static void skip_raw(struct words *words)
{
	if (words->left == 0) {
		words->failed = true;
		return;
	}
	words_take(words, ((uint64_t)(uint32_t)*words->p + 4 + 7) / 8);
}

static void skip_branches(const struct perf_layout *layout, struct words *words)
{
	uint64_t count = words_u64(words);

	if (layout->branch_type & PERF_SAMPLE_BRANCH_HW_INDEX)
		words_u64(words);
	if (count > UINT16_MAX)
		words->failed = true;
	words_take(words, count * 3);
}

/* Only those that unwinding asks for; a file that has not all of them gives none. */
static void take_user_regs(const struct perf_layout *layout, struct words *words,
			   struct perf_stack_record *ret)
{
	uint64_t mask = layout->user_regs, abi = words_u64(words), wanted = STACK_USER_REGS;
	size_t count = 0, from = 0;
	const uint64_t *regs;

	if (abi == PERF_SAMPLE_REGS_ABI_NONE)
		return;
	regs = words_take(words, (uint64_t)__builtin_popcountll(mask));
	if (!regs || abi != PERF_SAMPLE_REGS_ABI_64 || !wanted || (mask & wanted) != wanted)
		return;
	for (unsigned bit = 0; bit < 64; bit++) {
		if (wanted >> bit & 1)
			ret->regs[count++] = regs[from];
		from += mask >> bit & 1;
	}
	ret->sample.user_regs = ret->regs;
}

/* { size, then bytes and how many of them were copied unless size is 0 } */
static void take_user_stack(struct words *words, struct stack_sample *sample)
{
	uint64_t size = words_u64(words), copied;
	const uint64_t *stack = words_take(words, size / 8);

	copied = size ? words_u64(words) : 0;
	if (size % 8 || copied > size)
		words->failed = true;
	if (words->failed || !sample->user_regs)
		return;
	sample->user_stack = copied ? stack : NULL;
	sample->user_stack_len = copied;
}

/* Where the sample was taken. */
static const uint64_t *take_fixed(const struct perf_layout *layout, struct words *words,
				  struct stack_sample *sample)
{
	uint64_t type = layout->sample_type;
	const uint64_t *ip;
	struct pair ids;

	skip_if(words, type, PERF_SAMPLE_IDENTIFIER);
	ip = words_take(words, 1); /* without IP and TID it is no sample of a CPU */
	ids = words_pair(words);
	sample->pid = (pid_t)ids.first;
	sample->tid = (pid_t)ids.second;
	if (type & PERF_SAMPLE_TIME)
		sample->time_ns = words_u64(words);
	skip_if(words, type, PERF_SAMPLE_ADDR);
	skip_if(words, type, PERF_SAMPLE_ID);
	skip_if(words, type, PERF_SAMPLE_STREAM_ID);
	if (type & PERF_SAMPLE_CPU)
		sample->cpu = words_pair(words).first;
	sample->period = type & PERF_SAMPLE_PERIOD ? words_u64(words) : layout->period;
	return ip;
}

static int decode_sample(const struct perf_layout *layout, const struct perf_record *record,
			 uint16_t misc, struct words *words, struct perf_stack_record *ret)
{
	uint16_t mode = misc & PERF_RECORD_MISC_CPUMODE_MASK;
	uint64_t type = layout->sample_type, count = 0;
	struct stack_sample *sample = &ret->sample;
	const uint64_t *ip = take_fixed(layout, words, sample), *ips = NULL;

	ret->type = PERF_STACK_SAMPLE;
	sample->in_user = mode == PERF_RECORD_MISC_USER;
	if (type & PERF_SAMPLE_READ)
		skip_read(layout, record, words);
	if (type & PERF_SAMPLE_CALLCHAIN) {
		count = words_u64(words);
		ips = words_take(words, count);
	}
	if (type & PERF_SAMPLE_RAW)
		skip_raw(words);
	if (type & PERF_SAMPLE_BRANCH_STACK)
		skip_branches(layout, words);
	if (type & PERF_SAMPLE_REGS_USER)
		take_user_regs(layout, words, ret);
	if (type & PERF_SAMPLE_STACK_USER)
		take_user_stack(words, sample);
	if (words->failed || sample->cpu >= PERF_CPU_MAX)
		return -EBADMSG;
	perf_chain_split(sample, mode, ip, ips, ips ? count : 0);
	return 1;
}

/* --- the others */

static void take_place(struct words *words, struct mapping_event *mapping)
{
	struct pair ids = words_pair(words);

	mapping->pid = (pid_t)ids.first;
	mapping->tid = (pid_t)ids.second;
	mapping->start = words_u64(words);
	mapping->len = words_u64(words);
	mapping->offset = words_u64(words);
}

/* Three words with device, inode and generation, or with a build id: u8 length, three bytes, the
 * id. */
static void take_identity(struct words *words, uint16_t misc, struct perf_stack_record *ret)
{
	const uint64_t *p = words_take(words, 3);
	uint8_t bytes[24];

	if (!p)
		return;
	memcpy(bytes, p, sizeof(bytes));
	if (misc & PERF_RECORD_MISC_MMAP_BUILD_ID) {
		ret->id.len = bytes[0] <= PERF_BUILD_ID_MAX ? bytes[0] : 0;
		memcpy(ret->id.bytes, bytes + 4, ret->id.len);
		return;
	}
	memcpy(&ret->mapping.major, bytes, 4);
	memcpy(&ret->mapping.minor, bytes + 4, 4);
	memcpy(&ret->mapping.inode, bytes + 8, 8);
}

static int decode_mapping(uint32_t type, uint16_t misc, struct words *words,
			  struct perf_stack_record *ret)
{
	bool executable = !(misc & PERF_RECORD_MISC_MMAP_DATA);

	ret->type = PERF_STACK_MAPPING;
	take_place(words, &ret->mapping);
	if (type == PERF_RECORD_MMAP2) {
		take_identity(words, misc, ret);
		executable = words_pair(words).first & PROT_EXEC;
	}
	ret->mapping.path = words_text(words);
	if (!ret->mapping.path)
		return -EBADMSG;
	return executable ? 1 : 0;
}

static int decode_comm(uint16_t misc, struct words *words, struct task_event *task)
{
	struct pair ids = words_pair(words);
	const char *comm = words_text(words);

	if (!comm)
		return -EBADMSG;
	task->type = TASK_EVENT_NAME;
	task->pid = (pid_t)ids.first;
	task->tid = (pid_t)ids.second;
	task->exec = misc & PERF_RECORD_MISC_COMM_EXEC;
	memcpy(task->comm, comm, strnlen(comm, sizeof(task->comm) - 1));
	return 1;
}

static int decode_task(enum task_event_type type, uint16_t misc, struct words *words,
		       struct task_event *task)
{
	struct pair pids = words_pair(words), tids = words_pair(words);

	task->type = type;
	task->pid = (pid_t)pids.first;
	task->parent_pid = (pid_t)pids.second;
	task->tid = (pid_t)tids.first;
	task->exec = type == TASK_EVENT_FORK && misc & PERF_RECORD_MISC_FORK_EXEC;
	return words->failed ? -EBADMSG : 1;
}

static int decode_lost(uint32_t type, struct words *words, struct perf_stack_record *ret)
{
	ret->type = type == PERF_RECORD_LOST ? PERF_STACK_LOST : PERF_STACK_LOST_TOTAL;
	if (type == PERF_RECORD_LOST)
		words_u64(words); /* id */
	ret->lost = words_u64(words);
	return words->failed ? -EBADMSG : 1;
}

static int decode_other(uint32_t type, uint16_t misc, struct words *words,
			struct perf_stack_record *ret)
{
	ret->type = PERF_STACK_TASK;
	switch (type) {
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		return decode_mapping(type, misc, words, ret);
	case PERF_RECORD_COMM:
		return decode_comm(misc, words, &ret->task);
	case PERF_RECORD_FORK:
		return decode_task(TASK_EVENT_FORK, misc, words, &ret->task);
	case PERF_RECORD_EXIT:
		return decode_task(TASK_EVENT_EXIT, misc, words, &ret->task);
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		return decode_lost(type, words, ret);
	default:
		ret->type = PERF_STACK_THROTTLE;
		return 1;
	}
}

int perf_stack_decode(const struct perf_data *data, const struct perf_record *record,
		      struct perf_stack_record *ret)
{
	const struct perf_layout *layout = perf_record_layout(data, record, body_of(record->type));
	struct words words = { .p = (const uint64_t *)(const void *)(record->p + HEADER),
			       .left = (record->size - HEADER) / 8 };
	uint16_t misc;

	memset(ret, 0, offsetof(struct perf_stack_record, regs));
	memcpy(&misc, record->p + 4, sizeof(misc));
	if (record->size % 8)
		return -EBADMSG;
	if (record->type == PERF_RECORD_SAMPLE)
		return layout ? decode_sample(layout, record, misc, &words, ret) : -EBADMSG;
	if (layout)
		words.left -= layout->trailer / 8;
	return decode_other(record->type, misc, &words, ret);
}
