/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/quote.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "base/text.h"

#include <check.h>
#include <string.h>

START_TEST(names_are_quoted)
{
	ck_assert_str_eq(quote("eth0").text, "\"eth0\"");
	ck_assert_str_eq(quote("").text, "\"\"");
	ck_assert_str_eq(quote(NULL).text, "\"\"");
	ck_assert_str_eq(quote("a\x1b[2Jb\n").text, "\"a\\x1b[2Jb\\x0a\"");
	ck_assert_str_eq(quote("gr\xc3\xbc\xc3\x9f\xff").text, "\"gr\xc3\xbc\xc3\x9f\\xff\"");
}
END_TEST

START_TEST(long_names_are_cut)
{
	char name[1000] = "";
	struct quote quoted;

	memset(name, 'x', sizeof(name) - 1);
	quoted = quote(name);
	ck_assert_uint_eq(strlen(quoted.text), sizeof(quoted.text) - 1);
	ck_assert_str_eq(quoted.text + sizeof(quoted.text) - 8, "xxx...\"");
	name[98] = '\0';
	ck_assert_ptr_null(strstr(quote(name).text, "..."));
	name[98] = 'x';
	name[99] = '\0';
	ck_assert_ptr_nonnull(strstr(quote(name).text, "...\""));
}
END_TEST

START_TEST(characters_are_never_cut)
{
	char name[400];

	for (int shift = 0; shift < 4; shift++) {
		struct quote quoted;

		memset(name, 'x', 4);
		for (int i = 0; i < 90; i++)
			memcpy(name + shift + 4 * i, "\xf0\x9f\x94\xa5", 4);
		name[shift + 360] = '\0';
		quoted = quote(name);
		ck_assert(text_is_printable(quoted.text, strlen(quoted.text)));
		ck_assert_ptr_nonnull(strstr(quoted.text, "\xa5...\""));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("quote");
	TCase *tests = tcase_create("quote");

	tcase_add_test(tests, names_are_quoted);
	tcase_add_test(tests, long_names_are_cut);
	tcase_add_test(tests, characters_are_never_cut);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
