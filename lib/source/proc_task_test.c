/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/proc_task.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "base/testing.h"
#include "source/procroot.h"

#include <check.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define REAL_FIELDS                                                                                \
	" S 2378 2379 1190 0 -1 4194304 101 7 8 9 5 6 70 -80 20 0 3 0 40233 3133440 393 "          \
	"18446744073709551615 94495655399424 94495655419305 140734909630448 0 0 0 0 0 0 0 0 0 17 " \
	"5 99 1 11 0 0 94495655435312 94495655436928 94496644403200 140734909639308 "              \
	"140734909639328 140734909639328 140734909640683 0\n"

static int parse_stat(const char *text, struct task_stat *ret)
{
	return task_stat_parse(text, strlen(text), ret);
}

START_TEST(stat_fields)
{
	struct task_stat stat;

	ck_assert_int_eq(parse_stat("2388 (cat)" REAL_FIELDS, &stat), 0);
	ck_assert_int_eq(stat.tid, 2388);
	ck_assert_str_eq(stat.comm, "cat");
	ck_assert_int_eq(stat.state, 'S');
	ck_assert_int_eq(stat.ppid, 2378);
	ck_assert_uint_eq(stat.flags, 4194304);
	ck_assert_uint_eq(stat.minor_faults, 101);
	ck_assert_uint_eq(stat.child_minor_faults, 7);
	ck_assert_uint_eq(stat.major_faults, 8);
	ck_assert_uint_eq(stat.user_ticks, 5);
	ck_assert_uint_eq(stat.system_ticks, 6);
	ck_assert_int_eq(stat.child_user_ticks, 70);
	ck_assert_int_eq(stat.child_system_ticks, -80);
	ck_assert_uint_eq(stat.threads, 3);
	ck_assert_uint_eq(stat.start_ticks, 40233);
	ck_assert_int_eq(stat.cpu, 5);
	ck_assert_uint_eq(stat.rt_priority, 99);
	ck_assert_uint_eq(stat.policy, 1);
}
END_TEST

START_TEST(stat_names)
{
	static const char *const names[] = {
		"a b) c", ")", "((", "", "x\ny", ") R 1 1 1 (", "kworker/u8:2-events_unbound"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct str text = { 0 };
		struct task_stat stat;

		str_format(&text, "7 (%s)%s", names[i], REAL_FIELDS);
		ck_assert_int_eq(task_stat_parse(text.data, text.len, &stat), 0);
		ck_assert_str_eq(stat.comm, names[i]);
		ck_assert_int_eq(stat.ppid, 2378);
		str_free(&text);
	}
}
END_TEST

START_TEST(stat_long_name)
{
	struct str text = { 0 };
	struct task_stat stat;

	str_append(&text, "7 (");
	for (int i = 0; i < 300; i++)
		str_append_char(&text, 'x');
	str_append(&text, ")" REAL_FIELDS);
	ck_assert_int_eq(task_stat_parse(text.data, text.len, &stat), 0);
	ck_assert_uint_eq(strlen(stat.comm), TASK_COMM_MAX - 1);
	str_free(&text);
}
END_TEST

START_TEST(stat_of_old_kernels)
{
	const char *upto_start = "7 (a) R 0 1 1 0 -1 64 1 2 3 4 5 6 7 8 20 0 1 0 40233";
	struct str text = { 0 };
	struct task_stat stat;

	ck_assert_int_eq(parse_stat(upto_start, &stat), 0);
	ck_assert_uint_eq(stat.start_ticks, 40233);
	ck_assert_int_eq(stat.cpu, -1);
	ck_assert_uint_eq(stat.policy, 0);
	str_append(&text, upto_start);
	for (int i = 23; i <= 38; i++)
		str_append(&text, " 9");
	ck_assert_int_eq(parse_stat(text.data, &stat), 0);
	ck_assert_int_eq(stat.cpu, -1);
	str_append(&text, " 3");
	ck_assert_int_eq(parse_stat(text.data, &stat), 0);
	ck_assert_int_eq(stat.cpu, 3);
	ck_assert_uint_eq(stat.rt_priority, 0);
	str_append(&text, " 50 2\n");
	ck_assert_int_eq(parse_stat(text.data, &stat), 0);
	ck_assert_uint_eq(stat.rt_priority, 50);
	ck_assert_uint_eq(stat.policy, 2);
	str_free(&text);
}
END_TEST

