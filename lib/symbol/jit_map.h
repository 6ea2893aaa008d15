/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that a process made at run time, as its runtime (Java's perf-map-agent, Node's
 * --perf-basic-prof, .NET, LuaJIT) lists them in /tmp/perf-PID.map, start and size in hexadecimal:
 *
 *   7f2c3d0104c0 1a0 Ljava/lang/String;::hashCode
 *
 * The file is the process's own text: nothing in it is believed but as a name.
 */
#ifndef TRIAGE_SYMBOL_JIT_MAP_H
#define TRIAGE_SYMBOL_JIT_MAP_H

#include "base/span.h"
#include "base/str.h"

struct jit_map;

/* Takes the text over, on failure too (it becomes empty). Lines that are no such line are passed
 * over. -ENODATA: none was one; -ENOMEM. */
int jit_map_parse(struct str *text, struct jit_map **ret);
void jit_map_free(struct jit_map *map);

/* The function that holds the address, by the latest line where they overlap, as addresses are used
 * again. Raw bytes. */
bool jit_map_find(const struct jit_map *map, uint64_t address, struct span *ret_name);

size_t jit_map_count(const struct jit_map *map);

#endif
