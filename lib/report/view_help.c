/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to ask of somebody who pasted text: one command, not forty. */
#include "report/view.h"

#include <string.h>

bool view_is_text(const struct report *report)
{
	struct value input = evidence_get(report->evidence, METRIC_self_input);

	return input.kind == VALUE_TEXT && strcmp(input.text, "text") == 0;
}

/* Rules of a stage that did not run are not among the unknown ones. */
static size_t count_lacking(const struct report *report, enum stage_id stage)
{
	size_t count = 0;

	vec_each(unknown, &report->judgement->unknown)
		count += unknown->rule->stage == stage;
	if (!view_stage_ran(report, stage))
		vec_each(rule, &report->rules->rules)
			count += (*rule)->enabled && (*rule)->stage == stage;
	return count;
}

static bool help_of(const struct report *report, enum stage_id stage, struct view_help *ret)
{
	struct view_help help = { .stage = stage };

	/* no text answers locate's question */
	if (stage >= STAGE_locate)
		return false;
	help.command = evidence_stage(report->evidence, stage)->fix;
	help.rules = count_lacking(report, stage);
	if (!help.command || !help.rules)
		return false;
	*ret = help;
	return true;
}

static bool help_with_most(const struct report *report, struct view_help *ret)
{
	struct view_help help;
	bool found = false;

	for (int stage = 0; stage < STAGE_TOTAL; stage++)
		if (help_of(report, (enum stage_id)stage, &help) &&
		    (!found || help.rules > ret->rules)) {
			*ret = help;
			found = true;
		}
	return found;
}

/* What the primary asks for was measured, and nothing more would change the verdict. */
static bool is_measured(const struct report *report, enum stage_id stage)
{
	return stage < STAGE_TOTAL && evidence_stage(report->evidence, stage)->status == STAGE_OK;
}

/* What the primary's rule asks next, else what it advises to run, else what most rules lack. */
bool view_help(const struct report *report, struct view_help *ret)
{
	const struct finding *primary = view_primary(report);

	if (!view_is_text(report) || (primary && is_measured(report, primary->rule->next)))
		return false;
	if (primary && help_of(report, primary->rule->next, ret))
		return true;
	if (primary && primary->commands.len) {
		*ret = (struct view_help){ .command = primary->commands.data[0],
					   .stage = primary->rule->stage };
		return true;
	}
	return help_with_most(report, ret);
}
