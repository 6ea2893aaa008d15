/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/perf_chain.h"

#include <linux/perf_event.h>

/* From here up an entry of a callchain is no address: it says whose addresses follow. */
#define CONTEXT_LOWEST ((uint64_t)PERF_CONTEXT_MAX)

static uint64_t context_of_mode(uint16_t mode)
{
	switch (mode) {
	case PERF_RECORD_MISC_KERNEL:
		return (uint64_t)PERF_CONTEXT_KERNEL;
	case PERF_RECORD_MISC_USER:
		return (uint64_t)PERF_CONTEXT_USER;
	default:
		return (uint64_t)PERF_CONTEXT_HV;
	}
}

/* Hypervisors' and guests' addresses mean nothing here. */
static void keep_part(struct stack_sample *sample, uint64_t context, const uint64_t *ips,
		      size_t count)
{
	if (count == 0)
		return;
	if (context == (uint64_t)PERF_CONTEXT_KERNEL && !sample->kernel_count && !sample->in_user) {
		sample->kernel = ips;
		sample->kernel_count = count;
	} else if (context == (uint64_t)PERF_CONTEXT_USER && !sample->user_count) {
		sample->user = ips;
		sample->user_count = count;
	}
}

static void split_chain(struct stack_sample *sample, uint64_t context, const uint64_t *ips,
			size_t count)
{
	size_t start = 0;

	for (size_t i = 0; i < count; i++) {
		if (ips[i] < CONTEXT_LOWEST)
			continue;
		keep_part(sample, context, ips + start, i - start);
		context = ips[i];
		start = i + 1;
	}
	keep_part(sample, context, ips + start, count - start);
}

/* The kernel writes no chain when it has no buffer for it; the address is known all the same. */
static void keep_leaf(struct stack_sample *sample, uint16_t mode, const uint64_t *ip)
{
	if (mode == PERF_RECORD_MISC_KERNEL && !sample->kernel_count)
		keep_part(sample, context_of_mode(mode), ip, 1);
	if (mode == PERF_RECORD_MISC_USER && !sample->user_count)
		keep_part(sample, context_of_mode(mode), ip, 1);
}

void perf_chain_split(struct stack_sample *sample, uint16_t mode, const uint64_t *ip,
		      const uint64_t *ips, size_t count)
{
	if (count)
		split_chain(sample, context_of_mode(mode), ips, count);
	if (ip)
		keep_leaf(sample, mode, ip);
}

void perf_chain_user_stack(struct words *words, struct stack_sample *sample)
{
	uint64_t abi = words_u64(words);
	const uint64_t *regs = NULL, *stack;
	uint64_t size, copied;

	if (abi != PERF_SAMPLE_REGS_ABI_NONE)
		regs = words_take(words, STACK_USER_REGS_COUNT);
	size = words_u64(words);
	stack = words_take(words, size / 8);
	copied = size ? words_u64(words) : 0;
	if (size % 8 || copied > size)
		words->failed = true;
	/* Registers of a 32-bit process can't be read as those of this architecture. */
	if (words->failed || abi != PERF_SAMPLE_REGS_ABI_64)
		return;
	sample->user_regs = regs;
	sample->user_stack = copied ? stack : NULL;
	sample->user_stack_len = copied;
}
