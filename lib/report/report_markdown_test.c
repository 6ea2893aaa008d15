/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/testing.h"

#include "base/testing.h"

START_TEST(markdown_neutralises_markup)
{
	static const char *const forbidden[] = { "<script",	 "|x",	     "[a](",	 "http://",
						 "@all",	 "#1",	     "www.evil", "*b*",
						 " _c_",	 "\n\nFAKE", "\nFAKE",	 "\033",
						 "\xe2\x80\xae", "\xff",     "$(id)" };
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, HOSTILE);
	render(&f, "md", 0, &out);
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
		for (const char *p = str_text(&out); (p = strstr(p, forbidden[i])); p++)
			ck_assert_msg(p > out.data && p[-1] == '\\', "`%s` in\n%s", forbidden[i],
				      str_text(&out));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "\\x1b"));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "&amp;amp;"));
	ck_assert_ptr_nonnull(strstr(str_text(&out), " a_b "));
	tear_down(&f);
}
END_TEST

START_TEST(markdown_fences_commands_that_hold_backticks)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, "- 1. storm");
	f.commands[0] = "grep ``x` /proc";
	render(&f, "md", 0, &out);
	ck_assert_ptr_nonnull(strstr(str_text(&out), "3. ``` grep ``x` /proc ```\n"));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "2. \\- 1. storm\n"));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "- **command** `vmstat 1 3`\n"));
	tear_down(&f);
}
END_TEST

START_TEST(markdown_has_the_order_of_text)
{
	static const char *const pieces[] = {
		"## CRITICAL: thread-storm: storm · (confidence 0.90)\n",
		"- **means**",
		"### Do now",
		"1. size the pool",
		"### This run",
		"### Why",
		"### Seen together",
		"### vmstat: is the wall",
		"- **saw** r 19 · b ?\n",
		"### Ruled out",
		"### Unknown",
		"\n**Cost** 2.4 s",
		NULL
	};
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, "storm");
	render(&f, "md", 0, &out);
	assert_order(str_text(&out), pieces);
	tear_down(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_markdown");
	TCase *tcase = tcase_create("report_markdown");

	tcase_add_test(tcase, markdown_neutralises_markup);
	tcase_add_test(tcase, markdown_fences_commands_that_hold_backticks);
	tcase_add_test(tcase, markdown_has_the_order_of_text);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
