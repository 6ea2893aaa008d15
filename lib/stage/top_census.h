/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parts of the top stage: passes over all threads, the costlier facts of a few, the quotas of cgroups.
 */
#ifndef TRIAGE_STAGE_TOP_CENSUS_H
#define TRIAGE_STAGE_TOP_CENSUS_H

#include "model/thread.h"
#include "source/cgroup.h"
#include "source/proc_stat.h"
#include "stage/stage.h"

/* ---- a pass ------------------------------------------------------------------------------------ */

#define TOP_THREADS_MAX 100000 /* samples of one pass; the rest is said in a caveat */
#define TOP_POOL_LARGE 512     /* threads of a process that the second pass may judge by a sample */
#define TOP_RECORD_MAX \
	2000 /* with more threads than that their raw text is not kept for the bundle */

/* The threads of one process in `census.tids`, its leader left out. */
struct listed_process {
	pid_t pid;
	size_t first, count;
	/* of a large pool: what all its threads used together; 0 of smaller ones */
	uint64_t ticks, minor_faults;
};

VEC_DECLARE(listed_processes, struct listed_process);
VEC_DECLARE(tid_list, pid_t);

struct census {
	struct thread_pass threads;
	struct listed_processes processes; /* those with several threads, ascending by PID */
	struct tid_list tids;
	struct proc_stat host;
	bool has_host;
	bool truncated;
};

/* All threads but those of `own_pid`, and the host's counters, at the current moment. Threads that
 * vanish are skipped; those that did not run since the `earlier` pass (NULL: none) are taken from
 * it. 0, -ENOMEM, or why /proc can't be walked. */
int census_take(struct procroot *root, pid_t own_pid, const struct census *earlier,
		struct census *ret);
void census_free(struct census *census);

/* One file of one thread ("status", "wchan"), for the few that are worth it. As procroot_read(). */
int top_read_task(struct procroot *root, const struct thread_sample *thread, const char *name,
		  struct str *ret);

/* ---- cgroups with a CPU quota ------------------------------------------------------------------ */

struct quota_sample {
	char *group;
	struct cgroup_cpu cpu;
};

VEC_DECLARE(quota_samples, struct quota_sample);

struct quotas {
	bool known; /* the cpu hierarchy was found */
	struct cgroup_mount mount;
	struct quota_samples samples;
};

int quotas_take(struct procroot *root, struct quotas *ret);
void quotas_free(struct quotas *quotas);

/* Periods in which a group or an ancestor of it hit its quota, in per cent; 0 when none has one. */
double quotas_throttled_pct(const struct quotas *before, const struct quotas *after,
			    const char *group);

/* The smallest quota of the group and its ancestors in CPUs; NAN: none. */
double quotas_limit(const struct quotas *quotas, const char *group);

/* ---- candidates -------------------------------------------------------------------------------- */

/* What is known about a group beyond its threads' counters. NAN, 0 and "" : not known. */
struct group_facts {
	double voluntary_per_s, involuntary_per_s;
	double mutex_waiters; /* most that wait for one mutex, at both looks */
	int affinity_cpus;
	bool has_cgroup;
	char cgroup[512];
};

struct candidate {
	const struct thread_change *change;
	uint64_t voluntary, involuntary;
	bool read;
};

VEC_DECLARE(candidates, struct candidate);

struct group_candidates {
	const struct thread_group *group;
	struct candidates threads;
	uint64_t read_ns;
	struct group_facts facts;
};

VEC_DECLARE(candidate_groups, struct group_candidates);

/* CLOCK_MONOTONIC, or the recording's. */
uint64_t top_moment_ns(struct procroot *root);

/* Chooses the groups and threads that are worth the costlier files, and reads them once. */
int candidates_read(struct procroot *root, const struct thread_changes *changes,
		    const struct thread_groups *groups, const struct quotas *quotas,
		    double elapsed_s, struct candidate_groups *ret);

/* Reads them again at a later moment: rates become known. */
void candidates_read_again(struct procroot *root, struct candidate_groups *candidates);
void candidates_free(struct candidate_groups *candidates);

const struct group_facts *candidates_facts(const struct candidate_groups *candidates,
					   const struct thread_group *group);

/* ---- memory limits of the candidates' cgroups ---------------------------------------------------- */

struct memory_sample {
	char *group;
	const char *program; /* the candidate that led to it; borrowed from its group */
	struct cgroup_memory first, second;
};

VEC_DECLARE(memory_samples, struct memory_sample);

struct memory_limits {
	bool known; /* the memory hierarchy was found, or there is none */
	struct cgroup_mount mount;
	uint64_t read_ns;
	double elapsed_s; /* between the two readings */
	struct memory_samples samples;
};

/* The limits of the candidates' groups and of those above, as far as there are any; then once more. -ENOMEM. */
int memory_limits_read(struct procroot *root, const struct candidate_groups *candidates,
		       uint64_t now_ns, struct memory_limits *ret);
void memory_limits_read_again(struct procroot *root, uint64_t now_ns, struct memory_limits *limits);
void memory_limits_free(struct memory_limits *limits);

/* ---- evidence ---------------------------------------------------------------------------------- */

/* Everything between the first and the last pass. */
struct top_interval {
	const struct census *before, *after;
	const struct thread_changes *changes;
	const struct thread_groups *groups;
	struct thread_totals totals;
	const struct quotas *quotas_before, *quotas_after;
	const struct candidate_groups *candidates;
	double elapsed_s;
	double cpus;	   /* online */
	double busy_cpu_s; /* CPU time that the host spent busy; NAN: not known */
};

int top_put_groups(const struct top_interval *interval, struct evidence *evidence);
int top_put_parents(const struct top_interval *interval, struct evidence *evidence);
int top_put_cgroups(const struct top_interval *interval, struct evidence *evidence);

int top_put_memory(const struct memory_limits *limits, struct evidence *evidence);

/* Reads wchan and kernel stacks of the threads in state D and groups them. */
int top_put_dstate(struct procroot *root, const struct top_interval *interval,
		   struct evidence *evidence);

#endif
