/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples of CPUs in files made here: what is delivered, in which order, and what damage does. */
#include "source/test_perf_data.h"

#include <errno.h>
#include <sys/mman.h>

#define CLOCK_SAMPLE                                                                    \
	(PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | \
	 PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN)

static struct recording recording;
static struct str file, seen;
static struct perf_data *data;
static struct perf_data_stacks_counts counts;

/* The first attr becomes cpu-clock with call chains; its ids are SWITCH_ID and the next. */
static void setup(void)
{
	tree_make();
	recording_init(&recording);
	recording.attrs[0].type = PERF_TYPE_SOFTWARE;
	recording.attrs[0].config = PERF_COUNT_SW_CPU_CLOCK;
	recording.attrs[0].sample_type = CLOCK_SAMPLE;
	recording.attrs[0].freq = 1;
	recording.attrs[0].sample_freq = 99;
}

static void teardown(void)
{
	perf_data_free(data);
	data = NULL;
	recording_free(&recording);
	str_free(&file);
	str_free(&seen);
	tree_remove();
}

/* ---- records -------------------------------------------------------------------------------- */

static void put_sample_misc(uint16_t misc, uint64_t id, uint64_t time_ns, const uint64_t *chain,
			    size_t count)
{
	_cleanup_(str_free) struct str body = { 0 };
	size_t at = recording.records.len;

	put_u64(&body, id);
	put_u64(&body, 0x1111);
	put_u32(&body, 7);
	put_u32(&body, 8);
	put_u64(&body, time_ns);
	put_u64(&body, 1); /* CPU */
	put_u64(&body, 10000000);
	put_u64(&body, count);
	for (size_t i = 0; i < count; i++)
		put_u64(&body, chain[i]);
	put_record(&recording, PERF_RECORD_SAMPLE, &body);
	memcpy(recording.records.data + at + 4, &misc, sizeof(misc));
}

static void put_sample(uint64_t time_ns)
{
	const uint64_t chain[] = { (uint64_t)PERF_CONTEXT_USER, time_ns };

	put_sample_misc(PERF_RECORD_MISC_USER, SWITCH_ID, time_ns, chain, 2);
}

static void put_mmap2(uint64_t time_ns, uint16_t misc, const uint8_t identity[24], const char *path)
{
	_cleanup_(str_free) struct str body = { 0 };
	char padded[32] = "";
	size_t at = recording.records.len;

	strcpy(padded, path);
	put_u32(&body, 7);
	put_u32(&body, 7);
	put_u64(&body, 0x400000);
	put_u64(&body, 0x1000);
	put_u64(&body, 0x2000);
	str_append_bytes(&body, (const char *)identity, 24);
	put_u32(&body, PROT_EXEC);
	put_u32(&body, 0);
	str_append_bytes(&body, padded, sizeof(padded));
	put_trailer(&body, time_ns, 0);
	put_record(&recording, PERF_RECORD_MMAP2, &body);
	memcpy(recording.records.data + at + 4, &misc, sizeof(misc));
}

/* ---- what comes ----------------------------------------------------------------------------- */

static int note_sample(void *context, const struct stack_sample *sample)
{
	str_format(&seen, "S%llu,%d/%d,cpu%u,%llu%s", (unsigned long long)sample->time_ns,
		   sample->pid, sample->tid, sample->cpu, (unsigned long long)sample->period,
		   sample->in_user ? ",user" : "");
	for (size_t i = 0; i < sample->kernel_count; i++)
		str_format(&seen, " k%llx", (unsigned long long)sample->kernel[i]);
	for (size_t i = 0; i < sample->user_count; i++)
		str_format(&seen, " u%llx", (unsigned long long)sample->user[i]);
	str_append(&seen, "\n");
	return 0;
}

static int note_mapping(void *context, const struct mapping_event *event,
			const struct perf_build_id *id)
{
	str_format(&seen, "M%llu,%d %llx+%llx@%llx %u:%u %llu %s id%u",
		   (unsigned long long)event->time_ns, event->pid, (unsigned long long)event->start,
		   (unsigned long long)event->len, (unsigned long long)event->offset, event->major,
		   event->minor, (unsigned long long)event->inode, event->path, id->len);
	if (id->len)
		str_format(&seen, ":%02x%02x", id->bytes[0], id->bytes[id->len - 1]);
	str_append(&seen, "\n");
	return 0;
}

