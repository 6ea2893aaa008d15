/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_internal.h"

#include <string.h>

#define HEAD_LINES 4 /* of an excerpt that is too long: the first, and then the last */

void sched_ring_add(struct sched_model *model, const struct sched_event *event)
{
	struct sched_event *slot = &model->ring[model->ring_len++ % RING_EVENTS];

	*slot = *event;
	slot->time_ns = model->now_ns;
}

/* Whom a line names beside its subject: the waker, who left, the parent. */
static pid_t other_of(const struct sched_event *event)
{
	bool woken = event->type == SCHED_WAKEUP || event->type == SCHED_WAKEUP_NEW;

	return woken ? event->current_tid : event->other_tid;
}

static void copy_comm(const struct sched_model *model, pid_t tid, char comm[SCHED_COMM_LEN])
{
	const struct task *task = tid > 0 ? sched_task_find(model, tid) : NULL;

	memset(comm, 0, SCHED_COMM_LEN);
	if (task)
		memcpy(comm, task->stats.comm, SCHED_COMM_LEN);
	else if (tid == 0)
		memcpy(comm, "swapper", sizeof("swapper"));
}

static bool is_about(const struct sched_event *event, const struct task *task, uint32_t cpu)
{
	if (event->time_ns < task->wait_from_ns)
		return false;
	if (event->tid == task->stats.tid || other_of(event) == task->stats.tid)
		return true;
	if (event->type == SCHED_SWITCH || event->type == SCHED_LOST)
		return event->cpu == cpu || event->cpu == task->wait_cpu;
	return event->target_cpu == (int32_t)cpu || event->target_cpu == (int32_t)task->wait_cpu;
}

static void copy_line(const struct sched_model *model, const struct sched_event *event,
		      struct sched_excerpt_line *line)
{
	*line = (struct sched_excerpt_line){
		.time_ns = event->time_ns,
		.cpu = event->cpu,
		.type = event->type,
		.context = event->context,
		.tid = event->tid,
		.other_tid = other_of(event),
		.target_cpu = event->target_cpu,
		.state = event->state,
		.runnable = event->runnable,
		.preempted = event->preempted,
	};
	copy_comm(model, event->tid, line->comm);
	copy_comm(model, other_of(event), line->other_comm);
}

static void copy_excerpt(const struct sched_model *model, const struct task *task, uint32_t cpu,
			 struct sched_worst *worst)
{
	uint64_t first = model->ring_len > RING_EVENTS ? model->ring_len - RING_EVENTS : 0;
	const struct sched_event *found[RING_EVENTS];
	size_t count = 0, skipped;

	for (uint64_t i = first; i < model->ring_len; i++) {
		const struct sched_event *event = &model->ring[i % RING_EVENTS];

		if (is_about(event, task, cpu))
			found[count++] = event;
	}
	skipped = count > SCHED_EXCERPT_LINES ? count - SCHED_EXCERPT_LINES : 0;
	for (size_t i = 0; i < count - skipped; i++)
		copy_line(model, found[i < HEAD_LINES ? i : i + skipped], &worst->line[i]);
	worst->lines = count - skipped;
	worst->skipped = skipped;
	worst->truncated = first && model->ring[first % RING_EVENTS].time_ns >= task->wait_from_ns;
}

static void fill(const struct sched_model *model, const struct task *task, uint32_t cpu,
		 uint32_t suspect, struct sched_worst *worst)
{
	*worst = (struct sched_worst){
		.found = true,
		.tid = task->stats.tid,
		.pid = task->stats.pid,
		.group = task->wait_group,
		.cpu = cpu,
		.kind = task->wait_kind,
		.from_ns = task->wait_from_ns,
		.until_ns = model->now_ns,
		.suspect = suspect,
		.waker_tid = task->waker_tid,
		.waker_context = task->waker_context,
	};
	memcpy(worst->comm, task->stats.comm, SCHED_COMM_LEN);
	if (task->waker_tid)
		copy_comm(model, task->waker_tid, worst->waker_comm);
	copy_excerpt(model, task, cpu, worst);
}

static bool is_longer(const struct sched_worst *worst, uint64_t ns)
{
	return !worst->found || worst->until_ns - worst->from_ns < ns;
}

static uint64_t worst_ns(const struct sched_worst *worst)
{
	return worst->found ? worst->until_ns - worst->from_ns : 0;
}

