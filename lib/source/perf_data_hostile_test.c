/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are cut, that lie, or that are something else: a message each time, never a crash. */
#include "source/test_perf_data.h"

#include <errno.h>
#include <sys/stat.h>

static struct recording recording;
static struct str file;
static struct event_list events;
static struct err err;

static void setup(void)
{
	tree_make();
	recording_init(&recording);
	for (uint64_t i = 1; i <= 20; i++)
		put_switch_sample(&recording, i * 100, i % 2, (int32_t)i);
	recording_build(&recording, &file);
	err.msg[0] = '\0';
}

static void teardown(void)
{
	recording_free(&recording);
	str_free(&file);
	vec_free(&events);
	tree_remove();
}

/* Opens and reads the first `len` bytes of the file; the first error. */
static int read_prefix(size_t len)
{
	_cleanup_(perf_data_freep) struct perf_data *data = NULL;
	int r;

	vec_free(&events);
	save_bytes(tree_path("x.data"), file.data, len);
	r = perf_data_open(tree_path("x.data"), &data, &err);
	ck_assert((r == 0) == (data != NULL));
	return r < 0 ? r : perf_data_each(data, keep_event, &events, &err);
}

static void check_refused(const char *message)
{
	ck_assert_int_eq(read_prefix(file.len), -EBADMSG);
	ck_assert_msg(strstr(err.msg, message), "%s", err.msg);
	ck_assert_msg(strstr(err.msg, "x.data\""), "%s", err.msg);
}

static void patch(size_t at, const void *bytes, size_t len)
{
	ck_assert_uint_le(at + len, file.len);
	memcpy(file.data + at, bytes, len);
}

static void patch_u64(size_t at, uint64_t value)
{
	patch(at, &value, sizeof(value));
}

START_TEST(whole)
{
	ck_assert_int_eq(read_prefix(file.len), 0);
	ck_assert_uint_eq(events.len, 20);
}
END_TEST

START_TEST(truncated)
{
	size_t step = file.len / 32;

	for (size_t len = 0; len < file.len; len += len < 512 ? 1 : step) {
		ck_assert_int_eq(read_prefix(len), -EBADMSG);
		ck_assert_uint_gt(strlen(err.msg), 10);
		ck_assert_uint_eq(events.len, 0);
	}
	ck_assert_int_eq(read_prefix(file.len - 1), -EBADMSG);
}
END_TEST

START_TEST(something_else)
{
	patch(0, "PERFFILE", 8);
	check_refused("is not a perf.data file");
	patch(0, "2ELIFREP", 8);
	check_refused("endian");
	patch(0, "PERFILE2", 8);
	patch_u64(8, 16);
	check_refused("pipe");
	ck_assert_int_eq(read_prefix(16), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.msg, "pipe"));
}
END_TEST

START_TEST(no_file)
{
	struct perf_data *data = NULL;

	ck_assert_int_eq(perf_data_open(tree_path("."), &data, &err), -EISDIR);
	ck_assert_ptr_nonnull(strstr(err.msg, "directory"));
	ck_assert_int_eq(perf_data_open(tree_path("none"), &data, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.msg, "none\""));
	ck_assert_int_eq(mkfifo(tree_path("fifo"), 0600), 0);
	ck_assert_int_eq(perf_data_open(tree_path("fifo"), &data, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.msg, "not a regular file"));
	ck_assert_int_eq(perf_data_open("/dev/null", &data, &err), -EBADMSG);
	ck_assert_int_eq(perf_data_open("/proc/self/mem", &data, NULL), -EBADMSG);
	ck_assert_ptr_null(data);
}
END_TEST

START_TEST(header_sizes)
{
	patch_u64(8, 105);
	check_refused("header of 105 bytes");
	patch_u64(8, HEADER_LEN);
	patch_u64(16, 79);
	check_refused("attributes of 79 bytes");
	patch_u64(16, 1ULL << 40);
	check_refused("attributes of");
	patch_u64(16, ATTR_LEN);
	patch_u64(32, 0);
	check_refused("0 event attributes");
	patch_u64(32, UINT64_MAX);
	check_refused("of event attributes at");
	patch_u64(32, recording.attr_count * ATTR_LEN);
	patch_u64(24, UINT64_MAX - 7);
	check_refused("of event attributes at");
}
END_TEST

