/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/profile_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A thread that changes its name all the time is a member of many groups. */
#define MEMBERSHIPS_PER_THREAD 2

static uint32_t hash_tid(pid_t tid)
{
	return profile_hash_pair(0, (uint32_t)tid);
}

static uint32_t find(const struct profile *profile, pid_t tid)
{
	uint32_t hash = hash_tid(tid), cursor = hash, item;

	while ((item = profile_index_next(&profile->thread_index, hash, &cursor)))
		if (profile->threads.data[item - 1].tid == tid)
			return item - 1;
	return NONE;
}

/* NONE: no room. Moves the threads. */
static uint32_t get(struct profile *profile, pid_t pid, pid_t tid)
{
	uint32_t id = find(profile, tid);

	if (id != NONE)
		return id;
	if (profile->threads.len >= profile->options.threads_max) {
		profile->totals.over_threads_max++;
		return NONE;
	}
	id = (uint32_t)profile->threads.len;
	if (vec_push(&profile->threads,
		     ((struct thread){ .pid = pid, .tid = tid, .member = NONE })) < 0 ||
	    profile_index_add(&profile->thread_index, hash_tid(tid), id) < 0) {
		profile->error = -ENOMEM;
		return NONE;
	}
	return id;
}

void profile_threads_free(struct profile *profile)
{
	vec_each(thread, &profile->threads)
		free(thread->comm);
	vec_free(&profile->threads);
	vec_free(&profile->members);
	profile_index_free(&profile->thread_index);
}

static void set_comm(struct profile *profile, struct thread *thread, const char *comm, bool kernel)
{
	char *copy;

	thread->kernel = kernel;
	thread->generation = 0;
	if (thread->comm && strncmp(thread->comm, comm, THREAD_NAME_MAX - 1) == 0)
		return;
	copy = strndup(comm, THREAD_NAME_MAX - 1);
	if (!copy) {
		profile->error = -ENOMEM;
		return;
	}
	free(thread->comm);
	thread->comm = copy;
	if (thread->has_followers)
		profile->generation++;
}

static void set_pid(struct thread *thread, pid_t pid)
{
	if (pid <= 0 || thread->pid == pid)
		return;
	thread->pid = pid;
	thread->generation = 0;
}

int profile_thread(struct profile *profile, pid_t pid, pid_t tid, const char *comm, bool kernel)
{
	struct thread *thread;
	uint32_t id;

	if (tid <= 0 || !comm || !comm[0])
		return profile->error;
	id = get(profile, pid, tid);
	if (id == NONE)
		return profile->error;
	thread = vec_at(&profile->threads, id);
	set_pid(thread, pid);
	set_comm(profile, thread, comm, kernel || thread->kernel);
	return profile->error;
}

int profile_fork(struct profile *profile, pid_t pid, pid_t tid, pid_t parent_tid)
{
	uint32_t parent = find(profile, parent_tid), id;
	struct thread *thread;

	if (tid <= 0 || parent == NONE || !profile->threads.data[parent].comm)
		return profile->error;
	id = get(profile, pid, tid);
	if (id == NONE || id == parent)
		return profile->error;
	thread = vec_at(&profile->threads, id);
	set_pid(thread, pid);
	set_comm(profile, thread, profile->threads.data[parent].comm,
		 profile->threads.data[parent].kernel);
	return profile->error;
}

bool profile_knows_thread(const struct profile *profile, pid_t tid)
{
	uint32_t id = find(profile, tid);

	return id != NONE && profile->threads.data[id].comm;
}

/* Whose comm is the program's; the thread itself when that is not known. */
static const struct thread *leader_of(struct profile *profile, uint32_t id)
{
	const struct thread *thread = vec_at(&profile->threads, id);
	uint32_t leader;

	if (thread->pid <= 0 || thread->pid == thread->tid)
		return thread;
	leader = get(profile, thread->pid, thread->pid);
	if (leader == NONE)
		return vec_at(&profile->threads, id);
	profile->threads.data[leader].has_followers = true;
	return vec_at(&profile->threads, profile->threads.data[leader].comm ? leader : id);
}

static uint32_t choose_group(struct profile *profile, uint32_t id)
{
	const struct thread *leader = leader_of(profile, id);
	const struct thread *thread = vec_at(&profile->threads, id);
	char program[THREAD_NAME_MAX], stem[THREAD_NAME_MAX];

	if (!thread->comm)
		return GROUP_UNNAMED;
	thread_stem(leader->comm, leader->comm, thread->kernel, program);
	thread_stem(thread->comm, leader->comm, thread->kernel, stem);
	return profile_group_get(profile, program, stem, thread->kernel);
}

static void join(struct profile *profile, struct thread *thread, uint32_t group)
{
	struct member member = { .group = group, .pid = thread->pid, .tid = thread->tid };

	if (thread->member != NONE && thread->group == group &&
	    profile->members.data[thread->member].pid == thread->pid)
		return;
	thread->group = group;
	thread->member = NONE;
	if (profile->members.len / MEMBERSHIPS_PER_THREAD >= profile->options.threads_max)
		return;
	thread->member = (uint32_t)profile->members.len;
	if (vec_push(&profile->members, member) < 0) {
		thread->member = NONE;
		profile->error = -ENOMEM;
	}
}

uint32_t profile_group_of_sample(struct profile *profile, const struct profile_sample *sample)
{
	uint32_t id = sample->tid ? get(profile, sample->pid, sample->tid) : NONE;
	struct thread *thread;

	if (!sample->tid)
		return GROUP_INTERRUPTS;
	if (id == NONE)
		return GROUP_UNNAMED;
	set_pid(vec_at(&profile->threads, id), sample->pid);
	if (profile->threads.data[id].generation != profile->generation) {
		uint32_t group = choose_group(profile, id);

		thread = vec_at(&profile->threads, id);
		thread->generation = profile->generation;
		join(profile, thread, group);
	}
	thread = vec_at(&profile->threads, id);
	if (thread->member != NONE)
		profile->members.data[thread->member].weight += sample->weight;
	return thread->group;
}
