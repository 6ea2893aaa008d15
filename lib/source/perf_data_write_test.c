/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records as rings have them become a file that our own reader understands; testdata/chrome has perf read one. */
#include "source/perf_data_write.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "source/perf_data.h"
#include "source/test_sched_formats.h"
#include "source/test_tree.h"

#include <check.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdint.h>

#define SWITCH_ID 372
#define WAKING_ID 375

static void put_tracefs(void)
{
	tree_put("events/header_page", "\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n");
	tree_put("events/header_event", "# compressed entry header\n");
	tree_put("events/sched/sched_switch/format", FORMAT_SWITCH);
	tree_put("events/sched/sched_waking/format", FORMAT_WAKING);
	tree_put("events/sched/sched_wakeup/format", FORMAT_WAKEUP);
}

static struct perf_data_writer *writer_of(size_t bytes_max)
{
	struct perf_data_writer *writer = NULL;
	struct err err = { "" };

	put_tracefs();
	ck_assert_msg(perf_data_writer_new(tree, bytes_max, &writer, &err) == 0, "%s", err.msg);
	return writer;
}

/* {header, u64 time, u32 size, raw}: the raw part ends on eight bytes with its size. */
struct sample {
	struct perf_event_header header;
	uint64_t time_ns;
	uint32_t size;
	char raw[68];
};

static void take_switch(struct perf_data_writer *writer, uint32_t cpu, uint64_t time_ns, int prev,
			int next)
{
	struct sample sample = {
		.header = { .type = PERF_RECORD_SAMPLE, .size = 8 + 8 + 4 + 68 },
		.time_ns = time_ns,
		.size = 68,
	};
	const uint16_t type = SWITCH_ID;
	const int64_t sleeps = 1;

	memcpy(sample.raw, &type, 2);
	memcpy(sample.raw + 4, &prev, 4);
	strcpy(sample.raw + 8, "before");
	memcpy(sample.raw + 24, &prev, 4);
	memcpy(sample.raw + 32, &sleeps, 8);
	strcpy(sample.raw + 40, "after");
	memcpy(sample.raw + 56, &next, 4);
	perf_data_writer_take(writer, cpu, &sample, sample.header.size);
}

/* {header, u32 pid, ppid, tid, ptid, u64 time, u64 time of the sample id} */
static void take_fork(struct perf_data_writer *writer, uint32_t pid, uint32_t tid, uint64_t time_ns)
{
	struct {
		struct perf_event_header header;
		uint32_t ids[4];
		uint64_t time_ns, id_time_ns;
	} record = {
		.header = { .type = PERF_RECORD_FORK, .size = sizeof(record) },
		.ids = { pid, pid, tid, pid },
		.time_ns = time_ns,
		.id_time_ns = time_ns,
	};

	perf_data_writer_take(writer, 0, &record, sizeof(record));
}

static void take_lost(struct perf_data_writer *writer, uint32_t cpu, uint64_t lost,
		      uint64_t time_ns)
{
	struct {
		struct perf_event_header header;
		uint64_t id, lost, id_time_ns;
	} record = {
		.header = { .type = PERF_RECORD_LOST, .size = sizeof(record) },
		.id = 77,
		.lost = lost,
		.id_time_ns = time_ns,
	};

	perf_data_writer_take(writer, cpu, &record, sizeof(record));
}

struct seen {
	struct sched_event events[32];
	size_t len;
};

static int look(void *context, const struct sched_event *event)
{
	struct seen *seen = context;

	ck_assert_uint_lt(seen->len, ARRAY_SIZE(seen->events));
	seen->events[seen->len++] = *event;
	return 0;
}

static struct seen read_back(const struct perf_data_writer *writer, struct perf_data_info *ret)
{
	_cleanup_(perf_data_freep) struct perf_data *data = NULL;
	_cleanup_(str_free) struct str file = { 0 };
	struct seen seen = { 0 };
	struct err err = { "" };

	ck_assert_int_eq(perf_data_writer_finish(writer, "db1", &file), 0);
	tree_put_bytes("perf.data", file.data, file.len);
	ck_assert_msg(perf_data_open(tree_path("perf.data"), &data, &err) == 0, "%s", err.msg);
	perf_data_about(data, ret);
	ck_assert_msg(perf_data_each(data, look, &seen, &err) == 0, "%s", err.msg);
	return seen;
}

