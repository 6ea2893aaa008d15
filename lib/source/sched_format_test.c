/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats of three generations of kernels, and payloads laid out by hand: no kernel is needed. */
#include "source/sched_format.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "source/test_sched_formats.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct sched_format *format;
static struct sched_event event;
static uint8_t raw[256];

static void setup(void)
{
	ck_assert_int_eq(sched_format_new(&format), 0);
	memset(raw, 0, sizeof(raw));
	memset(&event, 0x5a, sizeof(event));
}

static void teardown(void)
{
	sched_format_free(format);
}

static int add(const char *text)
{
	struct err err = { "" };
	int r = sched_format_add(format, text, strlen(text), &err);

	ck_assert_msg((r == 0) == (err.msg[0] == '\0'), "%d: %s", r, err.msg);
	return r;
}

#define PUT(type, offset, number)                            \
	do {                                                 \
		type put_ = (type)(number);                  \
		memcpy(raw + (offset), &put_, sizeof(put_)); \
	} while (0)

static void put_common(uint16_t id, uint8_t flags, int32_t pid)
{
	PUT(uint16_t, 0, id);
	PUT(uint8_t, 2, flags);
	PUT(int32_t, 4, pid);
}

static void put_switch(int64_t prev_state)
{
	put_common(372, 0, 4711);
	strcpy((char *)raw + 8, "prev");
	PUT(int32_t, 24, 4711);
	PUT(int64_t, 32, prev_state);
	memcpy(raw + 40, "a name too long!", 16); /* without a NUL: the kernel never does that */
	PUT(int32_t, 56, 4712);
}

/* The payload in memory of exactly its size, so that the sanitizer sees what is read past it. */
static int decode(size_t len)
{
	_cleanup_(cleanup_free) uint8_t *exact = malloc(len ? len : 1);

	memcpy(exact, raw, len);
	return sched_format_decode(format, exact, len, &event);
}

START_TEST(switch_6)
{
	ck_assert_int_eq(add(FORMAT_SWITCH), 0);
	put_switch(1);
	event.time_ns = 5;
	event.cpu = 3;
	ck_assert_int_eq(decode(64), 1);
	ck_assert_int_eq(event.type, SCHED_SWITCH);
	ck_assert_int_eq(event.context, SCHED_CONTEXT_TASK);
	ck_assert_uint_eq(event.time_ns, 5);
	ck_assert_uint_eq(event.cpu, 3);
	ck_assert_int_eq(event.current_tid, 4711);
	ck_assert_int_eq(event.other_tid, 4711);
	ck_assert_int_eq(event.tid, 4712);
	ck_assert_int_eq(event.target_cpu, -1);
	ck_assert_str_eq(event.other_comm, "prev");
	ck_assert_str_eq(event.comm, "a name too long");
}
END_TEST

static void check_state(int64_t prev_state, char letter, bool runnable, bool preempted)
{
	put_switch(prev_state);
	ck_assert_int_eq(decode(64), 1);
	ck_assert_msg(event.state == letter, "0x%llx: %c", (unsigned long long)prev_state,
		      event.state);
	ck_assert_int_eq(event.runnable, runnable);
	ck_assert_int_eq(event.preempted, preempted);
}

START_TEST(states_6)
{
	ck_assert_int_eq(add(FORMAT_SWITCH), 0);
	check_state(0, 'R', true, false);
	check_state(0x100, 'R', true, true);
	check_state(1, 'S', false, false);
	check_state(2, 'D', false, false);
	check_state(4, 'T', false, false);
	check_state(8, 't', false, false);
	check_state(0x10, 'X', false, false);
	check_state(0x20, 'Z', false, false);
	check_state(0x40, 'P', false, false);
	check_state(0x80, 'I', false, false);
	check_state(0x82, 'D', false, false); /* D|I: the first of the list */
	check_state(0x800, 'R', true, false); /* a bit that the kernel masks out */
}
END_TEST

