/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the cases of testdata/rules (format: its README.md) against the shipped rules, and fails
 * when a rule lacks one of its cases. */
#include "rule/jsonc.h"
#include "rule/testing.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define CASES TESTDATA "/rules"
#define RULES SOURCE_ROOT "/rules"

enum outcome {
	OUTCOME_QUIET,
	OUTCOME_UNKNOWN,
	OUTCOME_SUPPRESSED,
	OUTCOME_FIRES,
	OUTCOME_TOTAL,
};

static const char *const outcome_names[OUTCOME_TOTAL] = { "quiet", "unknown", "suppressed",
							  "fires" };

/* Which outcomes the cases of each rule have asked for. */
struct coverage {
	const struct rule *rule;
	bool seen[OUTCOME_TOTAL];
};

struct run {
	struct ruleset *rules;
	struct coverage *coverage;
	struct str failures;
	const char *file;
	const char *name; /* of the case */
	int cases;
};

__attribute__((format(printf, 2, 3))) static void blame(struct run *run, const char *format, ...)
{
	va_list args;

	str_format(&run->failures, "\n%s: %s: ", run->file, run->name ? run->name : "");
	va_start(args, format);
	str_vformat(&run->failures, format, args);
	va_end(args);
}

static const char *text_of(const cJSON *object, const char *key)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
}

static void check_keys(struct run *run, const cJSON *object, const char *const *keys)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, object) {
		const char *const *key = keys;

		while (*key && strcmp(*key, member->string) != 0)
			key++;
		if (!*key)
			blame(run, "unknown key \"%s\"", member->string);
	}
}

static void set_metric(struct run *run, struct evidence *evidence, const cJSON *node)
{
	enum metric_id id = metric_by_name(node->string);
	int r = -EINVAL;

	if (id == METRIC_NONE)
		blame(run, "unknown metric \"%s\"", node->string);
	else if (cJSON_IsNumber(node))
		r = evidence_set(evidence, id, node->valuedouble);
	else if (cJSON_IsString(node))
		r = evidence_set_text(evidence, id, node->valuestring);
	if (id != METRIC_NONE && r < 0)
		blame(run, "%s: wrong type", node->string);
}

static void set_cell(struct run *run, struct evidence *evidence, enum table_id table, int row,
		     const cJSON *node)
{
	enum column_id id = column_by_name(table, node->string);
	int r = -EINVAL;

	if (id == COLUMN_NONE)
		blame(run, "unknown column \"%s\"", node->string);
	else if (cJSON_IsNumber(node))
		r = evidence_set_cell(evidence, row, id, node->valuedouble);
	else if (cJSON_IsString(node))
		r = evidence_set_cell_text(evidence, row, id, node->valuestring);
	if (id != COLUMN_NONE && r < 0)
		blame(run, "%s: wrong type", node->string);
}

static void set_table(struct run *run, struct evidence *evidence, const cJSON *node)
{
	enum table_id table = table_by_name(node->string);
	const cJSON *item, *cell;

	if (table == TABLE_NONE || !cJSON_IsArray(node)) {
		blame(run, "no table \"%s\", or not a list", node->string);
		return;
	}
	evidence_mark_table(evidence, table);
	cJSON_ArrayForEach(item, node) {
		int row = evidence_add_row(evidence, table);

		cJSON_ArrayForEach(cell, item)
			set_cell(run, evidence, table, row, cell);
	}
}

static struct evidence *evidence_of_case(struct run *run, const struct rule *rule,
					 const cJSON *object)
{
	struct stage_record ok = { .status = STAGE_OK, .duration_s = 1 };
	struct evidence *evidence = NULL;
	const cJSON *node;

	ck_assert_int_eq(evidence_new(&evidence), 0);
	evidence_set_stage(evidence, rule->stage, &ok);
	cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(object, "metrics"))
		set_metric(run, evidence, node);
	cJSON_ArrayForEach(node, cJSON_GetObjectItemCaseSensitive(object, "tables"))
		set_table(run, evidence, node);
	if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, "annotate")))
		ck_assert_int_eq(rule_annotate(run->rules, evidence), 0);
	return evidence;
}

/* What the judgement has of one rule. */
struct result {
	enum outcome outcome;
	const struct finding *finding; /* of the row that was asked for, else the first */
	const char *say;
};

