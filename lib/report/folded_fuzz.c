/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "report/flame.h"
#include "report/folded.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sums(const struct folded *folded)
{
	uint64_t self = 0;

	for (uint32_t i = FOLDED_ROOT; i != FOLDED_NONE; i = folded_next(folded, i, true))
		self += folded_node(folded, i)->self;
	if (self != folded_node(folded, FOLDED_ROOT)->total)
		__builtin_trap();
}

static void check_exports(const struct folded *folded, size_t bytes_max)
{
	_cleanup_(str_free) struct str out = { 0 };
	struct flame flame = {
		.stacks = folded,
		.start_unix_s = NAN,
		.bytes_max = bytes_max,
	};

	if (flame_svg(&flame, &out) < 0 || flame_speedscope(&flame, &out) < 0)
		__builtin_trap();
}

static bool is_kernel(const void *context, const struct folded_node *node, bool leaf)
{
	(void)context;
	return node->kernel || leaf;
}

/* All stacks have a leaf, so all are selected; both halves of a join are as heavy as they were. */
static void check_joins(const struct folded *folded)
{
	_cleanup_(folded_freep) struct folded *both = NULL, *all = NULL;
	uint64_t total = folded_node(folded, FOLDED_ROOT)->total;
	struct err err = { "" };

	if (folded_select(folded, "page-faults", is_kernel, NULL, &all, &err) == 0 &&
	    folded_node(all, FOLDED_ROOT)->total != total)
		__builtin_trap();
	if (folded_join(folded, folded, &both, &err) < 0)
		return;
	if (folded_node(both, FOLDED_ROOT)->total != 2 * total)
		__builtin_trap();
	check_sums(both);
	check_exports(both, 20000);
}

/* What was read once is written and read again without a change. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(folded_freep) struct folded *folded = NULL, *again = NULL;
	_cleanup_(str_free) struct str first = { 0 }, second = { 0 };
	struct err err = { "" };

	if (folded_parse((const char *)data, size, &folded, &err) < 0)
		return 0;
	check_sums(folded);
	if (folded_write(folded, &first) < 0 ||
	    folded_parse(first.data, first.len, &again, &err) < 0 ||
	    folded_write(again, &second) < 0 || strcmp(first.data, second.data) != 0)
		__builtin_trap();
	check_exports(folded, size % 8 ? 0 : 20000);
	check_joins(folded);
	return 0;
}
