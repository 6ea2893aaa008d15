/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One perf ring buffer per online CPU, shared by several events of that CPU, through libperf (perf_event_open(2),
 * PERF_EVENT_IOC_SET_OUTPUT). Records come raw, in the order in which the kernel wrote them; their meaning is the caller's. Nothing
 * outlives the process: the kernel closes events and rings with it.
 */
#ifndef TRIAGE_SOURCE_PERF_RING_H
#define TRIAGE_SOURCE_PERF_RING_H

#include "base/err.h"

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct perf_rings;

/* The least that a ring is shrunk to. */
#define PERF_RING_BYTES_MIN ((size_t)16 << 10)

/* Opens each of the `count` events on every CPU, disabled, and maps a ring of `bytes` (a power of two) per CPU. When the memory can't
 * be had (-EPERM: more than may be locked; -ENOMEM), it is halved down to PERF_RING_BYTES_MIN. All events must use the same clock. `err`
 * is filled only when it is the memory that is missing (-ENOBUFS); else the result is what perf_event_open said. */
int perf_rings_new(const struct perf_event_attr *attrs, size_t count, size_t bytes,
		   struct perf_rings **ret, struct err *err);
void perf_rings_free(struct perf_rings *rings);
void perf_rings_freep(struct perf_rings **rings);

size_t perf_rings_count(const struct perf_rings *rings);
size_t perf_rings_bytes(const struct perf_rings *rings); /* of one ring */
uint32_t perf_rings_cpu(const struct perf_rings *rings, size_t ring);

/* Of the event at `index` of `attrs`, a tracepoint, only what the filter lets through (PERF_EVENT_IOC_SET_FILTER; the language of
 * Documentation/trace/events.rst, as in `comm ~ "tokio*" || pid == 417`). -EINVAL: the kernel does not understand it; -ENOSYS: this
 * libperf can't. */
int perf_rings_filter(struct perf_rings *rings, size_t index, const char *filter);

void perf_rings_enable(struct perf_rings *rings);
void perf_rings_disable(struct perf_rings *rings);

/* Sleeps until a ring has passed its attr.wakeup_watermark, or that long. True when one has; false after the time or a signal. */
bool perf_rings_wait(struct perf_rings *rings, int timeout_ms);

/* The next record of a ring, NULL when there is none now. All of header->size bytes can be read; valid until the next call for the
 * same ring or perf_rings_release(). */
const struct perf_event_header *perf_rings_next(struct perf_rings *rings, size_t ring);

/* Gives the room of all records that perf_rings_next() returned back to the kernel. */
void perf_rings_release(struct perf_rings *rings, size_t ring);

#endif
