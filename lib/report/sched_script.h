/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduler events as the text that `perf script` prints, streamed; for grep and awk where there is no perf.
 *
 *          worker   812 [001]  3434.156081: sched:sched_switch: prev_comm=worker prev_pid=812 prev_state=S ==> next_comm=server next_pid=10
 *
 * Fields of a tracepoint that struct sched_event does not carry (priorities) are not there. A wakeup is called sched_wakeup, whichever of the
 * two tracepoints told it. Losses and pauses are comments ("# ..."). Times are seconds of the events' clock.
 */
#ifndef TRIAGE_REPORT_SCHED_SCRIPT_H
#define TRIAGE_REPORT_SCHED_SCRIPT_H

#include "base/sched_event.h"

#include <stdbool.h>
#include <stddef.h>

struct sched_script;

/* `write` returns 0 or -errno; `events_max` 0: no limit. -ENOMEM. */
int sched_script_new(int (*write)(void *context, const char *bytes, size_t len), void *context,
		     uint64_t events_max, struct sched_script **ret);
void sched_script_free(struct sched_script *script);
void sched_script_freep(struct sched_script **script); /* for _cleanup_ */

/* 1: `events_max` is reached and the event was not taken; else 0, -ENOMEM or what write() returned. */
int sched_script_event(struct sched_script *script, const struct sched_event *event);

/* Hands over what is left. */
int sched_script_end(struct sched_script *script);

bool sched_script_is_full(const struct sched_script *script);

#endif