START_TEST(stat_cut_anywhere)
{
	const char *text = "7 (a) R 0 1 1 0 -1 64 1 2 3 4 5 6 7 8 20 0 1 0 40233";
	struct task_stat stat = { .tid = 42 };

	/* a cut inside the last number can't be seen */
	for (size_t len = 0; len < strlen(text) - 5; len++)
		ck_assert_int_eq(task_stat_parse(text, len, &stat), -EBADMSG);
	ck_assert_int_eq(stat.tid, 42);
}
END_TEST

START_TEST(stat_nonsense)
{
	const char *const bad[] = { "",
				    "\n",
				    ")",
				    "(a) R 1",
				    "0 (a)" REAL_FIELDS,
				    "-1 (a)" REAL_FIELDS,
				    "99999999999 (a)" REAL_FIELDS,
				    "x (a)" REAL_FIELDS,
				    "7 a)" REAL_FIELDS,
				    "7 (a) RR 0 1 1 0 -1 64 1 2 3 4 5 6 7 8 20 0 1 0 40233",
				    "7 (a) R -2 1 1 0 -1 64 1 2 3 4 5 6 7 8 20 0 1 0 40233" };
	struct task_stat stat;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(parse_stat(bad[i], &stat) == -EBADMSG, "%s", bad[i]);
}
END_TEST

START_TEST(schedstat_file)
{
	struct task_schedstat stat = { .runs = 9 };

	ck_assert_int_eq(task_schedstat_parse("924767 56714\n", 13, &stat), -EBADMSG);
	ck_assert_uint_eq(stat.runs, 9);
	ck_assert_int_eq(task_schedstat_parse("924767 56714 1\n", 15, &stat), 0);
	ck_assert_uint_eq(stat.run_ns, 924767);
	ck_assert_uint_eq(stat.wait_ns, 56714);
	ck_assert_uint_eq(stat.runs, 1);
}
END_TEST

START_TEST(status_file)
{
	const char *text = "Name:\tcat\nUmask:\t0022\nCpus_allowed:\tff\n"
			   "Cpus_allowed_list:\t0-3,8\nMems_allowed_list:\t0\n"
			   "voluntary_ctxt_switches:\t41\nnonvoluntary_ctxt_switches:\t3\n";
	const char *no_list = "voluntary_ctxt_switches:\t41\nnonvoluntary_ctxt_switches:\t3\n"
			      "Cpus_allowed_list:\tall\n";
	struct task_status status = { .voluntary = 9 };

	ck_assert_int_eq(task_status_parse("Name:\tcat\n", 10, &status), -EBADMSG);
	ck_assert_int_eq(task_status_parse("voluntary_ctxt_switches: 1\n", 27, &status), -EBADMSG);
	ck_assert_uint_eq(status.voluntary, 9);
	ck_assert_int_eq(task_status_parse(text, strlen(text), &status), 0);
	ck_assert_uint_eq(status.voluntary, 41);
	ck_assert_uint_eq(status.involuntary, 3);
	ck_assert_int_eq(status.allowed_cpus, 5);
	ck_assert_int_eq(task_status_parse(no_list, strlen(no_list), &status), 0);
	ck_assert_int_eq(status.allowed_cpus, 0);
}
END_TEST

