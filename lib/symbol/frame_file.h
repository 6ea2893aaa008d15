/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The call frame information of one object file, read into memory: nothing of the file stays open
 * or mapped. */
#ifndef TRIAGE_SYMBOL_FRAME_FILE_H
#define TRIAGE_SYMBOL_FRAME_FILE_H

#include "symbol/elf_source.h"
#include "symbol/frame_rules.h"

struct frame_segment {
	uint64_t offset, len, address;
};

VEC_DECLARE(frame_segments, struct frame_segment);

struct frame_file {
	uint32_t id; /* given by who keeps it */
	size_t bytes;
	struct frame_segments segments; /* PT_LOAD */
	struct frame_section eh, debug; /* either may be empty */
};

/* 64-bit files of this machine only. `source` stays the caller's. -ENOEXEC; -ENODATA: it has no
 * frame information; -ENOMEM. */
int frame_file_read(const struct elf_source *source, struct frame_file **ret);
void frame_file_free(struct frame_file *file);

/* The rules at an offset in the file, and the section that their expressions are in. -ENOENT: no
 * function there; -EBADMSG. */
int frame_file_find(struct frame_file *file, uint64_t offset, struct frame_row *ret,
		    const struct frame_section **ret_section);

#endif
