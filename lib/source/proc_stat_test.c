/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/proc_stat.h"

#include "base/testing.h"
#include "source/procroot.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse(const char *text, struct proc_stat *ret)
{
	return proc_stat_parse(text, strlen(text), ret);
}

START_TEST(stat_of_two_cpus)
{
	const char *text = "cpu  2022 1 2568 273836 784 2 51 744 3 4\n"
			   "cpu0 627 0 1128 137692 66 0 6 395 0 0\n"
			   "cpu2 1395 0 1440 136143 717 0 45 349 0 0\n"
			   "intr 160361 0 0 7\n"
			   "ctxt 316288\n"
			   "btime 1795313809\n"
			   "processes 6291\n"
			   "procs_running 3\n"
			   "procs_blocked 1\n"
			   "softirq 121712 0 18191\n";
	const uint64_t total[] = { 2022, 1, 2568, 273836, 784, 2, 51, 744, 3, 4 };
	struct proc_stat stat;

	ck_assert_int_eq(parse(text, &stat), 0);
	ck_assert_int_eq(stat.total.cpu, -1);
	for (int i = 0; i < PROC_CPU_TIMES; i++)
		ck_assert_uint_eq(stat.total.ticks[i], total[i]);
	ck_assert_uint_eq(stat.cpus.len, 2);
	ck_assert_int_eq(stat.cpus.data[0].cpu, 0);
	ck_assert_int_eq(stat.cpus.data[1].cpu, 2);
	ck_assert_uint_eq(stat.cpus.data[1].ticks[7], 349);
	ck_assert_uint_eq(stat.interrupts, 160361);
	ck_assert_uint_eq(stat.switches, 316288);
	ck_assert_uint_eq(stat.forks, 6291);
	ck_assert_uint_eq(stat.running, 3);
	ck_assert_uint_eq(stat.blocked, 1);
	proc_stat_free(&stat);
}
END_TEST

START_TEST(stat_of_an_old_kernel)
{
	struct proc_stat stat;

	ck_assert_int_eq(parse("cpu 1 2 3 4\ncpu0 1 2 3 4\n", &stat), 0);
	ck_assert_uint_eq(stat.total.ticks[3], 4);
	ck_assert_uint_eq(stat.total.ticks[4], 0);
	ck_assert_uint_eq(stat.cpus.len, 1);
	proc_stat_free(&stat);
}
END_TEST

START_TEST(stat_skips_what_does_not_fit)
{
	struct proc_stat stat;

	ck_assert_int_eq(parse("cpu 1 2 3 4 5\n"
			       "cpu1 1 2 3 4\n"
			       "cpu0 1 2 3 4\n" /* not ascending */
			       "cpu3 1 2\n"	/* cut */
			       "cpux 1 2 3 4\n"
			       "cpu4x 1 2 3 4\n"
			       "cpufreq 1 2 3 4\n"
			       "cpu99999999999999999999 1 2 3 4\n"
			       "cpu70000 1 2 3 4\n"
			       "cpu5 1 2 3 99999999999999999999\n"
			       "\n   \n"
			       "ctxt\n"
			       "processes -3\n",
			       &stat),
			 0);
	ck_assert_uint_eq(stat.cpus.len, 1);
	ck_assert_int_eq(stat.cpus.data[0].cpu, 1);
	ck_assert_uint_eq(stat.switches, 0);
	ck_assert_uint_eq(stat.forks, 0);
	proc_stat_free(&stat);
}
END_TEST

START_TEST(stat_without_cpu_line)
{
	struct proc_stat stat = { .switches = 7 };

	ck_assert_int_eq(parse("", &stat), -EBADMSG);
	ck_assert_int_eq(parse("cpu0 1 2 3 4\nctxt 5\n", &stat), -EBADMSG);
	ck_assert_int_eq(parse("cpu 1 2 3\n", &stat), -EBADMSG);
	ck_assert_uint_eq(stat.switches, 7);
	proc_stat_free(NULL);
}
END_TEST

START_TEST(loadavg)
{
	struct proc_loadavg load = { .threads = 7 };
	const char *const bad[] = { "",
				    "0.06 0.04 0.05\n",
				    "0.06 0.04 0.05 1 170 4087\n",
				    "0.06 0.04 0.05 /170 1\n",
				    "0.06 0.04 0.05 1x/170 1\n",
				    "a b c 1/2 3\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(proc_loadavg_parse(bad[i], strlen(bad[i]), &load), -EBADMSG);
	ck_assert_uint_eq(load.threads, 7);
	ck_assert_int_eq(proc_loadavg_parse("791.06 12.04 0.05 3/1700 4087\n", 30, &load), 0);
	ck_assert_double_eq_tol(load.load1, 791.06, 1e-9);
	ck_assert_double_eq_tol(load.load5, 12.04, 1e-9);
	ck_assert_double_eq_tol(load.load15, 0.05, 1e-9);
	ck_assert_uint_eq(load.running, 3);
	ck_assert_uint_eq(load.threads, 1700);
}
END_TEST

START_TEST(uptime)
{
	double uptime_s = -1;

	ck_assert_int_eq(proc_uptime_parse("\n", 1, &uptime_s), -EBADMSG);
	ck_assert_double_eq(uptime_s, -1);
	ck_assert_int_eq(proc_uptime_parse("1401.76 2735.91\n", 16, &uptime_s), 0);
	ck_assert_double_eq_tol(uptime_s, 1401.76, 1e-9);
}
END_TEST

START_TEST(this_host)
{
	struct procroot *root = NULL;
	struct str text = { 0 };
	struct proc_loadavg load;
	struct proc_stat stat;
	double uptime_s;

	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	ck_assert_int_eq(procroot_read(root, "proc/stat", &text), 0);
	ck_assert_int_eq(proc_stat_parse(text.data, text.len, &stat), 0);
	ck_assert_uint_ge(stat.cpus.len, 1);
	ck_assert_uint_gt(stat.switches, 0);
	ck_assert_uint_gt(stat.forks, 0);
	ck_assert_uint_ge(stat.running, 1);
	proc_stat_free(&stat);
	ck_assert_int_eq(procroot_read(root, "proc/loadavg", &text), 0);
	ck_assert_int_eq(proc_loadavg_parse(text.data, text.len, &load), 0);
	ck_assert_uint_ge(load.running, 1);
	ck_assert_int_eq(procroot_read(root, "proc/uptime", &text), 0);
	ck_assert_int_eq(proc_uptime_parse(text.data, text.len, &uptime_s), 0);
	ck_assert_double_gt(uptime_s, 0);
	str_free(&text);
	procroot_free(root);
}
END_TEST

static Suite *proc_stat_suite(void)
{
	Suite *suite = suite_create("proc_stat");
	TCase *tests = tcase_create("core");

	tcase_add_test(tests, stat_of_two_cpus);
	tcase_add_test(tests, stat_of_an_old_kernel);
	tcase_add_test(tests, stat_skips_what_does_not_fit);
	tcase_add_test(tests, stat_without_cpu_line);
	tcase_add_test(tests, loadavg);
	tcase_add_test(tests, uptime);
	tcase_add_test(tests, this_host);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(proc_stat_suite());
}
