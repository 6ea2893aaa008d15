/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of a line and the numbers in them, as tools of all locales print them.
 */
#ifndef TRIAGE_IMPORT_WORDS_H
#define TRIAGE_IMPORT_WORDS_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

#define WORDS_MAX 64

struct words {
	struct span at[WORDS_MAX];
	size_t count; /* what is beyond WORDS_MAX is left out */
};

void words_split(struct span line, struct words *ret);

/* Appends the words of a line that was wrapped. */
void words_join(struct words *words, struct span line);

/* The index of the word from `from` on; -1. */
int words_find(const struct words *words, size_t from, const char *text);

/* From the beginning of word `index` to the end of the last one. */
struct span words_rest(const struct words *words, size_t index, struct span line);

/* A whole word as a number: "12.34", "12,34" (a decimal comma), "1,234,567", "1.234,56", "400k+",
 * "12%", "1.2g". One comma before exactly three digits separates thousands, unless a single 0
 * stands before it. False when it is anything else. */
bool word_number(struct span word, double *ret);

/* NAN when it is no number. */
double word_value(struct span word);

/* A whole number of at most 18 digits without separators: an id. */
bool word_id(struct span word, long *ret);

/* True when `text` is in the line: the quick look before a line is taken apart. */
bool line_has(struct span line, const char *text);

/* Only blanks. */
bool line_is_blank(struct span line);

/* How many blank lines stand from `lines` on, at most `count`. */
size_t lines_blank(const struct span *lines, size_t count);

#endif
