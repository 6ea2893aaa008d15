/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/evidence.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>

static struct evidence *evidence;

static void set_up(void)
{
	ck_assert_int_eq(evidence_new(&evidence), 0);
}

static void tear_down(void)
{
	evidence_free(evidence);
	evidence_free(NULL);
}

START_TEST(nothing_is_known_at_first)
{
	for (int id = 0; id < METRIC_TOTAL; id++) {
		ck_assert_int_eq(evidence_get(evidence, id).kind, VALUE_UNKNOWN);
		ck_assert(isnan(evidence_number(evidence, id)));
	}
	for (int id = 0; id < TABLE_TOTAL; id++) {
		ck_assert(!evidence_has_table(evidence, id));
		ck_assert_int_eq(evidence_rows(evidence, id), 0);
	}
	for (int id = 0; id < STAGE_TOTAL; id++) {
		ck_assert_int_eq(evidence_stage(evidence, id)->status, STAGE_SKIPPED);
		ck_assert_ptr_null(evidence_stage(evidence, id)->reason);
	}
	ck_assert_uint_eq(evidence_caveats(evidence), 0);
}
END_TEST

START_TEST(numbers_are_kept)
{
	ck_assert_int_eq(evidence_set(evidence, METRIC_vmstat_r, 19), 0);
	ck_assert_double_eq(evidence_number(evidence, METRIC_vmstat_r), 19);
	ck_assert_int_eq(evidence_set(evidence, METRIC_vmstat_r, 0), 0);
	ck_assert_int_eq(evidence_get(evidence, METRIC_vmstat_r).kind, VALUE_NUMBER);
	ck_assert_int_eq(evidence_set(evidence, METRIC_vmstat_r, -0.0), 0);
	ck_assert(!signbit(evidence_number(evidence, METRIC_vmstat_r)));
}
END_TEST

START_TEST(what_is_no_number_is_unknown)
{
	static const double odd[] = { NAN, INFINITY, -INFINITY };

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		ck_assert_int_eq(evidence_set(evidence, METRIC_vmstat_r, 1), 0);
		ck_assert_int_eq(evidence_set(evidence, METRIC_vmstat_r, odd[i]), 0);
		ck_assert_int_eq(evidence_get(evidence, METRIC_vmstat_r).kind, VALUE_UNKNOWN);
		ck_assert(isnan(evidence_number(evidence, METRIC_vmstat_r)));
	}
}
END_TEST

START_TEST(kinds_must_fit)
{
	ck_assert_int_eq(evidence_set(evidence, METRIC_host_name, 1), -EINVAL);
	ck_assert_int_eq(evidence_set_text(evidence, METRIC_vmstat_r, "1"), -EINVAL);
	ck_assert_int_eq(evidence_get(evidence, METRIC_host_name).kind, VALUE_UNKNOWN);
	ck_assert_int_eq(evidence_get(evidence, METRIC_vmstat_r).kind, VALUE_UNKNOWN);
}
END_TEST

START_TEST(texts_are_copied_and_printable)
{
	char name[] = "db1\x1b[2J\n";

	ck_assert_int_eq(evidence_set_text(evidence, METRIC_host_name, name), 0);
	memset(name, 'x', sizeof(name) - 1);
	ck_assert_str_eq(evidence_get(evidence, METRIC_host_name).text, "db1\\x1b[2J\\x0a");
	ck_assert_int_eq(evidence_set_text(evidence, METRIC_host_name, ""), 0);
	ck_assert_int_eq(evidence_get(evidence, METRIC_host_name).kind, VALUE_TEXT);
	ck_assert_int_eq(evidence_set_text(evidence, METRIC_host_name, NULL), 0);
	ck_assert_int_eq(evidence_get(evidence, METRIC_host_name).kind, VALUE_UNKNOWN);
}
END_TEST

START_TEST(rows_are_added)
{
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(evidence_add_row(evidence, TABLE_top_groups), i);
		ck_assert_int_eq(evidence_set_cell(evidence, i, COLUMN_top_groups_threads, 2 * i),
				 0);
	}
	ck_assert(evidence_has_table(evidence, TABLE_top_groups));
	ck_assert(!evidence_has_table(evidence, TABLE_top_parents));
	ck_assert_int_eq(evidence_rows(evidence, TABLE_top_groups), 100);
	for (int i = 0; i < 100; i++)
		ck_assert_double_eq(evidence_cell(evidence, i, COLUMN_top_groups_threads).number,
				    2 * i);
	ck_assert_int_eq(evidence_cell(evidence, 5, COLUMN_top_groups_name).kind, VALUE_UNKNOWN);
}
END_TEST