static int note_task(void *context, const struct task_event *event)
{
	str_format(&seen, "T%llu,%d,%d/%d %s\n", (unsigned long long)event->time_ns, event->type,
		   event->pid, event->tid, event->comm);
	return 0;
}

static const struct perf_data_stacks_handler handler = { .sample = note_sample,
							 .mapping = note_mapping,
							 .task = note_task };

static void open_file(void)
{
	struct err err = { "" };

	recording_build(&recording, &file);
	save_bytes(tree_path("x.data"), file.data, file.len);
	ck_assert_msg(perf_data_open(tree_path("x.data"), &data, &err) == 0, "%s", err.msg);
}

static int read_all(void)
{
	struct err err = { "" };
	int r;

	open_file();
	r = perf_data_each_stack(data, &handler, &counts, &err);
	ck_assert(r == 0 || err.msg[0]);
	return r;
}

/* ---- tests ---------------------------------------------------------------------------------- */

START_TEST(what_is_sampled)
{
	struct perf_data_sampling sampling;
	struct perf_data_info info;

	open_file();
	perf_data_about(data, &info);
	perf_data_sampling(data, &sampling);
	ck_assert(info.has_cpu_samples);
	ck_assert_int_eq(sampling.clock, PERF_DATA_CPU_CLOCK);
	ck_assert_uint_eq(sampling.hz, 99);
	ck_assert_uint_eq(sampling.rings, 2);
	ck_assert(sampling.whole_host && sampling.callchains && !sampling.user_stacks);
}
END_TEST

START_TEST(cycles_beat_clocks)
{
	struct perf_data_sampling sampling;

	recording.attrs[1] = recording.attrs[0];
	recording.attrs[1].type = PERF_TYPE_HARDWARE;
	recording.attrs[1].config = PERF_COUNT_HW_CPU_CYCLES | (uint64_t)4 << 32; /* hybrid */
	put_sample_misc(PERF_RECORD_MISC_USER, SWITCH_ID, 10, NULL, 0);
	put_sample_misc(PERF_RECORD_MISC_USER, WAKING_ID, 20, NULL, 0);
	ck_assert_int_eq(read_all(), 0);
	perf_data_sampling(data, &sampling);
	ck_assert_int_eq(sampling.clock, PERF_DATA_CYCLES);
	ck_assert_str_eq(str_text(&seen), "S20,7/8,cpu1,10000000,user u1111\n");
}
END_TEST

START_TEST(page_faults_are_no_clock)
{
	struct perf_data_info info;

	recording.attrs[0].config = PERF_COUNT_SW_PAGE_FAULTS;
	open_file();
	perf_data_about(data, &info);
	ck_assert(!info.has_cpu_samples);
}
END_TEST

START_TEST(chains_are_split)
{
	const uint64_t chain[] = { (uint64_t)PERF_CONTEXT_KERNEL,
				   0xffff800000000001,
				   0xffff800000000002,
				   (uint64_t)PERF_CONTEXT_USER,
				   0x10,
				   0x20 };

	put_sample_misc(PERF_RECORD_MISC_KERNEL, SWITCH_ID + 1, 50, chain, 6);
	put_sample_misc(PERF_RECORD_MISC_KERNEL, SWITCH_ID + 1, 60, chain, 0);
	put_sample_misc(PERF_RECORD_MISC_GUEST_USER, SWITCH_ID + 1, 70, NULL, 0);
	ck_assert_int_eq(read_all(), 0);
	ck_assert_str_eq(str_text(&seen),
			 "S50,7/8,cpu1,10000000 kffff800000000001 kffff800000000002 u10 u20\n"
			 "S60,7/8,cpu1,10000000 k1111\n"
			 "S70,7/8,cpu1,10000000\n");
	ck_assert_uint_eq(counts.samples, 3);
	ck_assert_uint_eq(counts.first_ns, 50);
	ck_assert_uint_eq(counts.last_ns, 70);
}
END_TEST

