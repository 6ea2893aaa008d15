/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first screen of judgements with a chain, built by hand. */
#include "report/testing_chain.h"

#include "base/testing.h"

static void assert_text(const struct chained *c, const char *format, int columns,
			const char *expected)
{
	_cleanup_(str_free) struct str out = { 0 };

	render(&c->f, format, columns, &out);
	ck_assert_msg(strstr(str_text(&out), expected) != NULL, "missing:\n%sin:\n%s", expected,
		      str_text(&out));
}

START_TEST(the_chain_is_drawn_below_the_headline)
{
	struct chained c;

	set_up_chain(&c);
	assert_text(
		&c, "text", 0,
		"CRITICAL  thread-storm: storm   (confidence 0.90)\n"
		"\n"
		"Chain  each arrow: how much of what it points at comes from what stands above it\n"
		"  amplifier  softirq-pressure (F2): packets come\n"
		"  CAUSE      └─ 64 % of its wakeups ─▶ thread-storm (F1): program storm, 20 threads, PID 417, 418\n"
		"  effect        ├─ 93 % of waiting for a CPU ─▶ cpu-saturation (F4): 19 threads queue\n"
		"  secondary     └─ 61.4 % of its CPU time ─▶ lock-contention (F3): threads spin\n"
		"             and 1 more (-v shows them)\n"
		"  and back   cpu-saturation (F4) ─ 12 % of its wakeups ─▶ thread-storm (F1)\n"
		"  beside     swap-thrash (F5), io-saturation (F6): seen together, no measured arrow\n"
		"\n"
		"Do now\n"
		"  1. fewer threads\n"
		"  2. coalesce\n"
		"  3. split the lock\n"
		"  4. add memory\n"
		"  5. $ top -H\n"
		"  6. $ mpstat\n"
		"     and 2 more (-v shows them)\n"
		"\n"
		"This run\n");
	tear_down(&c.f);
}
END_TEST

START_TEST(what_stands_beside_follows_the_reasons)
{
	static const char *const pieces[] = {
		"\nWhy\n  means",
		"\n  who     program storm",
		"\n  share   97 % of the run-queue wait, explains 88 % through its arrows\n",
		"\n  arrows  chain.waits (chain.waits)\n          chain.wakes (chain.wakes)\n"
		"          chain.spins (chain.spins)\n  rule",
		"\nContributing\n",
		"\n  amplifier  packets come (F2, r_per_cpu 9.5 >= 2, explains 62 % through its arrows)\n"
		"             remedy: coalesce\n",
		"\n  secondary  threads spin (F3, warning)\n             remedy: split the lock\n",
		"\nSeen together  nothing measured connects these with the cause\n"
		"  warning  pages come and go (mechanism, vmstat.swap, F5)\n"
		"  warning  the disk is full of work (symptom, vmstat.disk, F6); 70 % of the disk's work"
		" come from\n           swap-thrash (F5)\n",
		"\nvmstat  is the wall",
		NULL,
	};
	_cleanup_(str_free) struct str out = { 0 };
	struct chained c;

	set_up_chain(&c);
	render(&c.f, "text", 0, &out);
	assert_order(str_text(&out), pieces);
	/* the arrow of those beside is not among the primary's */
	ck_assert_ptr_null(strstr(str_text(&out), "chain.pages"));
	tear_down(&c.f);
}
END_TEST

START_TEST(without_an_arrow_the_meaning_is_told)
{
	struct chained c;

	memset(&c, 0, sizeof(c));
	set_up_nodes(&c);
	assert_text(
		&c, "text", 0,
		"WARNING  thread-storm: storm   (confidence 0.90)\n"
		"  means   more runnable threads than CPUs: they take turns, each costs a switch\n"
		"  who     program storm, 20 threads, PID 417, 418\n"
		"  beside  softirq-pressure (F2), lock-contention (F3), cpu-saturation (F4), "
		"swap-thrash (F5) and 1\n"
		"          more: seen together, no measured arrow\n"
		"\n"
		"Do now\n");
	tear_down(&c.f);
}
END_TEST

START_TEST(a_cause_that_is_only_seen_is_not_called_one)
{
	struct chained c;

	set_up_chain(&c);
	c.nodes[0].role = ROLE_SYMPTOM;
	assert_text(&c, "text", 0, "\n  SYMPTOM    └─ 64 %");
	tear_down(&c.f);
}
END_TEST

START_TEST(two_arrows_between_the_same_two_are_drawn_as_one)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct chained c;

	set_up_chain(&c);
	put_arrow(&c, &spins, SOFTIRQ, 0, 11);
	render(&c.f, "text", 0, &out);
	ck_assert_ptr_null(strstr(str_text(&out), "└─ 11 %"));
	ck_assert_ptr_null(strstr(str_text(&out), "├─ 64 %"));
	/* its sentence is still told */
	ck_assert_ptr_nonnull(strstr(str_text(&out), "\n          chain.spins (chain.spins)\n"));
	tear_down(&c.f);
}
END_TEST

