/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The callers of a sampled user address, from the call frame information of the files (.eh_frame,
 * .debug_frame) and a copy of the top of the stack: for code that keeps no frame pointers, which is
 * most of what distributions build. Where a file has none (code made at run time, Go), frame
 * pointers are followed as far as they make sense.
 *
 * One unwinder serves all processes; files are read once and shared. Memory and time are bounded by
 * the caps.
 */
#ifndef TRIAGE_SYMBOL_UNWIND_H
#define TRIAGE_SYMBOL_UNWIND_H

#include "symbol/address_space.h"

struct unwinder;

struct unwinder_options {
	uint32_t files_max; /* whose frame information is kept at a time; 0: 512 */
};

/* `spaces` must outlive it. NULL: no memory. */
struct unwinder *unwinder_new(const struct address_spaces *spaces,
			      const struct unwinder_options *options);
void unwinder_free(struct unwinder *unwinder);
void unwinder_freep(struct unwinder **unwinder);

/* Addresses, leaf first, into `ret` (at most `max`): the sampled address, then return addresses, as
 * in a callchain. The number of them, at least 1 when the registers are there. `ret_complete` (may
 * be NULL): true when the last one is an outermost frame (main's caller, a thread's start); false
 * when the copied stack ended before, or code without frame information, a bad frame or `max` cut
 * it. -ENODATA: no registers; -ENOTSUP: this architecture; -ENOMEM.
 *
 * `regs` are STACK_USER_REGS_COUNT of them; `stack` is a copy from the stack pointer upwards. The
 * process's mappings must be known (address_spaces_see()). */
int unwind_user(struct unwinder *unwinder, pid_t pid, const uint64_t *regs, const void *stack,
		size_t stack_len, uint64_t *ret, size_t max, bool *ret_complete);

struct unwinder_counts {
	uint64_t stacks, frames, cut; /* cut: not complete */
	uint64_t by_frame_pointer;    /* of the frames: found without frame information */
	uint64_t files_failed; /* files that could not be opened or have no frame information */
	size_t file_bytes;     /* of frame information that is kept now */
};

void unwinder_counts(const struct unwinder *unwinder, struct unwinder_counts *ret);

#endif
