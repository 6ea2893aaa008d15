/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/snapshot.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "evidence/evidence.h"
#include "model/rates.h"
#include "source/cgroup.h"
#include "source/proc_task.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The first line of a small file, trimmed; false when there is none. */
static bool read_line(struct procroot *root, const char *path, struct str *text,
		      struct span *ret_line)
{
	struct span content;

	if (procroot_read(root, path, text) < 0)
		return false;
	content = span_make(str_text(text), text->len);
	if (!span_line(&content, ret_line))
		return false;
	*ret_line = span_trim(*ret_line);
	return span_len(*ret_line) > 0;
}

/* The number at word `index` of the first line; NAN when there is none. */
static double read_number(struct procroot *root, const char *path, int index)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct span line, word;
	uint64_t value;

	if (!read_line(root, path, &text, &line))
		return NAN;
	for (int i = 0; i < index; i++)
		if (!span_word(&line, &word))
			return NAN;
	return span_u64(&line, &value) ? (double)value : NAN;
}

static int put_line(struct procroot *root, const char *path, struct evidence *evidence,
		    enum metric_id metric)
{
	_cleanup_(str_free) struct str text = { 0 };
	char buffer[256];
	struct span line;

	if (!read_line(root, path, &text, &line))
		return 0;
	span_copy(line, buffer, sizeof(buffer));
	return evidence_set_text(evidence, metric, buffer);
}

static double online_cpus(struct procroot *root, const struct snapshot *snapshot)
{
	_cleanup_(str_free) struct str text = { 0 };
	int count;

	if (procroot_read(root, "sys/devices/system/cpu/online", &text) == 0 &&
	    cpu_list_count(str_text(&text), text.len, &count) == 0)
		return count;
	return snapshot->has_stat && snapshot->stat.cpus.len ? (double)snapshot->stat.cpus.len :
							       NAN;
}

static double allowed_cpus(struct procroot *root)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct task_status status;

	if (procroot_read(root, "proc/self/status", &text) < 0 ||
	    task_status_parse(str_text(&text), text.len, &status) < 0 || status.allowed_cpus <= 0)
		return NAN;
	return status.allowed_cpus;
}

static double quota_cpus(struct procroot *root)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct cgroup_mount mount;
	char group[1024];
	double cpus;

	if (cgroup_find(root, "cpu", &mount) < 0 ||
	    procroot_read(root, "proc/self/cgroup", &text) < 0 ||
	    task_cgroup_parse(str_text(&text), text.len, mount.controller, group, sizeof(group)) <
		    0 ||
	    cgroup_effective_quota(root, &mount, group, &cpus) < 0)
		return NAN;
	return cpus;
}

static void put_cpus(struct procroot *root, const struct snapshot *snapshot,
		     struct evidence *evidence)
{
	double online = online_cpus(root, snapshot), quota = quota_cpus(root);

	evidence_set(evidence, METRIC_host_cpus_online, online);
	evidence_set(evidence, METRIC_host_quota_cpus, quota);
	/* fmin() prefers a number over NAN: what is unknown or unlimited does not limit */
	evidence_set(evidence, METRIC_host_usable_cpus,
		     isnan(online) ? NAN : fmin(fmin(online, allowed_cpus(root)), quota));
}

/* What the firmware says of the machine, by a part of its vendor or product name. */
static const struct {
	const char *part;
	const char *name;
} hypervisors[] = {
	{ "QEMU", "kvm" },
	{ "KVM", "kvm" },
	{ "Amazon EC2", "amazon" },
	{ "Google", "google" },
	{ "VMware", "vmware" },
	{ "VirtualBox", "virtualbox" },
	{ "Virtual Machine", "hyper-v" },
	{ "Xen", "xen" },
	{ "OpenStack", "openstack" },
	{ "Alibaba Cloud ECS", "alibaba" },
	{ "Bochs", "bochs" },
	{ "Parallels", "parallels" },
};

static const char *hypervisor_from_firmware(struct procroot *root)
{
	static const char *const paths[] = { "sys/class/dmi/id/product_name",
					     "sys/class/dmi/id/sys_vendor" };
	_cleanup_(str_free) struct str text = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (procroot_read(root, paths[i], &text) < 0)
			continue;
		for (size_t k = 0; k < ARRAY_SIZE(hypervisors); k++)
			if (strstr(str_text(&text), hypervisors[k].part))
				return hypervisors[k].name;
	}
	return NULL;
}

static const char *hypervisor_from_cpu(struct procroot *root)
{
	_cleanup_(str_free) struct str text = { 0 };

	if (procroot_read(root, "proc/cpuinfo", &text) < 0)
		return NULL;
	if (!strstr(str_text(&text), "flags"))
		return NULL; /* not x86: the flag would not be there */
	return strstr(str_text(&text), " hypervisor") ? "vm" : "none";
}

static int put_virtualization(struct procroot *root, struct evidence *evidence)
{
	const char *name = hypervisor_from_firmware(root);

	return evidence_set_text(evidence, METRIC_host_virtualization,
				 name ? name : hypervisor_from_cpu(root));
}

static void put_limits(struct procroot *root, const struct snapshot *snapshot,
		       struct evidence *evidence)
{
	double threads = snapshot->has_loadavg ? (double)snapshot->loadavg.threads : NAN;
	double most = fmin(read_number(root, "proc/sys/kernel/pid_max", 0),
			   read_number(root, "proc/sys/kernel/threads-max", 0));
	double conntrack = read_number(root, "proc/sys/net/netfilter/nf_conntrack_count", 0);
	double conntrack_max = read_number(root, "proc/sys/net/netfilter/nf_conntrack_max", 0);

	evidence_set(evidence, METRIC_host_tasks, threads);
	evidence_set(evidence, METRIC_host_pids_pct, share_pct(threads, most));
	evidence_set(evidence, METRIC_host_files_pct,
		     share_pct(read_number(root, "proc/sys/fs/file-nr", 0),
			       read_number(root, "proc/sys/fs/file-nr", 2)));
	evidence_set(evidence, METRIC_vmstat_conntrack_count, conntrack);
	evidence_set(evidence, METRIC_vmstat_conntrack_max, conntrack_max);
	evidence_set(evidence, METRIC_vmstat_conntrack_pct, share_pct(conntrack, conntrack_max));
}

int host_put(struct procroot *root, const struct snapshot *snapshot, struct evidence *evidence)
{
	_cleanup_(str_free) struct str text = { 0 };
	double uptime_s;
	int r;

	put_cpus(root, snapshot, evidence);
	put_limits(root, snapshot, evidence);
	if (procroot_realtime_ns(root))
		evidence_set(evidence, METRIC_host_time_unix_s,
			     (double)(procroot_realtime_ns(root) / 1000000) / 1000);
	if (procroot_read(root, "proc/uptime", &text) == 0 &&
	    proc_uptime_parse(str_text(&text), text.len, &uptime_s) == 0)
		evidence_set(evidence, METRIC_host_uptime_s, uptime_s);
	r = put_line(root, "proc/sys/kernel/hostname", evidence, METRIC_host_name);
	if (r == 0)
		r = put_line(root, "proc/sys/kernel/osrelease", evidence, METRIC_host_kernel);
	if (r == 0)
		r = put_line(root,
			     "sys/devices/system/clocksource/clocksource0/current_clocksource",
			     evidence, METRIC_host_clocksource);
	return r < 0 ? r : put_virtualization(root, evidence);
}