START_TEST(a_strength_that_is_not_known_is_not_invented)
{
	struct chained c;

	set_up_chain(&c);
	c.arrows[2].strength_pct = NAN;
	assert_text(&c, "text", 0, "\n  CAUSE      └─ ─▶ thread-storm (F1): ");
	tear_down(&c.f);
}
END_TEST

START_TEST(wrapped_branches_keep_their_bars)
{
	struct chained c;

	set_up_chain(&c);
	assert_text(&c, "text", 60,
		    "  effect        ├─ 93 % of waiting for a CPU ─▶\n"
		    "                │    cpu-saturation (F4): 19 threads queue\n"
		    "  secondary     └─ 61.4 % of its CPU time ─▶ lock-contention\n"
		    "                     (F3): threads spin\n");
	tear_down(&c.f);
}
END_TEST

START_TEST(markdown_draws_a_nested_list)
{
	struct chained c;

	set_up_chain(&c);
	c.findings[QUEUE].say = "- *19* threads";
	assert_text(
		&c, "md", 0,
		"- **amplifier** softirq-pressure (F2): packets come\n"
		"   - **CAUSE** 64 % of its wakeups ─▶ thread-storm (F1): program storm, 20 threads, "
		"PID 417, 418\n"
		"      - **effect** 93 % of waiting for a CPU ─▶ cpu-saturation (F4): - \\*19\\* "
		"threads\n"
		"      - **secondary** 61.4 % of its CPU time ─▶ lock-contention (F3): threads spin\n"
		"   - and 1 more (-v shows them)\n"
		"- **and back** cpu-saturation (F4) ─ 12 % of its wakeups ─▶ thread-storm (F1)\n");
	tear_down(&c.f);
}
END_TEST

START_TEST(no_drawing_is_wider_than_asked)
{
	static const int columns[] = { 40, 57, 80, 100 };
	static const char formats[][5] = { "text", "md" };
	struct chained c;

	set_up_chain(&c);
	for (size_t i = 0; i < NODES; i++)
		c.findings[i].say = HOSTILE;
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		_cleanup_(str_free) struct str out = { 0 };

		render(&c.f, formats[0], columns[i], &out);
		ck_assert_int_eq(count_bad_lines(&out, columns[i]), 0);
	}
	tear_down(&c.f);
}
END_TEST

START_TEST(hostile_names_stay_in_their_branch)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct chained c;

	set_up_chain(&c);
	c.findings[QUEUE].say = HOSTILE;
	render(&c.f, "md", 0, &out);
	ck_assert_ptr_null(strstr(str_text(&out), "\nFAKE"));
	ck_assert_ptr_null(strstr(str_text(&out), "<script"));
	tear_down(&c.f);
}
END_TEST

/* ---- what is drawn ---- */

START_TEST(all_is_drawn_when_asked_for)
{
	static const char expected[] =
		"  amplifier  softirq-pressure (F2): packets come\n"
		"  CAUSE      └─ 64 % of its wakeups ─▶ thread-storm (F1): program storm, 20 threads, PID "
		"417, 418\n"
		"  effect        ├─ 93 % of waiting for a CPU ─▶ cpu-saturation (F4): 19 threads queue\n"
		"  secondary     └─ 61.4 % of its CPU time ─▶ lock-contention (F3): threads spin\n"
		"                   └─ 30 % of waiting for a CPU ─▶ cpu-saturation (F4), above\n"
		"  and back";
	struct report_style verbose = { .verbosity = 1 };
	_cleanup_(str_free) struct str out = { 0 };
	struct chained c;

	set_up_chain(&c);
	ck_assert_int_eq(report_text(&c.f.report, &verbose, &out), 0);
	ck_assert_ptr_nonnull(strstr(str_text(&out), expected));
	ck_assert_ptr_null(strstr(str_text(&out), "more (-v"));
	tear_down(&c.f);
}
END_TEST

START_TEST(the_first_screen_leaves_out_what_is_no_warning)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct chained c;

	set_up_chain(&c);
	c.nodes[QUEUE].severity = SEVERITY_INFO;
	render(&c.f, "text", 0, &out);
	ck_assert_ptr_null(strstr(str_text(&out), "cpu-saturation (F4): "));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "  secondary     └─ 61.4 %"));
	tear_down(&c.f);
}
END_TEST

