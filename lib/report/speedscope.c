/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * https://www.speedscope.app/file-format-schema.json, profiles of the type "sampled": a list of
 * stacks, each an array of indexes of frames, root first, and a list of their weights. The part of
 * it that is written here is docs/schema/speedscope-sampled.schema.json.
 */
#include "report/flame.h"

#include "base/cleanup.h"
#include "report/quoted.h"
#include "report/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BYTES_MAX ((size_t)64 << 20)
#define PROGRAMS_MAX 8

struct scope {
	const struct flame *flame;
	struct str *out;
	size_t bytes_max;
	uint32_t *frame_of; /* node to frame; the root's stands for what is left out */
	uint32_t frames;
	struct folded_indexes stacks;
};

static void scope_free(struct scope *scope)
{
	free(scope->frame_of);
	vec_free(&scope->stacks);
}

/* ---- frames ---- */

/* speedscope tells frames apart by name and file, and colours them by file. */
static const char *file_of(const struct folded_node *node)
{
	if (node->depth == FOLDED_LEVEL_PROGRAM)
		return "program";
	if (node->depth == FOLDED_LEVEL_THREAD)
		return "thread";
	return node->kernel ? "kernel" : "user";
}

static int compare_frames(const struct folded_node *a, const struct folded_node *b)
{
	size_t left = span_len(a->name), right = span_len(b->name);
	int order = strcmp(file_of(a), file_of(b));

	if (order == 0)
		order = memcmp(a->name.p, b->name.p, left < right ? left : right);
	return order ? order : (left > right) - (left < right);
}

static int compare_nodes(const void *a, const void *b, void *context)
{
	const struct folded_node *nodes = context;

	return compare_frames(&nodes[*(const uint32_t *)a], &nodes[*(const uint32_t *)b]);
}

static void append_frame(struct scope *scope, const struct folded_node *node)
{
	str_append(scope->out, ",\n{\"name\":");
	quoted_append(scope->out,
		      node->name.p < node->name.end ? node->name : span_of("(no name)"));
	str_format(scope->out, ",\"file\":\"%s\"}", file_of(node));
}

/* Numbers the different functions and writes their names. */
static int append_frames(struct scope *scope)
{
	const struct folded_nodes *nodes = &scope->flame->stacks->nodes;
	_cleanup_(cleanup_free) uint32_t *order = calloc(nodes->len, sizeof(*order));

	scope->frame_of = calloc(nodes->len, sizeof(*scope->frame_of));
	if (!order || !scope->frame_of)
		return -ENOMEM;
	for (uint32_t i = 0; i < nodes->len; i++)
		order[i] = i;
	qsort_r(order + 1, nodes->len - 1, sizeof(*order), compare_nodes, nodes->data);
	str_append(scope->out, "\n{\"name\":\"(left out)\"}");
	for (size_t i = 1; i < nodes->len; i++) {
		const struct folded_node *node = vec_at(nodes, order[i]);

		if (i == 1 || compare_frames(node, vec_at(nodes, order[i - 1])) != 0) {
			append_frame(scope, node);
			scope->frames++;
		}
		scope->frame_of[order[i]] = scope->frames;
	}
	return 0;
}

/* ---- profiles ---- */

static bool is_below(const struct folded *stacks, uint32_t index, uint32_t top)
{
	while (index != FOLDED_NONE && index != top)
		index = folded_node(stacks, index)->parent;
	return index == top;
}

static void append_sample(const struct scope *scope, uint32_t index, struct str *samples)
{
	uint32_t path[FOLDED_DEPTH_MAX];
	size_t len = folded_path(scope->flame->stacks, index, path);

	str_append(samples, samples->len ? ",\n[" : "\n[");
	for (size_t i = 0; i < len; i++)
		str_format(samples, i ? ",%u" : "%u", scope->frame_of[path[i]]);
	str_append_char(samples, ']');
}

