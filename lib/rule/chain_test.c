/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The chain of small worlds: rules, links and evidence in, nodes and arrows out. */
#include "rule/judging.h"
#include "rule/testing.h"

#include <stdio.h>

/* ---- worlds of one table: a row is a finding when its columns say so ---- */

#define GROUP_RULE(id, column, cause, role, severity)                                      \
	"{\"id\":\"top." id "\",\"for\":\"top.groups\",\"when\":[\"row." column            \
	" > 0 %\"],\"cause\":\"" cause "\",\"role\":\"" role "\",\"severity\":\"" severity \
	"\",\"say\":\"" id " {row.name}\",\"share\":\"row." column "\",\"share_of\":\"x\"}"
#define HOST_SYMPTOM                                                                           \
	"{\"id\":\"vmstat.queue\",\"when\":[\"vmstat.busy_pct > 0 %\"],\"cause\":"             \
	"\"cpu-saturation\",\"role\":\"symptom\",\"severity\":\"critical\",\"say\":\"queue\"," \
	"\"share\":\"vmstat.busy_pct\",\"share_of\":\"CPU time\"}"
#define LINK(id, from, to, match, strength)                                         \
	"{\"link\":\"chain." id "\",\"from\":\"" from "\",\"to\":\"" to             \
	"\",\"for\":\"top.groups\",\"match\":{" match "},\"when\":[\"row." strength \
	" > 0 %\"],\"strength\":\"row." strength "\",\"strength_of\":\"" strength   \
	"\",\"say\":\"{row.name} " id " {row." strength "}\"}"
#define FROM_ROW "\"from\":\"row.name\""
#define TO_HOST "\"to\":\"'host'\""
#define TO_ROW "\"to\":\"row.name\""

#define STORM GROUP_RULE("storm", "runnable_share_pct", "thread-storm", "mechanism", "warning")
#define HOG_GROUP GROUP_RULE("hog", "cpu_share_pct", "cpu-hog", "mechanism", "warning")
#define LOCK GROUP_RULE("lock", "system_of_cpu_pct", "lock-contention", "mechanism", "warning")
#define FILLS \
	LINK("fills", "thread-storm", "cpu-saturation", FROM_ROW "," TO_HOST, "runnable_share_pct")
#define BURNS LINK("burns", "cpu-hog", "cpu-saturation", FROM_ROW "," TO_HOST, "cpu_share_pct")
#define DRIVES LINK("drives", "lock-contention", "thread-storm", FROM_ROW "," TO_ROW, "user_pct")
#define STARVES \
	LINK("starves", "thread-storm", "lock-contention", FROM_ROW "," TO_ROW, "involuntary_pct")

/* Storm and hog fill the queue; a lock drives the storm, and the storm the lock. */
static const char world[] = "[" STORM "," HOG_GROUP "," LOCK "," HOST_SYMPTOM "," FILLS "," BURNS
			    "," DRIVES "," STARVES "]";

static int add_group(struct evidence *evidence, const char *name)
{
	int row = evidence_add_row(evidence, TABLE_top_groups);

	evidence_set_cell_text(evidence, row, COLUMN_top_groups_name, name);
	evidence_set_cell_text(evidence, row, COLUMN_top_groups_program, name);
	evidence_set_cell_text(evidence, row, COLUMN_top_groups_thread, name);
	return row;
}

/* All numbers that the world looks at are known and 0, but for those that a test sets after. */
static int add_quiet_group(struct evidence *evidence, const char *name)
{
	static const enum column_id columns[] = {
		COLUMN_top_groups_runnable_share_pct, COLUMN_top_groups_cpu_share_pct,
		COLUMN_top_groups_system_of_cpu_pct,  COLUMN_top_groups_user_pct,
		COLUMN_top_groups_involuntary_pct,
	};
	int row = add_group(evidence, name);

	for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
		evidence_set_cell(evidence, row, columns[i], 0);
	return row;
}

static const struct chain_node *node_of(const struct judgement *judgement, const char *cause)
{
	vec_each(node, &judgement->chain.nodes)
		if (strcmp(node->cause, cause) == 0)
			return node;
	ck_abort_msg("no node %s", cause);
}

