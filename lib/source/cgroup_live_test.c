/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A group with a quota and a busy child in it: the kernel must throttle it, and we must see
 * that. */
#include "source/cgroup.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SKIPPED 77
#define LOAD_S 1

static struct procroot *root;
static struct cgroup_mount hierarchy;
static char group[640];	 /* "/triage-test-812" */
static char folder[320]; /* its folder in the file system */
static pid_t child;

static bool put(const char *name, const char *text)
{
	char path[400];
	FILE *file;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	if (!file)
		return false;
	ok = fputs(text, file) >= 0;
	return fclose(file) == 0 && ok;
}

static bool put_quota(void)
{
	return hierarchy.v2 ?
		       put("cpu.max", "20000 100000") :
		       put("cpu.cfs_period_us", "100000") && put("cpu.cfs_quota_us", "20000");
}

static void remove_group(void)
{
	char inner[400];

	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		child = 0;
	}
	snprintf(inner, sizeof(inner), "%s/inner", folder);
	rmdir(inner);
	rmdir(folder);
}

/* False, with the reason printed, where no group with a quota can be made. */
static bool make_group(void)
{
	char inner[400];

	if (procroot_open_live(NULL, &root, NULL) < 0 || cgroup_find(root, "cpu", &hierarchy) < 0) {
		printf("skipped: no cpu controller is mounted\n");
		return false;
	}
	snprintf(group, sizeof(group), "%s/triage-test-%d", hierarchy.top, getpid());
	snprintf(folder, sizeof(folder), "/%s/triage-test-%d", hierarchy.path, getpid());
	if (mkdir(folder, 0755) < 0) {
		printf("skipped: can't make %s: %s\n", folder, strerror(errno));
		return false;
	}
	snprintf(inner, sizeof(inner), "%s/inner", folder);
	if (!put_quota() || mkdir(inner, 0755) < 0) {
		printf("skipped: can't set a quota in %s\n", folder);
		remove_group();
		return false;
	}
	return true;
}

static void burn(void)
{
	const struct rlimit limit = { LOAD_S * 5, LOAD_S * 5 };

	setrlimit(RLIMIT_CPU, &limit);
	alarm(LOAD_S * 20);
	for (;;)
		;
}

static void start_load(void)
{
	char pid[16];

	child = fork();
	if (child == 0)
		burn();
	snprintf(pid, sizeof(pid), "%d", child);
	ck_assert(put("cgroup.procs", pid));
	nanosleep(&(struct timespec){ .tv_sec = LOAD_S }, NULL);
}

static int note_group(void *context, const char *name, const struct cgroup_cpu *cpu)
{
	bool *found = context;

	if (strcmp(name, group) == 0 && fabs(cpu->quota_cpus - 0.2) < 1e-9)
		*found = true;
	return 0;
}

START_TEST(throttling_is_seen)
{
	struct cgroup_cpu before, after;
	bool found = false;
	char inner[700];
	double cpus;

	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, group, &before), 0);
	ck_assert_double_eq_tol(before.quota_cpus, 0.2, 1e-9);
	ck_assert(before.has_stat);
	start_load();
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, group, &after), 0);
	ck_assert_uint_ge(after.periods - before.periods, 5);
	ck_assert_uint_ge(after.throttled - before.throttled, 5);
	ck_assert_uint_le(after.throttled - before.throttled, after.periods - before.periods);
	ck_assert_uint_ge(after.throttled_ns - before.throttled_ns, 200000000);
	snprintf(inner, sizeof(inner), "%s/inner", group);
	ck_assert_int_eq(cgroup_effective_quota(root, &hierarchy, inner, &cpus), 0);
	ck_assert_double_eq_tol(cpus, 0.2, 1e-9);
	ck_assert_int_eq(cgroup_walk_quotas(root, &hierarchy, note_group, &found), 0);
	ck_assert(found);
}
END_TEST

START_TEST(removed_group_is_gone)
{
	struct cgroup_cpu cpu;
	char inner[700];
	double cpus;

	snprintf(inner, sizeof(inner), "%s/none", group);
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, inner, &cpu), -ENOENT);
	ck_assert_int_eq(cgroup_effective_quota(root, &hierarchy, inner, &cpus), -ENOENT);
}
END_TEST

static Suite *cgroup_live_suite(void)
{
	Suite *suite = suite_create("cgroup_live");
	TCase *tests = tcase_create("core");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, throttling_is_seen);
	tcase_add_test(tests, removed_group_is_gone);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner;
	int failed;

	if (!make_group()) {
		procroot_free(root);
		return SKIPPED;
	}
	runner = srunner_create(cgroup_live_suite());
	/* the group and the load are this process's to clean up, whatever the tests do */
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	remove_group();
	procroot_free(root);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
