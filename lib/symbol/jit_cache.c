/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/jit_cache.h"

#include "base/vec.h"
#include "symbol/jit_process.h"

#include <errno.h>
#include <string.h>

#define PROCESSES_MAX 4096
#define LISTS_MAX 4 /* full ones */

struct jit_entry {
	pid_t pid;
	struct jit_map *map; /* NULL: it has none */
};

struct jit_cache {
	struct procroot *root;
	size_t bytes_max, bytes_left;
	VEC(struct jit_entry) list; /* ascending */
};

struct jit_cache *jit_cache_new(struct procroot *root, size_t bytes_max)
{
	struct jit_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->root = root;
	cache->bytes_max = bytes_max;
	cache->bytes_left = bytes_max <= SIZE_MAX / LISTS_MAX ? bytes_max * LISTS_MAX : SIZE_MAX;
	return cache;
}

void jit_cache_free(struct jit_cache *cache)
{
	if (!cache)
		return;
	vec_each(entry, &cache->list)
		jit_map_free(entry->map);
	vec_free(&cache->list);
	free(cache);
}

static size_t count_before(const struct jit_cache *cache, pid_t pid)
{
	size_t low = 0, high = cache->list.len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cache->list.data[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int load(struct jit_cache *cache, struct jit_entry *entry)
{
	size_t most = cache->bytes_max < cache->bytes_left ? cache->bytes_max : cache->bytes_left;
	size_t bytes = 0;
	int r = jit_process_load(cache->root, entry->pid, most, &entry->map, &bytes);

	if (r == 0)
		cache->bytes_left -= bytes;
	return r == -ENOMEM ? r : 0;
}

static int insert(struct jit_cache *cache, size_t index, const struct jit_entry *entry)
{
	int r = vec_push(&cache->list, *entry);
	struct jit_entry *at = cache->list.data + index;

	if (r < 0)
		return r;
	memmove(at + 1, at, (cache->list.len - 1 - index) * sizeof(*at));
	*at = *entry;
	return 0;
}

static int add(struct jit_cache *cache, size_t index, pid_t pid)
{
	struct jit_entry entry = { .pid = pid };
	int r = load(cache, &entry);

	if (r == 0)
		r = insert(cache, index, &entry);
	if (r < 0)
		jit_map_free(entry.map);
	return r;
}

int jit_cache_find(struct jit_cache *cache, pid_t pid, uint64_t address, struct span *ret_name)
{
	size_t index = count_before(cache, pid);
	const struct jit_map *map;
	int r = 0;

	if (index == cache->list.len || cache->list.data[index].pid != pid) {
		if (cache->list.len >= PROCESSES_MAX)
			return 0;
		r = add(cache, index, pid);
	}
	if (r < 0)
		return r;
	map = cache->list.data[index].map;
	return map && jit_map_find(map, address, ret_name);
}
