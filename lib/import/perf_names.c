/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/perf_names.h"

#include <errno.h>
#include <string.h>

#define SLOTS_FIRST 1024u

static uint32_t hash_of(const char *bytes, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3ULL;
	return (uint32_t)(hash ^ hash >> 32);
}

/* The slot that has the text, or the free one where it goes. */
static uint32_t *slot_of(const struct perf_names *names, const char *bytes, size_t len)
{
	uint32_t at = hash_of(bytes, len) & names->mask;

	while (names->slots[at]) {
		const char *text = names->list.data[names->slots[at] - 1];

		if (strncmp(text, bytes, len) == 0 && !text[len])
			break;
		at = (at + 1) & names->mask;
	}
	return &names->slots[at];
}

static int grow(struct perf_names *names)
{
	uint32_t size = names->slots ? (names->mask + 1) * 2 : SLOTS_FIRST;
	struct perf_names bigger = { .slots = calloc(size, sizeof(*bigger.slots)),
				     .mask = size - 1 };

	if (!bigger.slots)
		return -ENOMEM;
	memcpy(&bigger.list, &names->list, sizeof(bigger.list));
	for (uint32_t i = 0; i < names->list.len; i++)
		*slot_of(&bigger, names->list.data[i], strlen(names->list.data[i])) = i + 1;
	free(names->slots);
	names->slots = bigger.slots;
	names->mask = bigger.mask;
	return 0;
}

int64_t perf_names_add(struct perf_names *names, struct span text)
{
	uint32_t *slot;
	char *copy;

	if ((!names->slots || names->list.len >= names->mask / 2) && grow(names) < 0)
		return -ENOMEM;
	slot = slot_of(names, text.p, span_len(text));
	if (*slot)
		return *slot - 1;
	copy = strndup(text.p, span_len(text));
	if (!copy || vec_push(&names->list, copy) < 0) {
		free(copy);
		return -ENOMEM;
	}
	*slot = (uint32_t)names->list.len;
	return *slot - 1;
}

const char *perf_names_text(const struct perf_names *names, uint32_t number)
{
	return names->list.data[number];
}

void perf_names_free(struct perf_names *names)
{
	vec_each(name, &names->list)
		free(*name);
	vec_free(&names->list);
	free(names->slots);
	*names = (struct perf_names){ 0 };
}
