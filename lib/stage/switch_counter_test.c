/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/switch_counter.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static atomic_bool over;

/* Leaves the CPU some thousand times a second. */
static void *nap(void *context)
{
	const struct timespec moment = { .tv_nsec = 100000 };

	while (!over)
		nanosleep(&moment, NULL);
	return context;
}

START_TEST(both_phases_are_counted)
{
	_cleanup_(switch_counter_free) struct switch_counter counter = { 0 };
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	pthread_t thread;

	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	counter.root = root;
	pthread_create(&thread, NULL, nap, NULL);
	switch_counter_mark(&counter, SLOWDOWN_WATCHED);
	usleep(200000);
	switch_counter_mark(&counter, SLOWDOWN_NEITHER);
	switch_counter_rest(&counter, NULL);
	over = true;
	pthread_join(thread, NULL);
	ck_assert_double_ge(slowdown_rate_per_s(&counter.slowdown, SLOWDOWN_WATCHED), 100);
	ck_assert_double_ge(slowdown_rate_per_s(&counter.slowdown, SLOWDOWN_RESTS), 100);
	ck_assert_uint_ge(counter.slowdown.sum[SLOWDOWN_RESTS].ns, SWITCH_COUNTER_REST_NS);
	ck_assert(isfinite(slowdown_pct(&counter.slowdown)));
}
END_TEST

START_TEST(who_is_stopped_does_not_rest)
{
	_cleanup_(switch_counter_free) struct switch_counter counter = { 0 };
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	const volatile sig_atomic_t stop = 1;

	ck_assert_int_eq(procroot_open_live(NULL, &root, NULL), 0);
	counter.root = root;
	switch_counter_rest(&counter, &stop);
	ck_assert_uint_lt(counter.slowdown.sum[SLOWDOWN_RESTS].ns, 150000000);
}
END_TEST

START_TEST(a_counter_that_cannot_be_read_is_unknown)
{
	_cleanup_(switch_counter_free) struct switch_counter counter = { 0 };
	_cleanup_(procroot_freep) struct procroot *root = NULL;
	char folder[] = "/tmp/switch-counter-XXXXXX", proc[64];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(proc, sizeof(proc), "%s/proc", folder);
	ck_assert_int_eq(mkdir(proc, 0700), 0);
	ck_assert_int_eq(procroot_open_recorded(folder, &root, NULL), 0);
	counter.root = root;
	switch_counter_mark(&counter, SLOWDOWN_WATCHED);
	switch_counter_rest(&counter, NULL);
	ck_assert(isnan(slowdown_rate_per_s(&counter.slowdown, SLOWDOWN_RESTS)));
	ck_assert(isnan(slowdown_pct(&counter.slowdown)));
	rmdir(proc);
	rmdir(folder);
}
END_TEST

START_TEST(rests_are_a_part_of_the_window)
{
	ck_assert_uint_eq(switch_counter_window_ns(3000000000), 2600000000);
	ck_assert_uint_eq(switch_counter_window_ns(500000000), 500000000);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("switch_counter");
	Suite *suite = suite_create("switch_counter");

	tcase_add_test(cases, both_phases_are_counted);
	tcase_add_test(cases, who_is_stopped_does_not_rest);
	tcase_add_test(cases, a_counter_that_cannot_be_read_is_unknown);
	tcase_add_test(cases, rests_are_a_part_of_the_window);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
