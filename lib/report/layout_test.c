/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/layout.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>

START_TEST(widths_are_columns_not_bytes)
{
	ck_assert_int_eq(layout_width(span_of("abc")), 3);
	ck_assert_int_eq(layout_width(span_of("na\xc3\xafve")), 5);
	ck_assert_int_eq(layout_width(span_of("a\xcc\x88")), 1);
	ck_assert_int_eq(layout_width(span_of("\xe8\xb0\x83\xe5\xba\xa6")), 4);
	ck_assert_int_eq(layout_width(span_of("\xf0\x9f\x9a\xa8")), 2);
}
END_TEST

START_TEST(text_wraps_with_a_hanging_indent)
{
	_cleanup_(str_free) struct str out = { 0 };

	layout_wrap(&out, span_of("one two  three four"), 2, 4, 12);
	ck_assert_str_eq(str_text(&out), "one two\n    three\n    four\n");
	str_clear(&out);
	layout_wrap(&out, span_of("st is 5 % here"), 0, 0, 8);
	ck_assert_str_eq(str_text(&out), "st is\n5 % here\n");
}
END_TEST

START_TEST(long_words_are_broken_at_characters)
{
	_cleanup_(str_free) struct str out = { 0 };

	layout_wrap(&out, span_of("\xe8\xb0\x83\xe5\xba\xa6\xe8\xb0\x83\xe5\xba\xa6 x"), 1, 1, 6);
	ck_assert_str_eq(str_text(&out),
			 "\xe8\xb0\x83\xe5\xba\xa6\n \xe8\xb0\x83\xe5\xba\xa6\n x\n");
}
END_TEST

START_TEST(truncated_characters_do_not_run_over_the_end)
{
	_cleanup_(str_free) struct str out = { 0 };
	char *exact = malloc(1);

	*exact = (char)0xf0;
	layout_wrap(&out, span_make(exact, 1), 0, 0, 10);
	ck_assert_uint_eq(out.len, 2);
	free(exact);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("layout");
	TCase *tcase = tcase_create("layout");

	tcase_add_test(tcase, widths_are_columns_not_bytes);
	tcase_add_test(tcase, text_wraps_with_a_hanging_indent);
	tcase_add_test(tcase, long_words_are_broken_at_characters);
	tcase_add_test(tcase, truncated_characters_do_not_run_over_the_end);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
