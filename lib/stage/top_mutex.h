/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Threads that sleep for a mutex, told by the arguments of the futex call in which they sleep
 * (/proc/PID/task/TID/syscall, see source/proc_task.h):
 *
 *   202 0x55a83cfd10e0 0x80 0x2 0x0 ...    FUTEX_WAIT | FUTEX_PRIVATE for the value 2: a mutex
 *   202 0x55c0dd3d40cc 0x189 0x0 0x0 ...   with a clock: a condition variable, an idle pool
 */
#ifndef TRIAGE_STAGE_TOP_MUTEX_H
#define TRIAGE_STAGE_TOP_MUTEX_H

#include "source/proc_task.h"

struct mutex_wait {
	pid_t pid;     /* whose address space it is */
	uint64_t word; /* address of the futex word */
};

/* True, with the word's address, when the call waits for a mutex that another thread has: glibc's,
 * musl's, Rust's, or one with priority inheritance. Mutexes that park on a word for each thread
 * (Java, Go, parking_lot) are not seen. */
bool mutex_waited_for(const struct task_syscall *call, uint64_t *ret_word);

/* How many of them wait for one word, the most crowded one. */
size_t mutex_most_waiters(const struct mutex_wait *waits, size_t len);

#endif
