/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/locate_put.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "model/thread.h"
#include "rule/judge.h"
#include "source/proc_task.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROCESSES_MAX 64
#define THREADS_MAX 512
#define FRAMES_MAX 24
#define ROWS_MAX 16

struct sleeper {
	pid_t pid, tid;
	char program[THREAD_NAME_MAX], comm[64];
	char state;
	char *path; /* kernel functions, leaf first; owned */
};

VEC_DECLARE(sleepers, struct sleeper);

struct reader {
	const struct stage_context *context;
	struct str text, path;
	struct id_list tids;
	struct sleepers sleepers;
	pid_t seen[PROCESSES_MAX];
	size_t seen_count;
};

/* ---- reading ---------------------------------------------------------------------------------------- */

static bool read_file(struct reader *reader, pid_t pid, pid_t tid, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/task/%d/%s", pid, tid, name);
	return procroot_read(reader->context->root, path, &reader->text) == 0;
}

/* Sleeping threads too: who holds a lock may wait for something that is no D. */
static int read_thread(struct reader *reader, pid_t pid, pid_t tid, const char *program)
{
	struct sleeper sleeper = { .pid = pid, .tid = tid };
	struct task_stat stat;

	if (!read_file(reader, pid, tid, "stat") ||
	    task_stat_parse(str_text(&reader->text), reader->text.len, &stat) < 0 ||
	    (stat.state != 'D' && stat.state != 'S'))
		return 0;
	if (!read_file(reader, pid, tid, "stack") ||
	    task_stack_parse(str_text(&reader->text), reader->text.len, FRAMES_MAX, &reader->path) <
		    0 ||
	    !reader->path.len)
		return 0;
	sleeper.state = stat.state;
	snprintf(sleeper.program, sizeof(sleeper.program), "%s", program);
	snprintf(sleeper.comm, sizeof(sleeper.comm), "%s", stat.comm);
	sleeper.path = strdup(str_text(&reader->path));
	if (!sleeper.path || vec_push(&reader->sleepers, sleeper) < 0) {
		free(sleeper.path);
		return -ENOMEM;
	}
	return 0;
}

static int read_process(struct reader *reader, pid_t pid, const char *program)
{
	_cleanup_(cleanup_close) int fd = -1;
	char path[32];
	int r = 0;

	snprintf(path, sizeof(path), "proc/%d/task", pid);
	fd = procroot_open_folder(reader->context->root, path);
	if (fd < 0 || procroot_list_ids(reader->context->root, fd, &reader->tids) < 0)
		return 0; /* vanished */
	for (size_t i = 0; i < reader->tids.len && r == 0; i++)
		if (reader->sleepers.len < THREADS_MAX)
			r = read_thread(reader, pid, reader->tids.data[i], program);
	return r;
}

static bool is_new(struct reader *reader, pid_t pid)
{
	for (size_t i = 0; i < reader->seen_count; i++)
		if (reader->seen[i] == pid)
			return false;
	if (reader->seen_count == PROCESSES_MAX)
		return false;
	reader->seen[reader->seen_count++] = pid;
	return true;
}

/* "417,418" */
static int read_processes(struct reader *reader, const char *pids, const char *program)
{
	struct span rest = span_of(pids), word;
	uint64_t pid;
	int r = 0;

	while (span_len(rest) && r == 0) {
		if (!span_until(&rest, ',', &word)) {
			word = rest;
			rest.p = rest.end;
		}
		if (span_u64(&word, &pid) && pid > 0 && pid <= INT32_MAX &&
		    is_new(reader, (pid_t)pid))
			r = read_process(reader, (pid_t)pid, program);
	}
	return r;
}

static int read_all(struct reader *reader)
{
	const struct evidence *evidence = reader->context->evidence;
	int r = 0;

	for (int row = 0; row < evidence_rows(evidence, TABLE_top_dstate) && r == 0; row++) {
		struct value pids = evidence_cell(evidence, row, COLUMN_top_dstate_pids);
		struct value program = evidence_cell(evidence, row, COLUMN_top_dstate_program);

		if (pids.kind == VALUE_TEXT && program.kind == VALUE_TEXT)
			r = read_processes(reader, pids.text, program.text);
	}
	return r;
}

/* ---- who waits where, and who has passed there ------------------------------------------------------- */

/* The place is the first function: the kernel leaves the locks' own out of these stacks. */
static struct span place_of(const struct sleeper *sleeper)
{
	return span_make(sleeper->path, strcspn(sleeper->path, ";"));
}

static bool is_same_place(const struct sleeper *a, const struct sleeper *b)
{
	struct span place = place_of(a), other = place_of(b);

	return strcmp(a->program, b->program) == 0 && span_len(place) == span_len(other) &&
	       memcmp(place.p, other.p, span_len(place)) == 0;
}

