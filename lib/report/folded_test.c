/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/folded.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "base/text.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#define HEADER "# triage-stacks/1 view=on-cpu unit=us\n"

static struct folded *parsed(const char *text)
{
	/* exactly as large, so that a read past the end is seen */
	size_t len = strlen(text);
	_cleanup_(cleanup_free) char *exact = malloc(len ? len : 1);
	struct folded *folded = NULL;
	struct err err = { "" };

	memcpy(exact, text, len);
	ck_assert_msg(folded_parse(exact, len, &folded, &err) == 0, "%s", err.msg);
	return folded;
}

static const struct folded_node *find(const struct folded *folded, const char *name)
{
	for (uint32_t i = FOLDED_ROOT; i != FOLDED_NONE; i = folded_next(folded, i, true))
		if (span_is(folded_node(folded, i)->name, name))
			return folded_node(folded, i);
	ck_abort_msg("no node %s", name);
	return NULL;
}

static void ck_written(const char *text, const char *wanted)
{
	_cleanup_(folded_freep) struct folded *folded = parsed(text);
	_cleanup_(str_free) struct str out = { 0 };

	ck_assert_int_eq(folded_write(folded, &out), 0);
	ck_assert_str_eq(str_text(&out), wanted);
}

START_TEST(a_tree_grows_from_lines)
{
	_cleanup_(folded_freep) struct folded *folded =
		parsed(HEADER "nginx;nginx;main;loop;[k] do_syscall_64 70\n"
			      "nginx;nginx;main;loop 20\n"
			      "redis server;io_thd_1;main 110\n"
			      "nginx;nginx;main;[k] do_syscall_64 9");

	ck_assert_str_eq(folded->view, "on-cpu");
	ck_assert_int_eq(folded->unit, FOLDED_US);
	ck_assert_uint_eq(folded->nodes.len, 10);
	ck_assert_uint_eq(find(folded, "all")->total, 209);
	ck_assert_uint_eq(find(folded, "all")->self, 0);
	ck_assert_uint_eq(find(folded, "nginx")->total, 99);
	ck_assert_uint_eq(find(folded, "loop")->total, 90);
	ck_assert_uint_eq(find(folded, "loop")->self, 20);
	ck_assert(!find(folded, "loop")->kernel);
	ck_assert(find(folded, "do_syscall_64")->kernel);
	ck_assert_uint_eq(find(folded, "do_syscall_64")->depth, 5);
	ck_assert_uint_eq(find(folded, "io_thd_1")->depth, FOLDED_LEVEL_THREAD);
}
END_TEST

START_TEST(siblings_stand_by_weight_then_name)
{
	static const char *const order[] = { "all", "p", "c", "b", "d", "a" };
	_cleanup_(folded_freep) struct folded *folded = parsed("p;a 1\np;d 5\np;b 5\np;c 7\n");
	uint32_t at = FOLDED_ROOT;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		ck_assert(span_is(folded_node(folded, at)->name, order[i]));
		at = folded_next(folded, at, true);
	}
	ck_assert_uint_eq(at, FOLDED_NONE);
	at = folded_next(folded, FOLDED_ROOT, true);
	ck_assert_uint_eq(folded_next(folded, at, false), FOLDED_NONE);
}
END_TEST

/* A byte below ';' must not come between a stack and those that go on from it. */
START_TEST(prefixes_meet_whatever_stands_between)
{
	static const char text[] = HEADER
		"p;t;a;x 32\np;t;a\xc3\xa9 16\np;t;a 8\np;t;a!c 4\np;t;a;y 2\np;t;a b;x 1\n";
	_cleanup_(folded_freep) struct folded *folded = parsed(text);

	ck_written(text, text);
	ck_assert_uint_eq(folded->nodes.len, 10);
	ck_assert_uint_eq(find(folded, "a")->total, 42);
}
END_TEST

static const struct {
	const char *in, *out;
} round_trips[] = {
	{ "", HEADER },
	{ HEADER, HEADER },
	{ "p 1\n", HEADER "p 1\n" },
	{ "p;t;f 1\np;t;f 2\n", HEADER "p;t;f 3\n" },	 /* equal stacks merge */
	{ "p;t;f 0\np;t;g 1\n\n", HEADER "p;t;g 1\n" },	 /* without weight: not there */
	{ ";; 3\n", HEADER ";; 3\n" },			 /* names may be empty */
	{ "a b c;  ; 1 7\n", HEADER "a b c;  ; 1 7\n" }, /* and hold spaces and numbers */
	{ "# comment 5\n", HEADER "# comment 5\n" },	 /* a name may begin so */
	{ "p;[k] x 1\n", HEADER "p;[k] x 1\n" },	 /* a thread that calls itself that */
	{ "p;t;[k] x 1\np;t;x 1\n", HEADER "p;t;[k] x 1\np;t;x 1\n" },
	{ "p;t;a\x1b[31m\x01\xff 2\n", HEADER "p;t;a\\x1b[31m\\x01\\xff 2\n" },
	{ "p;a\xe2\x80\xae;b 2\n", HEADER "p;a\\xe2\\x80\\xae;b 2\n" },
	{ "# triage-stacks/1 unit=count later=x view=wakeup\np 1\n",
	  "# triage-stacks/1 view=wakeup unit=count\np 1\n" },
	{ "# triage-stacks/1\np 9007199254740992\n", HEADER "p 9007199254740992\n" },
};

