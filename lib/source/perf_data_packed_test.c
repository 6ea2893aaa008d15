/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same events from a file, from what perf writes into a pipe, and from compressed records; and
 * streams that were cut or made to harm. */
#include "source/test_perf_data.h"

#include <errno.h>
#include <zstd.h>

#define HEADER_ATTR 64
#define TRACING_DATA 66
#define HEADER_BUILD_ID 67
#define HEADER_FEATURE 80
#define COMPRESSED 81
#define COMPRESSED2 83
#define EVENTS 500

static struct recording recording;
static struct str file;
static struct event_list events;
static struct err err;

static void setup(void)
{
	tree_make();
	recording_init(&recording);
	put_comm(&recording, 0, 10, 11, "early");
	for (uint64_t i = 1; i <= EVENTS; i++) {
		put_switch_sample(&recording, i * 100 + i % 3, i % 2, (int32_t)i);
		if (i % 50 == 0)
			put_round(&recording);
	}
	put_lost(&recording, EVENTS * 100 + 50, 1, 7);
	err.msg[0] = '\0';
}

static void teardown(void)
{
	recording_free(&recording);
	str_free(&file);
	vec_free(&events);
	tree_remove();
}

/* --- making */

static void put_feature(struct str *out, uint64_t feature, const void *bytes, size_t len)
{
	uint16_t size[2] = { 0, (uint16_t)(16 + len) };

	put_u32(out, HEADER_FEATURE);
	str_append_bytes(out, (const char *)size, sizeof(size));
	put_u64(out, feature);
	str_append_bytes(out, bytes, len);
}

static void put_attr(struct str *out, const struct perf_event_attr *attr, uint64_t id)
{
	uint16_t size[2] = { 0, 8 + sizeof(*attr) + 16 };

	put_u32(out, HEADER_ATTR);
	str_append_bytes(out, (const char *)size, sizeof(size));
	str_append_bytes(out, (const char *)attr, sizeof(*attr));
	put_u64(out, id); /* two CPUs */
	put_u64(out, id + 1);
}

static void put_formats(struct str *out)
{
	uint16_t size[2] = { 0, 12 };
	size_t padded = (recording.tracing.len + 7) & ~(size_t)7;

	put_u32(out, TRACING_DATA);
	str_append_bytes(out, (const char *)size, sizeof(size));
	put_u32(out, (uint32_t)padded);
	str_append_bytes(out, recording.tracing.data, recording.tracing.len);
	while (padded-- > recording.tracing.len)
		str_append_char(out, '\0');
}

static void put_build_id(struct str *out)
{
	static const char path[16] = "/usr/bin/x";
	uint16_t size[2] = { 0, 8 + 4 + 24 + sizeof(path) };

	put_u32(out, HEADER_BUILD_ID);
	str_append_bytes(out, (const char *)size, sizeof(size));
	put_u32(out, (uint32_t)-1);
	for (int i = 0; i < 24; i++)
		str_append_char(out, (char)('a' + i));
	str_append_bytes(out, path, sizeof(path));
}

static void build_pipe(void)
{
	static const uint64_t ids[] = { SWITCH_ID, WAKING_ID, DUMMY_ID };
	static const uint32_t cpus[] = { 4, 2 };
	char text[4 + 64] = { 64, 0, 0, 0, 'l', 'a', 'b' };

	str_clear(&file);
	str_append(&file, "PERFILE2");
	put_u64(&file, 16);
	for (size_t i = 0; i < recording.attr_count; i++)
		put_attr(&file, &recording.attrs[i], ids[i]);
	put_feature(&file, 3, text, sizeof(text));
	put_feature(&file, 7, cpus, sizeof(cpus));
	put_formats(&file);
	str_append_bytes(&file, recording.records.data, recording.records.len);
	put_build_id(&file);
	ck_assert_int_eq(str_error(&file), 0);
}

static void put_compressed(uint32_t type, const char *bytes, size_t len)
{
	_cleanup_(str_free) struct str body = { 0 };

	if (type == COMPRESSED2)
		put_u64(&body, len);
	str_append_bytes(&body, bytes, len);
	while (type == COMPRESSED2 && body.len % 8)
		str_append_char(&body, 'x');
	put_record(&recording, type, &body);
}

