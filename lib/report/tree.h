/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The causal chain as trees, line by line: what drives stands above what it drives.
 *
 *   softirq-pressure
 *   `- thread-storm
 *      |- cpu-saturation
 *      `- lock-contention
 */
#ifndef TRIAGE_REPORT_TREE_H
#define TRIAGE_REPORT_TREE_H

#include "base/vec.h"
#include "rule/judge.h"

#include <stdint.h>

#define TREE_DEPTH_MAX 60 /* what hangs deeper is drawn at this depth */

struct tree_line {
	size_t node;			 /* of the chain */
	const struct chain_arrow *arrow; /* from the line that this one hangs on; NULL: a root */
	int depth;			 /* 0: a root */
	uint64_t open;			 /* bit d, up to its depth: there a bar goes on below it */
	bool repeated;			 /* drawn before, and what it drives too */
};

VEC_DECLARE(tree_lines, struct tree_line);

/* The trees of all that arrows connect with `node`, what leads to it first. Feedback arrows draw
 * nothing; of several arrows between two nodes the strongest does. Free with vec_free().
 * -ENOMEM. */
int tree_of(const struct chain *chain, size_t node, struct tree_lines *ret);

/* Leaves the lines of which keep[] is true; who keeps a line keeps what it hangs on. Of a node that
 * is left the first line is the one that isn't repeated. */
void tree_keep(struct tree_lines *lines, const bool *keep);

/* True when one of the lines is about the node. */
bool tree_has(const struct tree_lines *lines, size_t node);

#endif