START_TEST(a_cause_is_drawn_once_on_the_first_screen)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct chained c;

	set_up_chain(&c);
	c.nodes[LOCK].cause = "cpu-saturation";
	render(&c.f, "text", 0, &out);
	ck_assert_ptr_nonnull(strstr(str_text(&out), "  effect        └─ 93 %"));
	ck_assert_ptr_null(strstr(str_text(&out), "─ 61.4 %"));
	tear_down(&c.f);
}
END_TEST

START_TEST(what_is_no_warning_stays_when_it_leads_to_one)
{
	struct chained c;

	set_up_chain(&c);
	c.nodes[SOFTIRQ].severity = SEVERITY_INFO;
	put_arrow(&c, &pages, QUEUE, SWAP, 9);
	c.nodes[QUEUE].severity = SEVERITY_INFO;
	assert_text(&c, "text", 0,
		    "  amplifier  softirq-pressure (F2): packets come\n"
		    "  CAUSE      └─ 64 % of its wakeups ─▶ thread-storm (F1): ");
	assert_text(
		&c, "text", 0,
		"─▶ cpu-saturation (F4): 19 threads queue\n"
		"  secondary     │  └─ 9 % of the disk's work ─▶ swap-thrash (F5): pages come and go\n");
	tear_down(&c.f);
}
END_TEST

/* The lock's node is the first to drive the queue, and left out. */
START_TEST(above_is_said_of_what_stands_there)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct chained c;

	set_up_chain(&c);
	c.nodes[QUEUE].severity = SEVERITY_INFO;
	c.arrows[1].link = &waits;
	c.arrows[1].to = QUEUE;
	render(&c.f, "text", 0, &out);
	ck_assert_ptr_nonnull(strstr(str_text(&out),
				     "  secondary  swap-thrash (F5): pages come and go\n"
				     "  effect     └─ 70 % of waiting for a CPU ─▶ "
				     "cpu-saturation (F4): 19 threads queue\n"));
	tear_down(&c.f);
}
END_TEST

START_TEST(another_root_shows_an_arrow)
{
	struct chained c;

	set_up_chain(&c);
	put_arrow(&c, &pages, SWAP, QUEUE, 9);
	assert_text(
		&c, "text", 0,
		"  secondary  swap-thrash (F5): pages come and go\n"
		"  effect     └─ 70 % of the disk's work ─▶ io-saturation (F6): the disk is full of "
		"work\n"
		"             and 2 more (-v shows them)\n");
	c.arrows[1] = c.arrows[6];
	c.f.judgement.chain.arrows.len--;
	assert_text(&c, "text", 0,
		    "  secondary  swap-thrash (F5): pages come and go\n"
		    "             └─ 9 % of the disk's work ─▶ cpu-saturation (F4), above\n");
	tear_down(&c.f);
}
END_TEST

/* ---- what is not known ---- */

START_TEST(arrows_that_could_not_be_judged_are_unknown)
{
	static const char *missing[] = { "sched.wait_pct", "sched.irq_wakeups_pct" };
	struct chain_gap gaps[] = {
		{ &wakes, { .data = missing, .len = 2 }, "perf sched latency" },
		{ &waits, { .data = missing, .len = 1 }, "perf sched latency" },
		{ &spins, { .data = missing, .len = 1 }, NULL },
	};
	struct chained c;

	set_up_chain(&c);
	c.f.judgement.chain.gaps = (struct chain_gaps){ .data = gaps, .len = ARRAY_SIZE(gaps) };
	assert_text(
		&c, "text", 0,
		"\nUnknown  what could not be judged, and the command that makes it known\n"
		"  - sched.wait_pct, sched.irq_wakeups_pct not measured: chain.wakes, chain.waits\n"
		"    $ perf sched latency\n"
		"  - sched.wait_pct not measured: chain.spins\n");
	tear_down(&c.f);
}
END_TEST

START_TEST(many_unknowns_are_counted)
{
	static const char *missing[] = { "vmstat.a", "vmstat.b", "vmstat.c", "vmstat.d",
					 "vmstat.e", "vmstat.f", "vmstat.g", "vmstat.h" };
	static const char *const fixes[] = { "one", "two", "three", "four", "five", "six", "seven" };
	struct unknown unknowns[ARRAY_SIZE(fixes)];
	struct chained c;

	set_up_chain(&c);
	for (size_t i = 0; i < ARRAY_SIZE(fixes); i++)
		unknowns[i] = (struct unknown){ &queue_rule,
						{ .data = missing, .len = ARRAY_SIZE(missing) },
						fixes[i] };
	c.f.judgement.unknown = (struct unknowns){ .data = unknowns, .len = ARRAY_SIZE(unknowns) };
	assert_text(&c, "text", 120,
		    "  - vmstat.a, vmstat.b, vmstat.c, vmstat.d, vmstat.e, vmstat.f and 2 more "
		    "not measured: vmstat.run-queue\n"
		    "    $ five\n"
		    "    and 2 more (-v shows them)\n");
	tear_down(&c.f);
}
END_TEST

