/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile rule files: whatever loads must also judge, annotate and describe. */
#include "base/cleanup.h"
#include "rule/judge.h"
#include "rule/symbols.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fill_evidence(struct evidence *evidence)
{
	struct stage_record ok = { .status = STAGE_OK, .duration_s = 1 };
	int row = evidence_add_row(evidence, TABLE_top_groups);

	for (int i = 0; i < STAGE_TOTAL; i++)
		evidence_set_stage(evidence, (enum stage_id)i, &ok);
	/* every second metric stays unknown */
	for (int i = 0; i < METRIC_TOTAL; i += 2)
		evidence_set(evidence, (enum metric_id)i, i);
	evidence_set_cell_text(evidence, row, COLUMN_top_groups_name, "tokio-runtime-w");
	evidence_set_cell_text(evidence, row, COLUMN_top_groups_thread, "tokio-runtime-w");
	evidence_set_cell(evidence, row, COLUMN_top_groups_threads, 791);
}

static void use(const struct ruleset *rules)
{
	_cleanup_(evidence_freep) struct evidence *evidence = NULL;
	_cleanup_(judgement_freep) struct judgement *judgement = NULL;
	_cleanup_(str_free) struct str text = { 0 };

	if (evidence_new(&evidence) < 0)
		return;
	fill_evidence(evidence);
	rule_annotate(rules, evidence);
	rule_judge(rules, evidence, &judgement);
	vec_each(rule, &rules->rules)
		rule_describe(*rule, &text);
	vec_each(link, &rules->links)
		link_describe(*link, &text);
	rule_symbol_meaning(rules, "net_rx_action.isra.0", "kernel", true);
	rule_symbol_meaning(rules, "a::b(int) const [clone .cold]", "libc.so.6", false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = NULL;
	struct err err;

	if (ruleset_load(NULL, 0, &rules, &err) < 0)
		return 0;
	/* twice: the second time every row replaces one */
	if (ruleset_overlay_text(rules, "fuzz", (const char *)data, size, &err) == 0 &&
	    ruleset_overlay_text(rules, "fuzz", (const char *)data, size, &err) == 0)
		use(rules);
	return 0;
}
