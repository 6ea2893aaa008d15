/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From findings to a verdict. Severity, role and share rank findings; arrows between them are not
 * drawn yet, so the primary is the worst finding that names a mechanism, and a symptom only when
 * nothing explains it.
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

/* What explains comes before what makes it worse, and that before what is merely seen. */
static int role_rank(enum role role)
{
	return role == ROLE_SYMPTOM ? 2 : role == ROLE_AMPLIFIER ? 1 : 0;
}

static int compare_findings(const struct finding *a, const struct finding *b)
{
	if (a->severity != b->severity)
		return a->severity < b->severity ? 1 : -1;
	if (role_rank(a->rule->role) != role_rank(b->rule->role))
		return role_rank(a->rule->role) - role_rank(b->rule->role);
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

/* The first finding (they are ranked) of the best explaining kind that is a warning at least. */
static int find_primary(const struct findings *findings)
{
	for (int kind = 0; kind <= 2; kind++)
		for (size_t i = 0; i < findings->len; i++)
			if (findings->data[i].severity >= SEVERITY_WARNING &&
			    role_rank(findings->data[i].rule->role) == kind)
				return (int)i;
	return -1;
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
	str_format(out, "; %.1f s watched", watched_s(evidence));
}

static double healthy_confidence(const struct judgement *judgement, const struct evidence *evidence)
{
	double evaluated = (double)(judgement->considered - judgement->unknown.len) /
			   (double)judgement->considered;
	double vmstat = judging_trust(evidence, STAGE_vmstat);
	double top = judging_trust(evidence, STAGE_top);

	return CONFIDENCE_BEST * evaluated * (vmstat < top ? vmstat : top);
}

static void decide(struct judgement *judgement, const struct evidence *evidence,
		   struct str *headline)
{
	struct verdict *verdict = &judgement->verdict;
	_cleanup_(str_free) struct str missing = { 0 };

	verdict->primary = find_primary(&judgement->findings);
	if (verdict->primary >= 0) {
		const struct finding *primary = &judgement->findings.data[verdict->primary];

		verdict->status = VERDICT_FINDINGS;
		verdict->confidence = primary->confidence;
		str_append(headline, primary->say ? primary->say : primary->rule->cause);
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

int judging_conclude(struct judgement *judgement, const struct evidence *evidence)
{
	struct verdict *verdict = &judgement->verdict;
	_cleanup_(str_free) struct str headline = { 0 };
	_cleanup_(str_free) struct str why = { 0 };
	int r = rank(&judgement->findings);

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
