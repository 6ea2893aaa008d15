/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/sched_text.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#define MAGIC "# triage-sched/1\n"

static const char all_kinds[] = MAGIC "about 812 1000 78000 1\n"
				      "name 812 800 tokio runtime w\n"
				      "name 813 0 \n"
				      "switch 1000 1 812 R+ 913\n"
				      "switch 1001 1 913 R 0\n"
				      "switch 1002 1 0 - 812\n"
				      "switch 1003 1 812 D 0\n"
				      "wakeup 1500 0 s 77 812 1\n"
				      "wakeup 1501 0 h 0 812 -1\n"
				      "new 1600 0 t 77 815 1\n"
				      "migrate 1700 0 812 1 0\n"
				      "fork 1800 0 77 815\n"
				      "exit 1900 0 815\n"
				      "lost 2000 1 17\n"
				      "pause 2100 0\n";

static int append(void *context, const struct sched_event *event)
{
	sched_text_append(context, event);
	return 0;
}

static int parse(const char *text, struct str *out, struct sched_text_about *about, struct err *err)
{
	/* exactly as large, so that a read past the end is seen */
	size_t len = strlen(text);
	_cleanup_(cleanup_free) char *exact = malloc(len ? len : 1);

	memcpy(exact, text, len);
	return sched_text_parse(exact, len, append, out, about, err);
}

START_TEST(written_as_read)
{
	_cleanup_(str_free) struct str events = { 0 }, out = { 0 };
	struct sched_text_about about = { 0 };
	struct err err = { "" };

	ck_assert_msg(parse(all_kinds, &events, &about, &err) == 0, "%s", err.msg);
	sched_text_begin(&out, &about);
	str_append(&out, events.data);
	ck_assert_str_eq(out.data, all_kinds);
	ck_assert_int_eq(about.tid, 812);
	ck_assert_uint_eq(about.until_ns, 78000);
}
END_TEST

struct seen {
	struct sched_event events[8];
	size_t len;
};

static int keep(void *context, const struct sched_event *event)
{
	struct seen *seen = context;

	seen->events[seen->len++] = *event;
	return seen->len == 3 ? -EINTR : 0;
}

START_TEST(fields_have_their_meaning)
{
	static const char text[] = MAGIC "wakeup 1500 3 s 77 812 1\n"
					 "name 812 800 a\n"
					 "switch 1600 1 5 R+ 812\n"
					 "exit 1700 1 812\n";
	struct sched_text_about about = { .tid = 9 };
	struct seen seen = { 0 };
	struct err err = { "" };

	ck_assert_int_eq(sched_text_parse(text, strlen(text), keep, &seen, &about, &err), -EINTR);
	ck_assert_int_eq(about.tid, 9);
	ck_assert_uint_eq(seen.len, 3);
	ck_assert_int_eq(seen.events[0].type, SCHED_WAKEUP);
	ck_assert_int_eq(seen.events[0].context, SCHED_CONTEXT_SOFTIRQ);
	ck_assert_int_eq(seen.events[0].current_tid, 77);
	ck_assert_int_eq(seen.events[0].target_cpu, 1);
	ck_assert_int_eq(seen.events[1].type, SCHED_NAME);
	ck_assert_uint_eq(seen.events[1].time_ns, 1500);
	ck_assert_int_eq(seen.events[1].other_tid, 800);
	ck_assert(seen.events[2].preempted && seen.events[2].runnable);
	ck_assert_int_eq(seen.events[2].other_tid, 5);
}
END_TEST

START_TEST(names_are_printable_and_short)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct sched_text_about about;
	struct err err = { "" };

	ck_assert_int_eq(parse(MAGIC
			       "name 1 1 a\x1b[31m\r\nname 2 2 aaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
			       &out, &about, &err),
			 0);
	ck_assert_str_eq(out.data, "name 1 1 a\\x1b[31m\\x0d\nname 2 2 aaaaaaaaaaaaaaa\n");
}
END_TEST

static const char *const refused[] = {
	"",
	"switch 1000 1 812 R 913\n",
	"# triage-sched/2\n",
	MAGIC "switch 1000 1 812 R\n",
	MAGIC "switch 1000 1 812 R 913 7\n",
	MAGIC "switch 1000 1 812 Q 913\n",
	MAGIC "switch 1000 1 812 S+ 913\n",
	MAGIC "switch 1000 8192 812 R 913\n",
	MAGIC "switch 1000 1 812 R 4194305\n",
	MAGIC "switch -1 1 812 R 1\n",
	MAGIC "switch 9223372036854775808 1 812 R 1\n",
	MAGIC "wakeup 1500 0 x 77 812 1\n",
	MAGIC "wakeup 1500 0 s 77 812 -2\n",
	MAGIC "name 1 2\n",
	MAGIC "about 1 20 10 0\n",
	MAGIC "runtime 1 2 3\n",
};

START_TEST(malformed_is_refused)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct sched_text_about about;
	struct err err = { "" };

	ck_assert_int_eq(parse(refused[_i], &out, &about, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.msg, "line "));
}
END_TEST

START_TEST(too_much_is_refused)
{
	struct sched_text_about about;
	struct err err = { "" };

	ck_assert_int_eq(sched_text_parse(MAGIC, SCHED_TEXT_BYTES_MAX + 1, append, NULL, &about,
					  &err),
			 -E2BIG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sched_text");
	TCase *tests = tcase_create("sched_text");

	tcase_add_test(tests, written_as_read);
	tcase_add_test(tests, fields_have_their_meaning);
	tcase_add_test(tests, names_are_printable_and_short);
	tcase_add_loop_test(tests, malformed_is_refused, 0, ARRAY_SIZE(refused));
	tcase_add_test(tests, too_much_is_refused);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
