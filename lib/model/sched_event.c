/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_internal.h"

/* A dead thread's id belongs to somebody else now. */
static void revive(struct sched_model *model, struct task *task)
{
	if (task->state != TASK_DEAD)
		return;
	model->tasks_dead--;
	task->state = TASK_UNKNOWN;
	task->exiting = false;
	task->cpu = -1;
	task->parent_pid = 0;
	task->stats.pid = 0;
	task->stats.kernel = false;
	task->generation = 0;
}

/* The thread that an event is about, alive and with the name it has now. */
static struct task *subject(struct sched_model *model, pid_t tid, const char *comm)
{
	struct task *task = sched_task_get(model, tid);

	revive(model, task);
	sched_task_set_comm(model, task, comm, false);
	return task;
}

static void count_departure(struct sched_model *model, struct task *task,
			    const struct sched_event *event)
{
	if (!event->runnable)
		work_add(model, task, voluntary, 1);
	else if (event->preempted)
		work_add(model, task, preempted, 1);
	else
		work_add(model, task, yielded, 1);
}

static bool has_died(const struct task *task, const struct sched_event *event)
{
	/* A thread may still sleep after its exit event: files are closed. */
	if (event->state)
		return event->state == 'X' || event->state == 'Z';
	return task->exiting && !event->runnable;
}

static void stop_running(struct sched_model *model, struct task *task)
{
	uint64_t slice_ns = model->now_ns - task->run_since_ns;

	task->stats.work.run_ns += slice_ns;
	if (!task->slice_partial)
		histogram_add(&model->groups[task->stats.group]->slices, slice_ns);
	task->slice_partial = false;
	sched_group_leave(model, task->stats.group);
	task->state = TASK_UNKNOWN;
}

/* `ran_ns`: since the CPU was settled. */
static void leave_cpu(struct sched_model *model, struct cpu *cpu, struct task *task,
		      const struct sched_event *event, uint64_t ran_ns)
{
	count_departure(model, task, event);
	if (!task_runs_on(task, cpu)) {
		/* It is believed to be elsewhere already, or is one of the shared. */
		task->stats.work.run_ns += ran_ns;
		return;
	}
	stop_running(model, task);
	if (has_died(task, event)) {
		task->state = TASK_DEAD;
		model->tasks_dead++;
	} else if (event->runnable) {
		sched_wait_begin(model, task, cpu->stats.cpu,
				 event->preempted ? SCHED_WAIT_PREEMPTED : SCHED_WAIT_YIELDED);
	} else {
		task->state = TASK_SLEEPING;
		task->off_since_ns = model->now_ns;
		task->off_state = event->state;
	}
}

/* NULL: the idle thread. Mostly it is who runs there, which needs no search. */
static struct task *leaving_task(struct sched_model *model, const struct cpu *cpu,
				 const struct sched_event *event)
{
	if (!event->other_tid)
		return NULL;
	if (cpu->runner_task && cpu->runner_task->stats.tid == event->other_tid)
		return cpu->runner_task;
	return sched_task_get(model, event->other_tid);
}

static void switch_out(struct sched_model *model, struct cpu *cpu, const struct sched_event *event)
{
	struct task *task = leaving_task(model, cpu, event);
	uint64_t ran_ns;

	if (task)
		sched_task_set_comm(model, task, event->other_comm, true);
	if (actor_is_unknown(cpu->runner)) {
		sched_cpu_learn(model, cpu, event->other_tid, task);
	} else if (cpu->runner_tid != event->other_tid) {
		model->totals.wrong_prev++;
		sched_cpu_gap(model, cpu, task);
		sched_cpu_learn(model, cpu, event->other_tid, task);
	}
	ran_ns = model->now_ns - cpu->settled_ns;
	sched_cpu_settle(model, cpu);
	if (task)
		leave_cpu(model, cpu, task, event, ran_ns);
}

/* Runs, and was not known to wait. */
static void start_unknown(struct sched_model *model, struct task *task)
{
	work_add(model, task, unknown_starts, 1);
	if (task->state != TASK_SLEEPING)
		return;
	if (task->woken_running)
		model->totals.raced_wakeups++;
	else if (!model->options.no_wakeups &&
		 !(model->losses_len && model->last_loss_ns >= task->off_since_ns))
		model->totals.runs_without_wakeup++;
}

static void enter_cpu(struct sched_model *model, struct cpu *cpu, struct task *task)
{
	if (task->state == TASK_RUNNING) {
		model->totals.ran_on_two_cpus++;
		sched_cpu_disown(model, &model->cpus[task->cpu]);
	}
	if (task->state == TASK_WAITING)
		sched_wait_end(model, task, cpu->stats.cpu);
	else
		start_unknown(model, task);
	if (task->cpu >= 0 && task->cpu != (int32_t)cpu->stats.cpu)
		work_add(model, task, migrations, 1);
	task->state = TASK_RUNNING;
	task->cpu = (int32_t)cpu->stats.cpu;
	task->run_since_ns = model->now_ns;
	task->woken_running = false;
	sched_group_enter(model, task->stats.group);
}

static void switch_in(struct sched_model *model, struct cpu *cpu, const struct sched_event *event)
{
	struct task *task;

	if (!event->tid) {
		sched_cpu_run(model, cpu, 0, NULL, SCHED_ACTOR_IDLE);
		return;
	}
	task = subject(model, event->tid, event->comm);
	sched_task_regroup(model, task, false);
	work_add(model, task, switches, 1);
	if (!sched_task_is_shared(model, task))
		enter_cpu(model, cpu, task);
	sched_cpu_run(model, cpu, event->tid, task, task->stats.group);
}

