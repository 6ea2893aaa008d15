/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/cgroup.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "source/test_tree.h"

#include <errno.h>
#include <math.h>

static struct procroot *root;
static struct cgroup_mount hierarchy;

static void open_case(const char *folder)
{
	ck_assert_int_eq(procroot_open_recorded(folder, &root, NULL), 0);
	ck_assert_int_eq(procroot_moment(root, "top", 0, 0), 0);
	ck_assert_int_eq(cgroup_find(root, "cpu", &hierarchy), 0);
}

static void close_case(void)
{
	procroot_free(root);
	root = NULL;
}

static double effective(const char *group)
{
	double cpus = -1;

	ck_assert_int_eq(cgroup_effective_quota(root, &hierarchy, group, &cpus), 0);
	return cpus;
}

static int note_group(void *context, const char *group, const struct cgroup_cpu *cpu)
{
	struct str *out = context;

	str_format(out, "%s=%.2f;", group, cpu->quota_cpus);
	return strcmp(group, "/stop") == 0 ? -ECANCELED : 0;
}

static void expect_walk(const char *expected)
{
	_cleanup_(str_free) struct str found = { 0 };

	ck_assert_int_eq(cgroup_walk_quotas(root, &hierarchy, note_group, &found), 0);
	ck_assert_str_eq(str_text(&found), expected);
}

/* ---- mountinfo ------------------------------------------------------------------------------ */

static int parse_mount(const char *text)
{
	return cgroup_mount_parse(text, strlen(text), "cpu", &hierarchy);
}

START_TEST(mount_v1)
{
	ck_assert_int_eq(
		parse_mount(
			"31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755\n"
			"38 31 0:35 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
			"33 31 0:30 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
			"32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"),
		0);
	ck_assert_str_eq(hierarchy.path, "sys/fs/cgroup/cpu");
	ck_assert_str_eq(hierarchy.top, "");
	ck_assert_str_eq(hierarchy.controller, "cpu");
	ck_assert(!hierarchy.v2);
}
END_TEST

START_TEST(mount_v2)
{
	ck_assert_int_eq(
		parse_mount("26 22 0:26 / /sys/fs/cgroup rw shared:9 master:1 - cgroup2 none rw\n"),
		0);
	ck_assert_str_eq(hierarchy.path, "sys/fs/cgroup");
	ck_assert_str_eq(hierarchy.controller, "");
	ck_assert(hierarchy.v2);
}
END_TEST

START_TEST(mount_prefers_the_whole_hierarchy)
{
	ck_assert_int_eq(parse_mount("1 1 0:1 /part /bind rw - cgroup cgroup rw,cpuacct,cpu\n"
				     "2 1 0:1 / /whole rw - cgroup cgroup rw,cpuacct,cpu\n"
				     "3 1 0:1 / /again rw - cgroup cgroup rw,cpuacct,cpu\n"
				     "4 1 0:2 / /unified rw - cgroup2 cgroup2 rw\n"),
			 0);
	ck_assert_str_eq(hierarchy.path, "whole");
	ck_assert_int_eq(parse_mount("4 1 0:2 / /unified rw - cgroup2 cgroup2 rw\n"
				     "1 1 0:1 /part /bind rw - cgroup cgroup rw,cpuacct,cpu\n"),
			 0);
	ck_assert_str_eq(hierarchy.path, "bind");
	ck_assert_str_eq(hierarchy.top, "/part");
}
END_TEST

START_TEST(mount_escapes)
{
	ck_assert_int_eq(parse_mount("1 1 0:1 / /a\\040b\\134c\\011\\9 rw - cgroup2 none rw\n"), 0);
	ck_assert_str_eq(hierarchy.path, "a b\\c\t\\9");
}
END_TEST

