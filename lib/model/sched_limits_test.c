/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Losses, gaps, caps and hostile input. */
#include "model/sched_testing.h"

#include "base/testing.h"
#include <stdlib.h>

static struct sched_model *model;

static void setup(void)
{
	struct sched_model_options options = { .cpus_max = 8, .start_ns = 1000 };

	model = sched_model_new(&options);
	ck_assert_ptr_nonnull(model);
}

static void teardown(void)
{
	sched_model_free(model);
}

static void restart(struct sched_model_options options)
{
	sched_model_free(model);
	model = sched_model_new(&options);
	ck_assert_ptr_nonnull(model);
}

START_TEST(a_loss_cuts_what_waits_for_that_cpu)
{
	const struct sched_totals *totals = sched_model_totals(model);
	const struct sched_loss *losses;
	const struct sched_cpu *cpus;
	size_t count;

	feed(model, test_switch(1000, 0, 90, 'S', 10));
	feed(model, test_wakeup(1100, 0, 10, 20, 0));
	feed(model, test_switch(1200, 0, 10, '+', 30));
	feed(model, test_wakeup(1300, 1, 0, 40, 0));
	feed(model, test_lost(1500, 0, 7));
	feed(model, test_switch(1600, 0, 20, 'S', 10));
	finish(model, 2000);
	/* 20 waited for certain until 1200, 10 had just begun, 40 came when nothing was certain */
	ck_assert_uint_eq(thread_of(model, 20)->work.cut_wait_ns, 100);
	ck_assert_uint_eq(thread_of(model, 10)->work.cut_waits, 1);
	ck_assert_uint_eq(thread_of(model, 10)->work.cut_wait_ns, 0);
	ck_assert_uint_eq(thread_of(model, 40)->work.cut_wait_ns, 0);
	ck_assert_uint_eq(totals->waits.count, 0);
	ck_assert_uint_eq(totals->losses, 1);
	ck_assert_uint_eq(totals->lost_records, 7);
	/* who left at 1600 ran since the loss */
	ck_assert_uint_eq(thread_of(model, 20)->work.run_ns, 100);
	ck_assert_uint_eq(thread_of(model, 30)->work.run_ns, 0);
	cpus = sched_model_cpus(model, &count);
	ck_assert_uint_eq(cpus[0].unknown_ns, 300);
	losses = sched_model_losses(model, &count);
	ck_assert_uint_eq(count, 1);
	ck_assert_uint_eq(losses[0].from_ns, 1200);
	ck_assert_uint_eq(losses[0].to_ns, 1500);
	check_sums(model);
}
END_TEST

START_TEST(a_loss_told_later_makes_a_maximum_suspect)
{
	feed(model, test_switch(1000, 0, 90, 'S', 10));
	feed(model, test_switch(1000, 1, 91, 'S', 0));
	feed(model, test_wakeup(1100, 0, 10, 20, 0));
	feed(model, test_switch(1105, 0, 10, 'S', 20));
	feed(model, test_wakeup(1200, 0, 20, 10, 0));
	feed(model, test_switch(1800, 0, 20, 'S', 10));
	feed(model, test_lost(1900, 1, 0));
	finish(model, 2000);
	ck_assert_uint_eq(thread_of(model, 10)->waits[SCHED_WAIT_WOKEN].max_suspect,
			  SCHED_SUSPECT_LOSS);
	ck_assert(!sched_model_worst(model, SCHED_WORST_TRUSTED)->found);
	ck_assert_int_eq(sched_model_worst(model, SCHED_WORST_SUSPECT)->tid, 10);

	/* and the next best is told when it is none of those */
	restart((struct sched_model_options){ .cpus_max = 2 });
	feed(model, test_switch(1000, 0, 90, 'S', 10));
	feed(model, test_wakeup(1100, 0, 10, 20, 0));
	feed(model, test_switch(1105, 0, 10, 'S', 20));
	feed(model, test_switch(1150, 1, 91, 'S', 0));
	feed(model, test_wakeup(1200, 0, 20, 10, 0));
	feed(model, test_switch(1800, 0, 20, 'S', 10));
	feed(model, test_lost(1900, 1, 0));
	finish(model, 2000);
	ck_assert_int_eq(sched_model_worst(model, SCHED_WORST_TRUSTED)->tid, 20);
	ck_assert_int_eq(sched_model_worst(model, SCHED_WORST_SUSPECT)->tid, 10);
	check_sums(model);
}
END_TEST

