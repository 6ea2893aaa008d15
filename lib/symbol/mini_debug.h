/* SPDX-License-Identifier: GPL-2.0-or-later */
/* .gnu_debugdata: a symbol table for backtraces that distributions leave in stripped files, as an
 * ELF file packed by xz (MiniDebugInfo). */
#ifndef TRIAGE_SYMBOL_MINI_DEBUG_H
#define TRIAGE_SYMBOL_MINI_DEBUG_H

#include "symbol/elf_source.h"

/* -ENOENT: the file has none; -EFBIG: too large; -ENOEXEC: it can't be unpacked or is no ELF file;
 * -ENOMEM. */
int mini_debug_open(Elf *elf, struct elf_source *ret);

#endif
