/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/path_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATHS_MAX 65536
#define BYTES_MAX ((size_t)16 << 20)

struct path_pool_entry {
	struct path_pool_entry *next;
	uint32_t hash;
	char text[];
};

static uint32_t hash_bytes(struct span s)
{
	uint32_t hash = 2166136261u;

	for (const char *p = s.p; p < s.end; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	return hash;
}

static const char *find(const struct path_pool *pool, struct span path, uint32_t hash)
{
	const struct path_pool_entry *entry = pool->buckets[hash % PATH_POOL_BUCKETS];

	for (; entry; entry = entry->next)
		if (entry->hash == hash && span_is(path, entry->text))
			return entry->text;
	return NULL;
}

static int add(struct path_pool *pool, struct span path, uint32_t hash, const char **ret)
{
	struct path_pool_entry **bucket = &pool->buckets[hash % PATH_POOL_BUCKETS];
	size_t size = sizeof(struct path_pool_entry) + span_len(path) + 1;
	struct path_pool_entry *entry;

	if (pool->paths >= PATHS_MAX || pool->bytes + size > BYTES_MAX)
		return -ENOSPC;
	entry = malloc(size);
	if (!entry)
		return -ENOMEM;
	entry->hash = hash;
	entry->next = *bucket;
	span_copy(path, entry->text, span_len(path) + 1);
	*bucket = entry;
	pool->paths++;
	pool->bytes += size;
	*ret = entry->text;
	return 0;
}

int path_pool_share(struct path_pool *pool, struct span path, const char **ret)
{
	uint32_t hash = hash_bytes(path);
	const char *found;

	if (span_len(path) == 0) {
		*ret = "";
		return 0;
	}
	found = find(pool, path, hash);
	if (!found)
		return add(pool, path, hash, ret);
	*ret = found;
	return 0;
}

void path_pool_clear(struct path_pool *pool)
{
	for (size_t i = 0; i < PATH_POOL_BUCKETS; i++)
		for (struct path_pool_entry *entry = pool->buckets[i], *next; entry; entry = next) {
			next = entry->next;
			free(entry);
		}
	memset(pool, 0, sizeof(*pool));
}