/* Samples and weights of the stacks below `top`, the heaviest first, while there is room. */
static void collect(struct scope *scope, uint32_t top, struct str *samples, struct str *weights)
{
	const struct folded *stacks = scope->flame->stacks;
	uint64_t left = folded_node(stacks, top)->total;

	vec_each(index, &scope->stacks) {
		uint64_t self = folded_node(stacks, *index)->self;

		if (!is_below(stacks, *index, top))
			continue;
		if (scope->out->len + samples->len + weights->len > scope->bytes_max)
			break;
		append_sample(scope, *index, samples);
		str_format(weights, weights->len ? ",%llu" : "%llu", (unsigned long long)self);
		left -= self;
	}
	if (left == 0)
		return;
	str_format(samples, samples->len ? ",\n[%u]" : "\n[%u]", scope->frame_of[FOLDED_ROOT]);
	str_format(weights, weights->len ? ",%llu" : "%llu", (unsigned long long)left);
}

static void append_profile(struct scope *scope, uint32_t top)
{
	_cleanup_(str_free) struct str samples = { 0 }, weights = { 0 };
	const struct folded_node *node = folded_node(scope->flame->stacks, top);
	struct str *out = scope->out;

	collect(scope, top, &samples, &weights);
	str_append(out, top == FOLDED_ROOT ? "\n" : ",\n");
	str_append(out, "{\"type\":\"sampled\",\"name\":");
	quoted_append(out, node->name.p < node->name.end ? node->name : span_of("(no name)"));
	str_format(out, ",\"unit\":\"%s\",\"startValue\":0,\"endValue\":%llu,\"samples\":[",
		   scope->flame->stacks->unit == FOLDED_US ? "microseconds" : "none",
		   (unsigned long long)node->total);
	str_append(out, str_text(&samples));
	str_append(out, "],\n\"weights\":[");
	str_append(out, str_text(&weights));
	str_append(out, "]}");
	if (str_error(&samples) < 0 || str_error(&weights) < 0)
		out->failed = true;
}

/* All, then the heaviest programs. */
static void append_profiles(struct scope *scope)
{
	const struct folded *stacks = scope->flame->stacks;
	uint32_t program = folded_node(stacks, FOLDED_ROOT)->first_child;

	append_profile(scope, FOLDED_ROOT);
	for (int i = 0; i < PROGRAMS_MAX && program != FOLDED_NONE; i++) {
		if (scope->out->len > scope->bytes_max)
			break;
		append_profile(scope, program);
		program = folded_node(stacks, program)->next_sibling;
	}
}

static void append_head(struct scope *scope)
{
	_cleanup_(str_free) struct str name = { 0 }, time = { 0 }, tool = { 0 };
	const struct flame *flame = scope->flame;

	view_time(&time, flame->start_unix_s);
	str_format(&name, "%s%s%s%s%s", flame->host ? flame->host : "", flame->host ? " " : "",
		   flame->stacks->view, time.len ? " " : "", str_text(&time));
	str_format(&tool, "triage %s", flame->tool_version ? flame->tool_version : "");
	str_append(scope->out,
		   "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
		   "\n\"exporter\":");
	quoted_append_any(scope->out, str_text(&tool), tool.len);
	str_append(scope->out, ",\"name\":");
	quoted_append_any(scope->out, str_text(&name), name.len);
	str_append(scope->out, ",\"activeProfileIndex\":0,\n\"shared\":{\"frames\":[");
}

static int append_all(struct scope *scope)
{
	int r;

	append_head(scope);
	r = append_frames(scope);
	if (r == 0)
		r = folded_stacks(scope->flame->stacks, &scope->stacks);
	if (r < 0)
		return r;
	str_append(scope->out, "]},\n\"profiles\":[");
	append_profiles(scope);
	str_append(scope->out, "]}\n");
	return 0;
}

int flame_speedscope(const struct flame *flame, struct str *out)
{
	_cleanup_(str_free) struct str written = { 0 };
	_cleanup_(scope_free) struct scope scope = {
		.flame = flame,
		.out = &written,
		.bytes_max = flame->bytes_max ? flame->bytes_max : BYTES_MAX,
	};
	int r = append_all(&scope);

	if (r == 0)
		r = str_error(&written);
	if (r < 0)
		return r;
	str_append_bytes(out, written.data, written.len);
	return str_error(out);
}