START_TEST(a_missing_switch_is_a_gap)
{
	const struct sched_totals *totals = sched_model_totals(model);
	const struct sched_cpu *cpus;
	size_t count;

	feed(model, test_switch(1000, 0, 90, 'S', 10));
	feed(model, test_wakeup(1100, 0, 10, 30, 0));
	feed(model, test_wakeup(1150, 0, 10, 20, 0));
	feed(model, test_switch(1200, 0, 10, '+', 40));
	/* 40 -> 20 is missing */
	feed(model, test_switch(1500, 0, 20, 'S', 30));
	finish(model, 2000);
	ck_assert_uint_eq(totals->wrong_prev, 1);
	ck_assert_uint_eq(thread_of(model, 40)->work.run_ns, 0);
	ck_assert_uint_eq(thread_of(model, 20)->work.run_ns, 0);
	ck_assert_uint_eq(thread_of(model, 20)->work.cut_wait_ns, 50);
	/* whoever was not found running went on waiting */
	ck_assert_uint_eq(thread_of(model, 30)->waits[SCHED_WAIT_WOKEN].sum_ns, 400);
	ck_assert_uint_eq(thread_of(model, 30)->waits[SCHED_WAIT_WOKEN].max_suspect,
			  SCHED_SUSPECT_GAP);
	ck_assert_uint_eq(thread_of(model, 10)->open_wait_ns, 800);
	ck_assert_uint_eq(blame_of(model, SCHED_ACTOR_UNKNOWN, thread_of(model, 30)->group), 300);
	cpus = sched_model_cpus(model, &count);
	ck_assert_uint_eq(cpus[0].unknown_ns, 300);
	ck_assert_uint_eq(cpus[0].missing_switches, 1);
	sched_model_losses(model, &count);
	ck_assert_uint_eq(count, 0);
	check_sums(model);
}
END_TEST

START_TEST(a_waker_tells_that_a_switch_is_missing)
{
	feed(model, test_switch(1000, 0, 90, 'S', 0));
	feed(model, test_wakeup(1100, 1, 50, 20, 0));
	/* idle -> 20 is missing */
	feed(model, test_wakeup(1130, 0, 20, 30, 1));
	feed(model, test_switch(1200, 0, 20, 'S', 0));
	finish(model, 2000);
	ck_assert_uint_eq(sched_model_totals(model)->wrong_waker, 1);
	ck_assert_uint_eq(sched_model_totals(model)->wrong_prev, 0);
	ck_assert_uint_eq(thread_of(model, 20)->work.run_ns, 70);
	ck_assert_uint_eq(thread_of(model, 20)->work.cut_waits, 1);
	ck_assert_uint_eq(edge_of(model, thread_of(model, 20)->group, thread_of(model, 30)->group),
			  1);
	check_sums(model);
}
END_TEST

START_TEST(a_thread_on_two_cpus_is_counted)
{
	const struct sched_totals *totals = sched_model_totals(model);

	/* CPU 1's clock is 5 ns late */
	feed(model, test_switch(1000, 0, 90, 'S', 10));
	feed(model, test_switch(1000, 1, 91, 'S', 0));
	feed(model, test_switch(1100, 1, 0, 'R', 10));
	feed(model, test_switch(1105, 0, 10, '+', 0));
	feed(model, test_switch(1200, 1, 10, 'S', 0));
	finish(model, 2000);
	ck_assert_uint_eq(totals->ran_on_two_cpus, 1);
	ck_assert_uint_eq(totals->wrong_prev, 0);
	ck_assert_uint_eq(thread_of(model, 10)->work.run_ns, 105 + 100);
	check_sums(model);
}
END_TEST

