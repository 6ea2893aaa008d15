/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * top, top -H and top -b: any run of its lines, with or without the ones before.
 *
 *   top - 08:31:43 up 17 min,  1 user,  load average: 0.00, 0.00, 0.02
 *   Tasks: 128 total,   1 running,  69 sleeping,   0 stopped,   0 zombie
 *   %Cpu0  :  0.3 us,  0.3 sy,  0.0 ni, 66.8 id,  0.3 wa,  0.0 hi, 32.4 si,  0.0 st
 *   KiB Mem :  8167040 total,  7234236 free,   358976 used,   573828 buff/cache
 *     PID USER      PR  NI    VIRT    RES    SHR S  %CPU %MEM     TIME+ COMMAND
 *       9 root      20   0       0      0      0 S   7.0  0.0   0:00.48 ksoftirqd/0
 */
#include "import/kinds.h"

#include "import/kind_load.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TASKS_MAX 200000
#define PAIRS_MAX 16

/* ---- "0.3 us,  0.3 sy": numbers and what they count ---------------------------------------------- */

struct pair {
	double value;
	struct span label;
};

static bool is_number_char(char c)
{
	return (c >= '0' && c <= '9') || c == '.' || c == ',';
}

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/';
}

/* The next number with its label; columns that ran together ("100.0id", "ni,100.0 id") too. */
static bool next_pair(struct span *rest, struct pair *ret)
{
	struct span number, label;

	while (rest->p < rest->end && !(*rest->p >= '0' && *rest->p <= '9'))
		rest->p++;
	number.p = rest->p;
	while (rest->p < rest->end && is_number_char(*rest->p))
		rest->p++;
	number.end = rest->p;
	while (number.end > number.p && (number.end[-1] == ',' || number.end[-1] == '.'))
		number.end--;
	while (rest->p < rest->end && strchr(" \t%+", *rest->p))
		rest->p++;
	label.p = rest->p;
	while (rest->p < rest->end && is_label_char(*rest->p))
		rest->p++;
	label.end = rest->p;
	ret->label = label;
	return word_number(number, &ret->value);
}

static double pair_of(struct span line, const char *label)
{
	struct pair pair;

	for (int i = 0; i < PAIRS_MAX && next_pair(&line, &pair); i++)
		if (span_is(pair.label, label))
			return pair.value;
	return NAN;
}

/* What stands behind the first colon; false without one. */
static bool behind_colon(struct span line, struct span *ret)
{
	struct span before;

	*ret = line;
	return span_until(ret, ':', &before);
}

/* ---- the lines above the table ------------------------------------------------------------------- */

static bool is_cpu_line(struct span line)
{
	line = span_trim(line);
	return (span_starts(line, "%Cpu") || span_starts(line, "Cpu")) && line_has(line, ":") &&
	       line_has(line, "us") && line_has(line, "id");
}

/* "%Cpu3  :" is 3; "%Cpu(s):" -1. */
static int cpu_of(struct span line)
{
	uint64_t cpu;

	line = span_trim(line);
	line.p += *line.p == '%' ? 4 : 3;
	return line.p < line.end && *line.p >= '0' && *line.p <= '9' && span_u64(&line, &cpu) &&
			       cpu < 8192 ?
		       (int)cpu :
		       -1;
}

/* One line may hold two CPUs (`4` pressed): "%Cpu0 : ... st %Cpu1 : ...". */
static int take_cpu_line(struct import *import, struct span line)
{
	enum teller by = import->frames > 1 ? TOLD_BY_TOP : TOLD_BY_FIRST_FRAME;
	const char *second = memmem(line.p + 1, span_len(line) - 1, "%Cpu", 4);
	struct cpu_parts parts;
	struct span rest;
	int r;

	if (second && second > span_trim(line).p) {
		struct span left = { line.p, second }, right = { second, line.end };

		r = is_cpu_line(left) ? take_cpu_line(import, left) : 0;
		return r == 0 && is_cpu_line(right) ? take_cpu_line(import, right) : r;
	}
	import->top_header = true;
	behind_colon(line, &rest);
	parts = (struct cpu_parts){
		.us = pair_of(rest, "us"),
		.ni = pair_of(rest, "ni"),
		.sy = pair_of(rest, "sy"),
		.id = pair_of(rest, "id"),
		.wa = pair_of(rest, "wa"),
		.hi = pair_of(rest, "hi"),
		.si = pair_of(rest, "si"),
		.st = pair_of(rest, "st"),
		.guest = NAN,
	};
	return import_add_cpu(import, by, cpu_of(line), &parts);
}

static bool is_tasks_line(struct span line)
{
	line = span_trim(line);
	return (span_starts(line, "Tasks:") || span_starts(line, "Threads:")) &&
	       line_has(line, "total");
}

static void take_tasks_line(struct import *import, struct span line)
{
	bool threads = span_starts(span_trim(line), "Threads:");
	double running;

	import->frame_is_threads = threads;
	told_set(&import->host[threads ? HOST_TASKS : HOST_PROCESSES], TOLD_BY_TOP,
		 pair_of(line, "total"));
	told_set(&import->host[HOST_ZOMBIES], TOLD_BY_TOP, pair_of(line, "zombie"));
	running = pair_of(line, "running");
	/* top itself runs; of processes only those whose main thread does are counted */
	if (threads && running >= 1)
		told_set(&import->host[HOST_R], TOLD_SINCE_BOOT, running - 1);
}

static double unit_of(struct span line)
{
	line = span_trim(line);
	return span_starts(line, "GiB") ? 1073741824.0 :
	       span_starts(line, "MiB") ? 1048576.0 :
					  1024.0;
}

