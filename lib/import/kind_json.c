/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sysstat's JSON: mpstat -o JSON, iostat -o JSON, sadf -j.
 *
 *   {"sysstat": {"hosts": [{"nodename": "vm", "number-of-cpus": 2, "statistics": [
 *     {"timestamp": ..., "cpu-load": [{"cpu": "all", "usr": 7.65, ...}], "disk": [...], ...}]}]}}
 */
#include "import/kinds.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "evidence/json_tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VALUES_MAX 2000000
#define KIB 1024
#define REPORTS_MAX 4096

/* ---- how long the document is -------------------------------------------------------------------- */

struct brackets {
	unsigned depth;
	bool in_string, escaped, opened;
};

static void count_brackets(struct brackets *state, struct span line)
{
	for (const char *p = line.p; p < line.end; p++) {
		if (state->in_string) {
			if (*p == '"' && !state->escaped)
				state->in_string = false;
			state->escaped = *p == '\\' && !state->escaped;
		} else if (*p == '"') {
			state->in_string = true;
			state->escaped = false;
		} else if (*p == '{' || *p == '[') {
			state->depth++;
			state->opened = true;
		} else if ((*p == '}' || *p == ']') && state->depth) {
			state->depth--;
		}
	}
}

/* Lines until every bracket is closed, put together; 0 when one never is. */
static size_t collect(const struct span *lines, size_t count, struct str *out)
{
	struct brackets state = { 0 };

	for (size_t i = 0; i < count; i++) {
		count_brackets(&state, lines[i]);
		str_append_bytes(out, lines[i].p, span_len(lines[i]));
		str_append_char(out, '\n');
		if (state.opened && !state.depth)
			return i + 1;
	}
	return 0;
}

/* ---- values -------------------------------------------------------------------------------------- */

static double number_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static double either(const cJSON *object, const char *a, const char *b)
{
	double value = number_of(object, a);

	return isnan(value) ? number_of(object, b) : value;
}

static double zero_if_unknown(double value)
{
	return isnan(value) ? 0 : value;
}

static const char *text_of(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsString(item) && item->valuestring ? item->valuestring : "";
}

static struct cpu_parts parts_of(const cJSON *load)
{
	return (struct cpu_parts){
		.us = either(load, "usr", "user"),
		.ni = number_of(load, "nice"),
		.sy = either(load, "sys", "system"),
		.id = number_of(load, "idle"),
		.wa = number_of(load, "iowait"),
		.hi = number_of(load, "irq"),
		.si = number_of(load, "soft"),
		.st = number_of(load, "steal"),
		.guest = number_of(load, "guest") + zero_if_unknown(number_of(load, "gnice")),
	};
}

static int take_cpu_load(struct import *import, const cJSON *loads)
{
	const cJSON *load;
	int r = 0;

	cJSON_ArrayForEach(load, loads) {
		struct cpu_parts parts = parts_of(load);
		const char *name = text_of(load, "cpu");
		long cpu = -1;

		if (r < 0 || (strcmp(name, "all") != 0 && !word_id(span_of(name), &cpu)))
			continue;
		r = import_add_cpu(import, isnan(parts.si) ? TOLD_BY_SAR : TOLD_BY_MPSTAT,
				   cpu < 8192 ? (int)cpu : 8192, &parts);
	}
	return r;
}

static struct disk_sample disk_of(const cJSON *item)
{
	double r_await = number_of(item, "r_await"), w_await = number_of(item, "w_await");
	double await = number_of(item, "await");
	struct disk_sample disk = {
		.count = 1,
		.reads = number_of(item, "r/s"),
		.writes = number_of(item, "w/s"),
		.read_bytes = KIB * number_of(item, "rkB/s"),
		.write_bytes = KIB * number_of(item, "wkB/s"),
		.queue = either(item, "aqu-sz", "avgqu-sz"),
		.util_pct = either(item, "util", "util-percent"),
	};

	disk.read_wait_ms = zero_if_unknown(r_await) * disk.reads;
	disk.write_wait_ms = zero_if_unknown(w_await) * disk.writes;
	disk.wait_ms = isnan(await) ? disk.read_wait_ms + disk.write_wait_ms :
				      await * (disk.reads + disk.writes);
	return disk;
}

/* sar counts reads and writes together, and has no r/s: its rows say too little. */
static int take_disks(struct import *import, const cJSON *items)
{
	struct iostat_report report = { 0 };
	const cJSON *item;
	int r = 0;

	cJSON_ArrayForEach(item, items) {
		struct disk_sample disk = disk_of(item);
		const char *name = text_of(item, "disk_device");

		if (isnan(disk.reads + disk.writes + disk.util_pct) || r < 0)
			continue;
		snprintf(disk.name, sizeof(disk.name), "%s",
			 *name ? name : text_of(item, "disk-device"));
		r = import_add_disk(&report.disks, &disk);
	}
	if (r == 0 && report.disks.len && import->iostat_reports.len < REPORTS_MAX)
		r = vec_push(&import->iostat_reports, report);
	else
		vec_free(&report.disks);
	if (r < 0)
		vec_free(&report.disks);
	return r;
}

