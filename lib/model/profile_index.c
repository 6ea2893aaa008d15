/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/profile_index.h"

#include <errno.h>
#include <stdlib.h>

#define SLOTS_FIRST 64
#define FNV_OFFSET 14695981039346656037ULL
#define FNV_PRIME 1099511628211ULL

void profile_index_free(struct profile_index *index)
{
	free(index->slots);
	*index = (struct profile_index){ 0 };
}

static void place(struct index_slot *slots, uint32_t len, struct index_slot slot)
{
	uint32_t i = slot.hash & (len - 1);

	while (slots[i].item)
		i = (i + 1) & (len - 1);
	slots[i] = slot;
}

static int grow(struct profile_index *index)
{
	uint32_t len = index->len ? index->len * 2 : SLOTS_FIRST;
	struct index_slot *slots = calloc(len, sizeof(*slots));

	if (!slots)
		return -ENOMEM;
	for (uint32_t i = 0; i < index->len; i++)
		if (index->slots[i].item)
			place(slots, len, index->slots[i]);
	free(index->slots);
	index->slots = slots;
	index->len = len;
	return 0;
}

int profile_index_add(struct profile_index *index, uint32_t hash, uint32_t item)
{
	/* at most three quarters full */
	if (index->used >= index->len - index->len / 4 && grow(index) < 0)
		return -ENOMEM;
	place(index->slots, index->len, (struct index_slot){ hash, item + 1 });
	index->used++;
	return 0;
}

uint32_t profile_hash_text(uint32_t seed, const char *text)
{
	uint64_t hash = FNV_OFFSET + seed;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
	return (uint32_t)(hash ^ (hash >> 32));
}

uint32_t profile_hash_pair(uint32_t a, uint32_t b)
{
	uint64_t hash = ((uint64_t)a << 32 | b) * 0x9e3779b97f4a7c15ULL;

	hash = (hash ^ (hash >> 32)) * 0xbf58476d1ce4e5b9ULL;
	return (uint32_t)(hash ^ (hash >> 32));
}
