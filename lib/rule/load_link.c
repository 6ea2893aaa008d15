/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arrows of the chain: { "link": "chain.NAME", "from": CAUSES, "to": CAUSES, ... }. */
#include "rule/load.h"

#include "rule/names.h"
#include "rule/ref.h"

#include <errno.h>
#include <string.h>

#define ID_PREFIX "chain."

static const char *const link_keys[] = {
	"link",	       "from", "to",	 "for",	     "match",	"when", "strength",
	"strength_of", "say",  "source", "explains", "enabled", NULL,
};

static const char *const match_keys[] = { "from", "to", NULL };

static int line_of(const cJSON *object, const char *key)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);

	return jsonc_line(node ? node : object);
}

static void complain_unknown(struct layer *layer, int line, const char *field, const char *what,
			     const char *word, const char *near)
{
	if (near)
		layer_complain(layer, line, field, "unknown %s \"%s\" (did you mean \"%s\"?)", what,
			       word, near);
	else
		layer_complain(layer, line, field, "unknown %s \"%s\"", what, word);
}

static bool is_id(const char *id)
{
	size_t prefix = strlen(ID_PREFIX), len = strlen(id);

	return strncmp(id, ID_PREFIX, prefix) == 0 && len > prefix && len <= 64 &&
	       strspn(id + prefix, "abcdefghijklmnopqrstuvwxyz0123456789-") == len - prefix;
}

static void load_id(struct layer *layer, const cJSON *object, struct link *link)
{
	int line = line_of(object, "link");

	link->id = layer_text(layer, object, "link");
	if (!link->id)
		return;
	layer->rule = link->id;
	if (!is_id(link->id))
		layer_complain(layer, line, "link", "must be chain.name, of a-z, 0-9 and -");
	vec_each(other, &layer->rules->links)
		if ((*other)->id && strcmp((*other)->id, link->id) == 0)
			layer_complain(layer, line, "link", "is used in %s:%d already",
				       (*other)->file, (*other)->line);
}

static void load_causes(struct layer *layer, const cJSON *object, const char *key,
			struct strings *out)
{
	if (!cJSON_HasObjectItem(object, key))
		layer_complain(layer, jsonc_line(object), key, "is missing");
	layer_texts(layer, object, key, out);
	vec_each(cause, out)
		if (!cause_find(*cause))
			complain_unknown(layer, line_of(object, key), key, "cause", *cause,
					 nearest_cause(*cause));
}

/* The text between quotes; p is NULL when it does not stand between quotes. */
static struct span unquoted(const char *text)
{
	size_t len = strlen(text);

	if (len < 2 || (*text != '\'' && *text != '"') || text[len - 1] != *text)
		return (struct span){ 0 };
	return (struct span){ text + 1, text + len - 1 };
}

static void load_column(struct layer *layer, const cJSON *node, const char *text,
			enum table_id table, enum column_id *ret)
{
	struct err why = { 0 };
	struct ref ref;

	if (ref_parse(span_of(text), table, &ref, &why) < 0)
		layer_complain(layer, jsonc_line(node), "match", "%s", why.msg);
	else if (ref.column == COLUMN_NONE)
		layer_complain(layer, jsonc_line(node), "match",
			       "\"%s\" is neither row.COLUMN nor a quoted text", text);
	else if (ref_unit(ref) != UNIT_TEXT)
		layer_complain(layer, jsonc_line(node), "match", "column \"%s\" is not a text",
			       text);
	else
		*ret = ref.column;
}

/* "row.wakee", or "'softirq'". */
static void load_side(struct layer *layer, const cJSON *match, const char *key, enum table_id table,
		      enum column_id *ret_column, const char **ret_word)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(match, key);
	const char *text = node ? layer_string(layer, node, "match") : NULL;
	struct span word = text ? unquoted(text) : (struct span){ 0 };

	if (!text)
		return;
	if (!word.p)
		load_column(layer, node, text, table, ret_column);
	else if (span_len(word) == 0)
		layer_complain(layer, jsonc_line(node), "match", "the quoted text is empty");
	else
		*ret_word = layer_own(layer, word);
}

