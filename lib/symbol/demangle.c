/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/demangle.h"

#include "symbol/symbolizer.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <string.h>

struct output {
	struct str *text;
	jmp_buf enough;
};

/* A hundred mangled bytes may stand for gigabytes, as substitutions double what they repeat: when
 * there is enough, the only way out of libiberty is a jump. It keeps its working memory on the
 * stack, so that nothing but a decoded Punycode identifier can leak. */
static void take(const char *bytes, size_t len, void *opaque)
{
	struct output *output = opaque;
	size_t room = SYMBOL_NAME_MAX + 1 - output->text->len;

	str_append_bytes(output->text, bytes, len < room ? len : room);
	if (len >= room)
		longjmp(output->enough, 1);
}

static bool is_mangled(const char *name)
{
	return strncmp(name, "_Z", 2) == 0 || strncmp(name, "_R", 2) == 0 ||
	       strncmp(name, "__Z", 3) == 0 || strncmp(name, "___Z", 4) == 0;
}

bool demangle(const char *name, struct str *out)
{
	struct output output = { .text = out };

	if (!is_mangled(name))
		return false;
	str_clear(out);
	if (setjmp(output.enough))
		return str_error(out) == 0;
	if (rust_demangle_callback(name, DMGL_AUTO, take, &output))
		return str_error(out) == 0 && out->len > 0;
	str_clear(out);
	return cplus_demangle_v3_callback(name, DMGL_AUTO, take, &output) && str_error(out) == 0 &&
	       out->len > 0;
}
