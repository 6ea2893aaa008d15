/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Conditions: `left op right`, parsed once and evaluated three-valued.
 */
#ifndef TRIAGE_RULE_CONDITION_H
#define TRIAGE_RULE_CONDITION_H

#include "rule/judge.h"

/* A condition as read; `word` points into the text and is not terminated. */
struct parsed_condition {
	struct condition condition; /* text and word are NULL: the caller owns strings */
	struct span word;	    /* p is NULL for numbers and references */
};

/* -EINVAL, and `why` holds the sentence. Checks units and types against the catalogue. */
int condition_parse(const char *text, enum table_id table, struct parsed_condition *ret,
		    struct err *why);

/* The right side as a value: the number, the word, or factor * right (unknown when that is). */
struct value condition_threshold(const struct condition *condition, const struct evidence *evidence,
				 int row);

/* AND over all; TRUTH_TRUE for none. */
enum truth conditions_hold(const struct conditions *conditions, const struct evidence *evidence,
			   int row);

#endif
