/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json_text.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#define DEPTH_8 "[[[[[[[["
#define DEPTH_32 DEPTH_8 DEPTH_8 DEPTH_8 DEPTH_8

static const struct {
	const char *text;
	size_t len;
	const char *wrong; /* NULL: nothing */
} cases[] = {
#define CASE(text, wrong)                     \
	{                                     \
		text, sizeof(text) - 1, wrong \
	}
	CASE("", NULL),
	CASE("{\"a\": [1, 2, {\"b\": null}]}", NULL),
	CASE(DEPTH_32, NULL),
	CASE("\n" DEPTH_32 "[", "line 2: nested too deeply"),
	CASE(DEPTH_32 "{", "line 1: nested too deeply"),
	CASE("\"" DEPTH_32 "[\"", NULL), /* a string is no nesting */
	CASE("\"\\\"" DEPTH_32 "[\"", NULL),
	CASE("\"\\\\\"" DEPTH_32 "[", "line 1: nested too deeply"),
	CASE("{}\n\n\0", "line 3: NUL byte"),
	CASE("\"a\0\"", "line 1: NUL byte"),
	CASE("\"\\\0\"", "line 1: NUL byte"),
	CASE("\"a\\u0000\"", "line 1: NUL character in a string"),
	CASE("\"a\\\\\\u0000\"", "line 1: NUL character in a string"),
	CASE("\"a\\\\u0000\"", NULL), /* a backslash, then letters */
	CASE("\"a\\u0001\"", NULL),
	CASE("\"open", NULL), /* for the parser to tell */
	CASE("\"open\\", NULL),
	CASE("\"open\\u000", NULL),
	CASE("[1,2,3,4,5,6,7,8,9]", NULL),
	CASE("[1,2,3,4,5,6,7,8,9,10]", "line 1: too many values"),
	CASE("\",,,,,,,,,,,,,,,\"", NULL),
	CASE("[][][][][][][][][][]", "line 1: too many values"),
#undef CASE
};

START_TEST(bytes_are_judged)
{
	_cleanup_(cleanup_free) char *text = malloc(cases[_i].len ? cases[_i].len : 1);
	struct err err = { "" };
	size_t limit = strchr(cases[_i].text, '1') || strstr(cases[_i].text, "[]") ? 9 : 100;
	int r;

	memcpy(text, cases[_i].text, cases[_i].len);
	r = json_text_check(text, cases[_i].len, limit, &err);
	ck_assert_str_eq(err.msg, cases[_i].wrong ? cases[_i].wrong : "");
	ck_assert_int_eq(r, cases[_i].wrong ? -EBADMSG : 0);
}
END_TEST

START_TEST(lines_are_counted)
{
	ck_assert_uint_eq(json_text_line("a\nb\n\nc", 0), 1);
	ck_assert_uint_eq(json_text_line("a\nb\n\nc", 1), 1);
	ck_assert_uint_eq(json_text_line("a\nb\n\nc", 2), 2);
	ck_assert_uint_eq(json_text_line("a\nb\n\nc", 5), 4);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json_text");
	TCase *tests = tcase_create("json_text");

	tcase_add_loop_test(tests, bytes_are_judged, 0, ARRAY_SIZE(cases));
	tcase_add_test(tests, lines_are_counted);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
