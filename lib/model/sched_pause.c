/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_internal.h"

static void forget_runner(struct sched_model *model, struct cpu *cpu)
{
	sched_cpu_settle(model, cpu);
	if (cpu->runner_task && task_runs_on(cpu->runner_task, cpu))
		sched_cpu_disown(model, cpu);
	else
		sched_cpu_run(model, cpu, 0, NULL, SCHED_ACTOR_UNKNOWN);
}

static void forget_thread(struct sched_model *model, struct task *task)
{
	if (task->state == TASK_WAITING)
		sched_wait_leave_open(model, task);
	else if (task->state == TASK_SLEEPING)
		task->state = TASK_UNKNOWN;
	task->woken_running = false;
}

void sched_pause(struct sched_model *model)
{
	for (uint32_t i = 0; i < model->cpus_end; i++)
		if (model->cpus[i].seen)
			forget_runner(model, &model->cpus[i]);
	for (uint32_t i = 1; i < model->tasks_len; i++) {
		struct task *task = sched_task_at(model, i);

		if (task)
			forget_thread(model, task);
	}
	model->totals.watched_ns += model->now_ns - model->resumed_ns;
	model->resumed_ns = model->now_ns;
	model->paused = true;
}

void sched_resume(struct sched_model *model, uint64_t time_ns)
{
	if (time_ns > model->now_ns)
		model->now_ns = time_ns;
	model->resumed_ns = model->now_ns;
	model->crowd_resumed_ns =
		model->crowd_clock_ns; /* it stands still: nobody is known to wait */
	model->paused = false;
	for (uint32_t i = 0; i < model->cpus_end; i++)
		if (model->cpus[i].seen)
			sched_cpu_resume(model, &model->cpus[i]);
}
