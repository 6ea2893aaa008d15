/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/testing.h"

static void set_core(struct evidence *evidence)
{
	evidence_set(evidence, METRIC_vmstat_r_per_cpu, 0.25);
	evidence_set(evidence, METRIC_vmstat_busy_pct, 3);
	evidence_set(evidence, METRIC_top_threads, 100);
}

#define RANKED(id, role, severity, share) \
	HOST_RULE(id, "\"vmstat.r > 1\"", \
		  HOG ",\"role\":\"" role "\",\"severity\":\"" severity "\"" share)
#define SHARE(metric) ",\"share\":\"" metric "\""

START_TEST(ranking)
{
	static const char *const expected[] = {
		"vmstat.crit-symptom", "vmstat.trigger", "vmstat.large", "vmstat.small",
		"vmstat.first",	       "vmstat.second",	 "vmstat.amp",	 "vmstat.info",
	};
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[" RANKED("vmstat.info", "mechanism", "info", "") "," RANKED("vmstat.amp", "amplifier", "warning", SHARE("vmstat.us_pct")) "," RANKED(
			"vmstat.first", "mechanism",
			"warning",
			"") "," RANKED("vmstat.second", "mechanism", "warning",
				       "") "," RANKED("vmstat.small", "mechanism", "warning",
						      SHARE("vmstat.sy_pct")) "," RANKED("vmstat.large",
											 "mechanism",
											 "warning",
											 SHARE("vmstat.us_pct")) "," RANKED("vmstat.trigger",
															    "trigger",
															    "warning",
															    SHARE("vmstat.id_pct")) "," RANKED("vmstat.crit-symptom",
																			       "symptom",
																			       "critical",
																			       "") "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	evidence_set(evidence, METRIC_vmstat_us_pct, 60);
	evidence_set(evidence, METRIC_vmstat_sy_pct, 20);
	evidence_set(evidence, METRIC_vmstat_id_pct, 70);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->findings.len, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		ck_assert_str_eq(judgement->findings.data[i].rule->id, expected[i]);
	ck_assert_str_eq(judgement->findings.data[7].id, "F8");
	/* a symptom never wins over what explains it, critical or not */
	ck_assert_int_eq(judgement->verdict.primary, 1);
	ck_assert_str_eq(judgement->verdict.headline, "vmstat.trigger 2");
}
END_TEST

START_TEST(primary_falls_back)
{
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of("[" RANKED("vmstat.cause", "mechanism", "info", "") "," RANKED(
			"vmstat.sym", "symptom", "critical",
			"") "," HOST_RULE("vmstat.amp", "\"vmstat.b > 1\"",
					  HOG
					  ",\"role\":\"amplifier\",\"severity\":\"warning\"") "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *symptom = NULL, *amplifier = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	symptom = judge(rules, evidence);
	ck_assert_str_eq(symptom->verdict.headline, "vmstat.sym 2");
	evidence_set(evidence, METRIC_vmstat_b, 2);
	amplifier = judge(rules, evidence);
	ck_assert_str_eq(amplifier->verdict.headline, "vmstat.amp 2");
}
END_TEST

#define QUIET "[" HOST_RULE("vmstat.a", "\"vmstat.r > 5\"", HOG) "]"

START_TEST(healthy)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(QUIET);
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	set_core(evidence);
	evidence_set(evidence, METRIC_vmstat_r, 0.5);
	evidence_set(evidence, METRIC_host_usable_cpus, 2);
	evidence_set(evidence, METRIC_vmstat_b, 0);
	evidence_set(evidence, METRIC_top_uninterruptible, 0);
	judgement = judge(rules, evidence);
	ck_assert_int_eq(judgement->verdict.status, VERDICT_HEALTHY);
	ck_assert_int_eq(judgement->verdict.primary, -1);
	ck_assert_str_eq(judgement->verdict.headline,
			 "healthy: r 0.50 on 2 CPUs, 3 % busy, nothing waits for IO");
	ck_assert_double_eq(judgement->verdict.confidence, 0.95);
	ck_assert_str_eq(judgement->verdict.confidence_why,
			 "all 1 rules could be evaluated; 2.0 s watched");
}
END_TEST

START_TEST(a_host_that_is_mostly_hidden_is_not_healthy)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(QUIET);
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	set_core(evidence);
	evidence_set(evidence, METRIC_top_threads, 30);
	evidence_set(evidence, METRIC_host_tasks, 500);
	judgement = judge(rules, evidence);
	ck_assert_int_eq(judgement->verdict.status, VERDICT_INCONCLUSIVE);
	ck_assert_ptr_nonnull(
		strstr(judgement->verdict.headline, "only 30 of 500 threads could be seen"));
}
END_TEST