START_TEST(what_was_taken_is_read_back)
{
	struct perf_data_writer *writer = writer_of(1 << 20);
	struct perf_data_info info;
	struct seen seen;

	perf_data_writer_process(writer, 40, 41);
	take_switch(writer, 1, 5000, 41, 0);
	take_switch(writer, 0, 4000, 0, 41); /* another ring, read later */
	take_fork(writer, 40, 42, 4500);
	take_lost(writer, 1, 9, 6000);
	perf_data_writer_name(writer, 40, 41, "worker");
	ck_assert_uint_eq(perf_data_writer_counts(writer).samples, 2);
	seen = read_back(writer, &info);
	ck_assert_str_eq(info.hostname, "db1");
	ck_assert(info.has_sched);
	ck_assert_uint_eq(seen.len, 5);
	ck_assert_int_eq(seen.events[0].type, SCHED_NAME);
	ck_assert_str_eq(seen.events[0].comm, "worker");
	ck_assert_int_eq(seen.events[0].other_tid, 40);
	ck_assert_int_eq(seen.events[1].type, SCHED_SWITCH);
	ck_assert_uint_eq(seen.events[1].time_ns, 4000);
	ck_assert_uint_eq(seen.events[1].cpu, 0);
	ck_assert_int_eq(seen.events[1].tid, 41);
	ck_assert_str_eq(seen.events[1].comm, "after");
	ck_assert_int_eq(seen.events[2].type, SCHED_NAME);
	ck_assert_int_eq(seen.events[2].tid, 42);
	ck_assert_int_eq(seen.events[3].type, SCHED_SWITCH);
	ck_assert_uint_eq(seen.events[3].cpu, 1);
	ck_assert_int_eq(seen.events[3].state, 'S');
	ck_assert_int_eq(seen.events[4].type, SCHED_LOST);
	ck_assert_uint_eq(seen.events[4].value, 9);
	perf_data_writer_free(writer);
}
END_TEST

/* An eighth of the room stays for names. */
START_TEST(a_full_file_is_still_a_file)
{
	struct perf_data_writer *writer = writer_of(1024);
	struct perf_data_info info;
	struct seen seen;

	for (int i = 0; i < 20; i++)
		take_switch(writer, 0, 1000 + (uint64_t)i, i, i + 1);
	ck_assert_uint_eq(perf_data_writer_counts(writer).samples, 9);
	ck_assert_uint_eq(perf_data_writer_counts(writer).left_out, 11);
	seen = read_back(writer, &info);
	ck_assert_uint_eq(seen.len, 9);
	ck_assert_uint_eq(seen.events[8].time_ns, 1008);
	perf_data_writer_free(writer);
}
END_TEST

START_TEST(malformed_records_are_passed_over)
{
	struct perf_data_writer *writer = writer_of(1 << 20);
	struct sample sample = { .header = { .type = PERF_RECORD_SAMPLE, .size = sizeof(sample) } };
	struct perf_data_info info;
	char *exact;

	sample.size = UINT32_MAX;
	perf_data_writer_take(writer, 0, &sample, sizeof(sample));
	sample.size = 68; /* of no event that is known */
	perf_data_writer_take(writer, 0, &sample, sizeof(sample));
	for (size_t len = 0; len < sizeof(sample); len++) {
		exact = malloc(len ? len : 1);
		memcpy(exact, &sample, len);
		perf_data_writer_take(writer, 0, exact, len);
		free(exact);
	}
	sample.header.type = PERF_RECORD_MMAP;
	perf_data_writer_take(writer, 0, &sample, sizeof(sample));
	ck_assert_uint_eq(perf_data_writer_counts(writer).samples, 0);
	ck_assert_uint_eq(read_back(writer, &info).len, 0);
	perf_data_writer_free(writer);
}
END_TEST

START_TEST(without_formats_there_is_no_file)
{
	struct perf_data_writer *writer = NULL;
	struct err err = { "" };

	ck_assert_int_eq(perf_data_writer_new(tree, 1024, &writer, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, tree));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("perf_data_write");
	TCase *tests = tcase_create("perf_data_write");

	tcase_add_checked_fixture(tests, tree_make, tree_remove);
	tcase_add_test(tests, what_was_taken_is_read_back);
	tcase_add_test(tests, a_full_file_is_still_a_file);
	tcase_add_test(tests, malformed_records_are_passed_over);
	tcase_add_test(tests, without_formats_there_is_no_file);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
