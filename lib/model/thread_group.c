/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/thread.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Open addressing over indexes into the groups; grows with them. */
struct group_index {
	uint32_t *slots; /* group number + 1; 0: free */
	size_t size;	 /* power of two */
};

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 0x100000001b3; /* FNV-1a */
	return (hash ^ 0xff) * 0x100000001b3;
}

static uint64_t hash_group(const struct thread_group *group)
{
	return hash_text(hash_text(0xcbf29ce484222325 + group->kernel, group->program),
			 group->thread);
}

static bool same_group(const struct thread_group *a, const struct thread_group *b)
{
	return a->kernel == b->kernel && strcmp(a->program, b->program) == 0 &&
	       strcmp(a->thread, b->thread) == 0;
}

static uint32_t *find_slot(const struct group_index *index, const struct thread_groups *groups,
			   const struct thread_group *key)
{
	size_t at = hash_group(key) & (index->size - 1);

	while (index->slots[at] && !same_group(&groups->data[index->slots[at] - 1], key))
		at = (at + 1) & (index->size - 1);
	return &index->slots[at];
}

static int grow_index(struct group_index *index, const struct thread_groups *groups)
{
	struct group_index bigger = { .size = index->size ? index->size * 2 : 256 };

	if (groups->len * 2 < index->size)
		return 0;
	bigger.slots = calloc(bigger.size, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < groups->len; i++)
		*find_slot(&bigger, groups, &groups->data[i]) = i + 1;
	free(index->slots);
	*index = bigger;
	return 0;
}

/* The group of a change, made when it is the first of its name. */
static int find_group(struct group_index *index, struct thread_groups *groups,
		      const struct thread_change *change, struct thread_group **ret)
{
	struct thread_group key = { .kernel = change->now->kernel, .has_schedstat = true };
	uint32_t *slot;

	if (grow_index(index, groups) < 0)
		return -ENOMEM;
	thread_stem(change->program, change->program, key.kernel, key.program);
	thread_stem(change->now->comm, change->program, key.kernel, key.thread);
	slot = find_slot(index, groups, &key);
	if (!*slot) {
		if (vec_push(groups, key) < 0)
			return -ENOMEM;
		*slot = (uint32_t)groups->len;
	}
	*ret = &groups->data[*slot - 1];
	return 0;
}

static void add_times(struct thread_group *group, const struct thread_change *change)
{
	double cpu_s = thread_change_cpu_s(change);

	if (isnan(change->run_s)) {
		group->has_schedstat = false;
	} else {
		group->run_s += change->run_s;
		group->wait_s += change->wait_s;
		group->runs += change->runs;
		group->leader_runs += change->now->tid == change->now->pid ? change->runs : 0;
	}
	group->cpu_s += cpu_s;
	group->user_s += change->user_s;
	group->system_s += change->system_s;
	group->minor_faults += change->minor_faults;
	group->major_faults += change->major_faults;
	if (!group->busiest || cpu_s > group->busiest_s) {
		group->busiest = change;
		group->busiest_s = cpu_s;
	}
}

static void add_states(struct thread_group *group, const struct thread_change *change)
{
	group->threads++;
	group->runnable_now += change->now->state == 'R';
	group->uninterruptible += change->now->state == 'D';
	group->uninterruptible_before += change->before && change->before->state == 'D';
	group->lasting += change->lasting;
	group->realtime += change->now->realtime;
}

/* What a group weighs on the host: its time on and before the CPUs, and a second for each thread in
 * state D. */
static double weight(const struct thread_group *group)
{
	return group->cpu_s + group->wait_s + group->uninterruptible;
}

static int compare_groups(const void *left, const void *right)
{
	const struct thread_group *a = left, *b = right;
	double weight_a = weight(a), weight_b = weight(b);
	int order;

	if (weight_a != weight_b)
		return weight_a < weight_b ? 1 : -1;
	order = strcmp(a->program, b->program);
	return order ? order : strcmp(a->thread, b->thread);
}

