/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What texts of perf tell, gathered until the end of the import. The scheduler's tables become
 * evidence here (perf_text_put()); stacks and functions are handed on, because what functions are
 * about is knowledge of lib/rule:
 *
 *   import_end(import, &err);
 *   perf_named_new(rules, &named);			lib/stage
 *   import_each_stack(import, perf_named_stack, named);
 *   import_each_function(import, perf_named_function, named);
 *   perf_named_put(named, evidence);
 */
#ifndef TRIAGE_IMPORT_PERF_TEXT_H
#define TRIAGE_IMPORT_PERF_TEXT_H

#include "base/named_stack.h"
#include "base/sched_event.h"
#include "import/import.h"
#include "import/perf_names.h"

/* The samples of `perf script` texts, in their order; stops with what `each` returns when that
 * is not 0. Frames without a name have `function` NULL. */
int import_each_stack(const struct import *import,
		      int (*each)(void *context, const struct named_stack *stack), void *context);

/* The scheduler's events of `perf script` texts, in time order; none when no switch is among them. */
int import_each_sched_event(const struct import *import,
			    int (*each)(void *context, const struct sched_event *event),
			    void *context);

/* The rows of the last table of functions: `perf report`, or `perf top`. */
int import_each_function(const struct import *import,
			 int (*each)(void *context, const struct named_function *function),
			 void *context);

/* ---- inside --------------------------------------------------------------------------------- */

#define PERF_NAME_MAX 64

/* A group of threads in a table of the scheduler. NAN: not told. */
struct perf_sched_row {
	char name[PERF_NAME_MAX]; /* without index */
	bool kernel;
	double threads, switches, run_ms;
	double wait_ms; /* all waits together */
	double max_ms;
	double preempted; /* times that they left the CPU ready to run */
	double max_at_s;  /* when the longest wait began, in the clock of the table */
};

VEC_DECLARE(perf_sched_rows, struct perf_sched_row);

enum perf_sched_teller { PERF_LATENCY, PERF_TIMEHIST, PERF_SUMMARY, PERF_SCHED_TELLERS };

struct perf_sched_table {
	struct perf_sched_rows rows;
	double window_s; /* NAN: not told */
	double switches; /* of all, idle ones included; NAN */
	bool whole;	 /* all threads are in it, not a line that somebody picked out */
	char worst[PERF_NAME_MAX];
	double worst_ms;
};

struct perf_frame_row {
	uint32_t function, module; /* numbers of names; function 0: none */
	bool kernel;
};

struct perf_stack_row {
	uint32_t comm;
	pid_t pid, tid;
	int32_t cpu;
	double time_s; /* NAN: not told */
	uint64_t weight;
	bool weight_is_ns;
	size_t first, count; /* of `frames` */
};

struct perf_function_row {
	struct perf_frame_row frame;
	uint32_t comm;
	double self_pct, total_pct;
};

struct perf_event_row {
	struct sched_event event;
	bool late; /* sched_wakeup: where there is sched_waking that one counts */
};

struct perf_text {
	struct perf_names names; /* number 0: "" */
	VEC(struct perf_stack_row) stacks;
	VEC(struct perf_frame_row) frames;
	VEC(struct perf_function_row) functions;
	VEC(struct perf_event_row) events;
	bool has_switches, has_wakings;
	struct perf_sched_table sched[PERF_SCHED_TELLERS];
	double record_s;	/* of `perf sched record ... sleep N` in the text; NAN */
	uint64_t other_samples; /* of events that are no clock */
};

/* The import's own, made when it is first asked for. -ENOMEM. */
int perf_text_of(struct import *import, struct perf_text **ret);
void perf_text_free(struct perf_text *text);

/* The scheduler's part as evidence; what could not be used is told. -ENOMEM. */
int perf_text_put(struct import *import);

void perf_sched_table_clear(struct perf_sched_table *table);

/* Adds the numbers to the row of that group, which is made when there is none. `told` is a
 * thread's name, `kernel` is found out. -ENOMEM. */
int perf_sched_add(struct perf_sched_table *table, struct span told,
		   const struct perf_sched_row *numbers);

/* "[kernel.kallsyms]" is "kernel", "[nf_nat]" and ".../nf_nat.ko" are modules of it, paths lose
 * their folders. -ENOMEM. */
int perf_text_module(struct perf_text *text, struct span dso, struct perf_frame_row *ret);

/* A number with separators at the beginning of what is left, blanks before it skipped, and
 * consumed; false: there is none. */
bool perf_take_number(struct span *rest, double *ret);

/* The same with a unit of time, in ms. Without a unit it is ms. */
bool perf_take_ms(struct span *rest, double *ret);

/* Where `text` begins in the line, whatever the case of letters; NULL. */
const char *perf_find(struct span line, const char *text);

#endif
