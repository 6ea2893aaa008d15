/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Source lines of an object file, from its DWARF (libdw), within the file alone: what it says about
 * other files is not followed. */
#ifndef TRIAGE_SYMBOL_OBJECT_LINES_H
#define TRIAGE_SYMBOL_OBJECT_LINES_H

#include "base/str.h"
#include "symbol/elf_source.h"

struct object_lines;

/* `own`: a file of this host's administrator, which may be mapped into memory and name others.
 * -ENOENT: it has no lines; -EFBIG: too much to load; -ENOEXEC; -ENOMEM. `source` must outlive
 * it. */
int object_lines_open(const struct elf_source *source, bool own, struct object_lines **ret);
void object_lines_free(struct object_lines *lines);

/* Replaces `out` by "spin.c:42", raw bytes; empty when the address has no line. */
void object_lines_find(struct object_lines *lines, uint64_t address, struct str *out);

#endif
