/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loading, inside lib/rule: one layer of files becomes a ruleset of its own, complaints are
 * collected and not fatal, and only a layer without complaints is merged over what was there.
 */
#ifndef TRIAGE_RULE_LOAD_H
#define TRIAGE_RULE_LOAD_H

#include "rule/jsonc.h"
#include "rule/rule.h"

#define RULES_MAX 2000
#define SYMBOL_ROWS_MAX 2000
#define RULE_FILE_MAX_BYTES ((size_t)1 << 20)
#define COMPLAINTS_MAX 1000

struct layer {
	struct ruleset *rules;	    /* what is being built */
	const struct ruleset *base; /* what it goes over; may be NULL */
	struct str complaints;	    /* one line each */
	int count;
	int files;
	int error;	  /* -ENOMEM once memory ran out */
	const char *file; /* where the loader is */
	const char *rule; /* id of the row; NULL outside of rows */
};

int layer_new(const struct ruleset *base, struct layer *ret);
void layer_free(struct layer *layer);

/* Reads one text or one folder into the layer. Complaints are not errors. */
int layer_add_text(struct layer *layer, const char *name, const char *text, size_t len);
int layer_add_folder(struct layer *layer, const char *folder, struct err *err);

/* Puts the layer over `rules`, which takes what the layer held. */
int layer_merge(struct layer *layer, struct ruleset *rules);

/* "FILE:LINE: RULE: FIELD: what"; `field` may be NULL, a line of 0 is left out. */
void layer_complain(struct layer *layer, int line, const char *field, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A copy that the ruleset owns; NULL when memory ran out (layer->error). */
const char *layer_own(struct layer *layer, struct span text);

/* A node that must be a printable text which is not empty; NULL after a complaint. */
const char *layer_string(struct layer *layer, const cJSON *node, const char *field);

/* Members of an object. They complain about wrong types and give NULL or nothing. */
const char *layer_text(struct layer *layer, const cJSON *object, const char *key);
void layer_texts(struct layer *layer, const cJSON *object, const char *key, struct strings *out);
void layer_conditions(struct layer *layer, const cJSON *object, const char *key,
		      enum table_id table, struct conditions *out);
enum table_id layer_table(struct layer *layer, const cJSON *node, const char *key);
void layer_check_keys(struct layer *layer, const cJSON *object, const char *const *keys);

/* Complains about placeholders that name nothing. */
void layer_check_template(struct layer *layer, int line, const char *field, const char *template,
			  enum table_id table);

/* The shapes of a file's parts. */
void load_rule(struct layer *layer, const cJSON *object);
void load_knowledge(struct layer *layer, const cJSON *object);
void load_stages(struct layer *layer, const cJSON *object);
void load_symbols(struct layer *layer, const cJSON *object);
void load_link(struct layer *layer, const cJSON *object);

void rule_free(struct rule *rule);
void link_free(struct link *link);
void knowledge_free(struct knowledge *knowledge);
void stage_story_clear(struct stage_story *story);
void symbol_row_clear(struct symbol_row *row);

/* Whether one of these rows drops the earlier rows that are about the same as `row`. */
bool symbol_row_replaced(const struct symbol_rows *by, const struct symbol_row *row);

/* Complaints about rows that load but make no sense. */
void check_rules(struct layer *layer);

#endif
