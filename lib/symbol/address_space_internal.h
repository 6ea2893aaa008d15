/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files of address_space.h. */
#ifndef TRIAGE_SYMBOL_ADDRESS_SPACE_INTERNAL_H
#define TRIAGE_SYMBOL_ADDRESS_SPACE_INTERNAL_H

#include "base/vec.h"
#include "symbol/address_space.h"
#include "symbol/mapping_list.h"
#include "symbol/path_pool.h"

#define SPACE_BUCKETS 4096

struct space {
	pid_t pid;
	int32_t next; /* in the bucket; -1: none */
	bool known;   /* all its mappings: read, or inherited, or made since its exec */
	bool exited;
	int failed; /* what reading its maps came to: negative errno */
	struct mapping_list mappings;
};

struct address_spaces {
	struct procroot *root;
	uint32_t processes_max, mappings_max;
	VEC(struct space) list;
	int32_t buckets[SPACE_BUCKETS];
	size_t hand;	 /* where the search for a process that has exited goes on */
	size_t mappings; /* of all processes */
	struct path_pool paths;
	struct address_spaces_counts counts;
};

/* A maps file that is longer than procroot reads: of a live host only, as it is not recorded.
 * Replaces `ret`; -EFBIG. */
int address_space_read_long(const struct address_spaces *spaces, const char *path, struct str *ret);

#endif
