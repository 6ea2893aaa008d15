/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arbitrary symbols, names and samples into a small profile: no crash, the sums hold, and the
 * folded text is well formed. */
#include "base/cleanup.h"
#include "base/text.h"
#include "model/profile.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAMES 32
#define NAME 12

struct reader {
	const uint8_t *data, *end;
};

static uint8_t take(struct reader *reader)
{
	return reader->data < reader->end ? *reader->data++ : 0;
}

static uint64_t take_wide(struct reader *reader)
{
	uint8_t byte = take(reader);

	return byte < 0xf0 ? byte : UINT64_MAX << (byte & 0xf) * 4;
}

static pid_t take_tid(struct reader *reader)
{
	uint8_t byte = take(reader);

	return byte < 0xf0 ? byte % 24 : (pid_t)(int8_t)byte;
}

static void take_name(struct reader *reader, char name[NAME])
{
	size_t len = take(reader) % NAME;

	memset(name, 0, NAME);
	for (size_t i = 0; i < len; i++)
		name[i] = (char)take(reader);
}

static void add_symbol(struct profile *profile, struct reader *reader)
{
	char function[NAME], module[NAME];
	struct profile_symbol symbol = { .function = function, .module = module };
	uint8_t flags = take(reader);

	take_name(reader, function);
	take_name(reader, module);
	symbol.kernel = flags & 1;
	symbol.named = flags & 2;
	symbol.loop = flags & 4;
	symbol.classes = take(reader);
	symbol.leaf_classes = (uint64_t)take(reader) << 56;
	if (profile_symbol(profile, &symbol, NULL) < 0)
		abort();
}

static void add_name(struct profile *profile, struct reader *reader)
{
	pid_t pid = take_tid(reader), tid = take_tid(reader);
	uint8_t how = take(reader);
	char comm[NAME];

	take_name(reader, comm);
	if (how & 1 ? profile_fork(profile, pid, tid, take_tid(reader)) :
		      profile_thread(profile, pid, tid, comm, how & 2))
		abort();
}

static void add_sample(struct profile *profile, struct reader *reader)
{
	uint32_t frames[FRAMES];
	uint64_t addresses[FRAMES];
	uint8_t flags = take(reader);
	struct profile_sample sample = {
		.pid = take_tid(reader),
		.tid = take_tid(reader),
		.cpu = (uint32_t)take_wide(reader),
		.weight = take_wide(reader),
		.in_user = flags & 1,
		.user_broken = flags & 2,
		.frames = frames,
		.addresses = flags & 4 ? NULL : addresses,
		.count = take(reader) % FRAMES,
	};

	for (size_t i = 0; i < sample.count; i++) {
		frames[i] = (uint32_t)take_wide(reader) % (flags & 8 ? UINT32_MAX : 20);
		addresses[i] = frames[i] + (flags >> 6);
	}
	if (profile_add(profile, &sample) < 0)
		abort();
}

/* Sums may wrap: they are compared as they are. */
static void check_sums(const struct profile *profile)
{
	const struct profile_totals *totals = profile_totals(profile);
	struct profile_functions rows = { 0 };
	size_t count;
	const struct profile_group *const *groups = profile_groups(profile, &count);
	uint64_t weight = 0, self = 0;

	for (size_t i = 0; i < count; i++)
		weight += groups[i]->weight;
	if (weight != totals->busy_weight ||
	    totals->weight != totals->busy_weight + totals->idle_weight)
		abort();
	if (profile_functions(profile, SIZE_MAX, false, &rows) < 0)
		abort();
	vec_each(row, &rows) {
		if (row->group >= count)
			abort();
		self += row->self;
	}
	if (self != weight)
		abort();
	vec_free(&rows);
}

static void check_text(const struct profile *profile, size_t bytes_max)
{
	_cleanup_(str_free) struct str text = { 0 };
	uint64_t weight = 0;
	char *rest, *line;

	if (profile_fold(profile, 1, bytes_max, &text) < 0)
		abort();
	if (bytes_max >= 32 && text.len > bytes_max)
		abort();
	if (memchr(str_text(&text), '\0', text.len))
		abort();
	rest = text.data;
	while (rest && (line = strsep(&rest, "\n")) && *line) {
		const char *number = strrchr(line, ' ');

		if (!number || !text_is_printable(line, strlen(line)) ||
		    (!strchr(line, ';') && strncmp(line, "(left out) ", 11) != 0))
			abort();
		weight += strtoull(number, NULL, 10);
	}
	if (weight != profile_totals(profile)->busy_weight)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct profile_combination combination = { 3, 70 };
	struct reader reader = { data, data + size };
	struct profile_options options = {
		.nodes_max = 1U + take(&reader) % 64,
		.symbols_max = 16,
		.groups_max = 4,
		.threads_max = 16,
		.idle = 1,
		.lock = 2,
		.glue = 4,
		.focus = UINT64_C(1) << 63,
		.combinations = &combination,
		.combinations_count = 1,
	};
	struct profile *profile = profile_new(&options);

	if (!profile)
		return 0;
	while (reader.data < reader.end)
		switch (take(&reader) % 4) {
		case 0:
			add_symbol(profile, &reader);
			break;
		case 1:
			add_name(profile, &reader);
			break;
		default:
			add_sample(profile, &reader);
		}
	if (profile_end(profile) < 0)
		abort();
	check_sums(profile);
	check_text(profile, SIZE_MAX / 2);
	check_text(profile, size);
	profile_free(profile);
	return 0;
}
