/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lists of run-time functions of processes, read when they are first asked for. */
#ifndef TRIAGE_SYMBOL_JIT_CACHE_H
#define TRIAGE_SYMBOL_JIT_CACHE_H

#include "source/procroot.h"
#include "symbol/jit_map.h"

struct jit_cache;

/* `bytes_max` of one list, four times as much of all: those of later processes are left out. */
struct jit_cache *jit_cache_new(struct procroot *root, size_t bytes_max);
void jit_cache_free(struct jit_cache *cache);

/* 1 and raw bytes, valid until the next call; 0: no name; -ENOMEM. */
int jit_cache_find(struct jit_cache *cache, pid_t pid, uint64_t address, struct span *ret_name);

#endif
