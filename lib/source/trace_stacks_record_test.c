/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of futexes and kernel locks as a ring holds them, and the filters that keep others out. */
#include "source/trace_stacks_internal.h"

#include "base/testing.h"

#include <errno.h>
#include <string.h>

#define FUTEX_ID 522
#define LOCK_ID 408

static const char futex_format[] =
	"name: sys_enter_futex\n"
	"ID: 522\n"
	"format:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
	"\n"
	"\tfield:int __syscall_nr;\toffset:8;\tsize:4;\tsigned:1;\n"
	"\tfield:u32 * uaddr;\toffset:16;\tsize:8;\tsigned:0;\n"
	"\tfield:int op;\toffset:24;\tsize:8;\tsigned:0;\n"
	"\n"
	"print fmt: \"uaddr: 0x%08lx\", ((unsigned long)(REC->uaddr))\n";

static const char lock_format[] =
	"name: contention_begin\n"
	"ID: 408\n"
	"format:\n"
	"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
	"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
	"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
	"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n"
	"\n"
	"\tfield:void * lock_addr;\toffset:8;\tsize:8;\tsigned:0;\n"
	"\tfield:unsigned int flags;\toffset:16;\tsize:4;\tsigned:0;\n"
	"\n"
	"print fmt: \"%p\", REC->lock_addr\n";

static struct sched_format *format;
static uint64_t words[4096];
static size_t words_len;
static struct trace_record record;

static void set_up(void)
{
	ck_assert_int_eq(sched_format_new(&format), 0);
	sched_format_take_locks(format);
	ck_assert_int_eq(sched_format_add(format, futex_format, strlen(futex_format), NULL), 0);
	ck_assert_int_eq(sched_format_add(format, lock_format, strlen(lock_format), NULL), 0);
	words_len = 1; /* the header */
	memset(&record, 0, sizeof(record));
}

static void tear_down(void)
{
	sched_format_free(format);
}

static void put(uint64_t word)
{
	words[words_len++] = word;
}

static void put_pair(uint32_t first, uint32_t second)
{
	uint32_t pair[2] = { first, second };

	memcpy(&words[words_len++], pair, sizeof(pair));
}

static void put_raw(const void *bytes, uint32_t len)
{
	memcpy((char *)&words[words_len], &len, sizeof(len));
	memcpy((char *)&words[words_len] + sizeof(len), bytes, len);
	words_len += (len + sizeof(len) + 7) / 8;
}

static void put_futex(uint64_t address, int op, pid_t tid)
{
	char raw[36] = { 0 };
	uint16_t id = FUTEX_ID;
	int64_t wide = op;

	memcpy(raw, &id, sizeof(id));
	memcpy(raw + 4, &tid, sizeof(tid));
	memcpy(raw + 16, &address, sizeof(address));
	memcpy(raw + 24, &wide, sizeof(wide));
	put_raw(raw, sizeof(raw));
}

static int decode(uint32_t type, uint16_t misc, uint64_t sample_type)
{
	struct perf_event_header header = { .type = type,
					    .misc = misc,
					    .size = (uint16_t)(words_len * 8) };

	memcpy(words, &header, sizeof(header));
	return trace_record_decode(format, sample_type, (const void *)words, &record);
}

START_TEST(an_event_without_a_stack)
{
	put_pair(400, 417);
	put(123456789);
	put_pair(3, 0);
	put_futex(0x7f1000, 129, 417);
	ck_assert_int_eq(decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, TRACE_STACKS_TYPE), 1);
	ck_assert_int_eq(record.event.type, SCHED_FUTEX);
	ck_assert_uint_eq(record.event.value, 0x7f1000);
	ck_assert_int_eq(record.event.flags, 129);
	ck_assert_int_eq(record.event.current_tid, 417);
	ck_assert_int_eq(record.event.tid, 417);
	ck_assert_uint_eq(record.event.time_ns, 123456789);
	ck_assert_uint_eq(record.event.cpu, 3);
	ck_assert_int_eq(record.pid, 400);
}
END_TEST

static void put_stack_sample(void)
{
	put_pair(400, 417);
	put(5);
	put_pair(1, 0);
	put(5);
	put((uint64_t)PERF_CONTEXT_KERNEL);
	put(0xffffffff81000010);
	put(0xffffffff81000020);
	put((uint64_t)PERF_CONTEXT_USER);
	put(0x401000);
	put_futex(0x7f1000, 129, 417);
	put(PERF_SAMPLE_REGS_ABI_64);
	for (uint64_t i = 0; i < STACK_USER_REGS_COUNT; i++)
		put(i);
	put(16);
	put(0x1111);
	put(0x2222);
	put(8);
}

