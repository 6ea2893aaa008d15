/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/perf_log.h"

#include <errno.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)1 << 20)

void perf_log_init(struct perf_log *log, const struct perf_log_options *options)
{
	*log = (struct perf_log){ .options = *options };
	if (!log->options.bytes_max)
		log->options.bytes_max = (size_t)24 << 20;
	if (!log->options.stack_bytes_max)
		log->options.stack_bytes_max = (size_t)16 << 20;
}

void perf_log_free(struct perf_log *log)
{
	vec_each(block, &log->blocks)
		free(*block);
	vec_free(&log->blocks);
	vec_free(&log->samples);
}

static int add_block(struct perf_log *log)
{
	char *block = malloc(BLOCK_BYTES);

	if (!block || vec_push(&log->blocks, block) < 0) {
		free(block);
		return -ENOMEM;
	}
	log->block_used = 0;
	return 0;
}

/* A copy in the log; sets `failed` when memory ran out. */
static const void *keep(struct perf_log *log, const void *bytes, size_t len, bool *failed)
{
	size_t room = (len + 7) & ~(size_t)7;
	char *copy;

	if (!len || *failed)
		return NULL;
	if ((!log->blocks.len || log->block_used + room > BLOCK_BYTES) && add_block(log) < 0) {
		*failed = true;
		return NULL;
	}
	copy = log->blocks.data[log->blocks.len - 1] + log->block_used;
	memcpy(copy, bytes, len);
	log->block_used += room;
	log->bytes += room;
	return copy;
}

static void drop_stack(struct stack_sample *sample)
{
	sample->user_regs = NULL;
	sample->user_stack = NULL;
	sample->user_stack_len = 0;
}

int perf_log_add(struct perf_log *log, const struct stack_sample *sample)
{
	size_t chain = (sample->kernel_count + sample->user_count) * sizeof(uint64_t);
	struct stack_sample copy = *sample;
	bool failed = false;

	if (chain + sizeof(copy) > BLOCK_BYTES ||
	    log->bytes + chain + sizeof(copy) > log->options.bytes_max) {
		log->samples_left_out++;
		return 0;
	}
	if (copy.user_stack_len > BLOCK_BYTES / 2 ||
	    log->stack_bytes + copy.user_stack_len > log->options.stack_bytes_max) {
		log->stacks_left_out++;
		drop_stack(&copy);
	}
	log->stack_bytes += copy.user_stack_len;
	log->bytes += sizeof(copy);
	copy.kernel = keep(log, copy.kernel, copy.kernel_count * sizeof(uint64_t), &failed);
	copy.user = keep(log, copy.user, copy.user_count * sizeof(uint64_t), &failed);
	copy.user_regs = keep(log, copy.user_regs,
			      copy.user_regs ? STACK_USER_REGS_COUNT * sizeof(uint64_t) : 0,
			      &failed);
	copy.user_stack = keep(log, copy.user_stack, copy.user_stack_len, &failed);
	return failed || vec_push(&log->samples, copy) < 0 ? -ENOMEM : 0;
}
