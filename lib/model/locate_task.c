/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/locate_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UNNAMED "(unnamed)"
#define OTHER "(other)"

struct task *locate_task_find(struct locate_model *model, pid_t tid)
{
	uint32_t hash = profile_hash_pair((uint32_t)tid, 0), cursor = hash, item;

	while ((item = profile_index_next(&model->task_index, hash, &cursor)))
		if (model->tasks.data[item - 1].tid == tid)
			return &model->tasks.data[item - 1];
	return NULL;
}

int locate_task_get(struct locate_model *model, pid_t tid, struct task **ret)
{
	struct task fresh = {
		.tid = tid,
		.group = NONE,
		.blocked_stack = NONE,
		.leaving.stack = NONE,
		.waking.stack = NONE,
		.woken.item = NONE,
		.calling.stack = NONE,
		.futex_stack = NONE,
		.let_in_lock = NONE,
		.contending.stack = NONE,
		.lock_stack = NONE,
	};

	*ret = locate_task_find(model, tid);
	if (*ret)
		return 0;
	if (model->tasks.len >= model->options.threads_max) {
		model->totals.left_out++;
		return 0;
	}
	if (vec_push(&model->tasks, fresh) < 0 ||
	    profile_index_add(&model->task_index, profile_hash_pair((uint32_t)tid, 0),
			      (uint32_t)model->tasks.len - 1) < 0)
		return -ENOMEM;
	*ret = vec_at(&model->tasks, model->tasks.len - 1);
	return 0;
}

/* ---- groups ----------------------------------------------------------------------------------- */

static uint32_t find_group(const struct locate_model *model, uint32_t hash, const char *program,
			   const char *thread, bool kernel)
{
	uint32_t cursor = hash, item;

	while ((item = profile_index_next(&model->group_index, hash, &cursor))) {
		const struct locate_group *group = &model->groups.data[item - 1];

		if (group->kernel == kernel && strcmp(group->program, program) == 0 &&
		    strcmp(group->thread, thread) == 0)
			return item - 1;
	}
	return NONE;
}

static int add_group(struct locate_model *model, const char *program, const char *thread,
		     bool kernel, uint32_t *ret)
{
	uint32_t hash = profile_hash_text(profile_hash_text(kernel, program), thread);
	struct locate_group group = { .kernel = kernel };

	*ret = find_group(model, hash, program, thread, kernel);
	if (*ret != NONE)
		return 0;
	if (model->groups.len + 1 >= model->options.groups_max && strcmp(program, OTHER) != 0)
		return add_group(model, OTHER, OTHER, false, ret);
	group.id = *ret = (uint32_t)model->groups.len;
	memcpy(group.program, program, strnlen(program, sizeof(group.program) - 1));
	memcpy(group.thread, thread, strnlen(thread, sizeof(group.thread) - 1));
	return vec_push(&model->groups, group) < 0 ||
			       profile_index_add(&model->group_index, hash, group.id) < 0 ?
		       -ENOMEM :
		       0;
}

static int choose_group(struct locate_model *model, struct task *task)
{
	const struct task *leader =
		task->pid > 0 && task->pid != task->tid ? locate_task_find(model, task->pid) : NULL;
	const char *program = leader && leader->named ? leader->comm : task->comm;
	char stems[2][THREAD_NAME_MAX];

	if (!*program)
		return add_group(model, UNNAMED, UNNAMED, false, &task->group);
	thread_stem(program, program, task->kernel, stems[0]);
	thread_stem(task->named ? task->comm : program, program, task->kernel, stems[1]);
	return add_group(model, stems[0], stems[1], task->kernel, &task->group);
}

static void take_comm(struct task *task, const char *comm)
{
	if (!*comm)
		return;
	memset(task->comm, 0, sizeof(task->comm));
	memcpy(task->comm, comm, strnlen(comm, sizeof(task->comm) - 1));
	task->named = true;
}

bool locate_model_knows(struct locate_model *model, pid_t tid)
{
	const struct task *task = locate_task_find(model, tid);

	return task && task->named;
}

int locate_model_name(struct locate_model *model, pid_t tid, pid_t pid, const char *comm,
		      bool kernel)
{
	struct task *task;
	int r = tid > 0 ? locate_task_get(model, tid, &task) : -EINVAL;

	if (r < 0 || !task)
		return r == -ENOMEM ? r : 0;
	if (pid > 0)
		task->pid = pid;
	task->kernel |= kernel;
	take_comm(task, comm);
	return 0;
}

/* A thread stays in the group that it was in when it was first seen. */
int locate_task_see(struct locate_model *model, pid_t tid, pid_t pid, const char *comm,
		    struct task **ret)
{
	int r = locate_task_get(model, tid, ret);
	struct task *task = *ret;

	if (r < 0 || !task)
		return r;
	if (pid > 0 && task->pid <= 0)
		task->pid = pid;
	if (!task->named)
		take_comm(task, comm);
	if (task->seen || !task->named)
		return task->group == NONE ? choose_group(model, task) : 0;
	r = choose_group(model, task);
	if (r < 0)
		return r;
	task->seen = true;
	task->watched = !model->options.is_watched ||
			model->options.is_watched(model->options.context, task->comm);
	model->groups.data[task->group].threads++;
	model->totals.threads++;
	return 0;
}