static bool is_dead(const struct thread_sample *thread)
{
	return thread->state == 'Z' || thread->state == 'X';
}

static int add_change(struct group_index *index, struct thread_groups *groups,
		      const struct thread_changes *changes, uint32_t number)
{
	const struct thread_change *change = &changes->data[number];
	struct thread_group *group;

	if (is_dead(change->now))
		return 0;
	if (find_group(index, groups, change, &group) < 0)
		return -ENOMEM;
	add_states(group, change);
	add_times(group, change);
	return vec_push(&group->members, number);
}

static int compare_pids(const void *left, const void *right)
{
	pid_t a = *(const pid_t *)left, b = *(const pid_t *)right;

	return (a > b) - (a < b);
}

/* `pids` has room for one per thread: members come in TID order, so equal PIDs are not
 * neighbours. */
static void count_processes(struct thread_group *group, const struct thread_changes *changes,
			    pid_t *pids)
{
	for (size_t i = 0; i < group->members.len; i++)
		pids[i] = changes->data[group->members.data[i]].now->pid;
	qsort(pids, group->members.len, sizeof(*pids), compare_pids);
	for (size_t i = 0; i < group->members.len; i++) {
		if (i > 0 && pids[i] == pids[i - 1])
			continue;
		if (group->processes < 4)
			group->pids[group->processes] = pids[i];
		group->processes++;
	}
}

static int finish_groups(struct thread_groups *groups, const struct thread_changes *changes)
{
	pid_t *pids;

	if (!groups->len)
		return 0;
	pids = malloc(changes->len * sizeof(*pids));
	if (!pids)
		return -ENOMEM;
	vec_each(group, groups)
		count_processes(group, changes, pids);
	free(pids);
	qsort(groups->data, groups->len, sizeof(*groups->data), compare_groups);
	return 0;
}

int thread_groups_make(const struct thread_changes *changes, struct thread_groups *ret)
{
	struct thread_groups groups = { 0 };
	struct group_index index = { 0 };
	int r = 0;

	for (uint32_t i = 0; i < changes->len && r == 0; i++)
		r = add_change(&index, &groups, changes, i);
	free(index.slots);
	if (r == 0)
		r = finish_groups(&groups, changes);
	if (r < 0)
		thread_groups_free(&groups);
	else
		*ret = groups;
	return r;
}

void thread_groups_free(struct thread_groups *groups)
{
	vec_each(group, groups)
		vec_free(&group->members);
	vec_free(groups);
}

static void add_to_totals(struct thread_totals *totals, const struct thread_change *change)
{
	const struct thread_sample *now = change->now;
	double cpu_s = thread_change_cpu_s(change);

	totals->threads++;
	totals->processes += now->tid == now->pid;
	totals->uninterruptible += now->state == 'D';
	totals->runnable_now += now->state == 'R';
	totals->lasting += change->lasting;
	totals->zombies += now->state == 'Z' && now->tid == now->pid;
	totals->born += change->born;
	totals->processes_born += change->born && now->tid == now->pid;
	totals->cpu_s += cpu_s;
	totals->kernel_cpu_s += now->kernel ? cpu_s : 0;
	totals->realtime_cpu_s += now->realtime && !now->kernel ? cpu_s : 0;
	totals->major_faults += change->major_faults;
	if (isnan(change->run_s)) {
		totals->has_schedstat &= is_dead(now);
		return;
	}
	totals->run_s += change->run_s;
	totals->wait_s += change->wait_s;
	totals->runs += change->runs;
	totals->leader_runs += now->tid == now->pid ? change->runs : 0;
}

void thread_totals_make(const struct thread_pass *before, const struct thread_changes *changes,
			struct thread_totals *ret)
{
	struct thread_totals totals = { .has_schedstat = changes->len > 0 };

	vec_each(change, changes)
		add_to_totals(&totals, change);
	vec_each(sample, &before->samples) {
		totals.zombies_before += sample->state == 'Z' && sample->tid == sample->pid;
		totals.uninterruptible_before += sample->state == 'D';
	}
	*ret = totals;
}
