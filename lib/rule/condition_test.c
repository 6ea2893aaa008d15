/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/condition.h"

#include "rule/ref.h"
#include "rule/testing.h"

#include <errno.h>

/* Evaluates a text against evidence; words live as long as the static buffer. */
static enum truth holds(const char *text, enum table_id table, const struct evidence *evidence,
			int row)
{
	static char word[64];
	struct parsed_condition parsed;
	struct err why = { 0 };

	ck_assert_msg(condition_parse(text, table, &parsed, &why) == 0, "%s: %s", text, why.msg);
	if (parsed.word.p) {
		span_copy(parsed.word, word, sizeof(word));
		parsed.condition.word = word;
	}
	return condition_holds(&parsed.condition, evidence, row);
}

static const char *refused(const char *text, enum table_id table)
{
	static struct err why;
	struct parsed_condition parsed;

	ck_assert_msg(condition_parse(text, table, &parsed, &why) == -EINVAL, "%s", text);
	return why.msg;
}

#define HOST(text) holds(text, TABLE_NONE, evidence, -1)
#define ROW(text) holds(text, TABLE_top_groups, evidence, 0)

START_TEST(numbers)
{
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();

	evidence_set(evidence, METRIC_vmstat_r, 10);
	ck_assert_int_eq(HOST("vmstat.r < 10"), TRUTH_FALSE);
	ck_assert_int_eq(HOST("vmstat.r <= 10"), TRUTH_TRUE);
	ck_assert_int_eq(HOST("vmstat.r > 10"), TRUTH_FALSE);
	ck_assert_int_eq(HOST("vmstat.r>=10"), TRUTH_TRUE);
	ck_assert_int_eq(HOST("vmstat.r == 10"), TRUTH_TRUE);
	ck_assert_int_eq(HOST("vmstat.r != 10"), TRUTH_FALSE);
	ck_assert_int_eq(HOST("vmstat.r > -1"), TRUTH_TRUE);
	ck_assert_int_eq(HOST("vmstat.b > 0"), TRUTH_UNKNOWN);
}
END_TEST

START_TEST(units)
{
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();

	evidence_set(evidence, METRIC_vmstat_cs_per_s, 10000);
	evidence_set(evidence, METRIC_vmstat_disk_await_max_ms, 1500);
	evidence_set(evidence, METRIC_host_memory_bytes, 1024.0 * 1024 * 1024);
	ck_assert_int_eq(HOST("vmstat.cs_per_s >= 10k"), TRUTH_TRUE);
	ck_assert_int_eq(HOST("vmstat.cs_per_s > 10k/s"), TRUTH_FALSE);
	ck_assert_int_eq(HOST("vmstat.disk_await_max_ms == 1.5 s"), TRUTH_TRUE);
	ck_assert_int_eq(HOST("host.memory_bytes == 1 GiB"), TRUTH_TRUE);
}
END_TEST

START_TEST(other_metrics)
{
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();

	evidence_set(evidence, METRIC_vmstat_r, 5);
	evidence_set(evidence, METRIC_host_usable_cpus, 2);
	evidence_set(evidence, METRIC_vmstat_cs_per_s, 30000);
	ck_assert_int_eq(HOST("vmstat.r > host.usable_cpus"), TRUTH_TRUE);
	ck_assert_int_eq(HOST("vmstat.r > 2 * host.usable_cpus"), TRUTH_TRUE);
	ck_assert_int_eq(HOST("vmstat.r > 2.5 * host.usable_cpus"), TRUTH_FALSE);
	ck_assert_int_eq(HOST("vmstat.cs_per_s > 10k/s * host.usable_cpus"), TRUTH_TRUE);
	ck_assert_int_eq(HOST("vmstat.cs_per_s > 20k * host.usable_cpus"), TRUTH_FALSE);
	ck_assert_int_eq(HOST("vmstat.r > host.tasks"), TRUTH_UNKNOWN);
}
END_TEST

START_TEST(texts)
{
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();

	evidence_set_text(evidence, METRIC_vmstat_load_trend_text, "rising");
	ck_assert_int_eq(HOST("vmstat.load_trend_text == \"rising\""), TRUTH_TRUE);
	ck_assert_int_eq(HOST("vmstat.load_trend_text != 'rising'"), TRUTH_FALSE);
	ck_assert_int_eq(HOST("vmstat.load_trend_text ~ 'ris*'"), TRUTH_TRUE);
	ck_assert_int_eq(HOST("vmstat.load_trend_text ~ 'fall*'"), TRUTH_FALSE);
	ck_assert_int_eq(HOST("host.name == 'x'"), TRUTH_UNKNOWN);
	ck_assert_int_eq(HOST("host.name == host.kernel"), TRUTH_UNKNOWN);
}
END_TEST