START_TEST(sections)
{
	patch_u64(40, UINT64_MAX);
	check_refused("of records at");
	patch_u64(40, recording.records_at);
	patch_u64(48, UINT64_MAX - recording.records_at + 1);
	check_refused("of records at");
	patch_u64(48, recording.records.len);
	patch_u64(recording.attrs_at + ATTR_LEN - 16, UINT64_MAX - 8);
	check_refused("event ids");
	patch_u64(recording.attrs_at + ATTR_LEN - 16, HEADER_LEN);
	patch_u64(recording.attrs_at + ATTR_LEN - 8, 1ULL << 60);
	check_refused("event ids");
	patch_u64(recording.attrs_at + ATTR_LEN - 8, 16);
	patch_u64(recording.features_at + 8, UINT64_MAX - 100);
	check_refused("feature section");
	patch_u64(72, UINT64_MAX); /* more features than the table has */
	check_refused("x.data");
}
END_TEST

/* Everything at one place: sections may overlap, as long as each can be read. */
START_TEST(overlapping)
{
	patch_u64(24, 0);
	patch_u64(40, 0);
	ck_assert_int_eq(read_prefix(file.len), -EBADMSG);
}
END_TEST

START_TEST(unfinished)
{
	patch_u64(48, 0);
	check_refused("was not finished");
}
END_TEST

static void check_record(uint16_t size, const char *message)
{
	patch(recording.records_at + 6, &size, sizeof(size));
	check_refused(message);
}

START_TEST(record_sizes)
{
	char expected[64];

	snprintf(expected, sizeof(expected),
		 "record at offset 0x%zx has size 4: the file is damaged", recording.records_at);
	check_record(4, expected);
	check_record(0, "has size 0");
	check_record(65535, "has size 65535");
	ck_assert_uint_eq(events.len, 0);
}
END_TEST

START_TEST(damaged_tail)
{
	size_t size = recording.records.len / 20;
	uint16_t zero = 0;

	patch(recording.records_at + 15 * size + 6, &zero, sizeof(zero));
	check_refused("has size 0");
	ck_assert_uint_eq(events.len, 15);
	patch_u64(48,
		  10 * size + 4); /* the records end within one; the features are elsewhere now */
	ck_assert_int_eq(read_prefix(file.len), -EBADMSG);
}
END_TEST

START_TEST(record_types)
{
	uint32_t types[] = { 81, 83 };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		patch(recording.records_at, &types[i], sizeof(types[i]));
		check_refused("in a file that tells of none");
	}
	types[0] = 71;
	patch(recording.records_at, &types[0], sizeof(types[0]));
	patch_u64(recording.records_at + 8, UINT64_MAX - 50);
	check_refused("data behind a record");
}
END_TEST

/* Each type of record with a body of every length. */
START_TEST(short_records)
{
	for (uint32_t type = 0; type < 90; type++) {
		if (type == 81 || type == 83 || type == 71 || type == 66)
			continue;
		str_clear(&recording.records);
		for (size_t len = 0; len < 80; len += 4) {
			_cleanup_(str_free) struct str body = { 0 };

			for (size_t i = 0; i < len; i += 4)
				put_u32(&body, i % 8 ? 0 : WAKING_ID);
			put_record(&recording, type, &body);
		}
		recording_build(&recording, &file);
		ck_assert_msg(read_prefix(file.len) == 0, "type %u: %s", type, err.msg);
	}
}
END_TEST

/* What is plain in a file that tells of compressed records stays as it is. */
START_TEST(compressed_feature)
{
	patch_u64(72, 1ULL << 27 | 1 << 1);
	ck_assert_msg(read_prefix(file.len) == 0, "%s", err.msg);
	ck_assert_uint_eq(events.len, 20);
}
END_TEST