void sched_on_switch(struct sched_model *model, const struct sched_event *event, struct cpu *cpu)
{
	model->totals.switches++;
	cpu->stats.switches++;
	switch_out(model, cpu, event);
	switch_in(model, cpu, event);
}

/* The waker is what runs on the event's CPU: an occasion to learn that, or that a switch is missing. */
static void learn_from_waker(struct sched_model *model, const struct sched_event *event,
			     struct cpu *cpu)
{
	pid_t tid = event->current_tid;
	struct task *task;

	if (!actor_is_unknown(cpu->runner) && cpu->runner_tid == tid)
		return;
	task = tid ? sched_task_get(model, tid) : NULL;
	if (!actor_is_unknown(cpu->runner)) {
		model->totals.wrong_waker++;
		sched_cpu_gap(model, cpu, task);
	}
	if (!task || task->state != TASK_RUNNING)
		sched_cpu_learn(model, cpu, tid, task);
}

static uint32_t waker_of(struct sched_model *model, const struct sched_event *event,
			 const struct cpu *cpu)
{
	struct task *task;

	if (event->context == SCHED_CONTEXT_HARDIRQ)
		return SCHED_ACTOR_HARDIRQ;
	if (event->context == SCHED_CONTEXT_SOFTIRQ)
		return SCHED_ACTOR_SOFTIRQ;
	if (event->current_tid == 0)
		return SCHED_ACTOR_IDLE;
	if (event->current_tid < 0)
		return SCHED_ACTOR_UNKNOWN;
	if (cpu->runner_tid == event->current_tid && actor_is_group(cpu->runner))
		return cpu->runner;
	task = sched_task_get(model, event->current_tid);
	sched_task_regroup(model, task, false);
	return task->stats.group;
}

static void count_wakeup(struct sched_model *model, const struct sched_event *event,
			 struct cpu *cpu, struct task *task)
{
	uint32_t waker = waker_of(model, event, cpu);

	model->totals.wakeups++;
	model->totals.wakeups_softirq += event->context == SCHED_CONTEXT_SOFTIRQ;
	model->totals.wakeups_hardirq += event->context == SCHED_CONTEXT_HARDIRQ;
	work_add(model, task, wakeups, 1);
	sched_edges_add(model, waker, task->stats.group);
	if (actor_is_group(waker))
		model->groups[waker]->stats.wakeups_given++;
}

static uint32_t queue_for(const struct sched_model *model, const struct task *task,
			  const struct sched_event *event)
{
	if (event->target_cpu >= 0 && (uint32_t)event->target_cpu < model->options.cpus_max)
		return (uint32_t)event->target_cpu;
	return task->cpu >= 0 ? (uint32_t)task->cpu : event->cpu;
}

static void wake(struct sched_model *model, struct task *task, const struct sched_event *event)
{
	uint64_t slept_ns = model->now_ns - task->off_since_ns;

	if (task->state == TASK_SLEEPING) {
		work_add(model, task, sleep_ns, slept_ns);
		if (task->off_state == 'D')
			work_add(model, task, uninterruptible_ns, slept_ns);
	}
	sched_wait_begin(model, task, queue_for(model, task, event),
			 event->type == SCHED_WAKEUP_NEW ? SCHED_WAIT_NEW : SCHED_WAIT_WOKEN);
	task->waker_tid = event->current_tid;
	task->waker_context = event->context;
}

void sched_on_wakeup(struct sched_model *model, const struct sched_event *event, struct cpu *cpu)
{
	struct task *task;

	if (event->current_tid >= 0)
		learn_from_waker(model, event, cpu);
	task = subject(model, event->tid, event->comm);
	sched_task_regroup(model, task, false);
	count_wakeup(model, event, cpu, task);
	if (sched_task_is_shared(model, task))
		return;
	switch (task->state) {
	case TASK_WAITING:
		work_add(model, task, repeats, 1);
		if (task->wait_kind == SCHED_WAIT_WOKEN)
			task->wait_suspect |= SCHED_SUSPECT_REPEAT;
		break;
	case TASK_RUNNING:
		work_add(model, task, woken_running, 1);
		task->woken_running = true;
		break;
	default:
		wake(model, task, event);
	}
}

void sched_on_migrate(struct sched_model *model, const struct sched_event *event)
{
	struct task *task = subject(model, event->tid, event->comm);
	bool told = event->target_cpu >= 0 && (uint32_t)event->target_cpu < model->options.cpus_max;

	sched_task_regroup(model, task, false);
	model->totals.migrate_events++;
	if (told && task->state == TASK_WAITING && (uint32_t)event->target_cpu != task->wait_cpu)
		sched_wait_move(model, task, (uint32_t)event->target_cpu);
}

void sched_on_fork(struct sched_model *model, const struct sched_event *event)
{
	struct task *parent = sched_task_find(model, event->other_tid);
	struct task *child = subject(model, event->tid, event->comm);

	model->totals.forks++;
	if (!parent || sched_task_is_shared(model, child) || child->stats.pid)
		return;
	child->parent_pid = parent->stats.pid ? parent->stats.pid : parent->parent_pid;
	if (!child->parent_pid)
		child->parent_pid = event->other_tid;
	child->stats.kernel = event->other_tid == KTHREADD_TID;
}

void sched_on_exit(struct sched_model *model, const struct sched_event *event)
{
	struct task *task = sched_task_find(model, event->tid);

	model->totals.exits++;
	if (task)
		task->exiting = true;
}

void sched_on_name(struct sched_model *model, const struct sched_event *event)
{
	struct task *task = subject(model, event->tid, event->comm);

	sched_task_set_pid(model, task, event->other_tid);
}
