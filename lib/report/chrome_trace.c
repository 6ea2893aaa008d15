/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/chrome_trace_internal.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNTER_STEP_NS 1000000

int chrome_trace_new(const struct chrome_trace_options *options, struct chrome_trace **ret)
{
	_cleanup_(chrome_trace_freep) struct chrome_trace *trace = calloc(1, sizeof(*trace));

	if (!trace)
		return -ENOMEM;
	trace->options = *options;
	if (!options->events_max)
		trace->options.events_max = CHROME_EVENTS_MAX;
	trace->cpus = calloc(CHROME_CPUS_MAX, sizeof(*trace->cpus));
	if (!trace->cpus)
		return -ENOMEM;
	trace_write_begin(trace);
	*ret = TAKE_PTR(trace);
	return 0;
}

void chrome_trace_free(struct chrome_trace *trace)
{
	if (!trace)
		return;
	str_free(&trace->out);
	free(trace->threads);
	free(trace->cpus);
	free(trace);
}

void chrome_trace_freep(struct chrome_trace **trace)
{
	chrome_trace_free(*trace);
}

struct chrome_trace_counts chrome_trace_counts(const struct chrome_trace *trace)
{
	return trace->counts;
}

/* ---- states of threads ---- */

static void set_comm(struct track_thread *thread, const char comm[SCHED_COMM_LEN])
{
	if (comm[0])
		memcpy(thread->comm, comm, SCHED_COMM_LEN);
}

static void set_state(struct chrome_trace *trace, struct track_thread *thread,
		      enum track_state state)
{
	trace->running -= thread->state == TRACK_RUNNING;
	trace->waiting -= thread->state == TRACK_WAITING;
	thread->state = state;
	thread->since_ns = trace->now_ns;
	trace->running += state == TRACK_RUNNING;
	trace->waiting += state == TRACK_WAITING;
}

/* Writes what the thread did until now. */
static void end_state(struct chrome_trace *trace, struct track_thread *thread, uint64_t until_ns,
		      const char *then)
{
	if (thread->state == TRACK_RUNNING)
		trace_write_run(trace, thread, until_ns, then);
	else if (thread->state == TRACK_WAITING)
		trace_write_wait(trace, thread, until_ns);
	else if (thread->state == TRACK_SLEEPING)
		trace_write_sleep(trace, thread, until_ns);
}

/* Who was thought to run there does not, or nobody knows: its time ends with what was seen last. */
static void give_up_runner(struct chrome_trace *trace, struct track_cpu *cpu)
{
	struct track_thread *runner = track_thread_find(trace, cpu->runner);

	if (cpu->known && runner && runner->state == TRACK_RUNNING &&
	    &trace->cpus[runner->cpu] == cpu) {
		end_state(trace, runner, cpu->last_ns, "not seen");
		set_state(trace, runner, TRACK_UNKNOWN);
	}
	cpu->known = false;
}

static const char *ending(const struct sched_event *event)
{
	if (event->preempted)
		return "preempted";
	if (event->runnable)
		return "still ready";
	switch (event->state) {
	case 'D':
		return "sleeps, uninterruptible";
	case 'X':
	case 'Z':
		return "exits";
	case 'T':
	case 't':
		return "stopped";
	default:
		return "sleeps";
	}
}

static void leave_cpu(struct chrome_trace *trace, struct track_thread *thread,
		      const struct sched_event *event)
{
	if (thread->state == TRACK_RUNNING && thread->cpu != event->cpu)
		give_up_runner(trace, &trace->cpus[thread->cpu]);
	/* one that was not seen to come has run for nobody knows how long */
	if (thread->state == TRACK_RUNNING)
		end_state(trace, thread, trace->now_ns, ending(event));
	set_comm(thread, event->other_comm);
	thread->woken = false;
	thread->sleeps = event->state;
	set_state(trace, thread, event->runnable ? TRACK_WAITING : TRACK_SLEEPING);
	if (event->state == 'X' || event->state == 'Z')
		set_state(trace, thread, TRACK_UNKNOWN);
}

static void enter_cpu(struct chrome_trace *trace, struct track_thread *thread,
		      const struct sched_event *event)
{
	if (thread->state == TRACK_RUNNING)
		give_up_runner(trace, &trace->cpus[thread->cpu]);
	/* a sleep whose wakeup was not seen has no end */
	if (thread->state == TRACK_WAITING)
		end_state(trace, thread, trace->now_ns, "");
	thread->woken = thread->woken && thread->state == TRACK_WAITING;
	set_comm(thread, event->comm);
	thread->cpu = event->cpu;
	set_state(trace, thread, TRACK_RUNNING);
}

/* ---- events ---- */

static void on_switch(struct chrome_trace *trace, const struct sched_event *event,
		      struct track_cpu *cpu)
{
	struct track_thread *thread;

	if (cpu->known && cpu->runner != event->other_tid)
		give_up_runner(trace, cpu);
	thread = event->other_tid > 0 ? track_thread_get(trace, event->other_tid) : NULL;
	if (thread)
		leave_cpu(trace, thread, event);
	thread = event->tid > 0 ? track_thread_get(trace, event->tid) : NULL;
	if (thread)
		enter_cpu(trace, thread, event);
	cpu->known = true;
	cpu->runner = event->tid;
}

/* The slice that an arrow begins in: the waker's, or that of the CPU that was interrupted. */
static struct track_waker waker_of(struct chrome_trace *trace, const struct sched_event *event)
{
	struct track_waker waker = {
		.time_ns = trace->now_ns,
		.context = event->context,
		.cpu = event->cpu,
		.waker_tid = event->current_tid,
		.pid = CHROME_CPUS_PID,
		.tid = CHROME_CPUS_PID + 1 + (pid_t)event->cpu,
	};
	struct track_thread *thread = track_thread_find(trace, event->current_tid);