START_TEST(syscall_file)
{
	static const char *const broken[] = { "",
					      "\n",
					      "-2 0x1 0x2\n",
					      "202 0x1 0x2\n",
					      "202 1 2 3 4 5 6\n",
					      "202 0x 0x1 0x1 0x1 0x1 0x1\n",
					      "runing\n" };
	const char *futex = "202 0x55a83cfd10e0 0x80 0x2 0x0 0x0 0x7fff 0x7ffd3a51f2a8 0x7f3f\n";
	struct task_syscall call = { .number = 9 };

	for (size_t i = 0; i < ARRAY_SIZE(broken); i++)
		ck_assert_int_eq(task_syscall_parse(broken[i], strlen(broken[i]), &call), -EBADMSG);
	ck_assert_int_eq(call.number, 9);
	ck_assert_int_eq(task_syscall_parse(futex, strlen(futex), &call), 0);
	ck_assert_int_eq(call.number, 202);
	ck_assert_uint_eq(call.args[0], 0x55a83cfd10e0);
	ck_assert_uint_eq(call.args[1], 0x80);
	ck_assert_uint_eq(call.args[2], 2);
	ck_assert_uint_eq(call.args[5], 0x7fff);
	ck_assert_int_eq(task_syscall_parse("running\n", 8, &call), 0);
	ck_assert_int_eq(call.number, TASK_SYSCALL_NONE);
	ck_assert_int_eq(task_syscall_parse("-1 0x7ffd 0x7f3f\n", 17, &call), 0);
	ck_assert_int_eq(call.number, TASK_SYSCALL_NONE);
	ck_assert_uint_eq(call.args[0], 0);
}
END_TEST

START_TEST(cgroup_paths)
{
	const char *text =
		"9:name=systemd:/init\n4:memory:/m\n3:cpuset:/s\n2:cpu,cpuacct:/a:b/c d\n0::/v2\n";
	char path[16] = "old";

	ck_assert_int_eq(task_cgroup_parse(text, strlen(text), "cpu", path, sizeof(path)), 0);
	ck_assert_str_eq(path, "/a:b/c d");
	ck_assert_int_eq(task_cgroup_parse(text, strlen(text), "cpuacct", path, sizeof(path)), 0);
	ck_assert_str_eq(path, "/a:b/c d");
	ck_assert_int_eq(task_cgroup_parse(text, strlen(text), "", path, sizeof(path)), 0);
	ck_assert_str_eq(path, "/v2");
	ck_assert_int_eq(task_cgroup_parse(text, strlen(text), "pids", path, sizeof(path)),
			 -ENOENT);
	ck_assert_int_eq(task_cgroup_parse(text, strlen(text), "systemd", path, sizeof(path)),
			 -ENOENT);
	ck_assert_int_eq(task_cgroup_parse(text, strlen(text), "cpu", path, 8), -ENAMETOOLONG);
	ck_assert_int_eq(task_cgroup_parse("1:cpu:rel\n1:cpu\n", 16, "cpu", path, 16), -ENOENT);
	ck_assert_int_eq(task_cgroup_parse("1:cpu:/a\0b\n", 11, "cpu", path, 16), -ENOENT);
	ck_assert_int_eq(task_cgroup_parse("", 0, "", path, 16), -ENOENT);
	ck_assert_str_eq(path, "/v2");
}
END_TEST

START_TEST(stacks)
{
	const char *text = "[<0>] futex_wait_queue+0x5e/0x90\n"
			   "[<0>] ext4_sync_file.isra.0+0x1/0x2 [ext4]\n"
			   "[<0>] 0xffffffffc0123456\n"
			   "[<0>] evil;name+0x1/0x2\n"
			   "no frame\n"
			   "[<ffffffff81000000>] do_syscall_64+0x71/0x280\n"
			   "[<ffffffffffffffff>] 0xffffffffffffffff\n";
	struct str stack = { 0 };

	ck_assert_int_eq(task_stack_parse(text, strlen(text), 10, &stack), 0);
	ck_assert_str_eq(str_text(&stack), "futex_wait_queue;ext4_sync_file.isra.0;do_syscall_64");
	ck_assert_int_eq(task_stack_parse(text, strlen(text), 1, &stack), 0);
	ck_assert_str_eq(str_text(&stack), "futex_wait_queue");
	ck_assert_int_eq(task_stack_parse("", 0, 10, &stack), 0);
	ck_assert_str_eq(str_text(&stack), "");
	str_free(&stack);
}
END_TEST

