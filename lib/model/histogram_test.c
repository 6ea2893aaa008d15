/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/histogram.h"

#include "base/testing.h"
#include <check.h>
#include <stdlib.h>

START_TEST(small_values_are_exact)
{
	for (uint64_t value = 0; value < 64; value++) {
		struct histogram histogram = { 0 };

		histogram_add(&histogram, value);
		ck_assert_uint_eq(histogram_quantile_ns(&histogram, 0.5), value);
	}
}
END_TEST

START_TEST(buckets_are_contiguous)
{
	for (uint32_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t low = histogram_bucket_low_ns(i);

		ck_assert_uint_eq(histogram_bucket(low), i);
		ck_assert_uint_eq(histogram_bucket(histogram_bucket_low_ns(i + 1) - 1), i);
		ck_assert_uint_lt(low, histogram_bucket_low_ns(i + 1));
	}
	ck_assert_uint_eq(histogram_bucket_low_ns(HISTOGRAM_BUCKETS),
			  UINT64_C(1) << HISTOGRAM_VALUE_BITS);
}
END_TEST

START_TEST(error_stays_below_three_percent)
{
	for (uint64_t value = 1; value < UINT64_C(1) << 39; value += 1 + value / 97) {
		struct histogram histogram = { 0 };
		double error;

		histogram_add(&histogram, value);
		error = (double)histogram_quantile_ns(&histogram, 1) / (double)value - 1;
		ck_assert_double_le(error, 0.03);
		ck_assert_double_ge(error, -0.03);
	}
}
END_TEST

START_TEST(quantiles_of_a_ramp)
{
	struct histogram histogram = { 0 };

	for (uint64_t value = 1; value <= 10000; value++)
		histogram_add(&histogram, value * 1000);
	ck_assert_double_eq_tol((double)histogram_quantile_ns(&histogram, 0.5), 5e6, 5e6 * 0.03);
	ck_assert_double_eq_tol((double)histogram_quantile_ns(&histogram, 0.99), 9.9e6,
				9.9e6 * 0.03);
	ck_assert_double_eq_tol((double)histogram_quantile_ns(&histogram, 0), 1000, 30);
	ck_assert_uint_eq(histogram.count, 10000);
}
END_TEST

START_TEST(the_extremes)
{
	struct histogram histogram = { 0 };

	ck_assert_uint_eq(histogram_quantile_ns(&histogram, 0.5), 0);
	histogram_add(&histogram, UINT64_MAX);
	ck_assert_uint_eq(histogram.buckets[HISTOGRAM_BUCKETS - 1], 1);
	histogram.buckets[HISTOGRAM_BUCKETS - 1] = UINT32_MAX;
	histogram_add(&histogram, UINT64_MAX);
	ck_assert_uint_eq(histogram.buckets[HISTOGRAM_BUCKETS - 1], UINT32_MAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("histogram");
	TCase *tests = tcase_create("all");

	tcase_add_test(tests, small_values_are_exact);
	tcase_add_test(tests, buckets_are_contiguous);
	tcase_add_test(tests, error_stays_below_three_percent);
	tcase_add_test(tests, quantiles_of_a_ramp);
	tcase_add_test(tests, the_extremes);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
