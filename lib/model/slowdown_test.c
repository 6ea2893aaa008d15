/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/slowdown.h"

#include "base/testing.h"

#include <check.h>
#include <math.h>

#define MS 1000000ULL

START_TEST(looks_and_rests_are_told_apart)
{
	struct slowdown slowdown = { 0 };

	slowdown_mark(&slowdown, SLOWDOWN_WATCHED, 1000, 10 * MS);
	slowdown_mark(&slowdown, SLOWDOWN_NEITHER, 7000, 30 * MS);
	slowdown_mark(&slowdown, SLOWDOWN_RESTS, 9000000, 35 * MS);
	slowdown_mark(&slowdown, SLOWDOWN_NEITHER, 9050000, 135 * MS);
	slowdown_mark(&slowdown, SLOWDOWN_WATCHED, 9900000, 140 * MS);
	slowdown_mark(&slowdown, SLOWDOWN_NEITHER, 9924000, 220 * MS);
	ck_assert_double_eq_tol(slowdown_rate_per_s(&slowdown, SLOWDOWN_WATCHED), 300000, 1e-6);
	ck_assert_double_eq_tol(slowdown_rate_per_s(&slowdown, SLOWDOWN_RESTS), 500000, 1e-6);
	ck_assert_double_eq_tol(slowdown_pct(&slowdown), 40, 1e-9);
}
END_TEST

START_TEST(without_rests_it_is_unknown)
{
	struct slowdown slowdown = { 0 };

	ck_assert(isnan(slowdown_pct(&slowdown)));
	slowdown_mark(&slowdown, SLOWDOWN_WATCHED, 1000, 10 * MS);
	slowdown_mark(&slowdown, SLOWDOWN_NEITHER, 7000, 3000 * MS);
	ck_assert_double_gt(slowdown_rate_per_s(&slowdown, SLOWDOWN_WATCHED), 2000);
	ck_assert(isnan(slowdown_rate_per_s(&slowdown, SLOWDOWN_RESTS)));
	ck_assert(isnan(slowdown_pct(&slowdown)));
}
END_TEST

START_TEST(a_moment_is_too_little_to_compare)
{
	struct slowdown slowdown = { 0 };

	slowdown_mark(&slowdown, SLOWDOWN_WATCHED, 0, 10 * MS);
	slowdown_mark(&slowdown, SLOWDOWN_RESTS, 6000, 110 * MS);
	slowdown_mark(&slowdown, SLOWDOWN_NEITHER, 7000, 159 * MS);
	ck_assert(isnan(slowdown_pct(&slowdown)));
}
END_TEST

START_TEST(an_idle_rest_has_no_share)
{
	struct slowdown slowdown = { 0 };

	slowdown_mark(&slowdown, SLOWDOWN_WATCHED, 0, 10 * MS);
	slowdown_mark(&slowdown, SLOWDOWN_RESTS, 6000, 110 * MS);
	slowdown_mark(&slowdown, SLOWDOWN_NEITHER, 6000, 210 * MS);
	ck_assert(isnan(slowdown_pct(&slowdown)));
}
END_TEST

START_TEST(what_went_back_counts_for_nobody)
{
	struct slowdown slowdown = { 0 };

	slowdown_mark(&slowdown, SLOWDOWN_WATCHED, 6000, 110 * MS);
	slowdown_mark(&slowdown, SLOWDOWN_WATCHED, 10, 310 * MS);
	slowdown_mark(&slowdown, SLOWDOWN_WATCHED, 5000, 300 * MS);
	ck_assert(isnan(slowdown_rate_per_s(&slowdown, SLOWDOWN_WATCHED)));
	slowdown_mark(&slowdown, SLOWDOWN_NEITHER, 10000, 400 * MS);
	ck_assert_double_eq_tol(slowdown_rate_per_s(&slowdown, SLOWDOWN_WATCHED), 50000, 1e-6);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("slowdown");
	Suite *suite = suite_create("slowdown");

	tcase_add_test(cases, looks_and_rests_are_told_apart);
	tcase_add_test(cases, without_rests_it_is_unknown);
	tcase_add_test(cases, a_moment_is_too_little_to_compare);
	tcase_add_test(cases, an_idle_rest_has_no_share);
	tcase_add_test(cases, what_went_back_counts_for_nobody);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
