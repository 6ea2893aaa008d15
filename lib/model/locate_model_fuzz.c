/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arbitrary events, 8 bytes each, into a small model: no crash, and no sum is more than could be. */
#include "model/locate.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EVENT_BYTES 8
#define THREADS_MAX 12
#define ITEMS_MAX 16

static struct sched_event make_event(const uint8_t *bytes, uint64_t *now_ns)
{
	static const char *const names[] = { "", "worker-1", "worker-2", "server",
					     "kworker/0:1-x" };
	struct sched_event event = { .type = bytes[0] % (SCHED_LOCK_END + 1),
				     .context = bytes[1] % 3,
				     .target_cpu = -1 };

	*now_ns += bytes[2] == 0xff ? (uint64_t)bytes[3] << 50 : bytes[2] * 1000U;
	event.time_ns = bytes[2] == 0xfe ? *now_ns / 2 : *now_ns;
	event.current_tid = (int8_t)bytes[3] % 16;
	event.tid = (int8_t)bytes[4] % 16;
	event.other_tid = (int8_t)bytes[5] % 16;
	event.runnable = bytes[1] & 0x80;
	strcpy(event.comm, names[bytes[4] % 5]);
	if (event.type == SCHED_SWITCH) {
		strcpy(event.other_comm, names[bytes[5] % 5]);
	} else {
		event.flags = bytes[6];
		event.value = bytes[7] < 0xf0 ? bytes[7] : (uint64_t)-11;
	}
	return event;
}

static void check(const struct locate_model *model)
{
	const struct locate_totals *totals = locate_model_totals(model);
	uint64_t waits = 0;
	size_t count;

	if (totals->groups > ITEMS_MAX || totals->threads > THREADS_MAX)
		abort();
	for (uint32_t id = 0; id < totals->groups; id++)
		waits += locate_model_group(model, id)->waits;
	if (waits != totals->waits)
		abort();
	locate_model_edges(model, &count);
	if (count > ITEMS_MAX)
		abort();
	locate_model_waits(model, &count);
	if (count > ITEMS_MAX)
		abort();
	locate_model_sites(model, &count);
	if (count > ITEMS_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct locate_options options = { .threads_max = THREADS_MAX,
					  .groups_max = ITEMS_MAX,
					  .edges_max = ITEMS_MAX,
					  .locks_max = ITEMS_MAX,
					  .waits_max = ITEMS_MAX };
	struct locate_model *model = locate_model_new(&options);
	struct locate_knots knots = { 0 };
	const struct locate_edge *edges;
	uint64_t now_ns = 1;
	size_t count;

	if (!model)
		return 0;
	for (size_t at = 0; at + EVENT_BYTES <= size; at += EVENT_BYTES) {
		struct sched_event event = make_event(data + at, &now_ns);

		if (data[at] & 0x80)
			locate_model_stack(model, &event, data[at + 7]);
		else if (data[at] == 0x7f)
			locate_model_name(model, event.tid, event.other_tid, event.comm, false);
		else
			locate_model_event(model, &event, (int8_t)data[at + 6] % 4);
	}
	locate_model_end(model, now_ns);
	check(model);
	edges = locate_model_edges(model, &count);
	locate_find_knots(edges, count, 5, &knots);
	vec_free(&knots);
	locate_model_free(model);
	return 0;
}
