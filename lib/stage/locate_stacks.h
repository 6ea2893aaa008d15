/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The stacks of the locate stage, named once and looked at by all tables: what functions they have, in which kernel path, which of them
 * is the program's own.
 */
#ifndef TRIAGE_STAGE_LOCATE_STACKS_H
#define TRIAGE_STAGE_LOCATE_STACKS_H

#include "model/locate.h"
#include "stage/perf_log.h"
#include "stage/perf_resolve.h"

struct locate_stack {
	size_t first, count, kernel_count; /* of the frames */
	uint32_t path; /* index of paths; what the kernel did, "" when it has no frames */
	uint32_t own; /* symbol: the program's own function nearest to the leaf; PROFILE_SYMBOL_OTHER: none */
	uint32_t outer; /* the outermost of its own functions, below the runtime */
	uint64_t own_address;
	bool own_is_return;
	uint64_t classes;
	pid_t pid;
	bool user_broken;
};

VEC_DECLARE(locate_stack_list, struct locate_stack);
VEC_DECLARE(locate_symbols, uint32_t);
VEC_DECLARE(locate_addresses, uint64_t);
VEC_DECLARE(locate_paths, char *);

/* By the number of the sample in the log. */
struct locate_stacks {
	struct locate_stack_list list;
	struct locate_symbols symbols;
	struct locate_addresses addresses;
	struct locate_paths paths;
};

/* -ENOMEM. */
int locate_stacks_resolve(struct perf_resolver *resolver, const struct perf_log *log,
			  struct locate_stacks *ret);
void locate_stacks_free(struct locate_stacks *stacks);

/* Puts waits into the profile of waiting, and those with both ends into that of wakeups: its frames are the waker's, from its outermost
 * function on, then "--", then the blocked stack. Weights are scaled to the waiting of the whole group. -ENOMEM. */
int locate_stacks_profile(const struct locate_stacks *stacks, const struct locate_model *model,
			  struct profile *blocked, struct profile *wakeups);

#endif
