/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/story.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "report/view.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

void story_free(struct story *story)
{
	vec_each(line, &story->lines) {
		free(line->label);
		free(line->text);
	}
	vec_free(&story->lines);
	vec_free(&story->chain);
	vec_free(&story->drawn);
}

static char *printable(const char *text)
{
	_cleanup_(str_free) struct str out = { 0 };

	text_append_printable(&out, text, strlen(text));
	return str_take(&out);
}

/* The same for cells: their separator is ours, what stands between is not. */
static char *printable_cells(const char *text)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct span rest = span_of(text);
	struct span cell;

	while (span_line(&rest, &cell)) {
		if (out.len)
			str_append_char(&out, '\n');
		text_append_printable(&out, cell.p, span_len(cell));
	}
	return str_take(&out);
}

void story_append_cell(struct str *cells, const char *text)
{
	if (cells->len)
		str_append_char(cells, '\n');
	text_append_printable(cells, text, strlen(text));
}

/* Takes a line of which all but its texts is set. */
static void add_line(struct story *story, struct story_line line, const char *label,
		     const char *text)
{
	bool cells = line.kind == LINE_TITLE || line.kind == LINE_ROW;

	line.part = story->part;
	line.label = printable(label ? label : "");
	line.text = cells ? printable_cells(text) : printable(text);
	if (line.label && line.text && vec_push(&story->lines, line) == 0)
		return;
	free(line.label);
	free(line.text);
	story->failed = true;
}

void story_add_text(struct story *story, enum line_kind kind, enum tone tone, const char *label,
		    const char *text)
{
	add_line(story, (struct story_line){ .kind = kind, .tone = tone }, label, text);
}

void story_add_branch(struct story *story, enum tone tone, const char *label,
		      const struct tree_line *at, const char *text)
{
	struct story_line line = {
		.kind = LINE_BRANCH, .tone = tone, .depth = at->depth, .open = at->open
	};

	add_line(story, line, label, text);
}

void story_add(struct story *story, enum line_kind kind, const char *label, const char *format, ...)
{
	_cleanup_(str_free) struct str text = { 0 };
	va_list args;

	va_start(args, format);
	str_vformat(&text, format, args);
	va_end(args);
	if (str_error(&text) < 0)
		story->failed = true;
	else
		story_add_text(story, kind, TONE_PLAIN, label, str_text(&text));
}

enum tone story_tone(enum severity severity)
{
	static const enum tone tones[] = {
		[SEVERITY_INFO] = TONE_PLAIN,
		[SEVERITY_WARNING] = TONE_WARNING,
		[SEVERITY_CRITICAL] = TONE_CRITICAL,
	};

	return tones[severity];
}

struct story_cap story_cap_of(int most, int verbosity)
{
	return (struct story_cap){ .most = verbosity > 0 ? INT_MAX : most };
}

bool story_cap_take(struct story_cap *cap)
{
	if (cap->taken < cap->most) {
		cap->taken++;
		return true;
	}
	cap->left_out++;
	return false;
}

void story_cap_end(struct story *story, const struct story_cap *cap)
{
	if (cap->left_out)
		story_add(story, LINE_TEXT, NULL, "and %d more (-v shows them)", cap->left_out);
}

/* Finds what arrows connect with the primary. */
static void connect(struct story *story, const struct report *report)
{
	const struct chain *chain = &report->judgement->chain;
	const struct finding *primary = view_primary(report);
	const struct chain_node *node = primary ? view_finding_node(report, primary) : NULL;

	if (!node)
		return;
	if (tree_of(chain, (size_t)(node - chain->nodes.data), &story->chain) < 0)
		story->failed = true;
	if (story->chain.len < 2)
		vec_free(&story->chain);
	vec_free(&story->drawn);
}

int story_build(const struct report *report, int verbosity, struct story *ret)
{
	_cleanup_(story_free) struct story story = { 0 };

	connect(&story, report);
	story_tell_title(&story, report);
	story_tell_chain(&story, report, verbosity);
	story.part = STORY_ACTIONS;
	story_tell_actions(&story, report, verbosity);
	story.part = STORY_DETAILS;
	story_tell_why(&story, report, verbosity);
	story_tell_others(&story, report, verbosity);
	story_tell_funnel(&story, report, verbosity);
	story_tell_rest(&story, report, verbosity);
	if (story.failed)
		return -ENOMEM;
	*ret = story;
	story = (struct story){ 0 };
	return 0;
}
