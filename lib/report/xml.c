/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/xml.h"

#include "base/cleanup.h"
#include "base/text.h"

#include <string.h>

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static bool is_forbidden(const char *bytes, size_t left)
{
	return left >= 3 &&
	       (memcmp(bytes, "\xef\xbf\xbe", 3) == 0 || memcmp(bytes, "\xef\xbf\xbf", 3) == 0);
}

void xml_append_text(struct str *out, const char *bytes, size_t len)
{
	_cleanup_(str_free) struct str text = { 0 };

	text_append_printable(&text, bytes, len);
	for (size_t i = 0; i < text.len; i++) {
		const char *escaped = entity(text.data[i]);

		if (escaped) {
			str_append(out, escaped);
		} else if (is_forbidden(text.data + i, text.len - i)) {
			str_append(out, text.data[i + 2] == '\xbe' ? "\\xef\\xbf\\xbe" :
								     "\\xef\\xbf\\xbf");
			i += 2;
		} else {
			str_append_char(out, text.data[i]);
		}
	}
	if (str_error(&text) < 0)
		out->failed = true;
}
