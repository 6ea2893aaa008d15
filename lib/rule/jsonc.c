/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/jsonc.h"

#include "base/cleanup.h"
#include "base/vec.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MAX_DEPTH 32

/* A walk over the text in place. Comments become blanks, so that offsets and lines stay. */
struct scan {
	char *text;
	char *p;
	char *end;
	int depth;
	char last;   /* last significant byte; 0 at the start */
	char *comma; /* a comma that only blanks have followed so far */
};

static bool is_space(char c)
{
	return (unsigned char)c <= ' ';
}

static int line_at(const char *text, const char *p)
{
	int line = 1;

	for (; text < p; text++)
		line += *text == '\n';
	return line;
}

static int refuse(const struct scan *scan, const char *at, const char *what, struct err *err)
{
	return err_set(err, -EBADMSG, "%d: %s", line_at(scan->text, at), what);
}

/* To the byte after the closing quote; the end of the text when there is none. */
static char *skip_string(char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && p + 1 < end)
			p++;
	return p < end ? p + 1 : p;
}

static int blank_comment(struct scan *scan, struct err *err)
{
	bool block = scan->p[1] == '*';
	char *start = scan->p;
	char *p = start + 2;

	while (p < scan->end &&
	       !(block ? p[0] == '*' && p + 1 < scan->end && p[1] == '/' : *p == '\n'))
		p++;
	if (block && p >= scan->end)
		return refuse(scan, start, "this comment is never closed", err);
	if (block)
		p += 2;
	for (; start < p; start++)
		if (*start != '\n')
			*start = ' ';
	scan->p = p;
	return 0;
}

static void note_comma(struct scan *scan)
{
	/* "[,]" stays an error: only a comma after a value may be left over */
	bool after_value = scan->last && !strchr("[{,:", scan->last);

	scan->comma = after_value ? scan->p : NULL;
}

static void note_close(struct scan *scan)
{
	if (scan->comma)
		*scan->comma = ' ';
	scan->comma = NULL;
	scan->depth--;
}

static int scan_token(struct scan *scan, struct err *err)
{
	char c = *scan->p;

	if (c == ',')
		note_comma(scan);
	else if (c == ']' || c == '}')
		note_close(scan);
	else
		scan->comma = NULL;
	if ((c == '[' || c == '{') && ++scan->depth > MAX_DEPTH)
		return refuse(scan, scan->p, "nested too deeply", err);
	scan->last = c;
	scan->p = c == '"' ? skip_string(scan->p, scan->end) : scan->p + 1;
	return 0;
}

/* Makes plain JSON of it, every byte at its old place. */
static int blank_extras(char *text, size_t len, struct err *err)
{
	struct scan scan = { .text = text, .p = text, .end = text + len };
	int r = 0;

	while (r == 0 && scan.p < scan.end) {
		if (is_space(*scan.p))
			scan.p++;
		else if (*scan.p == '/' && scan.p + 1 < scan.end &&
			 (scan.p[1] == '/' || scan.p[1] == '*'))
			r = blank_comment(&scan, err);
		else
			r = scan_token(&scan, err);
	}
	return r;
}

VEC_DECLARE(lines, int);

static char *skip_spaces(char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	return p;
}

/* Past one token; true when it is the start of a value and not a key or punctuation. */
static bool skip_token(char **p, const char *end)
{
	char *start = *p;

	if (*start == '"') {
		*p = skip_string(start, end);
		start = skip_spaces(*p, end);
		return start >= end || *start != ':';
	}
	(*p)++;
	if (strchr("[{", *start))
		return true;
	if (strchr("]},:", *start))
		return false;
	while (*p < end && !is_space(**p) && !strchr("[]{},:\"", **p))
		(*p)++;
	return true;
}

/* The lines on which values begin, in the order of the text, which is the tree's order too. */
static int collect_lines(char *text, size_t len, struct lines *lines)
{
	const char *end = text + len, *counted = text;
	int line = 1;

	for (char *p = skip_spaces(text, end); p < end; p = skip_spaces(p, end)) {
		for (; counted < p; counted++)
			line += *counted == '\n';
		if (skip_token(&p, end) && vec_push(lines, line) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* cJSON's `valueint` is a truncated copy of a number that nobody here needs: it carries the
 * line. */
static size_t assign_lines(cJSON *node, const struct lines *lines, size_t index)
{
	for (; node; node = node->next) {
		node->valueint = index < lines->len ? lines->data[index] : 0;
		index = assign_lines(node->child, lines, index + 1);
	}
	return index;
}

static int parse_plain(char *text, size_t len, cJSON **ret, struct err *err)
{
	struct lines lines = { 0 };
	const char *stop = text;
	cJSON *root = cJSON_ParseWithLengthOpts(text, len + 1, &stop, 1);

	if (!root)
		return err_set(err, -EBADMSG, "%d: not JSON from here on", line_at(text, stop));
	if (collect_lines(text, len, &lines) < 0) {
		cJSON_Delete(root);
		vec_free(&lines);
		return err_set(err, -ENOMEM, "out of memory");
	}
	assign_lines(root, &lines, 0);
	vec_free(&lines);
	*ret = root;
	return 0;
}

int jsonc_parse(const char *text, size_t len, cJSON **ret, struct err *err)
{
	_cleanup_(cleanup_free) char *copy = NULL;
	const char *nul = len ? memchr(text, '\0', len) : NULL;
	int r;

	if (nul)
		return err_set(err, -EBADMSG, "%d: a NUL byte", line_at(text, nul));
	copy = malloc(len + 1);
	if (!copy)
		return err_set(err, -ENOMEM, "out of memory");
	if (len)
		memcpy(copy, text, len);
	copy[len] = '\0';
	if (len >= 3 && memcmp(copy, "\xef\xbb\xbf", 3) == 0)
		memset(copy, ' ', 3);
	r = blank_extras(copy, len, err);
	return r < 0 ? r : parse_plain(copy, len, ret, err);
}

int jsonc_line(const cJSON *node)
{
	return node ? node->valueint : 0;
}

void jsonc_freep(cJSON **root)
{
	cJSON_Delete(*root);
}
