/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/profile_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FUNCTION_NAME_MAX 512
#define MODULE_NAME_MAX 256
#define UNKNOWN "[unknown]"

/* What names a function, and where it would be. */
struct key {
	char function[FUNCTION_NAME_MAX + 1], module[MODULE_NAME_MAX + 1];
	bool kernel;
	uint32_t hash;
};

static void copy_text(char *to, const char *text, size_t max)
{
	size_t len = text ? strnlen(text, max) : 0;

	if (len)
		memcpy(to, text, len);
	to[len] = '\0';
}

static void make_key(const struct profile_symbol *symbol, struct key *key)
{
	bool empty = !symbol->function || !symbol->function[0];

	copy_text(key->function, empty ? UNKNOWN : symbol->function, FUNCTION_NAME_MAX);
	copy_text(key->module, symbol->module, MODULE_NAME_MAX);
	key->kernel = symbol->kernel;
	key->hash =
		profile_hash_text(profile_hash_text(symbol->kernel, key->module), key->function);
}

static uint32_t find(const struct profile *profile, const struct key *key)
{
	uint32_t cursor = key->hash, item;

	while ((item = profile_index_next(&profile->function_index, key->hash, &cursor))) {
		const struct profile_symbol *info = &profile->functions.data[item - 1].info;

		if (info->kernel == key->kernel && strcmp(info->function, key->function) == 0 &&
		    strcmp(info->module, key->module) == 0)
			return item - 1;
	}
	return NONE;
}

static char *copy_names(const struct key *key)
{
	size_t len = strlen(key->function) + 1;
	char *names = malloc(len + strlen(key->module) + 1);

	if (!names)
		return NULL;
	memcpy(names, key->function, len);
	memcpy(names + len, key->module, strlen(key->module) + 1);
	return names;
}

static int push(struct profile *profile, const struct key *key, const struct profile_symbol *symbol)
{
	struct function function = { .info = *symbol };
	char *names = copy_names(key);

	if (!names)
		return -ENOMEM;
	function.info.function = names;
	function.info.module = names + strlen(names) + 1;
	if (vec_push(&profile->functions, function) < 0) {
		free(names);
		return -ENOMEM;
	}
	return 0;
}

static int add(struct profile *profile, const struct key *key, const struct profile_symbol *symbol)
{
	uint32_t id = (uint32_t)profile->functions.len;

	if (push(profile, key, symbol) < 0)
		return -ENOMEM;
	profile->totals.symbols = id;
	return profile_index_add(&profile->function_index, key->hash, id);
}

int64_t profile_symbol(struct profile *profile, const struct profile_symbol *symbol, bool *ret_new)
{
	struct key key;
	uint32_t id;

	make_key(symbol, &key);
	id = find(profile, &key);
	if (ret_new)
		*ret_new = false;
	if (id != NONE)
		return id;
	if (profile->functions.len > profile->options.symbols_max) {
		profile->totals.over_symbols_max++;
		return PROFILE_SYMBOL_OTHER;
	}
	if (add(profile, &key, symbol) < 0) {
		profile->error = -ENOMEM;
		return -ENOMEM;
	}
	if (ret_new)
		*ret_new = true;
	return (int64_t)profile->functions.len - 1;
}

int64_t profile_find_symbol(const struct profile *profile, const struct profile_symbol *symbol)
{
	struct key key;
	uint32_t id;

	make_key(symbol, &key);
	id = find(profile, &key);
	return id == NONE ? -ENOENT : (int64_t)id;
}

uint32_t profile_unknown_function(struct profile *profile, bool kernel)
{
	struct profile_symbol symbol = { .function = UNKNOWN, .module = "", .kernel = kernel };
	int64_t id = profile_symbol(profile, &symbol, NULL);

	return id < 0 ? PROFILE_SYMBOL_OTHER : (uint32_t)id;
}

int profile_functions_init(struct profile *profile)
{
	static const struct profile_symbol other = { .named = true };
	const struct key key = { .function = "[other]" };

	/* not in the index: nobody can ask for it by name */
	return push(profile, &key, &other);
}

void profile_functions_free(struct profile *profile)
{
	vec_each(function, &profile->functions)
		free((char *)function->info.function);
	vec_free(&profile->functions);
	profile_index_free(&profile->function_index);
}

const struct profile_symbol *profile_symbol_of(const struct profile *profile, uint32_t symbol)
{
	return &function_at(profile, symbol)->info;
}

int profile_compare_functions(const struct profile *profile, uint32_t a, uint32_t b)
{
	const struct profile_symbol *left = &function_at(profile, a)->info;
	const struct profile_symbol *right = &function_at(profile, b)->info;
	int order = strcmp(left->function, right->function);

	if (!order)
		order = strcmp(left->module, right->module);
	return order ? order : left->kernel - right->kernel;
}
