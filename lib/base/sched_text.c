/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sched_text.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

#define MAGIC "# triage-sched/1"
#define TID_MAX 4194304 /* include/linux/threads.h */
#define TIME_MAX (UINT64_C(1) << 62)

static const char contexts[] = {
	[SCHED_CONTEXT_TASK] = 't',
	[SCHED_CONTEXT_SOFTIRQ] = 's',
	[SCHED_CONTEXT_HARDIRQ] = 'h',
};

/* ---- writing ---- */

void sched_text_begin(struct str *out, const struct sched_text_about *about)
{
	str_append(out, MAGIC "\n");
	if (about && about->tid)
		str_format(out, "about %d %llu %llu %u\n", about->tid,
			   (unsigned long long)about->from_ns, (unsigned long long)about->until_ns,
			   about->cpu);
}

static void append_place(struct str *out, const char *kind, const struct sched_event *event)
{
	str_format(out, "%s %llu %u", kind, (unsigned long long)event->time_ns, event->cpu);
}

static void append_switch(struct str *out, const struct sched_event *event)
{
	char state[3] = { event->state ? event->state : '-', event->preempted ? '+' : '\0', '\0' };

	if (event->runnable || event->preempted)
		state[0] = 'R';
	append_place(out, "switch", event);
	str_format(out, " %d %s %d\n", event->other_tid, state, event->tid);
}

static void append_wakeup(struct str *out, const char *kind, const struct sched_event *event)
{
	append_place(out, kind, event);
	str_format(out, " %c %d %d %d\n", contexts[event->context], event->current_tid, event->tid,
		   event->target_cpu);
}

static void append_name(struct str *out, const struct sched_event *event)
{
	str_format(out, "name %d %d ", event->tid, event->other_tid);
	text_append_printable(out, event->comm, strnlen(event->comm, sizeof(event->comm)));
	str_append_char(out, '\n');
}

void sched_text_append(struct str *out, const struct sched_event *event)
{
	switch (event->type) {
	case SCHED_SWITCH:
		append_switch(out, event);
		break;
	case SCHED_WAKEUP:
		append_wakeup(out, "wakeup", event);
		break;
	case SCHED_WAKEUP_NEW:
		append_wakeup(out, "new", event);
		break;
	case SCHED_NAME:
		append_name(out, event);
		break;
	case SCHED_MIGRATE:
		append_place(out, "migrate", event);
		str_format(out, " %d %d %d\n", event->tid, event->from_cpu, event->target_cpu);
		break;
	case SCHED_FORK:
		append_place(out, "fork", event);
		str_format(out, " %d %d\n", event->other_tid, event->tid);
		break;
	case SCHED_EXIT:
		append_place(out, "exit", event);
		str_format(out, " %d\n", event->tid);
		break;
	case SCHED_LOST:
		append_place(out, "lost", event);
		str_format(out, " %llu\n", (unsigned long long)event->value);
		break;
	case SCHED_PAUSED:
		append_place(out, "pause", event);
		str_append_char(out, '\n');
		break;
	default:
		break;
	}
}

/* ---- reading ---- */

static bool read_number(struct span *line, uint64_t max, uint64_t *ret)
{
	uint64_t value;

	if (!span_u64(line, &value) || value > max)
		return false;
	*ret = value;
	return true;
}

static bool read_tid(struct span *line, pid_t *ret)
{
	uint64_t tid;

	if (!read_number(line, TID_MAX, &tid))
		return false;
	*ret = (pid_t)tid;
	return true;
}

static bool read_cpu(struct span *line, uint32_t *ret)
{
	uint64_t cpu;

	if (!read_number(line, SCHED_TEXT_CPUS_MAX - 1, &cpu))
		return false;
	*ret = (uint32_t)cpu;
	return true;
}

/* A CPU that may be -1. */
static bool read_maybe_cpu(struct span *line, int32_t *ret)
{
	int64_t cpu;

	if (!span_i64(line, &cpu) || cpu < -1 || cpu >= SCHED_TEXT_CPUS_MAX)
		return false;
	*ret = (int32_t)cpu;
	return true;
}

static bool read_switch(struct span *line, struct sched_event *event)
{
	struct span state;

	if (!read_tid(line, &event->other_tid) || !span_word(line, &state) ||
	    !read_tid(line, &event->tid))
		return false;
	event->preempted = span_is(state, "R+");
	event->runnable = event->preempted || span_is(state, "R");
	if (!event->preempted && span_len(state) != 1)
		return false;
	event->state = *state.p == '-' ? '\0' : *state.p;
	return !event->state || strchr("RSDTtXZPI", event->state);
}

