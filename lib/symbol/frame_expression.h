/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DWARF expressions of call frame information: in the PLT, in signal frames, and where a stack is
 * realigned. */
#ifndef TRIAGE_SYMBOL_FRAME_EXPRESSION_H
#define TRIAGE_SYMBOL_FRAME_EXPRESSION_H

#include "symbol/frame_rules.h"

/* What was copied of a thread: all there is to calculate with. */
struct frame_state {
	uint64_t regs[FRAME_REGS];
	uint64_t known; /* bit n: regs[n] is known */
	uint64_t pc;
	const uint8_t *stack;
	uint64_t stack_start, stack_len;
};

/* A word of the copied stack; false outside of it. */
bool frame_state_read(const struct frame_state *state, uint64_t address, unsigned size,
		      uint64_t *ret);

/* The value on top at the end; `initial` is put on the stack first unless NULL. False: an operation
 * that has no place in frame information, a register or memory that is not known, or beyond the
 * bounds. */
bool frame_expression_run(const struct frame_state *state, struct frame_bytes expression,
			  const uint64_t *initial, uint64_t *ret);

#endif
