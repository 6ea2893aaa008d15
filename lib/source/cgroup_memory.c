/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/span.h"
#include "source/cgroup_internal.h"
#include "source/proc_counters.h"

#include <errno.h>
#include <math.h>

/* v1 has no word for "none": the largest number of pages that fits, as bytes. */
#define LIMIT_NONE_BYTES 0x7000000000000000ULL

/* NAN for "max". */
static int read_bytes(struct procroot *root, const char *folder, const char *name,
		      double *ret_bytes)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct span content, line = { 0 };
	uint64_t bytes;
	int r = cgroup_read_file(root, folder, name, &text);

	if (r < 0)
		return r;
	content = span_make(text.data, text.len);
	span_line(&content, &line);
	if (span_is(line, "max")) {
		*ret_bytes = NAN;
		return 0;
	}
	if (!span_u64(&line, &bytes))
		return -EBADMSG;
	*ret_bytes = bytes < LIMIT_NONE_BYTES ? (double)bytes : NAN;
	return 0;
}

static void read_events(struct procroot *root, const char *folder, struct cgroup_memory *memory)
{
	_cleanup_(str_free) struct str text = { 0 };
	_cleanup_(counters_free) struct counters events = { 0 };
	int64_t high, max;

	if (cgroup_read_file(root, folder, "memory.events", &text) < 0 ||
	    counters_parse_pairs(text.data, text.len, &events) < 0 ||
	    !counters_get(&events, "high", &high) || !counters_get(&events, "max", &max) ||
	    high < 0 || max < 0)
		return;
	memory->hits = (uint64_t)high + (uint64_t)max;
	memory->has_hits = true;
}

static int read_v2(struct procroot *root, const char *folder, struct cgroup_memory *memory)
{
	double high_bytes = NAN;
	int r = read_bytes(root, folder, "memory.max", &memory->limit_bytes);

	if (r < 0)
		return r;
	read_bytes(root, folder, "memory.high", &high_bytes);
	memory->limit_bytes = fmin(memory->limit_bytes, high_bytes);
	read_bytes(root, folder, "memory.current", &memory->usage_bytes);
	read_events(root, folder, memory);
	return 0;
}

static int read_v1(struct procroot *root, const char *folder, struct cgroup_memory *memory)
{
	double hits = NAN;
	int r = read_bytes(root, folder, "memory.limit_in_bytes", &memory->limit_bytes);

	if (r < 0)
		return r;
	read_bytes(root, folder, "memory.usage_in_bytes", &memory->usage_bytes);
	read_bytes(root, folder, "memory.failcnt", &hits);
	memory->has_hits = !isnan(hits);
	memory->hits = memory->has_hits ? (uint64_t)hits : 0;
	return 0;
}

int cgroup_read_memory(struct procroot *root, const struct cgroup_mount *mount, const char *group,
		       struct cgroup_memory *ret)
{
	_cleanup_(str_free) struct str folder = { 0 };
	struct cgroup_memory memory = { .limit_bytes = NAN, .usage_bytes = NAN };
	int r = cgroup_folder(mount, group, &folder);

	if (r < 0)
		return r;
	r = mount->v2 ? read_v2(root, str_text(&folder), &memory) :
			read_v1(root, str_text(&folder), &memory);
	if (r == -ENOENT && procroot_has(root, str_text(&folder)))
		r = 0; /* the root of v2 has no limit */
	if (r == 0)
		*ret = memory;
	return r;
}
