/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/load.h"

#include "base/cleanup.h"
#include "rule/names.h"
#include "rule/ref.h"

#include <errno.h>
#include <string.h>

static const char *const rule_keys[] = {
	"id",	    "for",     "when",	   "unless", "cause",	"rules_out", "role",
	"severity", "subject", "say",	   "means",  "remedy",	"try",	     "next",
	"why",	    "share",   "share_of", "source", "enabled", NULL,
};

static const char *const severity_keys[] = { "warning", "critical", "least", NULL };

/* What a finding may be about: the report's vocabulary. */
static const char *const subject_kinds[] = {
	"runtime", "program", "cpu",  "device",	       "cgroup", "irq",
	"softirq", "lock",    "host", "kernel-thread", NULL,
};

static int line_of(const cJSON *object, const char *key)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);

	return jsonc_line(node ? node : object);
}

static void complain_word(struct layer *layer, int line, const char *field, const char *what,
			  const char *word, const char *near)
{
	if (near)
		layer_complain(layer, line, field, "unknown %s \"%s\" (did you mean \"%s\"?)", what,
			       word, near);
	else
		layer_complain(layer, line, field, "unknown %s \"%s\"", what, word);
}

static bool in_list(const char *const *list, const char *word)
{
	for (; *list; list++)
		if (strcmp(*list, word) == 0)
			return true;
	return false;
}

/* Reads a word that must be one of a list; its place in the list, or -1. */
static int word_index(struct layer *layer, const cJSON *object, const char *key, const char *what,
		      const char *const *list)
{
	const char *word = layer_text(layer, object, key);

	if (!word)
		return -1;
	for (int i = 0; list[i]; i++)
		if (strcmp(list[i], word) == 0)
			return i;
	complain_word(layer, line_of(object, key), key, what, word, nearest_of(list, word));
	return -1;
}

static enum stage_id stage_word(struct layer *layer, const cJSON *object, const char *key)
{
	const char *word = layer_text(layer, object, key);
	enum stage_id stage = word ? stage_by_name(word) : STAGE_TOTAL;

	if (word && stage == STAGE_TOTAL)
		complain_word(layer, line_of(object, key), key, "stage", word, nearest_stage(word));
	return stage;
}

static const char *cause_word(struct layer *layer, const cJSON *object, const char *key)
{
	const char *word = layer_text(layer, object, key);

	if (word && !cause_find(word))
		complain_word(layer, line_of(object, key), key, "cause", word, nearest_cause(word));
	return word;
}

static bool is_id(const char *id)
{
	const char *dot = strchr(id, '.');

	return dot && dot[1] && strlen(id) <= 64 &&
	       strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(dot + 1);
}

static void load_id(struct layer *layer, const cJSON *object, struct rule *rule)
{
	int line = line_of(object, "id");

	rule->id = layer_text(layer, object, "id");
	if (!rule->id) {
		layer_complain(layer, line, NULL, "a row needs an id");
		return;
	}
	layer->rule = rule->id;
	rule->stage = stage_of(rule->id);
	if (!is_id(rule->id))
		layer_complain(layer, line, "id", "must be stage.name, of a-z, 0-9 and -");
	else if (rule->stage == STAGE_TOTAL)
		layer_complain(layer, line, "id",
			       "must begin with a stage: vmstat, top, perf, sched or locate");
	vec_each(other, &layer->rules->rules)
		if ((*other)->id && strcmp((*other)->id, rule->id) == 0)
			layer_complain(layer, line, "id", "is used in %s:%d already",
				       (*other)->file, (*other)->line);
}

static enum severity severity_word(struct layer *layer, const cJSON *object, const char *key)
{
	static const char *const words[] = { "info", "warning", "critical", NULL };
	int index = word_index(layer, object, key, "severity", words);

	return index < 0 ? SEVERITY_INFO : (enum severity)index;
}

static void load_severity(struct layer *layer, const cJSON *object, struct rule *rule)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, "severity");

	if (!node)
		return;
	if (!cJSON_IsObject(node)) {
		rule->severity_least = severity_word(layer, object, "severity");
		return;
	}
	layer_check_keys(layer, node, severity_keys);
	rule->severity_least = severity_word(layer, node, "least");
	layer_conditions(layer, node, "warning", rule->table, &rule->severity[SEVERITY_WARNING]);
	layer_conditions(layer, node, "critical", rule->table, &rule->severity[SEVERITY_CRITICAL]);
}

static void load_role(struct layer *layer, const cJSON *object, struct rule *rule)
{
	static const char *const words[] = { "symptom", "amplifier", "mechanism", "trigger", NULL };
	int index = word_index(layer, object, "role", "role", words);

	rule->role = index < 0 ? ROLE_MECHANISM : (enum role)index;
}

static void load_next(struct layer *layer, const cJSON *object, struct rule *rule)
{
	rule->next = stage_word(layer, object, "next");
	rule->why = layer_text(layer, object, "why");
	if (rule->next == STAGE_TOTAL) {
		if (rule->why && !cJSON_HasObjectItem(object, "next"))
			layer_complain(layer, line_of(object, "why"), "why", "without next");
		return;
	}
	if (rule->stage != STAGE_TOTAL && rule->next <= rule->stage)
		layer_complain(layer, line_of(object, "next"), "next",
			       "%s can't ask for %s: the funnel goes one way",
			       stage_name(rule->stage), stage_name(rule->next));
	if (!rule->why)
		layer_complain(layer, line_of(object, "next"), "next", "without why");
}

