/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/testing.h"

#include "base/testing.h"
#include "report/story.h"

#include <ctype.h>

/* Elements that hold nothing. */
static bool is_void(struct span tag)
{
	return span_len(tag) && tag.end[-1] == '/';
}

static struct span name_of(struct span tag)
{
	size_t len = 0;

	while (len < span_len(tag) && isalnum((unsigned char)tag.p[len]))
		len++;
	return span_make(tag.p, len);
}

static bool same(struct span a, struct span b)
{
	return span_len(a) == span_len(b) && memcmp(a.p, b.p, span_len(a)) == 0;
}

/* Every '<' begins a tag of ours, every tag is closed by its own, every '&' is an entity. */
static void assert_well_formed(const char *text)
{
	static const char *const entities[] = { "&amp;", "&lt;", "&gt;", "&quot;", "&#39;" };
	struct span open[64];
	size_t depth = 0;

	ck_assert_int_eq(strncmp(text, "<!DOCTYPE html>\n", 16), 0);
	for (const char *p = text + 16; *p; p++) {
		struct span tag;
		bool known = false;

		for (size_t i = 0; *p == '&' && i < ARRAY_SIZE(entities); i++)
			known = known || strncmp(p, entities[i], strlen(entities[i])) == 0;
		ck_assert_msg(*p != '&' || known, "no entity: %.40s", p);
		ck_assert_msg(*p != '>', "a '>' alone: %.40s", p);
		if (*p != '<')
			continue;
		tag = span_make(p + 1, strcspn(p + 1, "<>"));
		ck_assert_msg(*tag.end == '>', "no end: %.40s", p);
		p = tag.end;
		if (*tag.p == '/') {
			ck_assert_msg(depth > 0 && same(open[depth - 1],
							span_make(tag.p + 1, span_len(tag) - 1)),
				      "closes what is not open: %.40s", tag.p);
			depth--;
		} else if (!is_void(tag)) {
			ck_assert_uint_lt(depth, ARRAY_SIZE(open));
			open[depth++] = name_of(tag);
		}
	}
	ck_assert_uint_eq(depth, 0);
}

START_TEST(a_page_has_the_verdict_what_it_is_not_and_what_to_do)
{
	static const char *const pieces[] = {
		"<title>triage: CRITICAL thread-storm: storm</title>",
		"<h1><b class=\"critical\">CRITICAL</b> thread-storm: storm</h1>\n"
		"<p>(confidence 0.90)</p>",
		"<dt class=\"plain\">means</dt>\n<dd><p>",
		"<h2>Ruled out</h2>",
		"<h2>Do now</h2>\n<ol>\n<li><p>size the pool",
		"<li><pre>",
		"<h2>This run</h2>",
		"<h2>Why</h2>",
		"<h2>vmstat</h2>\n<p class=\"about\">is the wall",
		"<tr><td>r 19</td><td>b ?</td></tr>\n</table>",
		"<h2>Unknown</h2>",
		"<h2>Cost</h2>\n<p class=\"about\">2.4 s",
		"</html>\n",
		NULL
	};
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, "storm");
	render(&f, "html", 0, &out);
	assert_well_formed(str_text(&out));
	assert_order(str_text(&out), pieces);
	tear_down(&f);
}
END_TEST

START_TEST(names_are_no_markup)
{
	static const char *const forbidden[] = { "<script", "<a",	    "<img",
						 "\033",    "\xe2\x80\xae", "\xff" };
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, HOSTILE);
	f.commands[0] = "kill $(pgrep '</pre><script>alert(1)</script>')";
	render(&f, "html", 1, &out);
	assert_well_formed(str_text(&out));
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
		ck_assert_msg(!strstr(str_text(&out), forbidden[i]), "`%s` in\n%s", forbidden[i],
			      str_text(&out));
	ck_assert_ptr_nonnull(
		strstr(str_text(&out), "&lt;script&gt;alert(1)&lt;/script&gt;`id`$(id)"));
	ck_assert_ptr_nonnull(
		strstr(str_text(&out), "<pre>kill $(pgrep &#39;&lt;/pre&gt;&lt;script&gt;"));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "\\x1b"));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "&amp;amp;"));
	tear_down(&f);
}
END_TEST

