/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Caps, and the folded text with hostile names. */
#include "model/profile_testing.h"

#include "base/testing.h"

/* ---- caps ------------------------------------------------------------------------------------ */

START_TEST(symbols_beyond_the_cap_are_other)
{
	struct profile_options options = normal_options();

	options.symbols_max = 2;
	restart(options);
	name(10, 10, "app");
	add(10, 1, "main;a;b;c");
	finish();
	ck_assert_uint_eq(profile_totals(profile)->symbols, 2);
	ck_assert_uint_eq(profile_totals(profile)->over_symbols_max, 2);
	assert_folded(1, 1000, "app;app;main;a;[other];[other] 1\n");
	ck_assert_str_eq(name_of(12345), "[other]");
}
END_TEST

START_TEST(a_full_tree_keeps_the_weight_at_its_last_node)
{
	struct profile_options options = normal_options();
	struct profile_functions rows = { 0 };

	options.nodes_max = 2;
	restart(options);
	name(10, 10, "app");
	name(20, 20, "late");
	add(10, 1, "main;a;b");
	add(10, 2, "main;c;do_futex");
	add(20, 4, "main");
	add(10, 8, "main;a");
	finish();
	ck_assert_uint_eq(profile_totals(profile)->nodes, 2);
	ck_assert_uint_eq(profile_totals(profile)->cut_weight, 7);
	assert_folded(1, 1000, "app;app;main;a 9\nlate;late 4\napp;app;main 2\n");
	ck_assert_int_eq(profile_functions(profile, 10, true, &rows), 0);
	ck_assert_uint_eq(row_of(&rows, "main")->total, 15);
	ck_assert_uint_eq(row_of(&rows, "do_futex")->self, 2);
	ck_assert_uint_eq(class_of(FUTEX)->weight, 2);
	vec_free(&rows);
}
END_TEST

START_TEST(groups_and_threads_beyond_the_caps)
{
	struct profile_options options = normal_options();

	options.groups_max = 1;
	options.threads_max = 2;
	restart(options);
	name(10, 10, "a");
	name(20, 20, "b");
	name(30, 30, "c");
	add(10, 1, "main");
	add(20, 2, "main");
	add(30, 4, "main");
	add(0, 8, "net_rx_action");
	finish();
	ck_assert_uint_eq(group_of("a", "a")->weight, 1);
	ck_assert_uint_eq(group_of("(other)", "(other)")->weight, 2);
	ck_assert_uint_eq(group_of("(unnamed)", "(unnamed)")->weight, 4);
	ck_assert_uint_eq(profile_totals(profile)->over_groups_max, 1);
	ck_assert_uint_ge(profile_totals(profile)->over_threads_max, 1);
}
END_TEST

START_TEST(nothing_is_fine)
{
	size_t count;

	finish();
	profile_groups(profile, &count);
	ck_assert_uint_eq(count, 0);
	assert_folded(1, 1000, "");
	ck_assert_int_eq(profile_end(profile), -EINVAL);
	ck_assert_int_eq(profile_add(profile, &(struct profile_sample){ .tid = 1 }), -EINVAL);
}
END_TEST

/* ---- folded stacks --------------------------------------------------------------------------- */

START_TEST(folded_lines_are_sorted_scaled_and_marked)
{
	name(10, 10, "nginx");
	add(10, 1499, "main;do_syscall_64;do_futex");
	add(10, 1500, "main");
	add(10, 10, "main;a");
	finish();
	assert_folded(1000, 1000,
		      "nginx;nginx;main 2\n"
		      "nginx;nginx;main;[k] do_syscall_64;[k] do_futex 1\n"
		      "nginx;nginx;main;a 1\n");
}
END_TEST

START_TEST(folded_names_are_tamed)
{
	struct profile_symbol symbol = { .function = "[k] a;b\nc\x1b[31m 9", .module = "x" };
	uint32_t frame;
	struct profile_sample sample = { .pid = 10, .tid = 10, .weight = 3, .count = 1 };

	name(10, 10, "ev;il\n");
	frame = (uint32_t)profile_symbol(profile, &symbol, NULL);
	sample.frames = &frame;
	ck_assert_int_eq(profile_add(profile, &sample), 0);
	finish();
	assert_folded(1, 1000, "ev:il\\x0a;ev:il\\x0a;\\x5bk] a:b\\x0ac\\x1b[31m 9 3\n");
}
END_TEST

START_TEST(folded_text_is_capped)
{
	name(10, 10, "app");
	add(10, 9, "main;a_very_long_name_of_a_function");
	add(10, 5, "main;b");
	add(10, 4, "main;cc");
	add(10, 3, "main;d");
	finish();
	assert_folded(1, 32 + 34, "app;app;main;b 5\napp;app;main;d 3\n(left out) 13\n");
	assert_folded(1, 0, "(left out) 21\n");
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, symbols_beyond_the_cap_are_other);
	tcase_add_test(tests, a_full_tree_keeps_the_weight_at_its_last_node);
	tcase_add_test(tests, groups_and_threads_beyond_the_caps);
	tcase_add_test(tests, nothing_is_fine);
	tcase_add_test(tests, folded_lines_are_sorted_scaled_and_marked);
	tcase_add_test(tests, folded_names_are_tamed);
	tcase_add_test(tests, folded_text_is_capped);
}

int main(void)
{
	Suite *suite = suite_create("profile_limits");
	TCase *tests = tcase_create("profile_limits");

	tcase_add_checked_fixture(tests, setup, teardown);
	add_tests(tests);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