static void load_match(struct layer *layer, const cJSON *object, struct link *link)
{
	const cJSON *match = cJSON_GetObjectItemCaseSensitive(object, "match");

	if (!match)
		return;
	if (!cJSON_IsObject(match)) {
		layer_complain(layer, jsonc_line(match), "match",
			       "must be an object of from and to");
		return;
	}
	layer_check_keys(layer, match, match_keys);
	load_side(layer, match, "from", link->table, &link->match_from, &link->match_from_word);
	load_side(layer, match, "to", link->table, &link->match_to, &link->match_to_word);
}

static void load_strength(struct layer *layer, const cJSON *object, struct link *link)
{
	int line = line_of(object, "strength");
	struct err why = { 0 };

	link->strength_of = layer_text(layer, object, "strength_of");
	if (!cJSON_HasObjectItem(object, "strength"))
		layer_complain(layer, line, "strength", "is missing");
	link->strength = layer_text(layer, object, "strength");
	if (!link->strength)
		return;
	if (ref_parse(span_of(link->strength), link->table, &link->strength_ref, &why) < 0)
		layer_complain(layer, line, "strength", "%s", why.msg);
	else if (ref_unit(link->strength_ref) != UNIT_PCT)
		layer_complain(layer, line, "strength", "\"%s\" is not a percentage",
			       link->strength);
}

/* { "link": ..., "enabled": false } and nothing else switches an earlier row off. */
static bool is_switch_off(struct layer *layer, const cJSON *object, struct link *link)
{
	const cJSON *enabled = cJSON_GetObjectItemCaseSensitive(object, "enabled");

	link->enabled = !enabled || !cJSON_IsFalse(enabled);
	if (enabled && !cJSON_IsBool(enabled))
		layer_complain(layer, jsonc_line(enabled), "enabled", "must be true or false");
	return !link->enabled && link->id && cJSON_GetArraySize(object) == 2;
}

static void check_switch_off(struct layer *layer, const cJSON *object, const struct link *link)
{
	if (layer->base && !ruleset_find_link(layer->base, link->id))
		complain_unknown(layer, line_of(object, "link"), "link", "rule", link->id,
				 ruleset_nearest(layer->base, link->id));
}

static void load_explains(struct layer *layer, const cJSON *object, struct link *link)
{
	const cJSON *explains = cJSON_GetObjectItemCaseSensitive(object, "explains");

	link->explains = cJSON_IsTrue(explains);
	if (explains && !cJSON_IsBool(explains))
		layer_complain(layer, jsonc_line(explains), "explains", "must be true or false");
}

static void load_fields(struct layer *layer, const cJSON *object, struct link *link)
{
	layer_check_keys(layer, object, link_keys);
	if (is_switch_off(layer, object, link)) {
		check_switch_off(layer, object, link);
		return;
	}
	load_causes(layer, object, "from", &link->from);
	load_causes(layer, object, "to", &link->to);
	link->table = layer_table(layer, cJSON_GetObjectItemCaseSensitive(object, "for"), "for");
	load_match(layer, object, link);
	if (!cJSON_HasObjectItem(object, "when"))
		layer_complain(layer, jsonc_line(object), "when", "is missing");
	layer_conditions(layer, object, "when", link->table, &link->when);
	load_strength(layer, object, link);
	if (!cJSON_HasObjectItem(object, "say"))
		layer_complain(layer, jsonc_line(object), "say", "is missing");
	link->say = layer_text(layer, object, "say");
	layer_check_template(layer, line_of(object, "say"), "say", link->say, link->table);
	link->source = layer_text(layer, object, "source");
	load_explains(layer, object, link);
}

void load_link(struct layer *layer, const cJSON *object)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link) {
		layer->error = -ENOMEM;
		return;
	}
	*link = (struct link){ .file = layer->file,
			       .line = jsonc_line(object),
			       .table = TABLE_NONE,
			       .match_from = COLUMN_NONE,
			       .match_to = COLUMN_NONE,
			       .strength_ref = REF_NONE,
			       .enabled = true };
	load_id(layer, object, link);
	load_fields(layer, object, link);
	layer->rule = NULL;
	if (vec_push(&layer->rules->links, link) < 0) {
		link_free(link);
		layer->error = -ENOMEM;
	}
}

void link_free(struct link *link)
{
	if (!link)
		return;
	vec_free(&link->from);
	vec_free(&link->to);
	vec_free(&link->when);
	free(link);
}