START_TEST(a_page_needs_nothing_else)
{
	static const char *const forbidden[] = { " src=",
						 " href=",
						 "url(",
						 "@import",
						 "<link",
						 "<script",
						 " on"
						 "load" };
	_cleanup_(str_free) struct str out = { 0 };
	struct fixture f;

	set_up(&f, "storm");
	render(&f, "html", 1, &out);
	for (size_t i = 0; i < ARRAY_SIZE(forbidden); i++)
		ck_assert_msg(!strstr(str_text(&out), forbidden[i]), "`%s`", forbidden[i]);
	ck_assert_ptr_nonnull(strstr(str_text(&out), "default-src 'none'"));
	ck_assert_ptr_nonnull(strstr(str_text(&out), "prefers-color-scheme: dark"));
	tear_down(&f);
}
END_TEST

static void add_branch(struct story *story, const char *label, int depth, const char *text)
{
	const struct tree_line at = { .depth = depth };

	story_add_branch(story, TONE_PLAIN, label, &at, text);
}

START_TEST(the_chain_is_lists_within_lists)
{
	static const char chain[] =
		"<ul class=\"chain\">\n"
		"<li><b class=\"plain\">CAUSE</b> a ─▶ b\n"
		"<ul>\n<li><span class=\"arrow\">5 % of its CPU ─▶</span> c ─▶ d\n"
		"<ul>\n<li><span class=\"arrow\">6 % ─▶</span> e\n</li>\n</ul>\n</li>\n"
		"<li><span class=\"arrow\">─▶</span> f\n</li>\n</ul>\n</li>\n"
		"<li>g\n</li>\n</ul>\n";
	_cleanup_(story_free) struct story story = { 0 };
	_cleanup_(str_free) struct str out = { 0 };

	story_add(&story, LINE_HEADING, "Chain", "%s", "");
	add_branch(&story, "CAUSE", 0, "a ─▶ b");
	add_branch(&story, NULL, 1, "5 % of its CPU ─▶ c ─▶ d");
	add_branch(&story, NULL, 2, "6 % ─▶ e");
	add_branch(&story, NULL, 1, "─▶ f");
	add_branch(&story, NULL, 0, "g");
	story_add(&story, LINE_TEXT, "beside", "h");
	ck_assert_int_eq(story_print_html(&story, &out), 0);
	assert_well_formed(str_text(&out));
	ck_assert_msg(strstr(str_text(&out), chain), "%s", str_text(&out));
	ck_assert_ptr_nonnull(
		strstr(str_text(&out),
		       "<dl>\n<dt class=\"plain\">beside</dt>\n<dd><p>h</p>\n</dd>\n</dl>\n"));
}
END_TEST

START_TEST(whatever_stands_together_closes_what_it_opened)
{
	static const enum line_kind kinds[] = { LINE_HEADING, LINE_TEXT, LINE_ROW, LINE_COMMAND,
						LINE_BRANCH };
	static const char *const labels[] = { "", "-", "1.", "means" };
	_cleanup_(story_free) struct story story = { 0 };
	_cleanup_(str_free) struct str out = { 0 };
	unsigned state = 1;

	for (int i = 0; i < 4000; i++) {
		const char *label;

		state = state * 1103515245 + 12345;
		label = labels[state >> 16 & 3];
		story.part = (enum story_part)(state >> 18 & 3);
		if (state >> 20 & 1)
			add_branch(&story, label, (int)(state >> 21 & 7), "5 % ─▶ x");
		else
			story_add(&story, kinds[(state >> 21) % ARRAY_SIZE(kinds)], label, "%s",
				  "a\nb");
	}
	ck_assert_int_eq(story_print_html(&story, &out), 0);
	assert_well_formed(str_text(&out));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("report_html");
	TCase *tcase = tcase_create("report_html");

	tcase_add_test(tcase, a_page_has_the_verdict_what_it_is_not_and_what_to_do);
	tcase_add_test(tcase, names_are_no_markup);
	tcase_add_test(tcase, a_page_needs_nothing_else);
	tcase_add_test(tcase, the_chain_is_lists_within_lists);
	tcase_add_test(tcase, whatever_stands_together_closes_what_it_opened);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