START_TEST(written_as_read)
{
	ck_written(round_trips[_i].in, round_trips[_i].out);
	ck_written(round_trips[_i].out, round_trips[_i].out);
}
END_TEST

static const struct {
	const char *in;
	int code;
	const char *words;
} refused[] = {
	{ "p;t;f\n", -EBADMSG, "line 1: not a stack" },
	{ "p 1\n\np;t;f \n", -EBADMSG, "line 3: not a stack" },
	{ "p;t x\n", -EBADMSG, "line 1" },
	{ "p 1x\n", -EBADMSG, "line 1" },
	{ "p -1\n", -EBADMSG, "line 1" },
	{ "p 1.5\n", -EBADMSG, "line 1" },
	{ "p \t1\n", -EBADMSG, "line 1" },
	{ "p 18446744073709551617\n", -EBADMSG, "line 1" },
	{ " 5\n", -EBADMSG, "line 1" },
	{ "5\n", -EBADMSG, "line 1" },
	{ "p 1\r\n", -EBADMSG, "line 1" },
	{ "p 9007199254740992\nq 1\n", -E2BIG, "line 2: more weight" },
	{ "# triage-stacks/2 view=on-cpu unit=us\np 1\n", -EBADMSG, "another version" },
	{ "# triage-stacks/1 unit=ns\n", -EBADMSG, "no unit \"ns\"" },
	{ "# triage-stacks/1 view=../x\n", -EBADMSG, "a view that can't be" },
	{ "# triage-stacks/1 view=\n", -EBADMSG, "a view that can't be" },
	{ "p 1\n# triage-stacks/1 view=on-cpu\n", -EBADMSG, "line 2" },
};

START_TEST(malformed_is_refused)
{
	struct folded *folded = (struct folded *)&refused;
	struct err err = { "" };

	ck_assert_int_eq(folded_parse(refused[_i].in, strlen(refused[_i].in), &folded, &err),
			 refused[_i].code);
	ck_assert_msg(strstr(err.msg, refused[_i].words), "%s", err.msg);
	ck_assert_ptr_eq(folded, &refused);
}
END_TEST

START_TEST(deep_stacks_end_at_the_limit)
{
	_cleanup_(str_free) struct str stack = { 0 }, text = { 0 }, out = { 0 };
	_cleanup_(folded_freep) struct folded *folded = NULL, *again = NULL;

	str_append(&stack, "p;t");
	for (int depth = 3; depth < FOLDED_DEPTH_MAX; depth++)
		str_append(&stack, ";f");
	str_format(&text, "%s 5\n%s;g 7\n%s;g;h 1\n", stack.data, stack.data, stack.data);
	folded = parsed(text.data);
	ck_assert_uint_eq(folded->nodes.len, FOLDED_DEPTH_MAX + 1);
	ck_assert_uint_eq(folded->cut, 1);
	ck_assert_uint_eq(folded->nodes.data[FOLDED_DEPTH_MAX].self, 8);
	ck_assert_int_eq(folded_write(folded, &out), 0);
	again = parsed(str_text(&out));
	ck_assert_uint_eq(again->cut, 0);
	ck_assert_uint_eq(again->nodes.len, folded->nodes.len);
}
END_TEST

START_TEST(too_much_is_refused)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct folded *folded = NULL;
	struct err err = { "" };

	ck_assert_int_eq(folded_parse("p 1\n", FOLDED_BYTES_MAX + 1, &folded, &err), -E2BIG);
	for (size_t i = 0; i <= FOLDED_LINES_MAX; i++)
		str_append(&text, "p 1\n");
	ck_assert_int_eq(folded_parse(text.data, text.len, &folded, &err), -E2BIG);
	ck_assert_msg(strstr(err.msg, "more than 1048576 stacks"), "%s", err.msg);
	str_clear(&text);
	for (size_t i = 0; i <= FOLDED_NODES_MAX / FOLDED_DEPTH_MAX; i++) {
		str_format(&text, "%zu", i);
		for (int depth = 0; depth < FOLDED_DEPTH_MAX; depth++)
			str_append(&text, ";f");
		str_append(&text, " 1\n");
	}
	ck_assert_int_eq(folded_parse(text.data, text.len, &folded, &err), -E2BIG);
	ck_assert_msg(strstr(err.msg, "more than 1048576 nodes"), "%s", err.msg);
}
END_TEST

