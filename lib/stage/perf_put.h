/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The profile's results as evidence.
 */
#ifndef TRIAGE_STAGE_PERF_PUT_H
#define TRIAGE_STAGE_PERF_PUT_H

#include "evidence/evidence.h"
#include "model/profile.h"
#include "symbol/symbolizer.h"

#include <stdbool.h>

struct perf_put_options {
	struct symbolizer *symbolizer; /* for source lines; NULL: none are told */
	double window_s;
	double cpus;	   /* that were sampled */
	double busy_pct;   /* of their time */
	bool weight_is_ns; /* else cycles */
	uint64_t unwound_weight;
};

/* 0 or -ENOMEM. */
int perf_put(const struct profile *profile, const struct perf_put_options *options,
	     struct evidence *evidence);

/* After it, where samples have no call chain: what depends on callers is unknown, as only the
 * classes of the functions themselves were seen. */
void perf_put_forget_callers(struct evidence *evidence);

#endif
