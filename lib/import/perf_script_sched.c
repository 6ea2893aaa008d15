/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perf script of the scheduler's events: what `perf sched record` or `perf record -e sched:...`
 * recorded, as text. Events go to the model that a recording goes to.
 *
 *   perf  2445 [000]  2988.112427: sched:sched_switch: prev_comm=perf prev_pid=2445 prev_prio=120
 *     prev_state=D ==> next_comm=migration/0 next_pid=18 next_prio=0        (on one line)
 *   perf  2445 [000]  2988.112406: sched:sched_waking: comm=migration/0 pid=18 prio=0 target_cpu=000
 *
 * In which context an event fired is not in the text, nor to which process a thread belongs.
 */
#include "import/gather.h"
#include "import/perf_kinds.h"
#include "import/perf_script.h"
#include "import/perf_text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define EVENTS_MAX (1u << 20)
#define CPUS_MAX 65536

/* ---- fields ------------------------------------------------------------------------------------ */

/* Behind "KEY=", which begins the fields or follows a blank; names may hold blanks and keys, so a
 * later one is taken of those before `end`. NULL: it is not there. */
static const char *find_field(struct span fields, const char *key)
{
	size_t len = strlen(key);

	if (span_len(fields) < len)
		return NULL;
	for (const char *p = fields.end - len; p >= fields.p; p--)
		if (memcmp(p, key, len) == 0 && (p == fields.p || p[-1] == ' '))
			return p;
	return NULL;
}

static bool read_number(struct span fields, const char *key, long *ret)
{
	const char *at = find_field(fields, key);
	struct span rest = { at ? at + strlen(key) : fields.end, fields.end }, word;

	return at && span_word(&rest, &word) && word_id(word, ret) && *ret <= INT32_MAX;
}

/* Between "KEY=" and " NEXT=". */
static bool read_name(struct span fields, const char *key, const char *next,
		      char ret[SCHED_COMM_LEN])
{
	size_t len = strlen(key);
	const char *end = find_field(fields, next);

	if (!end || span_len(fields) < len || memcmp(fields.p, key, len) != 0 ||
	    end < fields.p + len)
		return false;
	span_copy(span_trim((struct span){ fields.p + len, end }), ret, SCHED_COMM_LEN);
	return true;
}

static bool read_state(struct span fields, struct sched_event *event)
{
	const char *at = find_field(fields, "prev_state=");
	struct span rest = { at ? at + strlen("prev_state=") : fields.end, fields.end }, word;

	if (!at || !span_word(&rest, &word))
		return false;
	event->state = *word.p;
	event->runnable = *word.p == 'R';
	event->preempted = span_is(word, "R+");
	return true;
}

static bool read_switch(struct span fields, struct sched_event *event)
{
	struct span prev = fields, next;
	const char *arrow = memmem(fields.p, span_len(fields), " ==> ", 5);
	long prev_tid, next_tid;

	if (!arrow)
		return false;
	prev.end = arrow;
	next = (struct span){ arrow + 5, fields.end };
	if (!read_name(prev, "prev_comm=", "prev_pid=", event->other_comm) ||
	    !read_number(prev, "prev_pid=", &prev_tid) || !read_state(prev, event) ||
	    !read_name(next, "next_comm=", "next_pid=", event->comm) ||
	    !read_number(next, "next_pid=", &next_tid))
		return false;
	event->other_tid = (pid_t)prev_tid;
	event->tid = (pid_t)next_tid;
	return true;
}

static bool read_subject(struct span fields, struct sched_event *event)
{
	long tid;

	if (!read_name(fields, "comm=", "pid=", event->comm) || !read_number(fields, "pid=", &tid))
		return false;
	event->tid = (pid_t)tid;
	return true;
}

static bool read_wakeup(struct span fields, struct sched_event *event)
{
	long cpu;

	if (!read_subject(fields, event))
		return false;
	if (read_number(fields, "target_cpu=", &cpu) && cpu < CPUS_MAX)
		event->target_cpu = (int32_t)cpu;
	return true;
}

static bool read_migrate(struct span fields, struct sched_event *event)
{
	long from, to;

	if (!read_subject(fields, event) || !read_number(fields, "orig_cpu=", &from) ||
	    !read_number(fields, "dest_cpu=", &to) || from >= CPUS_MAX || to >= CPUS_MAX)
		return false;
	event->from_cpu = (int32_t)from;
	event->target_cpu = (int32_t)to;
	return true;
}