START_TEST(time_that_runs_backwards_stands_still)
{
	feed(model, test_switch(1100, 0, 10, '+', 20));
	feed(model, test_switch(1050, 0, 20, 'S', 10));
	feed(model, test_switch(1200, 0, 10, '+', 20));
	finish(model, 500);
	ck_assert_uint_eq(sched_model_totals(model)->backwards, 1);
	ck_assert_uint_eq(sched_model_totals(model)->end_ns, 1200);
	ck_assert_uint_eq(thread_of(model, 10)->waits[SCHED_WAIT_PREEMPTED].max_suspect,
			  SCHED_SUSPECT_CLOCK);
	check_sums(model);
}
END_TEST

START_TEST(impossible_events_are_counted_and_ignored)
{
	feed(model, test_switch(1100, 8, 10, '+', 20));
	feed(model, test_switch(1100, 0, -1, '+', 20));
	feed(model, test_wakeup(1100, 0, 10, 0, 0));
	feed(model, test_wakeup(1100, 0, 10, -5, 0));
	feed(model, (struct sched_event){ .time_ns = 1100, .type = 77, .tid = 1 });
	ck_assert_uint_eq(sched_model_totals(model)->malformed, 5);
	/* a target that cannot be is as good as none */
	feed(model, test_wakeup(1100, 0, 10, 20, 99));
	finish(model, 2000);
	ck_assert_uint_eq(group_of(model, 20)->open_wait_ns, 900);
	ck_assert_uint_eq(blame_of(model, thread_of(model, 10)->group, thread_of(model, 20)->group),
			  900);
	check_sums(model);
}
END_TEST

START_TEST(threads_over_the_cap_share_an_entry)
{
	const struct sched_totals *totals;
	size_t count;

	restart((struct sched_model_options){ .threads_max = 16, .cpus_max = 1 });
	for (pid_t tid = 1; tid <= 40; tid++)
		feed(model, test_switch(1000 + 10 * (uint64_t)tid, 0, tid, '+', tid + 1));
	finish(model, 2000);
	totals = sched_model_totals(model);
	sched_model_threads(model, &count);
	ck_assert_uint_eq(count, 16);
	ck_assert_uint_gt(totals->over_threads_max, 0);
	ck_assert_uint_eq(sched_model_group(model, SCHED_GROUP_OTHER)->work.switches, 25);
	ck_assert_uint_eq(sched_model_group(model, SCHED_GROUP_OTHER)->work.run_ns, 24 * 10 + 600);
	check_sums(model);
}
END_TEST

START_TEST(dead_threads_make_room)
{
	struct sched_event event;

	restart((struct sched_model_options){ .threads_max = 64, .cpus_max = 1 });
	for (pid_t tid = 1; tid <= 10000; tid++) {
		event = test_switch(1000 + 10 * (uint64_t)tid, 0, tid, 'X', tid + 1);
		snprintf(event.comm, sizeof(event.comm), "child");
		snprintf(event.other_comm, sizeof(event.other_comm), "child");
		feed(model, event);
	}
	finish(model, 200000);
	ck_assert_uint_eq(sched_model_totals(model)->over_threads_max, 0);
	ck_assert_uint_gt(sched_model_totals(model)->threads_retired, 9900);
	ck_assert_uint_eq(group_of(model, 10001)->threads, 10001);
	ck_assert_uint_eq(group_of(model, 10001)->work.switches, 10000);
	check_sums(model);
}
END_TEST

