/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What functions are about: rules/symbols.jsonc, loaded with the rules (and overlaid like them).
 *
 *   { "symbols": [
 *     { "class": "net_rx", "kernel": ["net_rx_action"], "source": "net/core/dev.c" },
 *     { "class": "spin_lock", "kernel": ["*queued_spin_lock_slowpath"], "at": "leaf", "source": "..." },
 *     { "class": "steal", "user": ["tokio::*::steal*"], "source": "..." },
 *     { "class": "library", "module": ["libc.so*", "libc-*.so"], "source": "..." },
 *     { "class": "mmap_lock", "all": ["rwsem", "map_change"], "source": "..." },
 *     { "loop": true, "kernel": ["process_one_work", "worker_thread", "kthread", "ret_from_fork*"], "source": "..." }
 *   ] }
 *
 * A row gives its class to every function that one of its globs matches: `kernel` for functions of the kernel, `user` for those of programs,
 * `module` for all functions of a file (with `kernel` or `user` both must match). "at": "leaf" counts only where the CPU was; without it
 * anywhere in the stack. `all` gives the class to stacks that have all of these. `loop` marks what is not a kernel thread's work.
 * A function may have many classes: all rows are tried. Rows of an overlay are added; `"class": "x", "replace": true` drops the earlier ones of x.
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

/* Of a function by name; deterministic, touches only the ruleset. */
struct symbol_meaning rule_symbol_meaning(const struct ruleset *rules, const char *function,
					  const char *module, bool kernel);

#endif