START_TEST(paths_lead_from_the_program)
{
	_cleanup_(folded_freep) struct folded *folded = parsed("p;t;f;g 3\np;t;f 4\n");
	struct folded_indexes stacks = { 0 };
	uint32_t path[FOLDED_DEPTH_MAX];

	ck_assert_int_eq(folded_stacks(folded, &stacks), 0);
	ck_assert_uint_eq(stacks.len, 2);
	ck_assert_uint_eq(folded_path(folded, stacks.data[0], path), 3);
	ck_assert_uint_eq(folded_path(folded, stacks.data[1], path), 4);
	ck_assert(span_is(folded_node(folded, path[0])->name, "p"));
	ck_assert(span_is(folded_node(folded, path[3])->name, "g"));
	vec_free(&stacks);
}
END_TEST

START_TEST(hot_and_cold_stand_side_by_side)
{
	_cleanup_(folded_freep) struct folded *hot = parsed("p;t;main;f 30\nq 5\n(idle);t 2\n");
	_cleanup_(folded_freep) struct folded *cold =
		parsed("# triage-stacks/1 view=off-cpu unit=us\np;t;main;[k] futex_wait 70\n");
	_cleanup_(folded_freep) struct folded *both = NULL;
	_cleanup_(str_free) struct str out = { 0 };
	struct err err = { "" };

	ck_assert_int_eq(folded_join(hot, cold, &both, &err), 0);
	ck_assert_int_eq(folded_write(both, &out), 0);
	ck_assert_str_eq(str_text(&out), "# triage-stacks/1 view=hot-cold unit=us\n"
					 "p;t;(off CPU);main;[k] futex_wait 70\n"
					 "p;t;(on CPU);main;f 30\n"
					 "q;(on CPU) 5\n"
					 "(idle);t;(on CPU) 2\n");
}
END_TEST

START_TEST(events_do_not_stand_beside_time)
{
	_cleanup_(folded_freep) struct folded *hot = parsed("p;t;main 30\n");
	_cleanup_(folded_freep) struct folded *cold =
		parsed("# triage-stacks/1 view=off-cpu unit=count\np;t;main 70\n");
	struct folded *both = NULL;
	struct err err = { "" };

	ck_assert_int_eq(folded_join(hot, cold, &both, &err), -EINVAL);
	ck_assert_ptr_null(both);
}
END_TEST

/* A frame marked f anywhere, or a leaf that is marked l. */
static bool is_wanted(const void *context, const struct folded_node *node, bool leaf)
{
	ck_assert_ptr_eq(context, is_wanted);
	return span_is(node->name, "f") || (leaf && span_is(node->name, "l"));
}

START_TEST(stacks_are_selected_by_a_frame)
{
	_cleanup_(folded_freep) struct folded *all = parsed(
		"p;t;main;f;g 40\np;t;main 30\np;t;main;f 20\np;t;main;l 10\np;t;l;g 9\nf 8\n");
	_cleanup_(folded_freep) struct folded *some = NULL, *none = NULL, *empty = parsed("");
	_cleanup_(str_free) struct str out = { 0 };
	struct err err = { "" };

	ck_assert_int_eq(folded_select(all, "page-faults", is_wanted, is_wanted, &some, &err), 0);
	ck_assert_int_eq(folded_write(some, &out), 0);
	ck_assert_str_eq(str_text(&out), "# triage-stacks/1 view=page-faults unit=us\n"
					 "p;t;main;f;g 40\np;t;main;f 20\np;t;main;l 10\nf 8\n");
	ck_assert_int_eq(folded_select(empty, "page-faults", is_wanted, is_wanted, &none, &err), 0);
	ck_assert_uint_eq(folded_node(none, FOLDED_ROOT)->total, 0);
}
END_TEST

START_TEST(what_was_cut_is_told_of_a_selection)
{
	_cleanup_(str_free) struct str text = { 0 };
	_cleanup_(folded_freep) struct folded *all = NULL, *some = NULL;
	struct err err = { "" };

	for (const char *leaf = "fg"; *leaf; leaf++) {
		str_format(&text, "p;t;%c", *leaf);
		for (int depth = 0; depth < FOLDED_DEPTH_MAX; depth++)
			str_append(&text, ";x");
		str_append(&text, " 7\n");
	}
	all = parsed(text.data);
	ck_assert_uint_eq(all->cut, 14);
	ck_assert_int_eq(folded_select(all, "page-faults", is_wanted, is_wanted, &some, &err), 0);
	ck_assert_uint_eq(some->cut, 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("folded");
	TCase *tests = tcase_create("folded");

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, a_tree_grows_from_lines);
	tcase_add_test(tests, siblings_stand_by_weight_then_name);
	tcase_add_test(tests, prefixes_meet_whatever_stands_between);
	tcase_add_loop_test(tests, written_as_read, 0, ARRAY_SIZE(round_trips));
	tcase_add_loop_test(tests, malformed_is_refused, 0, ARRAY_SIZE(refused));
	tcase_add_test(tests, deep_stacks_end_at_the_limit);
	tcase_add_test(tests, too_much_is_refused);
	tcase_add_test(tests, paths_lead_from_the_program);
	tcase_add_test(tests, hot_and_cold_stand_side_by_side);
	tcase_add_test(tests, events_do_not_stand_beside_time);
	tcase_add_test(tests, stacks_are_selected_by_a_frame);
	tcase_add_test(tests, what_was_cut_is_told_of_a_selection);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
