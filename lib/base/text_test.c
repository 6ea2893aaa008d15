/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <string.h>

static const struct {
	const char *in;
	size_t len;
	const char *out;
} cases[] = {
#define CASE(in, out)                   \
	{                               \
		in, sizeof(in) - 1, out \
	}
	CASE("", ""),
	CASE("kworker/0:1-events", "kworker/0:1-events"),
	CASE("a b\\x41", "a b\\x41"),
	CASE("gr\xc3\xbc\xc3\x9f \xe6\x97\xa5 \xf0\x9f\x94\xa5",
	     "gr\xc3\xbc\xc3\x9f \xe6\x97\xa5 \xf0\x9f\x94\xa5"),
	CASE("\0\t\n\r\x1b\x7f", "\\x00\\x09\\x0a\\x0d\\x1b\\x7f"),
	CASE("\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f\xc2\xa0"), /* C1 */
	CASE("\x80\xbf\xff\xfe", "\\x80\\xbf\\xff\\xfe"),
	CASE("\xc3", "\\xc3"), /* cut short */
	CASE("\xe6\x97", "\\xe6\\x97"),
	CASE("\xf0\x9f\x94", "\\xf0\\x9f\\x94"),
	CASE("\xc3(", "\\xc3("),
	CASE("\xc0\xaf\xc1\x81", "\\xc0\\xaf\\xc1\\x81"), /* longer than need be */
	CASE("\xe0\x80\xaf", "\\xe0\\x80\\xaf"),
	CASE("\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf"),
	CASE("\xed\xa0\x80\xed\x9f\xbf", "\\xed\\xa0\\x80\xed\x9f\xbf"), /* a surrogate */
	CASE("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"),		 /* above 10FFFF */
	CASE("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"),
	CASE("a\xe2\x80\xae"
	     "b",
	     "a\\xe2\\x80\\xae"
	     "b"), /* right-to-left override */
	CASE("\xe2\x80\x8b\xe2\x80\xa8\xe2\x81\xa6\xef\xbb\xbf\xd8\x9c",
	     "\\xe2\\x80\\x8b\\xe2\\x80\\xa8\\xe2\\x81\\xa6\\xef\\xbb\\xbf\\xd8\\x9c"),
#undef CASE
};

START_TEST(hostile_bytes_become_printable)
{
	_cleanup_(str_free) struct str out = { 0 };
	/* exactly as large, so that a read past the end is seen */
	_cleanup_(cleanup_free) char *in = malloc(cases[_i].len ? cases[_i].len : 1);

	memcpy(in, cases[_i].in, cases[_i].len);
	text_append_printable(&out, in, cases[_i].len);
	ck_assert_str_eq(str_text(&out), cases[_i].out);
	ck_assert_int_eq(text_is_printable(in, cases[_i].len),
			 strcmp(cases[_i].in, cases[_i].out) == 0 &&
				 strlen(cases[_i].in) == cases[_i].len);
}
END_TEST

START_TEST(printable_stays_as_it_is)
{
	_cleanup_(str_free) struct str again = { 0 };

	ck_assert(text_is_printable(cases[_i].out, strlen(cases[_i].out)));
	text_append_printable(&again, cases[_i].out, strlen(cases[_i].out));
	ck_assert_str_eq(str_text(&again), cases[_i].out);
}
END_TEST

START_TEST(every_pair_of_bytes_is_safe)
{
	for (int first = 0; first < 256; first++) {
		for (int second = 0; second < 256; second++) {
			_cleanup_(str_free) struct str out = { 0 };
			char in[] = { (char)first, (char)second };

			text_append_printable(&out, in, sizeof(in));
			ck_assert(text_is_printable(out.data, out.len));
			ck_assert_ptr_null(strpbrk(out.data, "\x1b\n\r\t\x7f"));
		}
	}
}
END_TEST

START_TEST(globs_match)
{
	ck_assert(text_glob("tokio-r*", "tokio-runtime-w"));
	ck_assert(!text_glob("tokio", "tokio-runtime-w"));
	ck_assert(text_glob("[GP]C?*", "GC Thread#0"));
	ck_assert(!text_glob("[GP]C?*", "GC"));
	ck_assert(text_glob("*", ""));
	ck_assert(text_glob("a*/b", "a/x/b"));
	ck_assert(text_glob("a\\*", "a\\anything"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("text");
	TCase *tests = tcase_create("text");

	tcase_add_loop_test(tests, hostile_bytes_become_printable, 0, ARRAY_SIZE(cases));
	tcase_add_loop_test(tests, printable_stays_as_it_is, 0, ARRAY_SIZE(cases));
	tcase_add_test(tests, every_pair_of_bytes_is_safe);
	tcase_add_test(tests, globs_match);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
