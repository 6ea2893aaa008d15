/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of testdata/rules share: evidence from a case, failures by file and case. */
#ifndef TRIAGE_RULE_CASES_H
#define TRIAGE_RULE_CASES_H

#include "rule/jsonc.h"
#include "rule/testing.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define CASES TESTDATA "/rules"
#define RULES SOURCE_ROOT "/rules"

/* Where a test is, and what it has to complain about. */
struct cases {
	struct ruleset *rules;
	struct str failures;
	const char *file;
	const char *name; /* of the case */
	int count;
};

__attribute__((format(printf, 2, 3))) static inline void blame(struct cases *cases,
							       const char *format, ...)
{
	va_list args;

	str_format(&cases->failures, "\n%s: %s: ", cases->file, cases->name ? cases->name : "");
	va_start(args, format);
	str_vformat(&cases->failures, format, args);
	va_end(args);
}

static inline const char *text_of(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static inline void check_keys(struct cases *cases, const cJSON *object, const char *const *keys)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, object) {
		const char *const *key = keys;

		while (*key && strcmp(*key, member->string) != 0)
			key++;
		if (!*key)
			blame(cases, "unknown key \"%s\"", member->string);
	}
}

static inline void set_metric(struct cases *cases, struct evidence *evidence, const cJSON *node)
{
	enum metric_id id = metric_by_name(node->string);
	int r = -EINVAL;

	if (id == METRIC_NONE)
		blame(cases, "unknown metric \"%s\"", node->string);
	else if (cJSON_IsNumber(node))
		r = evidence_set(evidence, id, node->valuedouble);
	else if (cJSON_IsString(node))
		r = evidence_set_text(evidence, id, node->valuestring);
	if (id != METRIC_NONE && r < 0)
		blame(cases, "%s: wrong type", node->string);
}

static inline void set_cell(struct cases *cases, struct evidence *evidence, enum table_id table,
			    int row, const cJSON *node)
{
	enum column_id id = column_by_name(table, node->string);
	int r = -EINVAL;

	if (id == COLUMN_NONE)
		blame(cases, "unknown column \"%s\"", node->string);
	else if (cJSON_IsNumber(node))
		r = evidence_set_cell(evidence, row, id, node->valuedouble);
	else if (cJSON_IsString(node))
		r = evidence_set_cell_text(evidence, row, id, node->valuestring);
	if (id != COLUMN_NONE && r < 0)
		blame(cases, "%s: wrong type", node->string);
}

static inline void set_table(struct cases *cases, struct evidence *evidence, const cJSON *node)
{
	enum table_id table = table_by_name(node->string);
	const cJSON *item, *cell;

	if (table == TABLE_NONE || !cJSON_IsArray(node)) {
		blame(cases, "no table \"%s\", or not a list", node->string);
		return;
	}
	evidence_mark_table(evidence, table);
	cJSON_ArrayForEach(item, node) {
		int row = evidence_add_row(evidence, table);

		cJSON_ArrayForEach(cell, item)
			set_cell(cases, evidence, table, row, cell);
	}
}

/* What a case's "metrics", "tables" and "annotate" give, with these stages run. */
static inline struct evidence *evidence_of_case(struct cases *cases, const cJSON *object,
						enum stage_id first, enum stage_id last)
{
	struct stage_record ok = { .status = STAGE_OK, .duration_s = 1 };
	struct evidence *evidence = NULL;
	const cJSON *node;

	ck_assert_int_eq(evidence_new(&evidence), 0);
	for (int stage = (int)first; stage <= (int)last; stage++)
		evidence_set_stage(evidence, (enum stage_id)stage, &ok);
	cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(object, "metrics"))
		set_metric(cases, evidence, node);
	cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(object, "tables"))
		set_table(cases, evidence, node);
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "annotate")))
		ck_assert_int_eq(rule_annotate(cases->rules, evidence), 0);
	return evidence;
}

/* Files are named by the id of what they are about. */
static inline void check_file_name(struct cases *cases, const char *id)
{
	size_t len = strlen(id);

	if (strncmp(cases->file, id, len) != 0 || strcmp(cases->file + len, ".jsonc") != 0)
		blame(cases, "the file of \"%s\" must be %s.jsonc", id, id);
}

static inline void read_cases(struct cases *cases, const char *name, struct str *out)
{
	_cleanup_(cleanup_fclose) FILE *file = NULL;
	char path[512], buffer[4096];
	size_t n;

	cases->file = name;
	cases->name = NULL;
	snprintf(path, sizeof(path), CASES "/%s", name);
	file = fopen(path, "r");
	while (file && (n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		str_append_bytes(out, buffer, n);
}

/* The files that are about arrows, or the others. */
static inline bool is_case_file(const char *name, bool links)
{
	size_t len = strlen(name);

	return len > 6 && strcmp(name + len - 6, ".jsonc") == 0 &&
	       (strncmp(name, "chain.", 6) == 0) == links;
}

static inline void end_cases(struct cases *cases)
{
	/* Check refuses long messages */
	fprintf(stderr, "%s%s", str_text(&cases->failures), cases->failures.len ? "\n" : "");
	ck_assert_uint_eq(cases->failures.len, 0);
	str_free(&cases->failures);
	ruleset_free(cases->rules);
}

static inline struct ruleset *shipped_rules(void)
{
	struct ruleset *rules = rules_of("[]");
	struct err err = { 0 };

	ck_assert_msg(ruleset_overlay(rules, RULES, &err) == 0, "%s", err.msg);
	return rules;
}

#endif
