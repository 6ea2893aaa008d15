/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/clean.h"
#include "import/gather.h"
#include "import/table.h"
#include "import/words.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *text;
	double value;
} numbers[] = {
	{ "0", 0 },
	{ "12.34", 12.34 },
	{ "12,34", 12.34 },
	{ "0,5", 0.5 },
	{ "1,234", 1234 },
	{ "0,123", 0.123 },
	{ "555,241", 555241 },
	{ "1,234,567", 1234567 },
	{ "1.234.567", 1234567 },
	{ "1.234,56", 1234.56 },
	{ "1,234.56", 1234.56 },
	{ "400k+", 400e3 },
	{ "67+", 67 },
	{ "1.2g", 1.2e9 },
	{ "99.5%", 99.5 },
};

START_TEST(reads_numbers)
{
	double value = -1;

	ck_assert_msg(word_number(span_of(numbers[_i].text), &value), "%s", numbers[_i].text);
	ck_assert_double_eq_tol(value, numbers[_i].value, 1e-9 * (1 + numbers[_i].value));
}
END_TEST

static const char *const no_numbers[] = { "",	 "-",	".5",	 "5.",	"1,", "x1", "1x",
					  "1-2", "0x1", "12:30", "1 2", "k",  "+",  "%" };

START_TEST(refuses_what_is_none)
{
	double value;

	ck_assert_msg(!word_number(span_of(no_numbers[_i]), &value), "%s", no_numbers[_i]);
}
END_TEST

static void check_clean(const char *bytes, const char *wanted)
{
	struct clean_text clean;

	ck_assert_int_eq(clean_text_make(bytes, strlen(bytes), &clean), 0);
	ck_assert_str_eq(str_text(&clean.text), wanted);
	clean_text_free(&clean);
}

START_TEST(cleans_text)
{
	check_clean("a\r\nb\rc\n", "a\nb\nc\n");
	check_clean("\xef\xbb\xbf"
		    "cs\xef\xbc\x9a\xef\xbc\x94\xef\xbc\x90",
		    "cs:40");
	check_clean("\x1b[1;31mred\x1b[0m\x1b[Hnew\x1b]0;title\atext", "red\nnewtext");
	check_clean("a\xc2\xa0"
		    "b\xe3\x80\x80"
		    "c\x01\x7f",
		    "a b c");
	check_clean("\xe5\xa5\xbd\xff\xc3", "\xe5\xa5\xbd\xff\xc3");
	check_clean("tail\x1b", "tail");
	check_clean("tail\x1b[", "tail");
}
END_TEST

START_TEST(reads_tables)
{
	const struct span lines[] = {
		span_of("11:00:24 PM   UID       PID   cswch/s nvcswch/s  Command"),
		span_of("11:00:25 PM     0        14     66.67      0.00  rcu_sched"),
		span_of("11:00:25 PM     0        15     66,67      0,00"),
		span_of("MDC Refresh"),
		span_of("Average:        0        14     1.00      0.00  rcu_sched"),
		span_of("prose"),
	};
	struct text_table table;
	struct text_row row;

	ck_assert_uint_eq(table_header(lines, 6, "UID", "cswch/s", &table), 1);
	ck_assert_uint_eq(table_row(&table, lines + 1, 5, &row), 1);
	ck_assert_double_eq_tol(table_number(&table, &row, "cswch/s"), 66.67, 1e-9);
	ck_assert(span_is(row.last, "rcu_sched"));
	ck_assert_uint_eq(table_row(&table, lines + 2, 4, &row), 2);
	ck_assert_double_eq_tol(table_number(&table, &row, "cswch/s"), 66.67, 1e-9);
	ck_assert_uint_eq(table_row(&table, lines + 4, 2, &row), 1);
	ck_assert(row.average);
	ck_assert_uint_eq(table_row(&table, lines + 5, 1, &row), 0);
}
END_TEST

static void check_stem(const char *comm, bool own, bool kernel, const char *wanted)
{
	char stem[TASK_NAME_MAX];

	task_stem(comm, own, kernel, stem);
	ck_assert_str_eq(stem, wanted);
}

START_TEST(finds_stems)
{
	check_stem("worker-12", false, false, "worker");
	check_stem("worker12", true, false, "worker");
	check_stem("python3", false, false, "python3");
	check_stem("ksoftirqd/3", false, true, "ksoftirqd");
	check_stem("kworker/u8:2-events_unbound", false, true, "kworker-events_unbound");
	check_stem("12", false, false, "12");
	check_stem("", false, false, "");
}
END_TEST

START_TEST(names_tasks)
{
	struct task task = task_blank();

	task_name(&task, span_of("[kworker/0:1]"));
	ck_assert_str_eq(task.comm, "kworker/0:1");
	ck_assert(task.kernel);
	task = task_blank();
	task_name(&task, span_of("/usr/sbin/nginx -g daemon off;"));
	ck_assert_str_eq(task.comm, "nginx");
	ck_assert(!task.kernel);
	task_name(&task, span_of("tokio-rt-+"));
	ck_assert_str_eq(task.comm, "tokio-rt-");
	ck_assert(task.cut);
	task_name(&task, span_of("MDC Refresh"));
	ck_assert_str_eq(task.comm, "MDC Refresh");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("words");
	TCase *cases = tcase_create("words");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(cases, reads_numbers, 0, sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_loop_test(cases, refuses_what_is_none, 0,
			    sizeof(no_numbers) / sizeof(no_numbers[0]));
	tcase_add_test(cases, cleans_text);
	tcase_add_test(cases, reads_tables);
	tcase_add_test(cases, finds_stems);
	tcase_add_test(cases, names_tasks);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
