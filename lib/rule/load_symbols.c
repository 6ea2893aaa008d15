/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What functions are about: { "symbols": [ ROWS ] }. */
#include "rule/load.h"

#include "base/cleanup.h"
#include "rule/names.h"

#include <errno.h>
#include <string.h>

static const char *const symbols_keys[] = { "symbols", NULL };
static const char *const row_keys[] = { "class", "kernel", "user",    "module", "at",
					"all",	 "loop",   "replace", "source", NULL };

/* The nearest of all classes; NULL when none is near. */
static const char *nearest_class(const char *wanted)
{
	struct nearest nearest = nearest_make(wanted);

	for (int i = 0; i < CLASS_TOTAL; i++)
		nearest_try(&nearest, class_info((enum class_id)i)->key);
	return nearest.best;
}

static enum class_id class_word(struct layer *layer, const cJSON *node, const char *field)
{
	const char *word = layer_string(layer, node, field);
	enum class_id class = word ? class_by_name(word) : CLASS_NONE;
	const char *near = word && class == CLASS_NONE ? nearest_class(word) : NULL;

	if (near)
		layer_complain(layer, jsonc_line(node), field,
			       "unknown class \"%s\" (did you mean \"%s\"?)", word, near);
	else if (word && class == CLASS_NONE)
		layer_complain(layer, jsonc_line(node), field, "unknown class \"%s\"", word);
	return class;
}

static bool flag(struct layer *layer, const cJSON *object, const char *key)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, key);

	if (node && !cJSON_IsBool(node))
		layer_complain(layer, jsonc_line(node), key, "must be true or false");
	return cJSON_IsTrue(node);
}

static void load_class(struct layer *layer, const cJSON *object, struct symbol_row *row)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, "class");

	row->loop = flag(layer, object, "loop");
	row->replace = flag(layer, object, "replace");
	if (node)
		row->class = class_word(layer, node, "class");
	else if (!row->loop)
		layer_complain(layer, jsonc_line(object), "class", "is missing");
	if (node && row->loop)
		layer_complain(layer, jsonc_line(node), "loop", "can't stand beside class");
}

static void load_at(struct layer *layer, const cJSON *object, struct symbol_row *row)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, "at");
	const char *word = node ? layer_string(layer, node, "at") : NULL;

	row->leaf = word && strcmp(word, "leaf") == 0;
	if (word && !row->leaf)
		layer_complain(layer, jsonc_line(node), "at", "must be \"leaf\"");
}

static void load_all(struct layer *layer, const cJSON *object, struct symbol_row *row)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, "all");
	const cJSON *item;

	if (!node)
		return;
	if (!cJSON_IsArray(node) || cJSON_GetArraySize(node) < 2) {
		layer_complain(layer, jsonc_line(node), "all",
			       "must be a list of two classes or more");
		return;
	}
	cJSON_ArrayForEach(item, node) {
		enum class_id class = class_word(layer, item, "all");

		if (class != CLASS_NONE && class == row->class)
			layer_complain(layer, jsonc_line(item), "all", "names the row's own class");
		else if (class != CLASS_NONE)
			row->all |= UINT64_C(1) << class;
	}
	if (row->leaf || row->loop || row->kernel.len || row->user.len || row->modules.len)
		layer_complain(layer, jsonc_line(node), "all",
			       "can't stand beside kernel, user, module, at or loop");
}

static bool has_star(const struct strings *globs)
{
	vec_each(glob, globs)
		if (strspn(*glob, "*") == strlen(*glob))
			return true;
	return false;
}

static void load_globs(struct layer *layer, const cJSON *object, struct symbol_row *row)
{
	layer_texts(layer, object, "kernel", &row->kernel);
	layer_texts(layer, object, "user", &row->user);
	layer_texts(layer, object, "module", &row->modules);
	if (!row->modules.len && (has_star(&row->kernel) || has_star(&row->user)))
		layer_complain(layer, jsonc_line(object), NULL,
			       "\"*\" without module is every function");
}

/* A row that only replaces needs nothing else: it empties the class. */
static void check_complete(struct layer *layer, const cJSON *object, const struct symbol_row *row)
{
	static const char *const ways[] = { "kernel", "user", "module", "all" };

	if (row->replace)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (cJSON_HasObjectItem(object, ways[i]))
			return;
	layer_complain(layer, jsonc_line(object), NULL, "a row needs kernel, user, module or all");
}

void symbol_row_clear(struct symbol_row *row)
{
	vec_free(&row->kernel);
	vec_free(&row->user);
	vec_free(&row->modules);
}

static bool same_subject(const struct symbol_row *a, const struct symbol_row *b)
{
	return a->class == b->class && a->loop == b->loop;
}

bool symbol_row_replaced(const struct symbol_rows *by, const struct symbol_row *row)
{
	vec_each(other, by)
		if (other->replace && same_subject(other, row))
			return true;
	return false;
}

static void drop_earlier(struct symbol_rows *rows, const struct symbol_row *by)
{
	size_t kept = 0;

	vec_each(row, rows)
		if (same_subject(row, by))
			symbol_row_clear(row);
		else
			rows->data[kept++] = *row;
	rows->len = kept;
}

static void load_row(struct layer *layer, const cJSON *object)
{
	struct symbol_row row = { .class = CLASS_NONE };

	if (!cJSON_IsObject(object)) {
		layer_complain(layer, jsonc_line(object), NULL, "must be a list of objects");
		return;
	}
	layer_check_keys(layer, object, row_keys);
	load_class(layer, object, &row);
	load_globs(layer, object, &row);
	load_at(layer, object, &row);
	load_all(layer, object, &row);
	layer_text(layer, object, "source");
	check_complete(layer, object, &row);
	if (row.replace)
		drop_earlier(&layer->rules->symbols, &row);
	if (vec_push(&layer->rules->symbols, row) < 0) {
		symbol_row_clear(&row);
		layer->error = -ENOMEM;
	}
}

void load_symbols(struct layer *layer, const cJSON *object)
{
	const cJSON *rows = cJSON_GetObjectItemCaseSensitive(object, "symbols");
	const cJSON *row;

	layer->rule = "symbols";
	layer_check_keys(layer, object, symbols_keys);
	if (!cJSON_IsArray(rows))
		layer_complain(layer, jsonc_line(rows), NULL, "must be a list of objects");
	else
		cJSON_ArrayForEach(row, rows) {
			if (layer->rules->symbols.len >= SYMBOL_ROWS_MAX) {
				layer_complain(layer, jsonc_line(row), NULL, "more than 2000 rows");
				break;
			}
			load_row(layer, row);
		}
	layer->rule = NULL;
}
