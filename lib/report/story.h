/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The report as a person reads it, before it is set: headings and labelled lines in their order.
 * text.c, markdown.c and html.c print the same story; none knows a judgement.
 *
 *   TITLE    label "CRITICAL", cells: headline, confidence
 *   HEADING  label "vmstat", text "is the wall CPU, disk ...?"
 *   TEXT     label "means", text; an empty label continues what stands above
 *   ROW      cells, aligned with the rows next to it
 *   COMMAND  text that a reader may paste
 *   BRANCH   a line of the chain, drawn at its depth (tree.h)
 *
 * Labels "-" and "1." make items of a list. All of it is printable (base/text.h) when it is added.
 */
#ifndef TRIAGE_REPORT_STORY_H
#define TRIAGE_REPORT_STORY_H

#include "base/vec.h"
#include "report/report.h"
#include "report/tree.h"

enum line_kind {
	LINE_TITLE,
	LINE_HEADING,
	LINE_TEXT,
	LINE_ROW,
	LINE_COMMAND,
	LINE_BRANCH,
};

/* In the order of a page, which is read from above: what it is, what it is not, what to do, all the rest. Text and Markdown keep the
 * order of the lines, where what is ruled out follows the funnel that ruled it out. */
enum story_part {
	STORY_VERDICT,
	STORY_RULED_OUT,
	STORY_ACTIONS,
	STORY_DETAILS,
	STORY_PARTS,
};

enum tone {
	TONE_PLAIN,
	TONE_GOOD,
	TONE_WARNING,
	TONE_CRITICAL,
	TONE_TOTAL,
};

struct story_line {
	enum line_kind kind;
	enum tone tone; /* of the label */
	enum story_part part;
	char *label; /* never NULL */
	char *text;  /* never NULL; TITLE and ROW: cells, separated by '\n' */
	int depth;   /* BRANCH: as in struct tree_line */
	uint64_t open;
};

struct story {
	VEC(struct story_line) lines;
	struct tree_lines chain; /* all that arrows connect with the primary; empty without any */
	struct tree_lines drawn; /* of these, what the first screen draws */
	enum story_part part;	 /* of the lines that are added now */
	bool failed;		 /* out of memory: sticky, as in struct str */
};

/* Builds the story of a report: 0 or -ENOMEM. */
int story_build(const struct report *report, int verbosity, struct story *ret);
void story_free(struct story *story);

/* Set it: appends to `out`. 0 or -ENOMEM, with `out` as it was. */
int story_print_text(const struct story *story, const struct report_style *style, struct str *out);
int story_print_markdown(const struct story *story, struct str *out);
int story_print_html(const struct story *story, struct str *out);

/* Appends a line. `label` may be NULL for "". */
void story_add(struct story *story, enum line_kind kind, const char *label, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same with text as it stands and a tone for the label. */
void story_add_text(struct story *story, enum line_kind kind, enum tone tone, const char *label,
		    const char *text);

/* The same for a branch that stands where `at` does. */
void story_add_branch(struct story *story, enum tone tone, const char *label,
		      const struct tree_line *at, const char *text);

/* Appends a cell of what will be a TITLE or ROW: printable, so that nothing in it is taken for a
 * separator. */
void story_append_cell(struct str *cells, const char *text);

enum tone story_tone(enum severity severity);

/* A list that ends early: story_cap_take() counts, and says whether the next item is still to be
 * shown. */
struct story_cap {
	int most;
	int taken;
	int left_out;
};

struct story_cap story_cap_of(int most, int verbosity);
bool story_cap_take(struct story_cap *cap);

/* "and 3 more (-v shows them)" when something was left out. */
void story_cap_end(struct story *story, const struct story_cap *cap);

/* What a finding is about: "program sysbench, 21 threads, PID 4242"; nothing for the host. */
void story_append_subject(struct str *out, const struct subject *subject);

/* "97 % of the waiting for a CPU"; false, and nothing appended, when no share is known. */
bool story_append_share(struct str *out, const struct finding *finding);

/* ", explains 62 % through its arrows" of a node that has some. */
void story_append_explained(struct str *out, const struct report *report,
			    const struct chain_node *node);

/* Facts as rows, the first under `label`. */
void story_tell_facts(struct story *story, const char *label, const struct facts *facts);

/* Who a finding is about, and why no list of processes shows them, when that is so. */
void story_tell_who(struct story *story, const struct report *report,
		    const struct finding *finding);

/* The parts, in their order and in the files that tell them. */
void story_tell_title(struct story *story, const struct report *report);
void story_tell_chain(struct story *story, const struct report *report, int verbosity);
void story_tell_actions(struct story *story, const struct report *report, int verbosity);
void story_tell_why(struct story *story, const struct report *report, int verbosity);
void story_tell_others(struct story *story, const struct report *report, int verbosity);
void story_tell_funnel(struct story *story, const struct report *report, int verbosity);
void story_tell_unknown(struct story *story, const struct report *report, int verbosity);
void story_tell_rest(struct story *story, const struct report *report, int verbosity);

#endif
