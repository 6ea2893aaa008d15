/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of chrome_trace.h share: the state of threads and CPUs (chrome_trace.c, chrome_trace_tracks.c) and the
 * writing of events (chrome_trace_write.c).
 */
#ifndef TRIAGE_REPORT_CHROME_TRACE_INTERNAL_H
#define TRIAGE_REPORT_CHROME_TRACE_INTERNAL_H

#include "base/str.h"
#include "report/chrome_trace.h"

enum track_state {
	TRACK_UNKNOWN,
	TRACK_RUNNING,
	TRACK_WAITING, /* for a CPU */
	TRACK_SLEEPING,
};

/* Where an arrow begins. */
struct track_waker {
	bool known;	/* there is a slice that it can begin in */
	pid_t pid, tid; /* the track */
	uint64_t time_ns;
	enum sched_context context;
	uint32_t cpu;
	pid_t waker_tid;
	char comm[SCHED_COMM_LEN];
};

struct track_thread {
	pid_t tid;	 /* 0: free */
	pid_t pid;	 /* 0: not known */
	pid_t track_pid; /* that its slices are written under; 0: none was yet */
	char comm[SCHED_COMM_LEN];
	enum track_state state;
	uint64_t since_ns;
	uint32_t cpu; /* while it runs */
	char sleeps;  /* state letter while it sleeps */
	bool woken;   /* it waits, or runs, since `waker` woke it */
	bool process_named;
	struct track_waker waker;
};

struct track_cpu {
	bool seen;
	bool known;	  /* who runs */
	pid_t runner;	  /* 0: idle */
	uint64_t last_ns; /* its latest event */
};

struct chrome_trace {
	struct chrome_trace_options options;
	struct chrome_trace_counts counts;
	struct str out;
	int error;
	bool started, marked;
	uint64_t start_ns, now_ns;

	struct track_thread *threads; /* open addressing by tid */
	size_t threads_cap, threads_len;
	struct track_cpu *cpus;
	uint32_t cpus_end; /* all seen are below */

	uint32_t running, waiting; /* threads, now */
	uint32_t told_running, told_waiting;
	uint64_t told_ns;
};

/* ---- chrome_trace_tracks.c ---- */

/* NULL, and counted as left out or failed, when there is no room. Pointers live until the next call. */
struct track_thread *track_thread_get(struct chrome_trace *trace, pid_t tid);
struct track_thread *track_thread_find(const struct chrome_trace *trace, pid_t tid);
struct track_cpu *track_cpu_get(struct chrome_trace *trace, uint32_t cpu);

/* ---- chrome_trace_write.c ---- */

void trace_write_begin(struct chrome_trace *trace);
/* A thread's time on its CPU, on both tracks, and the arrow that leads to it. `then`: how it ended. */
void trace_write_run(struct chrome_trace *trace, struct track_thread *thread, uint64_t until_ns,
		     const char *then);
void trace_write_wait(struct chrome_trace *trace, struct track_thread *thread, uint64_t until_ns);
void trace_write_sleep(struct chrome_trace *trace, struct track_thread *thread, uint64_t until_ns);
void trace_write_loss(struct chrome_trace *trace, uint32_t cpu, uint64_t records);
void trace_write_pause(struct chrome_trace *trace);
void trace_write_counter(struct chrome_trace *trace);
void trace_write_mark(struct chrome_trace *trace, const char *name, uint64_t from_ns,
		      uint64_t until_ns);
void trace_write_names(struct chrome_trace *trace);
void trace_write_end(struct chrome_trace *trace);
/* Hands the text over when there is enough of it, or `all` of it. */
void trace_flush(struct chrome_trace *trace, bool all);

#endif
