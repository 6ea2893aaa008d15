/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sched stage from events that a text tells (perf script): they go through the model that those
 * of a recording go through. What the text lacks, who was interrupted and which process a thread is
 * of, is said.
 */
#ifndef TRIAGE_STAGE_SCHED_NAMED_H
#define TRIAGE_STAGE_SCHED_NAMED_H

#include "base/sched_event.h"
#include "evidence/evidence.h"

struct sched_named;

/* -ENOMEM. */
int sched_named_new(struct sched_named **ret);
void sched_named_free(struct sched_named *named);
void sched_named_freep(struct sched_named **named);

/* As a callback: `named` is a struct sched_named; events in time order. -ENOMEM. */
int sched_named_event(void *named, const struct sched_event *event);

/* The metrics and tables of the stage, not its record. 0 also when there was nothing; once.
 * -ENOMEM. */
int sched_named_put(struct sched_named *named, struct evidence *evidence);

#endif
