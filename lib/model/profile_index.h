/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding items by a hash of what they are; the models that keep many small things share it. */
#ifndef TRIAGE_MODEL_PROFILE_INDEX_H
#define TRIAGE_MODEL_PROFILE_INDEX_H

#include <stdint.h>

/* Open addressing: hash to item. The items themselves live elsewhere and are only ever added. */
struct index_slot {
	uint32_t hash, item; /* item + 1; 0: free */
};

struct profile_index {
	struct index_slot *slots;
	uint32_t len, used; /* len: a power of two, or 0 */
};

void profile_index_free(struct profile_index *index);
int profile_index_add(struct profile_index *index, uint32_t hash, uint32_t item); /* -ENOMEM */
uint32_t profile_hash_text(uint32_t seed, const char *text);
uint32_t profile_hash_pair(uint32_t a, uint32_t b);

/* The next item with that hash, + 1; 0: no more. `cursor` begins as the hash. */
static inline uint32_t profile_index_next(const struct profile_index *index, uint32_t hash,
					  uint32_t *cursor)
{
	const struct index_slot *slot;

	if (!index->len)
		return 0;
	do {
		slot = &index->slots[(*cursor)++ & (index->len - 1)];
	} while (slot->item && slot->hash != hash);
	return slot->item;
}

#endif