START_TEST(switch_3)
{
	static const struct {
		int32_t state;
		char letter;
		bool runnable, preempted;
	} cases[] = {
		{ 0, 'R', true, false },    { 1024, 'R', true, true },	{ 1, 'S', false, false },
		{ 128, 'K', false, false }, { 512, 'P', false, false }, { 130, 'D', false, false },
	};

	ck_assert_int_eq(add(FORMAT_SWITCH_3), 0);
	put_common(279, 0, 1);
	PUT(int32_t, 8, 70000);
	PUT(int16_t, 20, -2);
	strcpy((char *)raw + 22, "a name of twenty bytes");
	memcpy(raw + 46, "12345678", 8);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		PUT(int32_t, 16, cases[i].state);
		ck_assert_int_eq(decode(54), 1);
		ck_assert_int_eq(event.state, cases[i].letter);
		ck_assert_int_eq(event.runnable, cases[i].runnable);
		ck_assert_int_eq(event.preempted, cases[i].preempted);
	}
	ck_assert_int_eq(event.tid, 70000);
	ck_assert_int_eq(event.other_tid, -2);
	ck_assert_str_eq(event.comm, "a name of twent");
	ck_assert_str_eq(event.other_comm, "12345678");
}
END_TEST

START_TEST(switch_2)
{
	ck_assert_int_eq(add(FORMAT_SWITCH_2), 0);
	put_common(57, 0, 12);
	strcpy((char *)raw + 12, "old");
	PUT(int32_t, 28, 12);
	PUT(int64_t, 40, 0);
	PUT(int32_t, 64, 13);
	ck_assert_int_eq(decode(72), 1);
	ck_assert(event.runnable && !event.preempted && event.state == 'R');
	ck_assert_int_eq(event.tid, 13);
	ck_assert_int_eq(event.other_tid, 12);
	ck_assert_str_eq(event.other_comm, "old");
	PUT(int64_t, 40, 128);
	ck_assert_int_eq(decode(72), 1);
	ck_assert_int_eq(event.state, 'W');
	PUT(int64_t, 40, 1024);
	ck_assert_int_eq(decode(72), 1);
	ck_assert_int_eq(event.state, '?');
	ck_assert(!event.runnable);
}
END_TEST

START_TEST(wakeup_and_context)
{
	ck_assert_int_eq(add(FORMAT_WAKING), 0);
	ck_assert_int_eq(add(FORMAT_WAKEUP_NEW), 0);
	put_common(375, 0x10, 0);
	strcpy((char *)raw + 8, "wakee");
	PUT(int32_t, 24, 99);
	PUT(int32_t, 32, 5);
	ck_assert_int_eq(decode(36), 1);
	ck_assert_int_eq(event.type, SCHED_WAKEUP);
	ck_assert_int_eq(event.context, SCHED_CONTEXT_SOFTIRQ);
	ck_assert_int_eq(event.tid, 99);
	ck_assert_int_eq(event.target_cpu, 5);
	ck_assert_int_eq(event.current_tid, 0);
	ck_assert_str_eq(event.comm, "wakee");

	put_common(373, 0x18, 7); /* a hard interrupt on top of a soft one */
	PUT(int32_t, 32, -3);
	ck_assert_int_eq(decode(36), 1);
	ck_assert_int_eq(event.type, SCHED_WAKEUP_NEW);
	ck_assert_int_eq(event.context, SCHED_CONTEXT_HARDIRQ);
	ck_assert_int_eq(event.target_cpu, -1);
}
END_TEST

START_TEST(failed_wakeup_3)
{
	ck_assert_int_eq(add(FORMAT_WAKEUP_3), 0);
	put_common(281, 0, 7);
	PUT(int32_t, 36, 1);
	ck_assert_int_eq(decode(40), 0);
	PUT(int32_t, 32, 1);
	ck_assert_int_eq(decode(40), 1);
	ck_assert_int_eq(event.target_cpu, 1);
}
END_TEST