START_TEST(groups_and_edges_over_the_cap_are_counted)
{
	restart((struct sched_model_options){ .groups_max = 4, .edges_max = 1, .cpus_max = 1 });
	for (pid_t tid = 1; tid <= 9; tid++) {
		feed(model, test_switch(1000 + 10 * (uint64_t)tid, 0, tid, '+', tid + 1));
		feed(model, test_wakeup(1005 + 10 * (uint64_t)tid, 0, tid + 1, 100 + tid, 0));
	}
	finish(model, 2000);
	ck_assert_uint_eq(sched_model_totals(model)->groups, 4);
	ck_assert_uint_gt(sched_model_totals(model)->over_groups_max, 0);
	ck_assert_uint_gt(sched_model_totals(model)->over_edges_max, 0);
	check_sums(model);
}
END_TEST

START_TEST(a_long_excerpt_keeps_its_ends)
{
	const struct sched_worst *worst;
	uint64_t now = 1000;

	feed(model, test_switch(now, 0, 90, 'S', 20));
	feed(model, test_wakeup(now, 0, 20, 10, 0));
	for (int i = 0; i < 50; i++) {
		feed(model, test_switch(now += 10, 0, 20, '+', 30));
		feed(model, test_switch(now += 10, 0, 30, '+', 20));
	}
	feed(model, test_switch(now += 10, 0, 20, '+', 10));
	finish(model, now + 100);
	worst = sched_model_worst(model, SCHED_WORST_TRUSTED);
	ck_assert_int_eq(worst->tid, 10);
	ck_assert_uint_eq(worst->lines, SCHED_EXCERPT_LINES);
	/* the first switch happened in the same nanosecond */
	ck_assert_uint_eq(worst->skipped, 1 + 1 + 101 - SCHED_EXCERPT_LINES);
	ck_assert_int_eq(worst->line[1].type, SCHED_WAKEUP);
	ck_assert_int_eq(worst->line[SCHED_EXCERPT_LINES - 1].tid, 10);
	ck_assert(!worst->truncated);
	check_sums(model);
}
END_TEST

START_TEST(hostile_names_stay_bytes)
{
	struct sched_event event = test_switch(1100, 0, 10, '+', 20);

	memset(event.comm, '\xff', sizeof(event.comm));
	memset(event.other_comm, '9', sizeof(event.other_comm));
	feed(model, event);
	finish(model, 2000);
	ck_assert_uint_eq(strlen(thread_of(model, 20)->comm), SCHED_COMM_LEN - 1);
	ck_assert_uint_eq(strlen(thread_of(model, 10)->comm), SCHED_COMM_LEN - 1);
	check_sums(model);
}
END_TEST

START_TEST(nothing_happened)
{
	uint32_t ids[1];
	size_t count;

	finish(model, 2000);
	ck_assert_uint_eq(sched_model_totals(model)->end_ns, 2000);
	ck_assert_uint_eq(sched_model_rank(model, SCHED_BY_RUN, ids, 1), 0);
	sched_model_cpus(model, &count);
	ck_assert_uint_eq(count, 0);
	ck_assert_ptr_null(sched_model_group(model, 1));
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("sched_limits");
	TCase *tests = tcase_create("limits");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_loss_cuts_what_waits_for_that_cpu);
	tcase_add_test(tests, a_loss_told_later_makes_a_maximum_suspect);
	tcase_add_test(tests, a_missing_switch_is_a_gap);
	tcase_add_test(tests, a_waker_tells_that_a_switch_is_missing);
	tcase_add_test(tests, a_thread_on_two_cpus_is_counted);
	tcase_add_test(tests, time_that_runs_backwards_stands_still);
	tcase_add_test(tests, impossible_events_are_counted_and_ignored);
	tcase_add_test(tests, threads_over_the_cap_share_an_entry);
	tcase_add_test(tests, dead_threads_make_room);
	tcase_add_test(tests, groups_and_edges_over_the_cap_are_counted);
	tcase_add_test(tests, a_long_excerpt_keeps_its_ends);
	tcase_add_test(tests, hostile_names_stay_bytes);
	tcase_add_test(tests, nothing_happened);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	return run_suite(make_suite());
}
