/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who waits for a CPU, who runs instead, who wakes whom: one streaming pass over scheduler events in time order
 * (struct sched_event, from rings or from a file). All times are ns of the events' clock; all durations are ns.
 *
 *   model = sched_model_new(&options);
 *   sched_model_name(model, tid, pid, comm, kernel);   for every thread that is known before the window
 *   sched_model_event(model, &event);		       for every event
 *   sched_model_end(model, end_ns);		       then the results below are valid, until sched_model_free()
 *
 * Memory depends on CPUs, threads and groups, not on the number of events: about 0.5 KiB per thread; 10 KiB and a row
 * of the blame matrix (8 bytes per possible group) per group. After a thread's first events nothing is allocated for
 * it. The model owns everything it returns.
 *
 * RULES OF COUNTING
 *
 * Run: from the switch that names a thread as next to the switch that names it as prev. Who ran on a CPU when the
 * window (or knowledge after a loss) began is told by the CPU's first switch (its prev) or wakeup (its waker); its run
 * counts from there, and the thread is `partial`. A CPU that tells nothing is `unknown_ns` altogether.
 *
 * Wait (scheduling delay): from the moment a thread is ready to the moment it runs.
 * - Asleep: from the first wakeup after it left the CPU. Later wakeups while it waits are `repeats`; for a wait that
 *   began with a wakeup they mean that a switch may be missing, and a maximum of that kind is suspect.
 * - Ready when it left the CPU (preempted, or sched_yield): from that moment.
 * - A wakeup that arrives while the thread still runs begins no wait (`woken_running`): mostly it changed nothing. If
 *   the thread goes to sleep and runs again without another wakeup, that one was it (sched_waking comes before the
 *   switch when waker and wakee race): when it became ready is not known, the wait is not counted (`raced_wakeups`).
 * - First seen as next: it was waiting or asleep, nobody knows since when: not counted (`unknown_starts`).
 * - Still waiting at the end, or when watching pauses: an open wait, counted on its own, and its maximum is told: a thread that starves must not
 *   vanish.
 * - The end was not seen (loss, contradiction): a cut wait. What is certain of it counts as cut_wait_ns, and it is
 *   neither a delay nor in a histogram nor a maximum.
 *
 * Blame: while a thread waits for CPU c, whoever runs on c is charged the time; an idle c is the actor IDLE (wakeup
 * latency, or work that should have been elsewhere), a c that is not known to run anything is UNKNOWN. A waiter waits
 * for the CPU that its wakeup chose (else where it last ran; else where the event fired), for the CPU it left when it
 * was preempted, and then for the CPU that a migrate event moves it to. If it runs elsewhere without a migrate event,
 * the charge stays. Exactly, in ns, for every group g:
 *
 *   sum over all runners of blame[runner][g] == waits.sum_ns + open_wait_ns + cut_wait_ns of g
 *
 * and for every CPU: busy_ns + idle_ns + unknown_ns == watched_ns, the window without its pauses.
 *
 * Pauses (SCHED_PAUSED): until the next event nobody watches. The look that ends is accounted like a window that ends,
 * the next begins like a window that begins: with nothing known but names. Rates and means are of the time watched.
 *
 * Groups: (program, thread) like those of model/thread.h, by thread_stem(). The program is the comm of the process's
 * leader where the process is known, else of the parent's (until the thread changes its name), else the thread's own.
 * A thread joins a group at its first event; a rename (its own, or its leader's, which is noticed when the thread next
 * runs) counts from then on, a wait that is under way stays where it began. Group 0 is "(other)": threads beyond
 * threads_max, whose waits are not followed, and those of groups beyond groups_max. The idle threads (tid 0) are in no
 * group.
 *
 * Losses (SCHED_LOST): from the CPU's last switch on nothing is known about it: its runner's time is unknown_ns, waits
 * for it are cut. A maximum that overlaps a loss of any CPU is suspect (its end may have been lost), also when the loss
 * was told only later.
 *
 * Gaps (no loss told, but a switch's prev or a wakeup's waker is not who ran): a switch is missing. Some hosts do that
 * all the time: seen on a 6.18 virtual machine, where neither perf nor ftrace ever shows switches away from a few threads
 * (one CPU's idle thread among them); perf sched calls it "context switch bugs". The time since the CPU's last switch is
 * unknown_ns, the wait of the thread that was found running is cut, others go on waiting, and a maximum with a gap of
 * its CPU in it is suspect.
 *
 * DIFFERENCES FROM `perf sched latency -p` (tools/perf/builtin-sched.c of Linux 6.1)
 *
 * - Its "Switches" are delays counted, not switches: the sum of `count` over the kinds of `waits`, plus one delay of
 *   0 ns when a thread's very first event is a switch to it (here an unknown start).
 * - Its run time is the sum of sched_stat_runtime (here stat_runtime_ns), which the kernel counts by its own clock,
 *   without what ran before the first event and without stolen time; run_ns is time between switches.
 * - It reads sched_wakeup and sched_wakeup_new; 6.1 records sched_waking but does not read it, so that on its own
 *   recordings waits of the kind WOKEN are missing from its table altogether (`perf sched timehist` has them).
 * - It looks for the letter R by the index prev_state: 0 (yielded) is R; preempted is 256 and reads past the table.
 *   Waits of the kind PREEMPTED are therefore not in it, unless a wakeup comes meanwhile: then from that wakeup.
 * - A wait that a loss or a gap cuts is counted by it to whenever the thread is next seen to run.
 * - It sums by thread id; so do threads here, a reused id continues its numbers.
 */
#ifndef TRIAGE_MODEL_SCHED_H
#define TRIAGE_MODEL_SCHED_H

#include "base/sched_event.h"
#include "model/thread.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sched_model;

/* Zero means the default. */
struct sched_model_options {
	uint32_t cpus_max;    /* events of this CPU and above are malformed; 4096 */
	uint32_t threads_max; /* 65536, at least 16 */
	uint32_t groups_max;  /* 1024, at least 2 */
	uint32_t edges_max;   /* 4096 */
	uint64_t start_ns;    /* when the window begins; 0: with the first event */
	bool no_wakeups;      /* the source has none: running without one is no contradiction */
};

/* NULL: no memory. */
struct sched_model *sched_model_new(const struct sched_model_options *options);
void sched_model_free(struct sched_model *model);
void sched_model_freep(struct sched_model **model);

/* A thread that exists before the window. `pid` 0: not known. `comm` may hold anything; 15 bytes of it count. -ENOMEM.
 * May be called during the window as well. */
int sched_model_name(struct sched_model *model, pid_t tid, pid_t pid, const char *comm,
		     bool kernel);

/* Time that runs backwards is taken as the latest time seen. 0 or -ENOMEM, then the results are incomplete. */
int sched_model_event(struct sched_model *model, const struct sched_event *event);

/* Ends the window (at the latest event when `end_ns` is before it) and makes the results. Once. -ENOMEM. */
int sched_model_end(struct sched_model *model, uint64_t end_ns);

/* Who runs or wakes: the index of a group, or one of these. */
#define SCHED_ACTOR_IDLE UINT32_MAX
#define SCHED_ACTOR_UNKNOWN (UINT32_MAX - 1)
#define SCHED_ACTOR_SOFTIRQ (UINT32_MAX - 2) /* wakers only */
#define SCHED_ACTOR_HARDIRQ (UINT32_MAX - 3) /* wakers only */
#define SCHED_GROUP_OTHER 0

enum sched_wait_kind {
	SCHED_WAIT_WOKEN,
	SCHED_WAIT_NEW,	      /* the first wakeup of a new thread */
	SCHED_WAIT_YIELDED,   /* left the CPU in state R, not told to be preempted */
	SCHED_WAIT_PREEMPTED, /* R+ */
	SCHED_WAIT_KINDS,
};

/* Why a maximum may be false; bits. */
enum sched_suspect {
	SCHED_SUSPECT_LOSS = 1,	  /* records were lost during the wait */
	SCHED_SUSPECT_REPEAT = 2, /* woken again while it waited */
	SCHED_SUSPECT_CLOCK = 4,  /* time went backwards during the wait */
	SCHED_SUSPECT_GAP = 8,	  /* a switch was missing on its CPU during the wait */
};

/* Waits that ended by running. */
struct sched_delays {
	uint64_t count, sum_ns;
	uint64_t max_ns, max_from_ns; /* the longest, the first of equals, and when it began */
	uint32_t max_cpu;	      /* that it then ran on */
	pid_t max_tid;
	uint32_t max_suspect; /* enum sched_suspect */
};

/* What threads and groups have in common. */
struct sched_work {
	uint64_t switches;			/* to it */
	uint64_t voluntary, yielded, preempted; /* away from it; as in enum sched_wait_kind */
	uint64_t run_ns;
	uint64_t sleep_ns;	     /* off the CPU and not ready, until the wakeup */
	uint64_t uninterruptible_ns; /* of sleep_ns, in state D */
	uint64_t wakeups;	     /* received, all of them */
	uint64_t repeats;	     /* of them: it was waiting already */
	uint64_t woken_running;	     /* of them: it was running */
	uint64_t migrations;	     /* ran on another CPU than before */
	uint64_t unknown_starts;     /* ran, and since when it was ready is not known */
	uint64_t cut_waits, cut_wait_ns;
};

struct sched_thread {
	pid_t tid;
	pid_t pid; /* 0: not known */
	char comm[SCHED_COMM_LEN];
	bool kernel;
	bool partial;	/* ran when the window, or knowledge, began */
	uint32_t group; /* the latest */
	struct sched_work work;
	uint64_t stat_runtime_ns; /* sum of sched_stat_runtime */
	struct sched_delays waits[SCHED_WAIT_KINDS];
	uint64_t open_wait_ns; /* 0: it did not wait when a look ended */
};

struct sched_group {
	uint32_t id;
	char program[THREAD_NAME_MAX], thread[THREAD_NAME_MAX];
	bool kernel;
	uint64_t threads; /* that were ever in it */
	struct sched_work work;
	uint64_t wakeups_given;
	struct sched_delays waits;			 /* of all kinds */
	struct sched_delays waits_of[SCHED_WAIT_KINDS];	 /* the same by kind */
	uint64_t wait_p50_ns, wait_p99_ns, slice_p50_ns; /* a slice: from switch to switch */
	uint64_t open_waits, open_wait_ns, open_wait_max_ns, open_wait_max_until_ns;
	pid_t open_wait_max_tid;
	double runnable_avg;   /* threads running or waiting: (run + all waiting) / window */
	uint32_t runnable_max; /* at one moment; those not known at the beginning are missing */
};

struct sched_cpu {
	uint32_t cpu;
	uint64_t switches, busy_ns, idle_ns, unknown_ns;
	uint64_t wait_ns; /* time of all that waited for it */
	double queue_avg; /* waiting for it, without its runner */
	uint32_t queue_max;
	/* It was idle while another CPU that was busy had a waiter. */
	uint64_t idle_while_others_queue_ns;
	uint64_t losses, missing_switches;
};

struct sched_totals {
	uint64_t start_ns, end_ns;
	uint64_t watched_ns, pauses;
	uint64_t events, switches, wakeups, forks, exits, migrate_events;
	uint64_t wakeups_softirq, wakeups_hardirq;
	uint64_t threads, groups; /* known at the end */
	uint64_t threads_retired; /* dead ones, given up to stay below threads_max */
	struct sched_work work;	  /* sums over all groups */
	struct sched_delays waits;
	uint64_t open_waits, open_wait_ns;
	/* sanity */
	uint64_t losses, lost_records; /* records: those that were told */
	uint64_t runs_without_wakeup;  /* asleep, then running, nothing lost since */
	uint64_t raced_wakeups;
	uint64_t wrong_prev;  /* switched away from another thread than ran: a switch is missing */
	uint64_t wrong_waker; /* woken by another thread than ran on that CPU: likewise */
	uint64_t ran_on_two_cpus;  /* ran while it ran elsewhere: CPUs' clocks differ */
	uint64_t backwards;	   /* events before their predecessor, or before the window */
	uint64_t malformed;	   /* impossible CPU or thread */
	uint64_t over_threads_max; /* look-ups of threads that found no room */
	uint64_t over_groups_max;  /* threads that found no room for their group */
	uint64_t over_edges_max;   /* wakeups whose edge found no room */
};

struct sched_edge {
	uint32_t waker; /* actor: group, IDLE, UNKNOWN, SOFTIRQ, HARDIRQ */
	uint32_t wakee; /* group */
	uint64_t count;
	double share; /* of the wakee's wakeups, 0..1 */
};

/* Groups that wake each other. Both counts similar and both shares large: ping-pong. a == b: its threads do that among
 * themselves. a <= b. */
struct sched_pair {
	uint32_t a, b;
	uint64_t a_to_b, b_to_a;
	double share_of_b, share_of_a; /* a_to_b of b's wakeups; b_to_a of a's */
};

struct sched_blame {
	uint32_t runner; /* actor: group, IDLE, UNKNOWN */
	uint32_t waiter; /* group */
	uint64_t ns;
};

struct sched_loss {
	uint32_t cpu;
	uint64_t from_ns, to_ns; /* last event of the CPU before it; when it was noticed */
	uint64_t records;	 /* 0: not told */
};

#define SCHED_EXCERPT_LINES 24

struct sched_excerpt_line {
	uint64_t time_ns;
	uint32_t cpu;
	enum sched_event_type type; /* SWITCH, WAKEUP, WAKEUP_NEW, MIGRATE, LOST */
	enum sched_context context;
	pid_t tid, other_tid; /* as in struct sched_event; a wakeup's other is its waker */
	int32_t target_cpu;
	char state;
	bool runnable, preempted;
	char comm[SCHED_COMM_LEN], other_comm[SCHED_COMM_LEN]; /* when the excerpt was made */
};

/* The longest wait and what happened meanwhile on the CPUs it waited for and ran on. */
struct sched_worst {
	bool found;
	pid_t tid, pid;
	char comm[SCHED_COMM_LEN];
	uint32_t group;
	uint32_t cpu; /* that it ran on; open: waits for */
	enum sched_wait_kind kind;
	uint64_t from_ns, until_ns;
	uint32_t suspect; /* enum sched_suspect */
	pid_t waker_tid;  /* of a wait that began with a wakeup, else 0 */
	char waker_comm[SCHED_COMM_LEN];
	enum sched_context waker_context;
	size_t lines, skipped; /* lines are the first and the last of lines + skipped */
	bool truncated;	       /* the beginning was too many events ago */
	struct sched_excerpt_line line[SCHED_EXCERPT_LINES];
};

enum sched_worst_kind {
	SCHED_WORST_TRUSTED, /* nothing speaks against it */
	SCHED_WORST_SUSPECT,
	SCHED_WORST_OPEN, /* still waiting when a look ended */
	SCHED_WORST_KINDS,
};

enum sched_order {
	SCHED_BY_WAIT, /* completed and open */
	SCHED_BY_RUN,
	SCHED_BY_MAX_WAIT,
	SCHED_BY_SWITCHES,
};

/* Results, after sched_model_end(). Arrays are in the order told, ties by name, so that equal input gives equal output. */

const struct sched_totals *sched_model_totals(const struct sched_model *model);

/* NULL: no such group. Ids are 0 .. totals.groups - 1; 0 is "(other)", mostly empty. */
const struct sched_group *sched_model_group(const struct sched_model *model, uint32_t id);

/* Fills `ids` with the groups that had any event, the first `cap` of them; returns how many were filled (none without memory).
 */
size_t sched_model_rank(const struct sched_model *model, enum sched_order order, uint32_t *ids,
			size_t cap);

/* By tid; without the idle threads, those beyond threads_max and those retired. */
const struct sched_thread *const *sched_model_threads(const struct sched_model *model,
						      size_t *ret_count);

/* All kinds of a thread's waits together. */
struct sched_delays sched_delays_all(const struct sched_delays waits[SCHED_WAIT_KINDS]);

/* CPUs that had an event or were chosen by one, ascending. A CPU that slept all the time is not among them. */
const struct sched_cpu *sched_model_cpus(const struct sched_model *model, size_t *ret_count);

/* Most first. */
const struct sched_edge *sched_model_edges(const struct sched_model *model, size_t *ret_count);
const struct sched_pair *sched_model_pairs(const struct sched_model *model, size_t *ret_count);
const struct sched_blame *sched_model_blame(const struct sched_model *model, size_t *ret_count);

/* The first 64 in time; later ones are counted and widen the last. */
const struct sched_loss *sched_model_losses(const struct sched_model *model, size_t *ret_count);

/* While events come in: the longest wait that has ended so far, in ns; the suspect one when there is no other. */
uint64_t sched_model_longest_wait_ns(const struct sched_model *model);

/* `found` is false when there was none of that kind. */
const struct sched_worst *sched_model_worst(const struct sched_model *model,
					    enum sched_worst_kind kind);

#endif
