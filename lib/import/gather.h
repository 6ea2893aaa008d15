/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kinds of text hand over, before import_end() makes evidence of it: the same fact may be
 * told by several tools and several times, and one of them is chosen, not all mixed.
 *
 * Shares and rates that a text does not tell are NAN.
 */
#ifndef TRIAGE_IMPORT_GATHER_H
#define TRIAGE_IMPORT_GATHER_H

#include "base/vec.h"
#include "import/kind.h"
#include "import/words.h"

#include <math.h>
#include <stdint.h>
#include <sys/types.h>

/* ---- numbers of the host ----------------------------------------------------------------------- */

/* Who tells a number, from the least to the most trusted. */
enum teller {
	TOLD_BY_NOBODY,
	TOLD_SINCE_BOOT, /* an average that the disease hardly shows in */
	TOLD_BY_IOSTAT,
	TOLD_BY_FIRST_FRAME, /* of top: a very short interval, or since boot */
	TOLD_BY_VMSTAT,
	TOLD_BY_TOP,
	TOLD_BY_SAR,
	TOLD_BY_MPSTAT,
	TOLD_BY_PROC,
	TELLERS,
};

struct told {
	double value;
	enum teller by;
};

/* Of two tellers the more trusted one; of equals the later one. NAN tells nothing. */
void told_set(struct told *told, enum teller by, double value);
double told_value(const struct told *told);

/* Everything that is one number. */
enum host_number {
	HOST_R,
	HOST_R_MAX,
	HOST_B,
	HOST_SWITCHES,
	HOST_INTERRUPTS,
	HOST_FORKS,
	HOST_SWAP_IN, /* pages */
	HOST_SWAP_OUT,
	HOST_LOAD1,
	HOST_LOAD5,
	HOST_LOAD15,
	HOST_TASKS,
	HOST_PROCESSES,
	HOST_ZOMBIES,
	HOST_MEMORY, /* bytes */
	HOST_MEMORY_AVAILABLE,
	HOST_SWAP,
	HOST_SWAP_FREE,
	HOST_NUMBERS,
};

/* Parts of the CPU time in per cent; `us` without `ni`. */
struct cpu_parts {
	double us, ni, sy, id, wa, hi, si, st, guest;
};

/* A mean over samples. `ni`, `hi`, `si`, `guest` may be unknown. */
struct cpu_mean {
	int cpu; /* -1: all together */
	struct cpu_parts sum;
	unsigned count;
};

VEC_DECLARE(cpu_means, struct cpu_mean);

struct disk_sample {
	char name[32];
	unsigned count; /* reports that the sums below are of */
	double reads, writes, read_bytes, write_bytes, queue, util_pct;
	double wait_ms, read_wait_ms, write_wait_ms; /* of all requests of a second, together */
};

VEC_DECLARE(disk_samples, struct disk_sample);

struct nic_sample {
	char name[32];
	unsigned count, drops_count;
	double rx_packets, tx_packets, rx_bytes, tx_bytes, rx_drops, tx_drops;
};

VEC_DECLARE(nic_samples, struct nic_sample);

/* ---- tasks ------------------------------------------------------------------------------------- */

#define TASK_NAME_MAX 64

struct task {
	long pid, tid; /* 0 unknown; equal for a process */
	char comm[TASK_NAME_MAX];
	char program[TASK_NAME_MAX]; /* "" unknown */
	char wchan[TASK_NAME_MAX];   /* "" unknown */
	char state;		     /* 0 unknown */
	bool cut;		     /* the name ends where the column did */
	bool kernel;
	bool realtime;
	bool total;			/* of a whole process, threads included */
	double count;			/* how many such (uniq -c); 1 */
	double cpu, user, system, wait; /* per cent */
	double voluntary, involuntary;	/* per second */
	int on_cpu;			/* -1 unknown */
};

VEC_DECLARE(tasks, struct task);

enum task_list_kind {
	LIST_TOP,	/* processes */
	LIST_TOP_H,	/* threads */
	LIST_PIDSTAT_U, /* processes' CPU */
	LIST_PIDSTAT_UT,
	LIST_PIDSTAT_W, /* main threads' switches */
	LIST_PIDSTAT_WT,
	LIST_PS,    /* processes */
	LIST_PS_L,  /* threads */
	LIST_NAMED, /* "NAME (791 threads)" */
	LIST_KINDS,
};

/* One look of one tool. */
struct task_list {
	enum task_list_kind kind;
	bool average; /* pidstat's last table */
	bool first;   /* frame of top */
	bool partial; /* cut or filtered: who is not in it is not known to be absent */
	struct tasks tasks;
};

VEC_DECLARE(task_lists, struct task_list);

struct task task_blank(void);

