/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/sched_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct sched_group *group_at(const struct sched_model *model, uint32_t id)
{
	return &model->groups[id]->stats;
}

static int descending(uint64_t a, uint64_t b)
{
	return (a < b) - (a > b);
}

static int compare_names(const struct sched_group *a, const struct sched_group *b)
{
	int order = strcmp(a->program, b->program);

	if (!order)
		order = strcmp(a->thread, b->thread);
	return order ? order : a->kernel - b->kernel;
}

static int compare_actors(const struct sched_model *model, uint32_t a, uint32_t b)
{
	if (actor_is_group(a) && actor_is_group(b))
		return compare_names(group_at(model, a), group_at(model, b));
	return (a > b) - (a < b);
}

/* threads */

static int compare_tids(const void *left, const void *right)
{
	const struct sched_thread *a = *(const struct sched_thread *const *)left;
	const struct sched_thread *b = *(const struct sched_thread *const *)right;

	return (a->tid > b->tid) - (a->tid < b->tid);
}

static int make_threads(struct sched_model *model)
{
	model->threads = calloc(model->tasks_len, sizeof(*model->threads));
	if (!model->threads)
		return -ENOMEM;
	for (uint32_t i = 1; i < model->tasks_len; i++) {
		const struct task *task = sched_task_at(model, i);

		if (task)
			model->threads[model->threads_len++] = &task->stats;
	}
	qsort(model->threads, model->threads_len, sizeof(*model->threads), compare_tids);
	model->totals.threads = model->threads_len;
	return 0;
}

struct sched_delays sched_delays_all(const struct sched_delays waits[SCHED_WAIT_KINDS])
{
	struct sched_delays all = { 0 };

	for (int kind = 0; kind < SCHED_WAIT_KINDS; kind++) {
		const struct sched_delays *delays = &waits[kind];
		uint64_t count = all.count + delays->count, sum_ns = all.sum_ns + delays->sum_ns;

		if (delays->count &&
		    (!all.count || delays->max_ns > all.max_ns ||
		     (delays->max_ns == all.max_ns && delays->max_from_ns < all.max_from_ns)))
			all = *delays;
		all.count = count;
		all.sum_ns = sum_ns;
	}
	return all;
}

/* groups */

static void add_work(struct sched_work *sum, const struct sched_work *work)
{
	sum->switches += work->switches;
	sum->voluntary += work->voluntary;
	sum->yielded += work->yielded;
	sum->preempted += work->preempted;
	sum->run_ns += work->run_ns;
	sum->sleep_ns += work->sleep_ns;
	sum->uninterruptible_ns += work->uninterruptible_ns;
	sum->wakeups += work->wakeups;
	sum->repeats += work->repeats;
	sum->woken_running += work->woken_running;
	sum->migrations += work->migrations;
	sum->unknown_starts += work->unknown_starts;
	sum->cut_waits += work->cut_waits;
	sum->cut_wait_ns += work->cut_wait_ns;
}

static uint64_t all_waiting_ns(const struct sched_group *group)
{
	return group->waits.sum_ns + group->open_wait_ns + group->work.cut_wait_ns;
}

static void finish_group(struct sched_model *model, struct group *group)
{
	struct sched_totals *totals = &model->totals;
	struct sched_group *stats = &group->stats;
	uint64_t window_ns = totals->watched_ns;

	stats->wait_p50_ns = histogram_quantile_ns(&group->waits, 0.5);
	stats->wait_p99_ns = histogram_quantile_ns(&group->waits, 0.99);
	stats->slice_p50_ns = histogram_quantile_ns(&group->slices, 0.5);
	if (window_ns)
		stats->runnable_avg = ((double)stats->work.run_ns + (double)all_waiting_ns(stats)) /
				      (double)window_ns;
	add_work(&totals->work, &stats->work);
	totals->waits = sched_delays_all(
		(struct sched_delays[SCHED_WAIT_KINDS]){ totals->waits, stats->waits });
	totals->open_waits += stats->open_waits;
	totals->open_wait_ns += stats->open_wait_ns;
}

/* CPUs */

