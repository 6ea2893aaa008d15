/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/judging.h"

#include "base/cleanup.h"
#include "rule/condition.h"
#include "rule/ref.h"

#include <errno.h>
#include <math.h>
#include <sha2.h>
#include <string.h>

#define CAVEATS_COUNTED 5
#define SHORT_WINDOW_S 0.5

const char *judgement_own(struct judgement *judgement, struct str *text)
{
	char *taken = str_take(text);

	if (!taken || vec_push(&judgement->owned, (void *)taken) == 0)
		return taken;
	free(taken);
	return NULL;
}

int judging_fill(struct judgement *judgement, const struct evidence *evidence,
		 const struct rule *rule, int row, const char *template, const char **ret,
		 int *ret_unknown)
{
	_cleanup_(str_free) struct str text = { 0 };
	const char *owned;
	int unknown;

	if (!template)
		return 0;
	unknown = rule_fill(template, rule->table, row, evidence, &text);
	owned = unknown < 0 ? NULL : judgement_own(judgement, &text);
	if (!owned)
		return -ENOMEM;
	*ret = owned;
	if (ret_unknown)
		*ret_unknown = unknown;
	return 0;
}

/* A line of advice with a hole in it is no advice: it is left out. So is a command that a hostile
 * name would turn into another one. */
static int fill_lines(struct judgement *judgement, const struct evidence *evidence,
		      const struct rule *rule, int row, const struct strings *lines,
		      bool are_commands, struct strings *out)
{
	const char *text = NULL;
	int unknown = 0, r = 0;

	vec_each(line, lines) {
		if (are_commands && !template_is_pasteable(*line, rule->table, row, evidence))
			continue;
		if (r == 0)
			r = judging_fill(judgement, evidence, rule, row, *line, &text, &unknown);
		if (r == 0 && unknown == 0)
			r = vec_push(out, text);
	}
	return r;
}

static int own_ref_name(struct judgement *judgement, struct ref ref, const char **ret)
{
	_cleanup_(str_free) struct str name = { 0 };

	if (ref.column == COLUMN_NONE) {
		*ret = metric_info(ref.metric)->name;
		return 0;
	}
	ref_name(ref, &name);
	*ret = judgement_own(judgement, &name);
	return *ret ? 0 : -ENOMEM;
}

static bool is_bound(enum op op)
{
	return op == OP_LT || op == OP_LE || op == OP_GT || op == OP_GE;
}

/* The same number against the same kind of bound is one fact. */
static struct fact *same_fact(struct facts *facts, const struct fact *fact)
{
	vec_each(other, facts)
		if (is_bound(fact->op) && other->op == fact->op &&
		    strcmp(other->metric, fact->metric) == 0)
			return other;
	return NULL;
}

/* Both hold, so the stricter bound tells more: usually the severity's over the one of `when`. */
static bool is_stricter(const struct fact *fact, const struct fact *than)
{
	bool upper = fact->op == OP_LT || fact->op == OP_LE;

	return upper ? fact->threshold.number < than->threshold.number :
		       fact->threshold.number > than->threshold.number;
}

static int add_fact(struct judgement *judgement, const struct evidence *evidence,
		    const struct condition *condition, int row, struct facts *out)
{
	struct fact fact = { .unit = ref_unit(condition->left),
			     .value = ref_judged(condition->left, evidence, row),
			     .op = condition->op,
			     .threshold = condition_threshold(condition, evidence, row),
			     .origin = ref_origin(condition->left),
			     .command = ref_command(condition->left) };
	struct fact *same;
	int r;

	if (condition->op == OP_NE && condition->word)
		return 0; /* what a thing is called tells more than what it is not called */
	r = own_ref_name(judgement, condition->left, &fact.metric);
	if (r < 0)
		return r;
	same = same_fact(out, &fact);
	if (!same)
		return vec_push(out, fact);
	if (is_stricter(&fact, same))
		*same = fact;
	return 0;
}

int judging_facts(struct judgement *judgement, const struct evidence *evidence,
		  const struct conditions *conditions, int row, struct facts *out)
{
	int r = 0;

	vec_each(condition, conditions)
		if (r == 0)
			r = add_fact(judgement, evidence, condition, row, out);
	return r;
}