START_TEST(mount_nonsense)
{
	struct str text = { 0 };
	const char *const bad[] = {
		"",
		"1 1 0:1 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n",
		"1 1 0:1 / /sys/fs/cgroup rw - cgroup2\n",
		"1 1 0:1 / /sys/fs/cgroup rw shared:1 cgroup2 none rw\n",
		"1 1 0:1 / / rw - cgroup2 none rw\n",
		"1 1 0:1 / relative rw - cgroup2 none rw\n",
		"1 1 0:1 /../.. /sys/fs/cgroup rw - cgroup2 none rw\n",
		"1 1 0:1 / /a\\000b rw - cgroup2 none rw\n",
		"1 1 0:1 / /cpu rw - cgroup cgroup rw,cpuacct,cpuset\n",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ck_assert_msg(parse_mount(bad[i]) == -ENOENT, "%s", bad[i]);
	str_append(&text, "1 1 0:1 / /");
	for (int i = 0; i < 192; i++)
		str_append_char(&text, 'x');
	str_append(&text, " rw - cgroup2 none rw\n");
	ck_assert_int_eq(parse_mount(text.data), -ENOENT);
	str_free(&text);
}
END_TEST

/* ---- groups --------------------------------------------------------------------------------- */

START_TEST(v2_groups)
{
	struct cgroup_cpu cpu;

	open_case(TESTDATA "/proc/cgroup-v2");
	ck_assert(hierarchy.v2);
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, "/system.slice/gateway.service", &cpu),
			 0);
	ck_assert_double_eq_tol(cpu.quota_cpus, 1.5, 1e-9);
	ck_assert(cpu.has_stat);
	ck_assert_uint_eq(cpu.periods, 1200);
	ck_assert_uint_eq(cpu.throttled, 300);
	ck_assert_uint_eq(cpu.throttled_ns, 4500000000ull);
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, "/", &cpu), 0);
	ck_assert(isnan(cpu.quota_cpus) && !cpu.has_stat);
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, "/user.slice", &cpu), 0);
	ck_assert(isnan(cpu.quota_cpus) && !cpu.has_stat);
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, "/gone", &cpu), -ENOENT);
	close_case();
}
END_TEST

START_TEST(v2_effective)
{
	open_case(TESTDATA "/proc/cgroup-v2");
	ck_assert_double_eq_tol(effective("/system.slice/gateway.service/workers"), 1.5, 1e-9);
	ck_assert(isnan(effective("/system.slice")));
	ck_assert(isnan(effective("/")));
	expect_walk(
		"/system.slice/gateway.service=1.50;/system.slice/gateway.service/workers=4.00;");
	close_case();
}
END_TEST

START_TEST(hybrid_reads_v1)
{
	struct cgroup_cpu cpu;

	open_case(TESTDATA "/proc/cgroup-hybrid");
	ck_assert_str_eq(hierarchy.path, "sys/fs/cgroup/cpu,cpuacct");
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, "/docker/0af3", &cpu), 0);
	ck_assert_double_eq_tol(cpu.quota_cpus, 0.5, 1e-9);
	ck_assert_uint_eq(cpu.throttled_ns, 16000000123ull);
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, "/", &cpu), 0);
	ck_assert(isnan(cpu.quota_cpus) && cpu.has_stat);
	ck_assert_double_eq_tol(effective("/docker/77be"), 2, 1e-9);
	ck_assert_double_eq_tol(effective("/docker/0af3"), 0.5, 1e-9);
	expect_walk("/docker=2.00;/docker/0af3=0.50;");
	close_case();
}
END_TEST

START_TEST(container_names_its_groups_as_the_host)
{
	struct cgroup_cpu cpu;

	open_case(TESTDATA "/proc/cgroup-container");
	ck_assert_str_eq(hierarchy.path, "srv/my cgroups/cpu,cpuacct");
	ck_assert_str_eq(hierarchy.top, "/docker/0af3");
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, "/docker/0af3", &cpu), 0);
	ck_assert_uint_eq(cpu.throttled, 320);
	ck_assert_double_eq_tol(effective("/docker/0af3/pool"), 0.5, 1e-9);
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, "/docker/77be", &cpu), -ENOENT);
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, "/docker/0af34", &cpu), -ENOENT);
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, "/", &cpu), -ENOENT);
	expect_walk("/docker/0af3=0.50;/docker/0af3/pool=2.00;");
	close_case();
}
END_TEST

