/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files made here: what is delivered, and in which order. */
#include "source/test_perf_data.h"

#include <errno.h>

static struct recording recording;
static struct str file;
static struct perf_data *data;
static struct event_list events;
static struct perf_data_counts counts;

static void setup(void)
{
	tree_make();
	recording_init(&recording);
}

static void teardown(void)
{
	perf_data_free(data);
	recording_free(&recording);
	str_free(&file);
	vec_free(&events);
	tree_remove();
}

static void open_file(void)
{
	struct err err = { "" };

	recording_build(&recording, &file);
	save_bytes(tree_path("x.data"), file.data, file.len);
	ck_assert_msg(perf_data_open(tree_path("x.data"), &data, &err) == 0, "%s", err.msg);
}

static void read_all(void)
{
	struct err err = { "" };

	open_file();
	ck_assert_msg(perf_data_each(data, keep_event, &events, &err) == 0, "%s", err.msg);
	perf_data_counts(data, &counts);
}

static void check_times(const uint64_t *times, size_t count)
{
	ck_assert_uint_eq(events.len, count);
	for (size_t i = 0; i < count; i++)
		ck_assert_uint_eq(events.data[i].time_ns, times[i]);
}

START_TEST(looks_like)
{
	ck_assert(perf_data_looks_like("PERFILE2\x68", 9));
	ck_assert(perf_data_looks_like("2ELIFREP", 8));
	ck_assert(!perf_data_looks_like("PERFILE2", 7));
	ck_assert(!perf_data_looks_like("PERFFILE", 8));
}
END_TEST

START_TEST(about)
{
	struct perf_data_info info;

	open_file();
	perf_data_about(data, &info);
	ck_assert_str_eq(info.hostname, "lab");
	ck_assert_str_eq(info.release, "6.18.0-test");
	ck_assert_int_eq(info.cpus_online, 2);
	ck_assert(info.has_sched);
}
END_TEST

START_TEST(rings_are_merged)
{
	put_switch_sample(&recording, 100, 0, 1);
	put_switch_sample(&recording, 300, 0, 2);
	put_switch_sample(&recording, 500, 0, 3);
	put_switch_sample(&recording, 200, 1, 4);
	put_switch_sample(&recording, 500, 1, 5);
	put_round(&recording);
	put_switch_sample(&recording, 600, 0, 6);
	put_switch_sample(&recording, 400, 1, 7); /* later than the round before last: in time */
	put_round(&recording);
	read_all();
	check_times((const uint64_t[]){ 100, 200, 300, 400, 500, 500, 600 }, 7);
	ck_assert_int_eq(events.data[4].tid, 3); /* equal times in file order */
	ck_assert_int_eq(events.data[5].tid, 5);
	ck_assert_uint_eq(events.data[1].cpu, 1);
	ck_assert_uint_eq(counts.events, 7);
	ck_assert_uint_eq(counts.samples, 7);
	ck_assert_uint_eq(counts.records, 9);
	ck_assert_uint_eq(counts.first_ns, 100);
	ck_assert_uint_eq(counts.last_ns, 600);
	ck_assert_uint_eq(counts.out_of_order + counts.undecoded + counts.lost, 0);
}
END_TEST

START_TEST(too_late)
{
	put_switch_sample(&recording, 500, 0, 1);
	put_round(&recording);
	put_switch_sample(&recording, 600, 0, 2);
	put_round(&recording);
	put_switch_sample(&recording, 450, 1, 3); /* the first round's 500 is out already */
	read_all();
	check_times((const uint64_t[]){ 500, 500, 600 }, 3);
	ck_assert_int_eq(events.data[1].tid, 3);
	ck_assert_uint_eq(counts.out_of_order, 1);
}
END_TEST

START_TEST(without_rounds)
{
	for (uint64_t i = 0; i < 50; i++)
		put_switch_sample(&recording, 1000 - i * 10, i % 2, (int32_t)i);
	read_all();
	ck_assert_uint_eq(events.len, 50);
	for (size_t i = 1; i < 50; i++)
		ck_assert_uint_lt(events.data[i - 1].time_ns, events.data[i].time_ns);
	ck_assert_uint_eq(counts.out_of_order, 0);
}
END_TEST

