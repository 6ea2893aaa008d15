/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the stories of sched and locate (rules/00-stages.jsonc) say that watching slows the host: fires, near miss, unknown. */
#include "report/view.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <string.h>

static struct ruleset *rules;

static void load_rules(void)
{
	struct err err = { "" };

	ck_assert_int_eq(ruleset_load(NULL, 0, &rules, &err), 0);
	ck_assert_msg(ruleset_overlay(rules, SOURCE_ROOT "/rules", &err) == 0, "%s", err.msg);
}

static void free_rules(void)
{
	ruleset_free(rules);
}

/* Whether a line of the stage's story has the words. */
static bool says(const struct evidence *evidence, enum stage_id stage, const char *words)
{
	const struct report report = { .rules = rules, .evidence = evidence };
	_cleanup_(view_free_saw) struct saw_texts saw = { 0 };

	ck_assert_int_eq(view_saw(&report, stage, &saw), 0);
	vec_each(line, &saw)
		if (strstr(line->cells, words))
			return true;
	return false;
}

/* A storm of 500k switches/s in the vmstat stage; in the sched stage, watched and in the rests. */
static struct evidence *storm(double watched_per_s, double rest_per_s)
{
	struct evidence *evidence;

	ck_assert_int_eq(evidence_new(&evidence), 0);
	evidence_set(evidence, METRIC_vmstat_cs_per_s, 500000);
	evidence_set(evidence, METRIC_sched_host_switches_per_s, watched_per_s);
	evidence_set(evidence, METRIC_sched_rest_switches_per_s, rest_per_s);
	evidence_set(evidence, METRIC_sched_slowed_pct, 100 - 100 * watched_per_s / rest_per_s);
	return evidence;
}

START_TEST(a_fifth_is_told)
{
	_cleanup_(evidence_freep) struct evidence *evidence = storm(300000, 500000);

	ck_assert(says(
		evidence, STAGE_sched,
		"watching slows this host: 40 % fewer switches while watched (300k/s) than just before "
		"and after (500k/s)"));
	ck_assert(!says(evidence, STAGE_sched, "varies"));
}
END_TEST

START_TEST(less_than_a_fifth_is_not)
{
	_cleanup_(evidence_freep) struct evidence *evidence = storm(410000, 500000);

	ck_assert(!says(evidence, STAGE_sched, "slows"));
	ck_assert(!says(evidence, STAGE_sched, "varies"));
}
END_TEST

START_TEST(a_load_that_varies_is_told_as_such)
{
	_cleanup_(evidence_freep) struct evidence *evidence = storm(240000, 230000);

	ck_assert(!says(evidence, STAGE_sched, "slows"));
	ck_assert(says(
		evidence, STAGE_sched,
		"the load itself varies: 500k/s switches in the vmstat stage, 230k/s just before and "
		"after this one, 240k/s while watched"));
	evidence_set(evidence, METRIC_vmstat_cs_per_s, 290000);
	ck_assert(!says(evidence, STAGE_sched, "varies"));
}
END_TEST

START_TEST(a_calm_host_has_no_rate_to_explain)
{
	_cleanup_(evidence_freep) struct evidence *evidence = storm(1000, 1000);

	evidence_set(evidence, METRIC_vmstat_cs_per_s, 9000);
	ck_assert(!says(evidence, STAGE_sched, "varies"));
}
END_TEST

START_TEST(what_was_not_measured_is_not_told)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;

	ck_assert_int_eq(evidence_new(&evidence), 0);
	evidence_set(evidence, METRIC_vmstat_cs_per_s, 500000);
	evidence_set(evidence, METRIC_sched_switches_per_s, 300000);
	ck_assert(says(evidence, STAGE_sched, "300k/s switches (cs)"));
	ck_assert(!says(evidence, STAGE_sched, "slows"));
	ck_assert(!says(evidence, STAGE_sched, "varies"));
	ck_assert(!says(evidence, STAGE_locate, "slows"));
}
END_TEST

START_TEST(locate_tells_its_own)
{
	_cleanup_(evidence_freep) struct evidence *evidence = storm(500000, 500000);

	evidence_set(evidence, METRIC_locate_host_switches_per_s, 150000);
	evidence_set(evidence, METRIC_locate_rest_switches_per_s, 300000);
	evidence_set(evidence, METRIC_locate_slowed_pct, 50);
	ck_assert(says(evidence, STAGE_locate, "50 % fewer switches while watched (150k/s)"));
	ck_assert(!says(evidence, STAGE_sched, "slows"));
	evidence_set(evidence, METRIC_locate_slowed_pct, 19);
	ck_assert(!says(evidence, STAGE_locate, "slows"));
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("saw_slowdown");
	Suite *suite = suite_create("saw_slowdown");

	tcase_add_unchecked_fixture(cases, load_rules, free_rules);
	tcase_add_test(cases, a_fifth_is_told);
	tcase_add_test(cases, less_than_a_fifth_is_not);
	tcase_add_test(cases, a_load_that_varies_is_told_as_such);
	tcase_add_test(cases, a_calm_host_has_no_rate_to_explain);
	tcase_add_test(cases, what_was_not_measured_is_not_told);
	tcase_add_test(cases, locate_tells_its_own);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
