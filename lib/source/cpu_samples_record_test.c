/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source/cpu_samples_internal.h"

#include "base/cleanup.h"
#include "base/testing.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define WORDS_MAX 256

/* The words of a record's body, put together one by one. */
struct body {
	uint64_t words[WORDS_MAX];
	size_t count;
};

static void put(struct body *body, uint64_t word)
{
	ck_assert_uint_lt(body->count, WORDS_MAX);
	body->words[body->count++] = word;
}

static void put_pair(struct body *body, uint32_t first, uint32_t second)
{
	const uint32_t pair[2] = { first, second };
	uint64_t word;

	memcpy(&word, pair, sizeof(word));
	put(body, word);
}

static void put_text(struct body *body, const char *text)
{
	size_t len = strlen(text) + 1;
	char padded[WORDS_MAX] = "";

	memcpy(padded, text, len);
	for (size_t at = 0; at < len; at += 8) {
		uint64_t word;

		memcpy(&word, padded + at, sizeof(word));
		put(body, word);
	}
}

static void put_sample_id(struct body *body)
{
	put_pair(body, 11, 12);
	put(body, 777000);
	put_pair(body, 3, 0);
}

/* A record that is exactly as long as it says, so that the sanitizer sees a step beyond its end.
 * What is decoded leads into it. */
struct decoded {
	struct perf_event_header *header;
	struct cpu_samples_record record;
	int r;
};

static void decoded_free(struct decoded *decoded)
{
	free(decoded->header);
}

static struct decoded decode(uint32_t type, uint16_t misc, bool user_stacks,
			     const struct body *body)
{
	size_t size = sizeof(struct perf_event_header) + body->count * 8;
	struct decoded decoded = { .header = malloc(size) };

	ck_assert_ptr_nonnull(decoded.header);
	*decoded.header =
		(struct perf_event_header){ .type = type, .misc = misc, .size = (uint16_t)size };
	memcpy(decoded.header + 1, body->words, body->count * 8);
	decoded.r = cpu_samples_decode(decoded.header, user_stacks, &decoded.record);
	return decoded;
}

#define IP 0xffffffff81000010

static struct body sample_body(void)
{
	struct body body = { 0 };

	put(&body, IP);
	put_pair(&body, 42, 43);
	put(&body, 123456789);
	put_pair(&body, 5, 0);
	put(&body, 2004008);
	return body;
}

static struct body chain_body(const uint64_t *ips, size_t count)
{
	struct body body = sample_body();

	put(&body, count);
	for (size_t i = 0; i < count; i++)
		put(&body, ips[i]);
	return body;
}

#define KERNEL ((uint64_t)PERF_CONTEXT_KERNEL)
#define USER ((uint64_t)PERF_CONTEXT_USER)

START_TEST(sample_has_both_parts_of_its_chain)
{
	const uint64_t ips[] = {
		KERNEL, IP, 0xffffffff81000020, USER, 0x401000, 0x401100, 0x401200
	};
	struct body body = chain_body(ips, ARRAY_SIZE(ips));
	_cleanup_(decoded_free) struct decoded decoded =
		decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, false, &body);
	const struct stack_sample *sample = &decoded.record.sample;

	ck_assert_int_eq(decoded.r, 1);
	ck_assert_int_eq(decoded.record.type, CPU_SAMPLES_RECORD_SAMPLE);
	ck_assert_uint_eq(decoded.record.time_ns, 123456789);
	ck_assert_uint_eq(sample->time_ns, 123456789);
	ck_assert_int_eq(sample->pid, 42);
	ck_assert_int_eq(sample->tid, 43);
	ck_assert_uint_eq(sample->cpu, 5);
	ck_assert_uint_eq(sample->period, 2004008);
	ck_assert(!sample->in_user);
	ck_assert_uint_eq(sample->kernel_count, 2);
	ck_assert_uint_eq(sample->kernel[0], IP);
	ck_assert_uint_eq(sample->kernel[1], 0xffffffff81000020);
	ck_assert_uint_eq(sample->user_count, 3);
	ck_assert_uint_eq(sample->user[0], 0x401000);
	ck_assert_uint_eq(sample->user[2], 0x401200);
	ck_assert_ptr_null(sample->user_regs);
	ck_assert_ptr_null(sample->user_stack);
}
END_TEST

