/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The names of C++ and Rust (both of its manglings) as people write them, through libiberty:
 *
 *   _ZN3Foo3barEi                              Foo::bar
 *   _ZN4core3fmt5write17h0123456789abcdefE     core::fmt::write
 */
#ifndef TRIAGE_SYMBOL_DEMANGLE_H
#define TRIAGE_SYMBOL_DEMANGLE_H

#include "base/str.h"

/* Replaces `out`, without the types of parameters; a name of more than SYMBOL_NAME_MAX bytes is
 * cut. False (`out` unspecified): it is no such name, or no memory. */
bool demangle(const char *name, struct str *out);

#endif