static bool read_fork(struct span fields, struct sched_event *event)
{
	struct span parent = fields, child = fields;
	long parent_tid, child_tid;

	child.p = memmem(fields.p, span_len(fields), " child_comm=", 12);
	if (!child.p)
		return false;
	parent.end = child.p++;
	if (!read_name(parent, "comm=", "pid=", event->other_comm) ||
	    !read_number(parent, "pid=", &parent_tid) ||
	    !read_name(child, "child_comm=", "child_pid=", event->comm) ||
	    !read_number(child, "child_pid=", &child_tid))
		return false;
	event->tid = (pid_t)child_tid;
	event->other_tid = (pid_t)parent_tid;
	return true;
}

static const struct kind {
	const char *name;
	enum sched_event_type type;
	bool late; /* counts only where the earlier one is not there */
	bool (*read)(struct span fields, struct sched_event *event);
} kinds[] = {
	{ "sched:sched_switch", SCHED_SWITCH, false, read_switch },
	{ "sched:sched_waking", SCHED_WAKEUP, false, read_wakeup },
	{ "sched:sched_wakeup", SCHED_WAKEUP, true, read_wakeup },
	{ "sched:sched_wakeup_new", SCHED_WAKEUP_NEW, false, read_wakeup },
	{ "sched:sched_migrate_task", SCHED_MIGRATE, false, read_migrate },
	{ "sched:sched_process_fork", SCHED_FORK, false, read_fork },
	{ "sched:sched_process_exit", SCHED_EXIT, false, read_subject },
	{ "sched:sched_stat_runtime", SCHED_RUNTIME, false, NULL },
};

static const struct kind *kind_of(struct span event)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (span_is(event, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* ---- lines ------------------------------------------------------------------------------------- */

static bool read_event(const struct perf_head *head, const struct kind *kind,
		       struct perf_event_row *ret)
{
	struct perf_event_row row = { .late = kind->late };
	struct sched_event *event = &row.event;

	event->type = kind->type;
	event->cpu = (uint32_t)head->cpu;
	event->current_tid = (pid_t)head->tid;
	event->target_cpu = -1;
	event->time_ns = (uint64_t)llround(head->time_s * 1e9);
	if (kind->read && !kind->read(head->rest, event))
		return false;
	*ret = row;
	return true;
}

/* perf prints them in time order; what somebody put together need not be. */
static int keep(struct perf_text *text, struct perf_event_row *row)
{
	uint64_t last_ns =
		text->events.len ? vec_at(&text->events, text->events.len - 1)->event.time_ns : 0;

	if (row->event.type == SCHED_RUNTIME || text->events.len >= EVENTS_MAX)
		return 0;
	if (row->event.time_ns < last_ns)
		row->event.time_ns = last_ns;
	text->has_switches |= row->event.type == SCHED_SWITCH;
	text->has_wakings |= row->event.type == SCHED_WAKEUP && !row->late;
	return vec_push(&text->events, *row);
}

static bool read_line(struct span line, struct perf_event_row *ret)
{
	const struct kind *kind;
	struct perf_head head;

	if (!line_has(line, "sched:sched_") || !perf_script_head(line, &head) || head.cpu < 0 ||
	    !(head.time_s >= 0 && head.time_s < 1e9))
		return false;
	kind = kind_of(head.event);
	return kind && read_event(&head, kind, ret);
}

bool perf_script_is_sched(struct span line)
{
	struct perf_event_row row;

	return read_line(line, &row);
}

static int take(struct import *import, const struct span *lines, size_t count)
{
	struct perf_event_row row;
	struct perf_text *text;
	size_t i = 0, used = 0;
	int r;

	if (!read_line(lines[0], &row))
		return 0;
	r = perf_text_of(import, &text);
	while (r == 0 && i < count) {
		if (line_is_blank(lines[i])) {
			i++;
			continue;
		}
		if (!read_line(lines[i], &row))
			break;
		r = keep(text, &row);
		i += 1 + perf_script_frames(lines + i + 1, count - i - 1);
		used = i;
	}
	return r < 0 ? r : (int)used;
}

const struct text_kind kind_perf_script_sched = { "perf script (sched)", STAGE_sched, take };

int import_each_sched_event(const struct import *import,
			    int (*each)(void *context, const struct sched_event *event),
			    void *context)
{
	const struct perf_text *text = import->perf;
	int r = 0;

	if (!text || !text->has_switches)
		return 0;
	vec_each(row, &text->events)
		if (r == 0 && !(row->late && text->has_wakings))
			r = each(context, &row->event);
	return r;
}