START_TEST(user_sample_has_a_user_part_only)
{
	const uint64_t ips[] = { USER, 0x401000, 0x401100 };
	const uint64_t odd[] = { KERNEL, 0xffffffff81000020, USER, 0x401000 };
	struct body body = chain_body(ips, ARRAY_SIZE(ips));
	struct body odd_body = chain_body(odd, ARRAY_SIZE(odd));
	_cleanup_(decoded_free) struct decoded decoded =
		decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, false, &body);
	_cleanup_(decoded_free) struct decoded strange =
		decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, false, &odd_body);

	ck_assert_int_eq(decoded.r, 1);
	ck_assert(decoded.record.sample.in_user);
	ck_assert_uint_eq(decoded.record.sample.kernel_count, 0);
	ck_assert_uint_eq(decoded.record.sample.user_count, 2);
	ck_assert_int_eq(strange.r, 1);
	ck_assert_uint_eq(strange.record.sample.kernel_count, 0);
	ck_assert_uint_eq(strange.record.sample.user_count, 1);
}
END_TEST

START_TEST(guests_and_hypervisors_are_left_out)
{
	const uint64_t ips[] = { (uint64_t)PERF_CONTEXT_HV,
				 1,
				 (uint64_t)PERF_CONTEXT_GUEST_KERNEL,
				 2,
				 KERNEL,
				 IP,
				 (uint64_t)PERF_CONTEXT_GUEST,
				 3,
				 USER,
				 (uint64_t)PERF_CONTEXT_GUEST_USER,
				 4,
				 (uint64_t)-640, /* of a later kernel */
				 5,
				 USER,
				 0x401000 };
	struct body body = chain_body(ips, ARRAY_SIZE(ips));
	struct body empty = chain_body(NULL, 0);
	_cleanup_(decoded_free) struct decoded decoded =
		decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, false, &body);
	_cleanup_(decoded_free) struct decoded guest =
		decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_GUEST_USER, false, &empty);
	const struct stack_sample *sample = &decoded.record.sample;

	ck_assert_int_eq(decoded.r, 1);
	ck_assert_uint_eq(sample->kernel_count, 1);
	ck_assert_uint_eq(sample->kernel[0], IP);
	ck_assert_uint_eq(sample->user_count, 1);
	ck_assert_uint_eq(sample->user[0], 0x401000);
	ck_assert_int_eq(guest.r, 1);
	ck_assert(!guest.record.sample.in_user);
	ck_assert_uint_eq(guest.record.sample.kernel_count, 0);
	ck_assert_uint_eq(guest.record.sample.user_count, 0);
}
END_TEST

START_TEST(without_a_chain_the_address_is_the_leaf)
{
	const uint64_t user_only[] = { USER, 0x401000 };
	const uint64_t unmarked[] = { IP, 0xffffffff81000020 };
	struct body empty = chain_body(NULL, 0);
	struct body cut = chain_body(user_only, 2), bare = chain_body(unmarked, 2);
	_cleanup_(decoded_free) struct decoded kernel =
		decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, false, &empty);
	_cleanup_(decoded_free) struct decoded user =
		decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, false, &empty);
	_cleanup_(decoded_free) struct decoded half =
		decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, false, &cut);
	_cleanup_(decoded_free) struct decoded no_marker =
		decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_KERNEL, false, &bare);

	ck_assert_uint_eq(kernel.record.sample.kernel_count, 1);
	ck_assert_uint_eq(kernel.record.sample.kernel[0], IP);
	ck_assert_uint_eq(kernel.record.sample.user_count, 0);
	ck_assert_uint_eq(user.record.sample.user_count, 1);
	ck_assert_uint_eq(user.record.sample.user[0], IP);
	ck_assert_uint_eq(half.record.sample.kernel_count, 1);
	ck_assert_uint_eq(half.record.sample.user_count, 1);
	ck_assert_uint_eq(no_marker.record.sample.kernel_count, 2);
}
END_TEST

static void put_user_stack(struct body *body, uint64_t abi, uint64_t size, uint64_t copied)
{
	put(body, abi);
	for (uint64_t i = 0; abi && i < STACK_USER_REGS_COUNT; i++)
		put(body, 1000 + i);
	put(body, size);
	for (uint64_t i = 0; i < size / 8; i++)
		put(body, 2000 + i);
	if (size)
		put(body, copied);
}

static struct decoded decode_stack(uint64_t abi, uint64_t size, uint64_t copied)
{
	const uint64_t ips[] = { USER, 0x401000 };
	struct body body = chain_body(ips, 2);

	put_user_stack(&body, abi, size, copied);
	return decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, true, &body);
}