	waker.known = thread && thread->state == TRACK_RUNNING && thread->cpu == event->cpu;
	if (!thread)
		return waker;
	memcpy(waker.comm, thread->comm, SCHED_COMM_LEN);
	if (event->context != SCHED_CONTEXT_TASK)
		return waker;
	if (!thread->track_pid)
		thread->track_pid = thread->pid > 0 ? thread->pid : thread->tid;
	waker.pid = thread->track_pid;
	waker.tid = thread->tid;
	return waker;
}

static void on_wakeup(struct chrome_trace *trace, const struct sched_event *event)
{
	struct track_thread *thread = track_thread_get(trace, event->tid);

	if (!thread)
		return;
	set_comm(thread, event->comm);
	if (thread->state == TRACK_RUNNING || thread->state == TRACK_WAITING)
		return;
	end_state(trace, thread, trace->now_ns, "");
	thread->waker = waker_of(trace, event);
	thread->woken = true;
	set_state(trace, thread, TRACK_WAITING);
}

static void on_name(struct chrome_trace *trace, const struct sched_event *event)
{
	struct track_thread *thread = track_thread_get(trace, event->tid);

	if (!thread)
		return;
	set_comm(thread, event->comm);
	/* slices that are written stay where they are */
	if (event->other_tid > 0 && event->other_tid < CHROME_CPUS_PID)
		thread->pid = event->other_tid;
}

static void on_fork(struct chrome_trace *trace, const struct sched_event *event)
{
	struct track_thread *thread = track_thread_get(trace, event->tid);

	if (!thread)
		return;
	set_comm(thread, event->comm);
	/* an id that is used again is another thread */
	if (thread->state == TRACK_UNKNOWN && thread->track_pid != thread->pid)
		thread->track_pid = 0;
}

static void on_loss(struct chrome_trace *trace, const struct sched_event *event,
		    struct track_cpu *cpu)
{
	trace->counts.losses++;
	give_up_runner(trace, cpu);
	trace_write_loss(trace, event->cpu, event->value);
}

static void end_all(struct chrome_trace *trace, const char *then)
{
	for (size_t i = 0; i < trace->threads_cap; i++) {
		struct track_thread *thread = &trace->threads[i];

		if (thread->tid)
			end_state(trace, thread, trace->now_ns, then);
		trace_flush(trace, false);
	}
}

/* Everything ends where nobody looks any more, and nothing is known after it. */
static void on_pause(struct chrome_trace *trace)
{
	end_all(trace, "nobody watches");
	for (size_t i = 0; i < trace->threads_cap; i++)
		if (trace->threads[i].tid)
			set_state(trace, &trace->threads[i], TRACK_UNKNOWN);
	for (uint32_t cpu = 0; cpu < trace->cpus_end; cpu++)
		trace->cpus[cpu].known = false;
	trace_write_pause(trace);
}

static void take(struct chrome_trace *trace, const struct sched_event *event)
{
	struct track_cpu *cpu;

	if (event->type == SCHED_PAUSED) {
		on_pause(trace);
		return;
	}
	cpu = track_cpu_get(trace, event->cpu);

	if (!cpu)
		return;
	if (event->type == SCHED_SWITCH)
		on_switch(trace, event, cpu);
	else if (event->type == SCHED_WAKEUP || event->type == SCHED_WAKEUP_NEW)
		on_wakeup(trace, event);
	else if (event->type == SCHED_FORK)
		on_fork(trace, event);
	else if (event->type == SCHED_LOST)
		on_loss(trace, event, cpu);
	cpu->last_ns = trace->now_ns;
}

static void advance(struct chrome_trace *trace, uint64_t time_ns)
{
	if (!trace->started) {
		trace->started = true;
		trace->start_ns = trace->now_ns = trace->told_ns = time_ns;
	}
	if (time_ns < trace->now_ns)
		trace->counts.backwards++;
	else
		trace->now_ns = time_ns;
}

static void tell_counter(struct chrome_trace *trace, bool last)
{
	bool changed = trace->running != trace->told_running ||
		       trace->waiting != trace->told_waiting;

	if (!changed || (!last && trace->now_ns - trace->told_ns < COUNTER_STEP_NS))
		return;
	trace_write_counter(trace);
	trace->told_running = trace->running;
	trace->told_waiting = trace->waiting;
	trace->told_ns = trace->now_ns;
}

int chrome_trace_event(struct chrome_trace *trace, const struct sched_event *event)
{
	if (event->type == SCHED_NAME) {
		on_name(trace, event);
		return trace->error;
	}
	if (trace->counts.events >= trace->options.events_max) {
		trace->counts.full = true;
		return 1;
	}
	trace->counts.events++;
	advance(trace, event->time_ns);
	take(trace, event);
	tell_counter(trace, false);
	trace_flush(trace, false);
	return trace->error;
}

int chrome_trace_mark(struct chrome_trace *trace, const char *name, uint64_t from_ns,
		      uint64_t until_ns)
{
	if (!trace->started)
		advance(trace, from_ns);
	trace->marked = true;
	trace_write_mark(trace, name, from_ns, until_ns);
	return trace->error;
}

int chrome_trace_end(struct chrome_trace *trace)
{
	tell_counter(trace, true);
	end_all(trace, "the trace ends");
	trace_write_names(trace);
	trace_write_end(trace);
	trace_flush(trace, true);
	return trace->error;
}
