/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What drives what; where no arrow was measured, what the primary means. */
#include "report/story.h"

#include "base/cleanup.h"
#include "report/view.h"

#include <errno.h>
#include <math.h>
#include <string.h>

enum {
	MOST_BRANCHES = 7,
	MOST_BESIDE = 4,
};

static const char *standing_label(const struct chain_node *node, bool driven)
{
	static const char *const labels[] = {
		[STANDING_PRIMARY] = "CAUSE",	    [STANDING_SECONDARY] = "secondary",
		[STANDING_AMPLIFIER] = "amplifier", [STANDING_TRIGGER] = "trigger",
		[STANDING_EFFECT] = "effect",	    [STANDING_ASIDE] = "aside",
	};

	/* what nothing explains is called what it is */
	if (node->standing == STANDING_PRIMARY && node->role == ROLE_SYMPTOM)
		return "SYMPTOM";
	if (node->standing == STANDING_ASIDE && driven)
		return labels[STANDING_EFFECT];
	return labels[node->standing];
}

static void append_name(struct str *out, const struct finding *finding)
{
	const struct rule *rule = finding->rule;

	str_format(out, "%s (%s)", rule->cause ? rule->cause : rule->id, finding->id);
}

/* "64 % of its wakeups ─▶ " */
static void append_arrow(struct str *out, const struct chain_arrow *arrow)
{
	if (isfinite(arrow->strength_pct)) {
		unit_format(out, UNIT_PCT, arrow->strength_pct);
		if (arrow->link->strength_of)
			str_format(out, " of %s", arrow->link->strength_of);
		str_append_char(out, ' ');
	}
	str_append(out, "─▶ ");
}

/* The headline has said the primary's sentence: who it is tells more than that again. */
static void append_primary(struct str *out, const struct report *report,
			   const struct finding *primary)
{
	const char *headline = report->judgement->verdict.headline;
	struct subject subject = view_subject(report, primary);
	size_t before = out->len;

	if (headline && strstr(headline, view_say(primary)))
		story_append_subject(out, &subject);
	if (out->len == before)
		str_append(out, view_say(primary));
}

static void tell_branch(struct story *story, const struct report *report,
			const struct tree_line *line)
{
	const struct chain_node *node = &report->judgement->chain.nodes.data[line->node];
	const struct finding *finding = view_node_finding(report, node);
	bool primary = node->standing == STANDING_PRIMARY;
	_cleanup_(str_free) struct str text = { 0 };

	if (line->arrow)
		append_arrow(&text, line->arrow);
	append_name(&text, finding);
	if (line->repeated) {
		str_append(&text, ", above");
	} else {
		str_append(&text, ": ");
		if (primary)
			append_primary(&text, report, finding);
		else
			str_append(&text, view_say(finding));
	}
	story_add_branch(story, primary ? story_tone(node->severity) : TONE_PLAIN,
			 line->repeated ? NULL : standing_label(node, line->arrow), line,
			 str_text(&text));
}

/* Arrows that close a circle. */
static void tell_feedback(struct story *story, const struct report *report)
{
	const struct chain_nodes *nodes = &report->judgement->chain.nodes;

	vec_each(arrow, &report->judgement->chain.arrows) {
		_cleanup_(str_free) struct str text = { 0 };

		if (!arrow->feedback || !tree_has(&story->chain, arrow->from))
			continue;
		append_name(&text, view_node_finding(report, &nodes->data[arrow->from]));
		str_append(&text, " ─ ");
		append_arrow(&text, arrow);
		append_name(&text, view_node_finding(report, &nodes->data[arrow->to]));
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "and back", str_text(&text));
	}
}

/* ---- beside the chain ---- */

static bool cause_is_in_chain(const struct story *story, const struct report *report,
			      const char *cause)
{
	vec_each(line, &story->chain)
		if (strcmp(report->judgement->chain.nodes.data[line->node].cause, cause) == 0)
			return true;
	return false;
}

static int add_beside(struct findings *beside, const struct story *story,
		      const struct report *report, const struct finding *finding)
{
	const char *cause = finding->rule->cause;

	if (cause && cause_is_in_chain(story, report, cause))
		return 0;
	vec_each(other, beside)
		if (cause && other->rule->cause && strcmp(other->rule->cause, cause) == 0)
			return 0;
	return vec_push(beside, *finding);
}

/* One finding for each cause that has none in the chain; they own nothing here. */
static int find_beside(const struct story *story, const struct report *report, struct findings *ret)
{
	const struct finding *finding = NULL;
	int r = 0;

	vec_each(node, &report->judgement->chain.nodes)
		if (r == 0 && view_node_is_beside(report, &story->chain, node))
			r = add_beside(ret, story, report, view_node_finding(report, node));
	while (r == 0 && (finding = view_unchained(report, finding)))
		r = add_beside(ret, story, report, finding);
	return r;
}

