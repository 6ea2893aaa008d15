/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Do now: what helps, then what to look at. */
#include "report/story.h"

#include "base/cleanup.h"
#include "report/view.h"

#include <string.h>

enum {
	MOST_ACTIONS = 6,
	LEAST_COMMANDS = 2, /* that many keep their place among the actions */
};

VEC_DECLARE(advisers, const struct finding *);

/* What will stand under the heading: texts of findings, each once. */
struct actions {
	struct strings remedies;
	struct strings commands;
	bool failed;
};

static void add_once(struct actions *actions, struct strings *list, const char *text)
{
	if (!text || !*text)
		return;
	vec_each(listed, list)
		if (strcmp(*listed, text) == 0)
			return;
	if (vec_push(list, text) < 0)
		actions->failed = true;
}

/* What a symptom suggests ("add CPUs") may be wrong once its cause is known; it counts when
 * nothing explains it. */
static bool may_advise(const struct finding *finding, const struct finding *primary, int verbosity)
{
	return verbosity > 0 || finding->rule->role != ROLE_SYMPTOM || !primary ||
	       primary->rule->role == ROLE_SYMPTOM;
}

/* The primary, then what contributes to it, then the rest: all that may advise. */
static int find_advisers(const struct story *story, const struct report *report, int verbosity,
			 struct advisers *ret)
{
	const struct chain *chain = &report->judgement->chain;
	const struct finding *primary = view_primary(report);
	const struct finding *finding = NULL;
	int r = 0;

	if (primary)
		r = vec_push(ret, primary);
	for (int connected = 1; connected >= 0; connected--)
		for (size_t i = 0; i < chain->nodes.len && r == 0; i++) {
			finding = view_node_finding(report, &chain->nodes.data[i]);
			if (finding != primary && tree_has(&story->chain, i) == connected &&
			    chain->nodes.data[i].severity >= SEVERITY_WARNING &&
			    may_advise(finding, primary, verbosity))
				r = vec_push(ret, finding);
		}
	finding = NULL;
	while (r == 0 && (finding = view_unchained(report, finding)))
		if (may_advise(finding, primary, verbosity))
			r = vec_push(ret, finding);
	return r;
}

/* All that the first one advises, and what the others think best. */
static void collect(struct actions *actions, const struct advisers *advisers, int verbosity)
{
	vec_each(adviser, advisers) {
		const struct finding *finding = *adviser;
		bool all = adviser == advisers->data || verbosity > 0;

		for (size_t i = 0; i < finding->remedy.len && (all || i == 0); i++)
			add_once(actions, &actions->remedies, finding->remedy.data[i]);
		for (size_t i = 0; i < finding->commands.len && (all || i == 0); i++)
			add_once(actions, &actions->commands, finding->commands.data[i]);
	}
}

/* When too little was measured, the thing to do is to make it measurable. */
static void collect_fixes(struct actions *actions, const struct report *report)
{
	for (int stage = 0; stage < STAGE_TOTAL; stage++)
		add_once(actions, &actions->commands, evidence_stage(report->evidence, stage)->fix);
	vec_each(unknown, &report->judgement->unknown)
		add_once(actions, &actions->commands, unknown->fix);
}

static void tell_actions(struct story *story, enum line_kind kind, const struct strings *texts,
			 struct story_cap *cap, int *number)
{
	vec_each(text, texts) {
		char label[16];

		if (!story_cap_take(cap))
			continue;
		snprintf(label, sizeof(label), "%d.", ++*number);
		story_add_text(story, kind, TONE_PLAIN, label, *text);
	}
}

static void tell_list(struct story *story, const struct actions *actions, int verbosity)
{
	struct story_cap cap = story_cap_of(MOST_ACTIONS, verbosity);
	size_t kept = actions->commands.len;
	int number = 0;

	if (!actions->remedies.len && !actions->commands.len)
		return;
	story_add(story, LINE_HEADING, "Do now", "%s", "");
	kept = kept < LEAST_COMMANDS ? kept : LEAST_COMMANDS;
	cap.most -= (int)kept;
	tell_actions(story, LINE_TEXT, &actions->remedies, &cap, &number);
	cap.most += (int)kept;
	tell_actions(story, LINE_COMMAND, &actions->commands, &cap, &number);
	story_cap_end(story, &cap);
}

void story_tell_actions(struct story *story, const struct report *report, int verbosity)
{
	struct advisers advisers = { 0 };
	struct actions actions = { 0 };

	if (find_advisers(story, report, verbosity, &advisers) < 0)
		story->failed = true;
	collect(&actions, &advisers, verbosity);
	if (report->judgement->verdict.status == VERDICT_INCONCLUSIVE)
		collect_fixes(&actions, report);
	tell_list(story, &actions, verbosity);
	story->failed = story->failed || actions.failed;
	vec_free(&advisers);
	vec_free(&actions.remedies);
	vec_free(&actions.commands);
}
