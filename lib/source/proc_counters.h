/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that are lists of named counters, read into one shape:
 *
 *   /proc/meminfo       MemTotal:       24689164 kB       -> MemTotal (bytes)
 *   /proc/vmstat        pgscan_direct 0                   -> pgscan_direct
 *   /proc/net/snmp      Tcp: RtoAlgorithm ... / Tcp: 1 ... -> Tcp.RtoAlgorithm (netstat too)
 *   cpu.stat            nr_throttled 12                   -> nr_throttled
 *   /proc/pressure/cpu  some avg10=0.40 ... total=3644205 -> some.avg10 (hundredths of a per cent),
 *                                                            some.total (us)
 *
 * Kernel: fs/proc/meminfo.c, mm/vmstat.c, net/ipv4/proc.c, kernel/sched/psi.c, kernel/sched/core.c
 * (cpu_cfs_stat_show).
 */
#ifndef TRIAGE_SOURCE_PROC_COUNTERS_H
#define TRIAGE_SOURCE_PROC_COUNTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct counter {
	const char *name; /* owned by the list */
	int64_t value;
};

struct counters {
	struct counter *data;
	size_t len;
	size_t cap;
	char *names; /* storage of the names */
};

/* Each overwrites `ret` (counters_free() afterwards, and before the next parse into it); lines that
 * do not have the shape are skipped; -ENOMEM, -EBADMSG when not one line fits. In order: vmstat and
 * cpu.stat; meminfo, kB into bytes; snmp and netstat; pressure files. */
int counters_parse_pairs(const char *text, size_t len, struct counters *ret);
int counters_parse_meminfo(const char *text, size_t len, struct counters *ret);
int counters_parse_snmp(const char *text, size_t len, struct counters *ret);
int counters_parse_pressure(const char *text, size_t len, struct counters *ret);

void counters_free(struct counters *counters);

/* False when there is no counter of that name: absent is not 0. */
bool counters_get(const struct counters *counters, const char *name, int64_t *ret_value);

#endif
