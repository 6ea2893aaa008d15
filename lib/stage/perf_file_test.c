/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recording of perf made here, explained: the shares are those that perf itself reports. */
#include "stage/stage.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "base/str.h"
#include "rule/load.h"
#include "rules/embedded.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define FILE_NAME "perf_file_test.data"

static char folder[] = "/tmp/triage-perf-XXXXXX";
static struct ruleset *rules;

static char *data_path(void)
{
	static char path[sizeof(folder) + 32];

	snprintf(path, sizeof(path), "%s/" FILE_NAME, folder);
	return path;
}

/* Half in the kernel, half in a function of its own. */
static volatile uint64_t sink;

__attribute__((noinline)) void perf_file_test_spin(void);
__attribute__((noinline)) void perf_file_test_spin(void)
{
	for (int i = 0; i < 200000; i++)
		sink += (uint64_t)i;
}

static pid_t start_load(void)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (;;) {
		char bytes[64];
		FILE *zero = fopen("/dev/zero", "r");

		for (int i = 0; zero && i < 200; i++)
			if (fread(bytes, sizeof(bytes), 1, zero) != 1)
				_exit(1);
		if (zero)
			fclose(zero);
		perf_file_test_spin();
	}
}

/* Runs a shell command with the file's path behind it. */
static int run(const char *before, const char *after)
{
	char command[512];

	snprintf(command, sizeof(command), "%s %s %s", before, data_path(), after);
	return system(command);
}

static int record(const char *options)
{
	pid_t load = start_load();
	char before[256];
	int r;

	snprintf(before, sizeof(before), "perf record %s -o", options);
	r = run(before, "-- sleep 1.5 >/dev/null 2>&1");
	kill(load, SIGKILL);
	waitpid(load, NULL, 0);
	return r;
}

static struct evidence *explain(void)
{
	struct evidence *evidence = NULL;
	struct err err = { "" };

	ck_assert_int_eq(evidence_new(&evidence), 0);
	ck_assert_msg(stage_from_perf_data(data_path(), rules, evidence, &err) == 0, "%s", err.msg);
	return evidence;
}

static const char *cell_text(const struct evidence *evidence, int row, enum column_id column)
{
	const char *text = evidence_cell(evidence, row, column).text;

	return text ? text : "";
}

static double self_pct(const struct evidence *evidence, const char *name)
{
	for (int row = 0; row < evidence_rows(evidence, TABLE_perf_functions); row++)
		if (strcmp(cell_text(evidence, row, COLUMN_perf_functions_name), name) == 0)
			return evidence_cell(evidence, row, COLUMN_perf_functions_self_pct).number;
	return NAN;
}

/* "    12.34%  [k] read_zero": in per cent of the busy samples. */
static int compare_line(const struct evidence *evidence, const char *line, double scale)
{
	struct span rest = span_of(line), word;
	double perf_pct, own_pct;
	char name[256];

	if (!span_decimal(&rest, &perf_pct) || !span_word(&rest, &word) ||
	    !span_word(&rest, &word) || !span_word(&rest, &word) || span_starts(word, "0x"))
		return 0;
	span_copy(word, name, sizeof(name));
	perf_pct *= scale;
	own_pct = self_pct(evidence, name);
	/* Of symbols at one address we may know another name than perf. */
	if (perf_pct < 2 || strstr(name, "idle") || strstr(name, "halt") ||
	    strncmp(name, "__x86_", 6) == 0)
		return 0;
	ck_assert_msg(fabs(own_pct - perf_pct) <= 0.2, "%s: perf says %.2f, we %.2f", name,
		      perf_pct, own_pct);
	return 1;
}

