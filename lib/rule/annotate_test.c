/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/testing.h"

#define RUNTIMES                                                                                    \
	"{\"knowledge\":\"runtimes\",\"table\":\"top.groups\",\"match\":\"thread\",\"kind\":"       \
	"\"user\",\"rows\":["                                                                       \
	"{\"glob\":[\"tokio-*\"],\"program\":[\"node\"],\"set\":{\"runtime\":\"napi\"}},"           \
	"{\"glob\":[\"tokio-*\",\"rt-*\"],\"set\":{\"runtime\":\"tokio\",\"runtime_knob\":\"W\"}}," \
	"{\"glob\":[\"*\"],\"program\":[\"java\"],\"set\":{\"runtime\":\"jvm\"}}]}"
#define KTHREADS                                                                            \
	"{\"knowledge\":\"kthreads\",\"table\":\"top.groups\",\"match\":\"name\",\"kind\":" \
	"\"kernel\",\"rows\":[{\"glob\":\"kswapd*\",\"set\":{\"work\":\"reclaim\"}}]}"

static int add_group(struct evidence *evidence, const char *kind, const char *program,
		     const char *thread)
{
	int row = evidence_add_row(evidence, TABLE_top_groups);

	evidence_set_cell_text(evidence, row, COLUMN_top_groups_name, thread);
	evidence_set_cell_text(evidence, row, COLUMN_top_groups_thread, thread);
	evidence_set_cell_text(evidence, row, COLUMN_top_groups_program, program);
	evidence_set_cell_text(evidence, row, COLUMN_top_groups_kind, kind);
	return row;
}

static const char *cell(const struct evidence *evidence, int row, enum column_id column)
{
	struct value value = evidence_cell(evidence, row, column);

	return value.kind == VALUE_TEXT ? value.text : "(unknown)";
}

#define ck_runtime(row, expected) \
	ck_assert_str_eq(cell(evidence, row, COLUMN_top_groups_runtime), expected)

START_TEST(matches)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[" RUNTIMES "," KTHREADS "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	int tokio = add_group(evidence, "user", "gateway", "tokio-rt");
	int second_glob = add_group(evidence, "user", "gateway", "rt-1");
	int node = add_group(evidence, "user", "node", "tokio-rt");
	int java = add_group(evidence, "user", "java", "whatever");
	int plain = add_group(evidence, "user", "bash", "bash");
	int disguised = add_group(evidence, "user", "x", "kswapd0");
	int kernel = add_group(evidence, "kernel", "kswapd", "kswapd0");
	int nameless = add_group(evidence, "user", "x", NULL);

	ck_assert_int_eq(rule_annotate(rules, evidence), 0);
	ck_runtime(tokio, "tokio");
	ck_assert_str_eq(cell(evidence, tokio, COLUMN_top_groups_runtime_knob), "W");
	ck_runtime(second_glob, "tokio");
	ck_runtime(node, "napi");
	ck_runtime(java, "jvm");
	ck_runtime(plain, "(unknown)");
	ck_assert_str_eq(cell(evidence, disguised, COLUMN_top_groups_work), "(unknown)");
	ck_assert_str_eq(cell(evidence, kernel, COLUMN_top_groups_work), "reclaim");
	ck_runtime(nameless, "(unknown)");
}
END_TEST

START_TEST(overlays_come_first)
{
	static const char over[] =
		"{\"knowledge\":\"runtimes\",\"table\":\"top.groups\",\"match\":\"thread\","
		"\"rows\":[{\"glob\":\"tokio-x\",\"set\":{\"runtime\":\"mine\"}}]}";
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[" RUNTIMES "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	int mine = add_group(evidence, "user", "gateway", "tokio-x");
	int other = add_group(evidence, "user", "gateway", "tokio-y");
	struct err err;

	ck_assert_int_eq(ruleset_overlay_text(rules, "o", over, strlen(over), &err), 0);
	ck_assert_int_eq(rule_annotate(rules, evidence), 0);
	ck_runtime(mine, "mine");
	/* nothing of the row that lost is mixed in */
	ck_assert_str_eq(cell(evidence, mine, COLUMN_top_groups_runtime_knob), "(unknown)");
	ck_runtime(other, "tokio");
}
END_TEST

START_TEST(earlier_fills_are_replaced)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[" RUNTIMES "]");
	_cleanup_(ruleset_freep) struct ruleset *nothing = rules_of("[]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	int row = add_group(evidence, "user", "gateway", "tokio-rt");

	ck_assert_int_eq(rule_annotate(rules, evidence), 0);
	ck_assert_int_eq(rule_annotate(rules, evidence), 0);
	ck_runtime(row, "tokio");
	ck_assert_int_eq(rule_annotate(nothing, evidence), 0);
	ck_runtime(row, "(unknown)");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("annotate");
	TCase *tests = tcase_create("annotate");

	tcase_add_test(tests, matches);
	tcase_add_test(tests, overlays_come_first);
	tcase_add_test(tests, earlier_fills_are_replaced);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
