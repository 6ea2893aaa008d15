/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files that are not rules: knowledge (names that threads, wait channels and kernel threads go by)
 * and the stories of the stages.
 */
#include "rule/load.h"

#include "base/cleanup.h"
#include "rule/names.h"

#include <errno.h>

static const char *const knowledge_keys[] = { "knowledge", "table", "match", "kind", "rows", NULL };
static const char *const knowledge_row_keys[] = { "glob", "program", "set", "source", NULL };
static const char *const stages_keys[] = { "stages", NULL };
static const char *const story_keys[] = { "question", "command", "nothing", "saw", NULL };
static const char *const saw_keys[] = { "for", "most", "when", "say", NULL };

static enum column_id text_column(struct layer *layer, const cJSON *node, const char *field,
				  enum table_id table, const char *name)
{
	enum column_id column = column_by_name(table, name);
	const char *near = column == COLUMN_NONE ? nearest_column(table, name) : NULL;

	if (column != COLUMN_NONE && column_info(column)->unit == UNIT_TEXT)
		return column;
	if (column != COLUMN_NONE)
		layer_complain(layer, jsonc_line(node), field, "column \"%s\" is not a text", name);
	else if (near)
		layer_complain(layer, jsonc_line(node), field,
			       "unknown column \"%s\" (did you mean \"%s\"?)", name, near);
	else
		layer_complain(layer, jsonc_line(node), field, "unknown column \"%s\"", name);
	return COLUMN_NONE;
}

static void load_fill(struct layer *layer, const cJSON *node, enum table_id table,
		      struct fills *fills)
{
	enum column_id column = text_column(layer, node, "set", table, node->string);
	const char *text = layer_string(layer, node, "set");

	if (column == COLUMN_NONE || !text)
		return;
	if (!column_info(column)->known)
		layer_complain(layer, jsonc_line(node), "set",
			       "column \"%s\" is measured: only known columns can be set",
			       node->string);
	else if (vec_push(fills, ((struct knowledge_fill){ column, text })) < 0)
		layer->error = -ENOMEM;
}

static void load_fills(struct layer *layer, const cJSON *object, enum table_id table,
		       struct fills *fills)
{
	const cJSON *set = cJSON_GetObjectItemCaseSensitive(object, "set");
	const cJSON *node;

	if (!cJSON_IsObject(set) || !set->child) {
		layer_complain(layer, jsonc_line(set ? set : object), "set",
			       "must be an object of columns and texts");
		return;
	}
	cJSON_ArrayForEach(node, set)
		load_fill(layer, node, table, fills);
}

static void free_row(struct knowledge_row *row)
{
	vec_free(&row->globs);
	vec_free(&row->programs);
	vec_free(&row->set);
}

static void load_knowledge_row(struct layer *layer, const cJSON *object,
			       struct knowledge *knowledge)
{
	struct knowledge_row row = { 0 };

	if (!cJSON_IsObject(object)) {
		layer_complain(layer, jsonc_line(object), "rows", "must be a list of objects");
		return;
	}
	layer_check_keys(layer, object, knowledge_row_keys);
	layer_texts(layer, object, "glob", &row.globs);
	layer_texts(layer, object, "program", &row.programs);
	layer_text(layer, object, "source");
	if (!row.globs.len)
		layer_complain(layer, jsonc_line(object), "glob", "is missing");
	if (row.programs.len && column_by_name(knowledge->table, "program") == COLUMN_NONE)
		layer_complain(layer, jsonc_line(object), "program",
			       "the table has no column \"program\"");
	load_fills(layer, object, knowledge->table, &row.set);
	if (vec_push(&knowledge->rows, row) < 0) {
		free_row(&row);
		layer->error = -ENOMEM;
	}
}

static void load_knowledge_rows(struct layer *layer, const cJSON *object,
				struct knowledge *knowledge)
{
	const cJSON *rows = cJSON_GetObjectItemCaseSensitive(object, "rows");
	const cJSON *row;

	if (!cJSON_IsArray(rows)) {
		layer_complain(layer, jsonc_line(rows ? rows : object), "rows",
			       "must be a list of objects");
		return;
	}
	cJSON_ArrayForEach(row, rows)
		load_knowledge_row(layer, row, knowledge);
}

static void load_match(struct layer *layer, const cJSON *object, struct knowledge *knowledge)
{
	const char *match = layer_text(layer, object, "match");

	knowledge->kind = layer_text(layer, object, "kind");
	if (knowledge->kind && column_by_name(knowledge->table, "kind") == COLUMN_NONE)
		layer_complain(layer, jsonc_line(object), "kind",
			       "the table has no column \"kind\"");
	if (match)
		knowledge->column = text_column(layer,
						cJSON_GetObjectItemCaseSensitive(object, "match"),
						"match", knowledge->table, match);
	else
		layer_complain(layer, jsonc_line(object), "match", "is missing");
}

/* The rows as knowledge about one of the tables. */
static void load_knowledge_for(struct layer *layer, const cJSON *object, const cJSON *table)
{
	struct knowledge *knowledge = calloc(1, sizeof(*knowledge));

	if (!knowledge) {
		layer->error = -ENOMEM;
		return;
	}
	knowledge->column = COLUMN_NONE;
	knowledge->name = layer_text(layer, object, "knowledge");
	knowledge->table = layer_table(layer, table, "table");
	if (knowledge->table != TABLE_NONE) {
		load_match(layer, object, knowledge);
		load_knowledge_rows(layer, object, knowledge);
	}
	if (vec_push(&layer->rules->knowledge, knowledge) < 0) {
		knowledge_free(knowledge);
		layer->error = -ENOMEM;
	}
}

