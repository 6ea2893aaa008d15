/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/testing_chain.h"

#include "base/testing.h"

#include <cjson/cJSON.h>

static cJSON *render_json(const struct fixture *f)
{
	_cleanup_(str_free) struct str out = { 0 };
	cJSON *root;

	render(f, "json", 0, &out);
	ck_assert(text_is_printable(out.data, strcspn(out.data, "\n")));
	root = cJSON_Parse(str_text(&out));
	ck_assert_ptr_nonnull(root);
	return root;
}

static const cJSON *member(const cJSON *object, const char *key)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);

	ck_assert_msg(item != NULL, "no key %s", key);
	return item;
}

static const char *text_of(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(member(object, key));

	ck_assert_msg(text != NULL, "%s is no string", key);
	return text;
}

/* The storm, what amplifies it, and what is seen of it. */
struct story_chain {
	struct link link;
	size_t members[3];
	struct chain_node nodes[3];
	struct chain_arrow arrows[2];
	struct chain_gap gap;
};

static void add_chain(struct fixture *f, struct story_chain *chain)
{
	static const enum standing standings[] = { STANDING_PRIMARY, STANDING_AMPLIFIER,
						   STANDING_EFFECT };

	*chain = (struct story_chain){
		.link = { .id = "chain.a", .strength_of = "its wakeups" },
		.members = { 0, 2, 1 },
		.arrows = { { .from = 1, .to = 0, .strength_pct = 62, .say = "wakes it" },
			    { .from = 0, .to = 1, .strength_pct = 8, .feedback = true } },
	};
	for (size_t i = 0; i < 3; i++)
		chain->nodes[i] = (struct chain_node){
			.cause = f->findings[chain->members[i]].rule->cause,
			.findings = { .data = &chain->members[i], .len = 1 },
			.severity = SEVERITY_WARNING,
			.role = f->findings[chain->members[i]].rule->role,
			.share_pct = NAN,
			.explained_pct = i ? NAN : 55,
			.standing = standings[i],
		};
	for (size_t i = 0; i < 2; i++) {
		chain->arrows[i].link = &chain->link;
		chain->arrows[i].facts = (struct facts){ .data = f->facts, .len = 1 };
	}
	chain->gap = (struct chain_gap){ .link = &chain->link,
					 .missing = { .data = f->missing, .len = 1 } };
	f->judgement.chain = (struct chain){ .nodes = { .data = chain->nodes, .len = 3 },
					     .arrows = { .data = chain->arrows, .len = 2 },
					     .gaps = { .data = &chain->gap, .len = 1 } };
}

START_TEST(json_has_the_verdict)
{
	const cJSON *verdict, *primary, *contributing;
	struct chained c;
	cJSON *root;

	set_up_chain(&c);
	root = render_json(&c.f);
	verdict = member(root, "verdict");
	primary = member(verdict, "primary");
	contributing = member(verdict, "contributing");
	ck_assert_str_eq(text_of(verdict, "status"), "findings");
	ck_assert_str_eq(text_of(verdict, "headline"), "storm");
	ck_assert_str_eq(text_of(primary, "cause"), "thread-storm");
	ck_assert_str_eq(text_of(primary, "finding"), "F1");
	ck_assert_double_eq(member(primary, "share_pct")->valuedouble, 97);
	ck_assert_int_eq(cJSON_GetArraySize(member(member(primary, "subject"), "pids")), 2);
	/* symptoms are in the findings, but contribute nothing */
	ck_assert_int_eq(cJSON_GetArraySize(member(root, "findings")), NODES);
	ck_assert_int_eq(cJSON_GetArraySize(contributing), 3);
	ck_assert_str_eq(text_of(cJSON_GetArrayItem(contributing, 0), "role"), "amplifier");
	ck_assert_str_eq(text_of(cJSON_GetArrayItem(contributing, 1), "role"), "secondary");
	cJSON_Delete(root);
	tear_down(&c.f);
}
END_TEST

static const cJSON *stage_item(const cJSON *root, enum stage_id stage)
{
	return cJSON_GetArrayItem(member(root, "stages"), stage);
}

START_TEST(json_tells_how_slow_watching_made_the_host)
{
	const cJSON *slowdown;
	struct fixture f;
	cJSON *root;

	set_up(&f, "storm");
	evidence_set(f.evidence, METRIC_sched_host_switches_per_s, 300000);
	evidence_set(f.evidence, METRIC_sched_rest_switches_per_s, 500000);
	evidence_set(f.evidence, METRIC_sched_slowed_pct, 40);
	root = render_json(&f);
	slowdown = member(stage_item(root, STAGE_sched), "slowdown");
	ck_assert_double_eq(member(slowdown, "watched_per_s")->valuedouble, 300000);
	ck_assert_double_eq(member(slowdown, "rest_per_s")->valuedouble, 500000);
	ck_assert_double_eq(member(slowdown, "fewer_pct")->valuedouble, 40);
	for (int stage = 0; stage < STAGE_TOTAL; stage++)
		ck_assert(stage == STAGE_sched ||
			  !cJSON_HasObjectItem(stage_item(root, (enum stage_id)stage), "slowdown"));
	cJSON_Delete(root);
	tear_down(&f);
}
END_TEST

START_TEST(json_has_the_chain)
{
	const cJSON *chain, *arrow;
	struct chained c;
	cJSON *root;

	set_up_chain(&c);
	root = render_json(&c.f);
	chain = member(root, "chain");
	ck_assert_int_eq(cJSON_GetArraySize(chain), 6);
	arrow = cJSON_GetArrayItem(chain, 2);
	ck_assert_str_eq(text_of(arrow, "from"), "F2");
	ck_assert_str_eq(text_of(arrow, "to"), "F1");
	ck_assert_str_eq(text_of(arrow, "link"), "chain.wakes");
	ck_assert_double_eq(member(arrow, "strength_pct")->valuedouble, 64);
	ck_assert_int_eq(cJSON_GetArraySize(member(arrow, "evidence")), 0);
	cJSON_Delete(root);
	tear_down(&c.f);
}
END_TEST

