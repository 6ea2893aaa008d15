/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/testing.h"

#include <stdio.h>

static int add_group(struct evidence *evidence, const char *name, double threads, double share)
{
	int row = evidence_add_row(evidence, TABLE_top_groups);

	evidence_set_cell_text(evidence, row, COLUMN_top_groups_name, name);
	evidence_set_cell_text(evidence, row, COLUMN_top_groups_program, "prog");
	evidence_set_cell(evidence, row, COLUMN_top_groups_threads, threads);
	evidence_set_cell(evidence, row, COLUMN_top_groups_cpu_share_pct, share);
	return row;
}

START_TEST(a_finding_is_complete)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[{\"id\":\"vmstat.q\",\"when\":[\"vmstat.r >= 4\"],\"cause\":\"cpu-saturation\","
		"\"severity\":{\"warning\":\"vmstat.r >= 4\",\"critical\":\"vmstat.r >= 8\"},"
		"\"say\":\"r {vmstat.r} of {{{vmstat.b}}}\",\"means\":\"m {host.usable_cpus}\","
		"\"remedy\":[\"plain\",\"knob {host.kernel}\"],\"try\":[\"on {host.name}\"],"
		"\"share\":\"vmstat.us_pct\"}]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	const struct finding *finding;

	evidence_set(evidence, METRIC_vmstat_r, 9);
	evidence_set(evidence, METRIC_vmstat_us_pct, 40);
	evidence_set_text(evidence, METRIC_host_name, "box");
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->findings.len, 1);
	finding = judgement->findings.data;
	ck_assert_str_eq(finding->id, "F1");
	ck_assert_int_eq(finding->severity, SEVERITY_CRITICAL);
	ck_assert_str_eq(finding->say, "r 9 of {?}");
	ck_assert_str_eq(finding->means, "m ?");
	ck_assert_uint_eq(finding->remedy.len, 1);
	ck_assert_str_eq(finding->commands.data[0], "on box");
	ck_assert_str_eq(finding->subject.kind, "host");
	ck_assert_str_eq(finding->subject.name, "box");
	ck_assert_double_eq(finding->share_pct, 40);
	ck_assert_double_eq(finding->confidence, 0.95);
	ck_assert_uint_eq(strlen(finding->fingerprint), 16);
	/* one number is one fact, with the threshold that made it critical */
	ck_assert_uint_eq(finding->facts.len, 1);
	ck_assert_str_eq(finding->facts.data[0].metric, "vmstat.r");
	ck_assert_double_eq(finding->facts.data[0].value.number, 9);
	ck_assert_double_eq(finding->facts.data[0].threshold.number, 8);
	ck_assert_int_eq(judgement->verdict.status, VERDICT_FINDINGS);
	ck_assert_str_eq(judgement->verdict.headline, "r 9 of {?}");
}
END_TEST

START_TEST(facts_keep_the_stricter_bound)
{
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of("[" HOST_RULE("vmstat.a",
				       "\"vmstat.r > 5\",\"vmstat.r > host.usable_cpus\","
				       "\"vmstat.r < 20\",\"vmstat.r != 7\",\"vmstat.r != 8\"",
				       HOG) "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	const struct facts *facts;

	evidence_set(evidence, METRIC_vmstat_r, 9);
	evidence_set(evidence, METRIC_host_usable_cpus, 2);
	judgement = judge(rules, evidence);
	facts = &judgement->findings.data[0].facts;
	ck_assert_uint_eq(facts->len, 4);
	ck_assert_double_eq(facts->data[0].threshold.number, 5);
	ck_assert_double_eq(facts->data[1].threshold.number, 20);
}
END_TEST

START_TEST(severity_levels)
{
	static const struct {
		double r;
		enum severity expected;
	} cases[] = { { 2, SEVERITY_INFO }, { 4, SEVERITY_WARNING }, { 8, SEVERITY_CRITICAL } };
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[" HOST_RULE("vmstat.a", "\"vmstat.r > 1\"",
			      HOG ",\"severity\":{\"warning\":\"vmstat.r >= 4\",\"critical\":"
				  "[\"vmstat.r >= 4\",\"vmstat.r >= 8\"]}") "]");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
		_cleanup_(judgement_freep) struct judgement *judgement = NULL;

		evidence_set(evidence, METRIC_vmstat_r, cases[i].r);
		judgement = judge(rules, evidence);
		ck_assert_int_eq(judgement->findings.data[0].severity, cases[i].expected);
	}
}
END_TEST

