/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A growing byte string.
 *
 * Invariants: `data` is NULL only when `cap` is 0; otherwise data[len] == '\0' and len < cap. The
 * bytes may hold NULs (file content); `len` is the truth. Zero-initialise to start, str_free() to
 * end. Running out of memory sets `failed`, drops what was being appended and never aborts: build
 * the whole text, then ask str_error() once.
 */
#ifndef TRIAGE_BASE_STR_H
#define TRIAGE_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct str {
	char *data;
	size_t len;
	size_t cap;
	bool failed;
};

void str_free(struct str *s);

/* Empties the string and keeps its memory. */
void str_clear(struct str *s);

/* Makes room for `extra` more bytes and the final NUL; 0 or -ENOMEM. */
int str_reserve(struct str *s, size_t extra);

void str_append(struct str *s, const char *text);
void str_append_bytes(struct str *s, const char *bytes, size_t len);
void str_append_char(struct str *s, char c);
void str_format(struct str *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_vformat(struct str *s, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* The text, "" when nothing was appended yet. Valid until the next change. */
const char *str_text(const struct str *s);

/* 0, or -ENOMEM when any append failed. */
int str_error(const struct str *s);

/* Hands the bytes to the caller (free()); "" is allocated when empty; NULL when `failed`. */
char *str_take(struct str *s);

#endif
