/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/top_mutex.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#ifndef FUTEX_LOCK_PI2
#define FUTEX_LOCK_PI2 13 /* Linux 5.14 */
#endif

/* Locked, and others wait: glibc (nptl/lowlevellock.c), musl's normal mutex and Rust's std alike. A condition variable or
 * a semaphore waits with other values, glibc's with FUTEX_CLOCK_REALTIME as well. */
#define WORD_CONTENDED 2

bool mutex_waited_for(const struct task_syscall *call, uint64_t *ret_word)
{
	uint64_t op = call->args[1] & ~(uint64_t)FUTEX_PRIVATE_FLAG;
	bool waits = op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET;

	if (call->number != SYS_futex)
		return false;
	if (op != FUTEX_LOCK_PI && op != FUTEX_LOCK_PI2 &&
	    !(waits && (uint32_t)call->args[2] == WORD_CONTENDED))
		return false;
	*ret_word = call->args[0];
	return true;
}

size_t mutex_most_waiters(const struct mutex_wait *waits, size_t len)
{
	size_t most = 0;

	for (size_t i = 0; i < len; i++) {
		size_t same = 0;

		for (size_t j = 0; j < len; j++)
			same += waits[j].pid == waits[i].pid && waits[j].word == waits[i].word;
		most = same > most ? same : most;
	}
	return most;
}
