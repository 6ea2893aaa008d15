/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/perf_probe.h"

#include "base/cleanup.h"
#include "base/span.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <perf/cpumap.h>
#include <perf/evsel.h>
#include <perf/threadmap.h>
#include <stdio.h>
#include <string.h>

#define SAMPLE_HZ 99
#define PARANOID_UNKNOWN (-2)

struct probe {
	struct procroot *root;
	struct perf_cpu_map *cpus;
	struct perf_thread_map *threads; /* one entry, -1: whatever runs on the CPU */
	struct str text;
	struct perf_abilities *abilities;
};

static const char *const names[PERF_ABILITY_TOTAL] = {
	[PERF_ABILITY_CYCLES] = "hardware cycles",
	[PERF_ABILITY_CPU_CLOCK] = "cpu-clock samples",
	[PERF_ABILITY_SCHED_SWITCH] = "scheduler tracepoints",
	[PERF_ABILITY_FUTEX] = "futex tracepoints",
	[PERF_ABILITY_CONTENTION] = "lock tracepoints",
	[PERF_ABILITY_CONTEXT_SWITCH] = "switch records",
};

/* An ability is the whole of its tracepoints; `fix` where the kernel lacks one. */
static const struct tracepoint {
	enum perf_ability_id ability;
	const char *folder, *name;
	const char *fix;
} tracepoints[] = {
	{ PERF_ABILITY_SCHED_SWITCH, "sched", "sched_switch", "" },
	{ PERF_ABILITY_FUTEX, "syscalls", "sys_enter_futex",
	  "a kernel with CONFIG_FTRACE_SYSCALLS" },
	{ PERF_ABILITY_FUTEX, "syscalls", "sys_exit_futex",
	  "a kernel with CONFIG_FTRACE_SYSCALLS" },
	{ PERF_ABILITY_CONTENTION, "lock", "contention_begin", "Linux 5.19 or later" },
	{ PERF_ABILITY_CONTENTION, "lock", "contention_end", "Linux 5.19 or later" },
};

static void set_missing(struct perf_ability *ability, int error, const char *reason,
			const char *fix)
{
	ability->error = error;
	snprintf(ability->reason, sizeof(ability->reason), "%s", reason);
	snprintf(ability->fix, sizeof(ability->fix), "%s", fix);
}

/* -EACCES comes from the paranoia level alone, -EPERM from it or from a filter in front of the system call. */
static void explain_refusal(struct perf_ability *ability, int error, int paranoid)
{
	if (paranoid <= -1 && paranoid != PARANOID_UNKNOWN) {
		set_missing(ability, error,
			    "a container's filter or kernel lockdown refuses perf events",
			    "run triage on the host, or the container with --cap-add PERFMON "
			    "--security-opt seccomp=unconfined");
		return;
	}
	set_missing(ability, error, "", "run as root, or: sysctl kernel.perf_event_paranoid=-1");
	snprintf(ability->reason, sizeof(ability->reason),
		 "this process may not watch all CPUs (kernel.perf_event_paranoid is %d)",
		 paranoid);
	if (paranoid == PARANOID_UNKNOWN)
		snprintf(ability->reason, sizeof(ability->reason),
			 "this process may not watch all CPUs");
}

static void explain_open(struct perf_ability *ability, int error, int paranoid)
{
	switch (error) {
	case EACCES:
	case EPERM:
		explain_refusal(ability, error, paranoid);
		return;
	case ENOSYS:
		set_missing(ability, error, "the kernel has no perf events (CONFIG_PERF_EVENTS)",
			    "");
		return;
	case EMFILE:
		set_missing(ability, error, "too few file descriptors for one event per CPU",
			    "ulimit -n 65536");
		return;
	case ENOENT:
	case ENODEV:
	case ENXIO:
	case EOPNOTSUPP:
		set_missing(ability, error,
			    "no such event on this machine (a guest without a virtual PMU?)", "");
		return;
	default:
		set_missing(ability, error, "", "");
		snprintf(ability->reason, sizeof(ability->reason), "perf_event_open: %s",
			 strerror(error));
	}
}

static int open_everywhere(const struct probe *probe, struct perf_event_attr *attr)
{
	struct perf_evsel *evsel = perf_evsel__new(attr);
	int r;

	if (!evsel)
		return -ENOMEM;
	r = perf_evsel__open(evsel, probe->cpus, probe->threads);
	perf_evsel__close(evsel);
	perf_evsel__delete(evsel);
	return r;
}

static int try_event(const struct probe *probe, enum perf_ability_id id,
		     struct perf_event_attr *attr)
{
	struct perf_ability *ability = &probe->abilities->item[id];
	int r;

	attr->size = sizeof(*attr);
	attr->disabled = 1;
	r = open_everywhere(probe, attr);
	if (r == -ENOMEM)
		return r;
	ability->available = r == 0;
	if (r < 0)
		explain_open(ability, -r, probe->abilities->paranoid);
	return 0;
}

static int try_samples(const struct probe *probe, enum perf_ability_id id, __u32 type, __u64 config)
{
	struct perf_event_attr attr = {
		.type = type,
		.config = config,
		.freq = 1,
		.sample_freq = SAMPLE_HZ,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME |
			       PERF_SAMPLE_CALLCHAIN,
	};

	return try_event(probe, id, &attr);
}

static int try_context_switch(const struct probe *probe)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CPU,
		.sample_id_all = 1,
		.context_switch = 1,
	};

	return try_event(probe, PERF_ABILITY_CONTEXT_SWITCH, &attr);
}

