/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/object_cache.h"

#include "base/vec.h"

#include <errno.h>
#include <string.h>

#define BUCKETS 1024
#define ENTRIES_MAX 65536
#define SYMBOLS_MAX ((size_t)8 << 20) /* of all open files: 128 MiB */
#define LINES_MAX 4		      /* files */
#define ATTEMPTS_MAX 4		      /* by different processes */

struct entry {
	struct entry *next;
	uint32_t major, minor;
	uint64_t inode;
	const char *path;
	pid_t pid; /* 0: the inode is known */
	struct object_file *object;
	const char *module;
	uint64_t used;
	pid_t failed_pid;
	unsigned int attempts; /* that failed */
	bool opened, stripped; /* once */
};

struct object_cache {
	struct procroot *root;
	const struct address_spaces *spaces;
	struct names *names;
	uint32_t files_max;
	uint64_t bytes_max;
	struct entry *buckets[BUCKETS];
	size_t entries;
	VEC(struct entry *) open;
	size_t symbols; /* of those that are open */
	uint64_t clock;
};

struct object_cache *object_cache_new(struct procroot *root, const struct address_spaces *spaces,
				      struct names *names, uint32_t files_max, uint64_t bytes_max)
{
	struct object_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->root = root;
	cache->spaces = spaces;
	cache->names = names;
	cache->files_max = files_max;
	cache->bytes_max = bytes_max;
	return cache;
}

void object_cache_free(struct object_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct entry *entry = cache->buckets[i], *next; entry; entry = next) {
			next = entry->next;
			object_file_free(entry->object);
			free(entry);
		}
	vec_free(&cache->open);
	free(cache);
}

/* ---- which entry ----------------------------------------------------------------------------- */

static struct entry key_of(pid_t pid, const struct mapping *mapping)
{
	return (struct entry){
		.major = mapping->major,
		.minor = mapping->minor,
		.inode = mapping->inode,
		.path = mapping->path,
		.pid = mapping->inode ? 0 : pid,
	};
}

/* Equal paths of mappings are one pointer. */
static bool is_same(const struct entry *a, const struct entry *b)
{
	return a->inode == b->inode && a->major == b->major && a->minor == b->minor &&
	       a->pid == b->pid && (a->inode || a->path == b->path);
}

static struct entry **bucket_of(struct object_cache *cache, const struct entry *key)
{
	uint64_t mixed = key->inode ? key->inode ^ (uint64_t)key->minor << 32 :
				      (uint64_t)(uintptr_t)key->path ^ (uint64_t)key->pid << 40;

	return &cache->buckets[(mixed * 0x9e3779b97f4a7c15u) >> 54];
}

static const char *share_module(struct names *names, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash && slash[1] ? slash + 1 : path;

	return names_share(names, name, strlen(name));
}

static struct entry *add_entry(struct object_cache *cache, struct entry **bucket,
			       const struct entry *key)
{
	struct entry *entry = malloc(sizeof(*entry));

	if (!entry)
		return NULL;
	*entry = *key;
	entry->module = share_module(cache->names, key->path);
	if (!entry->module) {
		free(entry);
		return NULL;
	}
	entry->next = *bucket;
	*bucket = entry;
	cache->entries++;
	return entry;
}

/* ---- what is open ---------------------------------------------------------------------------- */

static void close_oldest(struct object_cache *cache, const struct entry *keep)
{
	size_t oldest = cache->open.len;

	for (size_t i = 0; i < cache->open.len; i++)
		if (cache->open.data[i] != keep &&
		    (oldest == cache->open.len ||
		     cache->open.data[i]->used < cache->open.data[oldest]->used))
			oldest = i;
	if (oldest == cache->open.len)
		return;
	cache->symbols -= object_file_symbols(cache->open.data[oldest]->object);
	object_file_free(cache->open.data[oldest]->object);
	cache->open.data[oldest]->object = NULL;
	cache->open.data[oldest] = cache->open.data[--cache->open.len];
}

static int note_open(struct object_cache *cache, struct entry *entry)
{
	int r = vec_push(&cache->open, entry);

	if (r < 0) {
		object_file_free(entry->object);
		entry->object = NULL;
		return r;
	}
	entry->opened = true;
	entry->stripped = object_file_is_stripped(entry->object);
	cache->symbols += object_file_symbols(entry->object);
	while (cache->open.len > 1 &&
	       (cache->open.len > cache->files_max || cache->symbols > SYMBOLS_MAX))
		close_oldest(cache, entry);
	return 0;
}

static int open_object(struct object_cache *cache, struct entry *entry, pid_t pid,
		       const struct mapping *mapping)
{
	int r = address_spaces_open_file(cache->spaces, pid, mapping);

	if (r >= 0)
		r = object_file_open(r, mapping->path, cache->root, cache->bytes_max,
				     &entry->object);
	if (r >= 0)
		return note_open(cache, entry);
	if (r == -ENOMEM)
		return r;
	entry->failed_pid = pid;
	/* What is no object file is none for another process either. */
	entry->attempts = r == -ENOEXEC || r == -EFBIG ? ATTEMPTS_MAX : entry->attempts + 1;
	return 0;
}

/* What one process can't reach, because it is gone, another one may. */
static bool is_worth_trying(const struct entry *entry, pid_t pid)
{
	return !entry->object && entry->attempts < ATTEMPTS_MAX &&
	       (entry->attempts == 0 || entry->failed_pid != pid);
}

int object_cache_get(struct object_cache *cache, pid_t pid, const struct mapping *mapping,
		     struct cached_object *ret)
{
	struct entry key = key_of(pid, mapping);
	struct entry **bucket = bucket_of(cache, &key), *entry = *bucket;
	int r = 0;

	while (entry && !is_same(entry, &key))
		entry = entry->next;
	if (!entry && cache->entries >= ENTRIES_MAX) {
		*ret = (struct cached_object){ NULL, share_module(cache->names, mapping->path) };
		return ret->module ? 0 : -ENOMEM;
	}
	if (!entry)
		entry = add_entry(cache, bucket, &key);
	if (!entry)
		return -ENOMEM;
	entry->used = ++cache->clock;
	if (is_worth_trying(entry, pid))
		r = open_object(cache, entry, pid, mapping);
	if (r == 0)
		*ret = (struct cached_object){ entry->object, entry->module };
	return r;
}

void object_cache_bound_lines(struct object_cache *cache)
{
	size_t count = 0;
	struct entry *oldest = NULL;

	vec_each(item, &cache->open) {
		if (!object_file_has_lines((*item)->object))
			continue;
		count++;
		if (!oldest || (*item)->used < oldest->used)
			oldest = *item;
	}
	if (count > LINES_MAX)
		object_file_drop_lines(oldest->object);
}

void object_cache_counts(const struct object_cache *cache, struct object_cache_counts *ret)
{
	*ret = (struct object_cache_counts){ 0 };
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct entry *entry = cache->buckets[i]; entry; entry = entry->next) {
			ret->opened += entry->opened;
			ret->failed += !entry->opened && entry->attempts > 0;
			ret->stripped += entry->stripped;
		}
}
