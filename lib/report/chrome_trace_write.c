/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/chrome_trace_internal.h"

#include "report/quoted.h"

#include <stdio.h>
#include <string.h>

#define FLUSH_BYTES ((size_t)48 << 10)

void trace_flush(struct chrome_trace *trace, bool all)
{
	if (str_error(&trace->out) < 0 && !trace->error)
		trace->error = str_error(&trace->out);
	if (trace->error || trace->out.len == 0 || (!all && trace->out.len < FLUSH_BYTES))
		return;
	trace->error =
		trace->options.write(trace->options.context, str_text(&trace->out), trace->out.len);
	str_clear(&trace->out);
}

/* ---- parts of an event ---- */

static void append_us(struct str *out, uint64_t ns)
{
	str_format(out, "%llu.%03u", (unsigned long long)(ns / 1000), (unsigned)(ns % 1000));
}

static void append_comm(struct str *out, const char comm[SCHED_COMM_LEN], pid_t tid)
{
	char unnamed[16];

	if (comm[0]) {
		quoted_append_any(out, comm, strnlen(comm, SCHED_COMM_LEN));
		return;
	}
	snprintf(unnamed, sizeof(unnamed), "%d", tid);
	quoted_append(out, span_of(unnamed));
}

static uint64_t since_start(const struct chrome_trace *trace, uint64_t ns)
{
	return ns > trace->start_ns ? ns - trace->start_ns : 0;
}

/* {"name":"running" */
static void begin(struct chrome_trace *trace, const char *name)
{
	str_append(&trace->out, trace->counts.written++ ? ",\n{\"name\":" : "\n{\"name\":");
	if (name)
		quoted_append(&trace->out, span_of(name));
}

static void append_place(struct chrome_trace *trace, const char *phase, uint64_t ns, pid_t pid,
			 pid_t tid)
{
	str_format(&trace->out, ",\"ph\":\"%s\",\"ts\":", phase);
	append_us(&trace->out, since_start(trace, ns));
	str_format(&trace->out, ",\"pid\":%d,\"tid\":%d", pid, tid);
}

static void append_slice(struct chrome_trace *trace, uint64_t from_ns, uint64_t until_ns, pid_t pid,
			 pid_t tid)
{
	append_place(trace, "X", from_ns, pid, tid);
	str_append(&trace->out, ",\"dur\":");
	from_ns = since_start(trace, from_ns);
	until_ns = since_start(trace, until_ns);
	append_us(&trace->out, until_ns > from_ns ? until_ns - from_ns : 0);
}

static pid_t track_pid(struct track_thread *thread)
{
	if (!thread->track_pid)
		thread->track_pid = thread->pid > 0 ? thread->pid : thread->tid;
	return thread->track_pid;
}

/* ---- a thread's time ---- */

static void write_arrow_end(struct chrome_trace *trace, const char *phase, uint64_t ns, pid_t pid,
			    pid_t tid)
{
	begin(trace, "wakeup");
	append_place(trace, phase, ns, pid, tid);
	str_format(&trace->out, ",\"cat\":\"wakeup\",\"id\":%llu%s}",
		   (unsigned long long)trace->counts.arrows, *phase == 'f' ? ",\"bp\":\"e\"" : "");
}

/* After the slice that it leads to, so that a reader who goes by time and then by order has that
 * already. */
static void write_arrow(struct chrome_trace *trace, struct track_thread *thread)
{
	const struct track_waker *waker = &thread->waker;

	if (!thread->woken || !waker->known)
		return;
	trace->counts.arrows++;
	write_arrow_end(trace, "s", waker->time_ns, waker->pid, waker->tid);
	write_arrow_end(trace, "f", thread->since_ns, track_pid(thread), thread->tid);
}

