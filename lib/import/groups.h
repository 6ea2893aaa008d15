/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tasks of several lists, grouped by program and thread name without its index, as lib/model groups
 * the threads of a live host.
 */
#ifndef TRIAGE_IMPORT_GROUPS_H
#define TRIAGE_IMPORT_GROUPS_H

#include "import/gather.h"

#define GROUP_PIDS 4

struct group {
	char program[TASK_NAME_MAX], thread[TASK_NAME_MAX]; /* program "" unknown */
	bool kernel;
	double threads; /* of the list that shows most of them */
	double listed[LIST_KINDS];
	size_t processes;
	long pids[GROUP_PIDS];

	double cpu, user, system, busiest; /* NAN unknown */
	int busiest_cpu;		   /* -1 unknown */
	bool has_threads_cpu;		   /* `busiest` is of a thread, not of a process */
	double wait;
	double voluntary, involuntary, leader_switches;
	double running, blocked, realtime; /* counts of the list of states */
};

VEC_DECLARE(groups, struct group);

/* Which list tells what; NULL where none does. */
struct task_sources {
	const struct task_list *cpu, *switches, *leaders, *states, *waits;
};

void task_sources_find(const struct import *import, struct task_sources *ret);

/* -ENOMEM. Free with vec_free(). */
int groups_make(const struct import *import, const struct task_sources *sources,
		struct groups *ret);

/* The places that threads in D state wait at. */
int import_put_dstate(struct import *import, const struct task_sources *sources);

#endif
