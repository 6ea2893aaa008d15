/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/tree.h"

#include "base/cleanup.h"

#include <errno.h>

/* What is known of a node while the trees are drawn. */
struct mark {
	bool connected; /* to the node that they are drawn for */
	bool leads;	/* to that node, or it itself */
	bool drawn;
};

struct drawing {
	const struct chain *chain;
	struct mark *marks;
	struct tree_lines lines;
	bool failed;
};

static void mark_connected(struct drawing *drawing)
{
	bool changed = true;

	while (changed) {
		changed = false;
		vec_each(arrow, &drawing->chain->arrows) {
			struct mark *from = &drawing->marks[arrow->from];
			struct mark *to = &drawing->marks[arrow->to];

			if (from->connected == to->connected)
				continue;
			from->connected = to->connected = true;
			changed = true;
		}
	}
}

static void mark_leading(struct drawing *drawing)
{
	bool changed = true;

	while (changed) {
		changed = false;
		vec_each(arrow, &drawing->chain->arrows) {
			if (arrow->feedback || !drawing->marks[arrow->to].leads ||
			    drawing->marks[arrow->from].leads)
				continue;
			drawing->marks[arrow->from].leads = true;
			changed = true;
		}
	}
}

/* The arrows come strongest first, so an earlier one between the same two says more. */
static bool draws(const struct chain *chain, const struct chain_arrow *arrow)
{
	if (arrow->feedback)
		return false;
	for (const struct chain_arrow *other = chain->arrows.data; other < arrow; other++)
		if (!other->feedback && other->from == arrow->from && other->to == arrow->to)
			return false;
	return true;
}

static bool is_root(const struct chain *chain, size_t node)
{
	vec_each(arrow, &chain->arrows)
		if (!arrow->feedback && arrow->to == node)
			return false;
	return true;
}

static void draw(struct drawing *drawing, struct tree_line line);

/* The children on the way to the node come first: they are the story. */
static void draw_children(struct drawing *drawing, const struct tree_line *parent)
{
	struct tree_line line = { .depth = parent->depth + 1 };

	if (line.depth > TREE_DEPTH_MAX)
		line.depth = TREE_DEPTH_MAX;
	for (int leading = 1; leading >= 0; leading--)
		vec_each(arrow, &drawing->chain->arrows) {
			if (arrow->from != parent->node || !draws(drawing->chain, arrow) ||
			    drawing->marks[arrow->to].leads != leading)
				continue;
			line.node = arrow->to;
			line.arrow = arrow;
			draw(drawing, line);
		}
}

static void draw(struct drawing *drawing, struct tree_line line)
{
	struct mark *mark = &drawing->marks[line.node];

	line.repeated = mark->drawn;
	mark->drawn = true;
	if (vec_push(&drawing->lines, line) < 0)
		drawing->failed = true;
	if (!line.repeated)
		draw_children(drawing, &line);
}

/* Roots in the order of their strongest arrow, on the way to the node if they lead there. */
static void draw_roots(struct drawing *drawing, bool leading)
{
	vec_each(arrow, &drawing->chain->arrows) {
		const struct mark *from = &drawing->marks[arrow->from];
		const struct mark *to = &drawing->marks[arrow->to];

		if (from->connected && !from->drawn && from->leads == leading &&
		    (to->leads || !leading) && is_root(drawing->chain, arrow->from))
			draw(drawing, (struct tree_line){ .node = arrow->from });
	}
}

/* A bit of `open` is set while a line of that depth follows before one that is less deep. */
static void settle_bars(struct tree_lines *lines)
{
	uint64_t open = 0;

	for (size_t i = lines->len; i-- > 0;) {
		struct tree_line *line = &lines->data[i];
		uint64_t here = UINT64_C(1) << line->depth;

		line->open = open & (here | (here - 1)) & ~UINT64_C(1);
		open = (open & (here - 1)) | here;
	}
}

void tree_keep(struct tree_lines *lines, const bool *keep)
{
	struct tree_lines kept = { .data = lines->data };

	for (size_t i = 0; i < lines->len; i++) {
		struct tree_line line = lines->data[i];

		if (!keep[i])
			continue;
		line.repeated = tree_has(&kept, line.node);
		kept.data[kept.len++] = line;
	}
	lines->len = kept.len;
	settle_bars(lines);
}

int tree_of(const struct chain *chain, size_t node, struct tree_lines *ret)
{
	_cleanup_(cleanup_free) struct mark *marks = calloc(chain->nodes.len + 1, sizeof(*marks));
	struct drawing drawing = { .chain = chain, .marks = marks };

	if (!marks)
		return -ENOMEM;
	marks[node].connected = true;
	marks[node].leads = true;
	mark_connected(&drawing);
	mark_leading(&drawing);
	/* a node that nothing drives is its own root */
	if (is_root(chain, node))
		draw(&drawing, (struct tree_line){ .node = node });
	draw_roots(&drawing, true);
	draw_roots(&drawing, false);
	if (!marks[node].drawn)
		draw(&drawing, (struct tree_line){ .node = node });
	if (drawing.failed) {
		vec_free(&drawing.lines);
		return -ENOMEM;
	}
	settle_bars(&drawing.lines);
	*ret = drawing.lines;
	return 0;
}

bool tree_has(const struct tree_lines *lines, size_t node)
{
	vec_each(line, lines)
		if (line->node == node)
			return true;
	return false;
}