void trace_write_run(struct chrome_trace *trace, struct track_thread *thread, uint64_t until_ns,
		     const char *then)
{
	pid_t pid = track_pid(thread);

	begin(trace, NULL);
	append_comm(&trace->out, thread->comm, thread->tid);
	append_slice(trace, thread->since_ns, until_ns, CHROME_CPUS_PID,
		     CHROME_CPUS_PID + 1 + (pid_t)thread->cpu);
	str_format(&trace->out, ",\"args\":{\"tid\":%d,\"pid\":%d,\"then\":\"%s\"}}", thread->tid,
		   pid, then);
	begin(trace, "running");
	append_slice(trace, thread->since_ns, until_ns, pid, thread->tid);
	str_format(&trace->out,
		   ",\"cname\":\"thread_state_running\",\"args\":{\"cpu\":%u,\"then\":\"%s\"}}",
		   thread->cpu, then);
	write_arrow(trace, thread);
}

static void append_waker(struct chrome_trace *trace, const struct track_waker *waker)
{
	struct str *out = &trace->out;

	if (waker->context == SCHED_CONTEXT_TASK) {
		str_append(out, "\"woken by\":");
		append_comm(out, waker->comm, waker->waker_tid);
		str_format(out, ",\"waker tid\":%d", waker->waker_tid);
	} else {
		str_format(out, "\"woken by\":\"%s\"",
			   waker->context == SCHED_CONTEXT_SOFTIRQ ? "softirq" : "hardirq");
	}
	str_format(out, ",\"on cpu\":%u", waker->cpu);
}

void trace_write_wait(struct chrome_trace *trace, struct track_thread *thread, uint64_t until_ns)
{
	if (until_ns <= thread->since_ns)
		return;
	begin(trace, "waiting for a CPU");
	append_slice(trace, thread->since_ns, until_ns, track_pid(thread), thread->tid);
	str_append(&trace->out, ",\"cname\":\"thread_state_runnable\",\"args\":{");
	if (thread->woken)
		append_waker(trace, &thread->waker);
	else
		str_append(&trace->out, "\"since\":\"it had to leave the CPU\"");
	str_append(&trace->out, "}}");
}

void trace_write_sleep(struct chrome_trace *trace, struct track_thread *thread, uint64_t until_ns)
{
	if (thread->sleeps != 'D' || until_ns <= thread->since_ns)
		return;
	begin(trace, "uninterruptible sleep");
	append_slice(trace, thread->since_ns, until_ns, track_pid(thread), thread->tid);
	str_append(&trace->out, ",\"cname\":\"thread_state_uninterruptible\",\"args\":{}}");
}

/* ---- what is not a thread's ---- */

void trace_write_loss(struct chrome_trace *trace, uint32_t cpu, uint64_t records)
{
	begin(trace, "records lost");
	append_place(trace, "i", trace->now_ns, CHROME_CPUS_PID, CHROME_CPUS_PID + 1 + (pid_t)cpu);
	str_append(&trace->out, ",\"s\":\"t\",\"args\":{");
	if (records)
		str_format(&trace->out, "\"records\":%llu", (unsigned long long)records);
	str_append(&trace->out, "}}");
}

void trace_write_pause(struct chrome_trace *trace)
{
	begin(trace, "nobody watches until the next event");
	append_place(trace, "i", trace->now_ns, CHROME_CPUS_PID, CHROME_CPUS_PID);
	str_append(&trace->out, ",\"s\":\"g\"}");
}

void trace_write_counter(struct chrome_trace *trace)
{
	begin(trace, "threads");
	append_place(trace, "C", trace->now_ns, CHROME_CPUS_PID, CHROME_CPUS_PID);
	str_format(&trace->out, ",\"args\":{\"running\":%u,\"waiting\":%u}}", trace->running,
		   trace->waiting);
}

void trace_write_mark(struct chrome_trace *trace, const char *name, uint64_t from_ns,
		      uint64_t until_ns)
{
	begin(trace, name);
	append_slice(trace, from_ns, until_ns, CHROME_CPUS_PID, CHROME_CPUS_PID);
	str_append(&trace->out, ",\"args\":{}}");
}

/* ---- names of tracks ---- */

static void append_meta(struct chrome_trace *trace, const char *what, pid_t pid, pid_t tid)
{
	begin(trace, what);
	append_place(trace, "M", trace->start_ns, pid, tid);
	str_append(&trace->out, ",\"args\":{");
}

