/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From findings to a verdict. Severity, role and share rank findings; the chain chooses among them
 * (chain_standing.c).
 */
#include "rule/judging.h"

#include "base/cleanup.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define HEADLINE_CHARS 120

/* Without these nobody can say that a host is healthy. */
static const enum metric_id core_metrics[] = {
	METRIC_vmstat_r_per_cpu,
	METRIC_vmstat_busy_pct,
	METRIC_top_threads,
};

static const char *const status_names[] = {
	[VERDICT_HEALTHY] = "healthy",
	[VERDICT_FINDINGS] = "findings",
	[VERDICT_INCONCLUSIVE] = "inconclusive",
};

const char *verdict_status_name(enum verdict_status status)
{
	return status_names[status];
}

static int compare_findings(const struct finding *a, const struct finding *b)
{
	if (a->severity != b->severity)
		return a->severity < b->severity ? 1 : -1;
	if (judging_role_rank(a->rule->role) != judging_role_rank(b->rule->role))
		return judging_role_rank(a->rule->role) - judging_role_rank(b->rule->role);
	if (isnan(a->share_pct) != isnan(b->share_pct))
		return isnan(a->share_pct) ? 1 : -1;
	if (!isnan(a->share_pct) && a->share_pct != b->share_pct)
		return a->share_pct < b->share_pct ? 1 : -1;
	return 0;
}

static int by_rank(const void *left, const void *right)
{
	const struct finding *a = *(struct finding *const *)left;
	const struct finding *b = *(struct finding *const *)right;
	int order = compare_findings(a, b);

	/* they stand in one array, in the order of the rules */
	return order ? order : (a > b) - (a < b);
}

static int rank(struct findings *findings)
{
	_cleanup_(cleanup_free) struct finding **order = calloc(findings->len + 1, sizeof(*order));
	struct finding *ranked = calloc(findings->len + 1, sizeof(*ranked));

	if (!order || !ranked) {
		free(ranked);
		return -ENOMEM;
	}
	for (size_t i = 0; i < findings->len; i++)
		order[i] = &findings->data[i];
	qsort(order, findings->len, sizeof(*order), by_rank);
	for (size_t i = 0; i < findings->len; i++) {
		ranked[i] = *order[i];
		snprintf(ranked[i].id, sizeof(ranked[i].id), "F%u", (unsigned)(i + 1) % 1000000);
	}
	free(findings->data);
	findings->data = ranked;
	findings->cap = findings->len + 1;
	return 0;
}

static bool stage_ran(const struct evidence *evidence, enum stage_id stage)
{
	enum stage_status status = evidence_stage(evidence, stage)->status;

	return status == STAGE_OK || status == STAGE_DEGRADED;
}

static void say_stage(struct str *out, const struct evidence *evidence, enum stage_id stage)
{
	const struct stage_record *record = evidence_stage(evidence, stage);

	str_format(out, "stage %s did not run%s%s", stage_name(stage), record->reason ? ": " : "",
		   record->reason ? record->reason : "");
}

/* A container, or hidepid: what most of the host's threads do is not known. */
static bool sees_few_threads(const struct evidence *evidence)
{
	return evidence_number(evidence, METRIC_top_threads) * 2 <
	       evidence_number(evidence, METRIC_host_tasks);
}

/* What is missing for a clean bill of health; nothing when the coverage suffices. */
static void say_missing(struct str *out, const struct judgement *judgement,
			const struct evidence *evidence)
{
	if (!stage_ran(evidence, STAGE_vmstat)) {
		say_stage(out, evidence, STAGE_vmstat);
		return;
	}
	if (!stage_ran(evidence, STAGE_top)) {
		say_stage(out, evidence, STAGE_top);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(core_metrics); i++)
		if (isnan(evidence_number(evidence, core_metrics[i])))
			str_format(out, "%s%s", out->len ? ", " : "",
				   metric_info(core_metrics[i])->name);
	if (out->len)
		str_append(out, " could not be measured");
	else if (sees_few_threads(evidence))
		str_format(out, "only %.0f of %.0f threads could be seen",
			   evidence_number(evidence, METRIC_top_threads),
			   evidence_number(evidence, METRIC_host_tasks));
	else if (judgement->unknown.len * 2 > judgement->considered)
		str_format(out, "%zu of %zu rules could not be evaluated", judgement->unknown.len,
			   judgement->considered);
	else if (!judgement->considered)
		str_append(out, "there is no rule to judge by");
}

static void put(struct str *out, const struct evidence *evidence, enum metric_id id)
{
	value_format(out, metric_info(id)->unit, evidence_get(evidence, id));
}

static bool is_known(const struct evidence *evidence, enum metric_id id)
{
	return evidence_get(evidence, id).kind != VALUE_UNKNOWN;
}

