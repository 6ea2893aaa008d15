/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/flame.h"

#include "base/cleanup.h"
#include "evidence/classes.h"
#include "report/flame_view.h"

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

static bool is_view(const struct flame *flame, const char *name)
{
	return strcmp(flame->stacks->view, name) == 0;
}

static bool in_interrupt(uint64_t classes)
{
	return classes & (CLASS_BIT(hardirq) | CLASS_BIT(softirq) | class_family("softirq"));
}

static enum flame_kind kernel_kind(uint64_t classes, enum flame_region region)
{
	if (classes & CLASS_BIT(idle))
		return FLAME_OTHER;
	if (classes & class_family("lock"))
		return FLAME_LOCK;
	return in_interrupt(classes) || region == FLAME_IN_INTERRUPT ? FLAME_INTERRUPT :
								       FLAME_KERNEL;
}

static enum flame_kind user_kind(uint64_t classes, struct span name)
{
	uint64_t libraries = CLASS_BIT(library) | class_family("user") | class_family("runtime");

	if (classes & class_family("lock"))
		return FLAME_LOCK;
	return classes & libraries || is_nameless_library(name) ? FLAME_LIBRARY : FLAME_USER;
}

/* What a function is by itself. */
static enum flame_kind function_kind(const struct flame *flame, const struct folded_node *node,
				     enum flame_region region)
{
	uint64_t classes = classes_of(flame, node);

	if (!node->kernel)
		return user_kind(classes, node->name);
	if (is_view(flame, "page-faults") &&
	    (classes & CLASS_BIT(page_fault) || region == FLAME_IN_FAULT))
		return classes & class_family("lock") ? FLAME_LOCK : FLAME_FAULT;
	return kernel_kind(classes, region);
}

/* A stack of a waker stands on its leaf: what is above an interrupt's function called it. */
static enum flame_kind waker_kind(const struct flame *flame, const struct folded_node *node)
{
	return node->kernel && in_interrupt(classes_of(flame, node)) ? FLAME_INTERRUPT :
								       FLAME_WAKER;
}

/* The marks between the parts of a stack. */
static bool begins_region(const struct flame *flame, const struct folded_node *node,
			  enum flame_region region, enum flame_region *ret)
{
	if (is_view(flame, "wakeup")) {
		*ret = FLAME_IN_WAKER;
		return region != FLAME_IN_WAKER && span_is(node->name, FLAME_WAKER_MARK);
	}
	if (!is_view(flame, "hot-cold") || region != FLAME_IN_NOTHING)
		return false;
	*ret = span_is(node->name, FOLDED_HOT) ? FLAME_IN_HOT : FLAME_IN_COLD;
	return *ret == FLAME_IN_HOT || span_is(node->name, FOLDED_COLD);
}

static enum flame_kind kind_in(const struct flame *flame, const struct folded_node *node,
			       enum flame_region region)
{
	if (region == FLAME_IN_HOT)
		return FLAME_HOT;
	if (region == FLAME_IN_COLD)
		return FLAME_COLD;
	if (region == FLAME_IN_WAKER)
		return waker_kind(flame, node);
	return is_view(flame, "wakeup") ? FLAME_COLD : function_kind(flame, node, region);
}

enum flame_kind flame_kind(const struct flame *flame, uint32_t index, enum flame_region region,
			   enum flame_region *ret_above)
{
	const struct folded_node *node = folded_node(flame->stacks, index);
	enum flame_kind kind;

	*ret_above = region;
	if (begins_region(flame, node, region, ret_above))
		return *ret_above == FLAME_IN_WAKER ? FLAME_OTHER :
						      kind_in(flame, node, *ret_above);
	*ret_above = region;
	if (is_placeholder(node->name))
		return FLAME_OTHER;
	if (node->depth < FOLDED_LEVEL_FUNCTION)
		return FLAME_GROUP;
	kind = kind_in(flame, node, region);
	if (region == FLAME_IN_NOTHING && kind == FLAME_INTERRUPT)
		*ret_above = FLAME_IN_INTERRUPT;
	if (kind == FLAME_FAULT)
		*ret_above = FLAME_IN_FAULT;
	return kind;
}
