/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "report/folded.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "base/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC "# triage-stacks/"
#define KERNEL_MARK "[k] "

static const char *const unit_names[] = {
	[FOLDED_US] = "us",
	[FOLDED_COUNT] = "count",
};

/* ---- header ---- */

static int take_view(struct folded *folded, struct span value, struct err *err)
{
	bool fits = span_len(value) > 0 && span_len(value) < sizeof(folded->view);

	for (const char *c = value.p; fits && c < value.end; c++)
		fits = (*c >= 'a' && *c <= 'z') || *c == '-';
	if (!fits)
		return err_set(err, -EBADMSG, "line 1: a view that can't be");
	span_copy(value, folded->view, sizeof(folded->view));
	return 0;
}

static int take_unit(struct folded *folded, struct span value, struct err *err)
{
	char name[32];

	for (size_t unit = 0; unit < ARRAY_SIZE(unit_names); unit++)
		if (span_is(value, unit_names[unit])) {
			folded->unit = (enum folded_unit)unit;
			return 0;
		}
	span_copy(value, name, sizeof(name));
	return err_set(err, -EBADMSG, "line 1: there is no unit %s", quote(name).text);
}

static int take_header(struct folded *folded, struct span line, struct err *err)
{
	struct span word, key;
	int r = 0;

	line.p += strlen(MAGIC);
	if (!span_word(&line, &word) || !span_is(word, "1"))
		return err_set(err, -EBADMSG,
			       "line 1: stacks of another version than triage-stacks/1");
	while (r == 0 && span_word(&line, &word)) {
		if (!span_until(&word, '=', &key))
			continue;
		if (span_is(key, "view"))
			r = take_view(folded, word, err);
		else if (span_is(key, "unit"))
			r = take_unit(folded, word, err);
	}
	return r;
}

/* ---- lines ---- */

struct stack_line {
	size_t at, len; /* in the text: offsets, because it moves while it grows */
	uint64_t weight;
};

VEC_DECLARE(stack_lines, struct stack_line);

static bool split_weight(struct span *line, uint64_t *ret_weight)
{
	const char *space = memrchr(line->p, ' ', span_len(*line));
	struct span number;

	if (!space || space == line->p)
		return false;
	number = span_make(space + 1, (size_t)(line->end - space - 1));
	if (span_len(number) == 0 || *number.p < '0' || *number.p > '9')
		return false; /* a number may have blanks before it elsewhere */
	if (!span_u64(&number, ret_weight) || span_len(number) > 0)
		return false;
	line->end = space;
	return true;
}

static int take_line(struct folded *folded, struct span line, struct stack_lines *lines,
		     uint64_t *total, size_t number, struct err *err)
{
	struct stack_line stack = { .at = folded->text.len };

	if (!split_weight(&line, &stack.weight))
		return err_set(err, -EBADMSG, "line %zu: not a stack and its weight", number);
	if (stack.weight > FOLDED_TOTAL_MAX - *total)
		return err_set(err, -E2BIG, "line %zu: more weight than can be counted", number);
	if (lines->len == FOLDED_LINES_MAX)
		return err_set(err, -E2BIG, "line %zu: more than %u stacks", number,
			       FOLDED_LINES_MAX);
	if (stack.weight == 0)
		return 0;
	*total += stack.weight;
	text_append_printable(&folded->text, line.p, span_len(line));
	stack.len = folded->text.len - stack.at;
	return vec_push(lines, stack);
}

static int take_lines(struct folded *folded, struct span text, struct stack_lines *lines,
		      struct err *err)
{
	uint64_t total = 0;
	struct span line;
	int r = 0;

	for (size_t number = 1; r == 0 && span_line(&text, &line); number++) {
		if (number == 1 && span_starts(line, MAGIC))
			r = take_header(folded, line, err);
		else if (span_len(line) > 0)
			r = take_line(folded, line, lines, &total, number, err);
	}
	return r < 0 ? r : str_error(&folded->text);
}

/* As though every stack ended in ';': those that begin with the same frames come together, and
 * "a b" does not stand between "a" and "a;b". */
static int compare_stacks(const void *a, const void *b, void *context)
{
	const struct stack_line *left = a, *right = b;
	const char *text = context;
	size_t shared = left->len < right->len ? left->len : right->len;
	int order = memcmp(text + left->at, text + right->at, shared);

	if (order != 0 || left->len == right->len)
		return order;
	if (left->len < right->len)
		return (unsigned char)text[right->at + shared] < ';' ? 1 : -1;
	return (unsigned char)text[left->at + shared] < ';' ? -1 : 1;
}

/* ---- tree ---- */

