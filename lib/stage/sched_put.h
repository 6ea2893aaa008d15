/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sched model's results as evidence.
 */
#ifndef TRIAGE_STAGE_SCHED_PUT_H
#define TRIAGE_STAGE_SCHED_PUT_H

#include "evidence/evidence.h"
#include "model/sched.h"

/* `own_group`: triage's, left out of the rows; SCHED_ACTOR_UNKNOWN: none. `wakeups`: the source has them; without them
 * who waits is not known and stays unknown. 0 or -ENOMEM. */
int sched_put(const struct sched_model *model, uint32_t own_group, bool wakeups,
	      struct evidence *evidence);

/* The wait that is told as the longest: of what is trusted and what is still open; what is suspect only when there is nothing better.
 * `found` may be false. */
const struct sched_worst *sched_put_worst(const struct sched_model *model);

#endif