START_TEST(info_alone_is_healthy)
{
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of("[" RANKED("vmstat.busy", "mechanism", "info", "") "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	set_core(evidence);
	evidence_set(evidence, METRIC_vmstat_r, 2);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->findings.len, 1);
	ck_assert_int_eq(judgement->verdict.status, VERDICT_HEALTHY);
}
END_TEST

START_TEST(inconclusive)
{
	struct stage_record gone = { .status = STAGE_UNAVAILABLE, .reason = "no /proc" };
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(QUIET);
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *unknown = NULL, *half = NULL, *stage = NULL;

	unknown = judge(rules, evidence);
	ck_assert_int_eq(unknown->verdict.status, VERDICT_INCONCLUSIVE);
	ck_assert_double_eq(unknown->verdict.confidence, 0);
	ck_assert_str_eq(unknown->verdict.headline,
			 "inconclusive: vmstat.r_per_cpu, vmstat.busy_pct, top.threads could not "
			 "be measured");
	set_core(evidence);
	half = judge(rules, evidence);
	ck_assert_str_eq(half->verdict.headline,
			 "inconclusive: 1 of 1 rules could not be evaluated");
	evidence_set_stage(evidence, STAGE_top, &gone);
	evidence_set(evidence, METRIC_vmstat_r, 0);
	stage = judge(rules, evidence);
	ck_assert_str_eq(stage->verdict.headline, "inconclusive: stage top did not run: no /proc");
}
END_TEST

START_TEST(confidence)
{
	struct stage_record degraded = { .status = STAGE_DEGRADED,
					 .duration_s = 0.5,
					 .reason = "x" };
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(UNLESS_RULE(HOG ",\"severity\":"
										  "\"warning\""));
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL, *worst = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	evidence_set(evidence, METRIC_vmstat_b, 0);
	evidence_set_stage(evidence, STAGE_vmstat, &degraded);
	evidence_add_caveat(evidence, "one");
	judgement = judge(rules, evidence);
	ck_assert_double_eq_tol(judgement->findings.data[0].confidence, 0.95 * 0.9 * 0.95, 1e-9);
	ck_assert_double_eq(judgement->verdict.confidence, judgement->findings.data[0].confidence);
	ck_assert_str_eq(judgement->verdict.confidence_why,
			 "all 1 rules could be evaluated; stage vmstat is degraded; 1 caveat; "
			 "1.5 s watched");
	for (int i = 0; i < 50; i++)
		evidence_add_caveat(evidence, "caveat %d", i);
	worst = judge(rules, evidence);
	ck_assert_double_eq_tol(worst->findings.data[0].confidence, 0.95 * 0.9 * pow(0.95, 5),
				1e-9);
}
END_TEST

START_TEST(a_short_look_is_trusted_less)
{
	struct stage_record glance = { .status = STAGE_OK, .duration_s = 0.1 };
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(UNLESS_RULE(HOG ",\"severity\":"
										  "\"warning\""));
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	evidence_set(evidence, METRIC_vmstat_b, 0);
	evidence_set_stage(evidence, STAGE_vmstat, &glance);
	judgement = judge(rules, evidence);
	ck_assert_double_eq_tol(judgement->findings.data[0].confidence, 0.95 * 0.8, 1e-9);
}
END_TEST

/* Whatever else speaks for it; what was not fed by text is not held down. */
START_TEST(text_supports_no_certainty)
{
	struct stage_record fed = { .status = STAGE_DEGRADED, .reason = "from text of vmstat" };
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(UNLESS_RULE(HOG ",\"severity\":"
										  "\"warning\""));
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL, *measured = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	evidence_set(evidence, METRIC_vmstat_b, 0);
	evidence_set_text(evidence, METRIC_self_input, "text");
	measured = judge(rules, evidence);
	ck_assert_double_eq_tol(measured->findings.data[0].confidence, 0.95, 1e-9);
	evidence_set_stage(evidence, STAGE_vmstat, &fed);
	judgement = judge(rules, evidence);
	ck_assert_double_eq_tol(judgement->findings.data[0].confidence, 0.75, 1e-9);
	ck_assert_ptr_nonnull(
		strstr(judgement->verdict.confidence_why, "pasted text supports 0.75 at most"));
}
END_TEST

START_TEST(confidence_has_a_floor)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[" HOST_RULE("vmstat.a", "\"vmstat.r > 1\"",
			      HOG ",\"unless\":[\"vmstat.b > 1\",\"vmstat.b > 2\",\"vmstat.b > "
				  "3\",\"vmstat.b > 4\",\"vmstat.b > 5\",\"vmstat.b > 6\"]") "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	judgement = judge(rules, evidence);
	ck_assert_double_eq(judgement->findings.data[0].confidence, 0.3);
}
END_TEST