static const char *primary_cause(const struct judgement *judgement)
{
	ck_assert_int_ge(judgement->verdict.primary, 0);
	ck_assert_int_eq(judgement->verdict.primary,
			 (int)judgement->chain.nodes.data[0].findings.data[0]);
	ck_assert_int_eq(judgement->chain.nodes.data[0].standing, STANDING_PRIMARY);
	return judgement->chain.nodes.data[0].cause;
}

START_TEST(a_row_draws_an_arrow)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(world);
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	const struct chain_arrow *arrow;
	int row = add_quiet_group(evidence, "tokio");

	evidence_set(evidence, METRIC_vmstat_busy_pct, 90);
	evidence_set_cell(evidence, row, COLUMN_top_groups_runnable_share_pct, 80);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->chain.arrows.len, 1);
	arrow = judgement->chain.arrows.data;
	ck_assert_str_eq(arrow->link->id, "chain.fills");
	ck_assert_str_eq(arrow->say, "tokio fills 80 %");
	ck_assert_uint_eq(arrow->facts.len, 1);
	ck_assert_double_eq(arrow->strength_pct, 80);
	ck_assert(!arrow->feedback);
	ck_assert_uint_eq(arrow->from, 0);
	ck_assert_uint_eq(arrow->to, 1);
	ck_assert_str_eq(primary_cause(judgement), "thread-storm");
	/* 80 % of the 90 % that the queue stands for */
	ck_assert_double_eq_tol(judgement->chain.nodes.data[0].explained_pct, 80, 1e-9);
	ck_assert_int_eq(judgement->chain.nodes.data[1].standing, STANDING_EFFECT);
	ck_assert_str_eq(judgement->verdict.headline, "storm tokio; drives cpu-saturation (80 %)");
}
END_TEST

START_TEST(without_a_number_there_is_no_arrow)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(world);
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	const struct chain_gap *gap;
	int row = add_quiet_group(evidence, "tokio");

	evidence_set_cell(evidence, row, COLUMN_top_groups_runnable_share_pct, 80);
	evidence_set_cell(evidence, row, COLUMN_top_groups_system_of_cpu_pct, 30);
	evidence_set_cell(evidence, row, COLUMN_top_groups_user_pct, NAN);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->chain.nodes.len, 2);
	ck_assert_uint_eq(judgement->chain.arrows.len, 0);
	ck_assert_uint_eq(judgement->chain.gaps.len, 1);
	gap = judgement->chain.gaps.data;
	ck_assert_str_eq(gap->link->id, "chain.drives");
	ck_assert_uint_eq(gap->missing.len, 1);
	ck_assert_str_eq(gap->missing.data[0], "top.groups.user_pct");
	ck_assert_ptr_nonnull(gap->fix);
	/* two mechanisms and nothing between them: the primary may not be the root */
	ck_assert_double_eq_tol(judgement->verdict.confidence, 0.95 * 0.9, 1e-9);
	ck_assert_ptr_nonnull(strstr(judgement->verdict.confidence_why,
				     "no number connects thread-storm to lock-contention"));
}
END_TEST

START_TEST(a_stage_that_did_not_run_leaves_no_gap)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[" HOST_SYMPTOM ",{\"id\":\"vmstat.storm\",\"when\":\"vmstat.r > 1\",\"cause\":"
		"\"thread-storm\",\"severity\":\"warning\",\"say\":\"storm\"},"
		"{\"link\":\"chain.a\",\"from\":\"thread-storm\",\"to\":\"cpu-saturation\",\"for\":"
		"\"sched.groups\",\"when\":\"row.wait_share_pct > 1 %\",\"strength\":"
		"\"row.wait_share_pct\",\"say\":\"x\"}]");
	struct stage_record ok = { .status = STAGE_OK, .duration_s = 1 };
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *skipped = NULL, *ran = NULL;

	evidence_set(evidence, METRIC_vmstat_busy_pct, 90);
	evidence_set(evidence, METRIC_vmstat_r, 9);
	skipped = judge(rules, evidence);
	ck_assert_uint_eq(skipped->chain.gaps.len, 0);
	evidence_set_stage(evidence, STAGE_sched, &ok);
	ran = judge(rules, evidence);
	ck_assert_uint_eq(ran->chain.gaps.len, 1);
	ck_assert_str_eq(ran->chain.gaps.data[0].missing.data[0], "sched.groups");
	/* a link that is unknown is no rule that is unknown */
	ck_assert_uint_eq(ran->unknown.len, 0);
}
END_TEST

