/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_internal.h"

#include <string.h>

#define UNNAMED "(unnamed)"

/* Names that only kernel threads have, for sources that don't tell: with a process of their own, or none known. */
static bool looks_like_kernel(const struct task *task)
{
	static const char *const prefixes[] = { "kworker/", "ksoftirqd/",   "migration/",
						"cpuhp/",   "idle_inject/", "irq/",
						"rcuc/",    "rcub/" };
	static const char *const names[] = { "kthreadd",   "rcu_preempt", "rcu_sched", "kcompactd0",
					     "khugepaged", "kswapd0",	  "kauditd",   "kdevtmpfs" };
	const char *comm = task->stats.comm;

	if (task->stats.pid && task->stats.pid != task->stats.tid)
		return false;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		if (strncmp(comm, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(comm, names[i]) == 0)
			return true;
	return false;
}

/* Whose comm is the program's; the thread itself when that is not known. */
static const struct task *leader_of(struct sched_model *model, struct task *task)
{
	pid_t pid = task->stats.pid ? task->stats.pid : task->parent_pid;
	struct task *leader;

	if (!pid || pid == task->stats.tid || pid == KTHREADD_TID)
		return task;
	leader = sched_task_get(model, pid);
	if (sched_task_is_shared(model, leader))
		return task;
	leader->has_followers = true;
	return leader->named ? leader : task;
}

static uint32_t choose_group(struct sched_model *model, struct task *task)
{
	const char *program = leader_of(model, task)->stats.comm;
	bool kernel = task->stats.kernel || task->guessed_kernel;
	char stems[2][THREAD_NAME_MAX];

	if (!task->named)
		return sched_group_get(model, UNNAMED, UNNAMED, false);
	thread_stem(program, program, kernel, stems[0]);
	thread_stem(task->stats.comm, program, kernel, stems[1]);
	return sched_group_get(model, stems[0], stems[1], kernel);
}

static void move_runner(struct sched_model *model, struct task *task, uint32_t group,
			bool whole_slice)
{
	struct cpu *cpu = &model->cpus[task->cpu];

	if (!whole_slice)
		sched_cpu_settle(model, cpu);
	sched_group_leave(model, task->stats.group);
	sched_group_enter(model, group);
	sched_cpu_run(model, cpu, task->stats.tid, task, group);
}

void sched_task_regroup(struct sched_model *model, struct task *task, bool whole_slice)
{
	bool first = !task->generation;
	uint32_t group;

	if (task->generation == model->generation || sched_task_is_shared(model, task))
		return;
	group = choose_group(model, task);
	task->generation = model->generation;
	if (!first && group == task->stats.group)
		return;
	model->groups[group]->stats.threads++;
	if (task->state == TASK_RUNNING)
		move_runner(model, task, group, whole_slice);
	task->stats.group = group;
}

void sched_task_change_comm(struct sched_model *model, struct task *task, const char *comm,
			    bool whole_slice)
{
	char *own = task->stats.comm;

	if (!comm[0] || sched_task_is_shared(model, task) ||
	    strncmp(own, comm, SCHED_COMM_LEN - 1) == 0)
		return;
	if (task->named)
		task->parent_pid = 0;
	memset(own, 0, SCHED_COMM_LEN);
	memcpy(own, comm, strnlen(comm, SCHED_COMM_LEN - 1));
	task->named = true;
	task->guessed_kernel = looks_like_kernel(task);
	if (task->has_followers)
		model->generation++;
	/* One that has no group yet gets it at its first event. */
	if (!task->generation)
		return;
	task->generation = model->generation - 1;
	sched_task_regroup(model, task, whole_slice);
}

void sched_task_set_pid(struct sched_model *model, struct task *task, pid_t pid)
{
	if (pid <= 0 || task->stats.pid == pid || sched_task_is_shared(model, task))
		return;
	task->stats.pid = pid;
	task->guessed_kernel = task->named && looks_like_kernel(task);
	if (!task->generation)
		return;
	task->generation = model->generation - 1;
	sched_task_regroup(model, task, false);
}