START_TEST(names_and_losses)
{
	put_comm(&recording, 0, 10, 11, "early");
	put_switch_sample(&recording, 100, 0, 11);
	put_lost(&recording, 350, 1, 7);
	put_comm(&recording, 200, 20, 21, "fifteen letters");
	put_fork(&recording, 300, 20, 22);
	read_all();
	check_times((const uint64_t[]){ 0, 100, 200, 300, 350 }, 5);
	ck_assert_int_eq(events.data[0].type, SCHED_NAME);
	ck_assert_str_eq(events.data[0].comm, "early");
	ck_assert_int_eq(events.data[0].tid, 11);
	ck_assert_int_eq(events.data[0].other_tid, 10);
	ck_assert_str_eq(events.data[2].comm, "fifteen letters");
	ck_assert_int_eq(events.data[3].type, SCHED_NAME);
	ck_assert_int_eq(events.data[3].tid, 22);
	ck_assert_int_eq(events.data[3].other_tid, 20);
	ck_assert_str_eq(events.data[3].comm, "");
	ck_assert_int_eq(events.data[4].type, SCHED_LOST);
	ck_assert_uint_eq(events.data[4].value, 7);
	ck_assert_uint_eq(events.data[4].cpu, 1);
	ck_assert_uint_eq(counts.lost, 7);
	ck_assert_uint_eq(counts.events, 1);
}
END_TEST

/* perf's own sum at the end of a recording has no time, and repeats what LOST records told. */
START_TEST(lost_samples)
{
	_cleanup_(str_free) struct str body = { 0 };

	put_lost(&recording, 350, 1, 7);
	put_u64(&body, 9);
	put_trailer(&body, 0, 0);
	put_record(&recording, PERF_RECORD_LOST_SAMPLES, &body);
	read_all();
	ck_assert_uint_eq(events.len, 1);
	ck_assert_uint_eq(counts.lost, 9);
}
END_TEST

static void put_chain_sample(uint64_t time_ns, uint64_t depth, int32_t next)
{
	_cleanup_(str_free) struct str body = { 0 };
	uint8_t raw[64];

	make_switch(raw, 1, next);
	put_u64(&body, SWITCH_ID);
	put_u64(&body, 0);
	put_u64(&body, 1);
	put_u64(&body, time_ns);
	put_u64(&body, 0);
	put_u64(&body, 1);
	put_u64(&body, 2); /* READ of a group of two: values and ids */
	for (int i = 0; i < 4; i++)
		put_u64(&body, 99);
	put_u64(&body, depth);
	for (uint64_t i = 0; i < depth && i < 5; i++)
		put_u64(&body, 0xffffffff81000000);
	put_raw(&body, raw, sizeof(raw));
	put_record(&recording, PERF_RECORD_SAMPLE, &body);
}

START_TEST(read_and_callchain)
{
	recording.attrs[0].sample_type |= PERF_SAMPLE_READ | PERF_SAMPLE_CALLCHAIN;
	recording.attrs[0].read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID;
	put_chain_sample(100, 5, 42);
	put_chain_sample(200, 0, 43);
	put_chain_sample(300, UINT64_MAX / 8 + 1, 44);
	put_chain_sample(400, 100, 45);
	read_all();
	check_times((const uint64_t[]){ 100, 200 }, 2);
	ck_assert_int_eq(events.data[0].tid, 42);
	ck_assert_int_eq(events.data[1].tid, 43);
	ck_assert_uint_eq(counts.undecoded, 2);
}
END_TEST

START_TEST(one_event_without_ids)
{
	_cleanup_(str_free) struct str body = { 0 };
	uint8_t raw[64];

	recording.attr_count = 1;
	recording.attrs[0].sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_RAW;
	recording.attrs[0].sample_id_all = 0;
	make_switch(raw, 1, 77);
	put_u64(&body, 100);
	put_u64(&body, 1);
	put_raw(&body, raw, sizeof(raw));
	put_record(&recording, PERF_RECORD_SAMPLE, &body);
	read_all();
	check_times((const uint64_t[]){ 100 }, 1);
	ck_assert_int_eq(events.data[0].tid, 77);
	ck_assert_uint_eq(events.data[0].cpu, 1);
}
END_TEST

START_TEST(undecoded)
{
	_cleanup_(str_free) struct str body = { 0 };

	put_u64(&body, SWITCH_ID);
	put_record(&recording, PERF_RECORD_SAMPLE, &body); /* ends before its time */
	put_switch_sample(&recording, 100, 70000, 1);	   /* no such CPU */
	put_switch_sample(&recording, 0, 0, 1);		   /* no time */
	put_switch_sample(&recording, 200, 0, 1);
	read_all();
	check_times((const uint64_t[]){ 200 }, 1);
	ck_assert_uint_eq(counts.undecoded, 3);
}
END_TEST