START_TEST(a_symptom_drives_nothing)
{
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of("[" GROUP_RULE("hog", "cpu_share_pct", "cpu-hog", "symptom",
					"warning") "," HOST_SYMPTOM "," BURNS "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	evidence_set(evidence, METRIC_vmstat_busy_pct, 90);
	evidence_set_cell(evidence, add_quiet_group(evidence, "hog"),
			  COLUMN_top_groups_cpu_share_pct, 80);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->chain.nodes.len, 2);
	ck_assert_uint_eq(judgement->chain.arrows.len, 0);
}
END_TEST

/* What is missing is a number of a stage that nobody asked for: the stage's record says so. */
START_TEST(a_number_of_a_skipped_stage_leaves_no_gap)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of("[" HOST_SYMPTOM "," HOST_RULE(
		"vmstat.forks", "\"vmstat.r > 1\"",
		"\"cause\":\"fork-storm\"") ","
					    "{\"link\":\"chain.a\",\"from\":\"fork-storm\",\"to\":\"cpu-saturation\","
					    "\"when\":\"perf.softirq_pct > 1 %\",\"strength\":\"vmstat.busy_pct\","
					    "\"say\":\"x\"}]");
	struct stage_record ok = { .status = STAGE_OK, .duration_s = 1 };
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *skipped = NULL, *ran = NULL;

	evidence_set(evidence, METRIC_vmstat_busy_pct, 90);
	evidence_set(evidence, METRIC_vmstat_r, 9);
	skipped = judge(rules, evidence);
	ck_assert_uint_eq(skipped->chain.gaps.len, 0);
	evidence_set_stage(evidence, STAGE_perf, &ok);
	ran = judge(rules, evidence);
	ck_assert_uint_eq(ran->chain.gaps.len, 1);
	ck_assert_str_eq(ran->chain.gaps.data[0].missing.data[0], "perf.softirq_pct");
}
END_TEST

/* One row could not be told, another one draws: nothing is missing any more. */
START_TEST(an_arrow_leaves_no_gap)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(world);
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	int known = add_quiet_group(evidence, "tokio"),
	    not_known = add_quiet_group(evidence, "nginx");

	evidence_set_cell(evidence, known, COLUMN_top_groups_runnable_share_pct, 80);
	evidence_set_cell(evidence, known, COLUMN_top_groups_system_of_cpu_pct, 30);
	evidence_set_cell(evidence, known, COLUMN_top_groups_user_pct, 40);
	evidence_set_cell(evidence, not_known, COLUMN_top_groups_runnable_share_pct, 20);
	evidence_set_cell(evidence, not_known, COLUMN_top_groups_system_of_cpu_pct, 30);
	evidence_set_cell(evidence, not_known, COLUMN_top_groups_user_pct, NAN);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->chain.arrows.len, 1);
	ck_assert_uint_eq(judgement->chain.gaps.len, 0);
}
END_TEST

/* NET_RX of one rule and "the softirqs" of another are one thing; two vectors are two. */
START_TEST(the_whole_kind_is_one_node_with_its_parts)
{
#define VECTOR(id, name, severity)                                                            \
	"{\"id\":\"vmstat." id "\",\"for\":\"vmstat.softirqs\",\"when\":\"row.name == '" name \
	"'\",\"cause\":\"softirq-pressure\",\"subject\":\"softirq\",\"severity\":\"" severity \
	"\",\"say\":\"x\"}"
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of("[" VECTOR("rx", "NET_RX", "critical") "," VECTOR(
			"timer", "TIMER",
			"warning") ","
				   "{\"id\":\"vmstat.all\",\"when\":\"vmstat.r > 1\",\"cause\":"
				   "\"softirq-pressure\",\"subject\":\"softirq\",\"severity\":\"info\",\"say\":"
				   "\"x\"}]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	evidence_set_cell_text(evidence, evidence_add_row(evidence, TABLE_vmstat_softirqs),
			       COLUMN_vmstat_softirqs_name, "NET_RX");
	evidence_set_cell_text(evidence, evidence_add_row(evidence, TABLE_vmstat_softirqs),
			       COLUMN_vmstat_softirqs_name, "TIMER");
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->chain.nodes.len, 2);
	ck_assert_uint_eq(judgement->chain.nodes.data[0].findings.len, 2);
	ck_assert_uint_eq(judgement->chain.nodes.data[1].findings.len, 1);
}
END_TEST

