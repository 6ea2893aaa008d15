/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cgroups, v1 and v2 alike: where a controller's hierarchy is mounted; what CPU quota a group has, how
 * often it hit it; what memory limit, and how often it hit that. Kernel: kernel/sched/core.c (cpu_cfs_stat_show, cpu_max_show), mm/memcontrol.c,
 * mm/memcontrol-v1.c, fs/proc_namespace.c (mountinfo).
 *
 *   v2: cpu.max "150000 100000" or "max 100000"; cpu.stat nr_periods, nr_throttled, throttled_usec
 *   v1: cpu.cfs_quota_us (-1: none), cpu.cfs_period_us;
 *       cpu.stat nr_periods, nr_throttled, throttled_time (ns)
 *   v2: memory.max, memory.high "134217728" or "max"; memory.current; memory.events high, max
 *   v1: memory.limit_in_bytes (about 2^63: none), memory.usage_in_bytes, memory.failcnt
 */
#ifndef TRIAGE_SOURCE_CGROUP_H
#define TRIAGE_SOURCE_CGROUP_H

#include "source/procroot.h"

#include <stdbool.h>
#include <stdint.h>

struct cgroup_mount {
	char path[192]; /* under the root, without leading '/': "sys/fs/cgroup/cpu" */
	char top[512];	/* the group at `path`: "" or, in a container, "/docker/0af3..." */
	bool v2;
	char controller[8]; /* as /proc/PID/cgroup names it: "cpu", "memory", "" for v2 */
};

/* The hierarchy in the text of a mountinfo file:
 *
 *   32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
 *
 * -ENOENT when there is none. */
int cgroup_mount_parse(const char *text, size_t len, const char *controller,
		       struct cgroup_mount *ret);

/* Finds the hierarchy that holds the controller ("cpu", "memory"): from proc/self/mountinfo, v1
 * first where it is mounted as v1, since one controller lives in one hierarchy only. -ENOENT when
 * there is none. Mount points outside sys/fs/cgroup are taken as mountinfo names them. */
int cgroup_find(struct procroot *root, const char *controller, struct cgroup_mount *ret);

struct cgroup_cpu {
	double quota_cpus; /* NAN: none */
	bool has_stat;
	uint64_t periods, throttled, throttled_ns; /* valid when has_stat */
};

/* One group; `group` is "/" or "/a/b" as /proc/PID/cgroup names it; one that is not below the
 * mount's top is -ENOENT. A group without files (the root of v2) has no quota and no stat. Paths
 * with ".." are -EINVAL. -ENOENT when the folder is gone; -EBADMSG. */
int cgroup_read_cpu(struct procroot *root, const struct cgroup_mount *mount, const char *group,
		    struct cgroup_cpu *ret);

struct cgroup_memory {
	double limit_bytes; /* the smaller of memory.max and memory.high; NAN: none */
	double usage_bytes; /* NAN: not told */
	bool has_hits;
	uint64_t hits; /* times that an allocation ran into the limit, and had to reclaim first */
};

/* As cgroup_read_cpu(). */
int cgroup_read_memory(struct procroot *root, const struct cgroup_mount *mount, const char *group,
		       struct cgroup_memory *ret);

/* Cuts `group` to its parent; false at the top of what the mount shows. */
bool cgroup_cut_to_parent(const struct cgroup_mount *mount, char *group);

/* The smallest quota of the group and its ancestors up to the mount's top; NAN when none has
 * one. */
int cgroup_effective_quota(struct procroot *root, const struct cgroup_mount *mount,
			   const char *group, double *ret_cpus);

/* Calls `each` for every group with a quota, parents first, CGROUP_WALK_MAX folders at most
 * (-E2BIG when there are more; what was visited stands). Groups that can't be read are passed
 * over. Stops with what `each` returns when that is negative. */
#define CGROUP_WALK_MAX 4096
int cgroup_walk_quotas(struct procroot *root, const struct cgroup_mount *mount,
		       int (*each)(void *context, const char *group, const struct cgroup_cpu *cpu),
		       void *context);

#endif
