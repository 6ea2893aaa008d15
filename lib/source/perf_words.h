/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is left of a perf record, which is made of 64-bit words. Asking for more than there is sets
 * `failed`, so that a row of reads is checked once.
 */
#ifndef TRIAGE_SOURCE_PERF_WORDS_H
#define TRIAGE_SOURCE_PERF_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct words {
	const uint64_t *p;
	size_t left;
	bool failed;
};

static inline const uint64_t *words_take(struct words *words, uint64_t count)
{
	const uint64_t *p = words->p;

	if (words->failed || count > words->left) {
		words->failed = true;
		return NULL;
	}
	words->p += count;
	words->left -= count;
	return p;
}

static inline uint64_t words_u64(struct words *words)
{
	const uint64_t *p = words_take(words, 1);

	return p ? *p : 0;
}

struct pair {
	uint32_t first, second;
};

static inline struct pair words_pair(struct words *words)
{
	const uint64_t *p = words_take(words, 1);
	struct pair pair = { 0 };

	if (p)
		memcpy(&pair, p, sizeof(pair));
	return pair;
}

/* What is left, as text. NULL: it has no end. */
static inline const char *words_text(const struct words *words)
{
	const char *text = (const char *)words->p;

	return !words->failed && memchr(text, '\0', words->left * 8) ? text : NULL;
}

#endif
