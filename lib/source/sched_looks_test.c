/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Watching that may not cost more than so much: looks, and rests in between, beside threads that yield all the time. */
#include "source/sched_rings.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#define MS 1000000ULL
#define LOOK_NS (200 * MS)
#define THREADS 4
#define LOOKS_MAX 64
#define SKIP 77

static volatile sig_atomic_t storm_over, stop;

static void *yield_on(void *context)
{
	while (!storm_over)
		sched_yield();
	return context;
}

static void storm_begin(pthread_t threads[THREADS])
{
	storm_over = 0;
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, yield_on, NULL), 0);
}

static void storm_end(pthread_t threads[THREADS])
{
	storm_over = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

struct seen {
	size_t pauses;
	uint64_t first_ns[LOOKS_MAX], last_ns[LOOKS_MAX], paused_ns[LOOKS_MAX];
	long switches[LOOKS_MAX];
	size_t looks_begun, looks_ended;
	bool stop_at_pause;
};

static int see(void *context, const struct sched_event *event)
{
	struct seen *seen = context;

	/* what is still in the rings comes after the look */
	ck_assert_uint_eq(seen->looks_begun, seen->pauses + 1);
	if (event->type == SCHED_PAUSED) {
		ck_assert_uint_eq(seen->looks_ended, seen->looks_begun);
		stop = seen->stop_at_pause;
		seen->paused_ns[seen->pauses++] = event->time_ns;
		ck_assert_uint_lt(seen->pauses, LOOKS_MAX);
		return 0;
	}
	if (!seen->first_ns[seen->pauses])
		seen->first_ns[seen->pauses] = event->time_ns;
	seen->last_ns[seen->pauses] = event->time_ns;
	seen->switches[seen->pauses] += event->type == SCHED_SWITCH;
	return 0;
}

static void see_look(void *context, bool begins)
{
	struct seen *seen = context;

	if (begins)
		seen->looks_begun++;
	else
		seen->looks_ended++;
	ck_assert_uint_eq(seen->looks_begun, seen->looks_ended + begins);
}

static int watch_storm(uint64_t duration_ns, double cost_max_pct, struct seen *seen,
		       struct sched_rings_result *ret)
{
	_cleanup_(sched_rings_freep) struct sched_rings *rings = NULL;
	const struct sched_rings_limits limits = {
		.duration_ns = duration_ns,
		.cost_max_pct = cost_max_pct,
		.stop = &stop,
		.look = see_look,
		.look_context = seen,
	};
	pthread_t threads[THREADS];
	struct err err = { 0 };
	int r;

	stop = 0;
	ck_assert_msg(sched_rings_open(&(struct sched_rings_options){ 0 }, &rings, &err) == 0, "%s",
		      err.msg);
	storm_begin(threads);
	r = sched_rings_watch(rings, &limits, see, seen, ret, &err);
	storm_end(threads);
	ck_assert_uint_eq(seen->looks_begun, ret->looks);
	ck_assert_uint_eq(seen->looks_ended, ret->looks);
	return r;
}

START_TEST(a_storm_is_watched_in_three_looks_at_least)
{
	struct seen seen = { 0 };
	struct sched_rings_result result;

	/* Next to nothing may be spent: 3 looks of 200 ms, and two rests that share what is left. */
	ck_assert_int_eq(watch_storm(1600 * MS, 0.001, &seen, &result), 0);
	ck_assert_uint_eq(result.looks, 3);
	ck_assert_uint_eq(seen.pauses, 2);
	ck_assert_uint_ge(result.watched_ns, 3 * LOOK_NS * 9 / 10);
	ck_assert_uint_le(result.watched_ns, 3 * LOOK_NS * 2);
	ck_assert_uint_le(result.end_ns - result.start_ns, 2200 * MS);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_gt(seen.switches[i], 100);
	for (size_t i = 0; i < seen.pauses; i++) {
		ck_assert_uint_le(seen.last_ns[i], seen.paused_ns[i]);
		ck_assert_uint_ge(seen.first_ns[i + 1], seen.paused_ns[i] + 450 * MS);
	}
}
END_TEST

START_TEST(what_may_cost_that_much_is_watched_all_the_time)
{
	struct seen seen = { 0 };
	struct sched_rings_result result;

	ck_assert_int_eq(watch_storm(700 * MS, 0, &seen, &result), 0);
	ck_assert_uint_eq(result.looks, 1);
	ck_assert_uint_eq(seen.pauses, 0);
	ck_assert_uint_eq(result.watched_ns, result.end_ns - result.start_ns);
}
END_TEST

START_TEST(the_rate_decides_how_long_it_rests)
{
	struct seen seen = { 0 };
	struct sched_rings_result result;
	double watched, cost_pct;

	/* A fifth of what it would cost to watch all: the rate is not known before. */
	ck_assert_int_eq(watch_storm(700 * MS, 0, &seen, &result), 0);
	cost_pct = 100 * (double)result.events * 700 / (double)result.watched_ns /
		   (double)sysconf(_SC_NPROCESSORS_ONLN);
	seen = (struct seen){ 0 };
	ck_assert_int_eq(watch_storm(6000 * MS, cost_pct / 5, &seen, &result), 0);
	watched = (double)result.watched_ns / (double)(result.end_ns - result.start_ns);
	ck_assert_double_gt(watched, 0.08);
	ck_assert_double_lt(watched, 0.5);
	ck_assert_uint_ge(result.looks, 3);
}
END_TEST

START_TEST(a_rest_can_be_interrupted)
{
	struct seen seen = { .stop_at_pause = true };
	struct sched_rings_result result;

	ck_assert_int_eq(watch_storm(60000 * MS, 0.001, &seen, &result), -EINTR);
	ck_assert_uint_eq(seen.pauses, 1);
	ck_assert_uint_le(result.watched_ns, 4 * LOOK_NS);
	ck_assert_uint_eq(result.end_ns, seen.paused_ns[0]);
}
END_TEST

static const char *why_not(void)
{
	static struct err err;
	struct sched_rings *rings;

	if (sched_rings_open(&(struct sched_rings_options){ 0 }, &rings, &err) < 0)
		return err.msg;
	if (sched_rings_source(rings) != SCHED_SOURCE_TRACEPOINTS)
		err_set(&err, 0, "%s", sched_rings_reason(rings));
	sched_rings_free(rings);
	return *err.msg ? err.msg : NULL;
}

int main(void)
{
	Suite *suite = suite_create("sched_looks");
	TCase *tcase = tcase_create("live");
	const char *reason = why_not();

	if (reason) {
		printf("skipped: %s\n", reason);
		return SKIP;
	}
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_storm_is_watched_in_three_looks_at_least);
	tcase_add_test(tcase, what_may_cost_that_much_is_watched_all_the_time);
	tcase_add_test(tcase, the_rate_decides_how_long_it_rests);
	tcase_add_test(tcase, a_rest_can_be_interrupted);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