static int make_cpus(struct sched_model *model)
{
	double window_ns = (double)model->totals.watched_ns;

	for (uint32_t i = 0; i < model->cpus_end; i++) {
		struct sched_cpu *stats = &model->cpus[i].stats;

		if (!model->cpus[i].seen)
			continue;
		if (window_ns > 0)
			stats->queue_avg = (double)stats->wait_ns / window_ns;
		if (vec_push(&model->cpu_results, *stats) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* edges and pairs */

static int compare_edges(const void *left, const void *right, void *model)
{
	const struct sched_edge *a = left, *b = right;
	int order = descending(a->count, b->count);

	if (!order)
		order = compare_actors(model, a->waker, b->waker);
	return order ? order : compare_actors(model, a->wakee, b->wakee);
}

static double share_of_wakeups(const struct sched_model *model, uint32_t wakee, uint64_t count)
{
	uint64_t wakeups = group_at(model, wakee)->work.wakeups;

	return wakeups ? (double)count / (double)wakeups : 0;
}

static int make_edges(struct sched_model *model)
{
	for (uint32_t i = 0; i < model->edge_slots_len; i++) {
		const struct edge_slot *slot = &model->edge_slots[i];
		struct sched_edge edge = {
			.waker = slot->waker,
			.wakee = slot->wakee,
			.count = slot->count,
		};

		if (!slot->count)
			continue;
		edge.share = share_of_wakeups(model, slot->wakee, slot->count);
		if (vec_push(&model->edges, edge) < 0)
			return -ENOMEM;
	}
	if (model->edges.len)
		qsort_r(model->edges.data, model->edges.len, sizeof(*model->edges.data),
			compare_edges, model);
	return 0;
}

static uint64_t both_ways(const struct sched_pair *pair)
{
	return pair->a_to_b < pair->b_to_a ? pair->a_to_b : pair->b_to_a;
}

static int compare_pairs(const void *left, const void *right, void *model)
{
	const struct sched_pair *a = left, *b = right;
	int order = descending(both_ways(a), both_ways(b));

	if (!order)
		order = compare_actors(model, a->a, b->a);
	return order ? order : compare_actors(model, a->b, b->b);
}

static int make_pairs(struct sched_model *model)
{
	vec_each(edge, &model->edges) {
		struct sched_pair pair = { .a = edge->waker, .b = edge->wakee };

		if (!actor_is_group(pair.a) || pair.a > pair.b)
			continue;
		pair.a_to_b = edge->count;
		pair.b_to_a = sched_edges_get(model, pair.b, pair.a);
		if (!pair.b_to_a)
			continue;
		pair.share_of_b = share_of_wakeups(model, pair.b, pair.a_to_b);
		pair.share_of_a = share_of_wakeups(model, pair.a, pair.b_to_a);
		if (vec_push(&model->pairs, pair) < 0)
			return -ENOMEM;
	}
	if (model->pairs.len)
		qsort_r(model->pairs.data, model->pairs.len, sizeof(*model->pairs.data),
			compare_pairs, model);
	return 0;
}

/* blame */

static int compare_blame(const void *left, const void *right, void *model)
{
	const struct sched_blame *a = left, *b = right;
	int order = descending(a->ns, b->ns);

	if (!order)
		order = compare_actors(model, a->waiter, b->waiter);
	return order ? order : compare_actors(model, a->runner, b->runner);
}

static int push_blame(struct sched_model *model, uint32_t runner, uint32_t waiter)
{
	struct sched_blame blame = { .runner = runner, .waiter = waiter };

	blame.ns = sched_blame_of(model, runner)[waiter];
	return blame.ns ? vec_push(&model->blames, blame) : 0;
}

static int make_blame_of(struct sched_model *model, uint32_t waiter)
{
	if (!all_waiting_ns(group_at(model, waiter)))
		return 0;
	for (uint32_t runner = 0; runner < model->groups_len; runner++)
		if (push_blame(model, runner, waiter) < 0)
			return -ENOMEM;
	if (push_blame(model, SCHED_ACTOR_IDLE, waiter) < 0)
		return -ENOMEM;
	return push_blame(model, SCHED_ACTOR_UNKNOWN, waiter);
}

static int make_blame(struct sched_model *model)
{
	for (uint32_t waiter = 0; waiter < model->groups_len; waiter++)
		if (make_blame_of(model, waiter) < 0)
			return -ENOMEM;
	if (model->blames.len)
		qsort_r(model->blames.data, model->blames.len, sizeof(*model->blames.data),
			compare_blame, model);
	return 0;
}

int sched_results_make(struct sched_model *model)
{
	for (uint32_t i = 0; i < model->groups_len; i++)
		finish_group(model, model->groups[i]);
	model->totals.groups = model->groups_len;
	if (make_threads(model) < 0 || make_cpus(model) < 0 || make_edges(model) < 0 ||
	    make_pairs(model) < 0 || make_blame(model) < 0)
		return -ENOMEM;
	return 0;
}
