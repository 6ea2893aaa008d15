/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/snapshot.h"

#include "base/cleanup.h"
#include "base/span.h"

#include <errno.h>
#include <stdio.h>

typedef int parse_fn(const char *text, size_t len, struct snapshot *snapshot);

static int parse_stat(const char *text, size_t len, struct snapshot *s)
{
	int r = proc_stat_parse(text, len, &s->stat);

	s->has_stat = r == 0;
	return r;
}

static int parse_loadavg(const char *text, size_t len, struct snapshot *s)
{
	int r = proc_loadavg_parse(text, len, &s->loadavg);

	s->has_loadavg = r == 0;
	return r;
}

#define PARSE(name, parser, member)                                               \
	static int parse_##name(const char *text, size_t len, struct snapshot *s) \
	{                                                                         \
		return parser(text, len, &s->member);                             \
	}
PARSE(meminfo, counters_parse_meminfo, lists[LIST_MEMINFO])
PARSE(vmstat, counters_parse_pairs, lists[LIST_VMSTAT])
PARSE(snmp, counters_parse_snmp, lists[LIST_SNMP])
PARSE(netstat, counters_parse_snmp, lists[LIST_NETSTAT])
PARSE(psi_cpu, counters_parse_pressure, lists[LIST_PSI_CPU])
PARSE(psi_memory, counters_parse_pressure, lists[LIST_PSI_MEMORY])
PARSE(psi_io, counters_parse_pressure, lists[LIST_PSI_IO])
PARSE(psi_irq, counters_parse_pressure, lists[LIST_PSI_IRQ])
PARSE(softirqs, irq_table_parse, softirqs)
PARSE(interrupts, irq_table_parse, interrupts)
PARSE(softnet, softnet_parse, softnet)
PARSE(nics, net_devices_parse, nics)
PARSE(disks, disks_parse, disks)
#undef PARSE

static const struct {
	const char *path;
	parse_fn *parse;
} files[] = {
	{ "proc/stat", parse_stat },
	{ "proc/loadavg", parse_loadavg },
	{ "proc/meminfo", parse_meminfo },
	{ "proc/vmstat", parse_vmstat },
	{ "proc/net/snmp", parse_snmp },
	{ "proc/net/netstat", parse_netstat },
	{ "proc/pressure/cpu", parse_psi_cpu },
	{ "proc/pressure/memory", parse_psi_memory },
	{ "proc/pressure/io", parse_psi_io },
	{ "proc/pressure/irq", parse_psi_irq },
	{ "proc/softirqs", parse_softirqs },
	{ "proc/interrupts", parse_interrupts },
	{ "proc/net/softnet_stat", parse_softnet },
	{ "proc/net/dev", parse_nics },
	{ "proc/diskstats", parse_disks },
};

#define THERMAL_CPUS_MAX 1024

/* Bare metal only: where the first CPU does not count, none does, and nothing more is tried. */
static void take_thermal(struct procroot *root, struct str *text, struct snapshot *snapshot)
{
	for (int cpu = 0; cpu < THERMAL_CPUS_MAX; cpu++) {
		char path[96];
		struct span line;
		uint64_t events;

		snprintf(path, sizeof(path),
			 "sys/devices/system/cpu/cpu%d/thermal_throttle/core_throttle_count", cpu);
		if (procroot_read(root, path, text) < 0)
			return;
		line = span_make(str_text(text), text->len);
		if (!span_u64(&line, &events))
			return;
		snapshot->thermal_events += events;
		snapshot->has_thermal = true;
	}
}

int snapshot_take(struct procroot *root, struct snapshot *ret)
{
	_cleanup_(str_free) struct str text = { 0 };

	*ret = (struct snapshot){ .when_ns = procroot_monotonic_ns(root) };
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int r = procroot_read(root, files[i].path, &text);

		if (r == 0)
			r = files[i].parse(str_text(&text), text.len, ret);
		if (r == -ENOMEM)
			return r;
	}
	take_thermal(root, &text, ret);
	return 0;
}

void snapshot_free(struct snapshot *snapshot)
{
	proc_stat_free(&snapshot->stat);
	for (int i = 0; i < LIST_TOTAL; i++)
		counters_free(&snapshot->lists[i]);
	irq_table_free(&snapshot->softirqs);
	irq_table_free(&snapshot->interrupts);
	softnet_free(&snapshot->softnet);
	net_devices_free(&snapshot->nics);
	disks_free(&snapshot->disks);
}
