/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What prev_state of sched_switch means, read from the recording kernel's own print format, because
 * the bits changed with 3.x, 4.14 and 6.x:
 *
 *   4.14  ... REC->prev_state & (MASK) ? __print_flags(REC->prev_state & (MASK), "|",
 *         { 0x00000001, "S" }, { 0x00000002, "D" }, ...) : "R",
 *         REC->prev_state & (EXPRESSION) ? "+" : "", ...
 *   3.x   ... __print_flags(REC->prev_state & (1024-1), "|", { 1, "S"} , ...) : "R",
 *         REC->prev_state & 1024 ? "+" : "", ...
 *   2.6   ... REC->prev_state ? __print_flags(REC->prev_state, "|", { 1, "S"} , ...) : "R", ...
 */
#ifndef TRIAGE_SOURCE_SCHED_STATES_H
#define TRIAGE_SOURCE_SCHED_STATES_H

#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

#define SCHED_STATES_MAX 16

struct sched_states {
	uint64_t mask;	    /* bits that name a state; none set: R */
	uint64_t preempted; /* bit of "R+"; 0 where the kernel does not tell */
	size_t count;
	struct {
		uint64_t bits;
		char letter;
	} states[SCHED_STATES_MAX];
};

/* -EBADMSG when the text does not tell the states. */
int sched_states_parse(struct span print_format, struct sched_states *ret);

/* The first state of the list that is set; '?' when a bit is set that the list does not name. */
char sched_states_letter(const struct sched_states *states, uint64_t prev_state);

#endif
