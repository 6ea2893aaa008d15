/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names that come from a host (comm, cgroup paths, device names) are hostile: this is the one gate
 * between them and everything that is printed or saved.
 */
#ifndef TRIAGE_BASE_TEXT_H
#define TRIAGE_BASE_TEXT_H

#include "base/str.h"

#include <stdbool.h>

/* Appends the bytes as well-formed, printable UTF-8 on one line: control characters (C0, C1, DEL),
 * invalid UTF-8 and the bidirectional overrides become \xNN, everything else stays. */
void text_append_printable(struct str *out, const char *bytes, size_t len);

/* True when text_append_printable() would keep the bytes as they are. */
bool text_is_printable(const char *bytes, size_t len);

/* Shell-style glob over the whole text: `*` any run, `?` one byte, `[a-z]` a class. */
bool text_glob(const char *pattern, const char *text);

#endif
