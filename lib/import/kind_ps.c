/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ps with a header that names states or threads, and the lines that people count with uniq -c:
 *
 *   S   PID   TID COMMAND         WCHAN
 *   D  5082  5090 sysbench        futex_wait_queue_me
 *
 *   99 D 5082 2828 sysbench sysbench --threads=20 run futex_wait_queue_me
 */
#include "import/kinds.h"

#include <errno.h>
#include <string.h>

#define TASKS_MAX 200000

struct columns {
	size_t count;
	int pid, tid, state, wchan, command, cls, last_cpu, nlwp;
};

static int find_any(const struct words *words, const char *const *names)
{
	for (; *names; names++) {
		int at = words_find(words, 0, *names);

		if (at >= 0)
			return at;
	}
	return -1;
}

static bool read_columns(struct span line, struct columns *ret)
{
	static const char *const state[] = { "S", "STAT", "STATE", NULL };
	static const char *const tid[] = { "LWP", "TID", "SPID", NULL };
	static const char *const command[] = { "CMD", "COMMAND", "UCMD", "COMM", "ARGS", NULL };
	static const char *const cls[] = { "CLS", "POL", NULL };
	static const char *const last_cpu[] = { "PSR", NULL };
	struct words words;

	if (!line_has(line, "PID") || line_has(line, "TIME+"))
		return false;
	words_split(line, &words);
	ret->count = words.count;
	ret->pid = words_find(&words, 0, "PID");
	ret->tid = find_any(&words, tid);
	ret->state = find_any(&words, state);
	ret->wchan = words_find(&words, 0, "WCHAN");
	ret->command = find_any(&words, command);
	ret->cls = find_any(&words, cls);
	ret->last_cpu = find_any(&words, last_cpu);
	ret->nlwp = words_find(&words, 0, "NLWP");
	return ret->pid >= 0 && ret->command >= 0 && words.count >= 3 &&
	       (ret->state >= 0 || ret->tid >= 0 || words_find(&words, 0, "TTY") >= 0);
}

/* A column before the command stands so far from the left, one behind it so far from the right. */
static struct span cell(const struct columns *columns, const struct words *row, int column)
{
	size_t behind = columns->count - 1 - (size_t)column;

	if (column < 0)
		return (struct span){ 0 };
	return column < columns->command ? row->at[column] : row->at[row->count - 1 - behind];
}

static struct span command_of(const struct columns *columns, const struct words *row)
{
	size_t behind = columns->count - 1 - (size_t)columns->command;

	return (struct span){ row->at[columns->command].p, row->at[row->count - 1 - behind].end };
}

static bool is_state(struct span word)
{
	return span_len(word) && span_len(word) <= 5 && strchr("RSDTtZXIWKP", *word.p) != NULL;
}

static void read_wchan(struct span wchan, struct task *task)
{
	if (span_len(wchan) && !span_is(wchan, "-") && !span_is(wchan, "0"))
		span_copy(wchan, task->wchan, sizeof(task->wchan));
}

static bool is_realtime(struct span cls)
{
	return span_is(cls, "FF") || span_is(cls, "RR") || span_is(cls, "DLN");
}

static bool read_task(const struct columns *columns, struct span line, struct task *ret)
{
	struct task task = task_blank();
	struct words row;
	long last_cpu;

	words_split(line, &row);
	if (row.count < columns->count || !word_id(cell(columns, &row, columns->pid), &task.pid))
		return false;
	task.tid = task.pid;
	if (columns->tid >= 0 && !word_id(cell(columns, &row, columns->tid), &task.tid))
		return false;
	if (columns->state >= 0) {
		if (!is_state(cell(columns, &row, columns->state)))
			return false;
		task.state = *cell(columns, &row, columns->state).p;
	}
	task_name(&task, command_of(columns, &row));
	read_wchan(cell(columns, &row, columns->wchan), &task);
	task.realtime = is_realtime(cell(columns, &row, columns->cls));
	if (word_id(cell(columns, &row, columns->last_cpu), &last_cpu) && last_cpu < 8192)
		task.on_cpu = (int)last_cpu;
	*ret = task;
	return true;
}

static int take_ps(struct import *import, const struct span *lines, size_t count)
{
	struct columns columns;
	struct task_list *list;
	struct task task;
	size_t i = 1;

	if (!read_columns(lines[0], &columns))
		return 0;
	list = import_add_list(import, columns.tid >= 0 ? LIST_PS_L : LIST_PS);
	if (!list)
		return -ENOMEM;
	for (; i < count && list->tasks.len < TASKS_MAX && read_task(&columns, lines[i], &task);
	     i++)
		if (vec_push(&list->tasks, task) < 0)
			return -ENOMEM;
	/* a list without its first process was filtered */
	list->partial = !list->tasks.len || list->tasks.data[0].pid != 1;
	return (int)i;
}

const struct text_kind kind_ps = { .name = "ps", .stage = STAGE_top, .take = take_ps };

/* ---- counted by uniq -c -------------------------------------------------------------------------- */

/* [COUNT] STATE PID PPID NAME ... WCHAN, running or in D. */
static bool read_counted(struct span line, struct task *ret)
{
	struct task task = task_blank();
	struct words row;
	size_t at = 0;
	long count, parent;

	words_split(line, &row);
	if (row.count < 6)
		return false;
	if (word_id(row.at[0], &count)) {
		if (count < 1 || count > TASKS_MAX)
			return false;
		task.count = (double)count;
		at = 1;
	}
	if (span_len(row.at[at]) != 1 || !strchr("RD", *row.at[at].p) || row.count < at + 5 ||
	    !word_id(row.at[at + 1], &task.pid) || !word_id(row.at[at + 2], &parent))
		return false;
	task.state = *row.at[at].p;
	task_name(&task, row.at[at + 3]);
	read_wchan(row.at[row.count - 1], &task);
	task.kernel |= row.count > at + 4 && *row.at[at + 4].p == '[';
	*ret = task;
	return true;
}

static int take_counted(struct import *import, const struct span *lines, size_t count)
{
	struct task_list *list;
	struct task task;
	size_t i = 0;

	if (!read_counted(lines[0], &task))
		return 0;
	list = import_add_list(import, LIST_PS_L);
	if (!list)
		return -ENOMEM;
	list->partial = true;
	for (; i < count && list->tasks.len < TASKS_MAX && read_counted(lines[i], &task); i++)
		if (vec_push(&list->tasks, task) < 0)
			return -ENOMEM;
	return (int)i;
}

const struct text_kind kind_ps_counted = { .name = "ps | uniq -c",
					   .stage = STAGE_top,
					   .take = take_counted };

/* ---- "tokio-runtime-w (791 threads)" ------------------------------------------------------------- */

static int take_named(struct import *import, const struct span *lines, size_t count)
{
	struct task_list *list;
	struct task task = task_blank();
	struct words row;
	long threads;

	words_split(lines[0], &row);
	if (row.count != 3 || *row.at[1].p != '(' || !span_starts(row.at[2], "threads)") ||
	    span_len(row.at[0]) >= TASK_NAME_MAX)
		return 0;
	row.at[1].p++;
	if (!word_id(row.at[1], &threads) || threads < 1 || threads > 4194304)
		return 0;
	list = import_add_list(import, LIST_NAMED);
	if (!list)
		return -ENOMEM;
	list->partial = true;
	task.count = (double)threads;
	task_name(&task, row.at[0]);
	return vec_push(&list->tasks, task) < 0 ? -ENOMEM : 1;
}

const struct text_kind kind_named_threads = { .name = "names with numbers of threads",
					      .stage = STAGE_top,
					      .take = take_named };