START_TEST(paths_that_climb)
{
	const char *const bad[] = { "", "a", "..", "/..", "/a/../b", "/../../x", "/a/.." };
	struct cgroup_cpu cpu = { .periods = 7 };
	double cpus = 7;

	open_case(TESTDATA "/proc/cgroup-v2");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, bad[i], &cpu), -EINVAL);
		ck_assert_int_eq(cgroup_effective_quota(root, &hierarchy, bad[i], &cpus), -EINVAL);
	}
	ck_assert_int_eq(cgroup_effective_quota(root, &hierarchy, "/gone/a", &cpus), -ENOENT);
	ck_assert_uint_eq(cpu.periods, 7);
	ck_assert_double_eq(cpus, 7);
	close_case();
}
END_TEST

/* ---- trees made here ------------------------------------------------------------------------ */

static void make_tree(void)
{
	tree_make();
	tree_put_folder("cg");
	tree_put("proc/self/mountinfo", "1 1 0:1 / /cg rw - cgroup2 none rw\n");
}

START_TEST(files_with_nonsense)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = {
		{ "", -EBADMSG },	{ "x 1\n", -EBADMSG },
		{ "5\n", -EBADMSG },	{ "5 0\n", -EBADMSG },
		{ "5 -1\n", -EBADMSG }, { "99999999999999999999 1\n", -EBADMSG },
		{ "-1 100000\n", 0 },	{ "max\n", 0 },
	};
	struct cgroup_cpu cpu;

	open_case(tree);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_put("cg/cpu.max", cases[i].text);
		ck_assert_msg(cgroup_read_cpu(root, &hierarchy, "/", &cpu) == cases[i].r, "%s",
			      cases[i].text);
	}
	tree_put("cg/cpu.stat",
		 "nr_periods 4\nnr_throttled 2\nthrottled_usec 9223372036854775807\n");
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, "/", &cpu), 0);
	ck_assert(!cpu.has_stat);
	tree_put("cg/cpu.stat", "nr_periods 4\nnr_throttled -2\nthrottled_usec 1\n");
	ck_assert_int_eq(cgroup_read_cpu(root, &hierarchy, "/", &cpu), 0);
	ck_assert(!cpu.has_stat);
	close_case();
}
END_TEST

static struct cgroup_memory memory_of(const char *group)
{
	struct cgroup_memory memory;

	ck_assert_int_eq(cgroup_find(root, "memory", &hierarchy), 0);
	ck_assert_int_eq(cgroup_read_memory(root, &hierarchy, group, &memory), 0);
	return memory;
}

START_TEST(memory_of_v2)
{
	struct cgroup_memory memory;

	tree_put("cg/app/memory.max", "268435456\n");
	tree_put("cg/app/memory.high", "134217728\n");
	tree_put("cg/app/memory.current", "134000000\n");
	tree_put("cg/app/memory.events", "low 0\nhigh 7\nmax 35\noom 0\noom_kill 0\n");
	tree_put("cg/free/memory.max", "max\n");
	tree_put("cg/free/memory.high", "max\n");
	tree_put("cg/odd/memory.max", "much\n");
	open_case(tree);
	memory = memory_of("/app");
	ck_assert_double_eq(memory.limit_bytes, 134217728);
	ck_assert_double_eq(memory.usage_bytes, 134000000);
	ck_assert(memory.has_hits);
	ck_assert_uint_eq(memory.hits, 42);
	memory = memory_of("/free");
	ck_assert_double_nan(memory.limit_bytes);
	ck_assert_double_nan(memory.usage_bytes);
	ck_assert(!memory.has_hits);
	ck_assert_double_nan(memory_of("/").limit_bytes);
	ck_assert_int_eq(cgroup_read_memory(root, &hierarchy, "/odd", &memory), -EBADMSG);
	ck_assert_int_eq(cgroup_read_memory(root, &hierarchy, "/gone", &memory), -ENOENT);
	ck_assert_int_eq(cgroup_read_memory(root, &hierarchy, "/../app", &memory), -EINVAL);
	close_case();
}
END_TEST

