/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of sched_rings share: which events are opened (sched_rings_events.c) and how their records are read
 * (sched_rings_record.c).
 */
#ifndef TRIAGE_SOURCE_SCHED_RINGS_INTERNAL_H
#define TRIAGE_SOURCE_SCHED_RINGS_INTERNAL_H

#include "base/str.h"
#include "source/sched_format.h"

#include <linux/perf_event.h>

#define SCHED_RINGS_EVENTS_MAX 8

struct sched_rings_events {
	struct perf_event_attr attrs[SCHED_RINGS_EVENTS_MAX];
	size_t count;
	struct sched_format *format; /* NULL: switch records, no tracepoints */
};

/* Where tracefs is mounted, or would be. */
const char *sched_rings_find_tracefs(void);

/* Replaces `ret` by a format file; -EFBIG. */
int sched_rings_read_format(const char *path, struct str *ret);

/* Tracepoints by their format files below `tracefs` (NULL: the usual places), and one dummy event for new names and threads. Negative
 * errno with the reason in `err`: -ENOENT no tracefs, -EACCES, -EBADMSG. The format is the caller's to free. */
int sched_rings_tracepoints(const char *tracefs, size_t ring_bytes, struct sched_rings_events *ret,
			    struct err *err);

/* One dummy event that writes switch records. */
void sched_rings_switch_records(size_t ring_bytes, struct sched_rings_events *ret);

/* Reads one record of these events. 1: an event; 0: none of ours; -EBADMSG: shorter than it claims. `format` NULL: switch records. Fills
 * everything but `cpu`. */
int sched_rings_decode(const struct sched_format *format, const struct perf_event_header *header,
		       struct sched_event *ret);

#endif
