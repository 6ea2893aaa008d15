/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/jit_map.h"

#include "base/vec.h"

#include <errno.h>
#include <string.h>

#define FUNCTIONS_MAX ((size_t)1 << 20)
#define LOOK_BACK 32 /* functions that start before the address and may reach over others */

struct jit_function {
	uint64_t start;
	uint32_t size;
	uint32_t name; /* in the text, up to the end of the line; grows with the lines */
};

struct jit_map {
	VEC(struct jit_function) list;
	struct str text;
};

static bool take_hex(struct span *line, uint64_t *ret)
{
	struct span word;

	if (!span_word(line, &word))
		return false;
	if (span_starts(word, "0x"))
		word.p += 2;
	return span_hex(&word, ret) && span_len(word) == 0;
}

static bool parse_line(struct span line, const char *text, struct jit_function *ret)
{
	uint64_t start, size;

	if (!take_hex(&line, &start) || !take_hex(&line, &size))
		return false;
	line = span_trim(line);
	if (span_len(line) == 0 || size == 0 || size > UINT32_MAX || start > UINT64_MAX - size ||
	    line.p - text > (ptrdiff_t)UINT32_MAX)
		return false;
	*ret = (struct jit_function){ start, (uint32_t)size, (uint32_t)(line.p - text) };
	return true;
}

static int compare(const void *left, const void *right)
{
	const struct jit_function *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

static int parse(struct jit_map *map)
{
	struct span text = span_make(str_text(&map->text), map->text.len), line;
	struct jit_function function;
	int r = 0;

	while (r == 0 && map->list.len < FUNCTIONS_MAX && span_line(&text, &line))
		if (parse_line(line, str_text(&map->text), &function))
			r = vec_push(&map->list, function);
	if (r == 0 && map->list.len == 0)
		r = -ENODATA;
	if (r == 0)
		qsort(map->list.data, map->list.len, sizeof(*map->list.data), compare);
	return r;
}

int jit_map_parse(struct str *text, struct jit_map **ret)
{
	struct jit_map *map = calloc(1, sizeof(*map));
	int r;

	if (!map) {
		str_free(text);
		return -ENOMEM;
	}
	map->text = *text;
	*text = (struct str){ 0 };
	r = parse(map);
	if (r < 0)
		jit_map_free(map);
	else
		*ret = map;
	return r;
}

void jit_map_free(struct jit_map *map)
{
	if (!map)
		return;
	vec_free(&map->list);
	str_free(&map->text);
	free(map);
}

static size_t count_before(const struct jit_map *map, uint64_t address)
{
	size_t low = 0, high = map->list.len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->list.data[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct span name_of(const struct jit_map *map, const struct jit_function *function)
{
	struct span name =
		span_make(map->text.data + function->name, map->text.len - function->name);
	const char *newline = memchr(name.p, '\n', span_len(name));

	if (newline)
		name.end = newline;
	return span_trim(name);
}

bool jit_map_find(const struct jit_map *map, uint64_t address, struct span *ret_name)
{
	size_t end = count_before(map, address);
	size_t first = end > LOOK_BACK ? end - LOOK_BACK : 0;
	const struct jit_function *found = NULL;

	for (size_t i = first; i < end; i++) {
		const struct jit_function *function = &map->list.data[i];

		if (address - function->start < function->size &&
		    (!found || function->name > found->name))
			found = function;
	}
	if (found)
		*ret_name = name_of(map, found);
	return found;
}

size_t jit_map_count(const struct jit_map *map)
{
	return map->list.len;
}
