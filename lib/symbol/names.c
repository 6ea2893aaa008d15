/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/names.h"

#include "base/cleanup.h"
#include "base/text.h"
#include "symbol/demangle.h"
#include "symbol/symbolizer.h"

#include <errno.h>
#include <string.h>

static const char full[] = NAMES_FULL;

/* Not within a character. */
static size_t cut_len(const struct str *text)
{
	size_t len = text->len;

	if (len <= SYMBOL_NAME_MAX)
		return len;
	len = SYMBOL_NAME_MAX;
	while (len > 0 && ((unsigned char)text->data[len] & 0xc0) == 0x80)
		len--;
	return len;
}

const char *names_share(struct names *names, const char *bytes, size_t len)
{
	const char *shared;
	int r;

	str_clear(&names->printable);
	text_append_printable(&names->printable, bytes,
			      len < SYMBOL_NAME_MAX + 4 ? len : SYMBOL_NAME_MAX + 4);
	if (str_error(&names->printable) < 0) {
		names->printable.failed = false;
		return NULL;
	}
	r = path_pool_share(&names->pool,
			    span_make(str_text(&names->printable), cut_len(&names->printable)),
			    &shared);
	if (r == -ENOSPC)
		return full;
	return r < 0 ? NULL : shared;
}

const char *names_share_symbol(struct names *names, const char *name)
{
	_cleanup_(str_free) struct str out = { 0 };
	size_t version = strcspn(name, "@");

	if (demangle(name, &out))
		return names_share(names, out.data, out.len);
	return names_share(names, name, version ? version : strlen(name));
}

void names_clear(struct names *names)
{
	path_pool_clear(&names->pool);
	str_free(&names->printable);
}