START_TEST(cells_outside_are_refused)
{
	evidence_add_row(evidence, TABLE_top_groups);
	ck_assert_int_eq(evidence_set_cell(evidence, 1, COLUMN_top_groups_threads, 1), -EINVAL);
	ck_assert_int_eq(evidence_set_cell(evidence, -1, COLUMN_top_groups_threads, 1), -EINVAL);
	ck_assert_int_eq(evidence_set_cell(evidence, 0, COLUMN_top_parents_zombies, 1), -EINVAL);
	ck_assert_int_eq(evidence_set_cell(evidence, 0, COLUMN_top_groups_name, 1), -EINVAL);
	ck_assert_int_eq(evidence_set_cell_text(evidence, 0, COLUMN_top_groups_threads, "1"),
			 -EINVAL);
	ck_assert_int_eq(evidence_set_cell_text(evidence, 7, COLUMN_top_groups_name, "x"), -EINVAL);
	ck_assert_int_eq(evidence_cell(evidence, 1, COLUMN_top_groups_threads).kind, VALUE_UNKNOWN);
	ck_assert_int_eq(evidence_cell(evidence, -1, COLUMN_top_groups_threads).kind,
			 VALUE_UNKNOWN);
}
END_TEST

START_TEST(last_columns_of_tables_are_apart)
{
	for (int id = 0; id < TABLE_TOTAL; id++) {
		evidence_add_row(evidence, id);
		evidence_add_row(evidence, id);
	}
	for (int id = 0; id < COLUMN_TOTAL; id++)
		if (column_info(id)->unit != UNIT_TEXT)
			ck_assert_int_eq(evidence_set_cell(evidence, 1, id, id + 1), 0);
	for (int id = 0; id < COLUMN_TOTAL; id++) {
		ck_assert_int_eq(evidence_cell(evidence, 0, id).kind, VALUE_UNKNOWN);
		if (column_info(id)->unit != UNIT_TEXT)
			ck_assert_double_eq(evidence_cell(evidence, 1, id).number, id + 1);
	}
}
END_TEST

START_TEST(measured_but_empty_is_not_missing)
{
	evidence_mark_table(evidence, TABLE_top_dstate);
	ck_assert(evidence_has_table(evidence, TABLE_top_dstate));
	ck_assert_int_eq(evidence_rows(evidence, TABLE_top_dstate), 0);
}
END_TEST

START_TEST(stages_are_recorded)
{
	char reason[] = "no\tway";
	struct stage_record record = { .status = STAGE_DEGRADED,
				       .duration_s = 2,
				       .reason = reason };

	ck_assert_int_eq(evidence_set_stage(evidence, STAGE_sched, &record), 0);
	reason[0] = 'X';
	ck_assert_str_eq(evidence_stage(evidence, STAGE_sched)->reason, "no\\x09way");
	ck_assert_ptr_null(evidence_stage(evidence, STAGE_sched)->fix);
	ck_assert_double_eq(evidence_stage(evidence, STAGE_sched)->duration_s, 2);
	/* a record may be made of the one that is there */
	record = *evidence_stage(evidence, STAGE_sched);
	record.status = STAGE_OK;
	ck_assert_int_eq(evidence_set_stage(evidence, STAGE_sched, &record), 0);
	ck_assert_str_eq(evidence_stage(evidence, STAGE_sched)->reason, "no\\x09way");
}
END_TEST

START_TEST(caveats_are_said_once)
{
	ck_assert_int_eq(evidence_add_caveat(evidence, "%d events lost", 5), 0);
	ck_assert_int_eq(evidence_add_caveat(evidence, "short\nwindow"), 0);
	ck_assert_int_eq(evidence_add_caveat(evidence, "5 events lost"), 0);
	ck_assert_int_eq(evidence_add_caveat(evidence, "short\nwindow"), 0);
	ck_assert_uint_eq(evidence_caveats(evidence), 2);
	ck_assert_str_eq(evidence_caveat(evidence, 0), "5 events lost");
	ck_assert_str_eq(evidence_caveat(evidence, 1), "short\\x0awindow");
}
END_TEST

START_TEST(values_are_shown)
{
	_cleanup_(str_free) struct str out = { 0 };

	value_format(&out, UNIT_PCT, (struct value){ .kind = VALUE_NUMBER, .number = 12 });
	str_append_char(&out, '|');
	value_format(&out, UNIT_TEXT, (struct value){ .kind = VALUE_TEXT, .text = "tokio" });
	str_append_char(&out, '|');
	value_format(&out, UNIT_PCT, (struct value){ .kind = VALUE_UNKNOWN });
	ck_assert_str_eq(str_text(&out), "12 %|tokio|unknown");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("evidence");
	TCase *tests = tcase_create("evidence");

	tcase_add_checked_fixture(tests, set_up, tear_down);

	tcase_add_test(tests, nothing_is_known_at_first);
	tcase_add_test(tests, numbers_are_kept);
	tcase_add_test(tests, what_is_no_number_is_unknown);
	tcase_add_test(tests, kinds_must_fit);
	tcase_add_test(tests, texts_are_copied_and_printable);
	tcase_add_test(tests, rows_are_added);
	tcase_add_test(tests, cells_outside_are_refused);
	tcase_add_test(tests, last_columns_of_tables_are_apart);
	tcase_add_test(tests, measured_but_empty_is_not_missing);
	tcase_add_test(tests, stages_are_recorded);
	tcase_add_test(tests, caveats_are_said_once);
	tcase_add_test(tests, values_are_shown);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