static int take_nics(struct import *import, const cJSON *network)
{
	const cJSON *item;
	int r = 0;

	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(network, "net-dev")) {
		struct nic_sample nic = {
			.count = 1,
			.rx_packets = number_of(item, "rxpck"),
			.tx_packets = number_of(item, "txpck"),
			.rx_bytes = KIB * number_of(item, "rxkB"),
			.tx_bytes = KIB * number_of(item, "txkB"),
		};

		if (isnan(nic.rx_packets + nic.tx_packets) || r < 0)
			continue;
		snprintf(nic.name, sizeof(nic.name), "%s", text_of(item, "iface"));
		r = import_add_nic(&import->nics, &nic);
	}
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(network, "net-edev")) {
		struct nic_sample nic = {
			.drops_count = 1,
			.rx_drops = number_of(item, "rxdrop"),
			.tx_drops = number_of(item, "txdrop"),
		};

		if (isnan(nic.rx_drops + nic.tx_drops) || r < 0)
			continue;
		snprintf(nic.name, sizeof(nic.name), "%s", text_of(item, "iface"));
		r = import_add_nic(&import->nics, &nic);
	}
	return r;
}

static void take_queue(struct import *import, const cJSON *queue)
{
	told_set(&import->host[HOST_R], TOLD_BY_IOSTAT, number_of(queue, "runq-sz"));
	told_set(&import->host[HOST_B], TOLD_BY_IOSTAT, number_of(queue, "blocked"));
	told_set(&import->host[HOST_TASKS], TOLD_BY_SAR, number_of(queue, "plist-sz"));
	told_set(&import->host[HOST_LOAD1], TOLD_BY_SAR, number_of(queue, "ldavg-1"));
	told_set(&import->host[HOST_LOAD5], TOLD_BY_SAR, number_of(queue, "ldavg-5"));
	told_set(&import->host[HOST_LOAD15], TOLD_BY_SAR, number_of(queue, "ldavg-15"));
}

static int take_moment(struct import *import, const cJSON *moment)
{
	const cJSON *switches =
		cJSON_GetObjectItemCaseSensitive(moment, "process-and-context-switch");
	const cJSON *average = cJSON_GetObjectItemCaseSensitive(moment, "avg-cpu");
	struct cpu_parts parts = parts_of(average);
	int r;

	told_set(&import->host[HOST_SWITCHES], TOLD_BY_SAR, number_of(switches, "cswch"));
	told_set(&import->host[HOST_FORKS], TOLD_BY_SAR, number_of(switches, "proc"));
	take_queue(import, cJSON_GetObjectItemCaseSensitive(moment, "queue"));
	r = take_cpu_load(import, cJSON_GetObjectItemCaseSensitive(moment, "cpu-load"));
	if (r == 0 && average)
		r = import_add_cpu(import,
				   import->iostat_reports.len ? TOLD_BY_IOSTAT : TOLD_SINCE_BOOT,
				   -1, &parts);
	if (r == 0)
		r = take_disks(import, cJSON_GetObjectItemCaseSensitive(moment, "disk"));
	return r == 0 ? take_nics(import, cJSON_GetObjectItemCaseSensitive(moment, "network")) : r;
}

static int take_host(struct import *import, const cJSON *host)
{
	const cJSON *moment;
	int r = 0;

	snprintf(import->host_name, sizeof(import->host_name), "%s", text_of(host, "nodename"));
	snprintf(import->kernel, sizeof(import->kernel), "%s", text_of(host, "release"));
	import_tell_cpus_by(import, CPUS_BANNER, number_of(host, "number-of-cpus"));
	cJSON_ArrayForEach(moment, cJSON_GetObjectItemCaseSensitive(host, "statistics"))
		if (r == 0)
			r = take_moment(import, moment);
	return r;
}

static bool begins_json(struct span line)
{
	line = span_trim(line);
	return span_len(line) && *line.p == '{';
}

static bool says_sysstat(const struct span *lines, size_t count)
{
	for (size_t i = 0; i < count && i < 3; i++)
		if (line_has(lines[i], "\"sysstat\""))
			return true;
	return false;
}

static int take(struct import *import, const struct span *lines, size_t count)
{
	_cleanup_(json_tree_freep) cJSON *tree = NULL;
	_cleanup_(str_free) struct str text = { 0 };
	const cJSON *host, *root;
	struct err err;
	size_t taken;
	int r;

	if (import->json_broken || !begins_json(lines[0]) || !says_sysstat(lines, count))
		return 0;
	taken = collect(lines, count, &text);
	if (str_error(&text) < 0)
		return -ENOMEM;
	r = taken ? json_tree_read(str_text(&text), text.len, VALUES_MAX, &tree, &err) : -EBADMSG;
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		import_complain(import, "JSON of sysstat that is cut or broken: not used");
		import->json_broken = !taken;
		return (int)(taken ? taken : 1);
	}
	root = cJSON_GetObjectItemCaseSensitive(tree, "sysstat");
	cJSON_ArrayForEach(host, cJSON_GetObjectItemCaseSensitive(root, "hosts"))
		if (r == 0)
			r = take_host(import, host);
	return r < 0 ? r : (int)taken;
}

const struct text_kind kind_json = { .name = "JSON of sysstat",
				     .stage = STAGE_vmstat,
				     .take = take };