START_TEST(an_event_with_its_stack)
{
	put_stack_sample();
	ck_assert_int_eq(
		decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, TRACE_STACKS_TYPE_STACK), 1);
	ck_assert_uint_eq(record.sample.kernel_count, 2);
	ck_assert_uint_eq(record.sample.kernel[0], 0xffffffff81000010);
	ck_assert_uint_eq(record.sample.user_count, 1);
	ck_assert_uint_eq(record.sample.user[0], 0x401000);
	ck_assert_uint_eq(record.sample.user_stack_len, 8);
	ck_assert_uint_eq(record.sample.user_regs[3], 3);
	ck_assert_int_eq(record.sample.tid, 417);
	ck_assert_uint_eq(record.event.value, 0x7f1000);
}
END_TEST

START_TEST(what_is_cut_short_is_refused)
{
	size_t whole;

	put_stack_sample();
	whole = words_len;
	for (size_t len = 1; len < whole; len++) {
		words_len = len;
		ck_assert_int_eq(decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL,
					TRACE_STACKS_TYPE_STACK),
				 -EBADMSG);
	}
}
END_TEST

START_TEST(lengths_that_are_lies_are_refused)
{
	put_pair(400, 417);
	put(5);
	put_pair(1, 0);
	put(UINT64_MAX);
	put_futex(0x7f1000, 129, 417);
	ck_assert_int_eq(decode(PERF_RECORD_SAMPLE, 0, TRACE_STACKS_TYPE_CHAIN), -EBADMSG);
	words_len = 4;
	put(UINT64_MAX); /* the raw part's size among it */
	ck_assert_int_eq(decode(PERF_RECORD_SAMPLE, 0, TRACE_STACKS_TYPE), -EBADMSG);
}
END_TEST

START_TEST(a_loss_is_told)
{
	put(77);
	put(12);
	put_pair(400, 417);
	put(99);
	put_pair(2, 0);
	ck_assert_int_eq(decode(PERF_RECORD_LOST, 0, TRACE_STACKS_TYPE), 1);
	ck_assert_int_eq(record.event.type, SCHED_LOST);
	ck_assert_uint_eq(record.event.value, 12);
	ck_assert_uint_eq(record.event.time_ns, 99);
	ck_assert_uint_eq(record.event.cpu, 2);
}
END_TEST

START_TEST(locks_are_no_events_unless_asked_for)
{
	struct sched_format *plain;

	ck_assert_int_eq(sched_format_new(&plain), 0);
	ck_assert_int_eq(sched_format_add(plain, lock_format, strlen(lock_format), NULL), 0);
	ck_assert(!sched_format_wants(plain, LOCK_ID));
	ck_assert(sched_format_wants(format, LOCK_ID));
	sched_format_free(plain);
}
END_TEST

static const char *filter_of(enum trace_about about, bool by_tid, struct str *text)
{
	const char *comms[] = { "worker-*", "a\" || pid > 0 || comm ~ \"*" };
	const pid_t tids[] = { 417, 418 };
	struct trace_stacks_options options = {
		.comms = comms, .comms_count = 2, .tids = tids, .tids_count = 2
	};

	str_clear(text);
	if (by_tid)
		trace_filter_tids(about, &options, text);
	else
		trace_filter_names(about, &options, text);
	return str_text(text);
}

/* A thread may be called anything: it must not become a filter of its own. */
START_TEST(names_stay_names_in_a_filter)
{
	struct str text = { 0 };

	ck_assert_str_eq(filter_of(TRACE_ABOUT_WAKEE, false, &text),
			 "comm ~ \"worker-*\" || comm ~ \"a? ?? pid ? 0 ?? comm ? ?*\"");
	ck_assert_str_eq(filter_of(TRACE_ABOUT_WAKEE, true, &text), "(pid == 417 || pid == 418)");
	ck_assert_ptr_nonnull(
		strstr(filter_of(TRACE_ABOUT_SWITCH, false, &text), "next_comm ~ \"worker-*\""));
	ck_assert_ptr_nonnull(strstr(filter_of(TRACE_ABOUT_FUTEX, true, &text),
				     "(common_pid == 417 || common_pid == 418) && (op == 1 || "
				     "op == 129"));
	str_free(&text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trace_stacks records");
	TCase *cases = tcase_create("records");

	tcase_add_checked_fixture(cases, set_up, tear_down);
	tcase_add_test(cases, an_event_without_a_stack);
	tcase_add_test(cases, an_event_with_its_stack);
	tcase_add_test(cases, what_is_cut_short_is_refused);
	tcase_add_test(cases, lengths_that_are_lies_are_refused);
	tcase_add_test(cases, a_loss_is_told);
	tcase_add_test(cases, locks_are_no_events_unless_asked_for);
	tcase_add_test(cases, names_stay_names_in_a_filter);
	suite_add_tcase(suite, cases);
	return run_suite(suite);
}