START_TEST(memory_of_v1)
{
	struct cgroup_memory memory;

	tree_put("proc/self/mountinfo", "1 1 0:1 / /cpu rw - cgroup cgroup rw,cpu\n"
					"2 1 0:2 / /mem rw - cgroup cgroup rw,memory\n");
	tree_put("mem/app/memory.limit_in_bytes", "33554432\n");
	tree_put("mem/app/memory.usage_in_bytes", "33500000\n");
	tree_put("mem/app/memory.failcnt", "123456\n");
	tree_put("mem/free/memory.limit_in_bytes", "9223372036854771712\n");
	open_case(tree);
	memory = memory_of("/app");
	ck_assert_str_eq(hierarchy.controller, "memory");
	ck_assert_double_eq(memory.limit_bytes, 33554432);
	ck_assert_double_eq(memory.usage_bytes, 33500000);
	ck_assert_uint_eq(memory.hits, 123456);
	memory = memory_of("/free");
	ck_assert_double_nan(memory.limit_bytes);
	ck_assert(!memory.has_hits);
	close_case();
}
END_TEST

START_TEST(walk_stops_when_told)
{
	_cleanup_(str_free) struct str found = { 0 };

	tree_put_folder("cg/stop");
	tree_put_folder("cg/zero");
	tree_put("cg/stop/cpu.max", "50000 100000\n");
	tree_put("cg/zero/cpu.max", "50000 100000\n");
	open_case(tree);
	ck_assert_int_eq(cgroup_walk_quotas(root, &hierarchy, note_group, &found), -ECANCELED);
	ck_assert_str_eq(str_text(&found), "/stop=0.50;");
	close_case();
}
END_TEST

START_TEST(walk_has_an_end)
{
	_cleanup_(str_free) struct str found = { 0 };
	char path[64];

	for (int i = 0; i < CGROUP_WALK_MAX + 10; i++) {
		snprintf(path, sizeof(path), "cg/g%05d", i);
		tree_put_folder(path);
	}
	tree_put("cg/g04094/cpu.max", "50000 100000\n");
	tree_put("cg/g04095/cpu.max", "60000 100000\n");
	open_case(tree);
	ck_assert_int_eq(cgroup_walk_quotas(root, &hierarchy, note_group, &found), -E2BIG);
	ck_assert_str_eq(str_text(&found), "/g04094=0.50;");
	close_case();
}
END_TEST

static Suite *cgroup_suite(void)
{
	Suite *suite = suite_create("cgroup");
	TCase *recorded = tcase_create("recorded"), *made = tcase_create("made");

	tcase_add_test(recorded, mount_v1);
	tcase_add_test(recorded, mount_v2);
	tcase_add_test(recorded, mount_prefers_the_whole_hierarchy);
	tcase_add_test(recorded, mount_escapes);
	tcase_add_test(recorded, mount_nonsense);
	tcase_add_test(recorded, v2_groups);
	tcase_add_test(recorded, v2_effective);
	tcase_add_test(recorded, hybrid_reads_v1);
	tcase_add_test(recorded, container_names_its_groups_as_the_host);
	tcase_add_test(recorded, paths_that_climb);
	suite_add_tcase(suite, recorded);
	tcase_set_timeout(made, 60);
	tcase_add_checked_fixture(made, make_tree, tree_remove);
	tcase_add_test(made, files_with_nonsense);
	tcase_add_test(made, memory_of_v2);
	tcase_add_test(made, memory_of_v1);
	tcase_add_test(made, walk_stops_when_told);
	tcase_add_test(made, walk_has_an_end);
	suite_add_tcase(suite, made);
	return suite;
}

int main(void)
{
	return run_suite(cgroup_suite());
}
