/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The callers of a sampled user address, from the call frame information of the files (.eh_frame, .debug_frame) and a copy of the top of the
 * stack: for code that keeps no frame pointers, which is most of what distributions build. Through libdwfl (elfutils 0.188).
 *
 * One unwinder serves all processes; files are opened once and shared. Memory and time are bounded by the caps.
 */
#ifndef TRIAGE_SYMBOL_UNWIND_H
#define TRIAGE_SYMBOL_UNWIND_H

#include "symbol/address_space.h"

struct unwinder;

struct unwinder_options {
	uint32_t processes_max; /* whose tables are kept at a time; 0: 64 */
	uint32_t files_max;	/* 0: 512 */
};

/* `spaces` must outlive it. NULL: no memory. */
struct unwinder *unwinder_new(const struct address_spaces *spaces,
			      const struct unwinder_options *options);
void unwinder_free(struct unwinder *unwinder);
void unwinder_freep(struct unwinder **unwinder);

/* Addresses, leaf first, into `ret` (at most `max`): the sampled address, then return addresses, as in a callchain. The number of them, at
 * least 1 when the registers are there; `ret_complete` (may be NULL): true when the last one is an outermost frame or the copied stack was
 * followed to its end, false when a file without frame information or a bad frame cut it. -ENODATA: no registers; -ENOTSUP: this architecture;
 * -ENOMEM. */
int unwind_user(struct unwinder *unwinder, pid_t pid, const uint64_t *regs, const void *stack,
		size_t stack_len, uint64_t *ret, size_t max, bool *ret_complete);

struct unwinder_counts {
	uint64_t stacks, frames, cut; /* cut: not complete */
	uint64_t files_failed;	      /* files that could not be opened or have no frame information */
};

void unwinder_counts(const struct unwinder *unwinder, struct unwinder_counts *ret);

#endif
