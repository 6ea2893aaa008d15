/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which of several names of one address is shown: the order of preference of perf, so that both
 * tools tell the same name. */
#ifndef TRIAGE_SYMBOL_SYMBOL_ALIAS_H
#define TRIAGE_SYMBOL_SYMBOL_ALIAS_H

#include <stdbool.h>

enum symbol_binding {
	SYMBOL_LOCAL,
	SYMBOL_GLOBAL,
	SYMBOL_WEAK,
};

struct symbol_alias {
	const char *name;
	enum symbol_binding binding;
};

/* Negative when `a` is the better one, 0 when they are the same. In this order: no marker of a
 * section ("__softirqentry_text_start", which perf shows), not weak, global, fewer underscores in
 * front, the longer name, the alphabet. */
int symbol_alias_compare(const struct symbol_alias *a, const struct symbol_alias *b);

#endif
