/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first screen: verdict, why, what to do now. */
#include "report/story.h"

#include "base/cleanup.h"
#include "report/view.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum {
	MOST_OTHERS = 6,
	MOST_ACTIONS = 6,
};

/* ---- the verdict ---- */

static enum severity worst(const struct report *report)
{
	enum severity severity = SEVERITY_WARNING;

	vec_each(finding, &report->judgement->findings)
		if (finding->severity > severity)
			severity = finding->severity;
	return severity;
}

static void upper_case(const char *word, char *buffer, size_t size)
{
	size_t i;

	for (i = 0; word[i] && i + 1 < size; i++)
		buffer[i] = (char)toupper((unsigned char)word[i]);
	buffer[i] = '\0';
}

/* "r 1 on 2 CPUs" of "healthy: r 1 on 2 CPUs", since the label says the rest. */
static const char *without_prefix(const char *headline, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(headline, word, len) == 0 && strncmp(headline + len, ": ", 2) == 0)
		return headline + len + 2;
	return headline;
}

static void append_headline(struct str *cells, const struct report *report, const char *word)
{
	const struct finding *primary = view_primary(report);
	const char *headline = report->judgement->verdict.headline;
	const char *cause = primary ? primary->rule->cause : NULL;
	_cleanup_(str_free) struct str text = { 0 };

	if (!headline)
		headline = "";
	if (cause && strncmp(headline, cause, strlen(cause)) != 0)
		str_format(&text, "%s: ", cause);
	str_append(&text, without_prefix(headline, word));
	story_append_cell(cells, str_text(&text));
}

static void tell_title(struct story *story, const struct report *report)
{
	const struct verdict *verdict = &report->judgement->verdict;
	const struct finding *primary = view_primary(report);
	enum severity severity = primary ? primary->severity : worst(report);
	const char *word = verdict_status_name(verdict->status);
	enum tone tone = TONE_GOOD;
	_cleanup_(str_free) struct str text = { 0 };
	char label[32];

	if (verdict->status == VERDICT_FINDINGS) {
		word = severity_name(severity);
		tone = story_tone(severity);
	} else if (verdict->status == VERDICT_INCONCLUSIVE) {
		tone = TONE_WARNING;
	}
	upper_case(word, label, sizeof(label));
	append_headline(&text, report, word);
	if (verdict->status != VERDICT_INCONCLUSIVE)
		str_format(&text, "\n(confidence %.2f)", verdict->confidence);
	story_add_text(story, LINE_TITLE, tone, label, str_text(&text));
}

/* Appends "format"-ed value of a metric when it is known. */
static void append_metric(struct str *out, const struct report *report, enum metric_id id,
			  const char *before, const char *after)
{
	struct value value = evidence_get(report->evidence, id);

	if (value.kind == VALUE_UNKNOWN)
		return;
	str_append(out, before);
	value_format(out, metric_info(id)->unit, value);
	str_append(out, after);
}

static void tell_host(struct story *story, const struct report *report)
{
	_cleanup_(str_free) struct str text = { 0 };

	append_metric(&text, report, METRIC_host_name, "", "");
	append_metric(&text, report, METRIC_host_kernel, ", Linux ", "");
	append_metric(&text, report, METRIC_host_cpus_online, ", ", " CPUs");
	if (evidence_number(report->evidence, METRIC_host_usable_cpus) !=
	    evidence_number(report->evidence, METRIC_host_cpus_online))
		append_metric(&text, report, METRIC_host_usable_cpus, " (", " usable)");
	append_metric(&text, report, METRIC_host_memory_bytes, ", ", "");
	append_metric(&text, report, METRIC_host_virtualization, ", virtualization ", "");
	if (text.len)
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "host", str_text(&text));
}

