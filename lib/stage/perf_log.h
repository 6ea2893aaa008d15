/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The samples of a window, kept until it is over: naming them takes time that the rings don't have. Bounded; what doesn't fit
 * any more is counted, first the copies of user stacks, then whole samples.
 */
#ifndef TRIAGE_STAGE_PERF_LOG_H
#define TRIAGE_STAGE_PERF_LOG_H

#include "base/stack_sample.h"
#include "base/vec.h"

struct perf_log_options {
	size_t bytes_max;	/* of all; 0: 24 MiB */
	size_t stack_bytes_max; /* of the copied user stacks among them; 0: 16 MiB */
};

/* The pointers of a sample lead into the log. */
VEC_DECLARE(stack_samples, struct stack_sample);
VEC_DECLARE(perf_blocks, char *);

struct perf_log {
	struct perf_log_options options;
	struct stack_samples samples;
	struct perf_blocks blocks;
	size_t block_used;	   /* of the last block */
	size_t bytes, stack_bytes; /* so far */
	uint64_t stacks_left_out, samples_left_out;
};

void perf_log_init(struct perf_log *log, const struct perf_log_options *options);
void perf_log_free(struct perf_log *log);

/* Keeps a copy. 0 also when there was no room for it; -ENOMEM. */
int perf_log_add(struct perf_log *log, const struct stack_sample *sample);

#endif
