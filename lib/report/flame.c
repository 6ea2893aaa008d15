/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/flame.h"

#include "base/cleanup.h"
#include "evidence/classes.h"

#include <string.h>

const struct flame_format flame_formats[] = {
	{ "folded", true, flame_folded },
	{ "svg", false, flame_svg },
	{ "speedscope", false, flame_speedscope },
	{ NULL, false, NULL },
};

const struct flame_format *flame_format_by_name(const char *name)
{
	for (const struct flame_format *format = flame_formats; format->name; format++)
		if (strcmp(format->name, name) == 0)
			return format;
	return NULL;
}

int flame_folded(const struct flame *flame, struct str *out)
{
	return folded_write(flame->stacks, out);
}

/* "(left out)", "(unnamed)", "[other]", "[unknown]"; not "(anonymous namespace)::f()" */
static bool is_placeholder(struct span name)
{
	size_t len = span_len(name);
	char close;

	if (len == 0 || (*name.p != '(' && *name.p != '['))
		return len == 0;
	close = *name.p == '(' ? ')' : ']';
	return memchr(name.p, close, len) == name.end - 1;
}

/* "libcrypto.so.3+0x1a2b0": a function of a library without a name. */
static bool is_nameless_library(struct span name)
{
	return memmem(name.p, span_len(name), ".so", 3) && memmem(name.p, span_len(name), "+0x", 3);
}

static uint64_t classes_of(const struct flame *flame, const struct folded_node *node)
{
	char name[1024];

	if (!flame->classes)
		return 0;
	span_copy(node->name, name, sizeof(name));
	return flame->classes(flame->context, name, node->kernel);
}

static enum flame_kind kernel_kind(uint64_t classes, bool in_interrupt)
{
	uint64_t interrupts = CLASS_BIT(hardirq) | CLASS_BIT(softirq) | class_family("softirq");

	if (classes & CLASS_BIT(idle))
		return FLAME_OTHER;
	if (classes & class_family("lock"))
		return FLAME_LOCK;
	return classes & interrupts || in_interrupt ? FLAME_INTERRUPT : FLAME_KERNEL;
}

static enum flame_kind user_kind(uint64_t classes, struct span name)
{
	uint64_t libraries = CLASS_BIT(library) | class_family("user") | class_family("runtime");

	if (classes & class_family("lock"))
		return FLAME_LOCK;
	return classes & libraries || is_nameless_library(name) ? FLAME_LIBRARY : FLAME_USER;
}

enum flame_kind flame_kind(const struct flame *flame, uint32_t index, bool in_interrupt)
{
	const struct folded_node *node = folded_node(flame->stacks, index);

	if (is_placeholder(node->name))
		return FLAME_OTHER;
	if (node->depth < FOLDED_LEVEL_FUNCTION)
		return FLAME_GROUP;
	if (node->kernel)
		return kernel_kind(classes_of(flame, node), in_interrupt);
	return user_kind(classes_of(flame, node), node->name);
}
