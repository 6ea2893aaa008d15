/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The causes stand once in code (causes.c); what repeats them must repeat all of them. */
#include "base/cleanup.h"
#include "base/str.h"
#include "rule/rule.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const documents[] = {
	"docs/schema/rules.schema.json",
	"docs/schema/triage-report-1.schema.json",
	"docs/rules.5.scd",
};

static void read_document(const char *name, struct str *text)
{
	_cleanup_(cleanup_fclose) FILE *file = NULL;
	char path[512], buffer[4096];
	size_t len;

	snprintf(path, sizeof(path), "%s/%s", SOURCE_ROOT, name);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	while ((len = fread(buffer, 1, sizeof(buffer), file)) > 0)
		str_append_bytes(text, buffer, len);
}

START_TEST(every_cause_is_documented)
{
	_cleanup_(str_free) struct str text = { 0 };

	read_document(documents[_i], &text);
	for (const struct cause *cause = causes; cause->name; cause++)
		ck_assert_msg(strstr(str_text(&text), cause->name) != NULL, "%s lacks %s",
			      documents[_i], cause->name);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vocabulary");
	TCase *cases = tcase_create("vocabulary");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(cases, every_cause_is_documented, 0, ARRAY_SIZE(documents));
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