#define TWO_CAUSES                                                   \
	HOST_RULE("vmstat.a", "\"vmstat.r > 1\"",                    \
		  "\"cause\":\"cpu-hog\",\"severity\":\"critical\"") \
	"," HOST_RULE("vmstat.b", "\"vmstat.r > 1\"",                \
		      "\"cause\":\"cpu-steal\",\"role\":\"amplifier\",\"severity\":\"warning\"")
#define STEAL_LINK                                                                  \
	"{\"link\":\"chain.a\",\"from\":\"cpu-steal\",\"to\":\"cpu-hog\",\"when\":" \
	"\"vmstat.st_pct > 1 %\",\"strength\":\"vmstat.st_pct\",\"say\":\"x\"}"

START_TEST(a_primary_without_arrows_is_trusted_less)
{
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of("[" TWO_CAUSES "," STEAL_LINK "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *alone = NULL, *linked = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	evidence_set(evidence, METRIC_vmstat_st_pct, 0);
	alone = judge(rules, evidence);
	ck_assert_double_eq_tol(alone->verdict.confidence, 0.95 * 0.9, 1e-9);
	ck_assert_str_eq(alone->verdict.confidence_why,
			 "all 2 rules could be evaluated; no number connects cpu-hog to cpu-steal: "
			 "it may not be the root; 2.0 s watched");
	ck_assert_str_eq(alone->verdict.headline, "vmstat.a 2");
	evidence_set(evidence, METRIC_vmstat_st_pct, 30);
	linked = judge(rules, evidence);
	ck_assert_double_eq_tol(linked->verdict.confidence, 0.95, 1e-9);
	ck_assert_str_eq(linked->verdict.headline, "vmstat.a 2; amplified by cpu-steal (30 %)");
}
END_TEST

/* The neighbour is told to the last character or not at all. */
START_TEST(a_headline_grows_only_where_there_is_room)
{
	static const char tail[] = "; amplified by cpu-steal (30 %)";
	_cleanup_(str_free) struct str text = { 0 };
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	size_t own = 120 - strlen(tail) + (size_t)_i;

	str_append(&text, "[" TWO_CAUSES "," STEAL_LINK "]");
	rules = rules_of(str_text(&text));
	str_clear(&text);
	for (size_t i = 0; i < own; i++)
		str_append(&text, "é");
	rules->rules.data[0]->say = str_text(&text);
	evidence_set(evidence, METRIC_vmstat_r, 2);
	evidence_set(evidence, METRIC_vmstat_st_pct, 30);
	judgement = judge(rules, evidence);
	ck_assert_int_eq(strstr(judgement->verdict.headline, tail) != NULL, _i == 0);
}
END_TEST

static size_t characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

START_TEST(headlines_are_cut_between_characters)
{
	_cleanup_(str_free) struct str text = { 0 };
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	str_append(&text, "[{\"id\":\"vmstat.a\",\"when\":[\"vmstat.r > 1\"]," HOG
			  ",\"severity\":\"warning\",\"say\":\"");
	for (int i = 0; i < 120 + _i; i++)
		str_append(&text, "é");
	str_append(&text, "\"}]");
	rules = rules_of(str_text(&text));
	evidence_set(evidence, METRIC_vmstat_r, 2);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(characters(judgement->verdict.headline), 120);
	ck_assert_int_eq(strstr(judgement->verdict.headline, "…") != NULL, _i > 0);
	ck_assert_int_eq(strncmp(judgement->verdict.headline, "éé", 4), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tests = tcase_create("verdict");

	tcase_add_test(tests, ranking);
	tcase_add_test(tests, primary_falls_back);
	tcase_add_test(tests, healthy);
	tcase_add_test(tests, a_host_that_is_mostly_hidden_is_not_healthy);
	tcase_add_test(tests, info_alone_is_healthy);
	tcase_add_test(tests, inconclusive);
	tcase_add_test(tests, confidence);
	tcase_add_test(tests, a_short_look_is_trusted_less);
	tcase_add_test(tests, text_supports_no_certainty);
	tcase_add_test(tests, confidence_has_a_floor);
	tcase_add_test(tests, a_primary_without_arrows_is_trusted_less);
	tcase_add_loop_test(tests, a_headline_grows_only_where_there_is_room, 0, 2);
	tcase_add_loop_test(tests, headlines_are_cut_between_characters, 0, 3);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
