/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stretch of somebody else's text, and the few steps that every text parser takes over it.
 *
 * Nothing here relies on a terminating NUL, reads past `end` or skips over a line's end by itself.
 * "Blank" is a space or a tab. Functions that take a span by pointer consume what they return.
 */
#ifndef TRIAGE_BASE_SPAN_H
#define TRIAGE_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *p;
	const char *end;
};

struct span span_make(const char *text, size_t len);
struct span span_of(const char *text);
size_t span_len(struct span s);
bool span_is(struct span s, const char *text);
bool span_starts(struct span s, const char *prefix);

/* The next line without its '\n'; false at the end of the text. */
bool span_line(struct span *text, struct span *ret_line);

/* The next run of non-blank bytes; false when only blanks are left. */
bool span_word(struct span *line, struct span *ret_word);

/* What stands before the first `separator`, which is consumed too; false (nothing consumed) when it
 * does not occur. */
bool span_until(struct span *line, char separator, struct span *ret_before);

/* A decimal number after optional blanks. False (nothing consumed) when there is none or it does
 * not fit in 64 bits. */
bool span_u64(struct span *line, uint64_t *ret_value);
bool span_i64(struct span *line, int64_t *ret_value);

/* A decimal with an optional fraction ("0.42"), locale-independent. */
bool span_decimal(struct span *line, double *ret_value);

/* A hexadecimal number without prefix. */
bool span_hex(struct span *line, uint64_t *ret_value);

/* Without leading and trailing blanks and '\r'. */
struct span span_trim(struct span s);

/* Copies at most size-1 bytes and terminates them. */
void span_copy(struct span s, char *buffer, size_t size);

#endif
