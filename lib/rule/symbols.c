/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rule/symbols.h"

#include "base/cleanup.h"
#include "base/span.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

#define NAME_BYTES 512

/* "isra.0", "cold", at what follows a dot. */
static bool is_compiler_suffix(const char *after_dot)
{
	static const char *const numbered[] = { "isra.", "constprop.", "part.",
						"llvm.", "lto_priv.",  "clone." };
	static const char *const bare[] = { "cold", "localalias" };

	for (size_t i = 0; i < ARRAY_SIZE(numbered); i++) {
		size_t len = strlen(numbered[i]);

		if (strncmp(after_dot, numbered[i], len) == 0)
			return isdigit((unsigned char)after_dot[len]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bare); i++) {
		size_t len = strlen(bare[i]);

		if (strncmp(after_dot, bare[i], len) == 0)
			return after_dot[len] == '\0' || after_dot[len] == '.';
	}
	return false;
}

static struct span cut_suffix(const char *name)
{
	const char *p = name;

	for (; *p; p++)
		if (p > name && ((*p == '.' && is_compiler_suffix(p + 1)) || *p == '@' ||
				 (*p == ' ' && strncmp(p, " [clone", 7) == 0)))
			break;
	return span_make(name, (size_t)(p - name));
}

static bool ends_with(struct span text, const char *end)
{
	size_t len = strlen(end);

	return span_len(text) >= len && memcmp(text.end - len, end, len) == 0;
}

/* "f(int (*)(char)) const" is f; "operator()" stays. */
static struct span cut_arguments(struct span name)
{
	struct span text = name;
	int depth = 0;

	if (ends_with(text, " const"))
		text.end -= strlen(" const");
	if (!ends_with(text, ")"))
		return name;
	for (const char *p = text.end; p > text.p;) {
		p--;
		depth += (*p == ')') - (*p == '(');
		if (depth == 0) {
			struct span before = { .p = text.p, .end = p };

			return p == text.p || ends_with(before, "operator") ? name : before;
		}
	}
	return name;
}

/* The JVM's map of its code has "java.lang.Object Gc.tree(int)": the method is Gc.tree, and what it
 * returns must not make it one of java.lang. */
static struct span cut_java_type(struct span name)
{
	static const char types[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.$[]";
	struct span method = name, type;

	if (!span_until(&method, ' ', &type) || span_len(type) == 0)
		return name;
	for (const char *p = type.p; p < type.end; p++)
		if (!strchr(types, *p))
			return name;
	if (!memchr(method.p, '.', span_len(method)) || memchr(method.p, ' ', span_len(method)) ||
	    memmem(method.p, span_len(method), "::", 2))
		return name;
	return method;
}

static void plain_name(const char *function, char *buffer, size_t size)
{
	span_copy(cut_java_type(cut_arguments(cut_suffix(function))), buffer, size);
}

/* Most globs can't match most names, and a look tells: their plain beginning and what follows the
 * first star must be there. */
static bool may_match(const char *glob, const char *name)
{
	char run[64];
	size_t len;

	while (*glob && *glob == *name && !strchr("*?[", *glob)) {
		glob++;
		name++;
	}
	if (*glob != '*')
		return *glob ? *glob == '?' || *glob == '[' : !*name;
	len = strcspn(glob + 1, "*?[");
	if (len == 0 || len >= sizeof(run))
		return true;
	memcpy(run, glob + 1, len);
	run[len] = '\0';
	return strstr(name, run) != NULL;
}

static bool any_matches(const struct strings *globs, const char *name)
{
	vec_each(glob, globs)
		if (may_match(*glob, name) && text_glob(*glob, name))
			return true;
	return false;
}

static bool row_matches(const struct symbol_row *row, const char *name, const char *module,
			bool kernel)
{
	if (!row->kernel.len && !row->user.len)
		return row->modules.len && !kernel && any_matches(&row->modules, module);
	return any_matches(kernel ? &row->kernel : &row->user, name) &&
	       (!row->modules.len || any_matches(&row->modules, module));
}

static void add_row(struct symbol_meaning *meaning, const struct symbol_row *row)
{
	if (row->loop)
		meaning->loop = true;
	else if (row->leaf)
		meaning->leaf_classes |= UINT64_C(1) << row->class;
	else
		meaning->classes |= UINT64_C(1) << row->class;
}

struct symbol_meaning rule_symbol_meaning(const struct ruleset *rules, const char *function,
					  const char *module, bool kernel)
{
	struct symbol_meaning meaning = { 0 };
	char name[NAME_BYTES + 1];

	plain_name(function, name, sizeof(name));
	vec_each(row, &rules->symbols)
		if (row_matches(row, name, module ? module : "", kernel))
			add_row(&meaning, row);
	return meaning;
}
