/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A maps file: every line is parsed, and every executable one goes into a list that must stay in
 * order. */
#include "symbol/mapping_list.h"
#include "symbol/maps_parse.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 16

static void check_order(const struct mapping_list *list)
{
	if (list->len > MOST)
		abort();
	for (size_t i = 0; i < list->len; i++)
		if (list->data[i].start >= list->data[i].end ||
		    (i > 0 && list->data[i - 1].end > list->data[i].start))
			abort();
}

static void put(struct mapping_list *list, const struct maps_line *line)
{
	struct mapping mapping = {
		.start = line->start, .end = line->end, .offset = line->offset, .path = ""
	};
	size_t before = list->len, left_out;
	const struct mapping *found;

	if (mapping_list_put(list, &mapping, MOST, &left_out) < 0)
		return;
	check_order(list);
	found = mapping_list_find(list, line->start);
	if (left_out == 0 && (!found || found->start != line->start || found->end != line->end))
		abort();
	if (list->len > before + 2)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = span_make((const char *)data, size);
	struct mapping_list list = { 0 };
	struct maps_line line;
	struct span words;

	while (span_line(&text, &words)) {
		if (maps_parse_line(words, &line) < 0)
			continue;
		if (line.path.p < words.p || line.path.end > words.end ||
		    line.path.p > line.path.end)
			abort();
		if (line.executable)
			put(&list, &line);
	}
	vec_free(&list);
	return 0;
}
