/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduler events from a source to a consumer, each on a CPU of its own: a file is decoded by one thread while the calling thread
 * feeds the model with what was decoded before. Order and results are those of one thread; memory is 2 MiB.
 */
#ifndef TRIAGE_STAGE_EVENT_PIPE_H
#define TRIAGE_STAGE_EVENT_PIPE_H

#include "base/sched_event.h"

typedef int event_each_fn(void *context, const struct sched_event *event);

/* Calls `each` for every event; ends with what that returns when it is not 0. */
typedef int event_source_fn(void *context, event_each_fn *each, void *each_context);

/* Runs `source` in a thread of its own and `each` in this one; without a second thread both in this one. What `each` returned when
 * that was not 0, else what `source` returned. The source has ended when this returns. */
int event_pipe_run(event_source_fn *source, void *source_context, event_each_fn *each,
		   void *each_context);

#endif
