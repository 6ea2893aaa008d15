/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The funnel: stages from cheap to costly, each run because a rule of an earlier one asked for it.
 */
#ifndef TRIAGE_STAGE_FUNNEL_H
#define TRIAGE_STAGE_FUNNEL_H

#include "base/err.h"
#include "evidence/evidence.h"
#include "rule/rule.h"
#include "source/procroot.h"
#include "stage/stage.h"

#include <stdbool.h>

#define FUNNEL_SECONDS 10 /* default budget of all stages together */
#define FUNNEL_COST_PCT 3 /* default of cost_max_pct */

struct funnel_options {
	const struct ruleset *rules;
	double seconds; /* budget of all stages; 0: FUNNEL_SECONDS. Stages share it by fixed parts */
	bool full;	/* run every stage, asked for or not */
	unsigned stages;     /* bits 1 << stage_id: run these and no other; 0: as rules ask */
	uint64_t events_max; /* kernel events of one stage; 0: no cap */
	double cost_max_pct; /* of all CPUs' time, that a stage may cost the watched; 0: FUNNEL_COST_PCT */
	const volatile sig_atomic_t
		*stop; /* ends stages early when it becomes non-zero; NULL: none */
	enum call_graph call_graph;
	void (*progress)(void *context, const char *stage, double seconds); /* NULL: silent */
	bool keep_trace, redact; /* as in stage_context */
	stage_keep_fn *keep;	 /* files that stages make for the bundle; NULL: none are kept */
	void *context;
};

/* Collects evidence from the root into `evidence`, annotated with the rules' knowledge. 0; -EINTR
 * when it was stopped (what there is stays valid); -ENOMEM; -ENOENT when not even the first stage
 * found anything to read. */
int funnel_run(struct procroot *root, const struct funnel_options *options,
	       struct evidence *evidence, struct err *err);

#endif
