/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the locate stage saw as evidence.
 */
#ifndef TRIAGE_STAGE_LOCATE_PUT_H
#define TRIAGE_STAGE_LOCATE_PUT_H

#include "evidence/evidence.h"
#include "rule/rule.h"
#include "stage/locate_stacks.h"
#include "stage/stage.h"

struct locate_put {
	const struct locate_model *model;
	const struct locate_stacks *stacks;
	const struct profile *profile; /* that the stacks' symbols belong to */
	struct symbolizer *symbolizer;
	const struct ruleset *rules; /* what kernel paths are about */
	struct evidence *evidence;
	double window_s;
	bool has_futexes, has_locks;
};

/* Groups, waits, wakers and knots. -ENOMEM. */
int locate_put(const struct locate_put *put);

/* Of these, the paths in which threads wait, or in which they are woken. */
int locate_put_flows(const struct locate_put *put, bool wakers);

/* User locks and locks of the kernel, each when it could be seen. -ENOMEM. */
int locate_put_locks(const struct locate_put *put);
int locate_put_kernel_locks(const struct locate_put *put);

/* Threads in state D and who may hold what they wait for, by their kernel stacks; of the processes in top.dstate. Nothing without the
 * right to read stacks. -ENOMEM. */
int locate_put_dstate(const struct stage_context *context);

/* ---- shared by these files ---------------------------------------------------------------------- */

/* How often, and for how long, something was seen; by the pointer or number that names it. */
struct tally_item {
	uintptr_t key;
	uint64_t count, ns;
	uint32_t stack; /* one that it was seen in */
};

VEC_DECLARE(tally, struct tally_item);

int tally_add(struct tally *tally, uintptr_t key, uint64_t ns, uint32_t stack); /* -ENOMEM */

/* The largest by count or by time; NULL: none. `except`: is not meant. */
const struct tally_item *tally_most(const struct tally *tally, bool by_ns, uintptr_t except);
uint64_t tally_count(const struct tally *tally);

#define LOCATE_LINES_MAX 3 /* source lines cost an object file's debug information each */

double locate_per_s(const struct locate_put *put, uint64_t count);
const char *locate_actor_name(const struct locate_put *put, uint32_t actor); /* NULL: not known */
const char *locate_group_name(const struct locate_group *group);
const char *locate_symbol_name(const struct locate_put *put, uintptr_t symbol);
int locate_text(const struct locate_put *put, int row, enum column_id column, const char *text);

/* The source line of the stack's own function; NULL: not known. */
const char *locate_own_line(const struct locate_put *put, uint32_t stack);

#endif