static bool read_wakeup(struct span *line, struct sched_event *event)
{
	const char *context;
	struct span word;

	if (!span_word(line, &word) || span_len(word) != 1)
		return false;
	context = memchr(contexts, *word.p, sizeof(contexts));
	if (!context)
		return false;
	event->context = (enum sched_context)(context - contexts);
	return read_tid(line, &event->current_tid) && read_tid(line, &event->tid) &&
	       read_maybe_cpu(line, &event->target_cpu);
}

static bool read_migrate(struct span *line, struct sched_event *event)
{
	return read_tid(line, &event->tid) && read_maybe_cpu(line, &event->from_cpu) &&
	       read_maybe_cpu(line, &event->target_cpu);
}

static bool read_fork(struct span *line, struct sched_event *event)
{
	return read_tid(line, &event->other_tid) && read_tid(line, &event->tid);
}

static bool read_exit(struct span *line, struct sched_event *event)
{
	return read_tid(line, &event->tid);
}

static bool read_lost(struct span *line, struct sched_event *event)
{
	return read_number(line, UINT64_MAX, &event->value);
}

static bool read_pause(struct span *line, struct sched_event *event)
{
	(void)line;
	event->current_tid = -1;
	return true;
}

static const struct line_kind {
	const char *name;
	enum sched_event_type type;
	bool (*read)(struct span *line, struct sched_event *event);
} kinds[] = {
	{ "switch", SCHED_SWITCH, read_switch },  { "wakeup", SCHED_WAKEUP, read_wakeup },
	{ "new", SCHED_WAKEUP_NEW, read_wakeup }, { "migrate", SCHED_MIGRATE, read_migrate },
	{ "fork", SCHED_FORK, read_fork },	  { "exit", SCHED_EXIT, read_exit },
	{ "lost", SCHED_LOST, read_lost },	  { "pause", SCHED_PAUSED, read_pause },
};

/* The comm is what is left: it may hold blanks. */
static bool read_name(struct span *line, struct sched_event *event)
{
	_cleanup_(str_free) struct str comm = { 0 };

	event->type = SCHED_NAME;
	if (!read_tid(line, &event->tid) || !read_tid(line, &event->other_tid) ||
	    span_len(*line) == 0 || *line->p != ' ')
		return false;
	text_append_printable(&comm, line->p + 1, span_len(*line) - 1);
	span_copy(span_make(str_text(&comm), comm.len), event->comm, sizeof(event->comm));
	line->p = line->end;
	return true;
}

static bool read_event(struct span word, struct span *line, struct sched_event *event)
{
	if (span_is(word, "name"))
		return read_name(line, event);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!span_is(word, kinds[i].name))
			continue;
		event->type = kinds[i].type;
		return read_number(line, TIME_MAX, &event->time_ns) &&
		       read_cpu(line, &event->cpu) && kinds[i].read(line, event);
	}
	return false;
}

static bool read_about(struct span *line, struct sched_text_about *about)
{
	struct sched_text_about read = { 0 };

	if (!read_tid(line, &read.tid) || !read_number(line, TIME_MAX, &read.from_ns) ||
	    !read_number(line, TIME_MAX, &read.until_ns) || !read_cpu(line, &read.cpu) ||
	    read.until_ns < read.from_ns)
		return false;
	*about = read;
	return true;
}

int sched_text_parse(const char *text, size_t len,
		     int (*each)(void *context, const struct sched_event *event), void *context,
		     struct sched_text_about *ret_about, struct err *err)
{
	struct span rest = span_make(text, len), line, word;
	struct sched_text_about about = { 0 };
	uint64_t time_ns = 0;
	int r = 0;

	if (len > SCHED_TEXT_BYTES_MAX)
		return err_set(err, -E2BIG, "more than %zu MiB of events",
			       SCHED_TEXT_BYTES_MAX >> 20);
	if (!span_line(&rest, &line) || !span_is(line, MAGIC))
		return err_set(err, -EBADMSG, "line 1: not of the version triage-sched/1");
	for (size_t number = 2; r == 0 && span_line(&rest, &line); number++) {
		struct sched_event event = { .time_ns = time_ns, .target_cpu = -1 };
		bool is_about, right;

		if (!span_word(&line, &word))
			continue;
		is_about = span_is(word, "about");
		right = is_about ? read_about(&line, &about) : read_event(word, &line, &event);
		if (!right || span_len(span_trim(line)) > 0)
			return err_set(err, -EBADMSG, "line %zu: not a scheduler event", number);
		time_ns = event.time_ns;
		r = is_about ? 0 : each(context, &event);
	}
	if (r == 0)
		*ret_about = about;
	return r;
}
