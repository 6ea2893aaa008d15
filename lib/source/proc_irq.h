/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Counters by line and CPU: /proc/interrupts and /proc/softirqs (fs/proc/interrupts.c,
 * fs/proc/softirqs.c), and the per-CPU packet backlog /proc/net/softnet_stat
 * (net/core/net-procfs.c).
 *
 *             CPU0       CPU1
 *   41:       1330          0 PCI-MSIX-0000:00:04.0   1-edge      virtio3-rx
 *   LOC:     10562       8969   Local timer interrupts
 *   NET_RX:    245        292
 *
 * softnet_stat is hexadecimal, one line per CPU: processed dropped time_squeeze 0 0 0 0 0 0
 * received_rps flow_limit backlog_len cpu ... ; the CPU number is the 13th column since 5.10,
 * before that lines are in order of online CPUs.
 */
#ifndef TRIAGE_SOURCE_PROC_IRQ_H
#define TRIAGE_SOURCE_PROC_IRQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct irq_line {
	char name[24];	  /* "41", "LOC", "NET_RX" */
	char device[64];  /* "virtio3-rx", "Local timer interrupts", ""; raw, not yet printable */
	uint64_t *counts; /* one per column of the table */
};

struct irq_table {
	int *cpus; /* CPU number of each column */
	size_t columns;
	struct irq_line *lines;
	size_t len;
	uint64_t *storage;
};

/* Lines with fewer numbers than columns (ERR, MIS) get 0 for the rest. -EBADMSG without a CPU
 * header, -E2BIG for a table far larger than its text can fill. */
int irq_table_parse(const char *text, size_t len, struct irq_table *ret);
void irq_table_free(struct irq_table *table);

/* The line of that name, NULL when there is none. */
const struct irq_line *irq_table_find(const struct irq_table *table, const char *name);

/* One line's count on one CPU; false when the table has no such line or CPU. */
bool irq_table_get(const struct irq_table *table, const char *name, int cpu, uint64_t *ret_count);

struct softnet_cpu {
	int cpu;
	uint64_t processed;
	uint64_t dropped;
	uint64_t squeezed;
};

struct softnet {
	struct softnet_cpu *data;
	size_t len;
	size_t cap;
};

int softnet_parse(const char *text, size_t len, struct softnet *ret);
void softnet_free(struct softnet *softnet);

#endif
