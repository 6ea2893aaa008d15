/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names that are handed out: each one once, printable, bounded, there until the end. */
#ifndef TRIAGE_SYMBOL_NAMES_H
#define TRIAGE_SYMBOL_NAMES_H

#include "base/str.h"
#include "symbol/path_pool.h"

#define NAMES_FULL "[too many names]"

struct names {
	struct path_pool pool;
	struct str printable; /* kept for its memory */
};

/* The shared copy of the bytes, made printable and cut to SYMBOL_NAME_MAX: equal bytes give the
 * same pointer. NAMES_FULL when nothing more fits; NULL: no memory. */
const char *names_share(struct names *names, const char *bytes, size_t len);

/* The same for a raw symbol name, demangled and without its version ("read@@GLIBC_2.2.5"). */
const char *names_share_symbol(struct names *names, const char *name);

void names_clear(struct names *names);

#endif