START_TEST(severity_least_is_a_floor)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[" HOST_RULE("vmstat.a", "\"vmstat.r > 1\"",
			      HOG ",\"severity\":{\"least\":\"warning\",\"critical\":\"vmstat.b "
				  "> 8\"}") "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	judgement = judge(rules, evidence);
	ck_assert_int_eq(judgement->findings.data[0].severity, SEVERITY_WARNING);
}
END_TEST

START_TEST(unless_true_suppresses)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(UNLESS_RULE(HOG));
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	evidence_set(evidence, METRIC_vmstat_b, 6);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->findings.len, 0);
	ck_assert_uint_eq(judgement->suppressed.len, 1);
	ck_assert_str_eq(judgement->suppressed.data[0].because, "vmstat.b 6 > 5");
	ck_assert_str_eq(judgement->suppressed.data[0].say, "vmstat.a 2");
}
END_TEST

START_TEST(unless_unknown_is_a_doubt)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(UNLESS_RULE(HOG));
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->findings.len, 1);
	ck_assert_uint_eq(judgement->unknown.len, 0);
	ck_assert_uint_eq(judgement->findings.data[0].doubts.len, 1);
	ck_assert_str_eq(judgement->findings.data[0].doubts.data[0], "vmstat.b > 5");
	ck_assert_double_eq_tol(judgement->findings.data[0].confidence, 0.95 * 0.8, 1e-9);
}
END_TEST

START_TEST(only_certainty_excludes)
{
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of(UNLESS_RULE("\"rules_out\":\"io-saturation\""));
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *doubtful = NULL, *sure = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	doubtful = judge(rules, evidence);
	ck_assert_uint_eq(doubtful->ruled_out.len, 0);
	ck_assert_uint_eq(doubtful->unknown.len, 1);
	ck_assert_str_eq(doubtful->unknown.data[0].missing.data[0], "vmstat.b");
	evidence_set(evidence, METRIC_vmstat_b, 0);
	sure = judge(rules, evidence);
	ck_assert_uint_eq(sure->ruled_out.len, 1);
	ck_assert_str_eq(sure->ruled_out.data[0].say, "vmstat.a 2");
	ck_assert_uint_eq(sure->ruled_out.data[0].facts.len, 1);
}
END_TEST

START_TEST(unknown_names_what_is_missing)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[" HOST_RULE(
		"vmstat.a", "\"vmstat.r > 1\",\"vmstat.b > 2 * host.usable_cpus\"", HOG) "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL, *quiet = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->unknown.len, 1);
	ck_assert_uint_eq(judgement->unknown.data[0].missing.len, 2);
	ck_assert_str_eq(judgement->unknown.data[0].missing.data[0], "vmstat.b");
	ck_assert_str_eq(judgement->unknown.data[0].missing.data[1], "host.usable_cpus");
	ck_assert_str_eq(judgement->unknown.data[0].fix, "vmstat 1");
	/* one false condition decides, whatever else is missing */
	evidence_set(evidence, METRIC_vmstat_r, 1);
	quiet = judge(rules, evidence);
	ck_assert_uint_eq(quiet->unknown.len, 0);
}
END_TEST

#define GROUPS_RULE(rest)                                                                     \
	"[{\"id\":\"top.g\",\"for\":\"top.groups\",\"when\":[\"row.threads > 5\"]," HOG       \
	",\"say\":\"{row.name} {row.threads}\",\"share\":\"row.cpu_share_pct\",\"severity\":" \
	"\"warning\"" rest "}]"

START_TEST(rows)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(GROUPS_RULE(""));
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	add_group(evidence, "small", 2, 99);
	add_group(evidence, "a", 10, 5);
	add_group(evidence, "b", 11, NAN);
	add_group(evidence, "c", 12, 50);
	add_group(evidence, "d", 13, 20);
	judgement = judge(rules, evidence);
	/* the three with the largest share */
	ck_assert_uint_eq(judgement->findings.len, 3);
	ck_assert_str_eq(judgement->findings.data[0].say, "c 12");
	ck_assert_str_eq(judgement->findings.data[1].say, "d 13");
	ck_assert_str_eq(judgement->findings.data[2].say, "a 10");
	ck_assert_int_eq(judgement->findings.data[0].row, 3);
	ck_assert_str_eq(judgement->findings.data[0].subject.kind, "program");
	ck_assert_str_eq(judgement->findings.data[0].subject.name, "c");
	ck_assert_str_eq(judgement->findings.data[0].subject.program, "prog");
	ck_assert_double_eq(judgement->findings.data[0].subject.threads, 12);
	ck_assert(isnan(judgement->findings.data[0].subject.processes));
	ck_assert_str_eq(judgement->findings.data[0].facts.data[0].metric, "top.groups.threads");
}
END_TEST