static void say_queue(struct str *out, const struct evidence *evidence)
{
	if (is_known(evidence, METRIC_vmstat_r) && is_known(evidence, METRIC_host_usable_cpus)) {
		str_append(out, "r ");
		put(out, evidence, METRIC_vmstat_r);
		str_append(out, " on ");
		put(out, evidence, METRIC_host_usable_cpus);
		str_append(out, " CPUs");
	} else {
		put(out, evidence, METRIC_vmstat_r_per_cpu);
		str_append(out, " runnable for each CPU");
	}
}

static void say_healthy(struct str *out, const struct evidence *evidence)
{
	str_append(out, "healthy: ");
	say_queue(out, evidence);
	str_append(out, ", ");
	put(out, evidence, METRIC_vmstat_busy_pct);
	str_append(out, " busy");
	if (evidence_number(evidence, METRIC_vmstat_b) == 0 &&
	    evidence_number(evidence, METRIC_top_uninterruptible) == 0)
		str_append(out, ", nothing waits for IO");
}

static size_t count_chars(const struct str *text)
{
	size_t chars = 0;

	for (size_t i = 0; i < text->len; i++)
		chars += ((unsigned char)text->data[i] & 0xc0) != 0x80;
	return chars;
}

/* At most 120 characters; a longer text ends in an ellipsis and never inside a character. */
static void cut_headline(struct str *text)
{
	size_t chars = 0, keep = 0;

	for (size_t i = 0; i < text->len; i++) {
		if (((unsigned char)text->data[i] & 0xc0) == 0x80)
			continue;
		if (chars == HEADLINE_CHARS - 1)
			keep = i;
		chars++;
	}
	if (chars <= HEADLINE_CHARS)
		return;
	text->data[keep] = '\0';
	text->len = keep;
	str_append(text, "…");
}

static double watched_s(const struct evidence *evidence)
{
	double sum = 0;

	for (int stage = 0; stage < STAGE_TOTAL; stage++)
		sum += evidence_stage(evidence, (enum stage_id)stage)->duration_s;
	return sum;
}

/* The worst other cause that may be the root as well: no arrow tells the primary from it. NULL
 * when an arrow touches the primary, or when there is no primary. */
static const struct chain_node *find_rival(const struct judgement *judgement)
{
	const struct chain *chain = &judgement->chain;

	if (judgement->verdict.primary < 0)
		return NULL;
	vec_each(arrow, &chain->arrows)
		if (arrow->from == 0 || arrow->to == 0)
			return NULL;
	vec_each(node, &chain->nodes)
		if (node->severity >= SEVERITY_WARNING && node->role != ROLE_SYMPTOM &&
		    strcmp(node->cause, chain->nodes.data[0].cause) != 0)
			return node;
	return NULL;
}

static void say_rival(struct str *out, const struct judgement *judgement)
{
	const struct chain_node *rival = find_rival(judgement);

	if (rival)
		str_format(out, "; no number connects %s to %s: it may not be the root",
			   judgement->chain.nodes.data[0].cause, rival->cause);
}

static void say_confidence(struct str *out, const struct judgement *judgement,
			   const struct evidence *evidence, const struct finding *primary)
{
	size_t caveats = evidence_caveats(evidence);

	if (judgement->unknown.len)
		str_format(out, "%zu of %zu rules could not be evaluated", judgement->unknown.len,
			   judgement->considered);
	else
		str_format(out, "all %zu rules could be evaluated", judgement->considered);
	for (int i = 0; i < STAGE_TOTAL; i++)
		if (evidence_stage(evidence, (enum stage_id)i)->status == STAGE_DEGRADED)
			str_format(out, "; stage %s is degraded", stage_name((enum stage_id)i));
	if (caveats)
		str_format(out, "; %zu caveat%s", caveats, caveats > 1 ? "s" : "");
	if (primary)
		vec_each(doubt, &primary->doubts)
			str_format(out, "; not known: %s", *doubt);
	say_rival(out, judgement);
	if (judging_is_text(evidence))
		str_format(out, "; pasted text supports %.2f at most", CONFIDENCE_TEXT);
	if (watched_s(evidence) > 0 || !judging_is_text(evidence))
		str_format(out, "; %.1f s watched", watched_s(evidence));
}

static double healthy_confidence(const struct judgement *judgement, const struct evidence *evidence)
{
	double evaluated = (double)(judgement->considered - judgement->unknown.len) /
			   (double)judgement->considered;
	double vmstat = judging_trust(evidence, STAGE_vmstat);
	double top = judging_trust(evidence, STAGE_top);

	return judging_cap(evidence, STAGE_vmstat,
			   CONFIDENCE_BEST * evaluated * (vmstat < top ? vmstat : top));
}

