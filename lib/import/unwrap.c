/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/unwrap.h"

#include <errno.h>

#define WIDTH_LEAST 40
#define PIECES_MAX 16 /* of a line */

static size_t count_chars(struct span line)
{
	size_t chars = 0;

	for (const char *p = line.p; p < line.end; p++)
		chars += ((unsigned char)*p & 0xc0) != 0x80;
	return chars;
}

static size_t width_of(const struct clean_lines *lines)
{
	size_t width = 0;

	vec_each(line, lines)
		if (span_len(*line) >= WIDTH_LEAST && count_chars(*line) > width)
			width = count_chars(*line);
	return width;
}

/* Appends a line with all its pieces; how many lines that were. */
static size_t join(const struct clean_lines *lines, size_t at, size_t width, struct str *out)
{
	size_t taken = 0;

	do {
		struct span piece = lines->data[at + taken];

		str_append_bytes(out, piece.p, span_len(piece));
		taken++;
		if (count_chars(piece) < width)
			break;
	} while (taken < PIECES_MAX && at + taken < lines->len);
	str_append_char(out, '\n');
	return taken;
}

static int split(struct clean_text *text)
{
	struct span rest = span_make(str_text(&text->text), text->text.len), line;

	while (span_line(&rest, &line))
		if (vec_push(&text->lines, line) < 0)
			return -ENOMEM;
	return 0;
}

int unwrap_lines(const struct clean_lines *lines, struct clean_text *ret)
{
	struct clean_text joined = { 0 };
	size_t width = width_of(lines);
	size_t at = 0, rows = 0;

	if (!width)
		return 0;
	for (; at < lines->len; rows++)
		at += join(lines, at, width, &joined.text);
	if (rows == lines->len || str_error(&joined.text) < 0 || split(&joined) < 0) {
		int r = rows == lines->len ? 0 : -ENOMEM;

		clean_text_free(&joined);
		return r;
	}
	*ret = joined;
	return 1;
}
