/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/report.h"

#include "base/cleanup.h"
#include "report/story.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* A character that would start markup here, and what stands for it. NULL: it is itself. Trackers
 * turn @name and #12 into notices and links after the markup is gone; an invisible blank is what
 * keeps them from it. */
static const char *escape_of(const char *start, const char *p)
{
	switch (*p) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '@':
		return "@&#8203;";
	case '#':
		return "#&#8203;";
	case '\\':
		return "\\\\";
	case '`':
		return "\\`";
	case '*':
		return "\\*";
	case '[':
		return "\\[";
	case ']':
		return "\\]";
	case '|':
		return "\\|";
	case '~':
		return "\\~";
	case '$':
		return "\\$";
	case '_':
		/* within a word it means nothing, and metric names stay readable */
		return p > start && isalnum((unsigned char)p[-1]) && isalnum((unsigned char)p[1]) ?
			       NULL :
			       "\\_";
	case ':':
		return p[1] == '/' ? "\\:" : NULL;
	case '.':
		return p - start >= 3 && strncasecmp(p - 3, "www", 3) == 0 ? "\\." : NULL;
	default:
		return NULL;
	}
}

/* "- x", "1. x", "+ x", "= x": a text must not open a block of its own. */
static size_t block_marker(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	if (digits && (text[digits] == '.' || text[digits] == ')') && text[digits + 1] == ' ')
		return digits;
	return *text && strchr("-+=", *text) ? 0 : SIZE_MAX;
}

static void print_escaped(struct str *out, const char *text, bool opens_block)
{
	size_t marker;

	text += strspn(text, " ");
	marker = opens_block ? block_marker(text) : SIZE_MAX;
	for (const char *p = text; *p; p++) {
		const char *escape = escape_of(text, p);

		if ((size_t)(p - text) == marker)
			str_append_char(out, '\\');
		if (*p == '\n')
			str_append(out, " · ");
		else if (escape)
			str_append(out, escape);
		else
			str_append_char(out, *p);
	}
}

static size_t longest_backticks(const char *text)
{
	size_t longest = 0;

	for (const char *p = text; *p; p++) {
		size_t run = strspn(p, "`");

		longest = run > longest ? run : longest;
		p += run ? run - 1 : 0;
	}
	return longest;
}

/* A code span whose fence no run of backticks inside can close. */
static void print_code(struct str *out, const char *text)
{
	size_t fence = longest_backticks(text) + 1;
	const char *pad = fence > 1 ? " " : "";

	for (size_t i = 0; i < fence; i++)
		str_append_char(out, '`');
	str_format(out, "%s%s%s", pad, text, pad);
	for (size_t i = 0; i < fence; i++)
		str_append_char(out, '`');
}

/* A heading brings its own blank line in front. */
static void print_heading(struct str *out, const struct story_line *line, bool alone)
{
	str_append(out, line->kind == LINE_TITLE ? "## " : "\n### ");
	print_escaped(out, line->label, false);
	if (*line->text)
		str_append(out, ": ");
	print_escaped(out, line->text, false);
	str_append(out, alone ? "\n" : "\n\n");
}

static void print_label(struct str *out, const char *label)
{
	str_append(out, "**");
	print_escaped(out, label, false);
	str_append(out, "** ");
}

/* A heading with nothing under it is a paragraph. */
static void print_paragraph(struct str *out, const struct story_line *line)
{
	str_append_char(out, '\n');
	print_label(out, line->label);
	print_escaped(out, line->text, false);
	str_append_char(out, '\n');
}

/* A branch of the chain as an item of a nested list. */
static void print_branch(struct str *out, const struct story_line *line)
{
	for (int i = 0; i < line->depth; i++)
		str_append(out, "   ");
	str_append(out, "- ");
	if (*line->label)
		print_label(out, line->label);
	print_escaped(out, line->text, !*line->label);
	str_append_char(out, '\n');
}

static void print_item(struct str *out, const struct story_line *line)
{
	if (isdigit((unsigned char)*line->label)) {
		str_format(out, "%s ", line->label);
	} else if (strcmp(line->label, "-") == 0) {
		str_append(out, "- ");
	} else if (*line->label) {
		str_append(out, "- ");
		print_label(out, line->label);
	} else {
		str_append(out, "   - ");
	}
	if (line->kind == LINE_COMMAND)
		print_code(out, line->text);
	else
		print_escaped(out, line->text, true);
	str_append_char(out, '\n');
}

/* The first line of a section has nothing to continue. */
static void print_opening(struct str *out, const struct story_line *line)
{
	struct story_line opening = *line;
	char dash[] = "-";

	if (!*opening.label)
		opening.label = dash;
	print_item(out, &opening);
}

static bool is_heading(const struct story_line *line)
{
	return line->kind == LINE_TITLE || line->kind == LINE_HEADING;
}

static void print_story(struct str *out, const struct story_line *lines, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct story_line *line = &lines[i];
		bool alone = i + 1 == count || is_heading(line + 1);

		if (line->kind == LINE_BRANCH)
			print_branch(out, line);
		else if (line->kind == LINE_HEADING && alone)
			print_paragraph(out, line);
		else if (is_heading(line))
			print_heading(out, line, alone);
		else if (is_heading(line - 1))
			print_opening(out, line);
		else
			print_item(out, line);
	}
}

int story_print_markdown(const struct story *story, struct str *out)
{
	_cleanup_(str_free) struct str text = { 0 };
	int r;

	print_story(&text, story->lines.data, story->lines.len);
	r = str_error(&text);
	if (r < 0)
		return r;
	str_append_bytes(out, text.data, text.len);
	return str_error(out);
}

int report_markdown(const struct report *report, const struct report_style *style, struct str *out)
{
	_cleanup_(story_free) struct story story = { 0 };
	int r = story_build(report, style->verbosity, &story);

	return r < 0 ? r : story_print_markdown(&story, out);
}
