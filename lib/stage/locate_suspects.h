/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom the locate stage looks at: groups of threads (program, thread name) by what is known so far, the names by which the kernel
 * filters their events, and the few threads whose stacks are taken.
 */
#ifndef TRIAGE_STAGE_LOCATE_SUSPECTS_H
#define TRIAGE_STAGE_LOCATE_SUSPECTS_H

#include "base/sched_event.h"
#include "model/thread.h"
#include "source/trace_stacks.h"
#include "stage/stage.h"
#include "stage/thread_names.h"

#define SUSPECTS_MAX 4

struct suspect {
	char program[THREAD_NAME_MAX], thread[THREAD_NAME_MAX];
};

struct suspects {
	struct suspect list[SUSPECTS_MAX];
	size_t count;
	/* Of all threads of the suspects' processes: a lock is shared by all of them. */
	char comms[TRACE_STACKS_COMMS_MAX][SCHED_COMM_LEN + 2];
	size_t comms_count;
	pid_t tids[TRACE_STACKS_TIDS_MAX];
	size_t tids_count;
	uint64_t threads; /* that the names were found in */
};

/* By the subjects of findings, the worst first, then by what switches and runs most. None is no error. -ENOMEM. */
int suspects_choose(const struct stage_context *context, struct suspects *ret);

/* Finds their threads in /proc, and tells `each` about all threads of the host on the way. The threads with stacks are those of each
 * name that ran most often. -ENOMEM, or what `each` returned. */
int suspects_find(const struct stage_context *context, struct suspects *suspects,
		  int (*each)(void *context, const struct thread_name *name), void *each_context);

/* "tokio-runtime-w of gateway, haproxy". */
void suspects_text(const struct suspects *suspects, struct str *out);

#endif
