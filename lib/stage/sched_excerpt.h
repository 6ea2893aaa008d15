/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A piece of the scheduler's timeline for the bundle (sched/excerpt.events, base/sched_text.h): the events of all CPUs before and
 * after the end of the longest wait, SCHED_EXCERPT_EVENTS at most. `triage export --as chrome-trace` draws it.
 *
 * Memory is had before the window: two times 0.8 MiB.
 */
#ifndef TRIAGE_STAGE_SCHED_EXCERPT_H
#define TRIAGE_STAGE_SCHED_EXCERPT_H

#include "base/sched_event.h"
#include "base/str.h"
#include "model/sched.h"

#include <stddef.h>

#define SCHED_EXCERPT_EVENTS 8192

struct sched_excerpt;

/* NULL: no memory. */
struct sched_excerpt *sched_excerpt_new(void);
void sched_excerpt_free(struct sched_excerpt *excerpt);
void sched_excerpt_freep(struct sched_excerpt **excerpt); /* for _cleanup_ */

/* After the model has taken the event. */
void sched_excerpt_add(struct sched_excerpt *excerpt, const struct sched_model *model,
		       const struct sched_event *event);

/* After sched_model_end(): appends the text. `about` `worst` when its end lies in the piece. Nothing when there was no event. -ENOMEM. */
int sched_excerpt_write(const struct sched_excerpt *excerpt, const struct sched_model *model,
			const struct sched_worst *worst, struct str *out);

#endif
