/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text of a judgement built by hand: order, widths, hostile names. */
#include "report/testing.h"

#include "base/testing.h"

START_TEST(text_tells_the_story_in_order)
{
	static const char *const pieces[] = {
		"CRITICAL  thread-storm: storm   (confidence 0.90)\n  means",
		"beside  cpu-saturation (F2), softirq-pressure (F3): seen together",
		"\nDo now\n",
		"1. size the pool",
		"3. $ perf sched record -- sleep 1\n",
		"\nThis run\n",
		"confidence  two stages",
		"\nWhy\n",
		"97 % of the run-queue wait",
		"numbers",
		"9.5",
		">= 4",
		"\nSeen together  nothing measured",
		"19 threads queue (symptom, vmstat.run-queue, F2)",
		"\nvmstat  is the wall",
		"command    $ vmstat 1 3\n",
		"saw        r 19  b ?\n",
		"judged     vmstat.run-queue warning: r_per_cpu 9.5 >= 2\n",
		"concluded",
		"next       top: find who\n",
		"perf: find the path\n",
		"\ntop  who makes the load?\n",
		"degraded   3 tasks",
		"fix        $ sudo triage run\n",
		"\nperf    unavailable: not in this version\n",
		"sched   skipped: no rule asked for it\n",
		"\nRuled out\n  io-saturation  storm",
		"\nUnknown  what could not be judged",
		"vmstat.psi_cpu_some_pct not measured: vmstat.run-queue",
		"\nHeld back\n",
		"because top.throttled_pct 61 % > 25 %",
		"\nLimits",
		"\nCost    2.4 s (1.2 % of the host)\n",
		NULL,
	};
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, "storm");
	render(&f, "text", 0, &out);
	assert_order(str_text(&out), pieces);
	tear_down(&f);
}
END_TEST

START_TEST(a_stage_is_well_when_all_its_rules_could_look)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, "healthy: fine");
	f.judgement.findings.len = 0;
	f.judgement.unknown.len = 0;
	f.judgement.verdict.primary = -1;
	f.judgement.verdict.status = VERDICT_HEALTHY;
	render(&f, "text", 0, &out);
	ck_assert_ptr_nonnull(strstr(str_text(&out), "concluded  nothing queues\n"));
	tear_down(&f);
}
END_TEST

START_TEST(nothing_is_said_twice)
{
	_cleanup_(str_free) struct str out = { 0 };
	const char *remedy;
	struct fixture f;

	set_up(&f, "storm");
	render(&f, "text", 0, &out);
	remedy = strstr(str_text(&out), "size the pool");
	ck_assert_ptr_null(strstr(remedy + 1, "size the pool"));
	ck_assert_ptr_null(strstr(str_text(&out), "find who else"));
	ck_assert_ptr_null(strstr(str_text(&out), "steal"));
	tear_down(&f);
}
END_TEST

START_TEST(symptoms_advise_only_when_nothing_explains_them)
{
	_cleanup_(str_free) struct str explained = { 0 };
	_cleanup_(str_free) struct str unexplained = { 0 };
	struct fixture f;

	set_up(&f, "storm");
	render(&f, "text", 0, &explained);
	ck_assert_ptr_null(strstr(str_text(&explained), "add CPUs"));
	f.judgement.verdict.primary = 1;
	f.judgement.findings = (struct findings){ .data = f.findings, .len = 2 };
	render(&f, "text", 0, &unexplained);
	ck_assert_ptr_nonnull(strstr(str_text(&unexplained), "1. add CPUs\n"));
	tear_down(&f);
}
END_TEST

START_TEST(no_line_is_wider_than_asked)
{
	static const int columns[] = { 40, 57, 80, 100, 200 };
	struct fixture f;

	set_up(&f, HOSTILE HOSTILE);
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		_cleanup_(str_free) struct str out = { 0 };

		render(&f, "text", columns[i], &out);
		ck_assert_int_eq(count_bad_lines(&out, columns[i]), 0);
	}
	tear_down(&f);
}
END_TEST

