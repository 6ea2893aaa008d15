/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The functions of an object file, from its symbol tables: sixteen bytes a symbol. Names stay in
 * the files and are read when they are asked for, because there may be a million of them.
 */
#ifndef TRIAGE_SYMBOL_SYMBOL_TABLE_H
#define TRIAGE_SYMBOL_SYMBOL_TABLE_H

#include "symbol/elf_source.h"
#include "symbol/names.h"

#define SYMBOL_TABLE_SOURCES 2

struct symbol_table;

struct symbol_table *symbol_table_new(void);
void symbol_table_free(struct symbol_table *table);

/* Adds the functions of the first section of `type` (SHT_SYMTAB, SHT_DYNSYM). `source` stays the
 * caller's and must outlive the table; at most SYMBOL_TABLE_SOURCES times, -EINVAL. -ENOENT: no
 * such section, or none that is taken; -ENOMEM. */
int symbol_table_add(struct symbol_table *table, const struct elf_source *source, Elf *elf,
		     uint32_t type);

/* After the last symbol_table_add(). -ENOMEM. */
int symbol_table_finish(struct symbol_table *table);

size_t symbol_table_count(const struct symbol_table *table);

/* The function that holds the address. A symbol with a size ends there; one without ends at the
 * next one or at the end of its section. 1 and a name of `names`; 0: none; -ENOMEM. */
int symbol_table_find(struct symbol_table *table, uint64_t address, struct names *names,
		      const char **ret_name);

#endif
