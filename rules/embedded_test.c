/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/testing.h"
#include "rules/embedded.h"

#include <check.h>
#include <glob.h>
#include <string.h>

/* The files of the folder, in the order of their names. */
static void folder_list(glob_t *ret)
{
	ck_assert_int_eq(glob(SOURCE_ROOT "/rules/*.jsonc", 0, NULL, ret), 0);
}

START_TEST(every_file_is_embedded_in_name_order)
{
	glob_t files;

	folder_list(&files);
	ck_assert_uint_eq(embedded_rules_count, files.gl_pathc);
	for (size_t i = 0; i < files.gl_pathc; i++)
		ck_assert_str_eq(embedded_rules[i].name, basename(files.gl_pathv[i]));
	globfree(&files);
}
END_TEST

static void check_content(const struct rule_file *embedded, const char *path)
{
	_cleanup_(cleanup_fclose) FILE *file = fopen(path, "rb");
	_cleanup_(cleanup_free) char *bytes = malloc(embedded->len + 1);

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(bytes, 1, embedded->len + 1, file), embedded->len);
	ck_assert_mem_eq(bytes, embedded->text, embedded->len);
	ck_assert_int_eq(embedded->text[embedded->len], '\0');
}

START_TEST(content_is_byte_for_byte)
{
	glob_t files;

	folder_list(&files);
	for (size_t i = 0; i < files.gl_pathc && i < embedded_rules_count; i++)
		check_content(&embedded_rules[i], files.gl_pathv[i]);
	globfree(&files);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rules/embedded");
	TCase *cases = tcase_create("table");

	tcase_add_test(cases, every_file_is_embedded_in_name_order);
	tcase_add_test(cases, content_is_byte_for_byte);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
