/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every pure parser of procfs text. The first byte selects one ('a' is the first), so that a seed
 * is a letter and then a file's content; what it returns is used, so that the sanitizers see every
 * byte of it.
 */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/vec.h"
#include "source/cgroup.h"
#include "source/proc_counters.h"
#include "source/proc_devices.h"
#include "source/proc_irq.h"
#include "source/proc_stat.h"
#include "source/proc_task.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)          \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void fuzz_stat(const char *text, size_t len)
{
	struct proc_stat stat;

	if (proc_stat_parse(text, len, &stat) < 0)
		return;
	for (size_t i = 1; i < stat.cpus.len; i++)
		CHECK(stat.cpus.data[i - 1].cpu < stat.cpus.data[i].cpu);
	proc_stat_free(&stat);
}

static void fuzz_load(const char *text, size_t len)
{
	struct proc_loadavg load;
	double uptime_s;

	if (proc_loadavg_parse(text, len, &load) == 0)
		CHECK(load.load1 >= 0);
	if (proc_uptime_parse(text, len, &uptime_s) == 0)
		CHECK(uptime_s >= 0);
}

static void check_counters(struct counters *counters)
{
	int64_t value;

	CHECK(counters->len > 0);
	vec_each(counter, counters)
		CHECK(strlen(counter->name) > 0);
	CHECK(counters_get(counters, counters->data[counters->len - 1].name, &value));
	counters_free(counters);
}

static void fuzz_pairs(const char *text, size_t len)
{
	struct counters counters;

	if (counters_parse_pairs(text, len, &counters) == 0)
		check_counters(&counters);
}

static void fuzz_meminfo(const char *text, size_t len)
{
	struct counters counters;

	if (counters_parse_meminfo(text, len, &counters) == 0)
		check_counters(&counters);
}

static void fuzz_snmp(const char *text, size_t len)
{
	struct counters counters;

	if (counters_parse_snmp(text, len, &counters) == 0)
		check_counters(&counters);
}

static void fuzz_pressure(const char *text, size_t len)
{
	struct counters counters;

	if (counters_parse_pressure(text, len, &counters) == 0)
		check_counters(&counters);
}

static void fuzz_irq(const char *text, size_t len)
{
	struct irq_table table;
	uint64_t sum = 0;

	if (irq_table_parse(text, len, &table) < 0)
		return;
	for (size_t i = 0; i < table.len; i++) {
		CHECK(strlen(table.lines[i].device) < sizeof(table.lines[i].device));
		for (size_t j = 0; j < table.columns; j++)
			sum += table.lines[i].counts[j] + (uint64_t)table.cpus[j];
	}
	CHECK(sum != 1 || table.len > 0);
	irq_table_free(&table);
}

static void fuzz_softnet(const char *text, size_t len)
{
	struct softnet softnet;

	if (softnet_parse(text, len, &softnet) < 0)
		return;
	vec_each(cpu, &softnet)
		CHECK(cpu->cpu >= 0);
	softnet_free(&softnet);
}

static void fuzz_devices(const char *text, size_t len)
{
	struct net_devices devices;
	struct disks disks;

	if (net_devices_parse(text, len, &devices) == 0) {
		vec_each(device, &devices)
			CHECK(strlen(device->name) > 0);
		net_devices_free(&devices);
	}
	if (disks_parse(text, len, &disks) == 0) {
		vec_each(disk, &disks)
			CHECK(strlen(disk->name) > 0);
		disks_free(&disks);
	}
}

static void fuzz_task_stat(const char *text, size_t len)
{
	struct task_stat stat;

	if (task_stat_parse(text, len, &stat) == 0)
		CHECK(stat.tid > 0 && stat.ppid >= 0 && stat.cpu >= -1 &&
		      strlen(stat.comm) < sizeof(stat.comm));
}

static void fuzz_task_status(const char *text, size_t len)
{
	struct task_schedstat schedstat;
	struct task_status status;

	if (task_status_parse(text, len, &status) == 0)
		CHECK(status.allowed_cpus >= 0 && status.allowed_cpus <= 65536);
	task_schedstat_parse(text, len, &schedstat);
}

static void fuzz_task_syscall(const char *text, size_t len)
{
	struct task_syscall call;

	if (task_syscall_parse(text, len, &call) == 0)
		CHECK(call.number >= TASK_SYSCALL_NONE);
}

static void fuzz_task_cgroup(const char *text, size_t len)
{
	char path[64];

	if (task_cgroup_parse(text, len, "cpu", path, sizeof(path)) == 0)
		CHECK(path[0] == '/' && strlen(path) < sizeof(path));
	if (task_cgroup_parse(text, len, "", path, sizeof(path)) == 0)
		CHECK(path[0] == '/');
}

static void fuzz_stack(const char *text, size_t len)
{
	struct str stack = { 0 };

	CHECK(task_stack_parse(text, len, 8, &stack) == 0);
	CHECK(strlen(str_text(&stack)) == stack.len);
	str_free(&stack);
}

static void fuzz_cpu_list(const char *text, size_t len)
{
	int count;

	if (cpu_list_count(text, len, &count) == 0)
		CHECK(count >= 0 && count <= 65536);
}

static void fuzz_mount(const char *text, size_t len)
{
	struct cgroup_mount mount;

	if (cgroup_mount_parse(text, len, "cpu", &mount) == 0)
		CHECK(strlen(mount.path) > 0 && strlen(mount.top) < sizeof(mount.top));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const parsers[])(const char *, size_t) = {
		fuzz_stat,    fuzz_load,      fuzz_pairs,	fuzz_meminfo,
		fuzz_snmp,    fuzz_pressure,  fuzz_irq,		fuzz_softnet,
		fuzz_devices, fuzz_task_stat, fuzz_task_status, fuzz_task_cgroup,
		fuzz_stack,   fuzz_cpu_list,  fuzz_mount,	fuzz_task_syscall,
	};
	char *text;

	if (size == 0)
		return 0;
	/* a copy of its own, so that reading past the end is seen */
	text = malloc(size - 1 ? size - 1 : 1);
	CHECK(text);
	memcpy(text, data + 1, size - 1);
	parsers[(uint8_t)(data[0] - 'a') % ARRAY_SIZE(parsers)](text, size - 1);
	free(text);
	return 0;
}
