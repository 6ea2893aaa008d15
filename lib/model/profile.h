/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples become statements: a tree of stacks for each group of threads, the time in each function
 * (self and total), and in each class of functions. Pure: names and classes of symbols come from
 * the caller.
 *
 *   profile = profile_new(&options);
 *   id = profile_symbol(profile, &symbol, NULL); for every function that occurs
 *   profile_thread(profile, pid, tid, comm, kernel);  names, whenever they are learnt
 *   profile_add(profile, &sample);               for every sample
 *   profile_end(profile);                        then the results are valid, until profile_free()
 *
 * RULES OF COUNTING
 *
 * - Weight: the sample's period. Shares are of weights. With one period for all (cpu-clock) that is
 *   counting samples.
 * - Idle: a sample of thread 0 whose leaf is of the class IDLE, or which has no frame at all. Other
 *   samples of thread 0 are busy: softirqs and interrupts on an idle CPU. They are in the group
 *   "(interrupts on idle CPUs)", kind kernel.
 * - Classes: every frame brings the classes of its symbol (`classes`), the leaf those of
 *   `leaf_classes` as well; combinations are added last. A sample counts once for each class, so
 *   classes overlap and their shares don't add up to 100 %.
 * - Self: the leaf. Total: every distinct function in the stack once, recursion does not count
 *   twice.
 * - Groups: (program, thread) by thread_stem(), as in model/thread.h and model/sched.h; the program
 *   is the comm of the process's leader. A rename counts from then on; a sample of a thread without
 *   a name is in the group "(unnamed)".
 * - A busy sample without any frame is in the function "[unknown]".
 * - Tree: nodes are (parent, symbol). When nodes_max is reached, the rest of a stack is cut there:
 *   its weight stays at the last node that there is (`cut_weight`); shares of functions and classes
 *   are not affected.
 * - Own function: a user function that has none of the classes in `glue` (lock functions
 *   themselves, libraries, runtimes), with a name or at least a module.
 * - Asker of a lock: for samples of the classes futex or user_lock, the first own function from the
 *   leaf up: the one that takes the lock.
 * - Hottest own function (`hottest_own`): the one with the largest total in its group, but not an
 *   outermost one like main, which is in over 95 % of the group's user stacks: unless it does more
 *   itself (what is in no other own function below it) than any of the others in total. From there
 *   on towards the leaves, as long as one callee has 95 % of that total: it says the same, more
 *   precisely.
 * - Work of a kernel thread: the frame below the kernel thread's loop (process_one_work, kthread,
 *   run_ksoftirqd ...), i.e. the first frame from the root down that has not the `loop` mark.
 *
 * Bounded: symbols, nodes, groups, threads by the options; memory does not depend on the number of
 * samples. Functions of groups are counted up to 0.75 * nodes_max pairs of both: a function beyond
 * keeps its self and total, but not its share of a group and its address. CPU numbers from 8191 on
 * are one CPU.
 */
#ifndef TRIAGE_MODEL_PROFILE_H
#define TRIAGE_MODEL_PROFILE_H

#include "base/str.h"
#include "base/vec.h"
#include "model/thread.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef uint64_t profile_classes; /* bit n: class n of the caller's vocabulary */

#define PROFILE_CLASSES_MAX 64

struct profile_combination { /* a stack that has all of `of` has the class `gives` too */
	profile_classes of;
	unsigned gives;
};

/* Zero means the default. */
struct profile_options {
	uint32_t nodes_max;    /* 65536 */
	uint32_t symbols_max;  /* 32768; further ones are the symbol "[other]" */
	uint32_t groups_max;   /* 512; further ones are the group "(other)" */
	uint32_t threads_max;  /* 65536; further ones are in the group "(unnamed)" */
	profile_classes idle;  /* classes as above */
	profile_classes lock;  /* futex, user_lock */
	profile_classes glue;  /* not a program's own function */
	profile_classes focus; /* what focus_weight is about */
	const struct profile_combination *combinations; /* copied; tried in this order */
	size_t combinations_count;			/* at most 64 */
};

struct profile;

struct profile *profile_new(const struct profile_options *options); /* NULL: no memory */
void profile_free(struct profile *profile);
void profile_freep(struct profile **profile);

struct profile_symbol {
	const char *function, *module; /* copied */
	bool kernel;
	bool named;
	bool loop;		      /* of a kernel thread: not its work */
	profile_classes classes;      /* wherever it is in the stack */
	profile_classes leaf_classes; /* when it is the leaf */
};

#define PROFILE_SYMBOL_OTHER 0

/* Its id; the first call for (function, module, kernel) decides about the rest. `ret_new` (may be
 * NULL): true the first time. -ENOMEM. */
int64_t profile_symbol(struct profile *profile, const struct profile_symbol *symbol, bool *ret_new);

/* The id of (function, module, kernel) when it is there already, without adding it; -ENOENT. */
int64_t profile_find_symbol(const struct profile *profile, const struct profile_symbol *symbol);