START_TEST(user_stack_is_what_was_copied_of_it)
{
	_cleanup_(decoded_free) struct decoded decoded =
		decode_stack(PERF_SAMPLE_REGS_ABI_64, 64, 24);
	_cleanup_(decoded_free) struct decoded nothing =
		decode_stack(PERF_SAMPLE_REGS_ABI_64, 64, 0);
	const struct stack_sample *sample = &decoded.record.sample;
	const uint64_t copied[] = { 2000, 2001, 2002 };

	ck_assert_int_eq(decoded.r, 1);
	ck_assert_ptr_nonnull(sample->user_regs);
	ck_assert_uint_eq(sample->user_regs[0], 1000);
	ck_assert_uint_eq(sample->user_regs[STACK_USER_REGS_COUNT - 1],
			  1000 + STACK_USER_REGS_COUNT - 1);
	ck_assert_uint_eq(sample->user_stack_len, 24);
	ck_assert_mem_eq(sample->user_stack, copied, 24);
	ck_assert_int_eq(nothing.r, 1);
	ck_assert_ptr_nonnull(nothing.record.sample.user_regs);
	ck_assert_ptr_null(nothing.record.sample.user_stack);
	ck_assert_uint_eq(nothing.record.sample.user_stack_len, 0);
}
END_TEST

START_TEST(kernel_threads_and_32_bit_have_no_registers)
{
	_cleanup_(decoded_free) struct decoded kernel =
		decode_stack(PERF_SAMPLE_REGS_ABI_NONE, 0, 0);
	_cleanup_(decoded_free) struct decoded small =
		decode_stack(PERF_SAMPLE_REGS_ABI_32, 64, 64);

	ck_assert_int_eq(kernel.r, 1);
	ck_assert_ptr_null(kernel.record.sample.user_regs);
	ck_assert_ptr_null(kernel.record.sample.user_stack);
	ck_assert_int_eq(small.r, 1);
	ck_assert_ptr_null(small.record.sample.user_regs);
	ck_assert_ptr_null(small.record.sample.user_stack);
	ck_assert_uint_eq(small.record.sample.user_stack_len, 0);
	ck_assert_uint_eq(small.record.sample.user_count, 1);
}
END_TEST

START_TEST(sizes_that_lie_are_refused)
{
	const uint64_t huge[] = { 3, 1ULL << 61, UINT64_MAX };
	_cleanup_(decoded_free) struct decoded more = decode_stack(PERF_SAMPLE_REGS_ABI_64, 64, 65);
	_cleanup_(decoded_free) struct decoded odd = decode_stack(PERF_SAMPLE_REGS_ABI_64, 63, 8);

	ck_assert_int_eq(more.r, -EBADMSG);
	ck_assert_int_eq(odd.r, -EBADMSG);
	for (size_t i = 0; i < ARRAY_SIZE(huge); i++) {
		struct body body = sample_body(), stack = chain_body(NULL, 0);
		struct decoded decoded;

		put(&body, huge[i]);
		put(&body, USER);
		put(&body, 0x401000);
		decoded = decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, false, &body);
		ck_assert_int_eq(decoded.r, -EBADMSG);
		decoded_free(&decoded);

		put(&stack, PERF_SAMPLE_REGS_ABI_NONE);
		put(&stack, huge[i] & ~7ULL ? huge[i] & ~7ULL : 24);
		decoded = decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, true, &stack);
		ck_assert_int_eq(decoded.r, -EBADMSG);
		decoded_free(&decoded);
	}
}
END_TEST

/* Cut anywhere, a sample is refused, and the output stays as it was. */
START_TEST(short_samples_are_refused)
{
	const uint64_t ips[] = { USER, 0x401000 };
	struct body body = chain_body(ips, 2);

	put_user_stack(&body, PERF_SAMPLE_REGS_ABI_64, 16, 16);
	for (size_t count = 0; count < body.count; count++) {
		struct body cut = body;
		struct decoded decoded;

		cut.count = count;
		decoded = decode(PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, true, &cut);
		ck_assert_int_eq(decoded.r, -EBADMSG);
		ck_assert_uint_eq(decoded.record.time_ns, 0);
		decoded_free(&decoded);
	}
}
END_TEST

static struct body mapping_body(uint32_t protection, const char *path)
{
	struct body body = { 0 };

	put_pair(&body, 42, 43);
	put(&body, 0x7f0000000000);
	put(&body, 0x155000);
	put(&body, 0x28000);
	put_pair(&body, 254, 1);
	put(&body, 1835);
	put(&body, 99);
	put_pair(&body, protection, MAP_PRIVATE);
	put_text(&body, path);
	put_sample_id(&body);
	return body;
}

