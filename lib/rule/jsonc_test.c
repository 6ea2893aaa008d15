/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/jsonc.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <string.h>

static cJSON *parse(const char *text)
{
	struct err err = { 0 };
	cJSON *root = NULL;

	ck_assert_msg(jsonc_parse(text, strlen(text), &root, &err) == 0, "%s", err.msg);
	return root;
}

static const char *refused(const char *text, size_t len)
{
	static struct err err;
	cJSON *root = NULL;

	ck_assert_int_eq(jsonc_parse(text, len, &root, &err), -EBADMSG);
	ck_assert_ptr_null(root);
	return err.msg;
}

START_TEST(comments_and_trailing_commas)
{
	_cleanup_(jsonc_freep) cJSON *root =
		parse("// head\n[ 1, /* two\n lines */ {\"a\": \"//no\", }, \"/*no*/\", // x\n]");

	ck_assert_int_eq(cJSON_GetArraySize(root), 3);
	ck_assert_str_eq(cJSON_GetObjectItem(cJSON_GetArrayItem(root, 1), "a")->valuestring,
			 "//no");
	ck_assert_str_eq(cJSON_GetArrayItem(root, 2)->valuestring, "/*no*/");
}
END_TEST

START_TEST(lines)
{
	_cleanup_(jsonc_freep) cJSON *root =
		parse("\n{ \"a\": 1,\n\"b\": [ true,\n /*\n*/ -2.5e3 ], \"c:\": \"x\\\"y\",\n\n"
		      "\"d\": {\n \"e\": null } }");

	ck_assert_int_eq(jsonc_line(root), 2);
	ck_assert_int_eq(jsonc_line(cJSON_GetObjectItem(root, "a")), 2);
	ck_assert_int_eq(jsonc_line(cJSON_GetObjectItem(root, "b")), 3);
	ck_assert_int_eq(jsonc_line(cJSON_GetArrayItem(cJSON_GetObjectItem(root, "b"), 1)), 5);
	ck_assert_int_eq(jsonc_line(cJSON_GetObjectItem(root, "c:")), 5);
	ck_assert_int_eq(jsonc_line(cJSON_GetObjectItem(root, "d")), 7);
	ck_assert_int_eq(jsonc_line(cJSON_GetObjectItem(root, "d")->child), 8);
	ck_assert_double_eq(cJSON_GetArrayItem(cJSON_GetObjectItem(root, "b"), 1)->valuedouble,
			    -2500);
}
END_TEST

START_TEST(byte_order_mark)
{
	_cleanup_(jsonc_freep) cJSON *root = parse("\xef\xbb\xbf[\n7]");

	ck_assert_int_eq(jsonc_line(root->child), 2);
}
END_TEST

START_TEST(broken_texts)
{
	char deep[40];

	memset(deep, '[', sizeof(deep));
	ck_assert_str_eq(refused("", 0), "1: not JSON from here on");
	ck_assert_str_eq(refused("[\n1\n2]", 6), "3: not JSON from here on");
	ck_assert_str_eq(refused("[1,\n,]", 6), "2: not JSON from here on");
	ck_assert_str_eq(refused("[,]", 3), "1: not JSON from here on");
	ck_assert_str_eq(refused("[1]\n[2]", 7), "2: not JSON from here on");
	ck_assert_str_eq(refused("[\n\"open]", 8), "2: not JSON from here on");
	ck_assert_str_eq(refused("[1\n/* ]", 7), "2: this comment is never closed");
	ck_assert_str_eq(refused("[1/*", 4), "1: this comment is never closed");
	ck_assert_str_eq(refused("[1\n\0]", 5), "2: a NUL byte");
	ck_assert_str_eq(refused(deep, sizeof(deep)), "1: nested too deeply");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("jsonc");
	TCase *tests = tcase_create("jsonc");

	tcase_add_test(tests, comments_and_trailing_commas);
	tcase_add_test(tests, lines);
	tcase_add_test(tests, byte_order_mark);
	tcase_add_test(tests, broken_texts);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