void load_knowledge(struct layer *layer, const cJSON *object)
{
	const cJSON *tables = cJSON_GetObjectItemCaseSensitive(object, "table");
	const cJSON *table;

	layer->rule = layer_text(layer, object, "knowledge");
	layer_check_keys(layer, object, knowledge_keys);
	if (!tables)
		layer_complain(layer, jsonc_line(object), "table", "is missing");
	else if (!cJSON_IsArray(tables))
		load_knowledge_for(layer, object, tables);
	else
		cJSON_ArrayForEach(table, tables)
			load_knowledge_for(layer, object, table);
	layer->rule = NULL;
}

void knowledge_free(struct knowledge *knowledge)
{
	if (!knowledge)
		return;
	vec_each(row, &knowledge->rows)
		free_row(row);
	vec_free(&knowledge->rows);
	free(knowledge);
}

static int load_most(struct layer *layer, const cJSON *object, enum table_id table)
{
	const cJSON *node = cJSON_GetObjectItemCaseSensitive(object, "most");
	double most = node ? node->valuedouble : 5;

	if (!node)
		return 5;
	if (table == TABLE_NONE)
		layer_complain(layer, jsonc_line(node), "most", "without `for`");
	if (!cJSON_IsNumber(node) || !(most >= 1 && most <= 64)) {
		layer_complain(layer, jsonc_line(node), "most", "must be a number from 1 to 64");
		return 5;
	}
	return (int)most;
}

static void load_saw_line(struct layer *layer, const cJSON *object, struct stage_story *story)
{
	struct saw_line line = { .table = TABLE_NONE };

	if (!cJSON_IsObject(object)) {
		layer_complain(layer, jsonc_line(object), "saw", "must be a list of objects");
		return;
	}
	layer_check_keys(layer, object, saw_keys);
	line.table = layer_table(layer, cJSON_GetObjectItemCaseSensitive(object, "for"), "for");
	line.most = load_most(layer, object, line.table);
	layer_conditions(layer, object, "when", line.table, &line.when);
	line.say = layer_text(layer, object, "say");
	if (!cJSON_HasObjectItem(object, "say"))
		layer_complain(layer, jsonc_line(object), "say", "is missing");
	layer_check_template(layer, jsonc_line(object), "say", line.say, line.table);
	if (vec_push(&story->saw, line) < 0) {
		vec_free(&line.when);
		layer->error = -ENOMEM;
	}
}

static void load_saw(struct layer *layer, const cJSON *object, struct stage_story *story)
{
	const cJSON *saw = cJSON_GetObjectItemCaseSensitive(object, "saw");
	const cJSON *line;

	if (!saw)
		return;
	if (!cJSON_IsArray(saw)) {
		layer_complain(layer, jsonc_line(saw), "saw", "must be a list of objects");
		return;
	}
	cJSON_ArrayForEach(line, saw)
		load_saw_line(layer, line, story);
}

static void load_story(struct layer *layer, const cJSON *object, struct stage_story *story)
{
	layer_check_keys(layer, object, story_keys);
	story->question = layer_text(layer, object, "question");
	story->command = layer_text(layer, object, "command");
	story->nothing = layer_text(layer, object, "nothing");
	if (!cJSON_HasObjectItem(object, "question"))
		layer_complain(layer, jsonc_line(object), "question", "is missing");
	layer_check_template(layer, jsonc_line(object), "nothing", story->nothing, TABLE_NONE);
	load_saw(layer, object, story);
}

static void load_stage(struct layer *layer, const cJSON *node)
{
	enum stage_id stage = stage_by_name(node->string);
	const char *near = stage == STAGE_TOTAL ? nearest_stage(node->string) : NULL;

	if (stage == STAGE_TOTAL && near)
		layer_complain(layer, jsonc_line(node), "stages",
			       "unknown stage \"%s\" (did you mean \"%s\"?)", node->string, near);
	else if (stage == STAGE_TOTAL)
		layer_complain(layer, jsonc_line(node), "stages", "unknown stage \"%s\"",
			       node->string);
	else if (!cJSON_IsObject(node))
		layer_complain(layer, jsonc_line(node), node->string, "must be an object");
	else if (layer->rules->stages[stage].question)
		layer_complain(layer, jsonc_line(node), node->string, "is told already");
	else
		load_story(layer, node, &layer->rules->stages[stage]);
}

void load_stages(struct layer *layer, const cJSON *object)
{
	const cJSON *stages = cJSON_GetObjectItemCaseSensitive(object, "stages");
	const cJSON *node;

	layer->rule = "stages";
	layer_check_keys(layer, object, stages_keys);
	if (!cJSON_IsObject(stages))
		layer_complain(layer, jsonc_line(object), NULL, "must be an object of stages");
	else
		cJSON_ArrayForEach(node, stages)
			load_stage(layer, node);
	layer->rule = NULL;
}

void stage_story_clear(struct stage_story *story)
{
	vec_each(line, &story->saw)
		vec_free(&line->when);
	vec_free(&story->saw);
	*story = (struct stage_story){ 0 };
}
