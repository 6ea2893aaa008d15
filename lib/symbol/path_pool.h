/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each path once: thousands of processes map the same few libraries. Bounded; what is in it stays
 * until the end. */
#ifndef TRIAGE_SYMBOL_PATH_POOL_H
#define TRIAGE_SYMBOL_PATH_POOL_H

#include "base/span.h"

#define PATH_POOL_BUCKETS 4096

struct path_pool {
	struct path_pool_entry *buckets[PATH_POOL_BUCKETS];
	size_t paths, bytes;
};

/* The shared copy of a path: equal paths give the same pointer. 0; -ENOSPC: the pool is full;
 * -ENOMEM. */
int path_pool_share(struct path_pool *pool, struct span path, const char **ret);
void path_pool_clear(struct path_pool *pool);

#endif
