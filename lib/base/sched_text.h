/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scheduler events (base/sched_event.h) as text, one per line: the piece of the timeline that a bundle keeps.
 *
 *   # triage-sched/1
 *   about 812 1000 78000 1			the wait of thread 812 from 1000 to 78000 ns, on CPU 1
 *   name 812 800 tokio-runtime-w		thread, its process (0: not known), its comm
 *   switch 1000 1 812 R+ 913			time (ns), CPU, who leaves and in which state, who comes
 *   wakeup 1500 0 s 77 812 1			time, CPU, context (t task, s softirq, h hardirq), running there, woken, to which CPU (-1)
 *   new 1600 0 t 77 815 1			as wakeup, of a new thread
 *   migrate 1700 0 812 1 0			time, CPU, thread, from, to
 *   fork 1800 0 77 815				time, CPU, parent, child
 *   exit 1900 0 815				time, CPU, thread
 *   lost 2000 1 17				time, CPU, records (0: not told)
 *   pause 2100 0				time, CPU (no matter which): nobody watched until the next event
 *
 * Times are ns since some moment. States are the kernel's letters; R is ready, R+ was pushed off; "-": not told. Names become
 * printable as they are written and as they are read. What is read is a stranger's: numbers are bounded, malformed lines refused.
 */
#ifndef TRIAGE_BASE_SCHED_TEXT_H
#define TRIAGE_BASE_SCHED_TEXT_H

#include "base/err.h"
#include "base/sched_event.h"
#include "base/str.h"

#include <stddef.h>

#define SCHED_TEXT_BYTES_MAX ((size_t)16 << 20)
#define SCHED_TEXT_CPUS_MAX 8192

/* What the piece was kept for. */
struct sched_text_about {
	pid_t tid; /* 0: nothing */
	uint32_t cpu;
	uint64_t from_ns, until_ns;
};

/* The first lines. */
void sched_text_begin(struct str *out, const struct sched_text_about *about);

/* A line; nothing for events of other types. Names of threads are not taken from switches and wakeups. */
void sched_text_append(struct str *out, const struct sched_event *event);

/* Calls `each` for every event in the order of the lines and stops with what it returns when that is not 0. Names get the time
 * of the line before. -EBADMSG: malformed, or of a newer format; -E2BIG; `err` names the line. */
int sched_text_parse(const char *text, size_t len,
		     int (*each)(void *context, const struct sched_event *event), void *context,
		     struct sched_text_about *ret_about, struct err *err);

#endif