/* Every byte of the magic, the sizes and counts before the first text of an event. */
START_TEST(tracing_sizes)
{
	static const size_t places[] = { 0, 9, 14, 15, 32, 57, 70, 74, 97, 101, 106, 110, 144, 150 };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		recording_build(&recording, &file);
		file.data[recording.tracing_at + places[i]] ^= 0x55;
		ck_assert_int_lt(read_prefix(file.len), 1);
		recording_build(&recording, &file);
		if (places[i] + 8 < recording.tracing.len)
			patch_u64(recording.tracing_at + places[i], UINT64_MAX);
		read_prefix(file.len);
	}
	for (size_t len = 0; len < recording.tracing.len; len += 7) {
		recording_build(&recording, &file);
		patch_u64(recording.features_at + 8, len);
		read_prefix(file.len);
	}
	recording_build(&recording, &file);
	patch_u64(recording.features_at + 8, 200);
	check_refused("TRACING_DATA");
	recording_build(&recording, &file);
	file.data[recording.tracing_at] = 'x';
	check_refused("TRACING_DATA");
	recording_build(&recording, &file);
	patch_u64(recording.tracing_at + 32, UINT64_MAX); /* header_page */
	check_refused("TRACING_DATA");
}
END_TEST

START_TEST(format_without_field)
{
	char *at = memmem(file.data, file.len, "prev_state;", 11);

	ck_assert_ptr_nonnull(at);
	memcpy(at, "PREV", 4);
	check_refused("no usable field prev_state");
}
END_TEST

START_TEST(samples_without)
{
	uint64_t type = USUAL_SAMPLE & ~(uint64_t)PERF_SAMPLE_TIME;

	recording.attrs[0].sample_type = recording.attrs[1].sample_type = type;
	recording_build(&recording, &file);
	check_refused("without time");
	type = USUAL_SAMPLE & ~(uint64_t)PERF_SAMPLE_CPU;
	recording.attrs[0].sample_type = recording.attrs[1].sample_type = type;
	recording_build(&recording, &file);
	check_refused("without CPU");
	recording.attrs[0].sample_type = USUAL_SAMPLE & ~(uint64_t)PERF_SAMPLE_IDENTIFIER;
	recording_build(&recording, &file);
	check_refused("to which event");
}
END_TEST

/* Ids that all want the same place in a table. */
START_TEST(colliding_ids)
{
	_cleanup_(str_free) struct str ids = { 0 };
	uint64_t inverse = 0x9e3779b97f4a7c15ULL;

	for (int i = 0; i < 6; i++) /* Newton's steps to the inverse modulo 2^64 */
		inverse *= 2 - 0x9e3779b97f4a7c15ULL * inverse;
	for (uint64_t i = 0; i < 5000; i++)
		put_u64(&ids, inverse * i);
	put_section(&file, 0, 0);
	patch_u64(recording.attrs_at + ATTR_LEN - 16, file.len);
	patch_u64(recording.attrs_at + ATTR_LEN - 8, ids.len);
	str_append_bytes(&file, ids.data, ids.len);
	check_refused("event ids can't be read");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("perf_data_hostile");
	TCase *tests = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, whole);
	tcase_add_test(tests, truncated);
	tcase_add_test(tests, something_else);
	tcase_add_test(tests, no_file);
	tcase_add_test(tests, header_sizes);
	tcase_add_test(tests, sections);
	tcase_add_test(tests, overlapping);
	tcase_add_test(tests, unfinished);
	tcase_add_test(tests, record_sizes);
	tcase_add_test(tests, damaged_tail);
	tcase_add_test(tests, record_types);
	tcase_add_test(tests, short_records);
	tcase_add_test(tests, compressed_feature);
	tcase_add_test(tests, tracing_sizes);
	tcase_add_test(tests, format_without_field);
	tcase_add_test(tests, samples_without);
	tcase_add_test(tests, colliding_ids);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
