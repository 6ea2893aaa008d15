/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/span.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void skip_blanks(struct span *s)
{
	while (s->p < s->end && is_blank(*s->p))
		s->p++;
}

struct span span_make(const char *text, size_t len)
{
	return (struct span){ .p = text, .end = text + len };
}

struct span span_of(const char *text)
{
	return span_make(text, strlen(text));
}

size_t span_len(struct span s)
{
	return (size_t)(s.end - s.p);
}

bool span_is(struct span s, const char *text)
{
	return span_len(s) == strlen(text) && memcmp(s.p, text, span_len(s)) == 0;
}

bool span_starts(struct span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return span_len(s) >= len && memcmp(s.p, prefix, len) == 0;
}

bool span_line(struct span *text, struct span *ret_line)
{
	const char *newline;

	if (text->p >= text->end)
		return false;
	newline = memchr(text->p, '\n', span_len(*text));
	*ret_line = (struct span){ .p = text->p, .end = newline ? newline : text->end };
	text->p = newline ? newline + 1 : text->end;
	return true;
}

bool span_word(struct span *line, struct span *ret_word)
{
	struct span rest = *line;
	const char *start;

	skip_blanks(&rest);
	if (rest.p >= rest.end)
		return false;
	start = rest.p;
	while (rest.p < rest.end && !is_blank(*rest.p))
		rest.p++;
	*ret_word = (struct span){ .p = start, .end = rest.p };
	*line = rest;
	return true;
}

bool span_until(struct span *line, char separator, struct span *ret_before)
{
	const char *found = line->p < line->end ? memchr(line->p, separator, span_len(*line)) :
						  NULL;

	if (!found)
		return false;
	*ret_before = (struct span){ .p = line->p, .end = found };
	line->p = found + 1;
	return true;
}

bool span_u64(struct span *line, uint64_t *ret_value)
{
	struct span rest = *line;
	uint64_t value = 0;
	const char *start;

	skip_blanks(&rest);
	start = rest.p;
	for (; rest.p < rest.end && is_digit(*rest.p); rest.p++) {
		uint64_t digit = (uint64_t)(*rest.p - '0');

		if (value >= UINT64_MAX / 10 &&
		    (value > UINT64_MAX / 10 || digit > UINT64_MAX % 10))
			return false;
		value = value * 10 + digit;
	}
	if (rest.p == start)
		return false;
	*ret_value = value;
	*line = rest;
	return true;
}

bool span_i64(struct span *line, int64_t *ret_value)
{
	struct span rest = *line;
	uint64_t magnitude;
	bool negative;

	skip_blanks(&rest);
	negative = rest.p < rest.end && *rest.p == '-';
	if (negative)
		rest.p++;
	if (rest.p >= rest.end || !is_digit(*rest.p) || !span_u64(&rest, &magnitude) ||
	    magnitude > INT64_MAX)
		return false;
	*ret_value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	*line = rest;
	return true;
}

bool span_decimal(struct span *line, double *ret_value)
{
	struct span rest = *line;
	double scale = 0.1, fraction = 0;
	uint64_t whole;

	if (!span_u64(&rest, &whole))
		return false;
	if (rest.p < rest.end && *rest.p == '.')
		for (rest.p++; rest.p < rest.end && is_digit(*rest.p); rest.p++, scale /= 10)
			fraction += scale * (*rest.p - '0');
	*ret_value = (double)whole + fraction;
	*line = rest;
	return true;
}

static int hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool span_hex(struct span *line, uint64_t *ret_value)
{
	struct span rest = *line;
	uint64_t value = 0;
	const char *start;

	skip_blanks(&rest);
	start = rest.p;
	for (; rest.p < rest.end && hex_digit(*rest.p) >= 0; rest.p++) {
		if (value >> 60)
			return false;
		value = value << 4 | (uint64_t)hex_digit(*rest.p);
	}
	if (rest.p == start)
		return false;
	*ret_value = value;
	*line = rest;
	return true;
}

struct span span_trim(struct span s)
{
	skip_blanks(&s);
	while (s.end > s.p && (is_blank(s.end[-1]) || s.end[-1] == '\r'))
		s.end--;
	return s;
}

void span_copy(struct span s, char *buffer, size_t size)
{
	size_t len = span_len(s) < size - 1 ? span_len(s) : size - 1;

	memcpy(buffer, s.p, len);
	buffer[len] = '\0';
}