static void load_share(struct layer *layer, const cJSON *object, struct rule *rule)
{
	struct err why = { 0 };

	rule->share = layer_text(layer, object, "share");
	rule->share_of = layer_text(layer, object, "share_of");
	if (!rule->share)
		return;
	if (ref_parse(span_of(rule->share), rule->table, &rule->share_ref, &why) < 0)
		layer_complain(layer, line_of(object, "share"), "share", "%s", why.msg);
	else if (ref_unit(rule->share_ref) != UNIT_PCT)
		layer_complain(layer, line_of(object, "share"), "share",
			       "\"%s\" is not a percentage", rule->share);
}

static void load_subject(struct layer *layer, const cJSON *object, struct rule *rule)
{
	rule->subject = layer_text(layer, object, "subject");
	if (rule->subject && !in_list(subject_kinds, rule->subject))
		complain_word(layer, line_of(object, "subject"), "subject", "kind of subject",
			      rule->subject, nearest_of(subject_kinds, rule->subject));
}

static void load_prose(struct layer *layer, const cJSON *object, struct rule *rule)
{
	rule->say = layer_text(layer, object, "say");
	rule->means = layer_text(layer, object, "means");
	rule->source = layer_text(layer, object, "source");
	layer_texts(layer, object, "remedy", &rule->remedy);
	layer_texts(layer, object, "try", &rule->commands);
	layer_check_template(layer, line_of(object, "say"), "say", rule->say, rule->table);
	layer_check_template(layer, line_of(object, "means"), "means", rule->means, rule->table);
	layer_check_template(layer, line_of(object, "why"), "why", rule->why, rule->table);
	vec_each(line, &rule->remedy)
		layer_check_template(layer, line_of(object, "remedy"), "remedy", *line,
				     rule->table);
	vec_each(line, &rule->commands)
		layer_check_template(layer, line_of(object, "try"), "try", *line, rule->table);
}

/* What a row must have to be of any use. */
static void check_complete(struct layer *layer, const cJSON *object, const struct rule *rule)
{
	int line = jsonc_line(object);
	bool judges = cJSON_HasObjectItem(object, "cause") ||
		      cJSON_HasObjectItem(object, "rules_out");

	if (!cJSON_HasObjectItem(object, "when"))
		layer_complain(layer, line, "when", "is missing");
	if (!judges && !cJSON_HasObjectItem(object, "next"))
		layer_complain(layer, line, NULL, "a row needs cause, rules_out or next");
	if (rule->cause && rule->rules_out)
		layer_complain(layer, line, "rules_out", "can't stand beside cause");
	if (judges && !cJSON_HasObjectItem(object, "say"))
		layer_complain(layer, line, "say", "is missing");
}

/* { "id": ..., "enabled": false } and nothing else switches an earlier row off. */
static bool is_switch_off(const struct rule *rule, const cJSON *object)
{
	return !rule->enabled && rule->id && cJSON_GetArraySize(object) == 2;
}

static void check_switch_off(struct layer *layer, const cJSON *object, const struct rule *rule)
{
	if (!layer->base || ruleset_find(layer->base, rule->id))
		return;
	complain_word(layer, line_of(object, "id"), "id", "rule", rule->id,
		      ruleset_nearest(layer->base, rule->id));
}

static void load_enabled(struct layer *layer, const cJSON *object, struct rule *rule)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, "enabled");

	rule->enabled = !node || !cJSON_IsFalse(node);
	if (node && !cJSON_IsBool(node))
		layer_complain(layer, jsonc_line(node), "enabled", "must be true or false");
}

static void load_fields(struct layer *layer, const cJSON *object, struct rule *rule)
{
	layer_check_keys(layer, object, rule_keys);
	load_enabled(layer, object, rule);
	if (is_switch_off(rule, object)) {
		check_switch_off(layer, object, rule);
		return;
	}
	rule->table = layer_table(layer, cJSON_GetObjectItemCaseSensitive(object, "for"), "for");
	layer_conditions(layer, object, "when", rule->table, &rule->when);
	layer_conditions(layer, object, "unless", rule->table, &rule->unless);
	rule->cause = cause_word(layer, object, "cause");
	rule->rules_out = cause_word(layer, object, "rules_out");
	load_role(layer, object, rule);
	load_severity(layer, object, rule);
	load_subject(layer, object, rule);
	load_next(layer, object, rule);
	load_share(layer, object, rule);
	load_prose(layer, object, rule);
	check_complete(layer, object, rule);
}

void load_rule(struct layer *layer, const cJSON *object)
{
	struct rule *rule = calloc(1, sizeof(*rule));

	if (!rule) {
		layer->error = -ENOMEM;
		return;
	}
	*rule = (struct rule){ .file = layer->file,
			       .line = jsonc_line(object),
			       .stage = STAGE_TOTAL,
			       .table = TABLE_NONE,
			       .role = ROLE_MECHANISM,
			       .next = STAGE_TOTAL,
			       .share_ref = REF_NONE,
			       .enabled = true };
	load_id(layer, object, rule);
	load_fields(layer, object, rule);
	layer->rule = NULL;
	if (vec_push(&layer->rules->rules, rule) < 0) {
		rule_free(rule);
		layer->error = -ENOMEM;
	}
}

void rule_free(struct rule *rule)
{
	if (!rule)
		return;
	vec_free(&rule->when);
	vec_free(&rule->unless);
	for (int i = 0; i <= SEVERITY_CRITICAL; i++)
		vec_free(&rule->severity[i]);
	vec_free(&rule->remedy);
	vec_free(&rule->commands);
	free(rule);
}
