/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a JSON text from a stranger must pass before a parser builds a tree of it.
 *
 * cJSON recurses once per level, allocates some forty bytes per byte of "[0,0,0" and silently ends
 * a string at \u0000. This looks at the bytes only: a text that passes may still be malformed.
 */
#ifndef TRIAGE_BASE_JSON_TEXT_H
#define TRIAGE_BASE_JSON_TEXT_H

#include "base/err.h"

#include <stddef.h>

#define JSON_TEXT_DEPTH_MAX 32

/* 0, or -EBADMSG with the line in `err` for a NUL byte, a \u0000 escape, more than 32 levels or
 * more than `values_max` values. */
int json_text_check(const char *text, size_t len, size_t values_max, struct err *err);

/* The line (from 1) that the byte at `offset` stands on. */
size_t json_text_line(const char *text, size_t offset);

#endif
