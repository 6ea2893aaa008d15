/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Folded stacks, as a bundle keeps them (stacks/on-cpu.folded), and the tree that they are.
 *
 *   # triage-stacks/1 view=on-cpu unit=us
 *   nginx;nginx;main;ngx_worker;[k] do_syscall_64;[k] __x64_sys_sendto 48210
 *
 * One stack per line, root first: program, thread, functions. Names may hold spaces, the weight is
 * what follows the last one. Frames of the kernel begin with "[k] ". The header may be missing:
 * then the view is on-cpu and the unit microseconds.
 *
 * The text is a stranger's. Names become printable (base/text.h) as they are read; what is
 * malformed or too large is refused with its line.
 */
#ifndef TRIAGE_REPORT_FOLDED_H
#define TRIAGE_REPORT_FOLDED_H

#include "base/err.h"
#include "base/span.h"
#include "base/str.h"
#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

#define FOLDED_BYTES_MAX ((size_t)16 << 20)
#define FOLDED_LINES_MAX (UINT32_C(1) << 20)
#define FOLDED_NODES_MAX (UINT32_C(1) << 20)
#define FOLDED_DEPTH_MAX 256		     /* frames of a stack; what lies above is cut off */
#define FOLDED_TOTAL_MAX (UINT64_C(1) << 53) /* every number is exact as a double too */

#define FOLDED_ROOT 0
#define FOLDED_NONE UINT32_MAX

enum folded_unit {
	FOLDED_US,    /* microseconds */
	FOLDED_COUNT, /* events */
};

enum folded_level { /* of a node's depth */
		    FOLDED_LEVEL_ALL,
		    FOLDED_LEVEL_PROGRAM,
		    FOLDED_LEVEL_THREAD,
		    FOLDED_LEVEL_FUNCTION, /* this deep and deeper */
};

/* Invariants: total = self + the totals of the children; the children of a node are linked from the
 * heaviest to the lightest, equal ones by name; a child's index is larger than its parent's. */
struct folded_node {
	struct span name; /* printable; without "[k] "; the root's is "all" */
	uint32_t parent, first_child, next_sibling;
	uint16_t depth; /* 0: the root */
	bool kernel;
	uint64_t self, total; /* in the unit of the stacks */
};

VEC_DECLARE(folded_nodes, struct folded_node);

struct folded {
	char view[32];
	enum folded_unit unit;
	struct folded_nodes nodes; /* [FOLDED_ROOT] is always there */
	uint64_t cut;		   /* weight of stacks deeper than FOLDED_DEPTH_MAX */
	struct str text;	   /* what the names point into */
};

/* -EBADMSG: malformed, or of a newer format; -E2BIG: over one of the limits above; `err` names the
 * line. -ENOMEM. No stack at all is no error: the root's total is 0. */
int folded_parse(const char *text, size_t len, struct folded **ret, struct err *err);
void folded_free(struct folded *folded);
void folded_freep(struct folded **folded); /* for _cleanup_ */

const struct folded_node *folded_node(const struct folded *folded, uint32_t index);

/* The node after `index`, parents before their children and these in their order; FOLDED_NONE at
 * the end. `into` false: not its children. */
uint32_t folded_next(const struct folded *folded, uint32_t index, bool into);

VEC_DECLARE(folded_indexes, uint32_t);

/* Nodes that have weight of their own, the heaviest first. -ENOMEM. */
int folded_stacks(const struct folded *folded, struct folded_indexes *ret);

/* The nodes from the program (root left out) down to `index`; how many. */
size_t folded_path(const struct folded *folded, uint32_t index,
		   uint32_t ret_path[FOLDED_DEPTH_MAX]);

/* Appends the header and a line for every stack, the heaviest first; reading that gives the same
 * tree. -ENOMEM, with `out` as it was. */
int folded_write(const struct folded *folded, struct str *out);

/* Appends the line of one stack. `inserted` (NULL: nothing) becomes a frame of its own behind the
 * thread. */
void folded_write_stack(const struct folded *folded, uint32_t index, const char *inserted,
			struct str *out);

/* ---- stacks made of stacks (folded_join.c) --------------------------------------------------- */

#define FOLDED_HOT "(on CPU)"
#define FOLDED_COLD "(off CPU)"

/* What threads did on CPUs (view on-cpu) beside what they waited for (view off-cpu), as the view
 * hot-cold: each thread has two subtrees, FOLDED_HOT and FOLDED_COLD. Both must be in microseconds:
 * -EINVAL; else as folded_parse(). */
int folded_join(const struct folded *hot, const struct folded *cold, struct folded **ret,
		struct err *err);

/* Those stacks of which at least one frame is wanted, under the name `view`. As folded_parse(). */
int folded_select(const struct folded *stacks, const char *view,
		  bool (*wanted)(const void *context, const struct folded_node *node, bool leaf),
		  const void *context, struct folded **ret, struct err *err);

#endif
