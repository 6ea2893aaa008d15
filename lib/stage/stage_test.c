/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stages over recorded roots, and against what this host says. */
#include "stage/funnel.h"

#include "base/cleanup.h"
#include "rules/embedded.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct ruleset *load_rules(void)
{
	struct ruleset *rules = NULL;
	struct err err;

	ck_assert_msg(ruleset_load(embedded_rules, embedded_rules_count, &rules, &err) == 0, "%s",
		      err.msg);
	return rules;
}

static struct evidence *collect(struct procroot *root, unsigned stages, double seconds)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = load_rules();
	struct funnel_options options = { .rules = rules, .stages = stages, .seconds = seconds };
	struct evidence *evidence = NULL;
	struct err err = { "" };

	ck_assert_int_eq(evidence_new(&evidence), 0);
	ck_assert_msg(funnel_run(root, &options, evidence, &err) == 0, "%s", err.msg);
	return evidence;
}

static struct evidence *replay(const char *name)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	char folder[512];
	struct err err;

	snprintf(folder, sizeof(folder), "%s/proc/%s", TESTDATA, name);
	ck_assert_msg(procroot_open_recorded(folder, &root, &err) == 0, "%s", err.msg);
	return collect(root, 0, 0);
}

static double number(const struct evidence *evidence, enum metric_id id)
{
	return evidence_number(evidence, id);
}

static double cell(const struct evidence *evidence, int row, enum column_id column)
{
	struct value value = evidence_cell(evidence, row, column);

	return value.kind == VALUE_NUMBER ? value.number : NAN;
}

static const char *text(const struct evidence *evidence, int row, enum column_id column)
{
	struct value value = evidence_cell(evidence, row, column);

	return value.kind == VALUE_TEXT ? value.text : "";
}

START_TEST(a_recorded_storm_names_its_threads)
{
	_cleanup_(evidence_freep) struct evidence *evidence = replay("storm");

	ck_assert_int_eq(evidence_stage(evidence, STAGE_vmstat)->status, STAGE_OK);
	ck_assert_int_eq(evidence_stage(evidence, STAGE_top)->status, STAGE_OK);
	ck_assert_double_eq(number(evidence, METRIC_host_usable_cpus), 2);
	ck_assert_double_eq(number(evidence, METRIC_vmstat_r), 9);
	ck_assert_double_eq_tol(number(evidence, METRIC_vmstat_r_per_cpu), 4.5, 0.01);
	ck_assert_double_eq(number(evidence, METRIC_vmstat_b), 0);
	ck_assert_str_eq(text(evidence, 0, COLUMN_top_groups_program), "sysbench");
	ck_assert_str_eq(text(evidence, 0, COLUMN_top_groups_kind), "user");
	ck_assert_double_eq(cell(evidence, 0, COLUMN_top_groups_threads), 21);
	ck_assert_double_eq(cell(evidence, 0, COLUMN_top_groups_processes), 1);
	ck_assert_double_eq(cell(evidence, 0, COLUMN_top_groups_usable_cpus), 2);
	ck_assert_double_lt(cell(evidence, 0, COLUMN_top_groups_leader_switches_per_s), 10);
	/* the threads' own counters add up to the host's */
	ck_assert_double_eq_tol(cell(evidence, 0, COLUMN_top_groups_switches_per_s) /
					number(evidence, METRIC_vmstat_cs_per_s),
				1, 0.05);
	ck_assert_double_gt(cell(evidence, 0, COLUMN_top_groups_cpu_pct), 180);
	ck_assert_double_le(cell(evidence, 0, COLUMN_top_groups_cpu_pct), 200);
}
END_TEST

START_TEST(rates_of_the_recording_are_its_counters_over_its_clock)
{
	_cleanup_(evidence_freep) struct evidence *evidence = replay("storm");
	double all =
		number(evidence, METRIC_vmstat_us_pct) + number(evidence, METRIC_vmstat_sy_pct) +
		number(evidence, METRIC_vmstat_id_pct) + number(evidence, METRIC_vmstat_wa_pct) +
		number(evidence, METRIC_vmstat_hi_pct) + number(evidence, METRIC_vmstat_si_pct) +
		number(evidence, METRIC_vmstat_st_pct) + number(evidence, METRIC_vmstat_guest_pct);

	ck_assert_double_eq_tol(all, 100, 1e-6);
	ck_assert_double_eq_tol(evidence_stage(evidence, STAGE_vmstat)->duration_s, 1, 0.05);
	ck_assert_int_eq(evidence_rows(evidence, TABLE_vmstat_cpus), 2);
	ck_assert_double_gt(number(evidence, METRIC_vmstat_cs_per_s), 400000);
	ck_assert_double_gt(number(evidence, METRIC_vmstat_psi_cpu_some_pct), 90);
	ck_assert_double_le(number(evidence, METRIC_vmstat_psi_cpu_some_pct), 100);
}
END_TEST