/* A name that comes from a column: cut marks, brackets and paths taken off. */
void task_name(struct task *task, struct span name);

/* True for names that only the kernel gives its threads. */
bool task_name_is_kernel(const char *comm);

/* The name without its index, as threads of a pool are grouped: "worker-12" is "worker",
 * "kworker/u8:2-events_unbound" is "kworker-events_unbound". `own` names a thread of another
 * program: then "worker12" is "worker" too. */
void task_stem(const char *comm, bool own, bool kernel, char stem[TASK_NAME_MAX]);

/* ---- copies of /proc --------------------------------------------------------------------------- */

enum proc_copy_kind {
	COPY_STAT,
	COPY_SOFTIRQS,
	COPY_INTERRUPTS,
	COPY_SOFTNET,
	COPY_NET_DEV,
	COPY_PRESSURE_CPU,
	COPY_PRESSURE_MEMORY,
	COPY_PRESSURE_IO,
	COPY_PRESSURE_IRQ,
	COPY_KINDS,
};

struct proc_copy_row {
	char name[32];
	char device[TASK_NAME_MAX];
	size_t first, count; /* of `values` */
};

struct proc_copy {
	enum proc_copy_kind kind;
	VEC(struct proc_copy_row) rows;
	VEC(double) values;
};

VEC_DECLARE(proc_copies, struct proc_copy);

void proc_copy_free(struct proc_copy *copy);

/* NULL when there is no such row. */
const struct proc_copy_row *proc_copy_find(const struct proc_copy *copy, const char *name);

/* NAN beyond the row's end. */
double proc_copy_value(const struct proc_copy *copy, const struct proc_copy_row *row, size_t index);

/* ---- the import -------------------------------------------------------------------------------- */

enum cpus_teller {
	CPUS_UNKNOWN,
	CPUS_COUNTED, /* lines of single CPUs, of which some may be missing */
	CPUS_BANNER,  /* "(8 CPU)", nproc, lscpu */
	CPUS_BY_USER,
};

struct vmstat_sum {
	unsigned blocks, samples;
	bool repaired; /* a row with a value too few */
};

struct iostat_report {
	struct disk_samples disks;
};

VEC_DECLARE(iostat_reports, struct iostat_report);
VEC_DECLARE(seen_kinds, struct import_seen);

struct import {
	struct import_options options;
	struct evidence *evidence;
	struct seen_kinds seen;
	unsigned stages; /* bits: fed by a text */
	unsigned texts, misses, complaints;
	size_t missed_bytes; /* of lines that were not understood */
	bool ended;

	double cpus;
	enum cpus_teller cpus_by;
	bool cpus_differ;

	struct told host[HOST_NUMBERS];
	struct cpu_means cpu_means[TELLERS];
	struct vmstat_sum vmstat;
	struct iostat_reports iostat_reports;
	struct nic_samples nics;
	unsigned frames; /* of top */
	bool frame_is_threads;
	bool top_header; /* load or CPU shares of the host were in it */
	struct task_lists lists;
	struct proc_copies copies;
	double pressure_avg10[COPY_KINDS][2]; /* some, full */
	bool json_broken; /* a document that never ends was seen: no more are looked for */
	char host_name[64], kernel[64];

	struct perf_text *perf; /* perf_text.h; NULL: no text of perf */
};

void import_tell_cpus_by(struct import *import, enum cpus_teller by, double cpus);

/* A sample of CPU shares; `cpu` -1 for all together. -ENOMEM. */
int import_add_cpu(struct import *import, enum teller by, int cpu, const struct cpu_parts *parts);
void import_drop_cpu(struct import *import, enum teller by);
struct cpu_parts cpu_parts_unknown(void);

int import_add_disk(struct disk_samples *disks, const struct disk_sample *sample);
int import_add_nic(struct nic_samples *nics, const struct nic_sample *sample);

/* A new list; the pointer lives until the next one. NULL when out of memory. */
struct task_list *import_add_list(struct import *import, enum task_list_kind kind);

/* The list to believe: threads before processes, averages before samples, later before earlier.
 * NULL when there is none of these kinds. */
const struct task_list *import_list(const struct import *import, enum task_list_kind kind);

/* The one of the same kind before it; NULL. */
const struct task_list *import_list_before(const struct import *import,
					   const struct task_list *list);

/* Kinds that take nearly anything, asked after those of perf. */
extern const struct text_kind *const loose_text_kinds[];

/* From what was gathered to evidence; -ENOMEM. */
int import_put_host(struct import *import);
int import_put_devices(struct import *import);
int import_put_proc(struct import *import);
int import_put_tasks(struct import *import);

double import_share_pct(double part, double whole);
double import_median(double *values, size_t count); /* sorts; NAN of none */

#endif