START_TEST(rows_that_are_not_known)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(GROUPS_RULE(""));
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *no_table = NULL, *empty = NULL,
						    *unknown = NULL, *fires = NULL;

	no_table = judge(rules, evidence);
	ck_assert_uint_eq(no_table->unknown.len, 1);
	ck_assert_str_eq(no_table->unknown.data[0].missing.data[0], "top.groups");
	ck_assert_str_eq(no_table->unknown.data[0].fix, "top -H; pidstat -wt 1");
	evidence_mark_table(evidence, TABLE_top_groups);
	empty = judge(rules, evidence);
	ck_assert_uint_eq(empty->unknown.len, 0);
	add_group(evidence, "a", NAN, 1);
	add_group(evidence, "b", NAN, 1);
	unknown = judge(rules, evidence);
	ck_assert_uint_eq(unknown->unknown.len, 1);
	ck_assert_uint_eq(unknown->unknown.data[0].missing.len, 1);
	ck_assert_str_eq(unknown->unknown.data[0].missing.data[0], "top.groups.threads");
	add_group(evidence, "c", 6, 1);
	fires = judge(rules, evidence);
	ck_assert_uint_eq(fires->unknown.len, 0);
	ck_assert_uint_eq(fires->findings.len, 1);
}
END_TEST

START_TEST(subjects)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(GROUPS_RULE(""));
	_cleanup_(ruleset_freep) struct ruleset *forced =
		rules_of(GROUPS_RULE(",\"subject\":\"program\""));
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL, *other = NULL;
	int row = add_group(evidence, "tokio-rt", 10, 60);
	int kernel = add_group(evidence, "kswapd", 10, 40);

	evidence_set_cell_text(evidence, row, COLUMN_top_groups_runtime, "tokio");
	evidence_set_cell_text(evidence, row, COLUMN_top_groups_thread, "tokio-rt");
	evidence_set_cell_text(evidence, kernel, COLUMN_top_groups_kind, "kernel");
	judgement = judge(rules, evidence);
	ck_assert_str_eq(judgement->findings.data[0].subject.kind, "runtime");
	ck_assert_str_eq(judgement->findings.data[0].subject.name, "tokio");
	ck_assert_str_eq(judgement->findings.data[0].subject.thread, "tokio-rt");
	ck_assert_str_eq(judgement->findings.data[1].subject.kind, "kernel-thread");
	ck_assert_str_ne(judgement->findings.data[0].fingerprint,
			 judgement->findings.data[1].fingerprint);
	other = judge(forced, evidence);
	ck_assert_str_eq(other->findings.data[0].subject.kind, "program");
	ck_assert_str_eq(other->findings.data[0].subject.name, "tokio-rt");
}
END_TEST

/* PIDs and counts change from run to run: a ticket must not. */
START_TEST(fingerprint_is_stable)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(GROUPS_RULE(""));
	char seen[2][17];

	for (int i = 0; i < 2; i++) {
		_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
		_cleanup_(judgement_freep) struct judgement *judgement = NULL;
		int row = add_group(evidence, "a", 10 + i, 60 + i);

		evidence_set_text(evidence, METRIC_host_name, "box");
		evidence_set_cell_text(evidence, row, COLUMN_top_groups_pids, i ? "1" : "2");
		judgement = judge(rules, evidence);
		memcpy(seen[i], judgement->findings.data[0].fingerprint, sizeof(seen[i]));
	}
	ck_assert_str_eq(seen[0], seen[1]);
}
END_TEST