START_TEST(mapping_is_told)
{
	struct body body = mapping_body(PROT_READ | PROT_EXEC, "/usr/lib/libc.so.6");
	_cleanup_(decoded_free) struct decoded decoded =
		decode(PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER, false, &body);
	_cleanup_(decoded_free) struct decoded build_id =
		decode(PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER | PERF_RECORD_MISC_MMAP_BUILD_ID,
		       false, &body);
	const struct mapping_event *mapping = &decoded.record.mapping;

	ck_assert_int_eq(decoded.r, 1);
	ck_assert_int_eq(decoded.record.type, CPU_SAMPLES_RECORD_MAPPING);
	ck_assert_uint_eq(decoded.record.time_ns, 777000);
	ck_assert_uint_eq(mapping->time_ns, 777000);
	ck_assert_int_eq(mapping->pid, 42);
	ck_assert_int_eq(mapping->tid, 43);
	ck_assert_uint_eq(mapping->start, 0x7f0000000000);
	ck_assert_uint_eq(mapping->len, 0x155000);
	ck_assert_uint_eq(mapping->offset, 0x28000);
	ck_assert_uint_eq(mapping->major, 254);
	ck_assert_uint_eq(mapping->minor, 1);
	ck_assert_uint_eq(mapping->inode, 1835);
	ck_assert_str_eq(mapping->path, "/usr/lib/libc.so.6");
	ck_assert_int_eq(build_id.r, 1);
	ck_assert_uint_eq(build_id.record.mapping.major, 0);
	ck_assert_uint_eq(build_id.record.mapping.inode, 0);
}
END_TEST

START_TEST(mapping_of_data_and_without_end_is_not)
{
	struct body data = mapping_body(PROT_READ | PROT_WRITE, "/var/lib/data");
	struct body endless = mapping_body(PROT_READ | PROT_EXEC, "1234567");
	_cleanup_(decoded_free) struct decoded decoded =
		decode(PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER, false, &data);
	struct decoded refused;

	ck_assert_int_eq(decoded.r, 0);
	memset(&endless.words[8], 'x', 8);
	refused = decode(PERF_RECORD_MMAP2, PERF_RECORD_MISC_USER, false, &endless);
	ck_assert_int_eq(refused.r, -EBADMSG);
	decoded_free(&refused);
}
END_TEST

START_TEST(names_are_told)
{
	struct body body = { 0 }, longer = { 0 };
	struct decoded decoded;

	put_pair(&body, 42, 43);
	put_text(&body, "nginx: w\x01rker");
	put_sample_id(&body);
	decoded = decode(PERF_RECORD_COMM, PERF_RECORD_MISC_COMM_EXEC, false, &body);
	ck_assert_int_eq(decoded.r, 1);
	ck_assert_int_eq(decoded.record.type, CPU_SAMPLES_RECORD_TASK);
	ck_assert_int_eq(decoded.record.task.type, TASK_EVENT_NAME);
	ck_assert_uint_eq(decoded.record.task.time_ns, 777000);
	ck_assert(decoded.record.task.exec);
	ck_assert_int_eq(decoded.record.task.pid, 42);
	ck_assert_int_eq(decoded.record.task.tid, 43);
	ck_assert_str_eq(decoded.record.task.comm, "nginx: w\x01rker");
	decoded_free(&decoded);

	put_pair(&longer, 42, 42);
	put_text(&longer, "0123456789abcdefghij");
	put_sample_id(&longer);
	decoded = decode(PERF_RECORD_COMM, 0, false, &longer);
	ck_assert_int_eq(decoded.r, 1);
	ck_assert(!decoded.record.task.exec);
	ck_assert_str_eq(decoded.record.task.comm, "0123456789abcde");
	decoded_free(&decoded);
}
END_TEST

START_TEST(forks_and_exits_are_told)
{
	struct body body = { 0 };
	struct decoded decoded;

	put_pair(&body, 42, 41);
	put_pair(&body, 43, 40);
	put(&body, 777000);
	put_sample_id(&body);
	decoded = decode(PERF_RECORD_FORK, 0, false, &body);
	ck_assert_int_eq(decoded.r, 1);
	ck_assert_int_eq(decoded.record.task.type, TASK_EVENT_FORK);
	ck_assert_int_eq(decoded.record.task.pid, 42);
	ck_assert_int_eq(decoded.record.task.tid, 43);
	ck_assert_int_eq(decoded.record.task.parent_pid, 41);
	decoded_free(&decoded);
	decoded = decode(PERF_RECORD_EXIT, 0, false, &body);
	ck_assert_int_eq(decoded.r, 1);
	ck_assert_int_eq(decoded.record.task.type, TASK_EVENT_EXIT);
	ck_assert_uint_eq(decoded.record.task.time_ns, 777000);
	decoded_free(&decoded);
}
END_TEST

