/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * /proc/stat, /proc/loadavg, /proc/uptime: CPU time by kind, switches, forks, load. Kernel:
 * fs/proc/stat.c, fs/proc/loadavg.c, fs/proc/uptime.c.
 *
 *   cpu0 335 0 578 7357 8 0 3 336 0 0    user nice system idle iowait irq softirq steal guest
 *                                        guest_nice
 *   ctxt 165188
 *   processes 2388
 *   procs_running 1
 *   0.06 0.04 0.05 1/170 4087             loadavg: running/total threads, last PID
 */
#ifndef TRIAGE_SOURCE_PROC_STAT_H
#define TRIAGE_SOURCE_PROC_STAT_H

#include "base/vec.h"

#include <stdbool.h>
#include <stdint.h>

#define PROC_CPU_TIMES 10

/* Ticks of USER_HZ (100 per second) in the order of the file; kinds that an old kernel lacks are
 * 0. */
struct proc_cpu_times {
	int cpu; /* -1: the sum line */
	uint64_t ticks[PROC_CPU_TIMES];
};

VEC_DECLARE(proc_cpus, struct proc_cpu_times);

struct proc_stat {
	struct proc_cpu_times total;
	struct proc_cpus cpus; /* online ones, ascending */
	uint64_t interrupts;
	uint64_t switches;
	uint64_t forks;
	uint64_t running; /* procs_running */
	uint64_t blocked; /* procs_blocked */
};

/* -EBADMSG when there is no `cpu` line. Unknown lines are skipped. proc_stat_free() afterwards. */
int proc_stat_parse(const char *text, size_t len, struct proc_stat *ret);
void proc_stat_free(struct proc_stat *stat);

struct proc_loadavg {
	double load1, load5, load15;
	uint64_t running;
	uint64_t threads;
};

int proc_loadavg_parse(const char *text, size_t len, struct proc_loadavg *ret);

int proc_uptime_parse(const char *text, size_t len, double *ret_uptime_s);

#endif