START_TEST(rows_and_known_columns)
{
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	int row = evidence_add_row(evidence, TABLE_top_groups);

	ck_assert_int_eq(ROW("row.threads > 3"), TRUTH_UNKNOWN);
	evidence_set_cell(evidence, row, COLUMN_top_groups_threads, 4);
	ck_assert_int_eq(ROW("row.threads > 3"), TRUTH_TRUE);
	/* nobody can have looked up a thread whose name is unknown */
	ck_assert_int_eq(ROW("row.runtime == 'tokio'"), TRUTH_UNKNOWN);
	evidence_set_cell_text(evidence, row, COLUMN_top_groups_name, "x");
	ck_assert_int_eq(ROW("row.runtime == 'tokio'"), TRUTH_FALSE);
	ck_assert_int_eq(ROW("row.runtime != 'tokio'"), TRUTH_TRUE);
	ck_assert_int_eq(ROW("row.runtime == ''"), TRUTH_TRUE);
	evidence_set_cell_text(evidence, row, COLUMN_top_groups_runtime, "tokio");
	ck_assert_int_eq(ROW("row.runtime == 'tokio'"), TRUTH_TRUE);
}
END_TEST

/* AND after Kleene: the least of false < unknown < true. */
START_TEST(truth_table)
{
	static const struct {
		double r, b;
		enum truth expected;
	} cases[] = {
		{ 1, 1, TRUTH_TRUE },	   { 1, 0, TRUTH_FALSE },   { 1, NAN, TRUTH_UNKNOWN },
		{ 0, 1, TRUTH_FALSE },	   { 0, 0, TRUTH_FALSE },   { 0, NAN, TRUTH_FALSE },
		{ NAN, 1, TRUTH_UNKNOWN }, { NAN, 0, TRUTH_FALSE }, { NAN, NAN, TRUTH_UNKNOWN },
	};
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of("[{\"id\":\"vmstat.t\",\"when\":[\"vmstat.r > 0\",\"vmstat.b > 0\"],"
			 "\"unless\":[\"vmstat.load1 > 0\"],\"cause\":\"cpu-hog\",\"say\":\"x\"}]");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
		const struct rule *rule = rules->rules.data[0];

		evidence_set(evidence, METRIC_vmstat_r, cases[i].r);
		evidence_set(evidence, METRIC_vmstat_b, cases[i].b);
		ck_assert_int_eq(conditions_hold(&rule->when, evidence, -1), cases[i].expected);
		ck_assert_int_eq(rule_holds(rule, evidence, -1), cases[i].expected);
		evidence_set(evidence, METRIC_vmstat_load1, 1);
		ck_assert_int_eq(rule_holds(rule, evidence, -1), TRUTH_FALSE);
	}
}
END_TEST

START_TEST(refusals)
{
	ck_assert_str_eq(refused("vmstat.rr > 1", TABLE_NONE),
			 "unknown metric \"vmstat.rr\" (did you mean \"vmstat.r\"?)");
	ck_assert_str_eq(refused("row.treads > 1", TABLE_top_groups),
			 "unknown column \"row.treads\" (did you mean \"row.threads\"?)");
	ck_assert_str_eq(refused("row.threads > 1", TABLE_NONE),
			 "\"row.threads\" needs a table: the row has no `for`");
	ck_assert_str_eq(refused("vmstat.r 1", TABLE_NONE),
			 "no operator after \"vmstat.r\" (one of < <= > >= == != ~)");
	ck_assert_str_eq(refused("vmstat.r >", TABLE_NONE), "nothing to compare with");
	ck_assert_str_eq(refused("> 1", TABLE_NONE), "\"> 1\" does not begin with a name");
	ck_assert_str_eq(refused("vmstat.r > 'x'", TABLE_NONE), "a number compared with a text");
	ck_assert_str_eq(refused("host.name == 5", TABLE_NONE), "a text compared with a number");
	ck_assert_str_eq(refused("host.name > 'x'", TABLE_NONE), "a text can't be compared by `>`");
	ck_assert_str_eq(refused("host.name ~ host.kernel", TABLE_NONE),
			 "`~` needs a pattern in quotes");
	ck_assert_str_eq(refused("vmstat.r ~ 5", TABLE_NONE), "`~` needs a pattern in quotes");
	ck_assert_str_eq(refused("host.name == 'x", TABLE_NONE), "the text is not closed by '");
	ck_assert_str_eq(refused("vmstat.us_pct > 5 ms", TABLE_NONE),
			 "\"5 ms\" is not a number of percent");
	ck_assert_str_eq(refused("vmstat.r > 5 or 6", TABLE_NONE),
			 "\"5 or 6\" is not a number of count");
	ck_assert_str_eq(refused("vmstat.r > vmstat.us_pct", TABLE_NONE),
			 "count compared with percent");
	ck_assert_str_eq(refused("vmstat.us_pct > 2 * vmstat.cs_per_s", TABLE_NONE),
			 "percent compared with per_second");
	ck_assert_str_eq(refused("vmstat.r > x * host.tasks", TABLE_NONE),
			 "unknown metric \"x * host.tasks\" (did you mean \"host.tasks\"?)");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("condition");
	TCase *tests = tcase_create("condition");

	tcase_add_test(tests, numbers);
	tcase_add_test(tests, units);
	tcase_add_test(tests, other_metrics);
	tcase_add_test(tests, texts);
	tcase_add_test(tests, rows_and_known_columns);
	tcase_add_test(tests, truth_table);
	tcase_add_test(tests, refusals);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
