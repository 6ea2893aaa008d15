/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/profile_internal.h"

#include <errno.h>

uint32_t profile_node_get(struct profile *profile, uint32_t parent, uint32_t symbol)
{
	uint32_t hash = profile_hash_pair(parent, symbol), cursor = hash, item;
	struct node node = { .parent = parent, .symbol = symbol, .counter = NONE };

	while ((item = profile_index_next(&profile->node_index, hash, &cursor)))
		if (profile->nodes.data[item - 1].parent == parent &&
		    profile->nodes.data[item - 1].symbol == symbol)
			return item - 1;
	if (profile->nodes.len >= profile->options.nodes_max)
		return NONE;
	item = (uint32_t)profile->nodes.len;
	if (vec_push(&profile->nodes, node) < 0 ||
	    profile_index_add(&profile->node_index, hash, item) < 0) {
		profile->error = -ENOMEM;
		return NONE;
	}
	profile->totals.nodes++;
	return item;
}
