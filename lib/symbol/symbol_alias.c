/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/symbol_alias.h"

#include <string.h>

static bool ends(const char *name, size_t len, const char *tail)
{
	size_t tail_len = strlen(tail);

	return len >= tail_len && strcmp(name + len - tail_len, tail) == 0;
}

static bool is_marker(const char *name, size_t len)
{
	return ends(name, len, "text_start") || ends(name, len, "text_end") ||
	       strcmp(name, "_text") == 0 || strcmp(name, "_stext") == 0 ||
	       strcmp(name, "_etext") == 0;
}

int symbol_alias_compare(const struct symbol_alias *a, const struct symbol_alias *b)
{
	size_t a_len = strlen(a->name), b_len = strlen(b->name);
	size_t a_under = strspn(a->name, "_"), b_under = strspn(b->name, "_");
	bool a_marker = is_marker(a->name, a_len), b_marker = is_marker(b->name, b_len);

	if (a_marker != b_marker)
		return a_marker ? 1 : -1;
	if ((a->binding == SYMBOL_WEAK) != (b->binding == SYMBOL_WEAK))
		return a->binding == SYMBOL_WEAK ? 1 : -1;
	if (a->binding != b->binding)
		return a->binding == SYMBOL_GLOBAL ? -1 : 1;
	if (a_under != b_under)
		return a_under < b_under ? -1 : 1;
	if (a_len != b_len)
		return a_len > b_len ? -1 : 1;
	return strcmp(a->name, b->name);
}
