/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/quote.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

/* How much of `text` fits in `room` bytes without ending inside a UTF-8 sequence. */
static int whole_characters(const struct str *text, size_t room)
{
	size_t len = text->len < room ? text->len : room;

	while (len > 0 && len < text->len && (text->data[len] & 0xc0) == 0x80)
		len--;
	return (int)len;
}

struct quote quote(const char *name)
{
	_cleanup_(str_free) struct str printable = { 0 };
	struct quote quoted;
	size_t len = name ? strnlen(name, sizeof(quoted.text)) : 0;
	size_t room = sizeof(quoted.text) - strlen("\"...\"") - 1;
	bool is_cut;

	text_append_printable(&printable, name ? name : "", len);
	is_cut = printable.len > room;
	snprintf(quoted.text, sizeof(quoted.text), "\"%.*s%s\"", whole_characters(&printable, room),
		 str_text(&printable), is_cut ? "..." : "");
	return quoted;
}