void judging_describe(const struct condition *condition, const struct evidence *evidence, int row,
		      struct str *out)
{
	enum unit unit = ref_unit(condition->left);

	ref_name(condition->left, out);
	str_append_char(out, ' ');
	value_format(out, unit, ref_judged(condition->left, evidence, row));
	str_format(out, " %s ", op_name(condition->op));
	value_format(out, unit, condition_threshold(condition, evidence, row));
}

double judging_share(const struct rule *rule, const struct evidence *evidence, int row)
{
	struct value value = { .kind = VALUE_UNKNOWN };

	if (rule->share && ref_is_set(rule->share_ref))
		value = ref_value(rule->share_ref, evidence, row);
	return value.kind == VALUE_NUMBER ? value.number : NAN;
}

static enum severity severity_of(const struct rule *rule, const struct evidence *evidence, int row)
{
	for (int i = SEVERITY_CRITICAL; i > (int)rule->severity_least; i--)
		if (rule->severity[i].len &&
		    conditions_hold(&rule->severity[i], evidence, row) == TRUTH_TRUE)
			return (enum severity)i;
	return rule->severity_least;
}

static struct value cell_by_name(const struct rule *rule, const struct evidence *evidence, int row,
				 const char *name)
{
	enum column_id column = rule->table == TABLE_NONE ? COLUMN_NONE :
							    column_by_name(rule->table, name);

	return column == COLUMN_NONE ? (struct value){ .kind = VALUE_UNKNOWN } :
				       evidence_cell(evidence, row, column);
}

static const char *cell_text(const struct rule *rule, const struct evidence *evidence, int row,
			     const char *name)
{
	struct value value = cell_by_name(rule, evidence, row, name);

	return value.kind == VALUE_TEXT ? value.text : NULL;
}

static double cell_number(const struct rule *rule, const struct evidence *evidence, int row,
			  const char *name)
{
	struct value value = cell_by_name(rule, evidence, row, name);

	return value.kind == VALUE_NUMBER ? value.number : NAN;
}

static struct subject host_subject(const struct rule *rule, const struct evidence *evidence)
{
	struct value name = evidence_get(evidence, METRIC_host_name);

	return (struct subject){ .kind = rule->subject ? rule->subject : "host",
				 .name = name.kind == VALUE_TEXT ? name.text : "this host",
				 .threads = NAN,
				 .processes = NAN };
}

static struct subject row_subject(const struct rule *rule, const struct evidence *evidence, int row)
{
	const char *runtime = cell_text(rule, evidence, row, "runtime");
	const char *kind = cell_text(rule, evidence, row, "kind");
	struct subject subject = { .kind = rule->subject,
				   .name = cell_text(rule, evidence, row, "name"),
				   .program = cell_text(rule, evidence, row, "program"),
				   .thread = cell_text(rule, evidence, row, "thread"),
				   .pids = cell_text(rule, evidence, row, "pids"),
				   .threads = cell_number(rule, evidence, row, "threads"),
				   .processes = cell_number(rule, evidence, row, "processes") };

	if (!subject.kind && runtime)
		subject.kind = "runtime";
	else if (!subject.kind && kind && strcmp(kind, "kernel") == 0)
		subject.kind = "kernel-thread";
	else if (!subject.kind)
		subject.kind = table_info(rule->table)->subject_kind;
	if (runtime && strcmp(subject.kind, "runtime") == 0)
		subject.name = runtime;
	if (!subject.name)
		subject.name = subject.program ? subject.program : "?";
	return subject;
}

static void hash_part(SHA2_CTX *context, const char *text)
{
	/* the NUL goes in too, so that parts can't run into each other */
	text = text ? text : "";
	SHA256Update(context, (const uint8_t *)text, strlen(text) + 1);
}

static void set_fingerprint(struct finding *finding, const struct evidence *evidence)
{
	struct value host = evidence_get(evidence, METRIC_host_name);
	char hex[SHA256_DIGEST_STRING_LENGTH];
	SHA2_CTX context;

	SHA256Init(&context);
	hash_part(&context, finding->rule->id);
	hash_part(&context, host.kind == VALUE_TEXT ? host.text : NULL);
	hash_part(&context, finding->subject.kind);
	hash_part(&context, finding->subject.name);
	hash_part(&context, finding->subject.program);
	SHA256End(&context, hex);
	memcpy(finding->fingerprint, hex, sizeof(finding->fingerprint) - 1);
}

