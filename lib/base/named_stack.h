/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks and functions whose names are told by a text (perf script, perf report): what lib/import
 * fills and lib/stage consumes, while they don't know each other. All pointers are valid during
 * the callback, or as long as the owner lives. Names are raw.
 */
#ifndef TRIAGE_BASE_NAMED_STACK_H
#define TRIAGE_BASE_NAMED_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct named_frame {
	const char *function; /* NULL: unknown */
	const char *module;   /* "kernel", "nf_nat", "libc.so.6"; "" unknown */
	bool kernel;
};

struct named_stack {
	const char *comm; /* of the thread */
	pid_t pid, tid;	  /* pid -1: not told; tid 0: the idle thread */
	int32_t cpu;	  /* -1: not told */
	double time_s;	  /* of the recorder's clock; NAN: not told */
	uint64_t weight;
	bool weight_is_ns;		  /* of CPU time */
	bool kernel;			  /* only the kernel gives its threads such a name */
	const struct named_frame *frames; /* leaf first */
	size_t count;
};

/* A row of a table of functions. NAN: not told. */
struct named_function {
	struct named_frame frame;
	const char *comm;	    /* "" not told: of all */
	double self_pct, total_pct; /* of all samples, idle ones included */
};

#endif
