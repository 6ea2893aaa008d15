/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "model/profile_internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add(struct profile *profile, const char *program, const char *thread, bool kernel)
{
	struct group *group = calloc(1, sizeof(*group));

	if (!group || vec_push(&profile->groups, group) < 0) {
		free(group);
		return -ENOMEM;
	}
	group->stats.kernel = kernel;
	snprintf(group->stats.program, THREAD_NAME_MAX, "%s", program);
	snprintf(group->stats.thread, THREAD_NAME_MAX, "%s", thread);
	return 0;
}

/* These are not in the index: a program that calls itself so does not get among them. */
int profile_groups_init(struct profile *profile)
{
	static const char *const names[GROUPS_FIXED] = {
		[GROUP_OTHER] = "(other)",
		[GROUP_UNNAMED] = "(unnamed)",
		[GROUP_INTERRUPTS] = "(interrupts on idle CPUs)",
	};

	for (int i = 0; i < GROUPS_FIXED; i++)
		if (add(profile, names[i], names[i], i == GROUP_INTERRUPTS) < 0)
			return -ENOMEM;
	profile->groups.data[GROUP_INTERRUPTS]->stats.interrupts = true;
	return 0;
}

void profile_groups_free(struct profile *profile)
{
	vec_each(group, &profile->groups)
		free(*group);
	vec_free(&profile->groups);
	profile_index_free(&profile->group_index);
}

static uint32_t find(const struct profile *profile, uint32_t hash, const char *program,
		     const char *thread, bool kernel)
{
	uint32_t cursor = hash, item;

	while ((item = profile_index_next(&profile->group_index, hash, &cursor))) {
		const struct profile_group *group = &profile->groups.data[item - 1]->stats;

		if (group->kernel == kernel && strcmp(group->program, program) == 0 &&
		    strcmp(group->thread, thread) == 0)
			return item - 1;
	}
	return NONE;
}

uint32_t profile_group_get(struct profile *profile, const char *program, const char *thread,
			   bool kernel)
{
	uint32_t hash = profile_hash_text(profile_hash_text(kernel, program), thread);
	uint32_t id = find(profile, hash, program, thread, kernel);

	if (id != NONE)
		return id;
	if (profile->groups.len >= (size_t)profile->options.groups_max + GROUPS_FIXED) {
		profile->totals.over_groups_max++;
		return GROUP_OTHER;
	}
	id = (uint32_t)profile->groups.len;
	if (add(profile, program, thread, kernel) < 0 ||
	    profile_index_add(&profile->group_index, hash, id) < 0) {
		profile->error = -ENOMEM;
		return GROUP_OTHER;
	}
	return id;
}

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* By group, then process, then thread. */
static int compare_members(const void *left, const void *right)
{
	const struct member *a = left, *b = right;
	int order = compare(a->group, b->group);

	if (!order)
		order = (a->pid > b->pid) - (a->pid < b->pid);
	return order ? order : (a->tid > b->tid) - (a->tid < b->tid);
}

#define PIDS ARRAY_SIZE(((struct profile_group *)0)->pids)

/* The heaviest processes so far, with their weights. */
struct heaviest {
	pid_t pids[PIDS];
	uint64_t weights[PIDS];
	size_t count;
};

static void offer(struct heaviest *heaviest, pid_t pid, uint64_t weight)
{
	size_t at = heaviest->count;

	while (at > 0 && heaviest->weights[at - 1] < weight)
		at--;
	if (at == PIDS)
		return;
	if (heaviest->count < PIDS)
		heaviest->count++;
	for (size_t i = heaviest->count - 1; i > at; i--) {
		heaviest->pids[i] = heaviest->pids[i - 1];
		heaviest->weights[i] = heaviest->weights[i - 1];
	}
	heaviest->pids[at] = pid;
	heaviest->weights[at] = weight;
}

/* The members of one process in one group; returns how many there are. */
static size_t count_process(const struct member *members, size_t len, struct profile_group *stats,
			    struct heaviest *heaviest)
{
	uint64_t weight = 0;
	size_t i;

	for (i = 0;
	     i < len && members[i].group == members[0].group && members[i].pid == members[0].pid;
	     i++) {
		weight += members[i].weight;
		if (i == 0 || members[i].tid != members[i - 1].tid)
			stats->threads++;
	}
	stats->processes++;
	offer(heaviest, members[0].pid, weight);
	return i;
}

void profile_groups_count_members(struct profile *profile)
{
	const struct member *members = profile->members.data;
	size_t len = profile->members.len;

	if (len)
		qsort(profile->members.data, len, sizeof(*members), compare_members);
	for (size_t i = 0; i < len;) {
		uint32_t id = members[i].group;
		struct profile_group *stats = &profile->groups.data[id]->stats;
		struct heaviest heaviest = { .count = 0 };

		while (i < len && members[i].group == id)
			i += count_process(members + i, len - i, stats, &heaviest);
		memcpy(stats->pids, heaviest.pids, sizeof(stats->pids));
	}
}