static bool is_memory_line(struct span line)
{
	line = span_trim(line);
	return (line_has(line, "Mem") || line_has(line, "Swap")) && line_has(line, "total") &&
	       line_has(line, "free") && line_has(line, ":") &&
	       (span_starts(line, "KiB") || span_starts(line, "MiB") || span_starts(line, "GiB"));
}

static void take_memory_line(struct import *import, struct span line)
{
	double unit = unit_of(line);
	struct span rest = line;
	bool swap = line_has(line, "Swap");

	behind_colon(line, &rest);
	told_set(&import->host[swap ? HOST_SWAP : HOST_MEMORY], TOLD_BY_TOP,
		 unit * pair_of(rest, "total"));
	if (!swap)
		return;
	told_set(&import->host[HOST_SWAP_FREE], TOLD_BY_TOP, unit * pair_of(rest, "free"));
	told_set(&import->host[HOST_MEMORY_AVAILABLE], TOLD_BY_TOP, unit * pair_of(rest, "avail"));
}

/* ---- the table ----------------------------------------------------------------------------------- */

struct columns {
	struct words names;
	int pid, state, cpu, pr, virt, res, command, last_cpu;
};

static bool read_columns(struct span line, struct columns *ret)
{
	if (!line_has(line, "PID") || !line_has(line, "%CPU") || !line_has(line, "COMMAND") ||
	    !line_has(line, "TIME+"))
		return false;
	words_split(line, &ret->names);
	ret->pid = words_find(&ret->names, 0, "PID");
	ret->state = words_find(&ret->names, 0, "S");
	ret->cpu = words_find(&ret->names, 0, "%CPU");
	ret->pr = words_find(&ret->names, 0, "PR");
	ret->virt = words_find(&ret->names, 0, "VIRT");
	ret->res = words_find(&ret->names, 0, "RES");
	ret->last_cpu = words_find(&ret->names, 0, "P");
	ret->command = words_find(&ret->names, 0, "COMMAND");
	return ret->pid >= 0 && ret->command == (int)ret->names.count - 1 && ret->command > 1;
}

static double at(const struct words *row, int column)
{
	return column >= 0 && (size_t)column < row->count ? word_value(row->at[column]) : NAN;
}

static bool read_task(const struct columns *columns, struct span line, struct task *task)
{
	struct words row;

	words_split(line, &row);
	*task = task_blank();
	if (row.count <= (size_t)columns->command || !word_id(row.at[columns->pid], &task->tid) ||
	    isnan(at(&row, columns->cpu)))
		return false;
	task->cpu = at(&row, columns->cpu);
	task_name(task, words_rest(&row, (size_t)columns->command, line));
	if (columns->state >= 0)
		task->state = *row.at[columns->state].p;
	if (columns->pr >= 0)
		task->realtime = span_is(row.at[columns->pr], "rt") ||
				 *row.at[columns->pr].p == '-';
	if (at(&row, columns->last_cpu) >= 0)
		task->on_cpu = (int)fmin(at(&row, columns->last_cpu), 8191);
	task->kernel |= at(&row, columns->virt) == 0 && at(&row, columns->res) == 0 &&
			task->state != 'Z';
	return true;
}

static size_t take_table(struct import *import, const struct columns *columns,
			 const struct span *lines, size_t count, int *ret)
{
	bool threads = import->frame_is_threads;
	struct task_list *list = import_add_list(import, threads ? LIST_TOP_H : LIST_TOP);
	size_t i = 0, taken = 0;
	struct task task;

	if (!list) {
		*ret = -ENOMEM;
		return 0;
	}
	list->first = import->frames <= 1;
	list->partial = true;
	for (; i < count; i++) {
		if (line_is_blank(lines[i]))
			continue;
		if (!read_task(columns, lines[i], &task) || list->tasks.len >= TASKS_MAX)
			break;
		task.pid = threads ? 0 : task.tid;
		if (vec_push(&list->tasks, task) < 0)
			*ret = -ENOMEM;
		taken = i + 1;
	}
	list->partial = (double)list->tasks.len <
			told_value(&import->host[threads ? HOST_TASKS : HOST_PROCESSES]);
	return taken;
}

/* ---- the whole ----------------------------------------------------------------------------------- */

static bool is_first_line(struct span line)
{
	return span_starts(span_trim(line), "top - ");
}

/* How many lines were of top's kind: one, or a table; 0 when it is none. */
static size_t take_part(struct import *import, const struct span *lines, size_t count, int *ret)
{
	struct columns columns;

	if (is_cpu_line(lines[0]))
		*ret = take_cpu_line(import, lines[0]);
	else if (is_tasks_line(lines[0]))
		take_tasks_line(import, lines[0]);
	else if (is_memory_line(lines[0]))
		take_memory_line(import, lines[0]);
	else if (read_columns(lines[0], &columns))
		return 1 + take_table(import, &columns, lines + 1, count - 1, ret);
	else
		return 0;
	return 1;
}

static int take(struct import *import, const struct span *lines, size_t count)
{
	size_t i = 0, taken = 0;
	int r = 0;

	if (is_first_line(lines[0])) {
		import->frames++;
		import->frame_is_threads = false;
		import->top_header |= load_average_take(import, lines[0]);
		i = taken = 1;
	}
	while (i < count && r == 0) {
		size_t n;

		if (line_is_blank(lines[i])) {
			i++;
			continue;
		}
		n = take_part(import, lines + i, count - i, &r);
		if (!n)
			break;
		i += n;
		taken = i;
	}
	return r < 0 ? r : (int)taken;
}

const struct text_kind kind_top = { .name = "top", .stage = STAGE_top, .take = take };