START_TEST(rounds_are_merged)
{
	put_sample(100);
	put_sample(300);
	put_comm(&recording, 200, 7, 7, "late");
	put_round(&recording);
	put_sample(250);
	put_sample(400);
	put_round(&recording);
	put_comm(&recording, 0, 7, 7, "first");
	ck_assert_int_eq(read_all(), 0);
	ck_assert_str_eq(str_text(&seen), "S100,7/8,cpu1,10000000,user u64\n"
					  "T200,0,7/7 late\n"
					  "S250,7/8,cpu1,10000000,user ufa\n"
					  "S300,7/8,cpu1,10000000,user u12c\n"
					  "T300,0,7/7 first\n"
					  "S400,7/8,cpu1,10000000,user u190\n");
}
END_TEST

START_TEST(mappings_and_build_ids)
{
	uint8_t device[24] = { 8, 0, 0, 0, 1, 0, 0, 0, 42 }, id[24] = { 20, 0, 0, 0, 0xab };

	id[23] = 0xcd;
	put_mmap2(10, 0, device, "/usr/bin/x");
	put_mmap2(20, PERF_RECORD_MISC_MMAP_BUILD_ID, id, "/usr/bin/y");
	id[0] = 200; /* longer than an id can be */
	put_mmap2(30, PERF_RECORD_MISC_MMAP_BUILD_ID, id, "/usr/bin/z");
	ck_assert_int_eq(read_all(), 0);
	ck_assert_str_eq(str_text(&seen), "M10,7 400000+1000@2000 8:1 42 /usr/bin/x id0\n"
					  "M20,7 400000+1000@2000 0:0 0 /usr/bin/y id20:abcd\n"
					  "M30,7 400000+1000@2000 0:0 0 /usr/bin/z id0\n");
}
END_TEST

START_TEST(losses_are_counted)
{
	put_sample(10);
	put_lost(&recording, 20, 0, 5);
	put_lost(&recording, 30, 1, 6);
	ck_assert_int_eq(read_all(), 0);
	ck_assert_uint_eq(counts.lost, 11);
}
END_TEST

/* A chain that claims more than the record has. */
START_TEST(long_chain_is_undecoded)
{
	uint64_t many = 1000;

	put_sample(10);
	put_sample(20);
	memcpy(recording.records.data + recording.records.len - 24, &many, sizeof(many));
	ck_assert_int_eq(read_all(), 0);
	ck_assert_uint_eq(counts.samples, 1);
	ck_assert_uint_eq(counts.undecoded, 1);
}
END_TEST

START_TEST(damaged_tail)
{
	put_sample(10);
	str_append_bytes(&recording.records, "\x09\0\0\0\0\0\x02\0", 8); /* size 2 */
	ck_assert_int_eq(read_all(), -EBADMSG);
	ck_assert_uint_eq(counts.samples, 1);
}
END_TEST

/* Samples of the scheduler in the same file are the other reader's. */
START_TEST(both_in_one_file)
{
	struct event_list events = { 0 };
	struct err err = { "" };

	recording.attrs[1].sample_type = CLOCK_SAMPLE;
	put_sample(10);
	put_sample_misc(PERF_RECORD_MISC_KERNEL, WAKING_ID, 20, NULL, 0);
	put_comm(&recording, 30, 7, 7, "name");
	ck_assert_int_eq(read_all(), 0);
	ck_assert_str_eq(str_text(&seen), "S10,7/8,cpu1,10000000,user ua\nT30,0,7/7 name\n");
	ck_assert_int_eq(perf_data_each(data, keep_event, &events, &err), 0);
	ck_assert_uint_eq(events.len, 1);
	ck_assert_int_eq(events.data[0].type, SCHED_NAME);
	vec_free(&events);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("perf_data_stacks");
	TCase *t = tcase_create("perf_data_stacks");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_sampled);
	tcase_add_test(t, cycles_beat_clocks);
	tcase_add_test(t, page_faults_are_no_clock);
	tcase_add_test(t, chains_are_split);
	tcase_add_test(t, rounds_are_merged);
	tcase_add_test(t, mappings_and_build_ids);
	tcase_add_test(t, losses_are_counted);
	tcase_add_test(t, long_chain_is_undecoded);
	tcase_add_test(t, damaged_tail);
	tcase_add_test(t, both_in_one_file);
	suite_add_tcase(s, t);
	return s;
}

int main(void)
{
	SRunner *runner = srunner_create(suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
