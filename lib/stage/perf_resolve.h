/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From addresses to functions: takes the samples of a log one by one, finds their callers, names
 * them, and gives them to the profile.
 */
#ifndef TRIAGE_STAGE_PERF_RESOLVE_H
#define TRIAGE_STAGE_PERF_RESOLVE_H

#include "base/stack_sample.h"
#include "model/profile.h"
#include "rule/rule.h"
#include "stage/stage.h"
#include "symbol/symbolizer.h"
#include "symbol/unwind.h"

struct perf_resolver {
	const struct ruleset *rules;
	struct symbolizer *symbolizer;
	struct unwinder *unwinder; /* NULL: by frame pointers alone */
	struct profile *profile;
	uint64_t unwound_weight; /* of the samples whose user callers were found by DWARF */
};

/* The frames of one sample as the profile takes them: kernel, then user, leaf first. */
struct perf_frames {
	uint32_t symbols[2 * STACK_FRAMES_MAX];
	uint64_t addresses[2 * STACK_FRAMES_MAX];
	size_t count, kernel_count;
	bool user_broken; /* the user part is known to be cut */
};

/* An empty profile that knows what the rules say about classes. NULL: no memory. */
struct profile *perf_profile_new(const struct ruleset *rules);

/* The profile's id of a function, with its classes. -ENOMEM. */
int64_t perf_resolve_symbol(struct perf_resolver *resolver, const struct symbol *symbol);

/* Fills `ret`; the profile learns the functions, and nothing else. -ENOMEM. */
int perf_resolve_frames(struct perf_resolver *resolver, const struct stack_sample *sample,
			struct perf_frames *ret);

/* -ENOMEM. */
int perf_resolve(struct perf_resolver *resolver, const struct stack_sample *sample);

/* What names the samples of a stage: symbols of the kernel and of programs, and, unless only frame pointers are followed,
 * an unwinder. The stage is degraded when the kernel's symbols can't be had. -ENOMEM; both belong to the caller in any case. */
int perf_naming_open(struct stage_context *context, struct address_spaces *spaces,
		     struct symbolizer **ret_symbolizer, struct unwinder **ret_unwinder);

#endif
