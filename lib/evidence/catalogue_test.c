/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "evidence/catalogue.h"

#include "base/testing.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static bool is_key(const char *name)
{
	return name[0] && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name);
}

static bool is_metric_name(const char *name)
{
	const char *dot = strchr(name, '.');
	bool is_host = strncmp(name, "host.", 5) == 0 || strncmp(name, "self.", 5) == 0;

	return dot && is_key(dot + 1) && (is_host || stage_of(name) != STAGE_TOTAL);
}

START_TEST(metrics_have_names_of_their_own)
{
	for (int id = 0; id < METRIC_TOTAL; id++) {
		const struct metric_info *info = metric_info(id);

		ck_assert_msg(is_metric_name(info->name), "%s", info->name);
		ck_assert_msg((int)metric_by_name(info->name) == id, "%s is there twice",
			      info->name);
		ck_assert_msg(table_by_name(info->name) == TABLE_NONE, "%s is a table", info->name);
		ck_assert_msg(info->doc[0] && info->unit < UNIT_TOTAL, "%s", info->name);
	}
}
END_TEST

START_TEST(names_tell_their_unit)
{
	static const struct {
		const char *suffix;
		enum unit unit;
	} suffixes[] = {
		{ "_pct", UNIT_PCT },	  { "_bytes_per_s", UNIT_BYTES_PER_S },
		{ "_per_s", UNIT_PER_S }, { "_bytes", UNIT_BYTES },
		{ "_ms", UNIT_MS },	  { "_cpus", UNIT_CPUS },
		{ "_s", UNIT_S },
	};

	for (int id = 0; id < METRIC_TOTAL; id++) {
		const char *name = metric_info(id)->name;

		for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
			size_t len = strlen(suffixes[i].suffix);

			if (strlen(name) < len ||
			    strcmp(name + strlen(name) - len, suffixes[i].suffix) != 0)
				continue;
			ck_assert_msg(metric_info(id)->unit == suffixes[i].unit, "%s", name);
			break;
		}
	}
}
END_TEST

START_TEST(tables_own_their_columns)
{
	int total = 0;

	for (int id = 0; id < TABLE_TOTAL; id++) {
		const struct table_info *table = table_info(id);

		ck_assert_msg((int)table_by_name(table->name) == id, "%s", table->name);
		ck_assert_msg(stage_of(table->name) != STAGE_TOTAL, "%s", table->name);
		ck_assert_msg(table->subject_kind[0] && table->doc[0], "%s", table->name);
		ck_assert_int_eq(table->first, total);
		ck_assert_int_gt(table_columns(id), 0);
		total += table_columns(id);
	}
	ck_assert_int_eq(total, COLUMN_TOTAL);
}
END_TEST

START_TEST(columns_have_names_of_their_own)
{
	for (int id = 0; id < COLUMN_TOTAL; id++) {
		const struct column_info *column = column_info(id);

		ck_assert_msg(is_key(column->name), "%s", column->name);
		ck_assert_int_ge(id, table_info(column->table)->first);
		ck_assert_int_lt(id,
				 table_info(column->table)->first + table_columns(column->table));
		ck_assert_int_eq(column_by_name(column->table, column->name), id);
		ck_assert_msg(!column->known || column->unit == UNIT_TEXT, "%s", column->name);
		ck_assert_msg(column->doc[0], "%s", column->name);
	}
}
END_TEST

START_TEST(ids_and_names_agree)
{
	ck_assert_str_eq(metric_info(METRIC_vmstat_r)->name, "vmstat.r");
	ck_assert_str_eq(table_info(TABLE_top_groups)->name, "top.groups");
	ck_assert_str_eq(column_info(COLUMN_top_groups_threads)->name, "threads");
	ck_assert_int_eq(column_info(COLUMN_top_groups_threads)->table, TABLE_top_groups);
	ck_assert_int_eq(metric_info(METRIC_host_name)->unit, UNIT_TEXT);
	ck_assert(column_info(COLUMN_top_groups_runtime)->known);
	ck_assert(!column_info(COLUMN_top_groups_name)->known);
}
END_TEST

START_TEST(other_names_are_nobody)
{
	ck_assert_int_eq(metric_by_name(""), METRIC_NONE);
	ck_assert_int_eq(metric_by_name("vmstat"), METRIC_NONE);
	ck_assert_int_eq(metric_by_name("vmstat.r "), METRIC_NONE);
	ck_assert_int_eq(metric_by_name("top.groups"), METRIC_NONE);
	ck_assert_int_eq(table_by_name("vmstat.r"), TABLE_NONE);
	ck_assert_int_eq(column_by_name(TABLE_top_parents, "waits_for"), COLUMN_NONE);
	ck_assert_int_eq(column_by_name(TABLE_top_groups, ""), COLUMN_NONE);
}
END_TEST

START_TEST(stages_are_named)
{
	for (int id = 0; id < STAGE_TOTAL; id++)
		ck_assert_int_eq(stage_by_name(stage_name(id)), id);
	ck_assert_str_eq(stage_name(STAGE_locate), "locate");
	ck_assert_int_eq(stage_by_name("host"), STAGE_TOTAL);
	ck_assert_int_eq(stage_of("vmstat.r"), STAGE_vmstat);
	ck_assert_int_eq(stage_of("top.groups"), STAGE_top);
	ck_assert_int_eq(stage_of("topping.x"), STAGE_TOTAL);
	ck_assert_int_eq(stage_of("top"), STAGE_TOTAL);
	ck_assert_int_eq(stage_of("host.name"), STAGE_TOTAL);
	ck_assert_int_eq(stage_of(""), STAGE_TOTAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("catalogue");
	TCase *tests = tcase_create("catalogue");

	tcase_add_test(tests, metrics_have_names_of_their_own);
	tcase_add_test(tests, names_tell_their_unit);
	tcase_add_test(tests, tables_own_their_columns);
	tcase_add_test(tests, columns_have_names_of_their_own);
	tcase_add_test(tests, ids_and_names_agree);
	tcase_add_test(tests, other_names_are_nobody);
	tcase_add_test(tests, stages_are_named);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
