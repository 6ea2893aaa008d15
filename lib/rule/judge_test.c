/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/testing.h"

#include <stdio.h>

#define HOST_RULE(id, when, rest) \
	"{\"id\":\"" id "\",\"when\":[" when "],\"say\":\"" id " {vmstat.r}\"," rest "}"
#define HOG "\"cause\":\"cpu-hog\""

static struct judgement *judge(const struct ruleset *rules, const struct evidence *evidence)
{
	struct judgement *judgement = NULL;

	ck_assert_int_eq(rule_judge(rules, evidence, &judgement), 0);
	return judgement;
}

static int add_group(struct evidence *evidence, const char *name, double threads, double share)
{
	int row = evidence_add_row(evidence, TABLE_top_groups);

	evidence_set_cell_text(evidence, row, COLUMN_top_groups_name, name);
	evidence_set_cell_text(evidence, row, COLUMN_top_groups_program, "prog");
	evidence_set_cell(evidence, row, COLUMN_top_groups_threads, threads);
	evidence_set_cell(evidence, row, COLUMN_top_groups_cpu_share_pct, share);
	return row;
}

static void set_core(struct evidence *evidence)
{
	evidence_set(evidence, METRIC_vmstat_r_per_cpu, 0.25);
	evidence_set(evidence, METRIC_vmstat_busy_pct, 3);
	evidence_set(evidence, METRIC_top_threads, 100);
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

START_TEST(severity_levels)
{
	static const struct {
		double r;
		enum severity expected;
	} cases[] = { { 2, SEVERITY_INFO }, { 4, SEVERITY_WARNING }, { 8, SEVERITY_CRITICAL } };
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[" HOST_RULE(
		"vmstat.a", "\"vmstat.r > 1\"",
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

#define UNLESS_RULE(rest) \
	"[" HOST_RULE("vmstat.a", "\"vmstat.r > 1\"", "\"unless\":[\"vmstat.b > 5\"]," rest) "]"

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

#define GROUPS_RULE(rest)                                                                  \
	"[{\"id\":\"top.g\",\"for\":\"top.groups\",\"when\":[\"row.threads > 5\"]," HOG    \
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
		rules_of("[" HOST_RULE("perf.a", "\"vmstat.r > 1\"", HOG) ","
			 HOST_RULE("sched.b", "\"vmstat.b > 1\"", HOG) "]");
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

#define RANKED(id, role, severity, share)                                       \
	HOST_RULE(id, "\"vmstat.r > 1\"",                                       \
		  HOG ",\"role\":\"" role "\",\"severity\":\"" severity "\"" share)
#define SHARE(metric) ",\"share\":\"" metric "\""

START_TEST(ranking)
{
	static const char *const expected[] = {
		"vmstat.crit-symptom", "vmstat.trigger", "vmstat.large", "vmstat.small",
		"vmstat.first",	       "vmstat.second",	 "vmstat.amp",	 "vmstat.info",
	};
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[" RANKED("vmstat.info", "mechanism", "info", "") ","
		RANKED("vmstat.amp", "amplifier", "warning", SHARE("vmstat.us_pct")) ","
		RANKED("vmstat.first", "mechanism", "warning", "") ","
		RANKED("vmstat.second", "mechanism", "warning", "") ","
		RANKED("vmstat.small", "mechanism", "warning", SHARE("vmstat.sy_pct")) ","
		RANKED("vmstat.large", "mechanism", "warning", SHARE("vmstat.us_pct")) ","
		RANKED("vmstat.trigger", "trigger", "warning", SHARE("vmstat.id_pct")) ","
		RANKED("vmstat.crit-symptom", "symptom", "critical", "") "]");
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
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[" RANKED("vmstat.cause", "mechanism", "info", "") ","
		RANKED("vmstat.sym", "symptom", "critical", "") ","
		HOST_RULE("vmstat.amp", "\"vmstat.b > 1\"",
			  HOG ",\"role\":\"amplifier\",\"severity\":\"warning\"") "]");
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
			 "all 1 rules could be evaluated; window 1.0 s");
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
	struct stage_record degraded = { .status = STAGE_DEGRADED, .duration_s = 0.5,
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
			 "window 0.5 s");
	for (int i = 0; i < 50; i++)
		evidence_add_caveat(evidence, "caveat %d", i);
	worst = judge(rules, evidence);
	ck_assert_double_eq_tol(worst->findings.data[0].confidence, 0.95 * 0.9 * pow(0.95, 5),
				1e-9);
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

START_TEST(filling)
{
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(str_free) struct str out = { 0 };
	int row = add_group(evidence, "{host.name}", 1500, 12.5);

	/* what a host puts into a name is never a template */
	ck_assert_int_eq(rule_fill("{row.name}|{row.threads}|{row.cpu_share_pct}|{vmstat.r}|{{x}}|}",
				   TABLE_top_groups, row, evidence, &out),
			 1);
	ck_assert_str_eq(str_text(&out), "{host.name}|1,500|12.5 %|?|{x}|}");
	str_clear(&out);
	ck_assert_int_eq(rule_fill("open {vmstat.r", TABLE_NONE, -1, evidence, &out), 0);
	ck_assert_str_eq(str_text(&out), "open ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("judge");
	TCase *tests = tcase_create("judge");

	tcase_add_test(tests, a_finding_is_complete);
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
	tcase_add_test(tests, ranking);
	tcase_add_test(tests, primary_falls_back);
	tcase_add_test(tests, healthy);
	tcase_add_test(tests, info_alone_is_healthy);
	tcase_add_test(tests, inconclusive);
	tcase_add_test(tests, confidence);
	tcase_add_test(tests, confidence_has_a_floor);
	tcase_add_loop_test(tests, headlines_are_cut_between_characters, 0, 3);
	tcase_add_test(tests, filling);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