static const struct finding *find_finding(const struct judgement *judgement,
					  const struct rule *rule, int row)
{
	vec_each(finding, &judgement->findings)
		if (finding->rule == rule && (row < 0 || finding->row == row))
			return finding;
	return NULL;
}

static void note(struct result *result, enum outcome outcome, const char *say)
{
	if (outcome <= result->outcome)
		return;
	result->outcome = outcome;
	result->say = say;
}

static struct result result_of(const struct judgement *judgement, const struct rule *rule, int row)
{
	struct result result = { .finding = find_finding(judgement, rule, row) };

	vec_each(unknown, &judgement->unknown)
		if (unknown->rule == rule)
			note(&result, OUTCOME_UNKNOWN, "");
	vec_each(suppression, &judgement->suppressed)
		if (suppression->rule == rule)
			note(&result, OUTCOME_SUPPRESSED, suppression->because);
	if (result.finding)
		note(&result, OUTCOME_FIRES, result.finding->say);
	vec_each(exclusion, &judgement->ruled_out)
		if (exclusion->rule == rule)
			note(&result, OUTCOME_FIRES, exclusion->say);
	vec_each(request, &judgement->requests)
		if (request->rule == rule)
			note(&result, OUTCOME_FIRES, request->why);
	return result;
}

static void compare(struct run *run, const cJSON *object, const struct result *result,
		    enum outcome expected)
{
	const char *severity = text_of(object, "severity");
	const char *say = text_of(object, "say");

	if (result->outcome != expected) {
		blame(run, "expected %s, is %s (%s)", outcome_names[expected],
		      outcome_names[result->outcome], result->say ? result->say : "");
		return;
	}
	if (severity &&
	    (!result->finding || strcmp(severity_name(result->finding->severity), severity) != 0))
		blame(run, "expected %s, is %s", severity,
		      result->finding ? severity_name(result->finding->severity) : "no finding");
	if (say && !strstr(result->say ? result->say : "", say))
		blame(run, "\"%s\" is not in \"%s\"", say, result->say ? result->say : "");
	if (expected == OUTCOME_FIRES && strchr(result->say, '?') && !say)
		blame(run, "a placeholder is unknown: \"%s\"", result->say);
}

static enum outcome expected_outcome(struct run *run, const cJSON *object)
{
	const char *expect = text_of(object, "expect");

	for (int i = 0; i < OUTCOME_TOTAL; i++)
		if (expect && strcmp(expect, outcome_names[i]) == 0)
			return (enum outcome)i;
	blame(run, "expect must be fires, quiet, unknown or suppressed");
	return OUTCOME_TOTAL;
}

static void run_case(struct run *run, struct coverage *coverage, const cJSON *object)
{
	static const char *const keys[] = { "name", "expect", "severity", "metrics", "tables",
					    "row",  "say",    "annotate", NULL };
	const cJSON *row = cJSON_GetObjectItemCaseSensitive(object, "row");
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	enum outcome expected;
	struct result result;

	run->cases++;
	run->name = text_of(object, "name");
	check_keys(run, object, keys);
	expected = expected_outcome(run, object);
	if (expected == OUTCOME_TOTAL)
		return;
	coverage->seen[expected] = true;
	evidence = evidence_of_case(run, coverage->rule, object);
	ck_assert_int_eq(rule_judge(run->rules, evidence, &judgement), 0);
	result = result_of(judgement, coverage->rule,
			   cJSON_IsNumber(row) ? (int)row->valuedouble : -1);
	compare(run, object, &result, expected);
}

static struct coverage *coverage_of(struct run *run, const char *id)
{
	for (size_t i = 0; id && i < run->rules->rules.len; i++)
		if (strcmp(run->coverage[i].rule->id, id) == 0)
			return &run->coverage[i];
	return NULL;
}

static void run_cases(struct run *run, const cJSON *root)
{
	static const char *const keys[] = { "rule", "cases", NULL };
	const char *id = text_of(root, "rule");
	struct coverage *coverage = coverage_of(run, id);
	size_t len = id ? strlen(id) : 0;
	const cJSON *object;

	check_keys(run, root, keys);
	if (!coverage) {
		blame(run, "no rule \"%s\"", id ? id : "");
		return;
	}
	if (strncmp(run->file, id, len) != 0 || strcmp(run->file + len, ".jsonc") != 0)
		blame(run, "the file of rule \"%s\" must be %s.jsonc", id, id);
	cJSON_ArrayForEach(object, cJSON_GetObjectItemCaseSensitive(root, "cases"))
		run_case(run, coverage, object);
	run->name = NULL;
}

