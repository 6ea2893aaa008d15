/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pidstat -w, -wt, -u and -ut, and with -h all of them in one table:
 *
 *   11:08:38 PM UID TGID TID cswch/s nvcswch/s Command
 *   11:08:39 PM 0 14 - 33.33 0.00 rcu_sched
 *   11:08:39 PM 0 - 14 33.33 0.00 |__rcu_sched
 *   11:08:39 PM 0 608383 608384 21797.14 15422.86 (sysbench)__sysbench
 */
#include "import/kinds.h"

#include "import/table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TASKS_MAX 200000

/* A thread's process is the one that was named last above it. */
struct process {
	long pid;
	char program[TASK_NAME_MAX];
};

/* "(sysbench)__sysbench" and "|__sysbench" are threads; what is left is a process. */
static bool read_thread_name(struct span name, struct task *task)
{
	struct span rest = name, program;

	if (span_starts(rest, "|__")) {
		rest.p += 3;
	} else if (span_starts(rest, "(") && (rest.p++, span_until(&rest, ')', &program)) &&
		   span_starts(rest, "__")) {
		rest.p += 2;
		span_copy(program, task->program, sizeof(task->program));
	} else {
		return false;
	}
	task_name(task, rest);
	return true;
}

static void name_thread(struct task *task, struct process *process)
{
	if (task->pid) {
		process->pid = task->pid;
		snprintf(process->program, sizeof(process->program), "%s", task->program);
	}
	task->pid = process->pid;
	if (!task->program[0])
		snprintf(task->program, sizeof(task->program), "%s", process->program);
	/* the main thread of a kernel thread has its own name */
	task->kernel |= task_name_is_kernel(task->program);
}

static void name_process(struct task *task, struct process *process)
{
	process->pid = task->pid;
	snprintf(process->program, sizeof(process->program), "%s", task->comm);
	snprintf(task->program, sizeof(task->program), "%s", task->comm);
}

static bool read_ids(const struct text_table *table, const struct text_row *row, struct task *task)
{
	bool threads = words_find(&table->columns, 0, "TID") >= 0;

	if (!threads)
		return word_id(table_cell(table, row, "PID"), &task->pid);
	if (!word_id(table_cell(table, row, "TGID"), &task->pid))
		task->pid = 0;
	if (!word_id(table_cell(table, row, "TID"), &task->tid))
		task->tid = 0;
	return task->pid || task->tid;
}

static bool read_task(const struct text_table *table, const struct text_row *row,
		      struct process *process, struct task *task)
{
	bool threads = words_find(&table->columns, 0, "TID") >= 0;
	double on_cpu = table_number(table, row, "CPU");

	*task = task_blank();
	if (!read_ids(table, row, task))
		return false;
	task->cpu = table_number(table, row, "%CPU");
	task->user = table_number(table, row, "%usr");
	if (isnan(task->user))
		task->user = table_number(table, row, "%user");
	task->system = table_number(table, row, "%system");
	task->wait = table_number(table, row, "%wait");
	task->voluntary = table_number(table, row, "cswch/s");
	task->involuntary = table_number(table, row, "nvcswch/s");
	if (on_cpu >= 0 && on_cpu < 8192)
		task->on_cpu = (int)on_cpu;
	if (threads && read_thread_name(row->last, task)) {
		name_thread(task, process);
		return true;
	}
	task_name(task, row->last);
	name_process(task, process);
	task->total = threads && !task->tid;
	if (!threads)
		task->tid = task->pid;
	return true;
}

/* The lists that this table has columns for: one, or with -h two of the same rows. */
struct sinks {
	enum task_list_kind kinds[2];
	size_t count;
};

static struct sinks sinks_of(const struct text_table *table)
{
	bool threads = words_find(&table->columns, 0, "TID") >= 0;
	struct sinks sinks = { 0 };

	if (words_find(&table->columns, 0, "cswch/s") >= 0)
		sinks.kinds[sinks.count++] = threads ? LIST_PIDSTAT_WT : LIST_PIDSTAT_W;
	if (words_find(&table->columns, 0, "%CPU") >= 0)
		sinks.kinds[sinks.count++] = threads ? LIST_PIDSTAT_UT : LIST_PIDSTAT_U;
	return sinks;
}

static int begin_lists(struct import *import, const struct sinks *sinks, bool average)
{
	for (size_t i = 0; i < sinks->count; i++) {
		struct task_list *list = import_add_list(import, sinks->kinds[i]);

		if (!list)
			return -ENOMEM;
		list->average = average;
	}
	return 0;
}

static int add_task(struct import *import, const struct sinks *sinks, const struct task *task)
{
	for (size_t i = 1; i <= sinks->count; i++) {
		struct task_list *list = vec_at(&import->lists, import->lists.len - i);

		if (list->tasks.len < TASKS_MAX && vec_push(&list->tasks, *task) < 0)
			return -ENOMEM;
	}
	return 0;
}

static bool same_time(struct span a, struct span b)
{
	return span_len(a) == span_len(b) && (!span_len(a) || !memcmp(a.p, b.p, span_len(a)));
}

/* Rows of one moment make one list; with -p the next second's follow without a header. */
static int take_rows(struct import *import, const struct text_table *table,
		     const struct sinks *sinks, const struct span *lines, size_t count)
{
	struct process process = { 0 };
	struct span time = { 0 };
	bool begun = false;
	size_t at = 0, n;
	int r = 0;

	while (at < count && r == 0) {
		struct text_row row;
		struct task task;

		n = table_row(table, lines + at, count - at, &row);
		if (!n || !read_task(table, &row, &process, &task))
			break;
		if (!begun || !same_time(time, row.time))
			r = begin_lists(import, sinks, row.average);
		begun = true;
		time = row.time;
		if (r == 0)
			r = add_task(import, sinks, &task);
		at += n;
	}
	return r < 0 ? r : (int)at;
}

static int take_with(struct import *import, const struct span *lines, size_t count,
		     const char *first, const char *needed)
{
	struct text_table table;
	struct sinks sinks;
	size_t header = table_header(lines, count, first, needed, &table);
	int rows;

	if (!header || words_find(&table.columns, 0, "Command") < 0)
		return 0;
	sinks = sinks_of(&table);
	rows = take_rows(import, &table, &sinks, lines + header, count - header);
	return rows < 0 ? rows : (int)header + rows;
}

static int take_w(struct import *import, const struct span *lines, size_t count)
{
	return line_has(lines[0], "TGID") ? 0 : take_with(import, lines, count, "UID", "cswch/s");
}

static int take_wt(struct import *import, const struct span *lines, size_t count)
{
	return line_has(lines[0], "TGID") ? take_with(import, lines, count, "UID", "cswch/s") : 0;
}

static int take_u(struct import *import, const struct span *lines, size_t count)
{
	return line_has(lines[0], "TGID") ? 0 : take_with(import, lines, count, "UID", "%CPU");
}

static int take_ut(struct import *import, const struct span *lines, size_t count)
{
	return line_has(lines[0], "TGID") ? take_with(import, lines, count, "UID", "%CPU") : 0;
}

const struct text_kind kind_pidstat_w = { .name = "pidstat -w",
					  .stage = STAGE_top,
					  .take = take_w };
const struct text_kind kind_pidstat_wt = { .name = "pidstat -wt",
					   .stage = STAGE_top,
					   .take = take_wt };
const struct text_kind kind_pidstat_u = { .name = "pidstat -u",
					  .stage = STAGE_top,
					  .take = take_u };
const struct text_kind kind_pidstat_ut = { .name = "pidstat -ut",
					   .stage = STAGE_top,
					   .take = take_ut };
