/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records of .eh_frame and .debug_frame: an FDE describes one stretch of code, and the CIE it
 * points to what it has in common with others.
 */
#ifndef TRIAGE_SYMBOL_FRAME_ENTRY_H
#define TRIAGE_SYMBOL_FRAME_ENTRY_H

#include "symbol/frame_rules.h"

struct frame_cie {
	uint32_t offset;
	uint64_t code_align;
	int64_t data_align;
	uint8_t return_reg;
	uint8_t encoding; /* of addresses: DW_EH_PE_* */
	bool has_lengths; /* augmentation 'z' */
	bool signal;
	struct frame_bytes program;
};

struct frame_fde {
	struct frame_cie cie;
	uint64_t start, len; /* of the code, as linked */
	struct frame_bytes program;
};

/* False when the record there is not a sound FDE. */
bool frame_fde_read(const struct frame_section *section, uint32_t offset, struct frame_fde *ret);

/* An address in one of the encodings (absolute or relative to its own place); false for others. */
bool frame_pointer_read(const struct frame_section *section, struct frame_bytes *bytes,
			uint8_t encoding, uint64_t *ret);

#endif