static void read_all(const char *name, struct str *out)
{
	_cleanup_(cleanup_fclose) FILE *file = NULL;
	char path[512], buffer[4096];
	size_t n;

	snprintf(path, sizeof(path), CASES "/%s", name);
	file = fopen(path, "r");
	while (file && (n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		str_append_bytes(out, buffer, n);
}

static void run_file(struct run *run, const char *name)
{
	_cleanup_(str_free) struct str text = { 0 };
	_cleanup_(jsonc_freep) cJSON *root = NULL;
	struct err err = { 0 };

	run->file = name;
	run->name = NULL;
	read_all(name, &text);
	if (jsonc_parse(str_text(&text), text.len, &root, &err) < 0)
		blame(run, "%s", err.msg);
	else
		run_cases(run, root);
}

static void run_folder(struct run *run)
{
	DIR *folder = opendir(CASES);
	struct dirent *entry;

	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder))) {
		size_t len = strlen(entry->d_name);

		if (len > 6 && strcmp(entry->d_name + len - 6, ".jsonc") == 0)
			run_file(run, entry->d_name);
	}
	closedir(folder);
}

static void check_coverage(struct run *run)
{
	static const enum outcome needed[] = { OUTCOME_FIRES, OUTCOME_QUIET, OUTCOME_UNKNOWN };

	for (size_t i = 0; i < run->rules->rules.len; i++)
		for (size_t j = 0; j < ARRAY_SIZE(needed); j++)
			if (run->coverage[i].rule->enabled && !run->coverage[i].seen[needed[j]]) {
				run->file = run->coverage[i].rule->id;
				blame(run, "no case \"%s\"", outcome_names[needed[j]]);
			}
}

START_TEST(cases)
{
	struct run run = { .rules = rules_of("[]") };
	struct err err = { 0 };
	int r = ruleset_overlay(run.rules, RULES, &err);

	ck_assert_msg(r == 0, "%s", err.msg);
	run.coverage = calloc(run.rules->rules.len + 1, sizeof(*run.coverage));
	for (size_t i = 0; i < run.rules->rules.len; i++)
		run.coverage[i].rule = run.rules->rules.data[i];
	run_folder(&run);
	check_coverage(&run);
	printf("%zu rules, %d cases\n", run.rules->rules.len, run.cases);
	/* Check refuses long messages */
	fprintf(stderr, "%s%s", str_text(&run.failures), run.failures.len ? "\n" : "");
	ck_assert_uint_eq(run.failures.len, 0);
	free(run.coverage);
	str_free(&run.failures);
	ruleset_free(run.rules);
}
END_TEST

START_TEST(shipped_rules_are_sound)
{
	_cleanup_(ruleset_freep) struct ruleset *base = rules_of("[]");
	_cleanup_(str_free) struct str complaints = { 0 };
	struct rules_seen seen = { 0 };
	struct err err = { 0 };
	int count = ruleset_check(base, RULES, &complaints, &seen, &err);

	ck_assert_msg(count == 0, "%s%s", err.msg, str_text(&complaints));
	ck_assert_int_gt(seen.rules, 0);
}
END_TEST

/* What a stage tells about itself must be there for every stage of the funnel. */
START_TEST(stages_have_stories)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[]");
	struct err err = { 0 };

	ck_assert_msg(ruleset_overlay(rules, RULES, &err) == 0, "%s", err.msg);
	for (int i = 0; i < STAGE_TOTAL; i++) {
		ck_assert_msg(rules->stages[i].question != NULL, "%s has no question",
			      stage_name((enum stage_id)i));
		ck_assert_msg(rules->stages[i].command != NULL, "%s has no command",
			      stage_name((enum stage_id)i));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rule_cases");
	TCase *tests = tcase_create("rule_cases");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, cases);
	tcase_add_test(tests, shipped_rules_are_sound);
	tcase_add_test(tests, stages_have_stories);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