/* ---- who holds the load ---- */

START_TEST(a_stage_that_knows_more_of_the_subject_tells_it)
{
	size_t members[] = { 0, LOCK };
	struct chained c;

	set_up_chain(&c);
	c.findings[0].subject.pids = NULL;
	c.findings[LOCK].subject.pids = "31190";
	c.findings[LOCK].subject.processes = 3;
	c.nodes[0].findings = (struct indexes){ .data = members, .len = 2 };
	assert_text(&c, "text", 120, "program storm, 20 threads, 3 processes, PID 31190\n");
	tear_down(&c.f);
}
END_TEST

static void set_up_spread(struct chained *c, double threads, double busiest_pct)
{
	struct evidence *evidence;

	memset(c, 0, sizeof(*c));
	set_up_nodes(c);
	evidence = c->f.evidence;
	c->findings[0].subject.program = "gateway";
	c->findings[0].subject.thread = "worker";
	evidence_add_row(evidence, TABLE_top_groups);
	evidence_set_cell_text(evidence, 1, COLUMN_top_groups_program, "gateway");
	evidence_set_cell_text(evidence, 1, COLUMN_top_groups_thread, "worker");
	evidence_set_cell(evidence, 1, COLUMN_top_groups_threads, threads);
	evidence_set_cell(evidence, 1, COLUMN_top_groups_processes, 3);
	evidence_set_cell(evidence, 1, COLUMN_top_groups_cpu_pct, 400);
	evidence_set_cell(evidence, 1, COLUMN_top_groups_busiest_thread_pct, busiest_pct);
}

START_TEST(a_load_that_no_thread_holds_is_told)
{
	struct chained c;

	set_up_spread(&c, 791, 0.9);
	assert_text(
		&c, "text", 200,
		"          no single thread holds the load: 791 threads of worker do together, with "
		"400 % CPU; the busiest has 0.90 %\n");
	evidence_set_cell(c.f.evidence, 1, COLUMN_top_groups_switches_per_s, 555000);
	evidence_set_cell(c.f.evidence, 1, COLUMN_top_groups_leader_switches_per_s, 40);
	assert_text(&c, "text", 200,
		    "0.90 %. A list of processes shows 40/s of their 555k/s switches\n");
	evidence_set_cell(c.f.evidence, 1, COLUMN_top_groups_processes, 791);
	assert_text(&c, "text", 200, "no single process holds the load: 791 processes of worker");
	tear_down(&c.f);
}
END_TEST

START_TEST(a_load_that_a_thread_holds_is_not)
{
	static const double cases[][2] = { { 7, 0.9 }, { 20, 81 }, { 20, NAN }, { NAN, 0.9 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(str_free) struct str out = { 0 };
		struct chained c;

		set_up_spread(&c, cases[i][0], cases[i][1]);
		render(&c.f, "text", 0, &out);
		ck_assert_ptr_null(strstr(str_text(&out), "no single"));
		tear_down(&c.f);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report chain");
	TCase *tcase = tcase_create("report chain");

	tcase_add_test(tcase, the_chain_is_drawn_below_the_headline);
	tcase_add_test(tcase, what_stands_beside_follows_the_reasons);
	tcase_add_test(tcase, without_an_arrow_the_meaning_is_told);
	tcase_add_test(tcase, a_cause_that_is_only_seen_is_not_called_one);
	tcase_add_test(tcase, two_arrows_between_the_same_two_are_drawn_as_one);
	tcase_add_test(tcase, a_strength_that_is_not_known_is_not_invented);
	tcase_add_test(tcase, wrapped_branches_keep_their_bars);
	tcase_add_test(tcase, markdown_draws_a_nested_list);
	tcase_add_test(tcase, no_drawing_is_wider_than_asked);
	tcase_add_test(tcase, hostile_names_stay_in_their_branch);
	tcase_add_test(tcase, all_is_drawn_when_asked_for);
	tcase_add_test(tcase, the_first_screen_leaves_out_what_is_no_warning);
	tcase_add_test(tcase, a_cause_is_drawn_once_on_the_first_screen);
	tcase_add_test(tcase, what_is_no_warning_stays_when_it_leads_to_one);
	tcase_add_test(tcase, above_is_said_of_what_stands_there);
	tcase_add_test(tcase, another_root_shows_an_arrow);
	tcase_add_test(tcase, arrows_that_could_not_be_judged_are_unknown);
	tcase_add_test(tcase, many_unknowns_are_counted);
	tcase_add_test(tcase, a_stage_that_knows_more_of_the_subject_tells_it);
	tcase_add_test(tcase, a_load_that_no_thread_holds_is_told);
	tcase_add_test(tcase, a_load_that_a_thread_holds_is_not);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