/* Several are kept: a loss that is told later may overlap the longest. */
static struct sched_worst *shortest_candidate(struct sched_model *model)
{
	struct sched_worst *shortest = &model->trusted[0];

	for (size_t i = 1; i < WORST_CANDIDATES && shortest->found; i++)
		if (!model->trusted[i].found || worst_ns(&model->trusted[i]) < worst_ns(shortest))
			shortest = &model->trusted[i];
	return shortest;
}

uint64_t sched_model_longest_wait_ns(const struct sched_model *model)
{
	uint64_t longest_ns = 0;

	for (size_t i = 0; i < WORST_CANDIDATES; i++)
		if (worst_ns(&model->trusted[i]) > longest_ns)
			longest_ns = worst_ns(&model->trusted[i]);
	return longest_ns ? longest_ns : worst_ns(&model->worst[SCHED_WORST_SUSPECT]);
}

static void offer_trusted(struct sched_model *model, const struct task *task, uint32_t cpu,
			  uint64_t ns)
{
	const struct sched_worst *shortest;

	if (model->trusted_full && ns <= model->trusted_floor_ns)
		return;
	fill(model, task, cpu, 0, shortest_candidate(model));
	shortest = shortest_candidate(model);
	model->trusted_full = shortest->found;
	model->trusted_floor_ns = worst_ns(shortest);
}

void sched_worst_offer(struct sched_model *model, const struct task *task, uint32_t cpu,
		       uint32_t suspect)
{
	struct sched_worst *worst = &model->worst[SCHED_WORST_SUSPECT];
	uint64_t ns = model->now_ns - task->wait_from_ns;

	if (!suspect) {
		offer_trusted(model, task, cpu, ns);
		return;
	}
	if (is_longer(worst, ns))
		fill(model, task, cpu, suspect, worst);
}

void sched_worst_offer_open(struct sched_model *model, const struct task *task)
{
	struct sched_worst *worst = &model->worst[SCHED_WORST_OPEN];

	if (is_longer(worst, model->now_ns - task->wait_from_ns))
		fill(model, task, task->wait_cpu, task->wait_suspect, worst);
}

static bool overlaps_loss(const struct sched_model *model, uint64_t from_ns, uint64_t until_ns)
{
	for (size_t i = 0; i < model->losses_len; i++)
		if (model->losses[i].from_ns <= until_ns && model->losses[i].to_ns >= from_ns)
			return true;
	return false;
}

static void judge_delays(const struct sched_model *model, struct sched_delays *delays)
{
	if (delays->count &&
	    overlaps_loss(model, delays->max_from_ns, delays->max_from_ns + delays->max_ns))
		delays->max_suspect |= SCHED_SUSPECT_LOSS;
}

static void judge_candidate(struct sched_model *model, struct sched_worst *candidate)
{
	struct sched_worst *worst = &model->worst[SCHED_WORST_TRUSTED];

	if (overlaps_loss(model, candidate->from_ns, candidate->until_ns)) {
		candidate->suspect |= SCHED_SUSPECT_LOSS;
		worst = &model->worst[SCHED_WORST_SUSPECT];
	}
	if (is_longer(worst, worst_ns(candidate)) ||
	    (worst_ns(worst) == worst_ns(candidate) && candidate->from_ns < worst->from_ns))
		*worst = *candidate;
}

void sched_worst_judge(struct sched_model *model)
{
	struct sched_worst *open = &model->worst[SCHED_WORST_OPEN];

	for (size_t i = 0; i < WORST_CANDIDATES; i++)
		if (model->trusted[i].found)
			judge_candidate(model, &model->trusted[i]);
	if (open->found && overlaps_loss(model, open->from_ns, open->until_ns))
		open->suspect |= SCHED_SUSPECT_LOSS;
	if (!model->losses_len)
		return;
	for (uint32_t g = 0; g < model->groups_len; g++) {
		judge_delays(model, &model->groups[g]->stats.waits);
		for (int kind = 0; kind < SCHED_WAIT_KINDS; kind++)
			judge_delays(model, &model->groups[g]->stats.waits_of[kind]);
	}
	for (uint32_t i = 1; i < model->tasks_len; i++) {
		struct task *task = sched_task_at(model, i);

		for (int kind = 0; task && kind < SCHED_WAIT_KINDS; kind++)
			judge_delays(model, &task->stats.waits[kind]);
	}
}
