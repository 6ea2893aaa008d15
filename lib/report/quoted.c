/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/quoted.h"

#include "base/cleanup.h"
#include "base/text.h"

void quoted_append(struct str *out, struct span printable)
{
	str_append_char(out, '"');
	for (; printable.p < printable.end; printable.p++) {
		if (*printable.p == '"' || *printable.p == '\\')
			str_append_char(out, '\\');
		str_append_char(out, *printable.p);
	}
	str_append_char(out, '"');
}

void quoted_append_any(struct str *out, const char *bytes, size_t len)
{
	_cleanup_(str_free) struct str printable = { 0 };

	text_append_printable(&printable, bytes, len);
	quoted_append(out, span_make(str_text(&printable), printable.len));
	if (str_error(&printable) < 0)
		out->failed = true;
}
