/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/testing.h"
#include "model/cpu_time.h"
#include "model/disk.h"
#include "model/rates.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

START_TEST(rates_are_per_second)
{
	ck_assert_double_eq(rate_per_s(100, 350, 500000000), 500);
	ck_assert_double_eq(rate_per_s(7, 7, 1000000000), 0);
}
END_TEST

START_TEST(a_counter_that_went_backwards_is_unknown)
{
	ck_assert_double_nan(counter_delta(5, 4));
	ck_assert_double_nan(rate_per_s(5, 4, 1000));
	ck_assert_double_nan(rate_per_s(4, 5, 0));
}
END_TEST

START_TEST(share_of_nothing_is_unknown)
{
	ck_assert_double_nan(share_pct(1, 0));
	ck_assert_double_nan(share_pct(NAN, 2));
	ck_assert_double_nan(share_pct(1, NAN));
	ck_assert_double_eq(share_pct(1, 4), 25);
}
END_TEST

START_TEST(median_is_the_middle)
{
	double odd[] = { 9, 1, 5 }, even[] = { 4, 1, 3, 2 };

	ck_assert_double_eq(median(odd, 3), 5);
	ck_assert_double_eq(median(even, 4), 2.5);
	ck_assert_double_nan(median(odd, 0));
}
END_TEST

START_TEST(load_trend_has_three_words)
{
	ck_assert_str_eq(load_trend_text(load_trend(12, 2)), "rising");
	ck_assert_str_eq(load_trend_text(load_trend(2, 12)), "falling");
	ck_assert_str_eq(load_trend_text(load_trend(2, 2.1)), "steady");
	ck_assert_double_eq(load_trend(0.05, 0), 0.5); /* an idle host does not rise */
	ck_assert_ptr_null(load_trend_text(NAN));
}
END_TEST

/* user nice system idle iowait irq softirq steal guest guest_nice */
START_TEST(cpu_time_is_shared_out_as_vmstat_does)
{
	const uint64_t before[CPU_TIME_KINDS] = { 100, 0, 50, 1000, 10, 0, 0, 0, 0, 0 };
	const uint64_t after[CPU_TIME_KINDS] = { 130, 10, 70, 1030, 15, 1, 2, 2, 20, 0 };
	struct cpu_shares shares = cpu_shares(before, after);

	/* 100 ticks: user 30 (20 of them guest), nice 10, system 20, idle 30, iowait 5, irq 1,
	 * softirq 2, steal 2 */
	ck_assert_double_eq_tol(shares.us, 20, 1e-9);
	ck_assert_double_eq_tol(shares.ni, 10, 1e-9);
	ck_assert_double_eq_tol(shares.sy, 20, 1e-9);
	ck_assert_double_eq_tol(shares.id, 30, 1e-9);
	ck_assert_double_eq_tol(shares.wa, 5, 1e-9);
	ck_assert_double_eq_tol(shares.st, 2, 1e-9);
	ck_assert_double_eq_tol(shares.guest, 20, 1e-9);
	ck_assert_double_eq_tol(shares.busy, 63, 1e-9);
}
END_TEST

START_TEST(iowait_may_go_backwards)
{
	const uint64_t before[CPU_TIME_KINDS] = { 0, 0, 0, 100, 50 };
	const uint64_t after[CPU_TIME_KINDS] = { 50, 0, 0, 150, 49 };
	struct cpu_shares shares = cpu_shares(before, after);

	ck_assert_double_eq(shares.us, 50);
	ck_assert_double_eq(shares.wa, 0);
}
END_TEST

START_TEST(a_cpu_that_was_offline_is_unknown)
{
	const uint64_t before[CPU_TIME_KINDS] = { 500, 0, 0, 100 };
	const uint64_t after[CPU_TIME_KINDS] = { 5, 0, 0, 150 };

	ck_assert_double_nan(cpu_shares(before, after).us);
	ck_assert_double_nan(cpu_shares(before, after).busy);
	ck_assert_double_nan(cpu_shares(before, before).busy); /* no time passed */
}
END_TEST

START_TEST(disk_load_is_iostats)
{
	const struct disk_totals before = { .reads = 10, .writes = 20, .read_ms = 5, .write_ms = 7 };
	const struct disk_totals after = { .reads = 20,
					   .writes = 20,
					   .read_sectors = 80,
					   .read_ms = 45,
					   .write_ms = 7,
					   .busy_ms = 500,
					   .weighted_ms = 2000 };
	struct disk_load load = disk_load(&before, &after, 1000000000);

	ck_assert_double_eq(load.reads_per_s, 10);
	ck_assert_double_eq(load.read_bytes_per_s, 40960);
	ck_assert_double_eq(load.await_ms, 4);
	ck_assert_double_eq(load.read_await_ms, 4);
	ck_assert_double_nan(load.write_await_ms); /* none completed */
	ck_assert_double_eq(load.queue, 2);
	ck_assert_double_eq(load.util_pct, 50);
}
END_TEST

START_TEST(partitions_are_told_by_name)
{
	ck_assert(disk_is_partition("sda1", "sda"));
	ck_assert(disk_is_partition("nvme0n1p2", "nvme0n1"));
	ck_assert(!disk_is_partition("loop10", "loop1"));
	ck_assert(!disk_is_partition("sda", "sda"));
	ck_assert(!disk_is_partition("sdaa", "sda"));
	ck_assert(!disk_is_partition("dm-10", "dm-1"));
	ck_assert(!disk_is_partition("x", ""));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rates");
	TCase *cases = tcase_create("rates");

	tcase_add_test(cases, rates_are_per_second);
	tcase_add_test(cases, a_counter_that_went_backwards_is_unknown);
	tcase_add_test(cases, share_of_nothing_is_unknown);
	tcase_add_test(cases, median_is_the_middle);
	tcase_add_test(cases, load_trend_has_three_words);
	tcase_add_test(cases, cpu_time_is_shared_out_as_vmstat_does);
	tcase_add_test(cases, iowait_may_go_backwards);
	tcase_add_test(cases, a_cpu_that_was_offline_is_unknown);
	tcase_add_test(cases, disk_load_is_iostats);
	tcase_add_test(cases, partitions_are_told_by_name);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