START_TEST(aux_data_is_skipped)
{
	_cleanup_(str_free) struct str body = { 0 };
	_cleanup_(str_free) struct str payload = { 0 };

	put_u64(&body, 1000);
	for (int i = 0; i < 4; i++)
		put_u64(&body, 0);
	for (int i = 0; i < 125; i++)
		put_u64(&payload, 0);
	put_switch_sample(&recording, 100, 0, 1);
	put_record(&recording, 71, &body);
	str_append_bytes(&recording.records, payload.data, payload.len);
	put_switch_sample(&recording, 200, 0, 1);
	read_all();
	check_times((const uint64_t[]){ 100, 200 }, 2);
}
END_TEST

static int stop_at_third(void *context, const struct sched_event *event)
{
	return ++*(int *)context == 3 ? 42 : 0;
}

START_TEST(stops_and_starts_again)
{
	int seen = 0;

	for (uint64_t i = 1; i <= 5; i++)
		put_switch_sample(&recording, i, 0, 1);
	open_file();
	ck_assert_int_eq(perf_data_each(data, stop_at_third, &seen, NULL), 42);
	ck_assert_int_eq(seen, 3);
	ck_assert_int_eq(perf_data_each(data, keep_event, &events, NULL), 0);
	ck_assert_uint_eq(events.len, 5);
	perf_data_leave_out(data, SCHED_SWITCH);
	ck_assert_int_eq(perf_data_each(data, keep_event, &events, NULL), 0);
	ck_assert_uint_eq(events.len, 5);
	perf_data_counts(data, &counts);
	ck_assert_uint_eq(counts.events + counts.undecoded, 0);
	ck_assert_uint_eq(counts.samples, 5);
}
END_TEST

struct order {
	uint64_t last_ns, count;
	bool broken;
};

static int check_order(void *context, const struct sched_event *event)
{
	struct order *order = context;

	order->broken = order->broken || event->time_ns != order->last_ns + 1;
	order->last_ns = event->time_ns;
	order->count++;
	return 0;
}

/* More events in one round than fit into memory, and more runs than CPUs: the rest is read from the file a second time. */
START_TEST(more_than_memory)
{
	enum { EACH = 130000 };
	struct order order = { 0 };

	for (uint64_t cpu = 0; cpu < 3; cpu++)
		for (uint64_t i = 0; i < EACH; i++)
			put_switch_sample(&recording, 1 + i * 3 + cpu, (uint32_t)cpu, 1);
	put_round(&recording);
	open_file();
	ck_assert_int_eq(perf_data_each(data, check_order, &order, NULL), 0);
	ck_assert_uint_eq(order.count, EACH * 3);
	ck_assert(!order.broken);
	perf_data_counts(data, &counts);
	ck_assert_uint_eq(counts.out_of_order, 0);
}
END_TEST

/* Times that fall all the way: every event is a run of its own. */
START_TEST(more_runs_than_memory)
{
	enum { EVENTS = 70000 };

	for (uint64_t i = 0; i < EVENTS; i++)
		put_switch_sample(&recording, EVENTS - i, 0, 1);
	read_all();
	ck_assert_uint_eq(events.len, EVENTS);
	for (size_t i = 1; i < EVENTS; i++)
		ck_assert_uint_le(events.data[i - 1].time_ns, events.data[i].time_ns);
	ck_assert_uint_gt(counts.out_of_order, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("perf_data");
	TCase *tests = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, looks_like);
	tcase_add_test(tests, about);
	tcase_add_test(tests, rings_are_merged);
	tcase_add_test(tests, too_late);
	tcase_add_test(tests, without_rounds);
	tcase_add_test(tests, names_and_losses);
	tcase_add_test(tests, lost_samples);
	tcase_add_test(tests, read_and_callchain);
	tcase_add_test(tests, one_event_without_ids);
	tcase_add_test(tests, undecoded);
	tcase_add_test(tests, aux_data_is_skipped);
	tcase_add_test(tests, stops_and_starts_again);
	tcase_add_test(tests, more_than_memory);
	tcase_add_test(tests, more_runs_than_memory);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