/* The strongest arrow of another cause into the primary (or out of it) from (to) a contributor that is a warning at least. */
static const struct chain_arrow *strongest(const struct chain *chain, bool into,
					   enum standing least, enum standing most)
{
	vec_each(arrow, &chain->arrows) {
		size_t end = into ? arrow->to : arrow->from;
		const struct chain_node *other =
			vec_at(&chain->nodes, into ? arrow->from : arrow->to);

		if (end == 0 && !arrow->feedback && other->severity >= SEVERITY_WARNING &&
		    other->standing >= least && other->standing <= most &&
		    strcmp(other->cause, chain->nodes.data[0].cause) != 0)
			return arrow;
	}
	return NULL;
}

static void say_arrow(struct str *out, const char *words, const char *cause,
		      const struct chain_arrow *arrow)
{
	str_format(out, "; %s %s (", words, cause);
	unit_format(out, UNIT_PCT, arrow->strength_pct);
	str_append_char(out, ')');
}

/* What stands nearest to the primary in the chain. */
static void say_neighbour(struct str *out, const struct chain *chain)
{
	const struct chain_node *nodes = chain->nodes.data;
	const struct chain_arrow *by = strongest(chain, true, STANDING_AMPLIFIER, STANDING_TRIGGER);
	const struct chain_arrow *from =
		strongest(chain, true, STANDING_SECONDARY, STANDING_SECONDARY);
	const struct chain_arrow *to = strongest(chain, false, STANDING_SECONDARY, STANDING_EFFECT);

	if (by)
		say_arrow(out, "amplified by", nodes[by->from].cause, by);
	else if (from)
		say_arrow(out, "driven by", nodes[from->from].cause, from);
	else if (to)
		say_arrow(out, "drives", nodes[to->to].cause, to);
}

/* Only when it is there to the last character. */
static void extend_headline(struct str *headline, const struct chain *chain)
{
	_cleanup_(str_free) struct str more = { 0 };

	say_neighbour(&more, chain);
	if (count_chars(headline) + count_chars(&more) <= HEADLINE_CHARS)
		str_append_bytes(headline, str_text(&more), more.len);
}

static void say_findings(struct judgement *judgement, struct str *headline)
{
	struct verdict *verdict = &judgement->verdict;
	const struct finding *primary = &judgement->findings.data[verdict->primary];

	verdict->status = VERDICT_FINDINGS;
	verdict->confidence = primary->confidence;
	if (find_rival(judgement))
		verdict->confidence *= 0.9;
	str_append(headline, primary->say ? primary->say : primary->rule->cause);
	extend_headline(headline, &judgement->chain);
}

static void decide(struct judgement *judgement, const struct evidence *evidence,
		   struct str *headline)
{
	struct verdict *verdict = &judgement->verdict;
	_cleanup_(str_free) struct str missing = { 0 };

	if (verdict->primary >= 0) {
		say_findings(judgement, headline);
		return;
	}
	say_missing(&missing, judgement, evidence);
	if (missing.len) {
		verdict->status = VERDICT_INCONCLUSIVE;
		str_format(headline, "inconclusive: %s", str_text(&missing));
		return;
	}
	verdict->status = VERDICT_HEALTHY;
	verdict->confidence = healthy_confidence(judgement, evidence);
	say_healthy(headline, evidence);
}

static int build_chain(const struct ruleset *rules, struct judgement *judgement,
		       const struct evidence *evidence)
{
	struct chain *chain = &judgement->chain;
	_cleanup_(cleanup_free) enum severity *reach = NULL;
	bool found = false;
	int r = chain_add_nodes(judgement);

	reach = calloc(chain->nodes.len + 1, sizeof(*reach));
	if (r == 0 && !reach)
		r = -ENOMEM;
	r = r == 0 ? chain_add_arrows(rules, evidence, judgement) : r;
	r = r == 0 ? chain_attribute(chain, reach) : r;
	r = r == 0 ? chain_stand(chain, reach, &found) : r;
	judgement->verdict.primary = r == 0 && found ? (int)chain->nodes.data[0].findings.data[0] :
						       -1;
	return r;
}

int judging_conclude(const struct ruleset *rules, struct judgement *judgement,
		     const struct evidence *evidence)
{
	struct verdict *verdict = &judgement->verdict;
	_cleanup_(str_free) struct str headline = { 0 };
	_cleanup_(str_free) struct str why = { 0 };
	int r = rank(&judgement->findings);

	r = r == 0 ? build_chain(rules, judgement, evidence) : r;
	if (r < 0)
		return r;
	decide(judgement, evidence, &headline);
	cut_headline(&headline);
	say_confidence(&why, judgement, evidence,
		       verdict->primary < 0 ? NULL : &judgement->findings.data[verdict->primary]);
	verdict->headline = judgement_own(judgement, &headline);
	verdict->confidence_why = judgement_own(judgement, &why);
	return verdict->headline && verdict->confidence_why ? 0 : -ENOMEM;
}
