/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/diff.h"

#include "base/cleanup.h"
#include "report/story.h"
#include "report/view.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define SAME_MOST 6

static const struct finding *finding_of(const struct change *change)
{
	return change->after ? change->after : change->before;
}

static size_t count_kind(const struct diff *diff, enum change_kind kind)
{
	size_t count = 0;

	vec_each(change, &diff->changes)
		count += change->kind == kind;
	return count;
}

/* "thread-storm of tokio" */
static void append_name(struct str *out, const struct finding *finding)
{
	str_append(out, finding->rule->cause);
	if (strcmp(finding->subject.kind, "host") != 0)
		str_format(out, " of %s", finding->subject.name);
}

/* The first of each kind by name, the others as a number: "thread-storm of tokio is gone; 2 milder". */
static void append_summary(struct str *out, const struct diff *diff)
{
	static const enum change_kind told[] = { CHANGE_NEW, CHANGE_WORSE, CHANGE_GONE,
						 CHANGE_MILDER, CHANGE_UNSEEN };
	const char *separator = "";

	for (size_t i = 0; i < ARRAY_SIZE(told); i++) {
		size_t count = count_kind(diff, told[i]);

		if (!count)
			continue;
		str_append(out, separator);
		separator = "; ";
		vec_each(change, &diff->changes) {
			if (change->kind != told[i])
				continue;
			append_name(out, finding_of(change));
			break;
		}
		str_format(out, " is %s", change_kind_name(told[i]));
		if (count > 1)
			str_format(out, ", and %zu more", count - 1);
	}
	if (!*separator)
		str_append(out, "the same causes, as bad as before");
}

static void tell_title(struct story *story, const struct diff *diff)
{
	static const enum tone tones[] = {
		[DIFF_SAME] = TONE_PLAIN,
		[DIFF_BETTER] = TONE_GOOD,
		[DIFF_WORSE] = TONE_CRITICAL,
		[DIFF_MIXED] = TONE_WARNING,
	};
	_cleanup_(str_free) struct str summary = { 0 }, cells = { 0 };
	char label[16];
	size_t i;

	strcpy(label, diff_result_name(diff->result));
	for (i = 0; label[i]; i++)
		label[i] = (char)toupper((unsigned char)label[i]);
	append_summary(&summary, diff);
	story_append_cell(&cells, str_text(&summary));
	story_add_text(story, LINE_TITLE, tones[diff->result], label, str_text(&cells));
}

static void tell_side(struct story *story, const char *label, const struct report *report)
{
	const struct verdict *verdict = &report->judgement->verdict;
	const struct value host = evidence_get(report->evidence, METRIC_host_name);
	_cleanup_(str_free) struct str text = { 0 };

	str_format(&text, "%s: %s (confidence %.2f; ", verdict_status_name(verdict->status),
		   verdict->headline ? verdict->headline : "", verdict->confidence);
	str_format(&text, "%s, ", host.kind == VALUE_TEXT ? host.text : "host unknown");
	if (!view_time(&text, evidence_number(report->evidence, METRIC_host_time_unix_s)))
		str_append(&text, "time unknown");
	str_append(&text, ")");
	story_add_text(story, LINE_TEXT, TONE_PLAIN, label, str_text(&text));
}

/* What reads the same on both sides tells nothing. */
static void tell_number(struct story *story, const struct diff_number *number)
{
	_cleanup_(str_free) struct str cells = { 0 }, before = { 0 }, after = { 0 };

	str_append(&after, "-> ");
	value_format(&before, number->unit, number->before);
	value_format(&after, number->unit, number->after);
	if (strcmp(str_text(&before), str_text(&after) + strlen("-> ")) == 0)
		return;
	story_append_cell(&cells, number->metric);
	story_append_cell(&cells, str_text(&before));
	story_append_cell(&cells, str_text(&after));
	story_add_text(story, LINE_ROW, TONE_PLAIN, NULL, str_text(&cells));
}

static void tell_change(struct story *story, const struct change *change)
{
	const struct finding *finding = finding_of(change);
	_cleanup_(str_free) struct str text = { 0 }, label = { 0 };

	str_append(&label, severity_name(change->before ? change->before->severity :
							  change->after->severity));
	if (change->before && change->after && change->before->severity != change->after->severity)
		str_format(&label, " -> %s", severity_name(change->after->severity));
	append_name(&text, finding);
	if (change->kind == CHANGE_UNSEEN)
		str_format(&text, ": nobody looked the second time (%s); before: %s",
			   finding->rule->id, view_say(finding));
	else
		str_format(&text, ": %s%s", change->after ? "" : "before: ", view_say(finding));
	story_add_text(story, LINE_TEXT, story_tone(finding->severity), str_text(&label),
		       str_text(&text));
	vec_each(number, &change->numbers)
		tell_number(story, number);
}

static void tell_kind(struct story *story, const struct diff *diff, enum change_kind kind,
		      int verbosity)
{
	static const char *const headings[CHANGE_KINDS] = {
		[CHANGE_NEW] = "New",	     [CHANGE_WORSE] = "Worse",
		[CHANGE_GONE] = "Gone",	     [CHANGE_MILDER] = "Milder",
		[CHANGE_SAME] = "As before", [CHANGE_UNSEEN] = "Not seen",
	};
	struct story_cap cap = story_cap_of(SAME_MOST, verbosity);

	if (!count_kind(diff, kind))
		return;
	story_add(story, LINE_HEADING, headings[kind], "%s", "");
	vec_each(change, &diff->changes)
		if (change->kind == kind && story_cap_take(&cap))
			tell_change(story, change);
	story_cap_end(story, &cap);
}

static int build(const struct diff *diff, int verbosity, struct story *ret)
{
	tell_title(ret, diff);
	tell_side(ret, "before", diff->before);
	tell_side(ret, "after", diff->after);
	for (int kind = 0; kind < CHANGE_KINDS; kind++)
		tell_kind(ret, diff, (enum change_kind)kind, verbosity);
	return ret->failed ? -ENOMEM : 0;
}

int diff_text(const struct diff *diff, const struct report_style *style, struct str *out)
{
	_cleanup_(story_free) struct story story = { 0 };
	int r = build(diff, style->verbosity, &story);

	return r < 0 ? r : story_print_text(&story, style, out);
}

int diff_markdown(const struct diff *diff, const struct report_style *style, struct str *out)
{
	_cleanup_(story_free) struct story story = { 0 };
	int r = build(diff, style->verbosity, &story);

	return r < 0 ? r : story_print_markdown(&story, out);
}

int diff_html(const struct diff *diff, const struct report_style *style, struct str *out)
{
	_cleanup_(story_free) struct story story = { 0 };
	int r = build(diff, style->verbosity, &story);

	return r < 0 ? r : story_print_html(&story, out);
}
