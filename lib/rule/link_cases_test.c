/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs the cases of testdata/rules/chain.* (format: its README.md) against the shipped links, and
 * fails when a link lacks one of its cases. */
#include "rule/cases.h"
#include "rule/judging.h"

#define FINDINGS_MAX 8

enum outcome {
	OUTCOME_DRAWS,
	OUTCOME_QUIET,	 /* the numbers are not there */
	OUTCOME_UNKNOWN, /* a number is missing */
	OUTCOME_APART,	 /* the numbers are, but about something that is no finding */
	OUTCOME_TOTAL,
};

static const char *const outcome_names[OUTCOME_TOTAL] = { "draws", "quiet", "unknown", "apart" };

struct coverage {
	const struct link *link;
	bool seen[OUTCOME_TOTAL];
};

struct run {
	struct cases cases;
	struct coverage *coverage;
};

/* Findings that a case claims, with rules to go with them. */
struct claims {
	struct rule rules[FINDINGS_MAX];
	struct judgement *judgement;
};

static enum role role_of(const char *name)
{
	for (int role = ROLE_SYMPTOM; role <= ROLE_TRIGGER; role++)
		if (name && strcmp(name, role_name((enum role)role)) == 0)
			return (enum role)role;
	return ROLE_MECHANISM;
}

static void claim(struct run *run, struct claims *claims, const cJSON *object)
{
	static const char *const keys[] = { "cause",   "role",	 "kind", "name",
					    "program", "thread", NULL };
	size_t index = claims->judgement->findings.len;
	const char *kind = text_of(object, "kind"), *name = text_of(object, "name");
	struct rule *rule = &claims->rules[index];
	struct finding finding = { .rule = rule,
				   .severity = SEVERITY_WARNING,
				   .share_pct = NAN,
				   .row = name ? 0 : -1,
				   .subject = { .kind = kind ? kind :
							name ? "program" :
							       "host",
						.name = name ? name : "lab",
						.program = text_of(object, "program"),
						.thread = text_of(object, "thread") } };

	check_keys(&run->cases, object, keys);
	*rule = (struct rule){ .id = "vmstat.claim",
			       .cause = text_of(object, "cause"),
			       .role = role_of(text_of(object, "role")) };
	if (!rule->cause || !cause_find(rule->cause))
		blame(&run->cases, "a finding needs a cause");
	else
		ck_assert_int_eq(vec_push(&claims->judgement->findings, finding), 0);
}

static const struct chain_arrow *find_arrow(const struct chain *chain, const struct link *link)
{
	vec_each(arrow, &chain->arrows)
		if (arrow->link == link)
			return arrow;
	return NULL;
}

static bool has_gap(const struct chain *chain, const struct link *link)
{
	vec_each(gap, &chain->gaps)
		if (gap->link == link && gap->missing.len && gap->fix)
			return true;
	return false;
}

static const char *end_name(const struct judgement *judgement, size_t node)
{
	const struct chain_node *end = &judgement->chain.nodes.data[node];

	return judgement->findings.data[end->findings.data[0]].subject.name;
}

static void compare_arrow(struct run *run, const cJSON *object, const struct judgement *judgement,
			  const struct chain_arrow *arrow)
{
	const cJSON *strength = cJSON_GetObjectItemCaseSensitive(object, "strength");
	const char *from = text_of(object, "from"), *to = text_of(object, "to");

	if (!cJSON_IsNumber(strength) || strength->valuedouble != arrow->strength_pct)
		blame(&run->cases, "the strength is %g", arrow->strength_pct);
	if (from && strcmp(from, end_name(judgement, arrow->from)) != 0)
		blame(&run->cases, "from is %s", end_name(judgement, arrow->from));
	if (to && strcmp(to, end_name(judgement, arrow->to)) != 0)
		blame(&run->cases, "to is %s", end_name(judgement, arrow->to));
	if (strchr(arrow->say, '?'))
		blame(&run->cases, "a placeholder is unknown: \"%s\"", arrow->say);
}

