/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A judgement as a person or a program reads it: text for a terminal, Markdown for a ticket, a page
 * for a browser, JSON for a machine (docs/schema/triage-report-1.schema.json). Pure: the same judgement gives the same
 * bytes.
 *
 * Text, Markdown and HTML tell one story (story.h), the first two in one order: verdict, the causal chain, what to do
 * now, why, what else was seen, the funnel stage by stage (command, saw, judged, concluded, next),
 * what was ruled out, what could not be known, what it cost. On a page, what was ruled out stands
 * before what to do. Every text passes base/text.h on its way out: names from a host cannot carry
 * control characters to a terminal, nor markup into a ticket or a page.
 */
#ifndef TRIAGE_REPORT_REPORT_H
#define TRIAGE_REPORT_REPORT_H

#include "base/str.h"
#include "rule/judge.h"

#include <stdbool.h>

/* What is reported; nothing in it is owned or changed. */
struct report {
	const struct ruleset *rules;
	const struct evidence *evidence;
	const struct judgement *judgement;
	const char *tool_version;
};

struct report_style {
	int columns;   /* text: wrap here (40 at least); 0 means REPORT_COLUMNS */
	bool colour;   /* text: ANSI colours, which only repeat what the words say */
	int verbosity; /* 0: caps on long lists; 1 (-v): everything */
};

#define REPORT_COLUMNS 100

/* All append to `out` and end with a newline; 0 or -ENOMEM, with `out` as it was. A line of the
 * text that gives a command to paste (after "$ ") is never broken: it alone may be longer than
 * `columns`.
 */
int report_text(const struct report *report, const struct report_style *style, struct str *out);
int report_markdown(const struct report *report, const struct report_style *style, struct str *out);
int report_html(const struct report *report, const struct report_style *style, struct str *out);
int report_json(const struct report *report, struct str *out);

/* A format that a command line may name. */
struct report_format {
	const char *name; /* "text", "json", "md", "html" */
	int (*write)(const struct report *report, const struct report_style *style,
		     struct str *out);
};

/* All of them, ended by a NULL name. */
extern const struct report_format report_formats[];

/* NULL when there is none of that name. */
const struct report_format *report_format_by_name(const char *name);

#endif
