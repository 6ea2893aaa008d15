/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside of the scheduler model (model/sched.h); only sched_*.c include this.
 *
 * Blame is kept per CPU as a queue of entries, one per group that waits there. An entry gathers its waiters' time since
 * the CPU was last settled (`pending_ns`); what ran there has been constant since then, so settling hands all of it to
 * one runner. Starting or ending a wait touches one entry, a switch all entries of its CPU. Time becomes blame only
 * when an event of that CPU says that nothing was missed; a loss drops what is pending.
 */
#ifndef TRIAGE_MODEL_SCHED_INTERNAL_H
#define TRIAGE_MODEL_SCHED_INTERNAL_H

#include "base/vec.h"
#include "model/histogram.h"
#include "model/sched.h"

#include <string.h>

#define CHUNK_TASKS 256
#define RING_EVENTS 256 /* a power of two */
#define LOSSES_MAX 64
#define WORST_CANDIDATES 4
#define KTHREADD_TID 2

enum task_state {
	TASK_UNKNOWN,
	TASK_RUNNING, /* on `cpu` */
	TASK_WAITING, /* in the queue of `wait_cpu` */
	TASK_SLEEPING,
	TASK_DEAD,
};

struct task {
	uint32_t next_free;
	pid_t parent_pid; /* process of the parent, until the thread has its own name or process */
	bool named, has_followers; /* followers: threads that take their program from it */
	bool exiting;
	bool guessed_kernel;
	bool woken_running; /* woken since it began to run */
	bool slice_partial;
	enum task_state state;
	uint32_t generation; /* of the names by which its group was chosen; 0: choose */
	int32_t cpu;	     /* runs on, or ran on last; -1 not known */
	uint64_t run_since_ns, off_since_ns;
	char off_state;

	/* while waiting */
	enum sched_wait_kind wait_kind;
	uint32_t wait_cpu, wait_group, wait_slot, wait_suspect;
	uint64_t wait_from_ns, queued_at_ns;
	pid_t waker_tid;
	enum sched_context waker_context;
	struct task *queue_next, *queue_prev;

	struct sched_thread stats; /* tid 0: free */
};

struct queue_entry {
	uint32_t group, count;
	uint64_t counted_to_ns, pending_ns;
};

struct cpu {
	struct sched_cpu stats;
	bool seen, crowded; /* crowded: busy, and somebody waits */
	uint32_t runner;    /* actor */
	pid_t runner_tid;
	struct task *runner_task; /* NULL: idle or unknown */
	uint64_t settled_ns;	  /* all before is accounted */
	uint64_t last_event_ns, last_gap_ns;
	uint64_t crowd_mark_ns; /* the crowd clock when it was settled */
	uint32_t waiting;
	struct task *waiters;
	VEC(struct queue_entry) queue;
};

struct group {
	struct sched_group stats;
	uint32_t runnable; /* now */
	struct histogram waits, slices;
};

struct task_slot {
	pid_t tid; /* 0: free */
	uint32_t index;
};

struct edge_slot {
	uint32_t waker, wakee;
	uint64_t count; /* 0: free */
};

struct sched_model {
	struct sched_model_options options;
	int error; /* sticky */
	bool started, paused;
	uint64_t resumed_ns; /* since when it is watched, or was told to pause */
	uint64_t now_ns, last_loss_ns, last_backwards_ns;
	struct sched_totals totals;

	/* threads: chunks, so that addresses stay; chunk 0's first is the shared one */
	struct task **chunks;
	uint32_t tasks_len;
	uint32_t free_task; /* by next_free; 0: none */
	uint32_t tasks_dead;
	struct task_slot *slots; /* open addressing by tid */
	uint32_t slots_len, slots_used;
	uint32_t generation;

	struct group **groups;
	uint32_t groups_len;
	uint32_t *group_slots; /* index + 1 */
	uint32_t group_slots_len;
	uint64_t *blame; /* [runner * groups_max + waiter]; behind the groups: idle, unknown */

	struct cpu *cpus;
	uint32_t cpus_end; /* all seen are below */
	/* how long there was a crowded CPU */
	uint32_t crowded_cpus;
	uint64_t crowd_clock_ns, crowd_since_ns, crowd_resumed_ns;

	struct edge_slot *edge_slots;
	uint32_t edge_slots_len, edges_len;

	struct sched_event ring[RING_EVENTS]; /* the last, with the model's time */
	uint64_t ring_len;		      /* ever */
	struct sched_worst worst[SCHED_WORST_KINDS], trusted[WORST_CANDIDATES];
	bool trusted_full; /* then a shorter wait than this is no candidate: */
	uint64_t trusted_floor_ns;
	struct sched_loss losses[LOSSES_MAX];
	size_t losses_len;

	/* results */
	const struct sched_thread **threads;
	size_t threads_len;
	VEC(struct sched_cpu) cpu_results;
	VEC(struct sched_edge) edges;
	VEC(struct sched_pair) pairs;
	VEC(struct sched_blame) blames;
};

/* sched_task.c */
int sched_tasks_init(struct sched_model *model);
void sched_tasks_free(struct sched_model *model);
struct task *sched_task_find(const struct sched_model *model, pid_t tid);
/* The thread, made when it is new; the shared one when there is no room. */
struct task *sched_task_get(struct sched_model *model, pid_t tid);
/* Retires dead threads when new ones would find no room. Invalidates pointers to dead tasks. */
void sched_tasks_make_room(struct sched_model *model);
bool sched_task_is_shared(const struct sched_model *model, const struct task *task);
/* The slot's task, NULL when free; for index 1 .. tasks_len - 1. */
struct task *sched_task_at(const struct sched_model *model, uint32_t index);

