/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/load.h"

#include "base/cleanup.h"
#include "rule/names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sha2.h>
#include <string.h>
#include <sys/stat.h>

static void symbols_free(struct symbol_rows *symbols)
{
	vec_each(row, symbols)
		symbol_row_clear(row);
	vec_free(symbols);
}

static void stories_clear(struct ruleset *rules)
{
	for (int i = 0; i < STAGE_TOTAL; i++)
		stage_story_clear(&rules->stages[i]);
}

void ruleset_free(struct ruleset *rules)
{
	if (!rules)
		return;
	vec_each(rule, &rules->rules)
		rule_free(*rule);
	vec_free(&rules->rules);
	vec_each(link, &rules->links)
		link_free(*link);
	vec_free(&rules->links);
	vec_each(knowledge, &rules->knowledge)
		knowledge_free(*knowledge);
	vec_free(&rules->knowledge);
	symbols_free(&rules->symbols);
	stories_clear(rules);
	vec_each(owned, &rules->owned)
		free(*owned);
	vec_free(&rules->owned);
	free(rules);
}

void ruleset_freep(struct ruleset **rules)
{
	ruleset_free(*rules);
}

static struct link *find_link(const struct links *links, const char *id)
{
	vec_each(link, links)
		if (strcmp((*link)->id, id) == 0)
			return *link;
	return NULL;
}

const struct rule *ruleset_find(const struct ruleset *rules, const char *id)
{
	vec_each(rule, &rules->rules)
		if (strcmp((*rule)->id, id) == 0)
			return *rule;
	return NULL;
}

const struct link *ruleset_find_link(const struct ruleset *rules, const char *id)
{
	return find_link(&rules->links, id);
}

const char *ruleset_nearest(const struct ruleset *rules, const char *id)
{
	struct nearest nearest = nearest_make(id);

	vec_each(rule, &rules->rules)
		nearest_try(&nearest, (*rule)->id);
	vec_each(link, &rules->links)
		nearest_try(&nearest, (*link)->id);
	return nearest.best;
}

int layer_new(const struct ruleset *base, struct layer *ret)
{
	struct ruleset *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	if (base)
		memcpy(rules->sha256, base->sha256, sizeof(rules->sha256));
	*ret = (struct layer){ .rules = rules, .base = base };
	return 0;
}

void layer_free(struct layer *layer)
{
	ruleset_free(layer->rules);
	str_free(&layer->complaints);
}

/* Each file is hashed behind the sum of those before it; the sum of a single file is what sha256sum
 * says. */
static void add_digest(struct ruleset *rules, const char *text, size_t len)
{
	SHA2_CTX context;
	char hex[SHA256_DIGEST_STRING_LENGTH];

	SHA256Init(&context);
	SHA256Update(&context, (const uint8_t *)rules->sha256, strlen(rules->sha256));
	SHA256Update(&context, (const uint8_t *)text, len);
	SHA256End(&context, hex);
	memcpy(rules->sha256, hex, sizeof(rules->sha256));
}

static void load_object(struct layer *layer, const cJSON *object)
{
	if (!cJSON_IsObject(object))
		layer_complain(layer, jsonc_line(object), NULL, "a row must be an object");
	else if (cJSON_GetObjectItemCaseSensitive(object, "stages"))
		load_stages(layer, object);
	else if (cJSON_GetObjectItemCaseSensitive(object, "knowledge"))
		load_knowledge(layer, object);
	else if (cJSON_GetObjectItemCaseSensitive(object, "symbols"))
		load_symbols(layer, object);
	else if (cJSON_GetObjectItemCaseSensitive(object, "link"))
		load_link(layer, object);
	else
		load_rule(layer, object);
}

static size_t rows_of(const struct ruleset *rules)
{
	return rules->rules.len + rules->links.len + rules->knowledge.len;
}