/* The function is in its stack, and it has gone on from there. */
static bool has_passed(const struct sleeper *sleeper, struct span place)
{
	const char *at = sleeper->path + span_len(place_of(sleeper));

	while (*at == ';') {
		size_t len = strcspn(++at, ";");

		if (len == span_len(place) && memcmp(at, place.p, len) == 0)
			return true;
		at += len;
	}
	return false;
}

static const struct sleeper *find_holder(const struct reader *reader, const struct sleeper *waiter)
{
	vec_each(sleeper, &reader->sleepers)
		if (has_passed(sleeper, place_of(waiter)))
			return sleeper;
	return NULL;
}

static bool comes_first(const struct reader *reader, const struct sleeper *waiter)
{
	vec_each(sleeper, &reader->sleepers) {
		if (sleeper == waiter)
			return true;
		if (sleeper->state == 'D' && is_same_place(sleeper, waiter))
			return false;
	}
	return true;
}

static uint32_t count_place(const struct reader *reader, const struct sleeper *waiter)
{
	uint32_t count = 0;

	vec_each(sleeper, &reader->sleepers)
		count += sleeper->state == 'D' && is_same_place(sleeper, waiter);
	return count;
}

static int put_place_name(struct evidence *evidence, int row, enum column_id column,
			  const struct sleeper *sleeper)
{
	char name[128];

	span_copy(place_of(sleeper), name, sizeof(name));
	return evidence_set_cell_text(evidence, row, column, name);
}

static int put_holder(struct evidence *evidence, int row, const struct sleeper *holder)
{
	const char state[] = { holder->state, '\0' };
	char name[96];
	int r;

	snprintf(name, sizeof(name), "%s (TID %d)", holder->comm, holder->tid);
	r = evidence_set_cell_text(evidence, row, COLUMN_locate_dstate_holder, name);
	if (r == 0)
		r = put_place_name(evidence, row, COLUMN_locate_dstate_holder_function, holder);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_locate_dstate_holder_state, state);
	return r < 0 ? r :
		       evidence_set_cell_text(evidence, row, COLUMN_locate_dstate_holder_path,
					      holder->path);
}

static int put_waiter(const struct reader *reader, const struct sleeper *waiter)
{
	struct evidence *evidence = reader->context->evidence;
	const struct sleeper *holder = find_holder(reader, waiter);
	int row = evidence_add_row(evidence, TABLE_locate_dstate);
	char stem[THREAD_NAME_MAX];
	int r;

	if (row < 0)
		return row;
	thread_stem(waiter->comm, waiter->program, false, stem);
	evidence_set_cell(evidence, row, COLUMN_locate_dstate_threads, count_place(reader, waiter));
	r = put_place_name(evidence, row, COLUMN_locate_dstate_name, waiter);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_locate_dstate_program,
					   waiter->program);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_locate_dstate_thread, stem);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_locate_dstate_path, waiter->path);
	if (r == 0)
		r = evidence_set_cell_text(evidence, row, COLUMN_locate_dstate_what,
					   rule_know(reader->context->rules,
						     COLUMN_locate_waits_what, waiter->path));
	return r == 0 && holder ? put_holder(evidence, row, holder) : r;
}

/* The place with most threads that has not been told yet. */
static const struct sleeper *next_place(const struct reader *reader, const struct sleeper *last)
{
	uint32_t limit = last ? count_place(reader, last) : UINT32_MAX;
	const struct sleeper *best = NULL;

	vec_each(sleeper, &reader->sleepers) {
		uint32_t count = sleeper->state == 'D' ? count_place(reader, sleeper) : 0;

		if (!count || count > limit || !comes_first(reader, sleeper) ||
		    (last && count == limit && sleeper <= last))
			continue;
		if (!best || count > count_place(reader, best))
			best = sleeper;
	}
	return best;
}

int locate_put_dstate(const struct stage_context *context)
{
	struct reader reader = { .context = context };
	const struct sleeper *place = NULL;
	int r = 0;

	if (evidence_has_table(context->evidence, TABLE_top_dstate)) {
		r = read_all(&reader);
		evidence_mark_table(context->evidence, TABLE_locate_dstate);
	}
	for (int i = 0; i < ROWS_MAX && r == 0; i++) {
		place = next_place(&reader, place);
		if (!place)
			break;
		r = put_waiter(&reader, place);
	}
	vec_each(sleeper, &reader.sleepers)
		free(sleeper->path);
	vec_free(&reader.sleepers);
	vec_free(&reader.tids);
	str_free(&reader.text);
	str_free(&reader.path);
	return r;
}
