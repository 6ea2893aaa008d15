/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How to find a function's caller: the call frame information of .eh_frame and .debug_frame (DWARF
 * 5, 6.4; Linux Standard Base, "Exception Frames"), boiled down to one rule per register.
 *
 * An interpreter of its own rather than that of libdw: files are hostile, and libdw maps them (a
 * file that is cut short meanwhile kills the reader) and allocates what they ask for. Here the
 * bytes are a copy, registers, nesting and steps are bounded, and rules are small enough to be
 * kept. The test compares it with libdw over whole libraries.
 */
#ifndef TRIAGE_SYMBOL_FRAME_RULES_H
#define TRIAGE_SYMBOL_FRAME_RULES_H

#include "base/vec.h"
#include "symbol/frame_bytes.h"

/* Numbers of registers are those of the ABI's DWARF mapping. */
#if defined(__aarch64__)
#define FRAME_REGS 33
#define FRAME_REG_FP 29
#define FRAME_REG_SP 31
#define FRAME_HAS_LINK_REG 1
#else
#define FRAME_REGS 17
#define FRAME_REG_FP 6
#define FRAME_REG_SP 7
#define FRAME_HAS_LINK_REG 0 /* calls put the return address on the stack */
#endif

enum frame_rule_kind {
	FRAME_SAME, /* also: not said */
	FRAME_UNDEFINED,
	FRAME_AT_CFA,	/* saved at CFA + value */
	FRAME_CFA_PLUS, /* is CFA + value */
	FRAME_REGISTER, /* is in register `reg`; as the CFA's rule: reg + value */
	/* Saved where the expression says, and is what it says: value is its place in the section,
	 * len its length. */
	FRAME_AT_EXPRESSION,
	FRAME_EXPRESSION,
};

struct frame_rule {
	uint8_t kind;
	uint8_t reg;
	uint16_t len;
	int32_t value;
};

struct frame_row {
	struct frame_rule cfa;
	struct frame_rule regs[FRAME_REGS];
	uint8_t return_reg;
	bool signal; /* the frame of a signal's return: the caller was interrupted, not calling */
};

struct frame_entry {
	uint64_t start;
	uint32_t offset; /* of the FDE */
};

struct frame_section {
	uint8_t *data; /* owned */
	size_t len;
	uint64_t address;  /* of data, as linked */
	bool eh;	   /* .eh_frame */
	bool ends_at_zero; /* its length is only an upper bound */
	struct {
		struct frame_entry *data;
		size_t len, cap;
	} entries;
	uint64_t steps; /* of programs that ran: bounded over its life */
};

#define FRAME_SECTION_MAX ((size_t)64 << 20)

/* Sorts out which functions there are. Broken ones are left out. 0; -ENODATA: there is none;
 * -ENOMEM. */
int frame_section_index(struct frame_section *section);

/* The rules at an address, as linked. 0; -ENOENT: no function there; -EBADMSG: broken, or beyond
 * the bounds. */
int frame_section_find(struct frame_section *section, uint64_t address, struct frame_row *ret);

void frame_section_clear(struct frame_section *section);

#endif