START_TEST(colour_only_adds)
{
	struct report_style style = { .colour = true };
	_cleanup_(str_free) struct str plain = { 0 };
	_cleanup_(str_free) struct str coloured = { 0 };
	_cleanup_(str_free) struct str stripped = { 0 };
	struct fixture f;

	set_up(&f, "storm");
	render(&f, "text", 0, &plain);
	ck_assert_int_eq(report_text(&f.report, &style, &coloured), 0);
	ck_assert(strncmp(str_text(&coloured), "\033[1;31mCRITICAL\033[0m  thread-storm", 32) == 0);
	for (const char *p = str_text(&coloured); *p; p++) {
		if (*p == '\033')
			p += strcspn(p, "m");
		else
			str_append_char(&stripped, *p);
	}
	ck_assert_str_eq(str_text(&stripped), str_text(&plain));
	tear_down(&f);
}
END_TEST

START_TEST(verdicts_are_named)
{
	static const struct {
		enum verdict_status status;
		const char *starts;
	} cases[] = {
		{ VERDICT_HEALTHY, "HEALTHY  fine   (confidence 0.90)\n" },
		{ VERDICT_INCONCLUSIVE, "INCONCLUSIVE  healthy: fine\n" },
		{ VERDICT_FINDINGS, "WARNING  healthy: fine   (confidence 0.90)\n" },
	};
	struct fixture f;

	set_up(&f, "healthy: fine");
	f.judgement.findings.len = 0;
	f.judgement.verdict.primary = -1;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(str_free) struct str out = { 0 };

		f.judgement.verdict.status = cases[i].status;
		render(&f, "text", 0, &out);
		ck_assert(strncmp(str_text(&out), cases[i].starts, strlen(cases[i].starts)) == 0);
		ck_assert_ptr_null(strstr(str_text(&out), "\nWhy\n"));
		ck_assert_int_eq(strstr(str_text(&out), "\nDo now\n") != NULL,
				 cases[i].status == VERDICT_INCONCLUSIVE);
		ck_assert_ptr_nonnull(strstr(str_text(&out), "concluded  nothing found, but not"));
	}
	tear_down(&f);
}
END_TEST

START_TEST(long_lists_are_counted)
{
	struct report_style verbose = { .verbosity = 1 };
	_cleanup_(str_free) struct str brief = { 0 };
	_cleanup_(str_free) struct str whole = { 0 };
	struct finding many[20];
	struct fixture f;

	set_up(&f, "storm");
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = f.findings[i ? 1 : 0];
	f.judgement.findings = (struct findings){ .data = many, .len = ARRAY_SIZE(many) };
	render(&f, "text", 0, &brief);
	ck_assert_ptr_nonnull(strstr(str_text(&brief), "and 13 more (-v shows them)\n"));
	ck_assert_int_eq(report_text(&f.report, &verbose, &whole), 0);
	ck_assert_ptr_null(strstr(str_text(&whole), "more (-v"));
	ck_assert_uint_gt(whole.len, brief.len);
	tear_down(&f);
}
END_TEST

START_TEST(formats_are_found_by_name)
{
	ck_assert_ptr_nonnull(report_format_by_name("text"));
	ck_assert_ptr_null(report_format_by_name("tex"));
	ck_assert_ptr_null(report_format_by_name(""));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_text");
	TCase *tcase = tcase_create("report_text");

	tcase_add_test(tcase, text_tells_the_story_in_order);
	tcase_add_test(tcase, a_stage_is_well_when_all_its_rules_could_look);
	tcase_add_test(tcase, nothing_is_said_twice);
	tcase_add_test(tcase, symptoms_advise_only_when_nothing_explains_them);
	tcase_add_test(tcase, no_line_is_wider_than_asked);
	tcase_add_test(tcase, colour_only_adds);
	tcase_add_test(tcase, verdicts_are_named);
	tcase_add_test(tcase, long_lists_are_counted);
	tcase_add_test(tcase, formats_are_found_by_name);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
