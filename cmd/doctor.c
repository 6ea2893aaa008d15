/* SPDX-License-Identifier: GPL-2.0-or-later */
/* triage doctor: which evidence this host can give, which stage suffers where it can't, and what
 * fixes it. */
#include "base/cleanup.h"
#include "base/text.h"
#include "cmd.h"
#include "source/cgroup.h"
#include "source/perf_probe.h"
#include "source/proc_task.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define ROW "%-9s%-24s%-15s%s\n"

enum condition_status {
	CONDITION_OK,
	CONDITION_LIMITED, /* the stage works with less */
	CONDITION_MISSING,
};

/* What is there or what is not, and the command that changes it; texts may be "". */
struct condition_report {
	enum condition_status status;
	char found[280];
	char fix[200];
};

typedef void check_fn(struct procroot *root, struct condition_report *ret);

struct check {
	const char *evidence;
	const char *stages;
	bool basic; /* the stages vmstat and top rest on it */
	check_fn *run;
};

__attribute__((format(printf, 4, 5))) static void report(struct condition_report *ret,
							 enum condition_status status,
							 const char *fix, const char *format, ...)
{
	va_list args;

	ret->status = status;
	snprintf(ret->fix, sizeof(ret->fix), "%s", fix);
	va_start(args, format);
	vsnprintf(ret->found, sizeof(ret->found), format, args);
	va_end(args);
}

static int try_read(struct procroot *root, const char *path)
{
	_cleanup_(str_free) struct str content = { 0 };

	return procroot_read(root, path, &content);
}

/* A file of this process, by PID: /proc may belong to another PID namespace, where "self" is
 * nobody. */
static int read_own(struct procroot *root, const char *name, struct str *ret)
{
	char path[64];

	snprintf(path, sizeof(path), "proc/%d/%s", (int)getpid(), name);
	return procroot_read(root, path, ret);
}

static void check_counters(struct procroot *root, struct condition_report *ret)
{
	static const char *const others[] = {
		"proc/loadavg",	    "proc/uptime",   "proc/meminfo",	      "proc/vmstat",
		"proc/diskstats",   "proc/net/dev",  "proc/interrupts",	      "proc/softirqs",
		"proc/net/netstat", "proc/net/snmp", "proc/net/softnet_stat",
	};
	_cleanup_(str_free) struct str absent = { 0 };

	if (try_read(root, "proc/stat") < 0) {
		report(ret, CONDITION_MISSING, "mount -t proc proc /proc", "no /proc/stat");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (try_read(root, others[i]) < 0)
			str_format(&absent, " /%s", others[i]);
	if (absent.len)
		report(ret, CONDITION_LIMITED, "", "can't be read:%s", str_text(&absent));
	else
		report(ret, CONDITION_OK, "", "%zu files", ARRAY_SIZE(others) + 1);
}

static void check_pressure(struct procroot *root, struct condition_report *ret)
{
	int r = try_read(root, "proc/pressure/cpu");

	if (r == 0)
		report(ret, CONDITION_OK, "", "/proc/pressure");
	else if (r == -EACCES || r == -EPERM)
		report(ret, CONDITION_MISSING, "run as root", "/proc/pressure: %s", strerror(-r));
	else
		report(ret, CONDITION_MISSING, "boot with psi=1 on the kernel's command line",
		       "switched off or not built in (CONFIG_PSI)");
}

/* Thread 2 is kthreadd wherever the host's threads can be seen: not in a container, not with
 * hidepid. */
static void check_threads(struct procroot *root, struct condition_report *ret)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct task_stat stat;

	if (procroot_read(root, "proc/1/stat", &text) < 0) {
		report(ret, CONDITION_LIMITED, "run as root, or: mount -o remount,hidepid=0 /proc",
		       "threads of other users are hidden (hidepid)");
		return;
	}
	if (procroot_read(root, "proc/2/stat", &text) < 0 ||
	    task_stat_parse(text.data, text.len, &stat) < 0 || strcmp(stat.comm, "kthreadd") != 0)
		report(ret, CONDITION_LIMITED,
		       "run on the host, or start the container with --pid=host",
		       "only the threads of this container can be seen");
	else
		report(ret, CONDITION_OK, "", "all threads of the host");
}

static void check_schedstat(struct procroot *root, struct condition_report *ret)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct task_schedstat schedstat = { 0 };

	if (read_own(root, "schedstat", &text) == 0 &&
	    task_schedstat_parse(text.data, text.len, &schedstat) == 0 && schedstat.runs > 0)
		report(ret, CONDITION_OK, "", "/proc/PID/task/TID/schedstat");
	else
		report(ret, CONDITION_MISSING,
		       "a kernel with CONFIG_SCHED_INFO (CONFIG_SCHEDSTATS)",
		       "no /proc/PID/task/TID/schedstat: how long threads wait stays unknown");
}

static void check_kernel_stacks(struct procroot *root, struct condition_report *ret)
{
	_cleanup_(str_free) struct str text = { 0 };
	int r = read_own(root, "stack", &text);

	if (r == 0)
		report(ret, CONDITION_OK, "", "/proc/PID/stack");
	else if (r == -EACCES || r == -EPERM)
		report(ret, CONDITION_LIMITED, "run as root (CAP_SYS_ADMIN)",
		       "/proc/PID/stack: %s; where threads block stays unknown", strerror(-r));
	else
		report(ret, CONDITION_LIMITED, "a kernel with CONFIG_STACKTRACE",
		       "no /proc/PID/stack; where threads block stays unknown");
}