START_TEST(json_has_nodes_and_gaps)
{
	const cJSON *arrows, *arrow, *nodes, *node, *unknown;
	struct story_chain chain;
	struct fixture f;
	cJSON *root;

	set_up(&f, "storm");
	add_chain(&f, &chain);
	root = render_json(&f);
	arrows = member(root, "chain");
	ck_assert_int_eq(cJSON_GetArraySize(arrows), 2);
	arrow = cJSON_GetArrayItem(arrows, 0);
	ck_assert_str_eq(text_of(arrow, "from"), "F3");
	ck_assert_str_eq(text_of(arrow, "to"), "F1");
	ck_assert_str_eq(text_of(arrow, "link"), "chain.a");
	ck_assert_str_eq(text_of(arrow, "say"), "wakes it");
	ck_assert_str_eq(text_of(arrow, "strength_of"), "its wakeups");
	ck_assert_double_eq(member(arrow, "strength_pct")->valuedouble, 62);
	ck_assert(cJSON_IsFalse(member(arrow, "feedback")));
	ck_assert_int_eq(cJSON_GetArraySize(member(arrow, "evidence")), 1);
	ck_assert(cJSON_IsTrue(member(cJSON_GetArrayItem(arrows, 1), "feedback")));
	nodes = member(root, "nodes");
	ck_assert_int_eq(cJSON_GetArraySize(nodes), 3);
	node = cJSON_GetArrayItem(nodes, 0);
	ck_assert_str_eq(text_of(node, "finding"), "F1");
	ck_assert_str_eq(text_of(node, "standing"), "primary");
	ck_assert_double_eq(member(node, "explained_pct")->valuedouble, 55);
	ck_assert(cJSON_IsNull(member(node, "share_pct")));
	ck_assert_str_eq(text_of(cJSON_GetArrayItem(nodes, 2), "standing"), "effect");
	unknown = member(root, "unknown");
	ck_assert_int_eq(cJSON_GetArraySize(unknown), 2);
	ck_assert_str_eq(text_of(cJSON_GetArrayItem(unknown, 1), "rule"), "chain.a");
	cJSON_Delete(root);
	tear_down(&f);
}
END_TEST

START_TEST(json_has_window_and_stages)
{
	const cJSON *stage, *window;
	struct fixture f;
	cJSON *root;

	set_up(&f, "storm");
	root = render_json(&f);
	window = member(root, "window");
	ck_assert_str_eq(text_of(window, "start"), "2026-01-02T03:04:05.250Z");
	ck_assert_double_eq(member(window, "duration_s")->valuedouble, 3.5);
	ck_assert_int_eq(cJSON_GetArraySize(member(root, "stages")), STAGE_TOTAL);
	stage = cJSON_GetArrayItem(member(root, "stages"), 0);
	ck_assert_str_eq(text_of(stage, "next"), "top");
	ck_assert_str_eq(cJSON_GetArrayItem(member(stage, "saw"), 0)->valuestring, "r 19  b ?");
	ck_assert_int_eq(cJSON_GetArraySize(member(stage, "judged")), 2);
	stage = cJSON_GetArrayItem(member(root, "stages"), 2);
	ck_assert_str_eq(text_of(stage, "status"), "unavailable");
	ck_assert(cJSON_IsNull(member(stage, "concluded")));
	cJSON_Delete(root);
	tear_down(&f);
}
END_TEST

START_TEST(json_tells_unknown_from_zero)
{
	struct fixture f;
	cJSON *root;

	set_up(&f, "storm");
	f.judgement.verdict.primary = -1;
	f.findings[0].share_pct = NAN;
	f.facts[0].value.kind = VALUE_UNKNOWN;
	root = render_json(&f);
	ck_assert(cJSON_IsNull(member(member(root, "verdict"), "primary")));
	ck_assert(cJSON_IsNull(member(member(root, "host"), "kernel")));
	ck_assert(cJSON_IsNull(member(member(root, "self"), "cpu_s")));
	ck_assert_double_eq(member(member(root, "self"), "wall_s")->valuedouble, 2.4);
	ck_assert(cJSON_IsNull(member(
		cJSON_GetArrayItem(
			member(cJSON_GetArrayItem(member(root, "findings"), 0), "evidence"), 0),
		"value")));
	cJSON_Delete(root);
	tear_down(&f);
}
END_TEST

START_TEST(json_survives_hostile_names)
{
	struct fixture f;
	const char *headline;
	cJSON *root;

	set_up(&f, HOSTILE);
	root = render_json(&f);
	headline = text_of(member(root, "verdict"), "headline");
	ck_assert(text_is_printable(headline, strlen(headline)));
	ck_assert_ptr_nonnull(strstr(headline, "\\xff"));
	cJSON_Delete(root);
	tear_down(&f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_json");
	TCase *tcase = tcase_create("report_json");

	tcase_add_test(tcase, json_has_the_verdict);
	tcase_add_test(tcase, json_tells_how_slow_watching_made_the_host);
	tcase_add_test(tcase, json_has_the_chain);
	tcase_add_test(tcase, json_has_nodes_and_gaps);
	tcase_add_test(tcase, json_has_window_and_stages);
	tcase_add_test(tcase, json_tells_unknown_from_zero);
	tcase_add_test(tcase, json_survives_hostile_names);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
