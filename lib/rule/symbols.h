/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What functions are about: rules/symbols.jsonc, loaded with the rules (and overlaid like them).
 *
 *   { "symbols": [
 *     { "class": "net_rx", "kernel": ["net_rx_action"], "source": "net/core/dev.c" },
 *     { "class": "spin_lock", "kernel": ["*queued_spin_lock_slowpath"], "at": "leaf" },
 *     { "class": "steal", "user": ["tokio::*::steal*"] },
 *     { "class": "library", "module": ["libc.so*", "libc-*.so"] },
 *     { "class": "mmap_lock", "all": ["rwsem", "map_change"] },
 *     { "loop": true, "kernel": ["process_one_work", "worker_thread", "kthread"] }
 *   ] }
 *
 * A row gives its class to every function that one of its globs matches: `kernel` for functions
 * of the kernel, `user` for those of programs; with `module` the file (or the kernel module) must
 * match one as well. `module` alone means all functions of a program's file. "at": "leaf" counts
 * only where the CPU was; without it anywhere in the stack. `all` gives the class to stacks that
 * have all of these. `loop` marks what is not a kernel thread's work. A function may have many
 * classes: all rows are tried. Rows of an overlay are added; "replace": true drops the earlier
 * ones of the class.
 *
 * Globs see a function's plain name: without what the compiler and linker add (".isra.0",
 * ".part.0", ".constprop.0", ".cold", ".llvm.1", " [clone .cold]", "@GLIBC_2.2.5") and without the
 * arguments of a C++ or Java function and the type that a Java method returns.
 */
#ifndef TRIAGE_RULE_SYMBOLS_H
#define TRIAGE_RULE_SYMBOLS_H

#include "evidence/classes.h"
#include "rule/rule.h"

struct symbol_meaning {
	uint64_t classes;      /* wherever it is */
	uint64_t leaf_classes; /* when it is the leaf */
	bool loop;
};

/* Of a function by name; deterministic, touches only the ruleset. Some microseconds with the
 * shipped table: the caller asks once for each function, not for each sample. `module` may be
 * NULL. */
struct symbol_meaning rule_symbol_meaning(const struct ruleset *rules, const char *function,
					  const char *module, bool kernel);

#endif
