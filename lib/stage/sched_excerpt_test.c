/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stage/sched_excerpt.h"

#include "base/cleanup.h"
#include "base/sched_text.h"
#include "base/testing.h"

#include <check.h>
#include <string.h>

struct watch {
	struct sched_model *model;
	struct sched_excerpt *excerpt;
	uint64_t now_ns;
};

static struct watch begin(void)
{
	struct watch watch = {
		.model = sched_model_new(&(struct sched_model_options){ 0 }),
		.excerpt = sched_excerpt_new(),
	};

	ck_assert_ptr_nonnull(watch.model);
	ck_assert_ptr_nonnull(watch.excerpt);
	ck_assert_int_eq(sched_model_name(watch.model, 10, 10, "server", false), 0);
	ck_assert_int_eq(sched_model_name(watch.model, 11, 10, "", false), 0);
	return watch;
}

static void end(struct watch *watch)
{
	sched_model_free(watch->model);
	sched_excerpt_free(watch->excerpt);
}

static void take(struct watch *watch, uint64_t after_ns, struct sched_event event)
{
	watch->now_ns += after_ns;
	event.time_ns = watch->now_ns;
	event.target_cpu = -1;
	ck_assert_int_eq(sched_model_event(watch->model, &event), 0);
	sched_excerpt_add(watch->excerpt, watch->model, &event);
}

/* Thread 11 is woken by idle CPU 0 and runs there after that long; then it sleeps. */
static void wait_once(struct watch *watch, uint64_t wait_ns)
{
	take(watch, 1000,
	     (struct sched_event){ .type = SCHED_WAKEUP, .tid = 11, .comm = "worker" });
	take(watch, wait_ns,
	     (struct sched_event){ .type = SCHED_SWITCH, .tid = 11, .comm = "worker" });
	take(watch, 1000,
	     (struct sched_event){ .type = SCHED_SWITCH, .other_tid = 11, .state = 'S' });
}

struct seen {
	struct sched_text_about about;
	uint64_t events, first_ns, last_ns;
	bool leader, worker;
};

static int look(void *context, const struct sched_event *event)
{
	struct seen *seen = context;

	if (event->type == SCHED_NAME) {
		seen->leader |= event->tid == 10 && strcmp(event->comm, "server") == 0;
		seen->worker |= event->tid == 11 && event->other_tid == 10;
		return 0;
	}
	seen->first_ns = seen->events++ ? seen->first_ns : event->time_ns;
	seen->last_ns = event->time_ns;
	return 0;
}

static struct seen written(struct watch *watch)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct seen seen = { 0 };
	struct err err = { "" };

	ck_assert_int_eq(sched_model_end(watch->model, watch->now_ns), 0);
	ck_assert_int_eq(sched_excerpt_write(watch->excerpt, watch->model,
					     sched_model_worst(watch->model, SCHED_WORST_TRUSTED),
					     &text),
			 0);
	ck_assert_msg(sched_text_parse(str_text(&text), text.len, look, &seen, &seen.about, &err) ==
			      0,
		      "%s", err.msg);
	return seen;
}

/* The longest wait lies in the middle of far more events than are kept, a shorter one after it. */
START_TEST(the_longest_wait_is_kept)
{
	struct watch watch = begin();
	uint64_t longest_ns;
	struct seen seen;

	for (int i = 0; i < SCHED_EXCERPT_EVENTS; i++)
		wait_once(&watch, 5000);
	wait_once(&watch, 900000);
	longest_ns = watch.now_ns - 1000;
	for (int i = 0; i < SCHED_EXCERPT_EVENTS; i++)
		wait_once(&watch, i == 99 ? 800000 : 5000);
	seen = written(&watch);
	ck_assert_int_eq(seen.about.tid, 11);
	ck_assert_uint_eq(seen.about.until_ns, longest_ns);
	ck_assert_uint_eq(seen.about.from_ns, longest_ns - 900000);
	ck_assert_uint_eq(seen.events, SCHED_EXCERPT_EVENTS);
	ck_assert_uint_lt(seen.first_ns, seen.about.from_ns);
	ck_assert_uint_gt(seen.last_ns, seen.about.until_ns);
	ck_assert(seen.leader && seen.worker);
	end(&watch);
}
END_TEST

START_TEST(a_short_window_is_kept_whole)
{
	struct watch watch = begin();
	struct seen seen;

	wait_once(&watch, 5000);
	wait_once(&watch, 7000);
	seen = written(&watch);
	ck_assert_uint_eq(seen.events, 6);
	ck_assert_uint_eq(seen.about.until_ns - seen.about.from_ns, 7000);
	end(&watch);
}
END_TEST

START_TEST(without_events_there_is_no_piece)
{
	struct sched_worst worst = { 0 };
	_cleanup_(str_free) struct str text = { 0 };
	struct watch watch = begin();

	ck_assert_int_eq(sched_model_end(watch.model, 0), 0);
	ck_assert_int_eq(sched_excerpt_write(watch.excerpt, watch.model, &worst, &text), 0);
	ck_assert_uint_eq(text.len, 0);
	end(&watch);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sched_excerpt");
	TCase *tests = tcase_create("sched_excerpt");

	tcase_add_test(tests, the_longest_wait_is_kept);
	tcase_add_test(tests, a_short_window_is_kept_whole);
	tcase_add_test(tests, without_events_there_is_no_piece);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
