/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_internal.h"

struct cpu *sched_cpu_at(struct sched_model *model, uint32_t index)
{
	struct cpu *cpu = &model->cpus[index];

	if (cpu->seen)
		return cpu;
	cpu->seen = true;
	cpu->stats.cpu = index;
	cpu->runner = SCHED_ACTOR_UNKNOWN;
	cpu->stats.unknown_ns = model->totals.watched_ns; /* in earlier looks */
	cpu->settled_ns = model->resumed_ns;
	cpu->last_event_ns = model->resumed_ns;
	cpu->crowd_mark_ns = model->crowd_resumed_ns;
	if (index >= model->cpus_end)
		model->cpus_end = index + 1;
	return cpu;
}

static uint64_t crowd_clock(struct sched_model *model)
{
	if (model->crowded_cpus)
		model->crowd_clock_ns += model->now_ns - model->crowd_since_ns;
	model->crowd_since_ns = model->now_ns;
	return model->crowd_clock_ns;
}

void sched_cpu_recount(struct sched_model *model, struct cpu *cpu)
{
	bool crowded = cpu->waiting && actor_is_group(cpu->runner);

	if (cpu->waiting > cpu->stats.queue_max)
		cpu->stats.queue_max = cpu->waiting;
	if (crowded == cpu->crowded)
		return;
	crowd_clock(model);
	cpu->crowded = crowded;
	model->crowded_cpus += crowded ? 1 : -1U;
}

static void charge_runner(struct sched_model *model, struct cpu *cpu, uint64_t ns)
{
	if (cpu->runner == SCHED_ACTOR_IDLE) {
		cpu->stats.idle_ns += ns;
		cpu->stats.idle_while_others_queue_ns += crowd_clock(model) - cpu->crowd_mark_ns;
	} else if (actor_is_group(cpu->runner)) {
		cpu->stats.busy_ns += ns;
		model->groups[cpu->runner]->stats.work.run_ns += ns;
	} else {
		cpu->stats.unknown_ns += ns;
	}
}

static void count_entry(struct queue_entry *entry, uint64_t now_ns)
{
	entry->pending_ns += entry->count * (now_ns - entry->counted_to_ns);
	entry->counted_to_ns = now_ns;
}

/* Hands what the waiters have gathered to `runner`; forgets groups that wait no longer. */
static void settle_queue(struct sched_model *model, struct cpu *cpu, uint32_t runner)
{
	uint64_t *blame = sched_blame_of(model, runner), settled_ns = 0;

	for (size_t i = 0; i < cpu->queue.len; i++) {
		struct queue_entry *entry = &cpu->queue.data[i];

		count_entry(entry, model->now_ns);
		blame[entry->group] += entry->pending_ns;
		settled_ns += entry->pending_ns;
		entry->pending_ns = 0;
	}
	cpu->stats.wait_ns += settled_ns;
	/* Only from the end: the others' places are known to their waiters. */
	while (cpu->queue.len && !cpu->queue.data[cpu->queue.len - 1].count)
		cpu->queue.len--;
}

static void mark_settled(struct sched_model *model, struct cpu *cpu)
{
	cpu->settled_ns = model->now_ns;
	cpu->crowd_mark_ns = crowd_clock(model);
}

void sched_cpu_settle(struct sched_model *model, struct cpu *cpu)
{
	charge_runner(model, cpu, model->now_ns - cpu->settled_ns);
	settle_queue(model, cpu, cpu->runner);
	mark_settled(model, cpu);
}

void sched_cpu_run(struct sched_model *model, struct cpu *cpu, pid_t tid, struct task *task,
		   uint32_t actor)
{
	cpu->runner = actor;
	cpu->runner_tid = tid;
	cpu->runner_task = task;
	sched_cpu_recount(model, cpu);
}

void sched_cpu_learn(struct sched_model *model, struct cpu *cpu, pid_t tid, struct task *task)
{
	if (!task) {
		sched_cpu_run(model, cpu, 0, NULL, SCHED_ACTOR_IDLE);
		return;
	}
	/* It was woken while it ran, or while what is lost happened. */
	if (task->state == TASK_WAITING)
		sched_wait_cut(model, task);
	sched_task_regroup(model, task, true);
	if (!sched_task_is_shared(model, task) && task->state != TASK_RUNNING) {
		model->tasks_dead -= task->state == TASK_DEAD;
		task->exiting = false;
		task->state = TASK_RUNNING;
		task->cpu = (int32_t)cpu->stats.cpu;
		task->run_since_ns = cpu->settled_ns;
		task->woken_running = false;
		task->slice_partial = true;
		task->stats.partial = true;
		sched_group_enter(model, task->stats.group);
	}
	sched_cpu_run(model, cpu, tid, task, task->stats.group);
}

void sched_cpu_disown(struct sched_model *model, struct cpu *cpu)
{
	struct task *task = cpu->runner_task;

	task->stats.work.run_ns += cpu->settled_ns - task->run_since_ns;
	task->state = TASK_UNKNOWN;
	sched_group_leave(model, task->stats.group);
	sched_cpu_run(model, cpu, 0, NULL, SCHED_ACTOR_UNKNOWN);
}

static void note_loss(struct sched_model *model, const struct cpu *cpu, uint64_t records)
{
	struct sched_loss *loss = &model->losses[model->losses_len];

	if (model->losses_len == LOSSES_MAX) {
		loss--;
		loss->records += records;
		loss->to_ns = model->now_ns;
		if (loss->from_ns > cpu->last_event_ns)
			loss->from_ns = cpu->last_event_ns;
		return;
	}
	*loss = (struct sched_loss){
		.cpu = cpu->stats.cpu,
		.from_ns = cpu->last_event_ns,
		.to_ns = model->now_ns,
		.records = records,
	};
	model->losses_len++;
}

void sched_cpu_lose(struct sched_model *model, struct cpu *cpu, uint64_t records)
{
	struct task *runner = cpu->runner_task;

	note_loss(model, cpu, records);
	model->last_loss_ns = model->now_ns;
	cpu->stats.losses++;
	if (runner && task_runs_on(runner, cpu))
		sched_cpu_disown(model, cpu);
	for (size_t i = 0; i < cpu->queue.len; i++)
		count_entry(&cpu->queue.data[i], model->now_ns);
	while (cpu->waiters)
		sched_wait_cut_lost(model, cpu->waiters);
	/* What is left is of waiters that were seen to leave. */
	settle_queue(model, cpu, SCHED_ACTOR_UNKNOWN);
	cpu->stats.unknown_ns += model->now_ns - cpu->settled_ns;
	mark_settled(model, cpu);
	sched_cpu_run(model, cpu, 0, NULL, SCHED_ACTOR_UNKNOWN);
}

void sched_cpu_gap(struct sched_model *model, struct cpu *cpu, struct task *found)
{
	struct task *runner = cpu->runner_task;

	if (runner && task_runs_on(runner, cpu))
		sched_cpu_disown(model, cpu);
	/* Its wait ended in the gap; the others' went on, as far as is known. */
	if (found && found->state == TASK_WAITING && found->wait_cpu == cpu->stats.cpu)
		sched_wait_cut_lost(model, found);
	sched_cpu_run(model, cpu, 0, NULL, SCHED_ACTOR_UNKNOWN);
	sched_cpu_settle(model, cpu);
	cpu->stats.missing_switches++;
	cpu->last_gap_ns = model->now_ns;
}

void sched_cpu_resume(struct sched_model *model, struct cpu *cpu)
{
	cpu->last_event_ns = model->now_ns;
	mark_settled(model, cpu);
}