START_TEST(shares_are_perfs)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	double scale;
	char line[512], command[256];
	int compared = 0;
	FILE *report;

	ck_assert_int_eq(record("-a -g -e cpu-clock -F 499"), 0);
	evidence = explain();
	scale = 100 / evidence_number(evidence, METRIC_perf_busy_pct);
	snprintf(command, sizeof(command),
		 "perf report -i %s --stdio --no-children -g none --sort symbol 2>/dev/null",
		 data_path());
	report = popen(command, "r");
	ck_assert_ptr_nonnull(report);
	while (fgets(line, sizeof(line), report))
		compared += compare_line(evidence, line, scale);
	ck_assert_int_eq(pclose(report), 0);
	ck_assert_int_ge(compared, 1);
	ck_assert(self_pct(evidence, "perf_file_test_spin") > 5);
	ck_assert_str_eq(evidence_get(evidence, METRIC_perf_clock).text, "cpu-clock");
	ck_assert(evidence_number(evidence, METRIC_perf_syscall_pct) > 0.5);
	ck_assert_int_eq(evidence_stage(evidence, STAGE_perf)->status, STAGE_OK);
	ck_assert_int_eq(evidence_stage(evidence, STAGE_sched)->status, STAGE_SKIPPED);
}
END_TEST

/* What callers would tell is unknown without them, not zero. */
START_TEST(without_chains)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;

	ck_assert_int_eq(record("-a -e cpu-clock -F 499"), 0);
	evidence = explain();
	ck_assert_int_eq(evidence_stage(evidence, STAGE_perf)->status, STAGE_DEGRADED);
	ck_assert(isnan(evidence_number(evidence, METRIC_perf_softirq_pct)));
	ck_assert(isnan(evidence_number(evidence, METRIC_perf_syscall_pct)));
	ck_assert(self_pct(evidence, "perf_file_test_spin") > 5);
}
END_TEST

/* The same bytes, from a host of another name: nothing of this one is taken for its. */
START_TEST(other_host)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	char command[512];

	ck_assert_int_eq(record("-a -g -e cpu-clock -F 499 --no-buildid --no-buildid-cache"), 0);
	snprintf(command, sizeof(command),
		 "python3 -c \"import os,sys; p=sys.argv[1]; b=open(p,'rb').read(); "
		 "n=os.uname().nodename.encode(); i=b.rfind(n+bytes(1)); assert i>0; "
		 "open(p,'wb').write(b[:i]+b'X'*len(n)+b[i+len(n):])\" %s",
		 data_path());
	ck_assert_int_eq(system(command), 0);
	evidence = explain();
	ck_assert_int_eq(evidence_stage(evidence, STAGE_perf)->status, STAGE_DEGRADED);
	ck_assert(isnan(self_pct(evidence, "perf_file_test_spin")));
	ck_assert(evidence_number(evidence, METRIC_perf_unnamed_pct) > 90);
}
END_TEST

START_TEST(both_stages)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;

	ck_assert_int_eq(record("-a -g -e cpu-clock -e sched:sched_switch -e sched:sched_waking"),
			 0);
	evidence = explain();
	ck_assert_int_ne(evidence_stage(evidence, STAGE_perf)->status, STAGE_SKIPPED);
	ck_assert_int_eq(evidence_stage(evidence, STAGE_sched)->status, STAGE_OK);
	ck_assert(evidence_number(evidence, METRIC_sched_switches_per_s) > 0);
	ck_assert(self_pct(evidence, "perf_file_test_spin") > 5);
}
END_TEST

START_TEST(neither)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	struct err err = { "" };

	ck_assert_int_eq(record("-a -e page-faults"), 0);
	ck_assert_int_eq(evidence_new(&evidence), 0);
	ck_assert_int_eq(stage_from_perf_data(data_path(), rules, evidence, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.msg, "record with"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("perf_file");
	TCase *t = tcase_create("perf_file");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, shares_are_perfs);
	tcase_add_test(t, without_chains);
	tcase_add_test(t, other_host);
	tcase_add_test(t, both_stages);
	tcase_add_test(t, neither);
	suite_add_tcase(s, t);
	return s;
}

static int skip(const char *why)
{
	printf("skipped: %s\n", why);
	return 77;
}

int main(void)
{
	struct err err = { "" };
	SRunner *runner;
	int failed;

	if (!mkdtemp(folder))
		return 1;
	if (record("-a -g -e cpu-clock") != 0) {
		rmdir(folder);
		return skip("perf record does not work here");
	}
	if (ruleset_load(embedded_rules, embedded_rules_count, &rules, &err) < 0)
		return 1;
	runner = srunner_create(suite());
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	ruleset_free(rules);
	unlink(data_path());
	rmdir(folder);
	return failed ? 1 : 0;
}