static void load_root(struct layer *layer, const cJSON *root)
{
	const cJSON *item;

	if (cJSON_IsObject(root)) {
		load_object(layer, root);
		return;
	}
	if (!cJSON_IsArray(root)) {
		layer_complain(layer, jsonc_line(root), NULL,
			       "must hold a list of rows or an object");
		return;
	}
	cJSON_ArrayForEach(item, root) {
		if (rows_of(layer->rules) >= RULES_MAX) {
			layer_complain(layer, jsonc_line(item), NULL, "more than 2000 rows");
			return;
		}
		load_object(layer, item);
	}
}

int layer_add_text(struct layer *layer, const char *name, const char *text, size_t len)
{
	_cleanup_(jsonc_freep) cJSON *root = NULL;
	struct err err = { 0 };
	int r = 0;

	layer->file = layer_own(layer, span_of(name));
	layer->files++;
	if (!layer->file)
		return -ENOMEM;
	add_digest(layer->rules, text, len);
	if (len > RULE_FILE_MAX_BYTES)
		layer_complain(layer, 0, NULL, "is larger than 1 MiB");
	else
		r = jsonc_parse(text, len, &root, &err);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		int line = atoi(err.msg);
		const char *what = strstr(err.msg, ": ");

		layer_complain(layer, line, NULL, "%s", what ? what + 2 : err.msg);
	}
	if (root)
		load_root(layer, root);
	layer->file = NULL;
	return layer->error;
}

static int is_jsonc(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 6 && strcmp(entry->d_name + len - 6, ".jsonc") == 0;
}

/* By bytes: the order of layers must not depend on the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* At most one byte more than a file may have, so that layer_add_text() sees it is too large. */
static int read_file(int folder, const char *name, struct str *out)
{
	_cleanup_(cleanup_close) int fd =
		openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	ssize_t n = 1;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	while (n > 0 && out->len <= RULE_FILE_MAX_BYTES) {
		char buffer[16384];

		n = read(fd, buffer, sizeof(buffer));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n < 0)
			n = 1;
		else
			str_append_bytes(out, buffer, (size_t)n);
	}
	return str_error(out);
}

static int add_file(struct layer *layer, int folder, const char *name)
{
	_cleanup_(str_free) struct str text = { 0 };
	int r = read_file(folder, name, &text);

	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		layer->file = name;
		layer_complain(layer, 0, NULL, "%s",
			       r == -EINVAL ? "is not a regular file" : strerror(-r));
		layer->file = NULL;
		return 0;
	}
	return layer_add_text(layer, name, str_text(&text), text.len);
}