struct growth {
	struct folded *folded;
	uint32_t path[FOLDED_DEPTH_MAX + 1]; /* nodes of the last stack; [0] is the root */
	size_t path_len;
};

static int add_node(struct growth *growth, struct span name, bool kernel, struct err *err)
{
	struct folded_node node = {
		.name = name,
		.kernel = kernel,
		.parent = growth->path[growth->path_len - 1],
		.first_child = FOLDED_NONE,
		.next_sibling = FOLDED_NONE,
		.depth = (uint16_t)growth->path_len,
	};

	if (growth->folded->nodes.len == FOLDED_NODES_MAX)
		return err_set(err, -E2BIG, "the tree of stacks has more than %u nodes",
			       FOLDED_NODES_MAX);
	growth->path[growth->path_len++] = (uint32_t)growth->folded->nodes.len;
	return vec_push(&growth->folded->nodes, node);
}

static bool is_same(const struct folded_node *node, struct span name, bool kernel)
{
	return node->kernel == kernel && span_len(node->name) == span_len(name) &&
	       memcmp(node->name.p, name.p, span_len(name)) == 0;
}

static int add_frame(struct growth *growth, size_t depth, struct span name, struct err *err)
{
	bool kernel = depth >= FOLDED_LEVEL_FUNCTION && span_starts(name, KERNEL_MARK);

	if (kernel)
		name.p += strlen(KERNEL_MARK);
	if (depth < growth->path_len) {
		if (is_same(vec_at(&growth->folded->nodes, growth->path[depth]), name, kernel))
			return 0;
		growth->path_len = depth;
	}
	return add_node(growth, name, kernel, err);
}

static int add_stack(struct growth *growth, struct span stack, uint64_t weight, struct err *err)
{
	struct folded *folded = growth->folded;
	size_t depth = FOLDED_ROOT + 1;
	struct span frame;
	bool more = true;
	int r = 0;

	for (; r == 0 && more && depth <= FOLDED_DEPTH_MAX; depth++) {
		more = span_until(&stack, ';', &frame);
		r = add_frame(growth, depth, more ? frame : stack, err);
	}
	if (r < 0)
		return r;
	growth->path_len = depth;
	folded->nodes.data[growth->path[depth - 1]].self += weight;
	if (more)
		folded->cut += weight;
	return 0;
}

static int grow(struct folded *folded, const struct stack_lines *lines, struct err *err)
{
	const char *text = str_text(&folded->text);
	struct folded_node root = {
		.name = span_of("all"),
		.parent = FOLDED_NONE,
		.first_child = FOLDED_NONE,
		.next_sibling = FOLDED_NONE,
	};
	struct growth growth = { .folded = folded, .path = { FOLDED_ROOT }, .path_len = 1 };
	int r = vec_push(&folded->nodes, root);

	vec_each(line, lines) {
		if (r < 0)
			break;
		r = add_stack(&growth, span_make(text + line->at, line->len), line->weight, err);
	}
	return r;
}

/* A child's index is larger than its parent's. */
static void sum_up(struct folded_nodes *nodes)
{
	for (size_t i = nodes->len; i-- > 0;) {
		struct folded_node *node = vec_at(nodes, i);

		node->total += node->self;
		if (i != FOLDED_ROOT)
			nodes->data[node->parent].total += node->total;
	}
}

/* Siblings came in the order of their names, so their index tells that. */
static int compare_lightest_first(const void *a, const void *b, void *context)
{
	const struct folded_node *nodes = context;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	if (nodes[left].total != nodes[right].total)
		return nodes[left].total < nodes[right].total ? -1 : 1;
	return left > right ? -1 : left < right;
}

static int sorted(const struct folded_nodes *nodes, bool (*wanted)(const struct folded_node *),
		  int (*compare)(const void *, const void *, void *), struct folded_indexes *ret)
{
	struct folded_indexes indexes = { 0 };

	for (uint32_t i = 0; i < nodes->len; i++)
		if (wanted(vec_at(nodes, i)) && vec_push(&indexes, i) < 0) {
			vec_free(&indexes);
			return -ENOMEM;
		}
	if (indexes.len > 0)
		qsort_r(indexes.data, indexes.len, sizeof(*indexes.data), compare, nodes->data);
	*ret = indexes;
	return 0;
}

static bool is_child(const struct folded_node *node)
{
	return node->depth > 0;
}

/* Each goes before its siblings that are there already: the heaviest comes last and gets to the
 * front. */
