/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <string.h>

START_TEST(appends_add_up)
{
	_cleanup_(str_free) struct str s = { 0 };

	ck_assert_str_eq(str_text(&s), "");
	str_append(&s, "one");
	str_append_char(&s, ' ');
	str_append_bytes(&s, "twothree", 3);
	str_format(&s, " %d%s", 3, "!");
	ck_assert_str_eq(str_text(&s), "one two 3!");
	ck_assert_uint_eq(s.len, 10);
	ck_assert_int_eq(str_error(&s), 0);
}
END_TEST

START_TEST(grows_and_stays_terminated)
{
	_cleanup_(str_free) struct str s = { 0 };

	for (int i = 0; i < 5000; i++) {
		str_append_char(&s, (char)('a' + i % 26));
		ck_assert_uint_eq(strlen(s.data), s.len);
		ck_assert_uint_lt(s.len, s.cap);
	}
	for (int i = 0; i < 5000; i++)
		ck_assert_int_eq(s.data[i], 'a' + i % 26);
	str_format(&s, "%s", s.data + 4000);
	ck_assert_uint_eq(s.len, 6000);
}
END_TEST

START_TEST(nul_bytes_are_kept)
{
	_cleanup_(str_free) struct str s = { 0 };

	str_append_bytes(&s, "a\0b", 3);
	str_append_char(&s, '\0');
	ck_assert_uint_eq(s.len, 4);
	ck_assert_mem_eq(s.data, "a\0b\0", 5);
}
END_TEST

START_TEST(clear_keeps_memory)
{
	_cleanup_(str_free) struct str s = { 0 };
	size_t cap;

	str_clear(&s);
	str_append(&s, "text");
	cap = s.cap;
	str_clear(&s);
	ck_assert_str_eq(str_text(&s), "");
	ck_assert_uint_eq(s.len, 0);
	ck_assert_uint_eq(s.cap, cap);
}
END_TEST

START_TEST(take_hands_over)
{
	struct str s = { 0 };
	char *text = str_take(&s);

	ck_assert_str_eq(text, "");
	free(text);
	str_append(&s, "text");
	text = str_take(&s);
	ck_assert_str_eq(text, "text");
	ck_assert_ptr_null(s.data);
	ck_assert_uint_eq(s.len, 0);
	free(text);
	str_free(&s);
	str_free(NULL);
}
END_TEST

START_TEST(no_memory_is_remembered)
{
	struct str s = { 0 };

	str_append(&s, "kept");
	ck_assert_int_eq(str_reserve(&s, SIZE_MAX - 2), -ENOMEM);
	ck_assert_int_eq(str_reserve(&s, SIZE_MAX / 2), -ENOMEM);
	ck_assert_str_eq(str_text(&s), "kept");
	ck_assert_int_eq(str_error(&s), -ENOMEM);
	str_append(&s, " and more");
	ck_assert_int_eq(str_error(&s), -ENOMEM);
	ck_assert_ptr_null(str_take(&s));
	ck_assert_ptr_null(s.data);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("str");
	TCase *tests = tcase_create("str");

	tcase_add_test(tests, appends_add_up);
	tcase_add_test(tests, grows_and_stays_terminated);
	tcase_add_test(tests, nul_bytes_are_kept);
	tcase_add_test(tests, clear_keeps_memory);
	tcase_add_test(tests, take_hands_over);
	tcase_add_test(tests, no_memory_is_remembered);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