START_TEST(two_moments_are_enough_for_rates)
{
	_cleanup_(evidence_freep) struct evidence *evidence = replay("two-moments");

	ck_assert(!isnan(number(evidence, METRIC_vmstat_cs_per_s)));
	ck_assert_int_eq(evidence_stage(evidence, STAGE_top)->status, STAGE_UNAVAILABLE);
	ck_assert(isnan(number(evidence, METRIC_top_threads)));
}
END_TEST

START_TEST(one_moment_knows_levels_and_no_rates)
{
	_cleanup_(evidence_freep) struct evidence *evidence = replay("plain-copy");

	ck_assert_int_eq(evidence_stage(evidence, STAGE_vmstat)->status, STAGE_DEGRADED);
	ck_assert(!isnan(number(evidence, METRIC_vmstat_load1)));
	ck_assert(isnan(number(evidence, METRIC_vmstat_cs_per_s)));
	ck_assert(isnan(number(evidence, METRIC_vmstat_us_pct)));
	ck_assert(!evidence_has_table(evidence, TABLE_vmstat_disks));
}
END_TEST

START_TEST(stages_that_do_not_exist_are_unavailable_and_say_so)
{
	_cleanup_(evidence_freep) struct evidence *evidence = replay("storm");
	const struct stage_record *perf = evidence_stage(evidence, STAGE_perf);

	ck_assert_int_eq(perf->status, STAGE_UNAVAILABLE);
	ck_assert_ptr_nonnull(perf->reason);
	ck_assert_ptr_nonnull(perf->fix);
}
END_TEST

START_TEST(an_empty_recording_is_an_error)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = load_rules();
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	struct funnel_options options = { .rules = rules };
	char folder[] = "/tmp/triage-stage-XXXXXX", inside[64];
	struct err err = { "" };

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(inside, sizeof(inside), "%s/proc", folder);
	ck_assert_int_eq(mkdir(inside, 0700), 0);
	ck_assert_int_eq(procroot_open_recorded(folder, &root, &err), 0);
	ck_assert_int_eq(evidence_new(&evidence), 0);
	ck_assert_int_eq(funnel_run(root, &options, evidence, &err), -ENOENT);
	ck_assert_msg(strstr(err.msg, "/proc/stat"), "%s", err.msg);
	rmdir(inside);
	rmdir(folder);
}
END_TEST

START_TEST(this_host_is_seen)
{
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	struct err err;

	ck_assert_int_eq(procroot_open_live(NULL, &root, &err), 0);
	evidence = collect(root, 1U << STAGE_vmstat | 1U << STAGE_top, 2);
	ck_assert_double_eq(number(evidence, METRIC_host_cpus_online),
			    (double)sysconf(_SC_NPROCESSORS_ONLN));
	ck_assert_double_ge(number(evidence, METRIC_top_threads), 1);
	ck_assert_double_ge(number(evidence, METRIC_vmstat_cs_per_s), 0);
	ck_assert_double_gt(number(evidence, METRIC_self_wall_s), 0.3);
	ck_assert_double_gt(number(evidence, METRIC_self_max_rss_bytes), 0);
	/* own threads are no subjects */
	for (int row = 0; row < evidence_rows(evidence, TABLE_top_groups); row++)
		ck_assert_str_ne(text(evidence, row, COLUMN_top_groups_program), "stage_test");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stage");
	TCase *cases = tcase_create("stage");
	SRunner *runner;
	int failed;

	tcase_set_timeout(cases, 60);
	tcase_add_test(cases, a_recorded_storm_names_its_threads);
	tcase_add_test(cases, rates_of_the_recording_are_its_counters_over_its_clock);
	tcase_add_test(cases, two_moments_are_enough_for_rates);
	tcase_add_test(cases, one_moment_knows_levels_and_no_rates);
	tcase_add_test(cases, stages_that_do_not_exist_are_unavailable_and_say_so);
	tcase_add_test(cases, an_empty_recording_is_an_error);
	tcase_add_test(cases, this_host_is_seen);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner,
				CK_NOFORK); /* the parent's threads would be another program's */
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