/* All records become one stream, in pieces of `piece` bytes wherever that cuts them. */
static void compress_bytes(const char *bytes, size_t len, uint32_t type, size_t piece)
{
	size_t room = ZSTD_compressBound(len);
	char *packed = malloc(room);
	size_t all;

	ck_assert_ptr_nonnull(packed);
	all = ZSTD_compress(packed, room, bytes, len, 1);
	ck_assert(!ZSTD_isError(all));
	for (size_t at = 0; at < all; at += piece)
		put_compressed(type, packed + at, all - at < piece ? all - at : piece);
	free(packed);
}

static void compress_records(uint32_t type, size_t piece)
{
	struct str plain = recording.records;

	recording.records = (struct str){ 0 };
	compress_bytes(plain.data, plain.len, type, piece);
	str_free(&plain);
}

/* The table grows by an empty section at its end, and what stands behind it moves. */
static void insert_section(void)
{
	_cleanup_(str_free) struct str rest = { 0 };
	size_t end = recording.features_at + 64;

	str_append_bytes(&rest, file.data + end, file.len - end);
	for (size_t at = recording.features_at; at < end; at += 16) {
		uint64_t offset;

		memcpy(&offset, file.data + at, 8);
		offset += 16;
		memcpy(file.data + at, &offset, 8);
	}
	file.len = end;
	put_section(&file, 0, 0);
	str_append_bytes(&file, rest.data, rest.len);
}

/* The feature's bit is what tells that a file has compressed records. */
static void build_compressed_file(void)
{
	uint64_t features;

	recording_build(&recording, &file);
	memcpy(&features, file.data + 72, sizeof(features));
	features |= 1 << 27;
	memcpy(file.data + 72, &features, sizeof(features));
	/* a section more in the table: what it tells is of no use to us */
	insert_section();
}

/* --- reading */

static int read_events(struct perf_data_info *ret_info)
{
	_cleanup_(perf_data_freep) struct perf_data *data = NULL;
	int r;

	vec_free(&events);
	save_bytes(tree_path("x.data"), file.data, file.len);
	r = perf_data_open(tree_path("x.data"), &data, &err);
	if (r < 0)
		return r;
	if (ret_info)
		perf_data_about(data, ret_info);
	r = perf_data_each(data, keep_event, &events, &err);
	if (r == 0) { /* once more: the same */
		struct event_list again = { 0 };

		ck_assert_int_eq(perf_data_each(data, keep_event, &again, &err), 0);
		ck_assert_uint_eq(again.len, events.len);
		vec_free(&again);
	}
	return r;
}

static struct event_list expected(void)
{
	struct event_list list;

	recording_build(&recording, &file);
	ck_assert_msg(read_events(NULL) == 0, "%s", err.msg);
	list = events;
	events = (struct event_list){ 0 };
	ck_assert_uint_eq(list.len, EVENTS + 2);
	return list;
}

static void check_equal(struct event_list *wanted)
{
	ck_assert_uint_eq(events.len, wanted->len);
	for (size_t i = 0; i < events.len; i++)
		ck_assert_mem_eq(&events.data[i], &wanted->data[i], sizeof(events.data[i]));
	vec_free(wanted);
}

START_TEST(pipe_as_file)
{
	struct event_list wanted = expected();
	struct perf_data_info info;

	build_pipe();
	ck_assert_msg(read_events(&info) == 0, "%s", err.msg);
	check_equal(&wanted);
	ck_assert_str_eq(info.hostname, "lab");
	ck_assert_int_eq(info.cpus_online, 2);
	ck_assert(info.has_sched);
}
END_TEST

START_TEST(build_ids_of_a_pipe)
{
	_cleanup_(perf_data_freep) struct perf_data *data = NULL;
	struct perf_build_id id;

	build_pipe();
	save_bytes(tree_path("x.data"), file.data, file.len);
	ck_assert_int_eq(perf_data_open(tree_path("x.data"), &data, &err), 0);
	ck_assert(perf_data_build_id(data, "/usr/bin/x", &id));
	ck_assert_int_eq(id.len, 20);
	ck_assert_mem_eq(id.bytes, "abcdefghijklmnopqrst", 20);
	ck_assert(!perf_data_build_id(data, "/usr/bin/y", &id));
}
END_TEST