static void compare(struct run *run, const struct link *link, const cJSON *object,
		    const struct judgement *judgement, enum outcome expected)
{
	const struct chain_arrow *arrow = find_arrow(&judgement->chain, link);
	bool gap = has_gap(&judgement->chain, link);

	if ((arrow != NULL) != (expected == OUTCOME_DRAWS))
		blame(&run->cases, "expected %s, but %s", outcome_names[expected],
		      arrow ? arrow->say : "there is no arrow");
	else if (arrow)
		compare_arrow(run, object, judgement, arrow);
	if (gap != (expected == OUTCOME_UNKNOWN))
		blame(&run->cases, "expected %s, but %s", outcome_names[expected],
		      gap ? "a number is missing" : "no number is missing");
}

static enum outcome expected_outcome(struct run *run, const cJSON *object)
{
	const char *expect = text_of(object, "expect");

	for (int i = 0; i < OUTCOME_TOTAL; i++)
		if (expect && strcmp(expect, outcome_names[i]) == 0)
			return (enum outcome)i;
	blame(&run->cases, "expect must be draws, quiet, unknown or apart");
	return OUTCOME_TOTAL;
}

static void run_case(struct run *run, struct coverage *coverage, const cJSON *root,
		     const cJSON *object)
{
	static const char *const keys[] = { "name", "expect",	"findings", "metrics",	"tables",
					    "from", "strength", "to",	    "annotate", NULL };
	struct claims claims = { .judgement = calloc(1, sizeof(*claims.judgement)) };
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(object, "findings"), *item;
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	enum outcome expected;

	run->cases.count++;
	run->cases.name = text_of(object, "name");
	check_keys(&run->cases, object, keys);
	expected = expected_outcome(run, object);
	list = list ? list : cJSON_GetObjectItemCaseSensitive(root, "findings");
	cJSON_ArrayForEach(item, list) {
		ck_assert_uint_lt(claims.judgement->findings.len, FINDINGS_MAX);
		claim(run, &claims, item);
	}
	evidence = evidence_of_case(&run->cases, object, STAGE_vmstat, STAGE_locate);
	ck_assert_int_eq(chain_add_nodes(claims.judgement), 0);
	ck_assert_int_eq(chain_add_arrows(run->cases.rules, evidence, claims.judgement), 0);
	if (expected != OUTCOME_TOTAL) {
		coverage->seen[expected] = true;
		compare(run, coverage->link, object, claims.judgement, expected);
	}
	judgement_free(claims.judgement);
}

static struct coverage *coverage_of(struct run *run, const char *id)
{
	for (size_t i = 0; id && i < run->cases.rules->links.len; i++)
		if (strcmp(run->coverage[i].link->id, id) == 0)
			return &run->coverage[i];
	return NULL;
}

static void run_cases(struct run *run, const cJSON *root)
{
	static const char *const keys[] = { "link", "findings", "cases", NULL };
	const char *id = text_of(root, "link");
	struct coverage *coverage = coverage_of(run, id);
	const cJSON *object;

	check_keys(&run->cases, root, keys);
	if (!coverage) {
		blame(&run->cases, "no link \"%s\"", id ? id : "");
		return;
	}
	check_file_name(&run->cases, id);
	cJSON_ArrayForEach(object, cJSON_GetObjectItemCaseSensitive(root, "cases"))
		run_case(run, coverage, root, object);
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
		if (is_case_file(entry->d_name, true))
			run_file(run, entry->d_name);
	closedir(folder);
}

static void check_coverage(struct run *run)
{
	for (size_t i = 0; i < run->cases.rules->links.len; i++)
		for (int j = 0; j < OUTCOME_TOTAL; j++)
			if (run->coverage[i].link->enabled && !run->coverage[i].seen[j]) {
				run->cases.file = run->coverage[i].link->id;
				blame(&run->cases, "no case \"%s\"", outcome_names[j]);
			}
}

START_TEST(cases)
{
	struct run run = { .cases.rules = shipped_rules() };
	const struct links *links = &run.cases.rules->links;

	run.coverage = calloc(links->len + 1, sizeof(*run.coverage));
	for (size_t i = 0; i < links->len; i++)
		run.coverage[i].link = links->data[i];
	run_folder(&run);
	check_coverage(&run);
	printf("%zu links, %d cases\n", links->len, run.cases.count);
	ck_assert_uint_gt(links->len, 0);
	free(run.coverage);
	end_cases(&run.cases);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("link_cases");
	TCase *tests = tcase_create("link_cases");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, cases);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
