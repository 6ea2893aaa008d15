/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/event_pipe.h"

#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <time.h>

struct numbers {
	uint64_t count; /* to give */
	int result;	/* then */
	uint64_t given;
	uint64_t taken, stop_at; /* stop_at 0: take all */
	uint64_t dawdle_every;	 /* 0: never */
};

static int give(void *context, event_each_fn *each, void *each_context)
{
	struct numbers *numbers = context;

	for (uint64_t i = 0; i < numbers->count; i++) {
		int r = each(each_context, &(struct sched_event){ .time_ns = i + 1 });

		if (r != 0)
			return r;
		numbers->given++;
	}
	return numbers->result;
}

static int take(void *context, const struct sched_event *event)
{
	struct numbers *numbers = context;

	ck_assert_uint_eq(event->time_ns, ++numbers->taken);
	if (numbers->dawdle_every && numbers->taken % numbers->dawdle_every == 0)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	return numbers->stop_at && numbers->taken == numbers->stop_at ? -ECANCELED : 0;
}

START_TEST(every_event_arrives_in_order)
{
	/* a batch is 512, all that can be on the way 32,768 */
	static const uint64_t counts[] = { 0, 1, 511, 512, 513, 32767, 32768, 32769, 200000 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct numbers numbers = { .count = counts[i], .dawdle_every = 5000 };

		ck_assert_int_eq(event_pipe_run(give, &numbers, take, &numbers), 0);
		ck_assert_uint_eq(numbers.taken, counts[i]);
	}
}
END_TEST

START_TEST(what_the_source_returns_is_told_after_its_last_event)
{
	struct numbers numbers = { .count = 5000, .result = -EBADMSG };

	ck_assert_int_eq(event_pipe_run(give, &numbers, take, &numbers), -EBADMSG);
	ck_assert_uint_eq(numbers.taken, 5000);
}
END_TEST

START_TEST(a_consumer_that_has_enough_ends_the_source)
{
	struct numbers numbers = { .count = UINT64_MAX, .stop_at = 3000 };

	ck_assert_int_eq(event_pipe_run(give, &numbers, take, &numbers), -ECANCELED);
	ck_assert_uint_eq(numbers.taken, 3000);
	ck_assert_uint_le(numbers.given, 3000 + 32768);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("event_pipe");
	TCase *tests = tcase_create("all");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, every_event_arrives_in_order);
	tcase_add_test(tests, what_the_source_returns_is_told_after_its_last_event);
	tcase_add_test(tests, a_consumer_that_has_enough_ends_the_source);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
