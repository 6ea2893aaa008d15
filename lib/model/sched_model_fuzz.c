/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arbitrary events, 16 bytes each, into a small model: no crash, and the sums hold whatever was said. */
#include "model/sched.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EVENT_BYTES 16
#define NAMES 5

struct reader {
	const uint8_t *data;
};

static uint8_t take(struct reader *reader)
{
	return *reader->data++;
}

/* Mostly small numbers, so that events meet each other; sometimes huge or negative ones. */
static int32_t take_number(struct reader *reader, int32_t below)
{
	uint8_t byte = take(reader);

	if (byte == 0xff)
		return INT32_MAX;
	if (byte == 0xfe)
		return -1;
	if (byte == 0xfd)
		return INT32_MIN;
	return byte % below;
}

static uint64_t take_time(struct reader *reader, uint64_t now_ns)
{
	uint8_t how = take(reader), amount = take(reader);

	switch (how) {
	case 0xff:
		return UINT64_MAX - amount;
	case 0xfe:
		return now_ns - amount;
	case 0xfd:
		return (uint64_t)amount << 56;
	default:
		return now_ns + how * amount;
	}
}

static void take_name(struct reader *reader, char comm[SCHED_COMM_LEN])
{
	static const char *const names[NAMES] = { "", "worker-1", "worker-2", "server",
						  "kworker/0:1-x" };
	uint8_t byte = take(reader);

	if (byte > 0xf0)
		memset(comm, byte, SCHED_COMM_LEN);
	else
		memcpy(comm, names[byte % NAMES], strlen(names[byte % NAMES]) + 1);
}

static struct sched_event take_event(struct reader *reader, uint64_t now_ns)
{
	static const char states[] = "RSDTtXZPI";
	struct sched_event event = { 0 };

	event.time_ns = take_time(reader, now_ns);
	event.type = (enum sched_event_type)(take(reader) % (SCHED_PAUSED + 2));
	event.context = (enum sched_context)(take(reader) % 3);
	event.cpu = (uint32_t)take_number(reader, 4);
	event.current_tid = take_number(reader, 40);
	event.tid = take_number(reader, 40);
	event.other_tid = take_number(reader, 40);
	event.target_cpu = take_number(reader, 5);
	event.state = states[take(reader) % sizeof(states)];
	event.runnable = take(reader) & 1;
	event.preempted = take(reader) & 1;
	take_name(reader, event.comm);
	if (event.type == SCHED_SWITCH || event.type == SCHED_FORK) {
		take_name(reader, event.other_comm);
	} else {
		event.value = take(reader);
		event.from_cpu = take_number(reader, 5);
	}
	return event;
}

static void check_groups(const struct sched_model *model)
{
	const struct sched_totals *totals = sched_model_totals(model);
	size_t count;
	const struct sched_blame *blame = sched_model_blame(model, &count);

	for (uint32_t id = 0; id < totals->groups; id++) {
		const struct sched_group *group = sched_model_group(model, id);
		uint64_t blamed_ns = 0;

		for (size_t i = 0; i < count; i++)
			if (blame[i].waiter == id)
				blamed_ns += blame[i].ns;
		if (blamed_ns !=
		    group->waits.sum_ns + group->open_wait_ns + group->work.cut_wait_ns)
			abort();
	}
}

static void check_cpus(const struct sched_model *model)
{
	const struct sched_totals *totals = sched_model_totals(model);
	size_t count;
	const struct sched_cpu *cpus = sched_model_cpus(model, &count);

	for (size_t i = 0; i < count; i++)
		if (cpus[i].busy_ns + cpus[i].idle_ns + cpus[i].unknown_ns != totals->watched_ns)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sched_model_options options = {
		.cpus_max = 4,
		.threads_max = 32,
		.groups_max = 6,
		.edges_max = 8,
	};
	struct sched_model *model = sched_model_new(&options);
	struct reader reader = { data };
	uint64_t now_ns = 1000;

	if (!model)
		return 0;
	for (; size >= EVENT_BYTES; size -= EVENT_BYTES) {
		struct sched_event event = take_event(&reader, now_ns);

		now_ns = event.time_ns;
		if (sched_model_event(model, &event) < 0)
			abort();
	}
	if (sched_model_end(model, now_ns) < 0)
		abort();
	check_groups(model);
	check_cpus(model);
	sched_model_free(model);
	return 0;
}
