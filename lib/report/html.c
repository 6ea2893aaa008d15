/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The story as one page that needs nothing else: no script, no network, style inside. It is well-formed XML, too. */
#include "report/report.h"

#include "base/cleanup.h"
#include "report/html_assets.h"
#include "report/story.h"
#include "report/xml.h"

#include <ctype.h>
#include <string.h>

#define ARROW "─▶ "

/* What is open between the lines, outermost first: section, list, item, table. */
enum list {
	LIST_NONE,
	LIST_LABELLED,
	LIST_NUMBERED,
	LIST_PLAIN,
	LIST_CHAIN,
};

struct page {
	struct str *out;
	bool section, table;
	enum list list; /* with an item open in it */
	int depth;	/* LIST_CHAIN: lists within lists */
};

static const char *const tone_names[TONE_TOTAL] = {
	[TONE_PLAIN] = "plain",
	[TONE_GOOD] = "good",
	[TONE_WARNING] = "warning",
	[TONE_CRITICAL] = "critical",
};

static void print_span(struct str *out, struct span text)
{
	xml_append_text(out, text.p, span_len(text));
}

static void print_string(struct str *out, const char *text)
{
	print_span(out, span_of(text));
}

/* ---- what opens and closes ---- */

static void close_table(struct page *page)
{
	if (page->table)
		str_append(page->out, "</table>\n");
	page->table = false;
}

static void close_list(struct page *page)
{
	static const char *const ends[] = {
		[LIST_NONE] = "",
		[LIST_LABELLED] = "</dd>\n</dl>\n",
		[LIST_NUMBERED] = "</li>\n</ol>\n",
		[LIST_PLAIN] = "</li>\n</ul>\n",
		[LIST_CHAIN] = "</li>\n</ul>\n",
	};

	close_table(page);
	for (; page->depth > 0; page->depth--)
		str_append(page->out, "</li>\n</ul>\n");
	str_append(page->out, ends[page->list]);
	page->list = LIST_NONE;
}

static void close_section(struct page *page)
{
	close_list(page);
	if (page->section)
		str_append(page->out, "</section>\n");
	page->section = false;
}

static void open_section(struct page *page)
{
	if (!page->section)
		str_append(page->out, "<section>\n");
	page->section = true;
}

static enum list list_of(const char *label)
{
	if (isdigit((unsigned char)*label))
		return LIST_NUMBERED;
	return strcmp(label, "-") == 0 ? LIST_PLAIN : LIST_LABELLED;
}

/* The item that a label begins; without one, what comes continues the last. */
static void open_item(struct page *page, const struct story_line *line)
{
	static const char *const starts[] = {
		[LIST_LABELLED] = "<dl>\n",
		[LIST_NUMBERED] = "<ol>\n",
		[LIST_PLAIN] = "<ul>\n",
	};
	enum list list = list_of(line->label);
	bool begins = list != page->list;

	if (begins)
		close_list(page);
	close_table(page);
	if (begins)
		str_append(page->out, starts[list]);
	else
		str_append(page->out, list == LIST_LABELLED ? "</dd>\n" : "</li>\n");
	page->list = list;
	if (list != LIST_LABELLED) {
		str_append(page->out, "<li>");
		return;
	}
	str_format(page->out, "<dt class=\"%s\">", tone_names[line->tone]);
	print_string(page->out, line->label);
	str_append(page->out, "</dt>\n<dd>");
}

/* ---- headings ---- */

/* The cells of a title as a sentence. */
static void print_title(struct page *page, const struct story_line *line)
{
	struct span cells = span_of(line->text);
	struct span cell;

	str_format(page->out, "<header class=\"%s\">\n<h1><b class=\"%s\">", tone_names[line->tone],
		   tone_names[line->tone]);
	print_string(page->out, line->label);
	str_append(page->out, "</b> ");
	if (span_line(&cells, &cell))
		print_span(page->out, cell);
	str_append(page->out, "</h1>\n");
	while (span_line(&cells, &cell)) {
		str_append(page->out, "<p>");
		print_span(page->out, cell);
		str_append(page->out, "</p>\n");
	}
	str_append(page->out, "</header>\n");
}

static void print_heading(struct page *page, const struct story_line *line)
{
	close_section(page);
	open_section(page);
	str_append(page->out, "<h2>");
	print_string(page->out, line->label);
	str_append(page->out, "</h2>\n");
	if (!*line->text)
		return;
	str_append(page->out, "<p class=\"about\">");
	print_string(page->out, line->text);
	str_append(page->out, "</p>\n");
}

