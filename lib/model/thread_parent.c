/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/thread.h"

#include <errno.h>
#include <stdlib.h>

static bool is_process(const struct thread_sample *sample)
{
	return sample->tid == sample->pid;
}

/* What its reaped children had used in all, added to the parent's line when it waited for them. */
static void add_reaped(struct thread_parent *parent, const struct thread_change *change)
{
	const struct thread_sample *now = change->now, *before = change->before;

	if (!before)
		return;
	if (now->child_ticks > before->child_ticks)
		parent->children_cpu_s =
			(double)(now->child_ticks - before->child_ticks) / THREAD_TICKS_PER_S;
	if (now->child_minor_faults > before->child_minor_faults)
		parent->children_minor_faults =
			(double)(now->child_minor_faults - before->child_minor_faults);
}

/* One candidate per living process, in PID order. */
static int collect_processes(const struct thread_changes *changes, struct thread_parents *ret)
{
	vec_each(change, changes) {
		struct thread_parent parent = { .process = change->now };

		if (!is_process(change->now))
			continue;
		add_reaped(&parent, change);
		if (vec_push(ret, parent) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int compare_pids(const void *left, const void *right)
{
	const struct thread_parent *a = left, *b = right;

	return (a->process->pid > b->process->pid) - (a->process->pid < b->process->pid);
}

static struct thread_parent *find_parent(struct thread_parents *parents, pid_t pid)
{
	struct thread_sample sample = { .pid = pid };
	struct thread_parent key = { .process = &sample };

	return bsearch(&key, parents->data, parents->len, sizeof(key), compare_pids);
}

static void count_children(const struct thread_pass *before, const struct thread_changes *changes,
			   struct thread_parents *parents)
{
	struct thread_parent *parent;

	vec_each(change, changes) {
		if (!is_process(change->now) || !(parent = find_parent(parents, change->now->ppid)))
			continue;
		parent->zombies += change->now->state == 'Z';
		if (!change->born)
			continue;
		parent->children_seen++;
		parent->last_child = change->now;
	}
	vec_each(sample, &before->samples) {
		if (!is_process(sample) || sample->state != 'Z')
			continue;
		parent = find_parent(parents, sample->ppid);
		if (parent)
			parent->zombies_before++;
	}
}

static bool is_parent(const struct thread_parent *parent)
{
	return parent->children_seen || parent->zombies || parent->children_minor_faults > 0 ||
	       parent->children_cpu_s > 0;
}

static void keep_parents(struct thread_parents *parents)
{
	size_t kept = 0;

	for (size_t i = 0; i < parents->len; i++)
		if (is_parent(&parents->data[i]))
			parents->data[kept++] = parents->data[i];
	parents->len = kept;
}

static int compare_parents(const void *left, const void *right)
{
	const struct thread_parent *a = left, *b = right;

	if (a->children_minor_faults != b->children_minor_faults)
		return a->children_minor_faults < b->children_minor_faults ? 1 : -1;
	if (a->children_seen != b->children_seen)
		return a->children_seen < b->children_seen ? 1 : -1;
	if (a->zombies != b->zombies)
		return a->zombies < b->zombies ? 1 : -1;
	return compare_pids(left, right);
}

int thread_parents_make(const struct thread_pass *before, const struct thread_changes *changes,
			struct thread_parents *ret)
{
	struct thread_parents parents = { 0 };

	if (collect_processes(changes, &parents) < 0) {
		vec_free(&parents);
		return -ENOMEM;
	}
	if (parents.len) {
		count_children(before, changes, &parents);
		keep_parents(&parents);
	}
	if (parents.len)
		qsort(parents.data, parents.len, sizeof(*parents.data), compare_parents);
	*ret = parents;
	return 0;
}