static void tell_window(struct story *story, const struct report *report)
{
	_cleanup_(str_free) struct str text = { 0 };

	if (view_time(&text, evidence_number(report->evidence, METRIC_host_time_unix_s)))
		str_append(&text, ", ");
	unit_format(&text, UNIT_S, view_duration_s(report));
	str_format(&text, " watched; triage %s, rules %.12s", report->tool_version,
		   report->rules->sha256);
	story_add_text(story, LINE_TEXT, TONE_PLAIN, "window", str_text(&text));
}

/* ---- why ---- */

static void append_count(struct str *out, const char *before, double count, const char *one,
			 const char *many)
{
	if (isnan(count))
		return;
	str_append(out, before);
	unit_format(out, UNIT_COUNT, count);
	str_format(out, " %s", count == 1 ? one : many);
}

static bool differs(const char *a, const char *b)
{
	return a && strcmp(a, b) != 0;
}

static void tell_subject(struct story *story, const struct subject *subject)
{
	_cleanup_(str_free) struct str text = { 0 };

	if (strcmp(subject->kind, "host") == 0)
		return;
	str_format(&text, "%s %s", subject->kind, subject->name);
	if (differs(subject->program, subject->name))
		str_format(&text, ", program %s", subject->program);
	if (differs(subject->thread, subject->name))
		str_format(&text, ", thread %s", subject->thread);
	append_count(&text, ", ", subject->threads, "thread", "threads");
	append_count(&text, ", ", subject->processes, "process", "processes");
	if (subject->pids)
		str_format(&text, ", PID %s", subject->pids);
	story_add_text(story, LINE_TEXT, TONE_PLAIN, "who", str_text(&text));
}

/* One fact as cells: name, value, threshold, and where to see it oneself. */
static void tell_fact(struct story *story, const char *label, const struct fact *fact)
{
	_cleanup_(str_free) struct str cells = { 0 };
	_cleanup_(str_free) struct str value = { 0 };
	_cleanup_(str_free) struct str threshold = { 0 };

	value_format(&value, fact->unit, fact->value);
	str_format(&threshold, "%s ", op_name(fact->op));
	value_format(&threshold, fact->unit, fact->threshold);
	story_append_cell(&cells, fact->metric);
	story_append_cell(&cells, str_text(&value));
	story_append_cell(&cells, str_text(&threshold));
	if (fact->command && *fact->command)
		story_append_cell(&cells, fact->command);
	story_add_text(story, LINE_ROW, TONE_PLAIN, label, str_text(&cells));
}

static void tell_facts(struct story *story, const char *label, const struct facts *facts)
{
	vec_each(fact, facts) {
		if (!view_fact_matters(facts, fact))
			continue;
		tell_fact(story, label, fact);
		label = NULL;
	}
}

static void tell_doubts(struct story *story, const struct strings *doubts)
{
	vec_each(doubt, doubts)
		story_add(story, LINE_TEXT, doubt == doubts->data ? "unchecked" : NULL,
			  "%s (unknown here; it would speak against this finding)", *doubt);
}

static void tell_finding(struct story *story, const struct finding *finding)
{
	if (finding->means)
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "means", finding->means);
	tell_subject(story, &finding->subject);
	if (!isnan(finding->share_pct) && finding->rule->share_of)
		story_add(story, LINE_TEXT, "share", "%.3g %% of the %s", finding->share_pct,
			  finding->rule->share_of);
	tell_facts(story, "numbers", &finding->facts);
	tell_doubts(story, &finding->doubts);
	story_add(story, LINE_TEXT, "rule", "%s, %s, %s (%s)", finding->rule->id,
		  role_name(finding->rule->role), severity_name(finding->severity), finding->id);
}

static void tell_why(struct story *story, const struct report *report)
{
	const struct finding *primary = view_primary(report);
	const char *headline = report->judgement->verdict.headline;

	if (!primary)
		return;
	story_add(story, LINE_HEADING, "Why", "%s", "");
	if (!headline || !strstr(headline, view_say(primary)))
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "says", view_say(primary));
	tell_finding(story, primary);
}