/* ---- blocks of an item ---- */

static void print_block(struct page *page, const char *element, const char *text)
{
	close_table(page);
	str_format(page->out, "<%s>", element);
	print_string(page->out, text);
	str_format(page->out, "</%s>\n", element);
}

/* Rows that stand together share a table; a row of one cell is a sentence. */
static void print_row(struct page *page, const struct story_line *line)
{
	struct span cells = span_of(line->text);
	struct span cell;

	if (!strchr(line->text, '\n')) {
		print_block(page, "p", line->text);
		return;
	}
	if (!page->table)
		str_append(page->out, "<table>\n");
	page->table = true;
	str_append(page->out, "<tr>");
	while (span_line(&cells, &cell)) {
		str_append(page->out, "<td>");
		print_span(page->out, cell);
		str_append(page->out, "</td>");
	}
	str_append(page->out, "</tr>\n");
}

/* ---- the chain ---- */

/* To the place of a branch: lists within lists, as deep as it stands. */
static void open_branch(struct page *page, int depth)
{
	close_table(page);
	if (page->list != LIST_CHAIN) {
		close_list(page);
		str_append(page->out, "<ul class=\"chain\">\n<li>");
		page->list = LIST_CHAIN;
	} else if (depth <= page->depth) {
		for (; page->depth > depth; page->depth--)
			str_append(page->out, "</li>\n</ul>\n");
		str_append(page->out, "</li>\n<li>");
	}
	for (; page->depth < depth; page->depth++)
		str_append(page->out, "<ul>\n<li>");
}

/* A root has no arrow, whatever its text looks like. */
static void print_branch(struct page *page, const struct story_line *line)
{
	const char *arrow = line->depth > 0 ? strstr(line->text, ARROW) : NULL;
	const char *text = line->text;

	open_section(page);
	open_branch(page, line->depth);
	if (*line->label) {
		str_format(page->out, "<b class=\"%s\">", tone_names[line->tone]);
		print_string(page->out, line->label);
		str_append(page->out, "</b> ");
	}
	if (arrow) {
		text = arrow + strlen(ARROW);
		str_append(page->out, "<span class=\"arrow\">");
		print_span(page->out, span_make(line->text, (size_t)(text - line->text) - 1));
		str_append(page->out, "</span> ");
	}
	print_string(page->out, text);
	str_append_char(page->out, '\n');
}

/* ---- the page ---- */

static void print_item(struct page *page, const struct story_line *line)
{
	open_section(page);
	if (*line->label)
		open_item(page, line);
	if (line->kind == LINE_ROW)
		print_row(page, line);
	else
		print_block(page, line->kind == LINE_COMMAND ? "pre" : "p", line->text);
}

static void print_line(struct page *page, const struct story_line *line)
{
	if (line->kind == LINE_TITLE)
		print_title(page, line);
	else if (line->kind == LINE_HEADING)
		print_heading(page, line);
	else if (line->kind == LINE_BRANCH)
		print_branch(page, line);
	else
		print_item(page, line);
}

static void print_part(struct page *page, const struct story *story, enum story_part part)
{
	vec_each(line, &story->lines)
		if (line->part == part)
			print_line(page, line);
	close_section(page);
}

static void print_head(struct str *out, const struct story *story)
{
	const struct story_line *title = story->lines.data;
	struct span cells = span_of(story->lines.len ? title->text : "");
	struct span headline;

	str_append(out,
		   "<!DOCTYPE html>\n"
		   "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
		   "<meta http-equiv=\"Content-Security-Policy\""
		   " content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n"
		   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
		   "<title>triage: ");
	if (span_line(&cells, &headline)) {
		print_string(out, title->label);
		str_append_char(out, ' ');
		print_span(out, headline);
	}
	str_append(out, "</title>\n<style>\n");
	str_append(out, html_css);
	str_append(out, "</style>\n</head>\n<body>\n<main>\n");
}

int story_print_html(const struct story *story, struct str *out)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct page page = { .out = &text };
	int r;

	print_head(&text, story);
	for (int part = 0; part < STORY_PARTS; part++)
		print_part(&page, story, (enum story_part)part);
	str_append(&text, "</main>\n</body>\n</html>\n");
	r = str_error(&text);
	if (r < 0)
		return r;
	str_append_bytes(out, text.data, text.len);
	return str_error(out);
}

int report_html(const struct report *report, const struct report_style *style, struct str *out)
{
	_cleanup_(story_free) struct story story = { 0 };
	int r = story_build(report, style->verbosity, &story);

	return r < 0 ? r : story_print_html(&story, out);
}
