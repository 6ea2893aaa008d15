/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/err.h"
#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(message_and_code)
{
	struct err err;

	ck_assert_int_eq(err_set(&err, -EIO, "%s is %d", "x", 7), -EIO);
	ck_assert_str_eq(err.msg, "x is 7");
	ck_assert_int_eq(err_prefix(&err, -EPERM, "while %s", "testing"), -EPERM);
	ck_assert_str_eq(err.msg, "while testing: x is 7");
}
END_TEST

START_TEST(nobody_needs_to_listen)
{
	ck_assert_int_eq(err_set(NULL, -EIO, "x"), -EIO);
	ck_assert_int_eq(err_prefix(NULL, -EPERM, "y"), -EPERM);
}
END_TEST

START_TEST(long_messages_are_cut)
{
	struct err err;
	char text[1000] = "";

	memset(text, 'a', sizeof(text) - 1);
	err_set(&err, -EIO, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
	err_prefix(&err, -EIO, "%s", "bb");
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
	ck_assert(strncmp(err.msg, "bb: aaa", 7) == 0);
	err_prefix(&err, -EIO, "%s", text);
	ck_assert_uint_eq(strlen(err.msg), sizeof(err.msg) - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("err");
	TCase *tests = tcase_create("err");

	tcase_add_test(tests, message_and_code);
	tcase_add_test(tests, nobody_needs_to_listen);
	tcase_add_test(tests, long_messages_are_cut);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