START_TEST(cut_pipe)
{
	build_pipe();
	file.len -= 8 + 4 + 24 + 16 + 30; /* within the last record but one */
	ck_assert_int_eq(read_events(NULL), -EBADMSG);
	ck_assert_uint_eq(events.len, EVENTS + 1);
	ck_assert_msg(strstr(err.msg, "offset"), "%s", err.msg);
}
END_TEST

START_TEST(every_cut_has_a_message)
{
	build_pipe();
	for (size_t len = file.len - 1; len > 8; len -= len > 2000 ? 397 : 7) {
		file.len = len;
		err.msg[0] = '\0';
		if (read_events(NULL) < 0)
			ck_assert_uint_gt(strlen(err.msg), 10);
	}
}
END_TEST

START_TEST(pipe_without_attributes)
{
	str_clear(&file);
	str_append(&file, "PERFILE2");
	put_u64(&file, 16);
	str_append_bytes(&file, recording.records.data, recording.records.len);
	ck_assert_int_eq(read_events(NULL), -EBADMSG);
	ck_assert_msg(strstr(err.msg, "no event attributes"), "%s", err.msg);
}
END_TEST

static const size_t pieces[] = { 40, 777, 60000 };

START_TEST(compressed_as_plain)
{
	struct event_list wanted = expected();

	compress_records(_i % 2 ? COMPRESSED2 : COMPRESSED, pieces[_i / 2]);
	build_compressed_file();
	ck_assert_msg(read_events(NULL) == 0, "%s", err.msg);
	check_equal(&wanted);
}
END_TEST

START_TEST(compressed_pipe)
{
	struct event_list wanted = expected();

	compress_records(COMPRESSED, 501);
	build_pipe();
	ck_assert_msg(read_events(NULL) == 0, "%s", err.msg);
	check_equal(&wanted);
}
END_TEST

/* perf writes its own records plain between those of the rings. */
START_TEST(plain_between_compressed)
{
	struct event_list wanted = expected();
	struct str plain = recording.records;
	size_t half = 0;

	for (size_t at = 0; at < plain.len / 2; half = at) {
		uint16_t size;

		memcpy(&size, plain.data + at + 6, 2);
		at += size;
	}
	recording.records = (struct str){ 0 };
	compress_bytes(plain.data, half, COMPRESSED, 333);
	str_append_bytes(&recording.records, plain.data + half, plain.len - half);
	str_free(&plain);
	build_compressed_file();
	ck_assert_msg(read_events(NULL) == 0, "%s", err.msg);
	check_equal(&wanted);
}
END_TEST

/* A round's rest in the next round's record: what perf wrote in between comes after it. */
START_TEST(plain_within_a_record)
{
	struct event_list wanted = expected();
	struct str plain = recording.records, packed;
	size_t first;
	uint16_t size;

	recording.records = (struct str){ 0 };
	compress_bytes(plain.data, plain.len, COMPRESSED, 1000);
	packed = recording.records;
	recording.records = (struct str){ 0 };
	for (first = 0; first < packed.len / 2; first += size)
		memcpy(&size, packed.data + first + 6, 2);
	str_append_bytes(&recording.records, packed.data, first);
	put_comm(&recording, 0, 30, 31, "between");
	str_append_bytes(&recording.records, packed.data + first, packed.len - first);
	str_free(&plain);
	str_free(&packed);
	build_compressed_file();
	ck_assert_msg(read_events(NULL) == 0, "%s", err.msg);
	ck_assert_uint_eq(events.len, wanted.len + 1);
	vec_free(&wanted);
}
END_TEST

static void check_partial(const char *message)
{
	build_pipe();
	ck_assert_int_eq(read_events(NULL), -EBADMSG);
	ck_assert_msg(strstr(err.msg, message), "%s", err.msg);
	ck_assert_uint_gt(events.len, 0);
	ck_assert_uint_lt(events.len, EVENTS + 2);
}

