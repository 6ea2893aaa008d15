/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of lib/rule share: rules from a text, evidence from numbers. */
#ifndef TRIAGE_RULE_TESTING_H
#define TRIAGE_RULE_TESTING_H

#include "base/cleanup.h"
#include "base/testing.h"
#include "rule/judge.h"

#include <check.h>
#include <math.h>
#include <string.h>

static inline struct ruleset *rules_of(const char *text)
{
	struct ruleset *rules = NULL;
	struct err err = { 0 };
	int r = ruleset_load(NULL, 0, &rules, &err);

	if (r == 0)
		r = ruleset_overlay_text(rules, "t.jsonc", text, strlen(text), &err);
	ck_assert_msg(r == 0, "%s", err.msg);
	return rules;
}

/* Evidence with the stages vmstat and top run. */
static inline struct evidence *evidence_of_run(void)
{
	struct stage_record ok = { .status = STAGE_OK, .duration_s = 1 };
	struct evidence *evidence = NULL;

	ck_assert_int_eq(evidence_new(&evidence), 0);
	evidence_set_stage(evidence, STAGE_vmstat, &ok);
	evidence_set_stage(evidence, STAGE_top, &ok);
	return evidence;
}

/* Rows about the host, for lists of them. */
#define HOST_RULE(id, when, rest) \
	"{\"id\":\"" id "\",\"when\":[" when "],\"say\":\"" id " {vmstat.r}\"," rest "}"
#define HOG "\"cause\":\"cpu-hog\""
#define UNLESS_RULE(rest) \
	"[" HOST_RULE("vmstat.a", "\"vmstat.r > 1\"", "\"unless\":[\"vmstat.b > 5\"]," rest) "]"

static inline struct judgement *judge(const struct ruleset *rules, const struct evidence *evidence)
{
	struct judgement *judgement = NULL;

	ck_assert_int_eq(rule_judge(rules, evidence, &judgement), 0);
	return judgement;
}

#endif
