/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/layout.h"

#include "base/cleanup.h"

#include <stdint.h>

struct range {
	uint32_t first;
	uint32_t last;
};

/* The blocks that matter for names and prose, not all of Unicode: a wrong width costs a ragged
 * edge. */
static const struct range no_width[] = {
	{ 0x300, 0x36f },   { 0x483, 0x489 },	{ 0x591, 0x5bd },   { 0x610, 0x61a },
	{ 0x64b, 0x65f },   { 0x900, 0x902 },	{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
	{ 0x20d0, 0x20ff }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xe0100, 0xe01ef },
};

static const struct range two_wide[] = {
	{ 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0xa4cf },	  { 0xac00, 0xd7a3 },
	{ 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },	  { 0xffe0, 0xffe6 },
	{ 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1faff }, { 0x20000, 0x3fffd },
};

static bool in_ranges(uint32_t c, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Takes one character off the text. */
static struct span take_character(struct span *text, uint32_t *ret_code)
{
	static const unsigned char lead_mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned char lead = (unsigned char)*text->p;
	int len = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	struct span character = *text;
	uint32_t code = lead & lead_mask[len];

	for (text->p++; --len > 0 && text->p < text->end; text->p++)
		code = code << 6 | ((unsigned char)*text->p & 0x3f);
	character.end = text->p;
	*ret_code = code;
	return character;
}

static int code_width(uint32_t code)
{
	if (in_ranges(code, no_width, ARRAY_SIZE(no_width)))
		return 0;
	return in_ranges(code, two_wide, ARRAY_SIZE(two_wide)) ? 2 : 1;
}

int layout_width(struct span text)
{
	int width = 0;
	uint32_t code;

	while (text.p < text.end) {
		take_character(&text, &code);
		width += code_width(code);
	}
	return width;
}

void layout_pad(struct str *out, int count)
{
	while (count-- > 0)
		str_append_char(out, ' ');
}

/* Where the pen is. */
struct pen {
	struct str *out;
	int at;
	int hang;
	int columns;
};

static void break_line(struct pen *pen)
{
	str_append_char(pen->out, '\n');
	layout_pad(pen->out, pen->hang);
	pen->at = pen->hang;
}

static void put_broken(struct pen *pen, struct span word)
{
	struct span character;
	uint32_t code;

	while (word.p < word.end) {
		character = take_character(&word, &code);
		if (pen->at + code_width(code) > pen->columns)
			break_line(pen);
		str_append_bytes(pen->out, character.p, span_len(character));
		pen->at += code_width(code);
	}
}

static void put_word(struct pen *pen, struct span word, int gap)
{
	int width = layout_width(word);

	if (pen->at + gap + width <= pen->columns) {
		layout_pad(pen->out, gap);
		pen->at += gap;
	} else if (pen->at > pen->hang) {
		break_line(pen);
	}
	put_broken(pen, word);
}

/* The next word; a number keeps its percent sign. */
static bool take_word(struct span *text, struct span *ret_word)
{
	if (!span_word(text, ret_word))
		return false;
	if (span_starts(*text, " %")) {
		text->p++;
		while (text->p < text->end && *text->p != ' ')
			text->p++;
		ret_word->end = text->p;
	}
	return true;
}

void layout_wrap(struct str *out, struct span text, int at, int hang, int columns)
{
	struct pen pen = { .out = out, .at = at, .hang = hang, .columns = columns };
	const char *before;
	struct span word;
	bool first = true;

	for (before = text.p; take_word(&text, &word); before = word.end, first = false)
		put_word(&pen, word, first ? 0 : (int)(word.p - before));
	str_append_char(out, '\n');
}
