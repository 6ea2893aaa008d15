/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The perf stage from names that a text tells (perf script, perf report, perf top), instead of
 * addresses: stacks go through the same profile as samples do; of a table of functions classes are
 * told as far as they can be.
 */
#ifndef TRIAGE_STAGE_PERF_NAMED_H
#define TRIAGE_STAGE_PERF_NAMED_H

#include "base/named_stack.h"
#include "evidence/evidence.h"
#include "rule/rule.h"

struct perf_named;

/* `rules` must outlive it. -ENOMEM. */
int perf_named_new(const struct ruleset *rules, struct perf_named **ret);
void perf_named_free(struct perf_named *named);
void perf_named_freep(struct perf_named **named);

/* As callbacks: `named` is a struct perf_named. -ENOMEM. */
int perf_named_stack(void *named, const struct named_stack *stack);
int perf_named_function(void *named, const struct named_function *function);

/* The metrics and tables of the stage, not its record. Stacks win over functions. Of functions
 * alone, a class is the largest share that is certain: the sum of what its functions do
 * themselves, or what one of them does with its callees; what can't be known is left unknown. 0
 * also when there was nothing; once. -ENOMEM. */
int perf_named_put(struct perf_named *named, struct evidence *evidence);

#endif
