/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/str.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void str_free(struct str *s)
{
	if (!s)
		return;
	free(s->data);
	memset(s, 0, sizeof(*s));
}

void str_clear(struct str *s)
{
	s->len = 0;
	if (s->data)
		s->data[0] = '\0';
}

int str_reserve(struct str *s, size_t extra)
{
	size_t need = s->len + extra + 1;
	size_t cap = s->cap ? s->cap : 64;
	bool overflows = need <= s->len;
	char *grown;

	if (!overflows && need <= s->cap)
		return 0;
	while (cap < need && cap < SIZE_MAX / 2)
		cap *= 2;
	grown = overflows || cap < need ? NULL : realloc(s->data, cap);
	if (!grown) {
		s->failed = true;
		return -ENOMEM;
	}
	s->data = grown;
	s->cap = cap;
	s->data[s->len] = '\0';
	return 0;
}

void str_append_bytes(struct str *s, const char *bytes, size_t len)
{
	if (!len || str_reserve(s, len) < 0)
		return;
	memcpy(s->data + s->len, bytes, len);
	s->len += len;
	s->data[s->len] = '\0';
}

void str_append(struct str *s, const char *text)
{
	str_append_bytes(s, text, strlen(text));
}

void str_append_char(struct str *s, char c)
{
	str_append_bytes(s, &c, 1);
}

void str_vformat(struct str *s, const char *format, va_list args)
{
	va_list again;
	int len;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len <= 0 || str_reserve(s, (size_t)len) < 0)
		return;
	vsnprintf(s->data + s->len, (size_t)len + 1, format, args);
	s->len += (size_t)len;
}

void str_format(struct str *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	str_vformat(s, format, args);
	va_end(args);
}

const char *str_text(const struct str *s)
{
	return s->data ? s->data : "";
}

int str_error(const struct str *s)
{
	return s->failed ? -ENOMEM : 0;
}

char *str_take(struct str *s)
{
	char *data = NULL;

	if (!s->failed && str_reserve(s, 0) == 0) {
		data = s->data;
		s->data = NULL;
	}
	str_free(s);
	return data;
}
