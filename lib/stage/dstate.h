/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What threads in state D forbid the other stages.
 */
#ifndef TRIAGE_STAGE_DSTATE_H
#define TRIAGE_STAGE_DSTATE_H

#include "evidence/evidence.h"

#include <stdbool.h>
#include <sys/types.h>

/* Reading a process's mappings takes the lock of its address space: a thread that sleeps in D with it would keep us too. True when the
 * top stage saw one of the process that did not move. */
bool dstate_may_hang(const struct evidence *evidence, pid_t pid);

#endif
