/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/groups.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GROUPS_MAX 1024

/* ---- which list tells what ----------------------------------------------------------------------- */

static const struct task_list *first_of(const struct import *import,
					const enum task_list_kind *kinds, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct task_list *list = import_list(import, kinds[i]);

		if (list)
			return list;
	}
	return NULL;
}

void task_sources_find(const struct import *import, struct task_sources *ret)
{
	static const enum task_list_kind cpu[] = { LIST_PIDSTAT_UT, LIST_TOP_H, LIST_PIDSTAT_U,
						   LIST_TOP };
	static const enum task_list_kind states[] = { LIST_PS_L, LIST_TOP_H, LIST_PS, LIST_TOP };

	*ret = (struct task_sources){
		.cpu = first_of(import, cpu, ARRAY_SIZE(cpu)),
		.switches = import_list(import, LIST_PIDSTAT_WT),
		.leaders = import_list(import, LIST_PIDSTAT_W),
		.waits = import_list(import, LIST_PIDSTAT_UT),
	};
	for (size_t i = 0; i < ARRAY_SIZE(states) && !ret->states; i++) {
		const struct task_list *list = import_list(import, states[i]);

		/* `ps -eL` by itself counts threads and tells no states */
		if (list && list->tasks.data[0].state)
			ret->states = list;
	}
}

/* ---- full names ---------------------------------------------------------------------------------- */

struct name {
	long tid, pid;
	const struct task *task;
};

VEC_DECLARE(names, struct name);

static int by_tid(const void *left, const void *right)
{
	const struct name *a = left, *b = right;

	return (a->tid > b->tid) - (a->tid < b->tid);
}

/* Names that no column cut, by thread. Lists of one host agree on them. */
static int collect_names(const struct import *import, struct names *ret)
{
	vec_each(list, &import->lists)
		vec_each(task, &list->tasks) {
			struct name name = { task->tid, task->pid, task };

			if (task->tid && !task->cut && !task->total && vec_push(ret, name) < 0)
				return -ENOMEM;
		}
	if (ret->len)
		qsort(ret->data, ret->len, sizeof(*ret->data), by_tid);
	return 0;
}

static const struct task *find_name(const struct names *names, long tid)
{
	struct name key = { .tid = tid };
	struct name *found = names->len && tid ?
				     bsearch(&key, names->data, names->len, sizeof(key), by_tid) :
				     NULL;

	return found ? found->task : NULL;
}

/* What a task is called and to whom it belongs, as far as any list knows. */
static void resolve(const struct names *names, struct task *task)
{
	const struct task *full = find_name(names, task->tid), *leader;

	if (full && strncmp(full->comm, task->comm, strlen(task->comm)) == 0) {
		if (task->cut)
			snprintf(task->comm, sizeof(task->comm), "%s", full->comm);
		task->kernel |= full->kernel;
		if (!task->pid)
			task->pid = full->pid;
		if (!task->program[0])
			snprintf(task->program, sizeof(task->program), "%s", full->program);
	}
	leader = find_name(names, task->pid);
	if (!task->program[0] && leader && leader->pid == leader->tid)
		snprintf(task->program, sizeof(task->program), "%s", leader->comm);
	task->kernel |= task_name_is_kernel(task->comm);
}

/* ---- groups -------------------------------------------------------------------------------------- */

static struct group *find_group(struct groups *groups, const char *program, const char *thread)
{
	vec_each(group, groups)
		if (strcmp(group->thread, thread) == 0 &&
		    (!program[0] || !group->program[0] || strcmp(group->program, program) == 0))
			return group;
	return NULL;
}

static struct group *add_group(struct groups *groups, const char *program, const char *thread)
{
	struct group fresh = {
		.cpu = NAN,
		.user = NAN,
		.system = NAN,
		.busiest = NAN,
		.busiest_cpu = -1,
		.wait = NAN,
		.voluntary = NAN,
		.involuntary = NAN,
		.leader_switches = NAN,
		.running = NAN,
		.blocked = NAN,
		.realtime = NAN,
	};

	snprintf(fresh.program, sizeof(fresh.program), "%s", program);
	snprintf(fresh.thread, sizeof(fresh.thread), "%s", thread);
	if (groups->len >= GROUPS_MAX || vec_push(groups, fresh) < 0)
		return NULL;
	return vec_at(groups, groups->len - 1);
}

static void add_pid(struct group *group, long pid)
{
	for (size_t i = 0; i < group->processes && i < GROUP_PIDS; i++)
		if (group->pids[i] == pid)
			return;
	if (!pid)
		return;
	if (group->processes < GROUP_PIDS)
		group->pids[group->processes] = pid;
	group->processes++;
}

/* A sum that begins with what is known. */
static void add(double *sum, double value)
{
	if (!isnan(value))
		*sum = isnan(*sum) ? value : *sum + value;
}

/* "ksoftirqd/3" runs on CPU 3. */
static int cpu_of(const struct task *task)
{
	const char *slash = strrchr(task->comm, '/');

	if (task->on_cpu >= 0 || !task->kernel || !slash || !slash[1] ||
	    slash[1 + strspn(slash + 1, "0123456789")] || strlen(slash) > 5)
		return task->on_cpu;
	return atoi(slash + 1);
}