/* sched_name.c */
/* `whole_slice`: a running thread had that name since its CPU was settled. */
void sched_task_change_comm(struct sched_model *model, struct task *task, const char *comm,
			    bool whole_slice);

/* Most often the name is as it was, to the last byte. */
static inline void sched_task_set_comm(struct sched_model *model, struct task *task,
				       const char *comm, bool whole_slice)
{
	if (memcmp(task->stats.comm, comm, SCHED_COMM_LEN) != 0)
		sched_task_change_comm(model, task, comm, whole_slice);
}

void sched_task_set_pid(struct sched_model *model, struct task *task, pid_t pid);
/* Chooses the group when names have changed. */
void sched_task_regroup(struct sched_model *model, struct task *task, bool whole_slice);

/* sched_group.c */
int sched_groups_init(struct sched_model *model);
void sched_groups_free(struct sched_model *model);
uint32_t sched_group_get(struct sched_model *model, const char *program, const char *thread,
			 bool kernel);
void sched_group_enter(struct sched_model *model, uint32_t id); /* one more runnable */
void sched_group_leave(struct sched_model *model, uint32_t id);
/* What a runner is blamed for, by waiting group. */
uint64_t *sched_blame_of(const struct sched_model *model, uint32_t runner);

/* sched_cpu.c */
struct cpu *sched_cpu_at(struct sched_model *model, uint32_t index);
/* Accounts everything until now to what runs there. */
void sched_cpu_settle(struct sched_model *model, struct cpu *cpu);
void sched_cpu_run(struct sched_model *model, struct cpu *cpu, pid_t tid, struct task *task,
		   uint32_t actor);
/* To be called whenever its runner or the number of its waiters changed. */
void sched_cpu_recount(struct sched_model *model, struct cpu *cpu);
/* It turns out who has been running since `settled_ns`. */
void sched_cpu_learn(struct sched_model *model, struct cpu *cpu, pid_t tid, struct task *task);
/* The task runs elsewhere: nobody knows what runs here. */
void sched_cpu_disown(struct sched_model *model, struct cpu *cpu);
void sched_cpu_lose(struct sched_model *model, struct cpu *cpu, uint64_t records);
/* What was not watched is not accounted. */
void sched_cpu_resume(struct sched_model *model, struct cpu *cpu);
/* Somebody else runs here than was known (NULL: idle): a switch is missing since `settled_ns`. */
void sched_cpu_gap(struct sched_model *model, struct cpu *cpu, struct task *found);

/* sched_wait.c */
void sched_wait_begin(struct sched_model *model, struct task *task, uint32_t cpu,
		      enum sched_wait_kind kind);
void sched_wait_end(struct sched_model *model, struct task *task, uint32_t cpu);
void sched_wait_move(struct sched_model *model, struct task *task, uint32_t cpu);
void sched_wait_cut(struct sched_model *model, struct task *task); /* its end was missed */
void sched_wait_cut_lost(struct sched_model *model,
			 struct task *task); /* its CPU's events were lost */
/* Nobody watches its end; its CPU is settled. */
void sched_wait_leave_open(struct sched_model *model, struct task *task);

/* sched_edge.c */
int sched_edges_init(struct sched_model *model);
void sched_edges_add(struct sched_model *model, uint32_t waker, uint32_t wakee);
uint64_t sched_edges_get(const struct sched_model *model, uint32_t waker, uint32_t wakee);

/* sched_worst.c */
void sched_ring_add(struct sched_model *model, const struct sched_event *event);
/* The task's wait ends (or is open) now. */
void sched_worst_offer(struct sched_model *model, const struct task *task, uint32_t cpu,
		       uint32_t suspect);
void sched_worst_offer_open(struct sched_model *model, const struct task *task);
/* Losses told after the wait: marks maxima, chooses the longest that is left. */
void sched_worst_judge(struct sched_model *model);

/* sched_pause.c */
/* Accounts everything until now, then nothing is known any more but names. */
void sched_pause(struct sched_model *model);
void sched_resume(struct sched_model *model, uint64_t time_ns);

/* sched_event.c */
void sched_on_switch(struct sched_model *model, const struct sched_event *event, struct cpu *cpu);
void sched_on_wakeup(struct sched_model *model, const struct sched_event *event, struct cpu *cpu);
void sched_on_migrate(struct sched_model *model, const struct sched_event *event);
void sched_on_fork(struct sched_model *model, const struct sched_event *event);
void sched_on_exit(struct sched_model *model, const struct sched_event *event);
void sched_on_name(struct sched_model *model, const struct sched_event *event);

/* sched_result.c */
int sched_results_make(struct sched_model *model);

static inline bool task_runs_on(const struct task *task, const struct cpu *cpu)
{
	return task->state == TASK_RUNNING && task->cpu == (int32_t)cpu->stats.cpu;
}

static inline bool actor_is_group(uint32_t actor)
{
	return actor < SCHED_ACTOR_HARDIRQ;
}

static inline bool actor_is_unknown(uint32_t actor)
{
	return actor == SCHED_ACTOR_UNKNOWN;
}

/* Both sets of counters of a task. */
#define work_add(model, task, field, amount)                                       \
	do {                                                                       \
		uint64_t amount_ = (amount);                                       \
		(task)->stats.work.field += amount_;                               \
		(model)->groups[(task)->stats.group]->stats.work.field += amount_; \
	} while (0)

#endif
