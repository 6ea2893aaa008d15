/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the list of run-time functions of a process is: /proc/PID/root/tmp/perf-NSPID.map, with the
 * PID that the process has in its own PID namespace. Taken when it is a regular file that belongs
 * to the process's user or to root; no link is followed.
 */
#ifndef TRIAGE_SYMBOL_JIT_PROCESS_H
#define TRIAGE_SYMBOL_JIT_PROCESS_H

#include "source/procroot.h"
#include "symbol/jit_map.h"

/* -ENOENT: there is none, or the process is gone; -EPERM: somebody else's; -EINVAL: no regular
 * file; -ELOOP: a link; -EFBIG: larger than `bytes_max`; -ENODATA: nothing in it; -ENOMEM. */
int jit_process_load(struct procroot *root, pid_t pid, size_t bytes_max, struct jit_map **ret,
		     size_t *ret_bytes);

#endif