static void add_cpu(struct group *group, const struct task_list *list, const struct task *task)
{
	bool of_thread = list->kind == LIST_TOP_H || list->kind == LIST_PIDSTAT_UT || task->kernel;

	add(&group->cpu, task->cpu);
	add(&group->user, task->user);
	add(&group->system, task->system);
	if (!of_thread || isnan(task->cpu))
		return;
	group->has_threads_cpu = true;
	if (isnan(group->busiest) || task->cpu > group->busiest) {
		group->busiest = task->cpu;
		group->busiest_cpu = cpu_of(task);
	}
}

static bool is_observer(const struct task *task)
{
	static const char *const names[] = { "top", "ps", "vmstat", "pidstat", "triage" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(task->comm, names[i]) == 0)
			return true;
	return false;
}

static void add_state(struct group *group, const struct task *task)
{
	add(&group->running, task->state == 'R' && !is_observer(task) ? task->count : 0);
	add(&group->blocked, task->state == 'D' ? task->count : 0);
	add(&group->realtime, task->realtime ? task->count : 0);
}

static void add_task(struct group *group, const struct task_sources *sources,
		     const struct task_list *list, const struct task *task)
{
	group->kernel |= task->kernel;
	add_pid(group, task->pid);
	if (!task->total)
		group->listed[list->kind] += task->count;
	if (list == sources->cpu && !task->total)
		add_cpu(group, list, task);
	if (list == sources->waits && !task->total)
		add(&group->wait, task->wait);
	if (list == sources->states && task->state)
		add_state(group, task);
	/* the line of a process in -wt is its main thread's, as -w shows it */
	if (list == sources->leaders ||
	    (!sources->leaders && list == sources->switches && task->total))
		add(&group->leader_switches, task->voluntary + task->involuntary);
	if (list == sources->switches && !task->total) {
		add(&group->voluntary, task->voluntary);
		add(&group->involuntary, task->involuntary);
	}
}

static int add_list(struct groups *groups, const struct names *names,
		    const struct task_sources *sources, const struct task_list *list)
{
	vec_each(listed, &list->tasks) {
		struct task task = *listed;
		char thread[TASK_NAME_MAX], program[TASK_NAME_MAX];
		struct group *group;

		resolve(names, &task);
		task_stem(task.comm, task.program[0] && strcmp(task.program, task.comm) != 0,
			  task.kernel, thread);
		task_stem(task.program, false, task.kernel, program);
		group = find_group(groups, program, thread);
		if (!group)
			group = add_group(groups, program, thread);
		if (!group && groups->len >= GROUPS_MAX)
			continue;
		if (!group)
			return -ENOMEM;
		if (!group->program[0])
			memcpy(group->program, program, sizeof(program));
		add_task(group, sources, list, &task);
	}
	return 0;
}

/* A list that cuts or leaves out who is idle shows fewer than there are: the longest counts. */
static void count_threads(struct groups *groups)
{
	static const enum task_list_kind of_threads[] = { LIST_PS_L, LIST_TOP_H, LIST_NAMED,
							  LIST_PIDSTAT_WT, LIST_PIDSTAT_UT };

	vec_each(group, groups) {
		double most = 0;

		for (size_t i = 0; i < ARRAY_SIZE(of_threads); i++)
			most = fmax(most, group->listed[of_threads[i]]);
		/* kernel threads are processes of one thread */
		if (group->kernel && !(most > 0))
			most = fmax(fmax(group->listed[LIST_TOP], group->listed[LIST_PS]),
				    fmax(group->listed[LIST_PIDSTAT_U],
					 group->listed[LIST_PIDSTAT_W]));
		group->threads = most > 0 ? most : NAN;
	}
}

static int by_weight(const void *left, const void *right)
{
	const struct group *a = left, *b = right;
	double x = (isnan(a->cpu) ? 0 : a->cpu) +
		   (isnan(a->voluntary) ? 0 : (a->voluntary + a->involuntary) / 1000) +
		   (isnan(a->running) ? 0 : a->running * 10) +
		   (isnan(a->threads) ? 0 : a->threads / 1000);
	double y = (isnan(b->cpu) ? 0 : b->cpu) +
		   (isnan(b->voluntary) ? 0 : (b->voluntary + b->involuntary) / 1000) +
		   (isnan(b->running) ? 0 : b->running * 10) +
		   (isnan(b->threads) ? 0 : b->threads / 1000);

	if (x != y)
		return (x < y) - (x > y);
	return strcmp(a->thread, b->thread);
}

/* Of each kind of list the best one; and of names that were written down, all. */
static bool is_used(const struct import *import, const struct task_list *list)
{
	return list->kind == LIST_NAMED || list == import_list(import, list->kind);
}

int groups_make(const struct import *import, const struct task_sources *sources, struct groups *ret)
{
	struct names names = { 0 };
	struct groups groups = { 0 };
	int r = collect_names(import, &names);

	vec_each(list, &import->lists)
		if (r == 0 && is_used(import, list))
			r = add_list(&groups, &names, sources, list);
	vec_free(&names);
	if (r < 0) {
		vec_free(&groups);
		return r;
	}
	count_threads(&groups);
	if (groups.len)
		qsort(groups.data, groups.len, sizeof(*groups.data), by_weight);
	*ret = groups;
	return 0;
}