/* Of equals the later stage measured more closely, though an earlier one ranks higher. */
START_TEST(the_later_stage_is_of_record)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[{\"id\":\"vmstat.a\",\"when\":\"vmstat.r > 1\",\"cause\":\"cpu-hog\","
		"\"severity\":\"warning\",\"say\":\"early\",\"share\":\"vmstat.busy_pct\"},"
		"{\"id\":\"top.b\",\"when\":\"vmstat.r > 1\",\"cause\":\"cpu-hog\","
		"\"severity\":\"warning\",\"say\":\"late\"}]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;

	evidence_set(evidence, METRIC_vmstat_r, 2);
	evidence_set(evidence, METRIC_vmstat_busy_pct, 90);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->chain.nodes.len, 1);
	ck_assert_uint_eq(judgement->chain.nodes.data[0].findings.len, 2);
	ck_assert_int_eq(judgement->verdict.primary, 1);
	ck_assert_str_eq(judgement->verdict.headline, "late");
}
END_TEST

/* Of a link between the same two nodes the strongest row stands. */
START_TEST(rows_of_one_link_are_one_arrow)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"[" HOST_SYMPTOM ","
		"{\"id\":\"vmstat.forks\",\"when\":\"vmstat.busy_pct > 0 %\",\"cause\":"
		"\"fork-storm\",\"severity\":\"warning\",\"say\":\"forks\"}," LINK(
			"a", "fork-storm", "cpu-saturation", TO_HOST, "cpu_share_pct") "]");
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	static const double strengths[] = { 20, 60, 40, 170, 60 };

	evidence_set(evidence, METRIC_vmstat_busy_pct, 90);
	for (size_t i = 0; i < ARRAY_SIZE(strengths); i++)
		evidence_set_cell(evidence, add_group(evidence, i == 1 ? "two" : "x"),
				  COLUMN_top_groups_cpu_share_pct, strengths[i]);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->chain.arrows.len, 1);
	ck_assert_int_eq(judgement->chain.arrows.data[0].row, 3);
	/* nobody explains more than all of it */
	ck_assert_double_eq(judgement->chain.arrows.data[0].strength_pct, 100);
}
END_TEST

START_TEST(a_storm_in_two_programs_is_two_storms)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(world);
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	int gateway = add_quiet_group(evidence, "worker");
	int proxy = add_quiet_group(evidence, "worker");

	evidence_set(evidence, METRIC_vmstat_busy_pct, 100);
	evidence_set_cell_text(evidence, gateway, COLUMN_top_groups_program, "gateway");
	evidence_set_cell_text(evidence, proxy, COLUMN_top_groups_program, "proxy");
	evidence_set_cell(evidence, gateway, COLUMN_top_groups_runnable_share_pct, 70);
	evidence_set_cell(evidence, proxy, COLUMN_top_groups_runnable_share_pct, 30);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->chain.nodes.len, 3);
	ck_assert_uint_eq(judgement->chain.arrows.len, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct chain_arrow *arrow = &judgement->chain.arrows.data[i];
		const struct chain_node *from = &judgement->chain.nodes.data[arrow->from];

		ck_assert_double_eq(from->share_pct, arrow->strength_pct);
		ck_assert_double_eq_tol(from->explained_pct, arrow->strength_pct, 1e-9);
	}
}
END_TEST