/* Reads a file that holds one number; negative errno. */
static int read_number(struct probe *probe, const char *path, int64_t *ret)
{
	struct span text;
	int r = procroot_read(probe->root, path, &probe->text);

	if (r < 0)
		return r;
	text = span_make(probe->text.data, probe->text.len);
	return span_i64(&text, ret) ? 0 : -EBADMSG;
}

/* Where tracefs is; the reason why it can't be seen otherwise. */
static int find_tracefs(struct probe *probe, char *path, size_t size)
{
	static const char *const places[] = { "sys/kernel/tracing", "sys/kernel/debug/tracing" };
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		char events[64];
		int fd;

		snprintf(events, sizeof(events), "%s/events", places[i]);
		fd = procroot_open_folder(probe->root, events);
		if (fd >= 0) {
			close(fd);
			snprintf(path, size, "%s", places[i]);
			return 0;
		}
		if (fd == -EACCES || fd == -EPERM)
			r = fd;
	}
	return r;
}

static bool kernel_has_tracefs(struct probe *probe)
{
	return procroot_read(probe->root, "proc/filesystems", &probe->text) < 0 ||
	       strstr(str_text(&probe->text), "\ttracefs\n");
}

static void explain_tracefs(struct probe *probe, enum perf_ability_id id, int error)
{
	struct perf_ability *ability = &probe->abilities->item[id];

	if (error == EACCES || error == EPERM)
		set_missing(ability, error, "tracefs may be read by root only", "run as root");
	else if (kernel_has_tracefs(probe))
		set_missing(ability, error, "tracefs is not mounted",
			    "mount -t tracefs tracefs /sys/kernel/tracing");
	else
		set_missing(ability, error, "the kernel has no tracefs (CONFIG_TRACING)", "");
}

static void explain_absence(struct probe *probe, const struct tracepoint *tracepoint, int error)
{
	char reason[96];

	if (error == EACCES || error == EPERM) {
		explain_tracefs(probe, tracepoint->ability, error);
		return;
	}
	snprintf(reason, sizeof(reason), "the kernel has no tracepoint %s:%s", tracepoint->folder,
		 tracepoint->name);
	set_missing(&probe->abilities->item[tracepoint->ability], error, reason, tracepoint->fix);
}

static int try_tracepoint(struct probe *probe, const struct tracepoint *tracepoint)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW,
	};
	char path[96];
	int64_t id;
	int r;

	snprintf(path, sizeof(path), "%s/events/%s/%s/id", probe->abilities->tracefs,
		 tracepoint->folder, tracepoint->name);
	r = read_number(probe, path, &id);
	if (r < 0) {
		explain_absence(probe, tracepoint, -r);
		return 0;
	}
	attr.config = (__u64)id;
	return try_event(probe, tracepoint->ability, &attr);
}

/* The first of an ability's tracepoints that is missing says why. */
static int try_tracepoints(struct probe *probe)
{
	struct perf_abilities *abilities = probe->abilities;
	int found = find_tracefs(probe, abilities->tracefs, sizeof(abilities->tracefs));
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(tracepoints) && r == 0; i++) {
		struct perf_ability *ability = &abilities->item[tracepoints[i].ability];

		if (ability->error)
			continue;
		ability->available = false;
		if (found < 0)
			explain_tracefs(probe, tracepoints[i].ability, -found);
		else
			r = try_tracepoint(probe, &tracepoints[i]);
	}
	return r;
}

static int try_all(struct probe *probe)
{
	int r = try_samples(probe, PERF_ABILITY_CYCLES, PERF_TYPE_HARDWARE,
			    PERF_COUNT_HW_CPU_CYCLES);

	if (r == 0)
		r = try_samples(probe, PERF_ABILITY_CPU_CLOCK, PERF_TYPE_SOFTWARE,
				PERF_COUNT_SW_CPU_CLOCK);
	if (r == 0)
		r = try_tracepoints(probe);
	if (r == 0)
		r = try_context_switch(probe);
	return r;
}

static void read_paranoid(struct probe *probe)
{
	int64_t level;

	probe->abilities->paranoid = PARANOID_UNKNOWN;
	if (read_number(probe, "proc/sys/kernel/perf_event_paranoid", &level) == 0)
		probe->abilities->paranoid = (int)level;
}

static int refuse_to_print(enum libperf_print_level level, const char *format, va_list args)
{
	return 0;
}

int perf_probe(struct procroot *root, struct perf_abilities *ret)
{
	struct perf_abilities abilities = { .paranoid = PARANOID_UNKNOWN };
	struct probe probe = { .root = root, .abilities = &abilities };
	int r = -ENOMEM;

	if (!procroot_is_live(root))
		return -EINVAL;
	for (int i = 0; i < PERF_ABILITY_TOTAL; i++)
		abilities.item[i].name = names[i];
	libperf_init(refuse_to_print);
	probe.cpus = perf_cpu_map__new(NULL);
	probe.threads = perf_thread_map__new_dummy();
	if (probe.cpus && probe.threads) {
		perf_thread_map__set_pid(probe.threads, 0, -1);
		read_paranoid(&probe);
		r = try_all(&probe);
	}
	perf_thread_map__put(probe.threads);
	perf_cpu_map__put(probe.cpus);
	str_free(&probe.text);
	if (r == 0)
		*ret = abilities;
	return r;
}