/* That something else is wrong belongs on the first screen; what it is follows further down. */
static void tell_beside(struct story *story, const struct report *report)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct findings beside = { 0 };

	if (find_beside(story, report, &beside) < 0)
		story->failed = true;
	for (size_t i = 0; i < beside.len && i < MOST_BESIDE; i++) {
		str_append(&text, i ? ", " : "");
		append_name(&text, &beside.data[i]);
	}
	if (beside.len > MOST_BESIDE)
		str_format(&text, " and %zu more", beside.len - MOST_BESIDE);
	if (beside.len)
		story_add(story, LINE_TEXT, "beside", "%s: seen together, no measured arrow",
			  str_text(&text));
	vec_free(&beside);
}

static void tell_meaning(struct story *story, const struct report *report,
			 const struct finding *primary)
{
	const char *headline = report->judgement->verdict.headline;

	if (!headline || !strstr(headline, view_say(primary)))
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "says", view_say(primary));
	if (primary->means)
		story_add_text(story, LINE_TEXT, TONE_PLAIN, "means", primary->means);
	story_tell_who(story, report, primary);
}

/* ---- what is drawn ---- */

static const struct chain_node *node_of(const struct report *report, const struct tree_line *line)
{
	return &report->judgement->chain.nodes.data[line->node];
}

static bool cause_is_kept(const struct report *report, const struct tree_lines *lines,
			  const bool *keep, size_t before, const char *cause)
{
	for (size_t i = 0; i < before; i++)
		if (keep[i] && strcmp(node_of(report, &lines->data[i])->cause, cause) == 0)
			return true;
	return false;
}

/* The primary and what drives it, and each other cause once, if it is a warning. */
static bool tells_enough(const struct report *report, const struct tree_lines *lines,
			 const bool *keep, size_t index)
{
	const struct tree_line *line = &lines->data[index];
	const struct chain_node *node = node_of(report, line);

	if (node->standing == STANDING_PRIMARY)
		return true;
	return !line->repeated && node->severity >= SEVERITY_WARNING &&
	       !cause_is_kept(report, lines, keep, index, node->cause);
}

/* Keeps the lines that this one hangs on. */
static void keep_parents(const struct tree_lines *lines, bool *keep, size_t index)
{
	int depth = lines->data[index].depth;

	for (size_t i = index; i-- > 0 && depth > 0;) {
		if (lines->data[i].depth >= depth)
			continue;
		depth = lines->data[i].depth;
		keep[i] = true;
	}
}

/* A root that drives only what is drawn elsewhere shows at least its strongest arrow. */
static void keep_an_arrow(const struct tree_lines *lines, bool *keep, size_t root)
{
	size_t end = root + 1;

	for (; end < lines->len && lines->data[end].depth > 0; end++)
		if (keep[end])
			return;
	if (end > root + 1)
		keep[root + 1] = true;
}

/* Chooses what a tired reader needs: story->drawn. */
static int choose(struct story *story, const struct report *report, int verbosity)
{
	const struct tree_lines *lines = &story->chain;
	_cleanup_(cleanup_free) bool *keep = calloc(lines->len + 1, sizeof(*keep));

	if (!keep)
		return -ENOMEM;
	for (size_t i = 0; i < lines->len; i++) {
		keep[i] = keep[i] || verbosity > 0 || tells_enough(report, lines, keep, i);
		if (keep[i])
			keep_parents(lines, keep, i);
	}
	for (size_t i = 0; i < lines->len; i++) {
		if (keep[i] && lines->data[i].depth == 0)
			keep_an_arrow(lines, keep, i);
		if (vec_push(&story->drawn, lines->data[i]) < 0)
			return -ENOMEM;
	}
	tree_keep(&story->drawn, keep);
	return 0;
}

static void tell_drawing(struct story *story, const struct report *report, int verbosity)
{
	struct story_cap cap = story_cap_of(MOST_BRANCHES, verbosity);

	if (choose(story, report, verbosity) < 0)
		story->failed = true;
	story_add(story, LINE_HEADING, "Chain",
		  "each arrow: how much of what it points at comes from what stands above it");
	vec_each(line, &story->drawn)
		if (story_cap_take(&cap))
			tell_branch(story, report, line);
	cap.left_out += (int)(story->chain.len - story->drawn.len);
	story_cap_end(story, &cap);
	tell_feedback(story, report);
}

void story_tell_chain(struct story *story, const struct report *report, int verbosity)
{
	const struct finding *primary = view_primary(report);

	if (primary && story->chain.len)
		tell_drawing(story, report, verbosity);
	else if (primary)
		tell_meaning(story, report, primary);
	if (primary)
		tell_beside(story, report);
}