/* Two that claim more than all of the queue share it. */
START_TEST(claims_are_scaled)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(world);
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	int storm = add_quiet_group(evidence, "tokio"), hog = add_quiet_group(evidence, "hog");

	evidence_set(evidence, METRIC_vmstat_busy_pct, 100);
	evidence_set_cell(evidence, storm, COLUMN_top_groups_runnable_share_pct, 90);
	evidence_set_cell(evidence, hog, COLUMN_top_groups_cpu_share_pct, 60);
	/* so that own shares do not hide what arrows give */
	rules->rules.data[0]->share = NULL;
	rules->rules.data[1]->share = NULL;
	judgement = judge(rules, evidence);
	ck_assert_double_eq_tol(node_of(judgement, "thread-storm")->explained_pct, 60, 1e-9);
	ck_assert_double_eq_tol(node_of(judgement, "cpu-hog")->explained_pct, 40, 1e-9);
	/* the report shows what was measured */
	ck_assert_double_eq(judgement->chain.arrows.data[0].strength_pct, 90);
	ck_assert_str_eq(primary_cause(judgement), "thread-storm");
	ck_assert_int_eq(judgement->chain.nodes.data[1].standing, STANDING_SECONDARY);
}
END_TEST

/* The lock does 60 % of the storm, the storm 40 % of the lock: the weaker is feedback, and the lock
 * takes the storm's place. Below half it does not. */
START_TEST(cycles_are_feedback)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(world);
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *lock = NULL, *storm = NULL;
	int row = add_quiet_group(evidence, "tokio");

	evidence_set(evidence, METRIC_vmstat_busy_pct, 100);
	evidence_set_cell(evidence, row, COLUMN_top_groups_runnable_share_pct, 90);
	evidence_set_cell(evidence, row, COLUMN_top_groups_system_of_cpu_pct, 95);
	evidence_set_cell(evidence, row, COLUMN_top_groups_user_pct, 60);
	evidence_set_cell(evidence, row, COLUMN_top_groups_involuntary_pct, 40);
	lock = judge(rules, evidence);
	ck_assert_uint_eq(lock->chain.arrows.len, 3);
	ck_assert(!lock->chain.arrows.data[0].feedback);
	ck_assert(!lock->chain.arrows.data[1].feedback);
	ck_assert_str_eq(lock->chain.arrows.data[2].link->id, "chain.starves");
	ck_assert(lock->chain.arrows.data[2].feedback);
	ck_assert_str_eq(primary_cause(lock), "lock-contention");
	ck_assert_str_eq(lock->verdict.headline, "lock tokio; drives thread-storm (60 %)");
	evidence_set_cell(evidence, row, COLUMN_top_groups_user_pct, 49);
	storm = judge(rules, evidence);
	ck_assert_str_eq(primary_cause(storm), "thread-storm");
	/* its own share counts for nothing beside what it does to the storm */
	ck_assert_double_eq_tol(node_of(storm, "lock-contention")->explained_pct, 49 * 0.9, 1e-9);
	ck_assert_int_eq(node_of(storm, "lock-contention")->standing, STANDING_SECONDARY);
	ck_assert_str_eq(storm->verdict.headline, "storm tokio; driven by lock-contention (49 %)");
}
END_TEST

/* ---- the table ---- */

#define ANY_LINK(id, rest)                                                                         \
	"{\"link\":\"chain." id "\",\"from\":\"thread-storm\",\"to\":\"cpu-saturation\",\"when\":" \
	"\"vmstat.r > 1\",\"strength\":\"vmstat.busy_pct\",\"say\":\"x\"" rest "}"