START_TEST(requests)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[{\"id\":\"top.n\",\"for\":\"top.groups\",\"when\":[\"row.threads > 5\"],"
		"\"next\":\"perf\",\"why\":\"see {row.name}\",\"share\":\"row.cpu_share_pct\"}]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	add_group(evidence, "a", 10, 5);
	add_group(evidence, "b", 10, 50);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->requests.len, 1);
	ck_assert_int_eq(judgement->requests.data[0].stage, STAGE_perf);
	ck_assert_str_eq(judgement->requests.data[0].why, "see b");
	ck_assert_uint_eq(judgement->findings.len, 0);
}
END_TEST

START_TEST(stages_that_did_not_run)
{
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of("[" HOST_RULE("perf.a", "\"vmstat.r > 1\"",
				       HOG) "," HOST_RULE("sched.b", "\"vmstat.b > 1\"", HOG) "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->considered, 0);
	ck_assert_uint_eq(judgement->findings.len, 0);
	ck_assert_uint_eq(judgement->unknown.len, 0);
}
END_TEST

START_TEST(disabled_rules)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[" HOST_RULE("vmstat.a", "\"vmstat.r > 1\"", HOG ",\"enabled\":false") "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->findings.len, 0);
}
END_TEST

START_TEST(a_hostile_name_is_in_no_command)
{
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of("[{\"id\":\"top.x\",\"for\":\"top.groups\",\"when\":[\"row.threads > 1\"],"
			 "\"cause\":\"cpu-hog\",\"say\":\"{row.name}\","
			 "\"try\":[\"cat /sys/{row.name}/x\",\"top -H\"]}]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	add_group(evidence, "$(reboot)", 7, 1);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->findings.len, 1);
	ck_assert_str_eq(judgement->findings.data[0].say, "$(reboot)");
	ck_assert_uint_eq(judgement->findings.data[0].commands.len, 1);
	ck_assert_str_eq(judgement->findings.data[0].commands.data[0], "top -H");
}
END_TEST

START_TEST(filling)
{
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(str_free) struct str out = { 0 };
	int row = add_group(evidence, "{host.name}", 1500, 12.5);

	/* what a host puts into a name is never a template */
	ck_assert_int_eq(
		rule_fill("{row.name}|{row.threads}|{row.cpu_share_pct}|{vmstat.r}|{{x}}|}",
			  TABLE_top_groups, row, evidence, &out),
		1);
	ck_assert_str_eq(str_text(&out), "{host.name}|1,500|12.5 %|?|{x}|}");
	str_clear(&out);
	ck_assert_int_eq(rule_fill("open {vmstat.r", TABLE_NONE, -1, evidence, &out), 0);
	ck_assert_str_eq(str_text(&out), "open ");
}
END_TEST

START_TEST(parts_in_brackets)
{
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(str_free) struct str out = { 0 };
	int row = add_group(evidence, "[a] name", 1500, 12.5);

	ck_assert_int_eq(
		rule_fill(
			"{row.threads}[ of {row.name}][ at {vmstat.r}], [plain] [open {row.threads}",
			TABLE_top_groups, row, evidence, &out),
		0);
	ck_assert_str_eq(str_text(&out), "1,500 of [a] name, [plain] [open 1,500");
	str_clear(&out);
	ck_assert_int_eq(rule_fill("[{row.name} {vmstat.r} {vmstat.b}]{vmstat.b}", TABLE_top_groups,
				   row, evidence, &out),
			 1);
	ck_assert_str_eq(str_text(&out), "?");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("judge");
	TCase *tests = tcase_create("judge");

	tcase_add_test(tests, a_finding_is_complete);
	tcase_add_test(tests, facts_keep_the_stricter_bound);
	tcase_add_test(tests, severity_levels);
	tcase_add_test(tests, severity_least_is_a_floor);
	tcase_add_test(tests, unless_true_suppresses);
	tcase_add_test(tests, unless_unknown_is_a_doubt);
	tcase_add_test(tests, only_certainty_excludes);
	tcase_add_test(tests, unknown_names_what_is_missing);
	tcase_add_test(tests, rows);
	tcase_add_test(tests, rows_that_are_not_known);
	tcase_add_test(tests, subjects);
	tcase_add_test(tests, fingerprint_is_stable);
	tcase_add_test(tests, requests);
	tcase_add_test(tests, stages_that_did_not_run);
	tcase_add_test(tests, disabled_rules);
	tcase_add_test(tests, a_hostile_name_is_in_no_command);
	tcase_add_test(tests, filling);
	tcase_add_test(tests, parts_in_brackets);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