static void tell_other(struct story *story, const struct finding *finding, int verbosity)
{
	_cleanup_(str_free) struct str text = { 0 };

	str_format(&text, "%s (%s, %s)", view_say(finding), role_name(finding->rule->role),
		   finding->rule->id);
	story_add_text(story, LINE_TEXT, story_tone(finding->severity),
		       severity_name(finding->severity), str_text(&text));
	if (verbosity > 0 && finding->means)
		story_add_text(story, LINE_TEXT, TONE_PLAIN, NULL, finding->means);
	if (verbosity > 0)
		tell_facts(story, NULL, &finding->facts);
}

static void tell_others(struct story *story, const struct report *report, int verbosity)
{
	const struct finding *finding = view_other(report, NULL);
	struct story_cap cap = story_cap_of(MOST_OTHERS, verbosity);

	if (!finding)
		return;
	story_add(story, LINE_HEADING, "Seen together", "%s", "");
	for (; finding; finding = view_other(report, finding))
		if (story_cap_take(&cap))
			tell_other(story, finding, verbosity);
	story_cap_end(story, &cap);
}

void story_tell_verdict(struct story *story, const struct report *report, int verbosity)
{
	const struct verdict *verdict = &report->judgement->verdict;

	tell_title(story, report);
	tell_host(story, report);
	tell_window(story, report);
	if (verdict->confidence_why && *verdict->confidence_why)
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "confidence", verdict->confidence_why);
	tell_why(story, report);
	tell_others(story, report, verbosity);
}

/* ---- do now ---- */

/* The list under "Do now", without repetitions. */
struct actions {
	struct story *story;
	struct story_cap cap;
	int number;
	struct strings seen;
};

static bool seen_before(struct actions *actions, const char *text)
{
	vec_each(seen, &actions->seen)
		if (strcmp(*seen, text) == 0)
			return true;
	if (vec_push(&actions->seen, text) < 0)
		actions->story->failed = true;
	return false;
}

static void add_action(struct actions *actions, enum line_kind kind, const char *text)
{
	char label[16];

	if (!text || !*text || seen_before(actions, text) || !story_cap_take(&actions->cap))
		return;
	if (actions->number++ == 0)
		story_add(actions->story, LINE_HEADING, "Do now", "%s", "");
	snprintf(label, sizeof(label), "%d.", actions->number);
	story_add_text(actions->story, kind, TONE_PLAIN, label, text);
}

static void add_finding_actions(struct actions *actions, const struct finding *finding)
{
	vec_each(remedy, &finding->remedy)
		add_action(actions, LINE_TEXT, *remedy);
	vec_each(command, &finding->commands)
		add_action(actions, LINE_COMMAND, *command);
}

/* When too little was measured, the thing to do is to make it measurable. */
static void add_fixes(struct actions *actions, const struct report *report)
{
	for (int stage = 0; stage < STAGE_TOTAL; stage++)
		add_action(actions, LINE_COMMAND, evidence_stage(report->evidence, stage)->fix);
	vec_each(unknown, &report->judgement->unknown)
		add_action(actions, LINE_COMMAND, unknown->fix);
}

/* What a symptom suggests ("add CPUs") may be wrong once its cause is known; it counts when
 * nothing explains it. */
static bool may_advise(const struct finding *finding, const struct finding *primary, int verbosity)
{
	return verbosity > 0 || finding->rule->role != ROLE_SYMPTOM || !primary ||
	       primary->rule->role == ROLE_SYMPTOM;
}

void story_tell_actions(struct story *story, const struct report *report, int verbosity)
{
	struct actions actions = { .story = story, .cap = story_cap_of(MOST_ACTIONS, verbosity) };
	const struct finding *primary = view_primary(report);

	if (primary)
		add_finding_actions(&actions, primary);
	for (const struct finding *f = view_other(report, NULL); f; f = view_other(report, f))
		if (may_advise(f, primary, verbosity))
			add_finding_actions(&actions, f);
	if (report->judgement->verdict.status == VERDICT_INCONCLUSIVE)
		add_fixes(&actions, report);
	story_cap_end(story, &actions.cap);
	vec_free(&actions.seen);
}