static void write_text_meta(struct chrome_trace *trace, const char *what, pid_t pid, pid_t tid,
			    const char *text)
{
	append_meta(trace, what, pid, tid);
	str_append(&trace->out, "\"name\":");
	quoted_append(&trace->out, span_of(text));
	str_append(&trace->out, "}}");
}

static void write_order(struct chrome_trace *trace, const char *what, pid_t pid, pid_t tid,
			int order)
{
	append_meta(trace, what, pid, tid);
	str_format(&trace->out, "\"sort_index\":%d}}", order);
}

static void write_cpu_names(struct chrome_trace *trace)
{
	write_text_meta(trace, "process_name", CHROME_CPUS_PID, CHROME_CPUS_PID, "CPUs");
	write_order(trace, "process_sort_index", CHROME_CPUS_PID, CHROME_CPUS_PID, -1);
	if (trace->marked)
		write_text_meta(trace, "thread_name", CHROME_CPUS_PID, CHROME_CPUS_PID,
				"look here");
	for (uint32_t cpu = 0; cpu < trace->cpus_end; cpu++) {
		pid_t tid = CHROME_CPUS_PID + 1 + (pid_t)cpu;
		char name[24];

		if (!trace->cpus[cpu].seen)
			continue;
		snprintf(name, sizeof(name), "CPU %u", cpu);
		write_text_meta(trace, "thread_name", CHROME_CPUS_PID, tid, name);
		write_order(trace, "thread_sort_index", CHROME_CPUS_PID, tid, (int)cpu);
	}
}

static void write_comm_meta(struct chrome_trace *trace, const char *what, pid_t pid, pid_t tid,
			    const struct track_thread *named)
{
	append_meta(trace, what, pid, tid);
	str_append(&trace->out, "\"name\":");
	append_comm(&trace->out, named->comm, named->tid);
	str_append(&trace->out, "}}");
}

/* The leader's name, or else that of one of its threads. */
static void write_process_name(struct chrome_trace *trace, struct track_thread *thread)
{
	struct track_thread *leader = track_thread_find(trace, thread->track_pid);
	struct track_thread *once = leader ? leader : thread;

	if (once->process_named)
		return;
	once->process_named = true;
	write_comm_meta(trace, "process_name", thread->track_pid, thread->tid,
			leader && leader->comm[0] ? leader : thread);
}

void trace_write_names(struct chrome_trace *trace)
{
	write_cpu_names(trace);
	for (size_t i = 0; i < trace->threads_cap; i++) {
		struct track_thread *thread = &trace->threads[i];

		if (!thread->tid || !thread->track_pid)
			continue;
		write_comm_meta(trace, "thread_name", thread->track_pid, thread->tid, thread);
		write_process_name(trace, thread);
		trace_flush(trace, false);
	}
}

/* ---- the document ---- */

void trace_write_begin(struct chrome_trace *trace)
{
	str_append(&trace->out, "{\"displayTimeUnit\":\"ns\",\n\"traceEvents\":[");
}

static void append_fact(struct str *out, const char *name, const char *text)
{
	if (!text)
		return;
	str_format(out, ",\"%s\":", name);
	quoted_append_any(out, text, strlen(text));
}

/* 64-bit numbers are strings: readers keep numbers as doubles. */
void trace_write_end(struct chrome_trace *trace)
{
	const struct chrome_trace_counts *counts = &trace->counts;
	struct str *out = &trace->out;

	str_format(out, "\n],\n\"otherData\":{\"start_ns\":\"%llu\",\"complete\":%s",
		   (unsigned long long)trace->start_ns, counts->full ? "false" : "true");
	append_fact(out, "host", trace->options.host);
	append_fact(out, "triage", trace->options.tool_version);
	str_format(out, ",\"events\":\"%llu\",\"losses\":\"%llu\",\"left_out\":\"%llu\"}}\n",
		   (unsigned long long)counts->events, (unsigned long long)counts->losses,
		   (unsigned long long)counts->left_out);
}