START_TEST(fork_exit_migrate_runtime)
{
	ck_assert_int_eq(add(FORMAT_FORK), 0);
	ck_assert_int_eq(add(FORMAT_EXIT), 0);
	ck_assert_int_eq(add(FORMAT_MIGRATE), 0);
	ck_assert_int_eq(add(FORMAT_RUNTIME), 0);

	put_common(366, 0, 10);
	PUT(uint32_t, 8, 7u << 16 | 24);
	PUT(int32_t, 12, 10);
	PUT(uint32_t, 16, 20u << 16 | 31);
	PUT(int32_t, 20, 11);
	memcpy(raw + 24, "parent", 7);
	memcpy(raw + 31, "child of 20 bytes..", 20);
	ck_assert_int_eq(decode(51), 1);
	ck_assert_int_eq(event.type, SCHED_FORK);
	ck_assert_int_eq(event.tid, 11);
	ck_assert_int_eq(event.other_tid, 10);
	ck_assert_str_eq(event.comm, "child of 20 byt");
	ck_assert_str_eq(event.other_comm, "parent");

	put_common(371, 0, 10);
	PUT(uint32_t, 8, 4u << 16 | 16); /* __rel_loc: from the end of the word */
	PUT(int32_t, 12, 12);
	PUT(int32_t, 20, 1);
	PUT(int32_t, 24, 2);
	memcpy(raw + 28, "mig", 4);
	ck_assert_int_eq(decode(32), 1);
	ck_assert_int_eq(event.type, SCHED_MIGRATE);
	ck_assert_str_eq(event.comm, "mig");
	ck_assert_int_eq(event.from_cpu, 1);
	ck_assert_int_eq(event.target_cpu, 2);

	put_common(363, 0, 10);
	PUT(uint32_t, 8, 0);
	PUT(uint64_t, 16, 1ULL << 40);
	ck_assert_int_eq(decode(24), 1);
	ck_assert_int_eq(event.type, SCHED_RUNTIME);
	ck_assert_uint_eq(event.value, 1ULL << 40);
	ck_assert_str_eq(event.comm, "");

	put_common(369, 0, 10);
	PUT(int32_t, 24, 10);
	ck_assert_int_eq(decode(33), 1);
	ck_assert_int_eq(event.type, SCHED_EXIT);
	ck_assert_int_eq(event.tid, 10);
}
END_TEST

START_TEST(which_wakeup_counts)
{
	ck_assert_int_eq(add(FORMAT_WAKEUP), 0);
	sched_format_settle(format);
	put_common(374, 0, 1);
	ck_assert_int_eq(decode(36), 1);
	ck_assert_int_eq(add(FORMAT_WAKING), 0);
	sched_format_settle(format);
	ck_assert_int_eq(decode(36), 0);
	put_common(375, 0, 1);
	ck_assert_int_eq(decode(36), 1);
	ck_assert_int_eq(sched_format_id(format, "sched_wakeup"), 374);
	ck_assert_int_eq(sched_format_id(format, "sched_waking"), 375);
	ck_assert_int_eq(sched_format_id(format, "sched_switch"), -ENOENT);
	ck_assert_int_eq(sched_format_id(format, "nonsense"), -ENOENT);
	ck_assert(sched_format_wants(format, 375) && !sched_format_wants(format, 374));
	ck_assert(!sched_format_wants(format, -1) && !sched_format_wants(format, 70000));
	sched_format_leave_out(format, SCHED_WAKEUP);
	ck_assert_int_eq(decode(36), 0);
}
END_TEST

START_TEST(every_length)
{
	ck_assert_int_eq(decode(64), 0); /* nothing was added */
	ck_assert_int_eq(add(FORMAT_SWITCH), 0);
	ck_assert_int_eq(add(FORMAT_FORK), 0);
	put_switch(0);
	for (size_t len = 0; len < 60; len++) /* next_pid ends there; next_prio is not read */
		ck_assert_int_eq(decode(len), -EBADMSG);
	ck_assert_int_eq(decode(60), 1);
	ck_assert_int_eq(sched_format_id_in(format, raw, 1), -1);
	put_common(999, 0, 0);
	ck_assert_int_eq(decode(64), 0);

	put_common(366, 0, 0);
	PUT(uint32_t, 16, 0);
	PUT(uint32_t, 8, 0xffffu << 16 | 24);
	ck_assert_int_eq(decode(64), -EBADMSG);
	PUT(uint32_t, 8, 1u << 16 | 64);
	ck_assert_int_eq(decode(64), -EBADMSG);
	PUT(uint32_t, 8, 0xffffffffu);
	ck_assert_int_eq(decode(64), -EBADMSG);
	PUT(uint32_t, 8, 1u << 16 | 63);
	ck_assert_int_eq(decode(64), 1);
}
END_TEST

/* The switch's text with `old` replaced. */
static int add_changed(const char *old, const char *new)
{
	static char text[8192];
	const char *at = strstr(FORMAT_SWITCH, old);

	ck_assert_ptr_nonnull(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - FORMAT_SWITCH), FORMAT_SWITCH, new,
		 at + strlen(old));
	return add(text);
}

