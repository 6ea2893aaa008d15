/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/top_census.h"

#include "base/cleanup.h"
#include "source/proc_task.h"
#include "stage/top_mutex.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define GROUPS_MAX 24	/* groups whose costlier files are read */
#define THREADS_MAX 16	/* of each: the heaviest; their rates stand for the others' */
#define WEIGHT_MIN 0.01 /* seconds on or before a CPU, per second of the stage */

uint64_t top_moment_ns(struct procroot *root)
{
	struct timespec now;

	if (!procroot_is_live(root))
		return procroot_monotonic_ns(root);
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static bool read_status(struct procroot *root, const struct thread_sample *thread,
			struct task_status *ret)
{
	_cleanup_(str_free) struct str text = { 0 };

	return top_read_task(root, thread, "status", &text) == 0 &&
	       task_status_parse(str_text(&text), text.len, ret) == 0;
}

static double activity(const struct thread_change *change)
{
	return (isnan(change->runs) ? 0 : change->runs) + 1000 * thread_change_cpu_s(change);
}

static int compare_activity(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	double x = activity(a->change), y = activity(b->change);

	return (x < y) - (x > y);
}

/* All members, then cut down to the most active ones. */
static int choose_threads(const struct thread_changes *changes, struct group_candidates *group)
{
	vec_each(member, &group->group->members) {
		struct candidate candidate = { .change = &changes->data[*member] };

		if (vec_push(&group->threads, candidate) < 0)
			return -ENOMEM;
	}
	qsort(group->threads.data, group->threads.len, sizeof(*group->threads.data),
	      compare_activity);
	if (group->threads.len > THREADS_MAX)
		group->threads.len = THREADS_MAX;
	return 0;
}

/* Threads of one process share mutexes; those of the kernel have none. */
static bool may_share_mutex(const struct thread_group *group)
{
	return !group->kernel && group->threads > group->processes;
}

/* How many of its threads sleep for one mutex; NAN when it can't be read what they sleep in. */
static double count_mutex_waiters(struct procroot *root, const struct group_candidates *group)
{
	struct mutex_wait waits[THREADS_MAX];
	size_t waiting = 0, read = 0;

	vec_each(candidate, &group->threads) {
		const struct thread_sample *thread = candidate->change->now;
		_cleanup_(str_free) struct str text = { 0 };
		struct task_syscall call;

		if (top_read_task(root, thread, "syscall", &text) < 0 ||
		    task_syscall_parse(str_text(&text), text.len, &call) < 0)
			continue;
		read++;
		waits[waiting].pid = thread->pid;
		waiting += mutex_waited_for(&call, &waits[waiting].word);
	}
	return read ? (double)mutex_most_waiters(waits, waiting) : NAN;
}

static void look_for_mutex(struct procroot *root, struct group_candidates *group)
{
	group->facts.mutex_waiters =
		may_share_mutex(group->group) ? count_mutex_waiters(root, group) : 0;
}

/* Who stood there at the earlier look as well: a queue for a moment is chance. */
static void look_for_mutex_again(struct procroot *root, struct group_candidates *group)
{
	double earlier = group->facts.mutex_waiters;

	if (earlier > 0)
		group->facts.mutex_waiters = fmin(earlier, count_mutex_waiters(root, group));
}

static void read_first(struct procroot *root, struct group_candidates *group)
{
	group->read_ns = top_moment_ns(root);
	vec_each(candidate, &group->threads) {
		struct task_status status;

		if (!read_status(root, candidate->change->now, &status))
			continue;
		candidate->read = true;
		candidate->voluntary = status.voluntary;
		candidate->involuntary = status.involuntary;
		if (candidate->change == group->group->busiest)
			group->facts.affinity_cpus = status.allowed_cpus;
	}
}

static void read_cgroup(struct procroot *root, const struct quotas *quotas,
			struct group_candidates *group)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct group_facts *facts = &group->facts;

	if (!quotas->known || !group->group->busiest ||
	    top_read_task(root, group->group->busiest->now, "cgroup", &text) < 0)
		return;
	facts->has_cgroup = task_cgroup_parse(str_text(&text), text.len, quotas->mount.controller,
					      facts->cgroup, sizeof(facts->cgroup)) == 0;
}

static bool is_worth_it(const struct thread_group *group, double elapsed_s)
{
	return group->cpu_s + group->wait_s > WEIGHT_MIN * elapsed_s || group->runs > 100 ||
	       group->uninterruptible;
}

int candidates_read(struct procroot *root, const struct thread_changes *changes,
		    const struct thread_groups *groups, const struct quotas *quotas,
		    double elapsed_s, struct candidate_groups *ret)
{
	vec_each(group, groups) {
		struct group_candidates candidates = {
			.group = group,
			.facts = { .voluntary_per_s = NAN,
				   .involuntary_per_s = NAN,
				   .mutex_waiters = NAN },
		};

		if (ret->len >= GROUPS_MAX || !is_worth_it(group, elapsed_s))
			continue;
		if (choose_threads(changes, &candidates) < 0 || vec_push(ret, candidates) < 0) {
			vec_free(&candidates.threads);
			return -ENOMEM;
		}
		read_first(root, vec_at(ret, ret->len - 1));
		look_for_mutex(root, vec_at(ret, ret->len - 1));
		read_cgroup(root, quotas, vec_at(ret, ret->len - 1));
	}
	return 0;
}

/* How much of the group's switching the threads that were read stand for. */
static double part_read(const struct group_candidates *group)
{
	double runs = 0;

	vec_each(candidate, &group->threads)
		if (candidate->read)
			runs += candidate->change->runs;
	return group->group->has_schedstat && group->group->runs > 0 ?
		       runs / group->group->runs :
		       (double)group->threads.len / (double)group->group->threads;
}

static void read_second(struct procroot *root, struct group_candidates *group)
{
	double elapsed_s = (double)(top_moment_ns(root) - group->read_ns) / 1e9;
	double voluntary = 0, involuntary = 0, part;

	vec_each(candidate, &group->threads) {
		struct task_status status;

		if (!candidate->read)
			continue;
		candidate->read = read_status(root, candidate->change->now, &status) &&
				  status.voluntary >= candidate->voluntary &&
				  status.involuntary >= candidate->involuntary;
		if (!candidate->read)
			continue;
		voluntary += (double)(status.voluntary - candidate->voluntary);
		involuntary += (double)(status.involuntary - candidate->involuntary);
	}
	part = part_read(group);
	if (part > 0 && elapsed_s > 0) {
		group->facts.voluntary_per_s = voluntary / elapsed_s / part;
		group->facts.involuntary_per_s = involuntary / elapsed_s / part;
	}
}

void candidates_read_again(struct procroot *root, struct candidate_groups *candidates)
{
	vec_each(group, candidates) {
		read_second(root, group);
		look_for_mutex_again(root, group);
	}
}

void candidates_free(struct candidate_groups *candidates)
{
	vec_each(group, candidates)
		vec_free(&group->threads);
	vec_free(candidates);
}

const struct group_facts *candidates_facts(const struct candidate_groups *candidates,
					   const struct thread_group *group)
{
	vec_each(candidate, candidates)
		if (candidate->group == group)
			return &candidate->facts;
	return NULL;
}
