/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the cases of testdata/rules (format: its README.md) against the shipped rules, and fails
 * when a rule lacks one of its cases. */
#include "rule/cases.h"

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
	struct cases cases;
	struct coverage *coverage;
};

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
		blame(&run->cases, "expected %s, is %s (%s)", outcome_names[expected],
		      outcome_names[result->outcome], result->say ? result->say : "");
		return;
	}
	if (severity &&
	    (!result->finding || strcmp(severity_name(result->finding->severity), severity) != 0))
		blame(&run->cases, "expected %s, is %s", severity,
		      result->finding ? severity_name(result->finding->severity) : "no finding");
	if (say && !strstr(result->say ? result->say : "", say))
		blame(&run->cases, "\"%s\" is not in \"%s\"", say, result->say ? result->say : "");
	if (expected == OUTCOME_FIRES && strchr(result->say, '?') && !say)
		blame(&run->cases, "a placeholder is unknown: \"%s\"", result->say);
}

static enum outcome expected_outcome(struct run *run, const cJSON *object)
{
	const char *expect = text_of(object, "expect");

	for (int i = 0; i < OUTCOME_TOTAL; i++)
		if (expect && strcmp(expect, outcome_names[i]) == 0)
			return (enum outcome)i;
	blame(&run->cases, "expect must be fires, quiet, unknown or suppressed");
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

	run->cases.count++;
	run->cases.name = text_of(object, "name");
	check_keys(&run->cases, object, keys);
	expected = expected_outcome(run, object);
	if (expected == OUTCOME_TOTAL)
		return;
	coverage->seen[expected] = true;
	evidence =
		evidence_of_case(&run->cases, object, coverage->rule->stage, coverage->rule->stage);
	ck_assert_int_eq(rule_judge(run->cases.rules, evidence, &judgement), 0);
	result = result_of(judgement, coverage->rule,
			   cJSON_IsNumber(row) ? (int)row->valuedouble : -1);
	compare(run, object, &result, expected);
}

static struct coverage *coverage_of(struct run *run, const char *id)
{
	for (size_t i = 0; id && i < run->cases.rules->rules.len; i++)
		if (strcmp(run->coverage[i].rule->id, id) == 0)
			return &run->coverage[i];
	return NULL;
}

static void run_cases(struct run *run, const cJSON *root)
{
	static const char *const keys[] = { "rule", "cases", NULL };
	const char *id = text_of(root, "rule");
	struct coverage *coverage = coverage_of(run, id);
	const cJSON *object;

	check_keys(&run->cases, root, keys);
	if (!coverage) {
		blame(&run->cases, "no rule \"%s\"", id ? id : "");
		return;
	}
	check_file_name(&run->cases, id);
	cJSON_ArrayForEach(object, cJSON_GetObjectItemCaseSensitive(root, "cases"))
		run_case(run, coverage, object);
	run->cases.name = NULL;
}

static void run_file(struct run *run, const char *name)
{
	_cleanup_(str_free) struct str text = { 0 };
	_cleanup_(jsonc_freep) cJSON *root = NULL;
	struct err err = { 0 };

	read_cases(&run->cases, name, &text);
	if (jsonc_parse(str_text(&text), text.len, &root, &err) < 0)
		blame(&run->cases, "%s", err.msg);
	else
		run_cases(run, root);
}

static void run_folder(struct run *run)
{
	DIR *folder = opendir(CASES);
	struct dirent *entry;

	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder)))
		if (is_case_file(entry->d_name, false))
			run_file(run, entry->d_name);
	closedir(folder);
}

static void check_coverage(struct run *run)
{
	static const enum outcome needed[] = { OUTCOME_FIRES, OUTCOME_QUIET, OUTCOME_UNKNOWN };

	for (size_t i = 0; i < run->cases.rules->rules.len; i++)
		for (size_t j = 0; j < ARRAY_SIZE(needed); j++)
			if (run->coverage[i].rule->enabled && !run->coverage[i].seen[needed[j]]) {
				run->cases.file = run->coverage[i].rule->id;
				blame(&run->cases, "no case \"%s\"", outcome_names[needed[j]]);
			}
}

START_TEST(cases)
{
	struct run run = { .cases.rules = shipped_rules() };
	const struct rules *rules = &run.cases.rules->rules;

	run.coverage = calloc(rules->len + 1, sizeof(*run.coverage));
	for (size_t i = 0; i < rules->len; i++)
		run.coverage[i].rule = rules->data[i];
	run_folder(&run);
	check_coverage(&run);
	printf("%zu rules, %d cases\n", rules->len, run.cases.count);
	free(run.coverage);
	end_cases(&run.cases);
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
