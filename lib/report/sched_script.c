/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/sched_script.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_LEN 131072 /* a power of two; half full: further threads have no name */
#define FLUSH_BYTES ((size_t)48 << 10)

struct sched_script {
	int (*write)(void *context, const char *bytes, size_t len);
	void *context;
	uint64_t events, events_max;
	bool full;
	struct str out;
	struct {
		pid_t tid;
		char comm[SCHED_COMM_LEN];
	} names[NAMES_LEN]; /* open addressing */
	size_t names_len;
};

int sched_script_new(int (*write)(void *context, const char *bytes, size_t len), void *context,
		     uint64_t events_max, struct sched_script **ret)
{
	struct sched_script *script = calloc(1, sizeof(*script));

	if (!script)
		return -ENOMEM;
	script->write = write;
	script->context = context;
	script->events_max = events_max;
	*ret = script;
	return 0;
}

void sched_script_free(struct sched_script *script)
{
	if (!script)
		return;
	str_free(&script->out);
	free(script);
}

void sched_script_freep(struct sched_script **script)
{
	sched_script_free(*script);
}

bool sched_script_is_full(const struct sched_script *script)
{
	return script->full;
}

/* ---- names ---- */

static size_t slot_of(const struct sched_script *script, pid_t tid)
{
	size_t slot = (uint32_t)tid * 2654435761U % NAMES_LEN;

	while (script->names[slot].tid && script->names[slot].tid != tid)
		slot = (slot + 1) % NAMES_LEN;
	return slot;
}

static void set_name(struct sched_script *script, pid_t tid, const char comm[SCHED_COMM_LEN])
{
	size_t slot;

	if (tid <= 0 || !comm[0])
		return;
	slot = slot_of(script, tid);
	if (!script->names[slot].tid) {
		if (script->names_len >= NAMES_LEN / 2)
			return;
		script->names_len++;
	}
	script->names[slot].tid = tid;
	memcpy(script->names[slot].comm, comm, SCHED_COMM_LEN);
}

static void append_comm(const struct sched_script *script, pid_t tid, struct str *out)
{
	const char *comm = "";

	if (tid == 0)
		comm = "swapper";
	else if (tid > 0)
		comm = script->names[slot_of(script, tid)].comm;
	if (*comm)
		text_append_printable(out, comm, strnlen(comm, SCHED_COMM_LEN));
	else
		str_format(out, ":%d", tid);
}

/* The tracepoints have the idle thread's own name, perf's first column does not. */
static void append_named(struct sched_script *script, const char *comm_key, const char *pid_key,
			 pid_t tid, uint32_t cpu)
{
	str_format(&script->out, " %s=", comm_key);
	append_comm(script, tid, &script->out);
	if (tid == 0)
		str_format(&script->out, "/%u", cpu);
	str_format(&script->out, " %s=%d", pid_key, tid);
}

/* ---- lines ---- */

static void begin(struct sched_script *script, const struct sched_event *event, const char *name)
{
	_cleanup_(str_free) struct str comm = { 0 };
	pid_t tid = event->type == SCHED_SWITCH ? event->other_tid : event->current_tid;

	append_comm(script, tid, &comm);
	str_format(&script->out, "%16s %5d [%03u] %5llu.%06llu: sched:%s:", str_text(&comm), tid,
		   event->cpu, (unsigned long long)(event->time_ns / 1000000000),
		   (unsigned long long)(event->time_ns / 1000 % 1000000), name);
	if (str_error(&comm) < 0)
		script->out.failed = true;
}

static void write_switch(struct sched_script *script, const struct sched_event *event)
{
	char state = event->runnable || event->preempted ? 'R' : event->state;

	begin(script, event, "sched_switch");
	append_named(script, "prev_comm", "prev_pid", event->other_tid, event->cpu);
	if (state)
		str_format(&script->out, " prev_state=%c%s", state, event->preempted ? "+" : "");
	str_append(&script->out, " ==>");
	append_named(script, "next_comm", "next_pid", event->tid, event->cpu);
}

static void write_wakeup(struct sched_script *script, const struct sched_event *event)
{
	begin(script, event, event->type == SCHED_WAKEUP_NEW ? "sched_wakeup_new" : "sched_wakeup");
	append_named(script, "comm", "pid", event->tid, event->cpu);
	if (event->target_cpu >= 0)
		str_format(&script->out, " target_cpu=%03d", event->target_cpu);
}

static void write_migrate(struct sched_script *script, const struct sched_event *event)
{
	begin(script, event, "sched_migrate_task");
	append_named(script, "comm", "pid", event->tid, event->cpu);
	str_format(&script->out, " orig_cpu=%d dest_cpu=%d", event->from_cpu, event->target_cpu);
}

static void write_fork(struct sched_script *script, const struct sched_event *event)
{
	begin(script, event, "sched_process_fork");
	append_named(script, "comm", "pid", event->other_tid, event->cpu);
	append_named(script, "child_comm", "child_pid", event->tid, event->cpu);
}

static void write_exit(struct sched_script *script, const struct sched_event *event)
{
	begin(script, event, "sched_process_exit");
	append_named(script, "comm", "pid", event->tid, event->cpu);
}

static void write_lost(struct sched_script *script, const struct sched_event *event)
{
	str_format(&script->out, "# records of CPU %u were lost", event->cpu);
	if (event->value)
		str_format(&script->out, ": %llu", (unsigned long long)event->value);
}

static void write_pause(struct sched_script *script, const struct sched_event *event)
{
	(void)event;
	str_append(&script->out, "# nobody watched until the next event");
}

static void (*writer_of(enum sched_event_type type))(struct sched_script *,
						     const struct sched_event *)
{
	switch (type) {
	case SCHED_SWITCH:
		return write_switch;
	case SCHED_WAKEUP:
	case SCHED_WAKEUP_NEW:
		return write_wakeup;
	case SCHED_MIGRATE:
		return write_migrate;
	case SCHED_FORK:
		return write_fork;
	case SCHED_EXIT:
		return write_exit;
	case SCHED_LOST:
		return write_lost;
	case SCHED_PAUSED:
		return write_pause;
	default:
		return NULL;
	}
}

static int flush(struct sched_script *script)
{
	int r = str_error(&script->out);

	if (r == 0 && script->out.len > 0)
		r = script->write(script->context, script->out.data, script->out.len);
	str_clear(&script->out);
	return r;
}

int sched_script_event(struct sched_script *script, const struct sched_event *event)
{
	void (*write)(struct sched_script *, const struct sched_event *) = writer_of(event->type);

	set_name(script, event->tid, event->comm);
	if (event->type == SCHED_SWITCH || event->type == SCHED_FORK)
		set_name(script, event->other_tid, event->other_comm);
	if (!write)
		return 0;
	if (script->events_max && script->events >= script->events_max) {
		script->full = true;
		return 1;
	}
	script->events++;
	write(script, event);
	str_append_char(&script->out, '\n');
	return script->out.len >= FLUSH_BYTES ? flush(script) : str_error(&script->out);
}

int sched_script_end(struct sched_script *script)
{
	return flush(script);
}
