/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All counters of the host at one moment, parsed. What a file did not give has length 0 or its `has_` false.
 */
#ifndef TRIAGE_STAGE_SNAPSHOT_H
#define TRIAGE_STAGE_SNAPSHOT_H

#include "source/proc_counters.h"
#include "source/proc_devices.h"
#include "source/proc_irq.h"
#include "source/proc_stat.h"
#include "source/procroot.h"

enum counter_list {
	LIST_MEMINFO,
	LIST_VMSTAT,
	LIST_SNMP,
	LIST_NETSTAT,
	LIST_PSI_CPU,
	LIST_PSI_MEMORY,
	LIST_PSI_IO,
	LIST_PSI_IRQ,
	LIST_TOTAL,
};

struct snapshot {
	uint64_t when_ns;
	bool has_stat, has_loadavg, has_thermal;
	struct proc_stat stat;
	struct proc_loadavg loadavg;
	struct counters lists[LIST_TOTAL];
	struct irq_table softirqs, interrupts;
	struct softnet softnet;
	struct net_devices nics;
	struct disks disks;
	uint64_t thermal_events; /* since boot, all CPUs */
};

/* Reads and parses everything at the root's current moment. A file that is missing or malformed
 * leaves its part empty; -ENOMEM only. snapshot_free() also on failure. */
int snapshot_take(struct procroot *root, struct snapshot *ret);
void snapshot_free(struct snapshot *snapshot);

/* Two snapshots, and what is computed between them. `after` may equal `before` when there was only
 * one moment: rates are then unknown. */
struct interval {
	const struct snapshot *before, *after;
	uint64_t elapsed_ns; /* 0: one moment only */
};

/* Each puts its share of the vmstat evidence in; 0 or -ENOMEM. */
struct evidence;
int vmstat_put_cpu(const struct interval *interval, struct evidence *evidence);
int vmstat_put_counters(const struct interval *interval, struct evidence *evidence);
int vmstat_put_interrupts(const struct interval *interval, struct evidence *evidence);
int vmstat_put_devices(const struct interval *interval, struct evidence *evidence);

/* What the machine is: names, CPUs, quota, clock source; at the current moment. 0 or -ENOMEM. */
int host_put(struct procroot *root, const struct snapshot *snapshot, struct evidence *evidence);

#endif