static int link_children(struct folded_nodes *nodes)
{
	struct folded_indexes order;
	int r = sorted(nodes, is_child, compare_lightest_first, &order);

	if (r < 0)
		return r;
	vec_each(index, &order) {
		struct folded_node *node = vec_at(nodes, *index);
		struct folded_node *parent = vec_at(nodes, node->parent);

		node->next_sibling = parent->first_child;
		parent->first_child = *index;
	}
	vec_free(&order);
	return 0;
}

static int build(struct folded *folded, struct span text, struct err *err)
{
	struct stack_lines lines = { 0 };
	int r = take_lines(folded, text, &lines, err);

	if (r == 0 && lines.len > 0)
		qsort_r(lines.data, lines.len, sizeof(*lines.data), compare_stacks,
			folded->text.data);
	if (r == 0)
		r = grow(folded, &lines, err);
	vec_free(&lines);
	if (r < 0)
		return r;
	sum_up(&folded->nodes);
	return link_children(&folded->nodes);
}

int folded_parse(const char *text, size_t len, struct folded **ret, struct err *err)
{
	_cleanup_(folded_freep) struct folded *folded = NULL;
	int r;

	if (len > FOLDED_BYTES_MAX)
		return err_set(err, -E2BIG, "more than %zu MiB of stacks", FOLDED_BYTES_MAX >> 20);
	folded = calloc(1, sizeof(*folded));
	if (!folded)
		return -ENOMEM;
	strcpy(folded->view, "on-cpu");
	r = build(folded, span_make(text, len), err);
	if (r == 0)
		*ret = TAKE_PTR(folded);
	return r;
}

void folded_free(struct folded *folded)
{
	if (!folded)
		return;
	vec_free(&folded->nodes);
	str_free(&folded->text);
	free(folded);
}

void folded_freep(struct folded **folded)
{
	folded_free(*folded);
}

/* ---- reading the tree ---- */

const struct folded_node *folded_node(const struct folded *folded, uint32_t index)
{
	return vec_at(&folded->nodes, index);
}

uint32_t folded_next(const struct folded *folded, uint32_t index, bool into)
{
	const struct folded_node *node = folded_node(folded, index);

	if (into && node->first_child != FOLDED_NONE)
		return node->first_child;
	while (node->next_sibling == FOLDED_NONE && node->parent != FOLDED_NONE)
		node = folded_node(folded, node->parent);
	return node->next_sibling;
}

static bool has_self(const struct folded_node *node)
{
	return node->self > 0;
}

/* Equal ones in the order of the names, whatever order they were read in. */
static int compare_stack_weights(const void *a, const void *b, void *context)
{
	const struct folded_node *nodes = context;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	if (nodes[left].self != nodes[right].self)
		return nodes[left].self > nodes[right].self ? -1 : 1;
	return left < right ? -1 : left > right;
}

int folded_stacks(const struct folded *folded, struct folded_indexes *ret)
{
	return sorted(&folded->nodes, has_self, compare_stack_weights, ret);
}

size_t folded_path(const struct folded *folded, uint32_t index, uint32_t ret_path[FOLDED_DEPTH_MAX])
{
	size_t len = folded_node(folded, index)->depth;

	for (size_t i = len; i-- > 0; index = folded_node(folded, index)->parent)
		ret_path[i] = index;
	return len;
}

static void write_frame(const struct folded_node *node, struct str *out)
{
	if (node->depth > 1)
		str_append_char(out, ';');
	if (node->kernel)
		str_append(out, KERNEL_MARK);
	str_append_bytes(out, node->name.p, span_len(node->name));
}

void folded_write_stack(const struct folded *folded, uint32_t index, const char *inserted,
			struct str *out)
{
	uint32_t path[FOLDED_DEPTH_MAX];
	size_t len = folded_path(folded, index, path);

	for (size_t i = 0; i < len; i++) {
		write_frame(folded_node(folded, path[i]), out);
		if (inserted &&
		    (i + 1 == FOLDED_LEVEL_THREAD || (i + 1 == len && len < FOLDED_LEVEL_THREAD)))
			str_format(out, ";%s", inserted);
	}
	str_format(out, " %llu\n", (unsigned long long)folded_node(folded, index)->self);
}

int folded_write(const struct folded *folded, struct str *out)
{
	struct folded_indexes stacks;
	size_t before = out->len;
	int r = folded_stacks(folded, &stacks);

	if (r < 0)
		return r;
	str_format(out, MAGIC "1 view=%s unit=%s\n", folded->view, unit_names[folded->unit]);
	vec_each(index, &stacks)
		folded_write_stack(folded, *index, NULL, out);
	vec_free(&stacks);
	r = str_error(out);
	if (r < 0 && out->data)
		out->data[out->len = before] = '\0';
	return r;
}
