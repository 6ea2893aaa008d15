/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The causes stand once in code (causes.c); what repeats them must repeat all of them. */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/testing.h"
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

/* In the schema `"net_rx"`, in the manual a paragraph `*net\\_rx*`. */
static void class_words(const char *key, char *quoted, char *heading, size_t size)
{
	size_t len = 0;

	snprintf(quoted, size, "\"%s\"", key);
	heading[len++] = '\n';
	heading[len++] = '*';
	for (; *key && len + 4 < size; key++) {
		if (*key == '_')
			heading[len++] = '\\';
		heading[len++] = *key;
	}
	heading[len++] = '*';
	heading[len] = '\0';
}

START_TEST(every_class_is_documented)
{
	_cleanup_(str_free) struct str schema = { 0 }, manual = { 0 };
	char quoted[64], heading[64];

	read_document("docs/schema/rules.schema.json", &schema);
	read_document("docs/rules.5.scd", &manual);
	for (int i = 0; i < CLASS_TOTAL; i++) {
		class_words(class_info((enum class_id)i)->key, quoted, heading, sizeof(heading));
		ck_assert_msg(strstr(str_text(&schema), quoted) != NULL, "schema lacks %s", quoted);
		ck_assert_msg(strstr(str_text(&manual), heading) != NULL, "manual lacks %s",
			      heading + 1);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vocabulary");
	TCase *cases = tcase_create("vocabulary");

	tcase_add_loop_test(cases, every_cause_is_documented, 0, ARRAY_SIZE(documents));
	tcase_add_test(cases, every_class_is_documented);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
