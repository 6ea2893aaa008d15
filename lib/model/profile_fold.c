/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/text.h"
#include "model/profile_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define KERNEL_MARK "[k] "
#define LEFT_OUT "(left out)"
#define LEFT_OUT_BYTES 32 /* such a line, at most */
#define MISSES_MAX 64	  /* lines in a row that do not fit: the text is full */

struct line {
	uint64_t weight;
	uint32_t end; /* node, or ROOT_BIT | group */
};

struct lines {
	const struct profile *profile;
	uint64_t unit;
	size_t bytes_max;
	VEC(struct line) all;
	VEC(uint32_t) path; /* leaf first */
	struct str text;
};

static int list_lines(struct lines *lines)
{
	const struct profile *profile = lines->profile;

	for (uint32_t i = 0; i < profile->nodes.len; i++) {
		struct line line = { profile->nodes.data[i].weight, i };

		if (line.weight && vec_push(&lines->all, line) < 0)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < profile->groups.len; i++) {
		struct line line = { profile->groups.data[i]->root_weight, ROOT_BIT | i };

		if (line.weight && vec_push(&lines->all, line) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int compare_lines(const void *left, const void *right)
{
	const struct line *a = left, *b = right;

	if (a->weight != b->weight)
		return a->weight < b->weight ? 1 : -1;
	return (a->end > b->end) - (a->end < b->end);
}

static void append_name(struct str *out, const char *name)
{
	size_t from = out->len, len = strlen(name);

	if (text_is_printable(name, len))
		str_append_bytes(out, name, len); /* nearly all: at once is faster */
	else
		text_append_printable(out, name, len);
	for (size_t i = from; i < out->len; i++)
		if (out->data[i] == ';')
			out->data[i] = ':';
}

static void append_frame(struct lines *lines, uint32_t symbol)
{
	const struct profile_symbol *info = profile_symbol_of(lines->profile, symbol);
	const char *name = info->function;

	str_append_char(&lines->text, ';');
	if (info->kernel) {
		str_append(&lines->text, KERNEL_MARK);
	} else if (strncmp(name, KERNEL_MARK, strlen(KERNEL_MARK)) == 0) {
		/* nobody passes for the kernel by name */
		str_append(&lines->text, "\\x5b");
		name++;
	}
	append_name(&lines->text, name);
}

static int append_stack(struct lines *lines, uint32_t end)
{
	const struct profile *profile = lines->profile;
	const struct profile_group *group;

	lines->path.len = 0;
	for (; !(end & ROOT_BIT); end = profile->nodes.data[end].parent)
		if (vec_push(&lines->path, profile->nodes.data[end].symbol) < 0)
			return -ENOMEM;
	group = &profile->groups.data[end & ~ROOT_BIT]->stats;
	append_name(&lines->text, group->program);
	str_append_char(&lines->text, ';');
	append_name(&lines->text, group->thread);
	for (size_t i = lines->path.len; i-- > 0;)
		append_frame(lines, lines->path.data[i]);
	return 0;
}

static void append_count(struct lines *lines, uint64_t weight)
{
	uint64_t count = weight / lines->unit + (weight % lines->unit > (lines->unit - 1) / 2);

	str_format(&lines->text, " %llu\n", (unsigned long long)(count ? count : 1));
}

/* 1: written; 0: it does not fit. */
static int write_line(struct lines *lines, const struct line *line, size_t used, struct str *out)
{
	str_clear(&lines->text);
	if (append_stack(lines, line->end) < 0)
		return -ENOMEM;
	append_count(lines, line->weight);
	if (str_error(&lines->text) < 0)
		return -ENOMEM;
	if (used + lines->text.len + LEFT_OUT_BYTES > lines->bytes_max)
		return 0;
	str_append_bytes(out, lines->text.data, lines->text.len);
	return 1;
}

/* A stack that is too long does not keep out the shorter ones behind it. */
static int write_lines(struct lines *lines, struct str *out)
{
	size_t from = out->len, misses = 0;
	uint64_t left_out = 0;

	vec_each(line, &lines->all) {
		int written = misses < MISSES_MAX ? write_line(lines, line, out->len - from, out) :
						    0;

		if (written < 0)
			return written;
		misses = written ? 0 : misses + 1;
		left_out += written ? 0 : line->weight;
	}
	if (!left_out)
		return 0;
	str_clear(&lines->text);
	str_append(&lines->text, LEFT_OUT);
	append_count(lines, left_out);
	str_append(out, str_text(&lines->text));
	return 0;
}

int profile_fold(const struct profile *profile, uint64_t unit, size_t bytes_max, struct str *out)
{
	struct lines lines = { .profile = profile,
			       .unit = unit ? unit : 1,
			       .bytes_max = bytes_max };
	int r = list_lines(&lines);

	if (r == 0 && lines.all.len)
		qsort(lines.all.data, lines.all.len, sizeof(*lines.all.data), compare_lines);
	if (r == 0)
		r = write_lines(&lines, out);
	vec_free(&lines.all);
	vec_free(&lines.path);
	str_free(&lines.text);
	return r < 0 ? r : str_error(out);
}