/* A thread's name; a process's is that of its leader (pid == tid). Once known to be of the kernel
 * it stays so. -ENOMEM. */
int profile_thread(struct profile *profile, pid_t pid, pid_t tid, const char *comm, bool kernel);

/* A new thread has the name of the one that made it until it is told another (it may be gone before
 * anybody could ask). Nothing when the parent has none. -ENOMEM. */
int profile_fork(struct profile *profile, pid_t pid, pid_t tid, pid_t parent_tid);
bool profile_knows_thread(const struct profile *profile, pid_t tid);

struct profile_sample {
	pid_t pid, tid;
	uint32_t cpu;
	uint64_t weight;
	bool in_user;
	bool user_broken;	   /* the user part of the stack is known to be cut */
	const uint32_t *frames;	   /* symbol ids, leaf first: kernel frames, then user frames */
	const uint64_t *addresses; /* of the same frames, for profile_function.address; or NULL */
	size_t count;
};

/* -ENOMEM; -EINVAL after the end. */
int profile_add(struct profile *profile, const struct profile_sample *sample);
int profile_end(struct profile *profile);

/* ---- results: valid after profile_end(), sorted by weight, the heaviest first ---------------- */

struct profile_function {
	uint32_t symbol;
	uint64_t self, total;
	uint32_t group;	  /* with most of it */
	uint64_t address; /* of its hottest sample: for the source line */
	bool is_return;	  /* that address is a return address */
	pid_t pid;	  /* in whose address space */
};

VEC_DECLARE(profile_functions, struct profile_function);

struct profile_group {
	uint32_t id; /* its place in profile_groups() */
	char program[THREAD_NAME_MAX], thread[THREAD_NAME_MAX];
	bool kernel;
	bool interrupts;  /* the group of busy samples of idle threads */
	uint32_t threads; /* that were sampled */
	uint32_t processes;
	pid_t pids[4]; /* the heaviest */
	uint64_t samples, weight;
	uint64_t user_weight;	/* in_user */
	uint64_t broken_weight; /* user_broken */
	uint64_t user_stacks;	/* weight of samples that have a user part */
	uint64_t unnamed_leaf;	/* weight of samples whose leaf has no name */
	uint64_t lock_weight;	/* samples that have one of options.lock */
	uint64_t class_weight[PROFILE_CLASSES_MAX];
	/* symbol 0: there is none */
	struct profile_function hottest;     /* by self */
	struct profile_function hottest_own; /* by total, see above */
	struct profile_function asker;	     /* of a lock; total: of the samples that it asked in */
	struct profile_function work;	     /* of kernel threads; total: of the samples in it */
};

struct profile_cpu { /* sorted by number */
	uint32_t cpu;
	uint64_t samples, weight, idle_weight, user_weight;
	uint64_t class_weight[PROFILE_CLASSES_MAX]; /* of busy samples */
};

struct profile_class { /* those with weight */
	unsigned number;
	uint32_t group;	       /* with most of it */
	uint32_t leaf;	       /* the hottest leaf of stacks that have it */
	uint32_t cpu;	       /* with most of it */
	uint64_t weight;       /* of busy samples */
	uint64_t focus_weight; /* of those that also have one of options.focus */
	uint64_t group_weight; /* that group's part */
	uint64_t leaf_weight, cpu_weight;
};

struct profile_totals {
	uint64_t samples, weight, idle_weight, busy_weight;
	uint64_t user_weight; /* in_user */
	uint64_t user_stacks, broken_weight;
	uint64_t unnamed_leaf;
	uint64_t cut_weight;   /* of the tree */
	uint64_t focus_weight; /* busy samples that have one of options.focus */
	uint32_t nodes, symbols;
	uint32_t over_symbols_max, over_groups_max, over_threads_max; /* times without room */
};

const struct profile_totals *profile_totals(const struct profile *profile);
const struct profile_group *const *profile_groups(const struct profile *profile, size_t *ret_count);
const struct profile_cpu *profile_cpus(const struct profile *profile, size_t *ret_count);
const struct profile_class *profile_class_list(const struct profile *profile, size_t *ret_count);

/* Functions of busy samples by self; `by_total` orders by total instead. At most `max`. -ENOMEM. */
int profile_functions(const struct profile *profile, size_t max, bool by_total,
		      struct profile_functions *ret);

const struct profile_symbol *profile_symbol_of(const struct profile *profile, uint32_t symbol);

/* Folded stacks of the busy samples, one per line, root first, "PROGRAM;THREAD;main;do_work;[k]
 * do_futex 1234": weights scaled down by `unit` (ns per count, 1: as they are; lines that come to 0
 * count 1). Kernel frames are marked "[k] ". ';' in a name becomes ':'. The heaviest first until
 * `bytes_max`; what did not fit is the line "(left out) N". -ENOMEM. */
int profile_fold(const struct profile *profile, uint64_t unit, size_t bytes_max, struct str *out);

#endif
