/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_internal.h"

#include <errno.h>

static struct cpu *queue_of(struct sched_model *model, const struct task *task)
{
	return &model->cpus[task->wait_cpu];
}

static int find_entry(struct sched_model *model, struct cpu *cpu, uint32_t group, uint32_t *ret)
{
	struct queue_entry entry = { .group = group };
	uint32_t unused = UINT32_MAX;

	for (uint32_t i = 0; i < cpu->queue.len; i++) {
		const struct queue_entry *found = &cpu->queue.data[i];

		if (found->group == group) {
			*ret = i;
			return 0;
		}
		if (!found->count && !found->pending_ns)
			unused = i;
	}
	if (unused != UINT32_MAX) {
		cpu->queue.data[unused] = entry;
	} else {
		unused = (uint32_t)cpu->queue.len;
		if (vec_push(&cpu->queue, entry) < 0)
			return -ENOMEM;
	}
	*ret = unused;
	return 0;
}

static void entry_change(struct sched_model *model, struct cpu *cpu, uint32_t slot, uint32_t change)
{
	struct queue_entry *entry = &cpu->queue.data[slot];

	entry->pending_ns += entry->count * (model->now_ns - entry->counted_to_ns);
	entry->counted_to_ns = model->now_ns;
	entry->count += change;
	cpu->waiting += change;
}

static int enqueue(struct sched_model *model, struct task *task, uint32_t index)
{
	struct cpu *cpu = sched_cpu_at(model, index);

	if (find_entry(model, cpu, task->wait_group, &task->wait_slot) < 0)
		return -ENOMEM;
	task->wait_cpu = index;
	task->queued_at_ns = model->now_ns;
	task->queue_prev = NULL;
	task->queue_next = cpu->waiters;
	if (cpu->waiters)
		cpu->waiters->queue_prev = task;
	cpu->waiters = task;
	entry_change(model, cpu, task->wait_slot, 1);
	sched_cpu_recount(model, cpu);
	return 0;
}

static void dequeue(struct sched_model *model, struct task *task)
{
	struct cpu *cpu = queue_of(model, task);

	if (task->queue_prev)
		task->queue_prev->queue_next = task->queue_next;
	else
		cpu->waiters = task->queue_next;
	if (task->queue_next)
		task->queue_next->queue_prev = task->queue_prev;
	task->queue_next = NULL;
	task->queue_prev = NULL;
	entry_change(model, cpu, task->wait_slot, -1U);
	sched_cpu_recount(model, cpu);
}

void sched_wait_begin(struct sched_model *model, struct task *task, uint32_t cpu,
		      enum sched_wait_kind kind)
{
	task->wait_kind = kind;
	task->wait_group = task->stats.group;
	task->wait_suspect = 0;
	task->wait_from_ns = model->now_ns;
	task->waker_tid = 0;
	if (enqueue(model, task, cpu) < 0) {
		model->error = -ENOMEM;
		task->state = TASK_UNKNOWN;
		return;
	}
	task->state = TASK_WAITING;
	sched_group_enter(model, task->wait_group);
}

static void add_delay(struct sched_delays *delays, const struct task *task, uint64_t ns,
		      uint32_t cpu, uint32_t suspect)
{
	delays->sum_ns += ns;
	if (delays->count++ && ns <= delays->max_ns)
		return;
	delays->max_ns = ns;
	delays->max_from_ns = task->wait_from_ns;
	delays->max_cpu = cpu;
	delays->max_tid = task->stats.tid;
	delays->max_suspect = suspect;
}

static bool has_gap(const struct sched_model *model, uint32_t cpu, uint64_t since_ns)
{
	return model->cpus[cpu].stats.missing_switches && model->cpus[cpu].last_gap_ns >= since_ns;
}

static uint32_t suspicions(const struct sched_model *model, const struct task *task, uint32_t cpu)
{
	uint32_t suspect = task->wait_suspect;

	if (model->losses_len && model->last_loss_ns >= task->wait_from_ns)
		suspect |= SCHED_SUSPECT_LOSS;
	if (has_gap(model, cpu, task->wait_from_ns) ||
	    has_gap(model, task->wait_cpu, task->wait_from_ns))
		suspect |= SCHED_SUSPECT_GAP;
	if (model->totals.backwards && model->last_backwards_ns >= task->wait_from_ns)
		suspect |= SCHED_SUSPECT_CLOCK;
	return suspect;
}

static void finish(struct sched_model *model, struct task *task)
{
	dequeue(model, task);
	sched_group_leave(model, task->wait_group);
	task->state = TASK_UNKNOWN;
}

void sched_wait_end(struct sched_model *model, struct task *task, uint32_t cpu)
{
	struct group *group = model->groups[task->wait_group];
	uint64_t ns = model->now_ns - task->wait_from_ns;
	uint32_t suspect = suspicions(model, task, cpu);

	finish(model, task);
	add_delay(&task->stats.waits[task->wait_kind], task, ns, cpu, suspect);
	add_delay(&group->stats.waits_of[task->wait_kind], task, ns, cpu, suspect);
	add_delay(&group->stats.waits, task, ns, cpu, suspect);
	histogram_add(&group->waits, ns);
	sched_worst_offer(model, task, cpu, suspect);
}

void sched_wait_move(struct sched_model *model, struct task *task, uint32_t cpu)
{
	dequeue(model, task);
	if (enqueue(model, task, cpu) == 0)
		return;
	model->error = -ENOMEM;
	sched_group_leave(model, task->wait_group);
	task->state = TASK_UNKNOWN;
}

static void count_cut(struct sched_model *model, struct task *task, uint64_t until_ns)
{
	struct sched_work *of_group = &model->groups[task->wait_group]->stats.work;
	uint64_t ns = until_ns - task->wait_from_ns;

	task->stats.work.cut_waits++;
	task->stats.work.cut_wait_ns += ns;
	of_group->cut_waits++;
	of_group->cut_wait_ns += ns;
}

void sched_wait_cut(struct sched_model *model, struct task *task)
{
	finish(model, task);
	count_cut(model, task, model->now_ns);
}

void sched_wait_cut_lost(struct sched_model *model, struct task *task)
{
	struct cpu *cpu = queue_of(model, task);
	uint64_t known_ns = cpu->settled_ns;

	if (known_ns < task->queued_at_ns)
		known_ns = task->queued_at_ns;
	finish(model, task);
	cpu->queue.data[task->wait_slot].pending_ns -= model->now_ns - known_ns;
	count_cut(model, task, known_ns);
}

void sched_wait_leave_open(struct sched_model *model, struct task *task)
{
	struct sched_group *group = &model->groups[task->wait_group]->stats;
	uint64_t ns = model->now_ns - task->wait_from_ns;

	finish(model, task);
	task->stats.open_wait_ns += ns;
	group->open_wait_ns += ns;
	if (!group->open_waits++ || ns > group->open_wait_max_ns) {
		group->open_wait_max_ns = ns;
		group->open_wait_max_until_ns = model->now_ns;
		group->open_wait_max_tid = task->stats.tid;
	}
	sched_worst_offer_open(model, task);
}
