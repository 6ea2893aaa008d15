/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/mapping_list.h"

#include <errno.h>
#include <string.h>

/* The first mapping that ends above the address. */
static size_t first_above(const struct mapping_list *list, uint64_t address)
{
	size_t low = 0, high = list->len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (list->data[middle].end > address)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static size_t first_from(const struct mapping_list *list, size_t from, uint64_t end)
{
	while (from < list->len && list->data[from].start < end)
		from++;
	return from;
}

/* What replaces the overlapped ones: up to three pieces. */
static size_t cut_pieces(const struct mapping_list *list, size_t from, size_t to,
			 const struct mapping *mapping, struct mapping pieces[3])
{
	size_t count = 0;

	if (from < to && list->data[from].start < mapping->start) {
		pieces[count] = list->data[from];
		pieces[count++].end = mapping->start;
	}
	pieces[count++] = *mapping;
	if (from < to && list->data[to - 1].end > mapping->end) {
		pieces[count] = list->data[to - 1];
		pieces[count].offset += mapping->end - pieces[count].start;
		pieces[count++].start = mapping->end;
	}
	return count;
}

static int reserve(struct mapping_list *list, size_t len)
{
	int r = 0;

	while (r == 0 && list->cap < len)
		r = vec_grow((void **)&list->data, list->cap, &list->cap, sizeof(*list->data));
	return r;
}

int mapping_list_put(struct mapping_list *list, const struct mapping *mapping, size_t max,
		     size_t *ret_left_out)
{
	size_t from = first_above(list, mapping->start);
	size_t to = first_from(list, from, mapping->end);
	struct mapping pieces[3];
	size_t count = cut_pieces(list, from, to, mapping, pieces);
	size_t kept = list->len - (to - from), left_out = 0;

	while (count > 0 && kept + count > max) {
		count--;
		left_out++;
	}
	if (reserve(list, kept + count) < 0)
		return -ENOMEM;
	if (to < list->len)
		memmove(list->data + from + count, list->data + to,
			(list->len - to) * sizeof(*list->data));
	if (count > 0)
		memcpy(list->data + from, pieces, count * sizeof(*pieces));
	list->len = kept + count;
	*ret_left_out = left_out;
	return 0;
}

const struct mapping *mapping_list_find(const struct mapping_list *list, uint64_t address)
{
	size_t i = first_above(list, address);

	return i < list->len && list->data[i].start <= address ? &list->data[i] : NULL;
}
