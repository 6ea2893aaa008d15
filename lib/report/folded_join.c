/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New stacks are written as text and read again: one place builds and checks trees. */
#include "report/folded.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>

static int append_stacks(const struct folded *stacks, const char *inserted, struct str *out)
{
	struct folded_indexes indexes;
	int r = folded_stacks(stacks, &indexes);

	if (r < 0)
		return r;
	vec_each(index, &indexes)
		folded_write_stack(stacks, *index, inserted, out);
	vec_free(&indexes);
	return str_error(out);
}

int folded_join(const struct folded *hot, const struct folded *cold, struct folded **ret,
		struct err *err)
{
	_cleanup_(str_free) struct str text = { 0 };
	int r;

	if (hot->unit != FOLDED_US || cold->unit != FOLDED_US)
		return err_set(err, -EINVAL,
			       "stacks that count events can't stand beside stacks of time");
	str_append(&text, "# triage-stacks/1 view=hot-cold unit=us\n");
	r = append_stacks(hot, FOLDED_HOT, &text);
	if (r == 0)
		r = append_stacks(cold, FOLDED_COLD, &text);
	return r < 0 ? r : folded_parse(text.data, text.len, ret, err);
}

struct selection {
	const struct folded *stacks;
	bool (*wanted)(const void *context, const struct folded_node *node, bool leaf);
	const void *context;
};

static bool is_selected(const struct selection *selection, uint32_t index)
{
	bool leaf = true;

	for (uint32_t i = index; i != FOLDED_ROOT; leaf = false) {
		const struct folded_node *node = folded_node(selection->stacks, i);

		if (selection->wanted(selection->context, node, leaf))
			return true;
		i = node->parent;
	}
	return false;
}

/* Appends the selected stacks; `ret_cut`: how much of them may be cut off. */
static int append_selected(const struct selection *selection, struct str *out, uint64_t *ret_cut)
{
	struct folded_indexes indexes;
	int r = folded_stacks(selection->stacks, &indexes);

	*ret_cut = 0;
	if (r < 0)
		return r;
	vec_each(index, &indexes) {
		const struct folded_node *node = folded_node(selection->stacks, *index);

		if (!is_selected(selection, *index))
			continue;
		folded_write_stack(selection->stacks, *index, NULL, out);
		if (node->depth == FOLDED_DEPTH_MAX)
			*ret_cut += node->self;
	}
	vec_free(&indexes);
	return str_error(out);
}

int folded_select(const struct folded *stacks, const char *view,
		  bool (*wanted)(const void *context, const struct folded_node *node, bool leaf),
		  const void *context, struct folded **ret, struct err *err)
{
	const struct selection selection = { stacks, wanted, context };
	_cleanup_(str_free) struct str text = { 0 };
	uint64_t cut;
	int r;

	str_format(&text, "# triage-stacks/1 view=%s unit=%s\n", view,
		   stacks->unit == FOLDED_US ? "us" : "count");
	r = append_selected(&selection, &text, &cut);
	if (r == 0)
		r = folded_parse(text.data, text.len, ret, err);
	if (r == 0)
		(*ret)->cut = cut < stacks->cut ? cut : stacks->cut;
	return r;
}
