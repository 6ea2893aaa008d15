/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the profile (model/profile.h); only profile_*.c include this.
 *
 * Three things are counted for a sample: its classes (in its group and CPU), the tree (nodes), and
 * who was in it (counters: one per owner and symbol, where an owner is a group in one of its roles,
 * or a class). Counters don't come from the tree, so that a tree that is cut takes nothing from
 * them; what only compares stacks (profile_own.c) does come from it.
 *
 * Running out of memory is remembered in `error` and told by the function of profile.h that was
 * called.
 */
#ifndef TRIAGE_MODEL_PROFILE_INTERNAL_H
#define TRIAGE_MODEL_PROFILE_INTERNAL_H

#include "model/profile.h"
#include "model/profile_index.h"

#define NONE UINT32_MAX
#define CPUS_MAX 8192 /* higher numbers count as the last one */

struct function {
	struct profile_symbol info; /* its texts are one allocation that begins with `function` */
	uint64_t self, total;
	uint32_t last_sample; /* that it was counted in */
	uint32_t group;	      /* of the first one */
};

struct thread {
	pid_t pid, tid;
	char *comm; /* NULL: not known */
	uint32_t group;
	uint32_t member;     /* NONE: not yet, or at the cap */
	uint32_t generation; /* of the names by which its group was chosen; 0: choose */
	bool kernel;
	bool has_followers; /* threads that take their program from it */
};

/* A thread that was sampled in a group. */
struct member {
	uint32_t group;
	pid_t pid, tid;
	uint64_t weight;
};

enum { GROUP_OTHER, GROUP_UNNAMED, GROUP_INTERRUPTS, GROUPS_FIXED };

struct group {
	struct profile_group stats;
	uint64_t root_weight; /* of samples whose first frame found no room in the tree */
};

#define ROOT_BIT 0x80000000U /* in node.parent: the rest is a group */

struct node {
	uint32_t parent, symbol;
	uint64_t weight;  /* of samples that end here */
	uint32_t counter; /* ROLE_FUNCTION of its group and symbol; NONE */
};

/* Majority vote: the address that is left is the one of most samples, if any has more than half. */
struct vote {
	uint64_t address;
	uint32_t lead : 31;
	uint32_t is_return : 1;
	pid_t pid;
};

enum role { ROLE_FUNCTION, ROLE_ASKER, ROLE_WORK, ROLE_CLASS };

struct counter {
	uint32_t owner; /* counter_owner() */
	uint32_t symbol;
	uint64_t self, total;
	struct vote leaf, any;
	uint32_t last_sample;
};

/* A sample with what was found out about it. */
struct stack {
	const struct profile_sample *sample;
	const uint32_t *frames;
	size_t count;
	size_t user_from; /* first user frame; `count`: none */
	uint32_t group;
	profile_classes classes;
};

struct profile {
	struct profile_options options;
	struct profile_combination combinations[PROFILE_CLASSES_MAX];
	int error; /* sticky */
	bool ended;
	uint32_t serial; /* of the sample */
	struct profile_totals totals;

	VEC(struct function) functions;
	struct profile_index function_index;

	VEC(struct thread) threads;
	struct profile_index thread_index;
	uint32_t generation;
	VEC(struct member) members;

	VEC(struct group *) groups;
	struct profile_index group_index;

	VEC(struct node) nodes;
	struct profile_index node_index;
	VEC(struct counter) counters;
	struct profile_index counter_index;
	uint32_t counters_max;

	VEC(struct profile_cpu) cpus;
	uint16_t cpu_slots[CPUS_MAX]; /* index + 1 */
	uint64_t focus_weight[PROFILE_CLASSES_MAX];

	/* results */
	const struct profile_group **sorted_groups;
	size_t sorted_groups_len;
	VEC(struct profile_class) classes;
};

/* profile_symbol.c */
int profile_functions_init(struct profile *profile);
void profile_functions_free(struct profile *profile);
/* What stands for a stack without frames. */
uint32_t profile_unknown_function(struct profile *profile, bool kernel);

/* A frame's function; ids that don't exist are "[other]". */
static inline uint32_t function_id(const struct profile *profile, uint32_t id)
{
	return id < profile->functions.len ? id : PROFILE_SYMBOL_OTHER;
}

static inline struct function *function_at(const struct profile *profile, uint32_t id)
{
	return &profile->functions.data[function_id(profile, id)];
}

/* Neither kernel nor glue, and of a file that is known. */
static inline bool function_is_own(const struct profile *profile, uint32_t id)
{
	const struct profile_symbol *info = &function_at(profile, id)->info;

	return function_id(profile, id) != PROFILE_SYMBOL_OTHER && !info->kernel &&
	       !(info->classes & profile->options.glue) && (info->named || info->module[0]);
}

/* By name: for ties. */
int profile_compare_functions(const struct profile *profile, uint32_t a, uint32_t b);

/* profile_thread.c */
void profile_threads_free(struct profile *profile);
/* Of the thread that was sampled, which is counted as a member. */
uint32_t profile_group_of_sample(struct profile *profile, const struct profile_sample *sample);

/* profile_group.c */
int profile_groups_init(struct profile *profile);
void profile_groups_free(struct profile *profile);
uint32_t profile_group_get(struct profile *profile, const char *program, const char *thread,
			   bool kernel);
/* Threads, processes and the heaviest of them; sorts `members`. */
void profile_groups_count_members(struct profile *profile);

/* profile_tree.c */
/* The child, made when it is new; NONE: no room. `parent`: a node, or ROOT_BIT | group. */
uint32_t profile_node_get(struct profile *profile, uint32_t parent, uint32_t symbol);

/* profile_counter.c */
static inline uint32_t counter_owner(enum role role, uint32_t number)
{
	return (uint32_t)role << 30 | number;
}

static inline enum role counter_role(const struct counter *counter)
{
	return (enum role)(counter->owner >> 30);
}

static inline uint32_t counter_number(const struct counter *counter)
{
	return counter->owner & 0x3fffffffU;
}

/* Made when it is new; NONE: no room. */
uint32_t profile_counter_get(struct profile *profile, enum role role, uint32_t number,
			     uint32_t symbol);
void profile_count_functions(struct profile *profile, const struct stack *stack);
void profile_count_asker(struct profile *profile, const struct stack *stack);
void profile_count_work(struct profile *profile, const struct stack *stack);
void profile_count_classes(struct profile *profile, const struct stack *stack);

/* profile_own.c */
/* hottest_own of all groups. */
int profile_own_functions(struct profile *profile);

/* profile_result.c */
int profile_results_make(struct profile *profile);
struct profile_function profile_function_of(const struct profile *profile,
					    const struct counter *counter, bool by_self);

#endif
