/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A stage asks one question of a host: it reads, computes and leaves evidence behind. It judges
 * nothing and knows no reports, nor whether its root is live or recorded.
 */
#ifndef TRIAGE_STAGE_STAGE_H
#define TRIAGE_STAGE_STAGE_H

#include "evidence/evidence.h"
#include "rule/rule.h"
#include "source/procroot.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How the callers of a sampled user address are found. */
enum call_graph {
	CALL_GRAPH_AUTO,  /* by DWARF where the stack could be copied, else by frame pointers */
	CALL_GRAPH_FP,	  /* by frame pointers alone: no stack is copied */
	CALL_GRAPH_DWARF, /* as auto, whatever it costs */
};

/* Takes a file for the bundle: "stacks/on-cpu.folded". -ENOMEM. */
typedef int stage_keep_fn(void *context, const char *name, const char *bytes, size_t len);

struct stage_context {
	struct procroot *root;
	struct evidence *evidence;
	const struct ruleset *rules; /* what functions are about; no thresholds */
	uint64_t window_ns;	     /* how long the stage may watch */
	pid_t own_pid;		     /* left out of what is seen; 0 in a recording */
	enum call_graph call_graph;
	stage_keep_fn *keep; /* NULL: nobody does */
	void *keep_context;
	bool keep_trace;     /* the sched stage's records too, as perf.data */
	bool redact;	     /* no host's name in what is kept */
	uint64_t events_max; /* of the kernel, then the stage ends early; 0: no cap */
	double cost_max_pct; /* of all CPUs' time, that watching may take from the watched */
	const volatile sig_atomic_t *stop; /* NULL allowed */
	struct stage_record record;	   /* filled by stage_degrade() and the funnel */
	char reason[256];
	const char *fix;
};

/* Says that something is missing from what the stage saw; the first reason stays. */
void stage_degrade(struct stage_context *context, const char *fix, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A stage's work. 0; -EINTR when it was stopped (what it has is in the evidence); else it could not
 * run at all and `err` says why. */
typedef int stage_collect_fn(struct stage_context *context, struct err *err);

/* vmstat: is the wall CPU, disk, memory, network or the hypervisor? Two snapshots of the counters
 * and ten glances at the run queue in between. */
stage_collect_fn stage_vmstat_collect;

/* perf: what are the CPUs doing? A timer samples the stacks of all CPUs; functions and their
 * classes. */
stage_collect_fn stage_perf_collect;

/* sched: who waits for a CPU, who runs instead, who wakes whom? The scheduler's tracepoints,
 * streamed from the rings. */
stage_collect_fn stage_sched_collect;

/* The same from a perf.data file of `perf sched record`; host metrics come from its header.
 * -EBADMSG or what open said. */
int stage_sched_from_file(const char *path, struct evidence *evidence, struct err *err);

/* perf from a perf.data file of `perf record -a -g`; sets the record of that stage alone.
 * Functions of files and of a kernel that are not the recorded ones (by build id, inode and
 * start) stay without names. -ENODATA: no samples of CPUs in it; -EBADMSG, or what open said. */
int stage_perf_from_file(const char *path, const struct ruleset *rules, struct evidence *evidence,
			 struct err *err);

/* Both of these, as far as the file has them, and the records of all stages. */
int stage_from_perf_data(const char *path, const struct ruleset *rules, struct evidence *evidence,
			 struct err *err);

/* locate: which lock, which wake source, which code path? Waits of the suspects, with the stacks of
 * both ends. Suspects are the subjects of the findings so far, then the heaviest groups. */
stage_collect_fn stage_locate_collect;

/* top: who makes the load? Two passes over all threads, then the costlier facts of the
 * candidates. */
stage_collect_fn stage_top_collect;

#endif