static void check_cgroup(struct procroot *root, struct condition_report *ret)
{
	_cleanup_(str_free) struct str path = { 0 };
	struct cgroup_mount mount;
	int r = cgroup_find(root, "cpu", &mount);

	if (r < 0) {
		report(ret, CONDITION_LIMITED, "mount -t cgroup2 cgroup2 /sys/fs/cgroup",
		       "no hierarchy with the cpu controller: throttling stays unknown");
		return;
	}
	text_append_printable(&path, mount.path, strlen(mount.path));
	report(ret, CONDITION_OK, "", "v%d at /%s", mount.v2 ? 2 : 1, str_text(&path));
}

/* Far larger than what a proc root reads; its first line tells enough. */
static void check_kernel_symbols(struct procroot *root, struct condition_report *ret)
{
	_cleanup_(cleanup_fclose) FILE *file = fopen("/proc/kallsyms", "re");
	char line[256];

	if (!file || !fgets(line, sizeof(line), file))
		report(ret, CONDITION_MISSING, "a kernel with CONFIG_KALLSYMS",
		       "no /proc/kallsyms");
	else if (line[strspn(line, "0")] == ' ')
		report(ret, CONDITION_LIMITED, "run as root, or: sysctl kernel.kptr_restrict=0",
		       "addresses read as 0: kernel functions have no names");
	else
		report(ret, CONDITION_OK, "", "/proc/kallsyms");
}

static const struct check checks[] = {
	{ "host counters", "vmstat", true, check_counters },
	{ "pressure (PSI)", "vmstat", true, check_pressure },
	{ "threads", "top", true, check_threads },
	{ "wait for a CPU", "top", true, check_schedstat },
	{ "kernel stacks", "top", true, check_kernel_stacks },
	{ "cgroup CPU quotas", "top", true, check_cgroup },
	{ "kernel symbols", "perf, locate", false, check_kernel_symbols },
};

static const char *const perf_stages[PERF_ABILITY_TOTAL] = {
	[PERF_ABILITY_CYCLES] = "perf",
	[PERF_ABILITY_CPU_CLOCK] = "perf",
	[PERF_ABILITY_SCHED_SWITCH] = "sched, locate",
	[PERF_ABILITY_FUTEX] = "locate",
	[PERF_ABILITY_CONTENTION] = "locate",
	[PERF_ABILITY_CONTEXT_SWITCH] = "sched",
};

/* What the stages do without it, where that is more than nothing. */
static const char *const perf_losses[PERF_ABILITY_TOTAL] = {
	[PERF_ABILITY_FUTEX] =
		"which lock of a program is waited for, and who holds it, stays unknown",
	[PERF_ABILITY_CONTENTION] =
		"which lock of the kernel is waited for, and for how long, stays unknown",
};

static void print_row(const char *evidence, const char *stages,
		      const struct condition_report *condition)
{
	static const char *const words[] = { "ok", "limited", "missing" };

	printf(ROW, words[condition->status], evidence, stages, condition->found);
	if (*condition->fix)
		printf("%-9sfix: %s\n", "", condition->fix);
}

/* Runs and prints the checks; returns how many of the basic ones are missing. */
static int run_checks(struct procroot *root)
{
	int missing = 0;

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		struct condition_report condition = { .status = CONDITION_OK };

		checks[i].run(root, &condition);
		print_row(checks[i].evidence, checks[i].stages, &condition);
		missing += checks[i].basic && condition.status == CONDITION_MISSING;
	}
	return missing;
}

/* No cycles is no loss of a stage as long as cpu-clock is there. */
static const char *loss_of(const struct perf_abilities *abilities, enum perf_ability_id id)
{
	if (id == PERF_ABILITY_CYCLES && abilities->item[PERF_ABILITY_CPU_CLOCK].available)
		return "cpu-clock is used instead";
	return perf_losses[id];
}

static void report_ability(const struct perf_abilities *abilities, enum perf_ability_id id,
			   struct condition_report *ret)
{
	const struct perf_ability *ability = &abilities->item[id];
	const char *loss = loss_of(abilities, id);

	if (ability->available)
		report(ret, CONDITION_OK, "", "can be opened on all CPUs");
	else
		report(ret, loss ? CONDITION_LIMITED : CONDITION_MISSING, ability->fix, "%s%s%s",
		       ability->reason, loss ? "; " : "", loss ? loss : "");
}

static int run_perf_checks(struct procroot *root)
{
	struct perf_abilities abilities;
	int r = perf_probe(root, &abilities);

	if (r < 0)
		return r;
	for (int id = 0; id < PERF_ABILITY_TOTAL; id++) {
		struct condition_report condition;

		report_ability(&abilities, (enum perf_ability_id)id, &condition);
		print_row(abilities.item[id].name, perf_stages[id], &condition);
	}
	return 0;
}

static int diagnose(struct procroot *root)
{
	int missing, r;

	printf(ROW, "STATUS", "EVIDENCE", "STAGES", "FOUND");
	missing = run_checks(root);
	r = run_perf_checks(root);
	if (r < 0)
		return cmd_fail("perf events could not be tried: %s", strerror(-r));
	if (missing)
		printf("\n%d of the conditions of the stages vmstat and top %s missing.\n", missing,
		       missing == 1 ? "is" : "are");
	else
		printf("\nThe stages vmstat and top can run.\n");
	return missing ? EXIT_FINDINGS : EXIT_HEALTHY;
}

int cmd_doctor(int argc, char **argv)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	struct err err = { "" };

	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		puts("usage: triage doctor\n\n"
		     "Tells which evidence this host can give, which stage lacks it and what fixes it.\n"
		     "Exit: 0 vmstat and top have what they need, 1 something is missing.");
		return 0;
	}
	if (argc > 1)
		return cmd_fail("doctor takes no arguments");
	if (procroot_open_live(NULL, &root, &err) < 0)
		return cmd_fail("%s", err.msg);
	return diagnose(root);
}