int layer_add_folder(struct layer *layer, const char *folder, struct err *err)
{
	_cleanup_(cleanup_close) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **entries = NULL;
	int count, r = 0;

	if (fd < 0)
		return err_set(err, -errno, "%s: %s", folder, strerror(errno));
	count = scandirat(fd, ".", &entries, is_jsonc, by_name);
	if (count < 0)
		return err_set(err, -errno, "%s: %s", folder, strerror(errno));
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = add_file(layer, fd, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return r < 0 ? err_set(err, r, "%s: %s", folder, strerror(-r)) : 0;
}

static struct rule *find_rule(const struct rules *rules, const char *id)
{
	vec_each(rule, rules)
		if (strcmp((*rule)->id, id) == 0)
			return *rule;
	return NULL;
}

/* What a merge makes, before anything is given up. */
struct merged {
	struct rules rules;
	struct links links;
	struct knowledges knowledge;
	struct symbol_rows symbols;
	VEC(void *) owned;
};

/* A row without conditions only switches an earlier one off. */
static bool is_switch(const struct rule *rule)
{
	return rule->when.len == 0;
}

static int merge_rules(const struct rules *below, const struct rules *above, struct merged *merged)
{
	int r = 0;

	vec_each(rule, below) {
		struct rule *over = find_rule(above, (*rule)->id);

		if (r == 0)
			r = vec_push(&merged->rules, over && !is_switch(over) ? over : *rule);
	}
	vec_each(rule, above)
		if (r == 0 && !is_switch(*rule) && !find_rule(below, (*rule)->id))
			r = vec_push(&merged->rules, *rule);
	return r;
}

static bool is_link_switch(const struct link *link)
{
	return link->when.len == 0;
}

static int merge_links(const struct links *below, const struct links *above, struct merged *merged)
{
	int r = 0;

	vec_each(link, below) {
		struct link *over = find_link(above, (*link)->id);

		if (r == 0)
			r = vec_push(&merged->links, over && !is_link_switch(over) ? over : *link);
	}
	vec_each(link, above)
		if (r == 0 && !is_link_switch(*link) && !find_link(below, (*link)->id))
			r = vec_push(&merged->links, *link);
	return r;
}

static int merge_symbols(const struct symbol_rows *below, const struct symbol_rows *above,
			 struct merged *merged)
{
	int r = 0;

	vec_each(row, below)
		if (r == 0 && !symbol_row_replaced(above, row))
			r = vec_push(&merged->symbols, *row);
	vec_each(row, above)
		r = r == 0 ? vec_push(&merged->symbols, *row) : r;
	return r;
}

static int merge_lists(const struct ruleset *below, const struct ruleset *above,
		       struct merged *merged)
{
	int r = merge_rules(&below->rules, &above->rules, merged);

	r = r == 0 ? merge_links(&below->links, &above->links, merged) : r;
	r = r == 0 ? merge_symbols(&below->symbols, &above->symbols, merged) : r;
	/* the newest first: the first row that matches wins */
	vec_each(item, &above->knowledge)
		r = r == 0 ? vec_push(&merged->knowledge, *item) : r;
	vec_each(item, &below->knowledge)
		r = r == 0 ? vec_push(&merged->knowledge, *item) : r;
	vec_each(item, &below->owned)
		r = r == 0 ? vec_push(&merged->owned, *item) : r;
	vec_each(item, &above->owned)
		r = r == 0 ? vec_push(&merged->owned, *item) : r;
	return r;
}

/* Frees the rows that lost, and switches off those that were told to. */
static void settle_rules(struct rules *below, struct rules *above)
{
	vec_each(rule, below) {
		struct rule *over = find_rule(above, (*rule)->id);

		if (over && is_switch(over))
			(*rule)->enabled = false;
		else if (over)
			rule_free(*rule);
	}
	vec_each(rule, above)
		if (is_switch(*rule))
			rule_free(*rule);
	vec_free(below);
	vec_free(above);
}

static void settle_links(struct links *below, struct links *above)
{
	vec_each(link, below) {
		struct link *over = find_link(above, (*link)->id);

		if (over && is_link_switch(over))
			(*link)->enabled = false;
		else if (over)
			link_free(*link);
	}
	vec_each(link, above)
		if (is_link_switch(*link))
			link_free(*link);
	vec_free(below);
	vec_free(above);
}

/* Frees the rows that lost. */
static void settle_symbols(struct symbol_rows *below, struct symbol_rows *above)
{
	vec_each(row, below)
		if (symbol_row_replaced(above, row))
			symbol_row_clear(row);
	vec_free(below);
	vec_free(above);
}

static void settle(struct ruleset *below, struct ruleset *above, struct merged *merged)
{
	settle_rules(&below->rules, &above->rules);
	settle_links(&below->links, &above->links);
	settle_symbols(&below->symbols, &above->symbols);
	vec_free(&below->knowledge);
	vec_free(&above->knowledge);
	vec_free(&below->owned);
	vec_free(&above->owned);
	below->rules = merged->rules;
	below->links = merged->links;
	below->knowledge = merged->knowledge;
	below->symbols = merged->symbols;
	memcpy(&below->owned, &merged->owned, sizeof(below->owned));
	memcpy(below->sha256, above->sha256, sizeof(below->sha256));
	for (int i = 0; i < STAGE_TOTAL; i++)
		if (above->stages[i].question) {
			stage_story_clear(&below->stages[i]);
			below->stages[i] = above->stages[i];
			above->stages[i] = (struct stage_story){ 0 };
		}
}

int layer_merge(struct layer *layer, struct ruleset *rules)
{
	struct merged merged = { 0 };
	int r = merge_lists(rules, layer->rules, &merged);

	if (r == 0 && (merged.rules.len > RULES_MAX || merged.links.len > RULES_MAX ||
		       merged.symbols.len > SYMBOL_ROWS_MAX))
		r = -E2BIG;
	if (r == 0) {
		settle(rules, layer->rules, &merged);
		return 0;
	}
	vec_free(&merged.rules);
	vec_free(&merged.links);
	vec_free(&merged.knowledge);
	vec_free(&merged.symbols);
	vec_free(&merged.owned);
	return r;
}

static int refuse_layer(const struct layer *layer, struct err *err)
{
	struct span text = span_of(str_text(&layer->complaints));
	struct span first = text;

	span_line(&text, &first);
	return err_set(err, -EBADMSG, "%.*s", (int)span_len(first), first.p);
}

static int layer_finish(struct layer *layer, struct ruleset *rules, struct err *err)
{
	int r;

	if (layer->count)
		return refuse_layer(layer, err);
	r = layer_merge(layer, rules);
	return r < 0 ? err_set(err, r, r == -E2BIG ? "more than 2000 rows" : "out of memory") : 0;
}

int ruleset_overlay_text(struct ruleset *rules, const char *name, const char *text, size_t len,
			 struct err *err)
{
	_cleanup_(layer_free) struct layer layer = { 0 };
	int r = layer_new(rules, &layer);

	if (r == 0)
		r = layer_add_text(&layer, name, text, len);
	if (r < 0)
		return err_set(err, r, "%s: %s", name, strerror(-r));
	return layer_finish(&layer, rules, err);
}

int ruleset_overlay(struct ruleset *rules, const char *folder, struct err *err)
{
	_cleanup_(layer_free) struct layer layer = { 0 };
	int r = layer_new(rules, &layer);

	if (r < 0)
		return err_set(err, r, "out of memory");
	r = layer_add_folder(&layer, folder, err);
	return r < 0 ? r : layer_finish(&layer, rules, err);
}

int ruleset_load(const struct rule_file *files, size_t count, struct ruleset **ret, struct err *err)
{
	_cleanup_(ruleset_freep) struct ruleset *rules = calloc(1, sizeof(*rules));
	_cleanup_(layer_free) struct layer layer = { 0 };
	int r = rules ? layer_new(rules, &layer) : -ENOMEM;

	for (size_t i = 0; i < count && r == 0; i++)
		r = layer_add_text(&layer, files[i].name, files[i].text, files[i].len);
	if (r < 0)
		return err_set(err, r, "the built-in rules: %s", strerror(-r));
	r = layer_finish(&layer, rules, err);
	if (r == 0)
		*ret = TAKE_PTR(rules);
	return r;
}

int ruleset_check(const struct ruleset *base, const char *folder, struct str *ret_complaints,
		  struct rules_seen *ret_seen, struct err *err)
{
	_cleanup_(layer_free) struct layer layer = { 0 };
	int r = layer_new(base, &layer);

	if (r < 0)
		return err_set(err, r, "out of memory");
	r = layer_add_folder(&layer, folder, err);
	if (r < 0)
		return r;
	if (!layer.files)
		layer_complain(&layer, 0, NULL, "no *.jsonc file in %s", folder);
	check_rules(&layer);
	if (ret_seen)
		*ret_seen = (struct rules_seen){ layer.files, (int)(layer.rules->rules.len +
								    layer.rules->links.len) };
	str_append_bytes(ret_complaints, str_text(&layer.complaints), layer.complaints.len);
	return layer.error < 0 || str_error(ret_complaints) < 0 ?
		       err_set(err, -ENOMEM, "out of memory") :
		       layer.count;
}