START_TEST(a_later_layer_replaces_and_switches_off)
{
	static const char over[] = "[" ANY_LINK("a", ",\"strength_of\":\"CPU time\"") "," ANY_LINK(
		"c", "") ",{\"link\":\"chain.b\",\"enabled\":false}]";
	_cleanup_(ruleset_freep) struct ruleset *rules =
		rules_of("[" ANY_LINK("a", "") "," ANY_LINK("b", "") "]");
	char before[65];

	memcpy(before, rules->sha256, sizeof(before));
	ck_assert_int_eq(ruleset_overlay_text(rules, "o", over, strlen(over), NULL), 0);
	ck_assert_uint_eq(rules->links.len, 3);
	ck_assert_str_eq(ruleset_find_link(rules, "chain.a")->strength_of, "CPU time");
	ck_assert_str_eq(ruleset_find_link(rules, "chain.a")->file, "o");
	ck_assert(!ruleset_find_link(rules, "chain.b")->enabled);
	ck_assert_str_eq(ruleset_find_link(rules, "chain.b")->file, "t.jsonc");
	ck_assert_ptr_nonnull(ruleset_find_link(rules, "chain.c"));
	ck_assert_ptr_null(ruleset_find_link(rules, "chain.d"));
	ck_assert_str_eq(ruleset_nearest(rules, "chian.c"), "chain.c");
	ck_assert_str_ne(before, rules->sha256);
}
END_TEST

START_TEST(a_link_that_is_off_draws_nothing)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(world);
	_cleanup_(evidence_freep) struct evidence *evidence = evidence_of_run();
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	static const char off[] = "{\"link\":\"chain.fills\",\"enabled\":false}";

	evidence_set(evidence, METRIC_vmstat_busy_pct, 90);
	evidence_set_cell(evidence, add_quiet_group(evidence, "tokio"),
			  COLUMN_top_groups_runnable_share_pct, 80);
	ck_assert_int_eq(ruleset_overlay_text(rules, "o", off, strlen(off), NULL), 0);
	judgement = judge(rules, evidence);
	ck_assert_uint_eq(judgement->chain.nodes.len, 2);
	ck_assert_uint_eq(judgement->chain.arrows.len, 0);
	ck_assert_int_eq(judgement->chain.nodes.data[1].standing, STANDING_ASIDE);
}
END_TEST

START_TEST(a_link_in_prose)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = rules_of(
		"{\"link\":\"chain.softirq\",\"from\":\"softirq-pressure\",\"to\":["
		"\"thread-storm\",\"cpu-hog\"],\"for\":\"sched.wakes\",\"match\":{\"from\":"
		"\"'softirq'\",\"to\":\"row.wakee\"},\"when\":[\"row.share_pct >= 20 %\"],"
		"\"strength\":\"row.share_pct\",\"strength_of\":\"its wakeups\",\"say\":"
		"\"softirqs wake {row.wakee}\",\"source\":\"the trace\"}");
	_cleanup_(str_free) struct str text = { 0 };

	link_describe(rules->links.data[0], &text);
	ck_assert_ptr_nonnull(strstr(str_text(&text),
				     "chain.softirq: softirq-pressure about \"softirq\" drives "));
	ck_assert_ptr_nonnull(strstr(str_text(&text), "thread-storm or cpu-hog"));
	ck_assert_ptr_nonnull(strstr(str_text(&text), "row.share_pct is at least 20"));
	ck_assert_ptr_nonnull(strstr(str_text(&text), ", a share of"));
	ck_assert_ptr_nonnull(strstr(str_text(&text), "softirqs wake {row.wakee}"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("chain");
	TCase *tests = tcase_create("chain");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_row_draws_an_arrow);
	tcase_add_test(tests, without_a_number_there_is_no_arrow);
	tcase_add_test(tests, a_stage_that_did_not_run_leaves_no_gap);
	tcase_add_test(tests, a_symptom_drives_nothing);
	tcase_add_test(tests, a_number_of_a_skipped_stage_leaves_no_gap);
	tcase_add_test(tests, an_arrow_leaves_no_gap);
	tcase_add_test(tests, the_whole_kind_is_one_node_with_its_parts);
	tcase_add_test(tests, the_later_stage_is_of_record);
	tcase_add_test(tests, rows_of_one_link_are_one_arrow);
	tcase_add_test(tests, a_storm_in_two_programs_is_two_storms);
	tcase_add_test(tests, claims_are_scaled);
	tcase_add_test(tests, cycles_are_feedback);
	tcase_add_test(tests, a_later_layer_replaces_and_switches_off);
	tcase_add_test(tests, a_link_that_is_off_draws_nothing);
	tcase_add_test(tests, a_link_in_prose);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