START_TEST(damaged_stream)
{
	compress_records(COMPRESSED, 100);
	recording.records.data[recording.records.len - 50] ^= 0x5a;
	recording.records.data[recording.records.len - 52] ^= 0x33;
	build_pipe();
	if (read_events(NULL) == 0) /* a flip may stay within a record's bytes */
		ck_assert_uint_le(events.len, EVENTS + 2);
	else
		ck_assert_uint_gt(strlen(err.msg), 10);
	vec_free(&events);
}
END_TEST

START_TEST(stream_that_ends_early)
{
	struct str plain = recording.records;

	recording.records = (struct str){ 0 };
	compress_bytes(plain.data, plain.len / 2 + 3, COMPRESSED, 1000);
	str_free(&plain);
	check_partial("end within a record");
}
END_TEST

START_TEST(no_stream_at_all)
{
	for (int i = 0; i < 10; i++)
		put_compressed(COMPRESSED, "this was never compressed", 25);
	build_pipe();
	ck_assert_int_eq(read_events(NULL), -EBADMSG);
	ck_assert_msg(strstr(err.msg, "can't be decompressed"), "%s", err.msg);
	ck_assert_uint_eq(events.len, EVENTS + 2); /* what stands plain before it */
}
END_TEST

/* A gigabyte of zeros in some kilobytes: no records, so nothing of it is kept. */
START_TEST(zeros_by_the_megabyte)
{
	enum { ZEROS = 64 << 20 };
	char *zeros = calloc(1, ZEROS);

	ck_assert_ptr_nonnull(zeros);
	compress_bytes(zeros, ZEROS, COMPRESSED, 60000);
	free(zeros);
	build_pipe();
	ck_assert_int_eq(read_events(NULL), -EBADMSG);
	ck_assert_msg(strstr(err.msg, "no records"), "%s", err.msg);
	ck_assert_uint_eq(events.len, EVENTS + 2);
}
END_TEST

/* Records that say nothing, by the million. */
START_TEST(bomb_of_records)
{
	enum { BOMB = 200 << 20 };
	char *bomb = calloc(1, BOMB);

	ck_assert_ptr_nonnull(bomb);
	for (size_t i = 0; i < BOMB; i += 65528) {
		uint32_t type = 4242;
		uint16_t size = BOMB - i < 65528 ? (uint16_t)((BOMB - i) & ~7u) : 65528;

		memcpy(bomb + i, &type, 4);
		memcpy(bomb + i + 6, &size, 2);
	}
	compress_bytes(bomb, BOMB, COMPRESSED, 60000);
	free(bomb);
	build_pipe();
	ck_assert_uint_lt(file.len, BOMB / 512);
	ck_assert_int_eq(read_events(NULL), -EBADMSG);
	ck_assert_msg(strstr(err.msg, "beyond its bounds"), "%s", err.msg);
	ck_assert_uint_eq(events.len, EVENTS + 2);
}
END_TEST

START_TEST(length_that_lies)
{
	_cleanup_(str_free) struct str body = { 0 };

	put_u64(&body, 1 << 20);
	put_u64(&body, 0);
	put_record(&recording, COMPRESSED2, &body);
	build_pipe();
	ck_assert_int_eq(read_events(NULL), -EBADMSG);
	ck_assert_msg(strstr(err.msg, "longer than it is"), "%s", err.msg);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("perf_data_packed");
	TCase *tests = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, pipe_as_file);
	tcase_add_test(tests, build_ids_of_a_pipe);
	tcase_add_test(tests, cut_pipe);
	tcase_add_test(tests, every_cut_has_a_message);
	tcase_add_test(tests, pipe_without_attributes);
	tcase_add_loop_test(tests, compressed_as_plain, 0, 6);
	tcase_add_test(tests, compressed_pipe);
	tcase_add_test(tests, plain_between_compressed);
	tcase_add_test(tests, plain_within_a_record);
	tcase_add_test(tests, damaged_stream);
	tcase_add_test(tests, stream_that_ends_early);
	tcase_add_test(tests, no_stream_at_all);
	tcase_add_test(tests, zeros_by_the_megabyte);
	tcase_add_test(tests, bomb_of_records);
	tcase_add_test(tests, length_that_lies);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
