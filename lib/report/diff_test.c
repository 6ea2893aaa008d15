/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two judgements of the shipped rules over evidence made by hand. */
#include "report/diff.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "rules/embedded.h"

#include <check.h>
#include <string.h>

static struct ruleset *rules;

struct side {
	struct evidence *evidence;
	struct judgement *judgement;
	struct report report;
};

static void ran(struct evidence *evidence, enum stage_id stage)
{
	const struct stage_record record = { .status = STAGE_OK, .duration_s = 2 };

	ck_assert_int_eq(evidence_set_stage(evidence, stage, &record), 0);
}

static struct side begin(void)
{
	struct side side = { 0 };

	ck_assert_int_eq(evidence_new(&side.evidence), 0);
	ran(side.evidence, STAGE_vmstat);
	evidence_set(side.evidence, METRIC_host_cpus_online, 2);
	evidence_set(side.evidence, METRIC_host_usable_cpus, 2);
	return side;
}

static void set_load(struct side *side, double r, double busy_pct)
{
	evidence_set(side->evidence, METRIC_vmstat_r, r);
	evidence_set(side->evidence, METRIC_vmstat_r_per_cpu, r / 2);
	evidence_set(side->evidence, METRIC_vmstat_busy_pct, busy_pct);
	evidence_set(side->evidence, METRIC_vmstat_id_pct, 100 - busy_pct);
}

/* A program that hits its quota. */
static void add_cgroup(struct side *side, const char *name, double throttled_pct, double time_pct)
{
	int row = evidence_add_row(side->evidence, TABLE_top_cgroups);

	ran(side->evidence, STAGE_top);
	evidence_set_cell_text(side->evidence, row, COLUMN_top_cgroups_name, name);
	evidence_set_cell_text(side->evidence, row, COLUMN_top_cgroups_program, "hog");
	evidence_set_cell(side->evidence, row, COLUMN_top_cgroups_quota_cpus, 0.5);
	evidence_set_cell(side->evidence, row, COLUMN_top_cgroups_periods, 20);
	evidence_set_cell(side->evidence, row, COLUMN_top_cgroups_throttled_pct, throttled_pct);
	evidence_set_cell(side->evidence, row, COLUMN_top_cgroups_throttled_time_pct, time_pct);
}

static void judge(struct side *side)
{
	ck_assert_int_eq(rule_annotate(rules, side->evidence), 0);
	ck_assert_int_eq(rule_judge(rules, side->evidence, &side->judgement), 0);
	side->report = (struct report){ .rules = rules,
					.evidence = side->evidence,
					.judgement = side->judgement,
					.tool_version = "0" };
}

static void end(struct side *side)
{
	judgement_free(side->judgement);
	evidence_free(side->evidence);
}

static const struct change *find_change(const struct diff *diff, const char *cause,
					const char *subject)
{
	vec_each(change, &diff->changes) {
		const struct finding *finding = change->after ? change->after : change->before;

		if (strcmp(finding->rule->cause, cause) == 0 &&
		    (!subject || strcmp(finding->subject.name, subject) == 0))
			return change;
	}
	return NULL;
}

static const struct diff_number *find_number(const struct change *change, const char *metric)
{
	vec_each(number, &change->numbers)
		if (strcmp(number->metric, metric) == 0)
			return number;
	return NULL;
}

START_TEST(gone_new_milder_and_as_before)
{
	struct side before = begin(), after = begin();
	const struct diff_number *number;
	const struct change *change;
	struct diff diff;

	set_load(&before, 20, 100);
	set_load(&after, 2, 40);
	add_cgroup(&before, "/a", 98, 160);
	add_cgroup(&before, "/b", 98, 160);
	add_cgroup(&after, "/a", 98, 50);
	add_cgroup(&after, "/b", 98, 160);
	add_cgroup(&after, "/c", 98, 160);
	judge(&before);
	judge(&after);
	ck_assert_int_eq(diff_make(&before.report, &after.report, &diff), 0);
	ck_assert_int_eq(diff.result, DIFF_MIXED);
	ck_assert(diff_reaches(&diff, SEVERITY_CRITICAL));

	change = find_change(&diff, "cpu-saturation", NULL);
	ck_assert_int_eq(change->kind, CHANGE_GONE);
	number = find_number(change, "vmstat.r_per_cpu");
	ck_assert_double_eq(number->before.number, 10);
	ck_assert_double_eq(number->after.number, 1);
	change = find_change(&diff, "cgroup-throttling", "/a");
	ck_assert_int_eq(change->kind, CHANGE_MILDER);
	ck_assert_ptr_nonnull(change->before);
	change = find_change(&diff, "cgroup-throttling", "/c");
	ck_assert_int_eq(change->kind, CHANGE_NEW);
	ck_assert_ptr_null(change->before);
	ck_assert_int_eq(find_change(&diff, "cgroup-throttling", "/b")->kind, CHANGE_SAME);
	diff_free(&diff);
	end(&before);
	end(&after);
}
END_TEST

START_TEST(what_nobody_looked_at_is_not_gone)
{
	struct side before = begin(), after = begin();
	struct diff diff;

	/* The second time the top stage did not run, and the run queue is not known. */
	set_load(&before, 20, 100);
	add_cgroup(&before, "/a", 98, 160);
	judge(&before);
	judge(&after);
	ck_assert_int_eq(diff_make(&before.report, &after.report, &diff), 0);
	ck_assert_int_eq(find_change(&diff, "cgroup-throttling", "/a")->kind, CHANGE_UNSEEN);
	ck_assert_int_eq(find_change(&diff, "cpu-saturation", NULL)->kind, CHANGE_UNSEEN);
	ck_assert_int_eq(diff.result, DIFF_SAME);
	diff_free(&diff);
	end(&before);
	end(&after);
}
END_TEST

START_TEST(a_side_differs_from_itself_in_nothing)
{
	_cleanup_(str_free) struct str text = { 0 };
	const struct report_style style = { .columns = 80 };
	struct side side = begin();
	struct diff diff;

	set_load(&side, 20, 100);
	add_cgroup(&side, "/evil\033[31m\nNew", 98, 160);
	judge(&side);
	ck_assert_int_eq(diff_make(&side.report, &side.report, &diff), 0);
	ck_assert_int_eq(diff.result, DIFF_SAME);
	ck_assert(!diff_reaches(&diff, SEVERITY_INFO));
	vec_each(change, &diff.changes)
		ck_assert_int_eq(change->kind, CHANGE_SAME);
	ck_assert_int_eq(diff_text(&diff, &style, &text), 0);
	ck_assert_int_eq(strncmp(str_text(&text), "SAME  ", 6), 0);
	ck_assert_int_eq(diff_markdown(&diff, &style, &text), 0);
	ck_assert_int_eq(diff_json(&diff, &text), 0);
	ck_assert_ptr_null(strchr(str_text(&text), '\033'));
	ck_assert_ptr_null(strstr(str_text(&text), "\nNew"));
	diff_free(&diff);
	end(&side);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("diff");
	TCase *tests = tcase_create("all");
	struct err err = { "" };
	int failed;

	if (ruleset_load(embedded_rules, embedded_rules_count, &rules, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return 1;
	}
	tcase_add_test(tests, gone_new_milder_and_as_before);
	tcase_add_test(tests, what_nobody_looked_at_is_not_gone);
	tcase_add_test(tests, a_side_differs_from_itself_in_nothing);
	suite_add_tcase(suite, tests);
	failed = run_suite(suite);
	ruleset_free(rules);
	return failed;
}
