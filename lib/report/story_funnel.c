/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The funnel, stage by stage, in the five steps: command, saw, judged, concluded, next. */
#include "report/story.h"

#include "base/cleanup.h"
#include "report/view.h"

#include <string.h>

enum { MOST_JUDGED = 6 };

static void tell_saw(struct story *story, const struct report *report, enum stage_id stage)
{
	_cleanup_(view_free_saw) struct saw_texts saw = { 0 };

	if (view_saw(report, stage, &saw) < 0) {
		story->failed = true;
		return;
	}
	vec_each(line, &saw)
		story_add_text(story, LINE_ROW, TONE_PLAIN, line == saw.data ? "saw" : NULL,
			       line->cells);
}

/* "top.thread-storm critical: runnable_per_cpu 9.5 >= 4", with the subject when a rule may fire
 * more than once. */
static void tell_judged_finding(struct story *story, const char *label,
				const struct finding *finding)
{
	_cleanup_(str_free) struct str text = { 0 };

	str_format(&text, "%s %s", finding->rule->id, severity_name(finding->severity));
	if (finding->row >= 0)
		str_format(&text, ", %s", finding->subject.name);
	if (finding->facts.len)
		str_append(&text, ": ");
	view_facts(&text, &finding->facts);
	story_add_text(story, LINE_TEXT, TONE_PLAIN, label, str_text(&text));
}

static void tell_judged(struct story *story, const struct report *report, enum stage_id stage,
			int verbosity)
{
	const struct finding *finding = view_stage_finding(report, stage, NULL);
	struct story_cap cap = story_cap_of(MOST_JUDGED, verbosity);

	for (; finding; finding = view_stage_finding(report, stage, finding))
		if (story_cap_take(&cap))
			tell_judged_finding(story, cap.taken == 1 ? "judged" : NULL, finding);
	story_cap_end(story, &cap);
}

static void tell_next(struct story *story, const struct report *report, enum stage_id stage)
{
	const struct request *request = view_request(report, stage, NULL);
	const char *label = "next";

	for (; request; request = view_request(report, stage, request)) {
		story_add(story, LINE_TEXT, label, "%s: %s", stage_name(request->stage),
			  request->why ? request->why : request->rule->id);
		label = NULL;
	}
}

static void tell_stage(struct story *story, const struct report *report, enum stage_id stage,
		       int verbosity)
{
	const struct stage_record *record = evidence_stage(report->evidence, stage);
	const struct stage_story *told = &report->rules->stages[stage];
	const char *concluded = view_concluded(report, stage);

	story_add(story, LINE_HEADING, stage_name(stage), "%s",
		  told->question ? told->question : "");
	if (told->command)
		story_add_text(story, LINE_COMMAND, TONE_PLAIN, "command", told->command);
	if (record->reason)
		story_add_text(story, LINE_TEXT, TONE_WARNING, view_status_name(record->status),
			       record->reason);
	if (record->reason && record->fix)
		story_add_text(story, LINE_COMMAND, TONE_PLAIN, "fix", record->fix);
	tell_saw(story, report, stage);
	tell_judged(story, report, stage, verbosity);
	if (concluded)
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "concluded", concluded);
	tell_next(story, report, stage);
}

static void tell_absent_stage(struct story *story, const struct report *report, enum stage_id stage)
{
	const struct stage_record *record = evidence_stage(report->evidence, stage);
	const char *reason = record->reason;

	if (!reason)
		reason = record->status == STAGE_SKIPPED ? "no rule asked for it" :
							   "no reason given";
	story_add(story, LINE_HEADING, stage_name(stage), "%s: %s%s%s",
		  view_status_name(record->status), reason, record->fix ? "; fix: " : "",
		  record->fix ? record->fix : "");
}

void story_tell_funnel(struct story *story, const struct report *report, int verbosity)
{
	for (int stage = 0; stage < STAGE_TOTAL; stage++)
		if (view_stage_ran(report, stage))
			tell_stage(story, report, stage, verbosity);
		else
			tell_absent_stage(story, report, stage);
}
