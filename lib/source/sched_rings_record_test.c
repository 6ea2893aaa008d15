/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/sched_rings_internal.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char waking_format[] =
	"name: sched_waking\nID: 375\nformat:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
	"\tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n"
	"\tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n"
	"\tfield:int prio;\toffset:28;\tsize:4;\tsigned:1;\n"
	"\tfield:int target_cpu;\toffset:32;\tsize:4;\tsigned:1;\n\n"
	"print fmt: \"comm=%s pid=%d prio=%d target_cpu=%03d\", REC->comm, REC->pid, REC->prio, "
	"REC->target_cpu\n";

struct waking {
	uint16_t type;
	uint8_t flags, preempt_count;
	int32_t current;
	char comm[16];
	int32_t pid, prio, target_cpu;
};

/* A record that is exactly as long as it says, so that the sanitizer sees a step beyond its end. */
struct record {
	struct perf_event_header *header;
};

static void record_free(struct record *record)
{
	free(record->header);
}

static struct record record_make(uint32_t type, uint16_t misc, const void *body, size_t len)
{
	struct record record = { .header = malloc(sizeof(struct perf_event_header) + len) };

	ck_assert_ptr_nonnull(record.header);
	*record.header = (struct perf_event_header){
		.type = type,
		.misc = misc,
		.size = (uint16_t)(sizeof(struct perf_event_header) + len),
	};
	memcpy(record.header + 1, body, len);
	return record;
}

static int decode(const struct sched_format *format, uint32_t type, uint16_t misc, const void *body,
		  size_t len, struct sched_event *ret)
{
	_cleanup_(record_free) struct record record = record_make(type, misc, body, len);

	return sched_rings_decode(format, record.header, ret);
}

static struct sched_format *format_make(void)
{
	struct sched_format *format;

	ck_assert_int_eq(sched_format_new(&format), 0);
	ck_assert_int_eq(sched_format_add(format, waking_format, strlen(waking_format), NULL), 0);
	sched_format_settle(format);
	return format;
}

struct sample {
	uint64_t time;
	uint32_t len;
	struct waking waking;
} __attribute__((packed));

static const struct sample sample = {
	.time = 123456789,
	.len = sizeof(struct waking),
	.waking = { .type = 375,
		    .flags = 0x10,
		    .current = 7,
		    .comm = "wakee",
		    .pid = 42,
		    .target_cpu = 3 },
};

START_TEST(sample_is_time_and_payload)
{
	struct sched_format *format = format_make();
	struct sched_event event = { 0 };

	ck_assert_int_eq(decode(format, PERF_RECORD_SAMPLE, 0, &sample, sizeof(sample), &event), 1);
	ck_assert_int_eq(event.type, SCHED_WAKEUP);
	ck_assert_uint_eq(event.time_ns, 123456789);
	ck_assert_int_eq(event.tid, 42);
	ck_assert_int_eq(event.current_tid, 7);
	ck_assert_int_eq(event.target_cpu, 3);
	ck_assert_int_eq(event.context, SCHED_CONTEXT_SOFTIRQ);
	ck_assert_str_eq(event.comm, "wakee");
	sched_format_free(format);
}
END_TEST

START_TEST(sample_longer_than_its_record_is_refused)
{
	struct sched_format *format = format_make();
	struct sched_event event;
	struct sample lying = sample;

	lying.len = UINT32_MAX;
	for (size_t len = 0; len < sizeof(sample); len++)
		ck_assert_int_eq(decode(format, PERF_RECORD_SAMPLE, 0, &sample, len, &event),
				 -EBADMSG);
	ck_assert_int_eq(decode(format, PERF_RECORD_SAMPLE, 0, &lying, sizeof(lying), &event),
			 -EBADMSG);
	sched_format_free(format);
}
END_TEST

START_TEST(loss_tells_how_many_and_when)
{
	struct sched_format *format = format_make();
	const uint64_t lost[] = { 5, 1000, 77 }; /* id, lost, time */
	const uint64_t lost_samples[] = { 30, 78 };
	struct sched_event event;

	ck_assert_int_eq(decode(format, PERF_RECORD_LOST, 0, lost, sizeof(lost), &event), 1);
	ck_assert_int_eq(event.type, SCHED_LOST);
	ck_assert_uint_eq(event.value, 1000);
	ck_assert_uint_eq(event.time_ns, 77);
	ck_assert_int_eq(decode(format, PERF_RECORD_LOST_SAMPLES, 0, lost_samples,
				sizeof(lost_samples), &event),
			 1);
	ck_assert_uint_eq(event.value, 30);
	for (size_t len = 0; len < sizeof(lost); len++)
		ck_assert_int_eq(decode(format, PERF_RECORD_LOST, 0, lost, len, &event), -EBADMSG);
	sched_format_free(format);
}
END_TEST

