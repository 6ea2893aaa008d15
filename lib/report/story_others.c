/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands beside the primary: what contributes to it, what was only seen together with it. */
#include "report/story.h"

#include "base/cleanup.h"
#include "report/view.h"

#include <math.h>

enum {
	MOST_CONTRIBUTING = 4,
	MOST_SEEN = 6,
};

/* ---- contributing ---- */

static const char *contribution(enum standing standing)
{
	switch (standing) {
	case STANDING_SECONDARY:
		return "secondary";
	case STANDING_AMPLIFIER:
		return "amplifier";
	case STANDING_TRIGGER:
		return "trigger";
	default:
		return NULL;
	}
}

/* The number that ranks it, else what made it as bad as it is: such facts come last. */
static void append_main_number(struct str *out, const struct finding *finding)
{
	const struct fact *main = NULL;

	str_append(out, ", ");
	if (story_append_share(out, finding))
		return;
	vec_each(fact, &finding->facts)
		if (view_fact_matters(&finding->facts, fact))
			main = fact;
	if (main)
		view_fact(out, main);
	else
		str_append(out, severity_name(finding->severity));
}

static void tell_contributor(struct story *story, const struct report *report,
			     const struct chain_node *node)
{
	const struct finding *finding = view_node_finding(report, node);
	_cleanup_(str_free) struct str text = { 0 };

	str_format(&text, "%s (%s", view_say(finding), finding->id);
	append_main_number(&text, finding);
	story_append_explained(&text, report, node);
	str_append(&text, ")");
	story_add_text(story, LINE_TEXT, TONE_PLAIN, contribution(node->standing), str_text(&text));
	if (finding->remedy.len)
		story_add(story, LINE_TEXT, NULL, "remedy: %s", finding->remedy.data[0]);
}

static void tell_contributing(struct story *story, const struct report *report, int verbosity)
{
	const struct chain *chain = &report->judgement->chain;
	struct story_cap cap = story_cap_of(MOST_CONTRIBUTING, verbosity);

	for (size_t i = 0; i < chain->nodes.len; i++) {
		const struct chain_node *node = &chain->nodes.data[i];

		if (!contribution(node->standing) || !tree_has(&story->chain, i) ||
		    !story_cap_take(&cap))
			continue;
		if (cap.taken == 1)
			story_add(story, LINE_HEADING, "Contributing", "%s", "");
		tell_contributor(story, report, node);
	}
	story_cap_end(story, &cap);
}

/* ---- seen together ---- */

struct seen {
	struct story *story;
	const struct report *report;
	struct story_cap cap;
	int verbosity;
};

/* An arrow that is not the primary's: "; 61 % of its waits come from memory-reclaim (F4)". */
static void append_driver(struct str *out, const struct report *report,
			  const struct chain_node *node)
{
	const struct chain *chain = &report->judgement->chain;

	vec_each(arrow, &chain->arrows) {
		const struct chain_node *from = &chain->nodes.data[arrow->from];

		if (arrow->feedback || &chain->nodes.data[arrow->to] != node ||
		    !isfinite(arrow->strength_pct))
			continue;
		str_append(out, "; ");
		unit_format(out, UNIT_PCT, arrow->strength_pct);
		str_format(out, " of %s come from %s (%s)",
			   arrow->link->strength_of ? arrow->link->strength_of : "it", from->cause,
			   view_node_finding(report, from)->id);
		return;
	}
}

static void tell_seen(struct seen *seen, const struct finding *finding,
		      const struct chain_node *node)
{
	_cleanup_(str_free) struct str text = { 0 };

	if (!story_cap_take(&seen->cap))
		return;
	if (seen->cap.taken == 1)
		story_add(seen->story, LINE_HEADING, "Seen together",
			  "nothing measured connects these with the cause");
	str_format(&text, "%s (%s, %s, %s)", view_say(finding), role_name(finding->rule->role),
		   finding->rule->id, finding->id);
	if (node)
		append_driver(&text, seen->report, node);
	story_add_text(seen->story, LINE_TEXT, story_tone(finding->severity),
		       severity_name(finding->severity), str_text(&text));
	if (seen->verbosity > 0 && finding->means)
		story_add_text(seen->story, LINE_TEXT, TONE_PLAIN, NULL, finding->means);
	if (seen->verbosity > 0)
		story_tell_facts(seen->story, NULL, &finding->facts);
}

static void tell_beside(struct story *story, const struct report *report, int verbosity)
{
	struct seen seen = { story, report, story_cap_of(MOST_SEEN, verbosity), verbosity };
	const struct finding *finding = NULL;

	vec_each(node, &report->judgement->chain.nodes)
		if (view_node_is_beside(report, &story->chain, node))
			tell_seen(&seen, view_node_finding(report, node), node);
	while ((finding = view_unchained(report, finding)))
		tell_seen(&seen, finding, NULL);
	story_cap_end(story, &seen.cap);
}

void story_tell_others(struct story *story, const struct report *report, int verbosity)
{
	tell_contributing(story, report, verbosity);
	tell_beside(story, report, verbosity);
}
