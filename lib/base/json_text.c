/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/json_text.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct scan {
	const char *text;
	size_t len;
	size_t at;
	size_t values;
	int depth;
};

size_t json_text_line(const char *text, size_t offset)
{
	size_t line = 1;

	for (size_t i = 0; i < offset; i++)
		line += text[i] == '\n';
	return line;
}

/* Moves past the string that opened at `at`; what is wrong with it, or NULL. */
static const char *scan_string(struct scan *scan)
{
	for (scan->at++; scan->at < scan->len && scan->text[scan->at] != '"'; scan->at++) {
		if (scan->text[scan->at] == '\0')
			return "NUL byte";
		if (scan->text[scan->at] != '\\')
			continue;
		if (scan->len - scan->at >= 6 && memcmp(scan->text + scan->at, "\\u0000", 6) == 0)
			return "NUL character in a string";
		if (scan->at + 1 < scan->len && scan->text[scan->at + 1] != '\0')
			scan->at++;
	}
	return NULL;
}

static const char *scan_byte(struct scan *scan)
{
	switch (scan->text[scan->at]) {
	case '\0':
		return "NUL byte";
	case '"':
		return scan_string(scan);
	case '{':
	case '[':
		scan->values++;
		return ++scan->depth > JSON_TEXT_DEPTH_MAX ? "nested too deeply" : NULL;
	case '}':
	case ']':
		scan->depth--;
		return NULL;
	case ',':
		scan->values++;
		return NULL;
	default:
		return NULL;
	}
}

int json_text_check(const char *text, size_t len, size_t values_max, struct err *err)
{
	struct scan scan = { .text = text, .len = len };
	const char *wrong = NULL;

	for (; scan.at < len && !wrong; scan.at++) {
		wrong = scan_byte(&scan);
		if (!wrong && scan.values > values_max)
			wrong = "too many values";
	}
	if (!wrong)
		return 0;
	return err_set(err, -EBADMSG, "line %zu: %s", json_text_line(text, scan.at - 1), wrong);
}