START_TEST(comm_and_fork_tell_names_and_processes)
{
	struct sched_format *format = format_make();
	const struct {
		uint32_t pid, tid;
		char comm[16];
		uint64_t time;
	} comm = { 10, 11, "0123456789abcdef", 99 };
	const struct {
		uint32_t pid, ppid, tid, ptid;
		uint64_t time, id_time;
	} fork = { 10, 9, 12, 8, 98, 99 };
	struct sched_event event;

	ck_assert_int_eq(decode(format, PERF_RECORD_COMM, 0, &comm, sizeof(comm), &event), 1);
	ck_assert_int_eq(event.type, SCHED_NAME);
	ck_assert_int_eq(event.tid, 11);
	ck_assert_int_eq(event.other_tid, 10);
	ck_assert_str_eq(event.comm, "0123456789abcde");
	ck_assert_int_eq(decode(format, PERF_RECORD_FORK, 0, &fork, sizeof(fork), &event), 1);
	ck_assert_int_eq(event.tid, 12);
	ck_assert_int_eq(event.other_tid, 10);
	ck_assert_str_eq(event.comm, "");
	for (size_t len = 0; len < 16; len++)
		ck_assert_int_eq(decode(format, PERF_RECORD_COMM, 0, &comm, len, &event), -EBADMSG);
	sched_format_free(format);
}
END_TEST

START_TEST(switch_record_tells_who_left_and_how)
{
	const struct {
		uint32_t next_pid, next_tid, pid, tid;
		uint64_t time;
	} out = { 1, 2, 3, 4, 55 };
	const uint16_t misc = PERF_RECORD_MISC_SWITCH_OUT;
	struct sched_event event;

	ck_assert_int_eq(decode(NULL, PERF_RECORD_SWITCH_CPU_WIDE, misc, &out, sizeof(out), &event),
			 1);
	ck_assert_int_eq(event.type, SCHED_SWITCH);
	ck_assert_int_eq(event.tid, 2);
	ck_assert_int_eq(event.other_tid, 4);
	ck_assert_uint_eq(event.time_ns, 55);
	ck_assert(!event.runnable && event.state == '\0');
	ck_assert_int_eq(decode(NULL, PERF_RECORD_SWITCH_CPU_WIDE,
				misc | PERF_RECORD_MISC_SWITCH_OUT_PREEMPT, &out, sizeof(out),
				&event),
			 1);
	ck_assert(event.runnable && event.preempted && event.state == 'R');
	/* The other half of the same switch. */
	ck_assert_int_eq(decode(NULL, PERF_RECORD_SWITCH_CPU_WIDE, 0, &out, sizeof(out), &event),
			 0);
	for (size_t len = 0; len < sizeof(out); len++)
		ck_assert_int_eq(decode(NULL, PERF_RECORD_SWITCH_CPU_WIDE, misc, &out, len, &event),
				 -EBADMSG);
}
END_TEST

START_TEST(other_records_are_none_of_ours)
{
	const uint64_t body[] = { 1, 2, 3 };
	struct sched_event event;

	ck_assert_int_eq(decode(NULL, PERF_RECORD_MMAP2, 0, body, sizeof(body), &event), 0);
	ck_assert_int_eq(decode(NULL, PERF_RECORD_EXIT, 0, body, 0, &event), 0);
	ck_assert_int_eq(decode(NULL, UINT32_MAX, 0, body, sizeof(body), &event), 0);
	ck_assert_int_eq(decode(NULL, PERF_RECORD_SAMPLE, 0, body, sizeof(body), &event), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sched_rings_record");
	TCase *tcase = tcase_create("records");

	tcase_add_test(tcase, sample_is_time_and_payload);
	tcase_add_test(tcase, sample_longer_than_its_record_is_refused);
	tcase_add_test(tcase, loss_tells_how_many_and_when);
	tcase_add_test(tcase, comm_and_fork_tell_names_and_processes);
	tcase_add_test(tcase, switch_record_tells_who_left_and_how);
	tcase_add_test(tcase, other_records_are_none_of_ours);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
