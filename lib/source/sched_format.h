/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Raw tracepoint records into scheduler events. libtraceevent reads the event formats once; after
 * that each field is read at its offset, bounds-checked, without a library call. One of the few
 * users of libtraceevent.
 *
 * Formats come from tracefs (events/sched/NAME/format) or from the TRACING_DATA of a perf.data
 * file, so field order and sizes are the recording kernel's own.
 */
#ifndef TRIAGE_SOURCE_SCHED_FORMAT_H
#define TRIAGE_SOURCE_SCHED_FORMAT_H

#include "base/err.h"
#include "base/sched_event.h"

#include <stddef.h>

struct sched_format;

/* Not from two threads at a time: libtraceevent's parser has state of its own. */

int sched_format_new(struct sched_format **ret);
void sched_format_free(struct sched_format *format);

/* From now on events of futexes and kernel locks are added too; before, they decode to nothing. */
void sched_format_take_locks(struct sched_format *format);

/* Adds one event by the text of its `format` file; events that are no sched events of sched_event.h
 * are accepted and ignored. `prev_state` letters follow the kernel's print format (the state bits
 * changed with 4.14 and 6.x). -EBADMSG when the text can't be understood or lacks a field that is
 * needed. */
int sched_format_add(struct sched_format *format, const char *text, size_t len, struct err *err);

/* Which wakeup counts: prefers sched_waking when both were added (then sched_wakeup records decode
 * to nothing). */
void sched_format_settle(struct sched_format *format);

/* The tracepoint id of an event by name, -ENOENT when it was not added. */
int sched_format_id(const struct sched_format *format, const char *name);

/* Events of that type decode to nothing from now on. */
void sched_format_leave_out(struct sched_format *format, enum sched_event_type type);

/* The tracepoint id in a raw payload, wherever this kernel has it; -1 when it is too short or
 * nothing was added. */
int sched_format_id_in(const struct sched_format *format, const void *raw, size_t len);

/* Whether payloads of that id decode to an event (neither unknown nor left out). */
bool sched_format_wants(const struct sched_format *format, int id);

/* Whether the payload is of an event that decodes to nothing. False too when it is too short to tell. */
bool sched_format_leaves_out(const struct sched_format *format, const void *raw, size_t len);

/* Decodes one raw payload (PERF_SAMPLE_RAW). Fills everything but time_ns and cpu. 1: an event; 0:
 * not one of ours; -EBADMSG: too short for its format. */
int sched_format_decode(const struct sched_format *format, const void *raw, size_t len,
			struct sched_event *ret);

#endif
