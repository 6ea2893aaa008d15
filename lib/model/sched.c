/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t default_to(uint32_t value, uint32_t normal, uint32_t least)
{
	if (!value)
		return normal;
	return value < least ? least : value;
}

static struct sched_model_options with_defaults(const struct sched_model_options *options)
{
	struct sched_model_options full = *options;

	full.cpus_max = default_to(options->cpus_max, 4096, 1);
	full.threads_max = default_to(options->threads_max, 65536, 16);
	full.groups_max = default_to(options->groups_max, 1024, 2);
	full.edges_max = default_to(options->edges_max, 4096, 1);
	return full;
}

struct sched_model *sched_model_new(const struct sched_model_options *options)
{
	struct sched_model *model = calloc(1, sizeof(*model));

	if (!model)
		return NULL;
	model->options = with_defaults(options);
	model->cpus = calloc(model->options.cpus_max, sizeof(struct cpu));
	if (!model->cpus || sched_tasks_init(model) < 0 || sched_groups_init(model) < 0 ||
	    sched_edges_init(model) < 0) {
		sched_model_free(model);
		return NULL;
	}
	return model;
}

void sched_model_free(struct sched_model *model)
{
	if (!model)
		return;
	for (uint32_t i = 0; i < model->cpus_end; i++)
		vec_free(&model->cpus[i].queue);
	free(model->cpus);
	sched_tasks_free(model);
	sched_groups_free(model);
	free(model->edge_slots);
	free(model->threads);
	vec_free(&model->cpu_results);
	vec_free(&model->edges);
	vec_free(&model->pairs);
	vec_free(&model->blames);
	free(model);
}

void sched_model_freep(struct sched_model **model)
{
	sched_model_free(*model);
}

int sched_model_name(struct sched_model *model, pid_t tid, pid_t pid, const char *comm, bool kernel)
{
	char padded[SCHED_COMM_LEN] = { 0 };
	struct task *task;

	if (tid <= 0)
		return 0;
	memcpy(padded, comm, strnlen(comm, sizeof(padded) - 1));
	sched_tasks_make_room(model);
	task = sched_task_get(model, tid);
	if (sched_task_is_shared(model, task))
		return model->error;
	if (kernel)
		task->stats.kernel = true;
	sched_task_set_pid(model, task, pid);
	sched_task_set_comm(model, task, padded, false);
	return model->error;
}

static void start(struct sched_model *model, uint64_t time_ns)
{
	model->started = true;
	model->now_ns = model->options.start_ns ? model->options.start_ns : time_ns;
	model->resumed_ns = model->now_ns;
	model->totals.start_ns = model->now_ns;
}

static void advance(struct sched_model *model, uint64_t time_ns)
{
	if (!model->started)
		start(model, time_ns);
	if (model->paused)
		sched_resume(model, time_ns);
	if (time_ns >= model->now_ns) {
		model->now_ns = time_ns;
		return;
	}
	model->totals.backwards++;
	model->last_backwards_ns = model->now_ns;
}

static void pause_at(struct sched_model *model, uint64_t time_ns)
{
	advance(model, time_ns);
	sched_pause(model);
	model->totals.pauses++;
}

static void lose_records(struct sched_model *model, const struct sched_event *event,
			 struct cpu *cpu)
{
	model->totals.losses++;
	model->totals.lost_records += event->value;
	sched_cpu_lose(model, cpu, event->value);
}

static void dispatch(struct sched_model *model, const struct sched_event *event, struct cpu *cpu)
{
	switch (event->type) {
	case SCHED_SWITCH:
		sched_on_switch(model, event, cpu);
		break;
	case SCHED_WAKEUP:
	case SCHED_WAKEUP_NEW:
		sched_on_wakeup(model, event, cpu);
		break;
	case SCHED_FORK:
		sched_on_fork(model, event);
		break;
	case SCHED_EXIT:
		sched_on_exit(model, event);
		break;
	case SCHED_MIGRATE:
		sched_on_migrate(model, event);
		break;
	case SCHED_RUNTIME:
		sched_task_get(model, event->tid)->stats.stat_runtime_ns += event->value;
		break;
	case SCHED_NAME:
		sched_on_name(model, event);
		break;
	case SCHED_LOST:
		lose_records(model, event, cpu);
		break;
	case SCHED_PAUSED:
	default: /* locks: not possible here */
		break;
	}
}

static bool is_possible(const struct sched_model *model, const struct sched_event *event)
{
	if (event->cpu >= model->options.cpus_max || event->tid < 0)
		return false;
	switch (event->type) {
	case SCHED_SWITCH:
		return event->other_tid >= 0;
	case SCHED_LOST:
	case SCHED_PAUSED:
		return true;
	default:
		return event->type <= SCHED_PAUSED && event->tid > 0;
	}
}

static bool is_shown(enum sched_event_type type)
{
	return type == SCHED_SWITCH || type == SCHED_WAKEUP || type == SCHED_WAKEUP_NEW ||
	       type == SCHED_MIGRATE || type == SCHED_LOST;
}

int sched_model_event(struct sched_model *model, const struct sched_event *event)
{
	struct cpu *cpu;

	if (model->error)
		return model->error;
	model->totals.events++;
	if (!is_possible(model, event)) {
		model->totals.malformed++;
		return 0;
	}
	if (event->type == SCHED_PAUSED) {
		if (!model->paused)
			pause_at(model, event->time_ns);
		return model->error;
	}
	advance(model, event->time_ns);
	sched_tasks_make_room(model);
	cpu = sched_cpu_at(model, event->cpu);
	if (is_shown(event->type))
		sched_ring_add(model, event);
	dispatch(model, event, cpu);
	if (event->type != SCHED_NAME)
		cpu->last_event_ns = model->now_ns;
	return model->error;
}

int sched_model_end(struct sched_model *model, uint64_t end_ns)
{
	if (!model->started)
		start(model, end_ns);
	if (!model->paused) {
		if (end_ns > model->now_ns)
			model->now_ns = end_ns;
		sched_pause(model);
	}
	model->totals.end_ns = model->now_ns;
	sched_worst_judge(model);
	return model->error ? model->error : sched_results_make(model);
}
