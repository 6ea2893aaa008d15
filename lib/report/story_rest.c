/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows the funnel: also, ruled out, unknown (its own file), suppressed, limits, cost. */
#include "report/story.h"

#include "base/cleanup.h"
#include "report/view.h"

#include <math.h>
#include <string.h>

enum {
	MOST_ALSO = 5,
	MOST_SUPPRESSED = 5,
};

/* True for what a node is told by, further up; other findings of the node say something else. */
static bool is_told(const struct story *story, const struct report *report,
		    const struct finding *finding)
{
	const struct chain_nodes *nodes = &report->judgement->chain.nodes;
	const struct chain_node *node = view_finding_node(report, finding);

	return node && view_node_finding(report, node) == finding &&
	       (node->severity > SEVERITY_INFO ||
		tree_has(&story->drawn, (size_t)(node - nodes->data)));
}

static void tell_also(struct story *story, const struct report *report, int verbosity)
{
	struct story_cap cap = story_cap_of(MOST_ALSO, verbosity);

	vec_each(finding, &report->judgement->findings) {
		if (finding->severity != SEVERITY_INFO || is_told(story, report, finding) ||
		    !story_cap_take(&cap))
			continue;
		if (cap.taken == 1)
			story_add(story, LINE_HEADING, "Also", "%s", "");
		story_add(story, LINE_TEXT, "-", "%s (%s)", view_say(finding), finding->rule->id);
	}
	story_cap_end(story, &cap);
}

static bool same_cause(const struct exclusion *a, const struct exclusion *b)
{
	return strcmp(a->rule->rules_out, b->rule->rules_out) == 0;
}

/* True when no exclusion before this one is of its cause. */
static bool opens_cause(const struct exclusions *exclusions, const struct exclusion *exclusion)
{
	for (const struct exclusion *other = exclusions->data; other < exclusion; other++)
		if (same_cause(other, exclusion))
			return false;
	return true;
}

/* "io-saturation (wa_pct 0.2 % < 5 %), ...": enough for a host where nothing is wrong. */
static void tell_ruled_out_shortly(struct story *story, const struct exclusions *exclusions)
{
	_cleanup_(str_free) struct str text = { 0 };

	vec_each(exclusion, exclusions) {
		if (!opens_cause(exclusions, exclusion))
			continue;
		str_format(&text, "%s%s", text.len ? ", " : "", exclusion->rule->rules_out);
		if (!exclusion->facts.len)
			continue;
		str_append(&text, " (");
		view_fact(&text, exclusion->facts.data);
		str_append(&text, ")");
	}
	story_add_text(story, LINE_TEXT, TONE_PLAIN, NULL, str_text(&text));
}

static void tell_exclusion(struct story *story, const char *label,
			   const struct exclusion *exclusion, int verbosity)
{
	_cleanup_(str_free) struct str facts = { 0 };

	story_add_text(story, LINE_TEXT, TONE_PLAIN, label,
		       exclusion->say ? exclusion->say : exclusion->rule->id);
	if (verbosity == 0)
		return;
	view_facts(&facts, &exclusion->facts);
	story_add(story, LINE_TEXT, NULL, "%s: %s", exclusion->rule->id, str_text(&facts));
}

/* All that excludes the cause of `first`. */
static void tell_cause(struct story *story, const struct exclusions *exclusions,
		       const struct exclusion *first, int verbosity)
{
	const char *label = first->rule->rules_out;

	for (const struct exclusion *e = first; e < exclusions->data + exclusions->len; e++) {
		if (!same_cause(e, first))
			continue;
		tell_exclusion(story, label, e, verbosity);
		label = NULL;
	}
}

static void tell_ruled_out(struct story *story, const struct report *report, int verbosity)
{
	const struct exclusions *exclusions = &report->judgement->ruled_out;

	if (exclusions->len == 0)
		return;
	story_add(story, LINE_HEADING, "Ruled out", "%s", "");
	if (verbosity == 0 && report->judgement->verdict.status == VERDICT_HEALTHY) {
		tell_ruled_out_shortly(story, exclusions);
		return;
	}
	vec_each(exclusion, exclusions)
		if (opens_cause(exclusions, exclusion))
			tell_cause(story, exclusions, exclusion, verbosity);
}

/* ---- suppressed, limits, cost ---- */

static void tell_suppressed(struct story *story, const struct report *report, int verbosity)
{
	struct story_cap cap = story_cap_of(MOST_SUPPRESSED, verbosity);

	vec_each(suppression, &report->judgement->suppressed) {
		if (!story_cap_take(&cap))
			continue;
		if (cap.taken == 1)
			story_add(story, LINE_HEADING, "Held back", "%s", "");
		story_add(story, LINE_TEXT, "-", "%s (%s), because %s",
			  suppression->say ? suppression->say : "not told", suppression->rule->id,
			  suppression->because);
	}
	story_cap_end(story, &cap);
}

static void tell_limits(struct story *story, const struct report *report)
{
	size_t count = evidence_caveats(report->evidence);

	if (count)
		story_add(story, LINE_HEADING, "Limits",
			  "what to know before trusting these numbers");
	for (size_t i = 0; i < count; i++)
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "-",
			       evidence_caveat(report->evidence, i));
}

static void append_cost(struct str *out, const struct report *report, enum metric_id id,
			const char *before, const char *after)
{
	struct value value = evidence_get(report->evidence, id);

	if (value.kind != VALUE_NUMBER)
		return;
	str_append(out, out->len || *before == ' ' ? before : "");
	value_format(out, metric_info(id)->unit, value);
	str_append(out, after);
}

static void tell_cost(struct story *story, const struct report *report)
{
	_cleanup_(str_free) struct str text = { 0 };

	append_cost(&text, report, METRIC_self_wall_s, ", ", "");
	append_cost(&text, report, METRIC_self_cpu_s, ", ", " CPU");
	append_cost(&text, report, METRIC_self_cpu_pct_of_host, " (", " of the host)");
	append_cost(&text, report, METRIC_self_max_rss_bytes, ", ", "");
	if (evidence_number(report->evidence, METRIC_self_events) > 0)
		append_cost(&text, report, METRIC_self_events, ", ", " events");
	if (evidence_number(report->evidence, METRIC_self_lost_events) > 0)
		append_cost(&text, report, METRIC_self_lost_events, ", ", " lost");
	if (text.len)
		story_add_text(story, LINE_HEADING, TONE_PLAIN, "Cost", str_text(&text));
}

void story_tell_rest(struct story *story, const struct report *report, int verbosity)
{
	tell_also(story, report, verbosity);
	story->part = STORY_RULED_OUT;
	tell_ruled_out(story, report, verbosity);
	story->part = STORY_DETAILS;
	story_tell_unknown(story, report, verbosity);
	tell_suppressed(story, report, verbosity);
	tell_limits(story, report);
	tell_cost(story, report);
}