START_TEST(bad_texts)
{
	static char deep[20000];

	ck_assert_int_eq(add(""), -EBADMSG);
	ck_assert_int_eq(add("name: irq_handler_entry\nnonsense"), 0);
	ck_assert_int_eq(add("name: sched_switch\n"), -EBADMSG);
	ck_assert_int_eq(add_changed("ID: 372", "ID: 65536"), -EBADMSG);
	ck_assert_int_eq(add_changed("ID: 372", "ID: x"), -EBADMSG);
	ck_assert_int_eq(add_changed("prev_state;", "other_state;"), -EBADMSG);
	ck_assert_int_eq(add_changed("offset:32;\tsize:8", "offset:32;\tsize:3"), -EBADMSG);
	ck_assert_int_eq(add_changed("offset:32;", "offset:65530;"), -EBADMSG);
	ck_assert_int_eq(add_changed("offset:32;", "offset:99999999999;"), -EBADMSG);
	ck_assert_int_eq(add_changed("common_pid", "common_tid"), -EBADMSG);
	ck_assert_int_eq(add_changed("long prev_state;", "long ((((;"), -EBADMSG);
	ck_assert_int_eq(add_changed("long prev_state;", "long prev_state[];"), -EBADMSG);
	ck_assert_int_eq(add_changed("long prev_state;", "long 1prev_state;"), -EBADMSG);
	ck_assert_int_eq(add_changed("__print_flags", "__print_symbolic"), -EBADMSG);
	ck_assert_int_eq(add_changed("\"S\" }", "\"S\""), -EBADMSG);
	ck_assert_int_eq(add_changed("\"S\" }", "\"\" }"), -EBADMSG);
	ck_assert_int_eq(add_changed("{ 0x00000001", "{ 1 << 64"), -EBADMSG);
	ck_assert_int_eq(add_changed("{ 0x00000001", "{ 0x1ffffffffffffffffff"), -EBADMSG);
	memset(deep, '(', sizeof(deep) - 1);
	ck_assert_int_eq(add_changed("{ 0x00000001", deep), -EBADMSG);
	ck_assert_int_eq(sched_format_id(format, "sched_switch"), -ENOENT);
	put_switch(0);
	ck_assert_int_eq(decode(64), 0);
	ck_assert_int_eq(add(FORMAT_SWITCH), 0);
	ck_assert_int_eq(add(FORMAT_SWITCH_3), 0); /* the last one counts */
	ck_assert_int_eq(decode(64), 0);
}
END_TEST

START_TEST(common_type_elsewhere)
{
	static const char text[] =
		"name: sched_process_exit\nID: 5\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:8;\tsize:2;\tsigned:0;\n"
		"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n"
		"\tfield:pid_t pid;\toffset:10;\tsize:4;\tsigned:1;\n\nprint fmt: \"\"\n";

	ck_assert_int_eq(add(text), 0);
	PUT(uint16_t, 8, 5);
	PUT(int32_t, 10, 77);
	ck_assert_int_eq(decode(14), 1);
	ck_assert_int_eq(event.tid, 77);
	ck_assert_str_eq(event.comm, "");
	ck_assert_int_eq(add(FORMAT_SWITCH), -EBADMSG);
}
END_TEST

START_TEST(whole_length)
{
	_cleanup_(cleanup_free) char *text = calloc(1, 70000);

	ck_assert_int_eq(sched_format_add(format, text, 70000, NULL), -EBADMSG);
	for (size_t len = 0; len < strlen(FORMAT_SWITCH); len++) {
		_cleanup_(cleanup_free) char *cut = malloc(len + 1);

		memcpy(cut, FORMAT_SWITCH, len);
		sched_format_add(format, cut, len, NULL);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sched_format");
	TCase *tests = tcase_create("core");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, switch_6);
	tcase_add_test(tests, states_6);
	tcase_add_test(tests, switch_3);
	tcase_add_test(tests, switch_2);
	tcase_add_test(tests, wakeup_and_context);
	tcase_add_test(tests, failed_wakeup_3);
	tcase_add_test(tests, fork_exit_migrate_runtime);
	tcase_add_test(tests, which_wakeup_counts);
	tcase_add_test(tests, every_length);
	tcase_add_test(tests, bad_texts);
	tcase_add_test(tests, common_type_elsewhere);
	tcase_add_test(tests, whole_length);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
