/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which process each thread of the host belongs to: what the scheduler's events don't tell.
 */
#ifndef TRIAGE_STAGE_THREAD_NAMES_H
#define TRIAGE_STAGE_THREAD_NAMES_H

#include "source/procroot.h"

#include <stdbool.h>
#include <sys/types.h>

struct thread_name {
	pid_t tid, pid;
	const char *comm; /* raw; "" of threads other than the leader: events bring it */
	bool kernel;
};

/* Tells all threads, each process's leader first. A non-zero return of `each` ends it and is returned; what vanishes is left out. */
int threads_name(struct procroot *root, int (*each)(void *context, const struct thread_name *name),
		 void *context);

#endif
