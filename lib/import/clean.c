/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "import/clean.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define ESC 0x1b

void clean_text_free(struct clean_text *clean)
{
	str_free(&clean->text);
	vec_free(&clean->lines);
}

/* After ESC: "[1;31m", "]0;title BEL", "(B". A sequence that sets the cursor begins a line. */
static const char *skip_escape(const char *p, const char *end, struct str *out)
{
	if (p < end && *p == '[') {
		p++;
		while (p < end && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x40)
			p++;
		if (p < end && (*p == 'H' || *p == 'f'))
			str_append_char(out, '\n');
		return p < end ? p + 1 : p;
	}
	if (p < end && *p == ']') {
		while (p < end && *p != '\a' && *p != ESC && *p != '\n')
			p++;
		return p < end && *p == '\a' ? p + 1 : p;
	}
	if (p < end && strchr("()#%", *p))
		p++;
	return p < end && *p != '\n' ? p + 1 : p;
}

/* The code point of a well-formed sequence of two or three bytes and its length; else 0. */
static uint32_t decode(const unsigned char *p, const unsigned char *end, size_t *ret_len)
{
	if (end - p >= 2 && (p[0] & 0xe0) == 0xc0 && (p[1] & 0xc0) == 0x80) {
		*ret_len = 2;
		return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	}
	if (end - p >= 3 && (p[0] & 0xf0) == 0xe0 && (p[1] & 0xc0) == 0x80 &&
	    (p[2] & 0xc0) == 0x80) {
		*ret_len = 3;
		return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	}
	return 0;
}

static const struct {
	uint32_t from, to;
	const char *plain;
} plain_forms[] = {
	{ 0x80, 0x9f, "" },	 { 0xa0, 0xa0, " " },	   { 0xad, 0xad, "" },
	{ 0x2000, 0x200a, " " }, { 0x200b, 0x200f, "" },   { 0x2010, 0x2015, "-" },
	{ 0x2018, 0x2019, "'" }, { 0x201c, 0x201d, "\"" }, { 0x2028, 0x2029, "\n" },
	{ 0x202a, 0x202e, "" },	 { 0x202f, 0x202f, " " },  { 0x205f, 0x205f, " " },
	{ 0x2060, 0x2064, "" },	 { 0x2212, 0x2212, "-" },  { 0x3000, 0x3000, " " },
	{ 0x3001, 0x3001, "," }, { 0x3002, 0x3002, "." },  { 0x3010, 0x3010, "[" },
	{ 0x3011, 0x3011, "]" }, { 0xfeff, 0xfeff, "" },
};

/* True when it was replaced. */
static bool append_plain(struct str *out, uint32_t code)
{
	if (code >= 0xff01 && code <= 0xff5e) {
		str_append_char(out, (char)(code - 0xff01 + '!'));
		return true;
	}
	for (size_t i = 0; i < sizeof(plain_forms) / sizeof(plain_forms[0]); i++)
		if (code >= plain_forms[i].from && code <= plain_forms[i].to) {
			str_append(out, plain_forms[i].plain);
			return true;
		}
	return false;
}

static const char *append_wide(const char *p, const char *end, struct str *out)
{
	size_t len = 1;
	uint32_t code = decode((const unsigned char *)p, (const unsigned char *)end, &len);

	if (!code || !append_plain(out, code))
		str_append_bytes(out, p, len);
	return p + len;
}

static const char *append_next(const char *p, const char *end, struct str *out)
{
	unsigned char c = (unsigned char)*p;

	if (c >= 0x80)
		return append_wide(p, end, out);
	if (c == ESC)
		return skip_escape(p + 1, end, out);
	if (c == '\r') {
		str_append_char(out, '\n');
		return p + 1 < end && p[1] == '\n' ? p + 2 : p + 1;
	}
	if (c == '\f' || c == '\v')
		c = '\n';
	if (c == '\n' || c == '\t' || (c >= 0x20 && c != 0x7f))
		str_append_char(out, (char)c);
	return p + 1;
}

/* Plain stretches go at once: most of every text is one. */
static const char *append_run(const char *p, const char *end, struct str *out)
{
	const char *start = p;

	while (p < end && ((*p >= 0x20 && *p < 0x7f) || *p == '\n'))
		p++;
	str_append_bytes(out, start, (size_t)(p - start));
	return p;
}

/* "> " before what a mail or a chat quotes. */
static struct span unquote(struct span line)
{
	while (line.p < line.end && *line.p == '>') {
		line.p++;
		if (line.p < line.end && *line.p == ' ')
			line.p++;
	}
	return line;
}

int clean_text_make(const char *bytes, size_t len, struct clean_text *ret)
{
	struct clean_text clean = { 0 };
	const char *end = bytes + len;
	struct span rest, line;

	for (const char *p = bytes; p < end;) {
		p = append_run(p, end, &clean.text);
		if (p < end)
			p = append_next(p, end, &clean.text);
	}
	rest = span_make(str_text(&clean.text), clean.text.len);
	while (!str_error(&clean.text) && !clean.cut && span_line(&rest, &line)) {
		clean.cut = clean.lines.len >= CLEAN_LINES_MAX;
		if (!clean.cut && vec_push(&clean.lines, unquote(line)) < 0)
			clean.text.failed = true;
	}
	if (str_error(&clean.text)) {
		clean_text_free(&clean);
		return -ENOMEM;
	}
	*ret = clean;
	return 0;
}
