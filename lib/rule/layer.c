/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/load.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "rule/condition.h"
#include "rule/names.h"
#include "rule/ref.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

void layer_complain(struct layer *layer, int line, const char *field, const char *format, ...)
{
	_cleanup_(str_free) struct str text = { 0 };
	va_list args;

	if (layer->count++ >= COMPLAINTS_MAX)
		return;
	str_append(&text, layer->file ? layer->file : "rules");
	if (line > 0)
		str_format(&text, ":%d", line);
	str_append(&text, ": ");
	if (layer->rule)
		str_format(&text, "%s: ", layer->rule);
	if (field)
		str_format(&text, "%s: ", field);
	va_start(args, format);
	str_vformat(&text, format, args);
	va_end(args);
	text_append_printable(&layer->complaints, str_text(&text), text.len);
	str_append_char(&layer->complaints, '\n');
	if (str_error(&text) < 0 || str_error(&layer->complaints) < 0)
		layer->error = -ENOMEM;
}

const char *layer_own(struct layer *layer, struct span text)
{
	char *copy = strndup(text.p, span_len(text));

	if (copy && vec_push(&layer->rules->owned, (void *)copy) == 0)
		return copy;
	free(copy);
	layer->error = -ENOMEM;
	return NULL;
}

const char *layer_string(struct layer *layer, const cJSON *node, const char *field)
{
	const char *text = cJSON_GetStringValue(node);

	if (!text)
		layer_complain(layer, jsonc_line(node), field, "must be a text");
	else if (!*text && strcmp(field, "glob") != 0) /* /proc/PID/wchan may be empty */
		layer_complain(layer, jsonc_line(node), field, "is empty");
	else if (!text_is_printable(text, strlen(text)))
		layer_complain(layer, jsonc_line(node), field,
			       "holds control characters or invalid UTF-8");
	else
		return layer_own(layer, span_of(text));
	return NULL;
}

const char *layer_text(struct layer *layer, const cJSON *object, const char *key)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);

	return node ? layer_string(layer, node, key) : NULL;
}

static void push_string(struct layer *layer, const cJSON *node, const char *key,
			struct strings *out)
{
	const char *text = layer_string(layer, node, key);

	if (text && vec_push(out, text) < 0)
		layer->error = -ENOMEM;
}

void layer_texts(struct layer *layer, const cJSON *object, const char *key, struct strings *out)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);
	const cJSON *item;

	if (!node)
		return;
	if (cJSON_IsString(node)) {
		push_string(layer, node, key, out);
		return;
	}
	if (!cJSON_IsArray(node) || !node->child) {
		layer_complain(layer, jsonc_line(node), key, "must be a text or a list of texts");
		return;
	}
	cJSON_ArrayForEach(item, node)
		push_string(layer, item, key, out);
}

static void push_condition(struct layer *layer, const cJSON *node, const char *key,
			   enum table_id table, struct conditions *out)
{
	const char *text = layer_string(layer, node, key);
	struct parsed_condition parsed;
	struct err why = { 0 };

	if (!text)
		return;
	if (condition_parse(text, table, &parsed, &why) < 0) {
		layer_complain(layer, jsonc_line(node), key, "%s", why.msg);
		return;
	}
	parsed.condition.text = text;
	if (parsed.word.p)
		parsed.condition.word = layer_own(layer, parsed.word);
	if (vec_push(out, parsed.condition) < 0)
		layer->error = -ENOMEM;
}

void layer_conditions(struct layer *layer, const cJSON *object, const char *key,
		      enum table_id table, struct conditions *out)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);
	const cJSON *item;

	if (!node)
		return;
	if (cJSON_IsString(node)) {
		push_condition(layer, node, key, table, out);
		return;
	}
	if (!cJSON_IsArray(node) || !node->child) {
		layer_complain(layer, jsonc_line(node), key,
			       "must be a condition or a list of conditions");
		return;
	}
	cJSON_ArrayForEach(item, node)
		push_condition(layer, item, key, table, out);
}

static const char *near_hint(const char *near, struct str *hint)
{
	if (near)
		str_format(hint, " (did you mean \"%s\"?)", near);
	return str_text(hint);
}

enum table_id layer_table(struct layer *layer, const cJSON *node, const char *key)
{
	_cleanup_(str_free) struct str hint = { 0 };
	const char *name = node ? layer_string(layer, node, key) : NULL;
	enum table_id table = name ? table_by_name(name) : TABLE_NONE;

	if (name && table == TABLE_NONE)
		layer_complain(layer, jsonc_line(node), key, "unknown table \"%s\"%s", name,
			       near_hint(nearest_table(name), &hint));
	return table;
}

static bool is_listed(const char *const *keys, const char *key)
{
	for (; *keys; keys++)
		if (strcmp(*keys, key) == 0)
			return true;
	return false;
}

static bool is_repeated(const cJSON *member)
{
	for (const cJSON *next = member->next; next; next = next->next)
		if (strcmp(next->string, member->string) == 0)
			return true;
	return false;
}

void layer_check_keys(struct layer *layer, const cJSON *object, const char *const *keys)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, object) {
		_cleanup_(str_free) struct str hint = { 0 };

		if (layer->count > COMPLAINTS_MAX)
			return;
		if (!is_listed(keys, member->string))
			layer_complain(layer, jsonc_line(member), NULL, "unknown key \"%s\"%s",
				       member->string,
				       near_hint(nearest_of(keys, member->string), &hint));
		else if (is_repeated(member))
			layer_complain(layer, jsonc_line(member), member->string,
				       "stands here twice");
	}
}

void layer_check_template(struct layer *layer, int line, const char *field, const char *template,
			  enum table_id table)
{
	struct span rest = span_of(template ? template : "");
	struct err why = { 0 };
	struct piece piece;
	struct ref ref;
	int r;

	while ((r = template_next(&rest, &piece)) > 0)
		if (piece.is_name && ref_parse(piece.text, table, &ref, &why) < 0)
			layer_complain(layer, line, field, "%s", why.msg);
	if (r < 0)
		layer_complain(layer, line, field, "a brace is never closed (\"{{\" is a brace)");
}