START_TEST(losses_and_pauses_are_told)
{
	struct body lost = { 0 }, lost_samples = { 0 }, throttle = { 0 };
	struct decoded decoded;

	put(&lost, 1);
	put(&lost, 17);
	put_sample_id(&lost);
	decoded = decode(PERF_RECORD_LOST, 0, false, &lost);
	ck_assert_int_eq(decoded.r, 1);
	ck_assert_int_eq(decoded.record.type, CPU_SAMPLES_RECORD_LOST);
	ck_assert_uint_eq(decoded.record.lost, 17);
	ck_assert_uint_eq(decoded.record.time_ns, 777000);
	decoded_free(&decoded);

	put(&lost_samples, 18);
	put_sample_id(&lost_samples);
	decoded = decode(PERF_RECORD_LOST_SAMPLES, 0, false, &lost_samples);
	ck_assert_int_eq(decoded.r, 1);
	ck_assert_uint_eq(decoded.record.lost, 18);
	decoded_free(&decoded);

	for (int i = 0; i < 3; i++)
		put(&throttle, 777000);
	put_sample_id(&throttle);
	decoded = decode(PERF_RECORD_THROTTLE, 0, false, &throttle);
	ck_assert_int_eq(decoded.r, 1);
	ck_assert_int_eq(decoded.record.type, CPU_SAMPLES_RECORD_THROTTLE);
	decoded_free(&decoded);
	decoded = decode(PERF_RECORD_UNTHROTTLE, 0, false, &throttle);
	ck_assert_int_eq(decoded.r, 0);
	decoded_free(&decoded);
	decoded = decode(4711, 0, false, &throttle);
	ck_assert_int_eq(decoded.r, 0);
	decoded_free(&decoded);
}
END_TEST

START_TEST(short_records_are_refused)
{
	const uint32_t types[] = { PERF_RECORD_MMAP2, PERF_RECORD_COMM, PERF_RECORD_FORK,
				   PERF_RECORD_EXIT,  PERF_RECORD_LOST, PERF_RECORD_LOST_SAMPLES };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct body body = { 0 };
		struct decoded decoded = decode(types[i], 0, false, &body);

		ck_assert_int_eq(decoded.r, -EBADMSG);
		decoded_free(&decoded);
		put_sample_id(&body);
		decoded = decode(types[i], 0, false, &body);
		ck_assert_int_eq(decoded.r, -EBADMSG);
		decoded_free(&decoded);
	}
}
END_TEST

START_TEST(crooked_headers_are_refused)
{
	_Alignas(8) char bytes[64] = "";
	struct perf_event_header header = { .type = PERF_RECORD_LOST_SAMPLES };
	struct cpu_samples_record record;

	for (uint16_t size = 0; size < 64; size++) {
		header.size = size;
		memcpy(bytes, &header, sizeof(header));
		ck_assert_int_eq(cpu_samples_decode((const void *)bytes, false, &record),
				 size % 8 || size < 40 ? -EBADMSG : 1);
	}
	header.size = 40;
	memcpy(bytes + 4, &header, sizeof(header));
	ck_assert_int_eq(cpu_samples_decode((const void *)(bytes + 4), false, &record), -EBADMSG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cpu_samples_record");
	TCase *tcase = tcase_create("decode");

	tcase_add_test(tcase, sample_has_both_parts_of_its_chain);
	tcase_add_test(tcase, user_sample_has_a_user_part_only);
	tcase_add_test(tcase, guests_and_hypervisors_are_left_out);
	tcase_add_test(tcase, without_a_chain_the_address_is_the_leaf);
	tcase_add_test(tcase, user_stack_is_what_was_copied_of_it);
	tcase_add_test(tcase, kernel_threads_and_32_bit_have_no_registers);
	tcase_add_test(tcase, sizes_that_lie_are_refused);
	tcase_add_test(tcase, short_samples_are_refused);
	tcase_add_test(tcase, mapping_is_told);
	tcase_add_test(tcase, mapping_of_data_and_without_end_is_not);
	tcase_add_test(tcase, names_are_told);
	tcase_add_test(tcase, forks_and_exits_are_told);
	tcase_add_test(tcase, losses_and_pauses_are_told);
	tcase_add_test(tcase, short_records_are_refused);
	tcase_add_test(tcase, crooked_headers_are_refused);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