START_TEST(cpu_lists)
{
	static const struct {
		const char *text;
		int r, count;
	} cases[] = {
		{ "0-3,8,10-11\n", 0, 7 },
		{ "0", 0, 1 },
		{ "", 0, 0 },
		{ "\n", 0, 0 },
		{ "0-65535", 0, 65536 },
		{ "3-1", -EBADMSG, 0 },
		{ "0,0", -EBADMSG, 0 },
		{ "0-4,2", -EBADMSG, 0 },
		{ "a", -EBADMSG, 0 },
		{ "0-", -EBADMSG, 0 },
		{ "-1", -EBADMSG, 0 },
		{ "0-65536", -EBADMSG, 0 },
		{ "0,,1", -EBADMSG, 0 },
		{ "0-3:2/4", -EBADMSG, 0 },
		{ "1,2 x", -EBADMSG, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int count = 0;
		int r = cpu_list_count(cases[i].text, strlen(cases[i].text), &count);

		ck_assert_msg(r == cases[i].r && count == cases[i].count, "'%s': %d, %d",
			      cases[i].text, r, count);
	}
}
END_TEST

static void read_own(const char *name, struct str *ret)
{
	struct procroot *root = NULL;
	int fd;

	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	fd = procroot_open_folder(root, "proc/self");
	ck_assert_int_eq(procroot_read_in(root, fd, "proc/self", name, ret), 0);
	close(fd);
	procroot_free(root);
}

START_TEST(this_thread)
{
	struct task_schedstat schedstat;
	struct task_status status;
	struct task_stat stat;
	struct str text = { 0 };
	cpu_set_t allowed;

	ck_assert_int_eq(prctl(PR_SET_NAME, "a) R 1 (b"), 0);
	read_own("stat", &text);
	ck_assert_int_eq(task_stat_parse(text.data, text.len, &stat), 0);
	ck_assert_int_eq(stat.tid, getpid());
	ck_assert_int_eq(stat.ppid, getppid());
	ck_assert_str_eq(stat.comm, "a) R 1 (b");
	ck_assert_int_eq(stat.state, 'R');
	ck_assert_int_ge(stat.cpu, 0);
	read_own("status", &text);
	ck_assert_int_eq(task_status_parse(text.data, text.len, &status), 0);
	ck_assert_int_eq(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	ck_assert_int_eq(status.allowed_cpus, CPU_COUNT(&allowed));
	read_own("schedstat", &text);
	ck_assert_int_eq(task_schedstat_parse(text.data, text.len, &schedstat), 0);
	str_free(&text);
}
END_TEST

static Suite *proc_task_suite(void)
{
	Suite *suite = suite_create("proc_task");
	TCase *tests = tcase_create("core");

	tcase_add_test(tests, stat_fields);
	tcase_add_test(tests, stat_names);
	tcase_add_test(tests, stat_long_name);
	tcase_add_test(tests, stat_of_old_kernels);
	tcase_add_test(tests, stat_cut_anywhere);
	tcase_add_test(tests, stat_nonsense);
	tcase_add_test(tests, schedstat_file);
	tcase_add_test(tests, status_file);
	tcase_add_test(tests, syscall_file);
	tcase_add_test(tests, cgroup_paths);
	tcase_add_test(tests, stacks);
	tcase_add_test(tests, cpu_lists);
	tcase_add_test(tests, this_thread);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(proc_task_suite());
}
