/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/chrome_trace_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_THREADS 1024 /* a power of two, as all sizes after it */

static size_t slot_of(const struct track_thread *threads, size_t cap, pid_t tid)
{
	size_t slot = (uint32_t)tid * 2654435761U % cap;

	while (threads[slot].tid && threads[slot].tid != tid)
		slot = (slot + 1) % cap;
	return slot;
}

static int grow(struct chrome_trace *trace)
{
	size_t cap = trace->threads_cap ? 2 * trace->threads_cap : FIRST_THREADS;
	struct track_thread *threads = calloc(cap, sizeof(*threads));

	if (!threads)
		return -ENOMEM;
	for (size_t i = 0; i < trace->threads_cap; i++) {
		const struct track_thread *thread = &trace->threads[i];

		if (thread->tid)
			threads[slot_of(threads, cap, thread->tid)] = *thread;
	}
	free(trace->threads);
	trace->threads = threads;
	trace->threads_cap = cap;
	return 0;
}

struct track_thread *track_thread_find(const struct chrome_trace *trace, pid_t tid)
{
	struct track_thread *thread;

	if (tid <= 0 || !trace->threads_cap)
		return NULL;
	thread = &trace->threads[slot_of(trace->threads, trace->threads_cap, tid)];
	return thread->tid ? thread : NULL;
}

struct track_thread *track_thread_get(struct chrome_trace *trace, pid_t tid)
{
	struct track_thread *thread = track_thread_find(trace, tid);

	if (thread)
		return thread;
	if (tid <= 0 || tid >= CHROME_CPUS_PID || trace->threads_len >= CHROME_THREADS_MAX) {
		trace->counts.left_out++;
		return NULL;
	}
	if (trace->threads_len >= trace->threads_cap / 2 && grow(trace) < 0) {
		trace->error = -ENOMEM;
		return NULL;
	}
	thread = &trace->threads[slot_of(trace->threads, trace->threads_cap, tid)];
	thread->tid = tid;
	trace->threads_len++;
	return thread;
}

struct track_cpu *track_cpu_get(struct chrome_trace *trace, uint32_t cpu)
{
	struct track_cpu *slot;

	if (cpu >= CHROME_CPUS_MAX) {
		trace->counts.left_out++;
		return NULL;
	}
	slot = &trace->cpus[cpu];
	slot->seen = true;
	if (cpu >= trace->cpus_end)
		trace->cpus_end = cpu + 1;
	return slot;
}