double judging_trust(const struct evidence *evidence, enum stage_id stage)
{
	const struct stage_record *record = evidence_stage(evidence, stage);
	size_t caveats = evidence_caveats(evidence);
	double trust = record->status == STAGE_DEGRADED ? 0.9 : 1;

	if (record->duration_s > 0 && record->duration_s < SHORT_WINDOW_S)
		trust *= 0.8;
	return trust * pow(0.95, (double)(caveats < CAVEATS_COUNTED ? caveats : CAVEATS_COUNTED));
}

bool judging_is_text(const struct evidence *evidence)
{
	struct value input = evidence_get(evidence, METRIC_self_input);

	return input.kind == VALUE_TEXT && strcmp(input.text, "text") == 0;
}

double judging_cap(const struct evidence *evidence, enum stage_id stage, double confidence)
{
	bool weak = judging_is_text(evidence) &&
		    evidence_stage(evidence, stage)->status == STAGE_DEGRADED;

	return weak && confidence > CONFIDENCE_TEXT ? CONFIDENCE_TEXT : confidence;
}

static int add_doubts(struct finding *finding, const struct evidence *evidence)
{
	int r = 0;

	vec_each(condition, &finding->rule->unless)
		if (r == 0 && condition_holds(condition, evidence, finding->row) == TRUTH_UNKNOWN)
			r = vec_push(&finding->doubts, condition->text);
	return r;
}

static void set_confidence(struct finding *finding, const struct evidence *evidence)
{
	double confidence = CONFIDENCE_BEST * judging_trust(evidence, finding->rule->stage) *
			    pow(0.8, (double)finding->doubts.len);

	confidence = judging_cap(evidence, finding->rule->stage, confidence);
	finding->confidence = confidence < CONFIDENCE_LEAST ? CONFIDENCE_LEAST : confidence;
}

static int fill_prose(struct judgement *judgement, const struct evidence *evidence,
		      struct finding *finding)
{
	const struct rule *rule = finding->rule;
	int row = finding->row;
	int r = judging_fill(judgement, evidence, rule, row, rule->say, &finding->say, NULL);

	if (r == 0)
		r = judging_fill(judgement, evidence, rule, row, rule->means, &finding->means,
				 NULL);
	if (r == 0)
		r = fill_lines(judgement, evidence, rule, row, &rule->remedy, false,
			       &finding->remedy);
	if (r == 0)
		r = fill_lines(judgement, evidence, rule, row, &rule->commands, true,
			       &finding->commands);
	return r;
}

static int fill_finding(struct judgement *judgement, const struct evidence *evidence,
			struct finding *finding)
{
	const struct rule *rule = finding->rule;
	int r = fill_prose(judgement, evidence, finding);

	if (r == 0)
		r = judging_facts(judgement, evidence, &rule->when, finding->row, &finding->facts);
	if (r == 0 && finding->severity > rule->severity_least)
		r = judging_facts(judgement, evidence, &rule->severity[finding->severity],
				  finding->row, &finding->facts);
	if (r == 0)
		r = add_doubts(finding, evidence);
	set_confidence(finding, evidence);
	set_fingerprint(finding, evidence);
	return r;
}

int judging_add_finding(struct judgement *judgement, const struct evidence *evidence,
			const struct rule *rule, int row)
{
	struct finding finding = { .rule = rule,
				   .row = row,
				   .severity = severity_of(rule, evidence, row),
				   .share_pct = judging_share(rule, evidence, row),
				   .subject = row < 0 ? host_subject(rule, evidence) :
							row_subject(rule, evidence, row) };
	int r = fill_finding(judgement, evidence, &finding);

	if (r == 0)
		r = vec_push(&judgement->findings, finding);
	if (r < 0)
		finding_clear(&finding);
	return r;
}

void finding_clear(struct finding *finding)
{
	vec_free(&finding->remedy);
	vec_free(&finding->commands);
	vec_free(&finding->facts);
	vec_free(&finding->doubts);
}
