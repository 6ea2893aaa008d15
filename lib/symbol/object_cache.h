/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The object files behind mappings, opened once and shared by the processes that map them: by
 * device and inode (where the kernel tells none, by process and path). Not by build-id: a file can
 * claim any, and would give its names to others.
 */
#ifndef TRIAGE_SYMBOL_OBJECT_CACHE_H
#define TRIAGE_SYMBOL_OBJECT_CACHE_H

#include "symbol/address_space.h"
#include "symbol/object_file.h"

struct object_cache;

struct cached_object {
	struct object_file *object; /* NULL: it can't be read */
	const char *module;	    /* last part of its path, a name of `names` */
};

/* At most `files_max` are open at a time: the one that was not asked for longest is closed. All
 * pointers must outlive it. */
struct object_cache *object_cache_new(struct procroot *root, const struct address_spaces *spaces,
				      struct names *names, uint32_t files_max, uint64_t bytes_max);
void object_cache_free(struct object_cache *cache);

/* Valid until the next call. 0, also when it can't be read; -ENOMEM. */
int object_cache_get(struct object_cache *cache, pid_t pid, const struct mapping *mapping,
		     struct cached_object *ret);

/* To be called after lines were asked for: keeps those of a few files only. */
void object_cache_bound_lines(struct object_cache *cache);

struct object_cache_counts {
	uint64_t opened, failed, stripped; /* files */
};

void object_cache_counts(const struct object_cache *cache, struct object_cache_counts *ret);

#endif
