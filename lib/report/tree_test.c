/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/tree.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "base/testing.h"

#include <check.h>

enum { MOST = 80 };

struct fixture {
	struct chain_node nodes[MOST];
	struct chain_arrow arrows[MOST];
	struct chain chain;
};

static void set_up(struct fixture *f, size_t nodes)
{
	*f = (struct fixture){ 0 };
	f->chain.nodes = (struct chain_nodes){ .data = f->nodes, .len = nodes };
	f->chain.arrows.data = f->arrows;
}

static struct chain_arrow *put(struct fixture *f, size_t from, size_t to)
{
	struct chain_arrow *arrow = &f->arrows[f->chain.arrows.len++];

	*arrow = (struct chain_arrow){ .from = from, .to = to };
	return arrow;
}

/* "2 >0 >>1/ >>3! ": depth as arrows, `/` more to come at that depth, `!` drawn before. */
static void assert_tree(struct fixture *f, size_t node, const char *expected)
{
	struct tree_lines lines = { 0 };
	struct str text = { 0 };

	ck_assert_int_eq(tree_of(&f->chain, node, &lines), 0);
	vec_each(line, &lines) {
		for (int i = 0; i < line->depth; i++)
			str_append_char(&text, '>');
		str_format(&text, "%zu%s%s ", line->node, line->open >> line->depth & 1 ? "/" : "",
			   line->repeated ? "!" : "");
		ck_assert_int_eq(line->arrow != NULL, line->depth > 0);
	}
	ck_assert_str_eq(str_text(&text), expected);
	vec_free(&lines);
	str_free(&text);
}

START_TEST(a_node_alone_is_a_tree)
{
	struct fixture f;

	set_up(&f, 3);
	put(&f, 1, 2);
	assert_tree(&f, 0, "0 ");
}
END_TEST

START_TEST(what_leads_to_the_node_comes_first)
{
	struct fixture f;

	set_up(&f, 6);
	put(&f, 3, 4); /* the strongest, but not on the way */
	put(&f, 5, 1);
	put(&f, 3, 0);
	put(&f, 2, 0);
	put(&f, 0, 1);
	assert_tree(&f, 0, "3 >0/ >>1 >4 2 >0! 5 >1! ");
}
END_TEST

START_TEST(a_diamond_is_drawn_once)
{
	struct fixture f;

	set_up(&f, 4);
	put(&f, 0, 1);
	put(&f, 0, 2);
	put(&f, 1, 3);
	put(&f, 2, 3);
	assert_tree(&f, 0, "0 >1/ >>3 >2 >>3! ");
}
END_TEST

START_TEST(feedback_and_second_arrows_draw_nothing)
{
	struct fixture f;

	set_up(&f, 2);
	put(&f, 0, 1);
	put(&f, 1, 0)->feedback = true;
	put(&f, 0, 1);
	assert_tree(&f, 0, "0 >1 ");
}
END_TEST

START_TEST(a_circle_ends)
{
	struct fixture f;

	set_up(&f, 3);
	put(&f, 0, 1);
	put(&f, 1, 2);
	put(&f, 2, 0);
	assert_tree(&f, 1, "1 >2 >>0 >>>1! ");
}
END_TEST

START_TEST(what_is_left_is_drawn_anew)
{
	const bool keep[] = { true, true, false, false, true, true };
	struct tree_lines lines = { 0 };
	struct fixture f;

	set_up(&f, 5);
	put(&f, 0, 1);
	put(&f, 1, 2);
	put(&f, 0, 3);
	put(&f, 3, 2);
	put(&f, 4, 0);
	ck_assert_int_eq(tree_of(&f.chain, 0, &lines), 0);
	/* 4 >0 >>1/ >>>2 >>3 >>>2! */
	ck_assert_uint_eq(lines.len, ARRAY_SIZE(keep));
	ck_assert(lines.data[5].repeated);
	tree_keep(&lines, keep);
	ck_assert_uint_eq(lines.len, 4);
	ck_assert_uint_eq(lines.data[3].node, 2);
	ck_assert(!lines.data[3].repeated);
	ck_assert_uint_eq(lines.data[2].open, 0);
	vec_free(&lines);
}
END_TEST

START_TEST(deep_chains_stop_going_right)
{
	struct tree_lines lines = { 0 };
	struct fixture f;

	set_up(&f, MOST);
	for (size_t i = 0; i + 1 < MOST; i++)
		put(&f, i, i + 1);
	ck_assert_int_eq(tree_of(&f.chain, 0, &lines), 0);
	ck_assert_uint_eq(lines.len, MOST);
	ck_assert_int_eq(lines.data[MOST - 1].depth, TREE_DEPTH_MAX);
	ck_assert_uint_eq(lines.data[MOST - 1].node, MOST - 1);
	ck_assert(tree_has(&lines, 40));
	ck_assert(!tree_has(&lines, MOST));
	vec_free(&lines);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tree");
	TCase *tcase = tcase_create("tree");

	tcase_add_test(tcase, a_node_alone_is_a_tree);
	tcase_add_test(tcase, what_leads_to_the_node_comes_first);
	tcase_add_test(tcase, a_diamond_is_drawn_once);
	tcase_add_test(tcase, feedback_and_second_arrows_draw_nothing);
	tcase_add_test(tcase, a_circle_ends);
	tcase_add_test(tcase, what_is_left_is_drawn_anew);
	tcase_add_test(tcase, deep_chains_stop_going_right);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
