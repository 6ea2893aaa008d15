/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/str.h"
#include "base/testing.h"
#include "bundle/archive_maker.h"
#include "bundle/bundle.h"

#include <archive_entry.h>
#include <check.h>
#include <errno.h>
#include <string.h>

static void make_good(struct maker *maker, enum packing packing)
{
	maker_open(maker, packing);
	maker_manifest(maker, "evidence.json", "raw/stat");
	maker_header(maker, "raw/", AE_IFDIR, NULL, 0);
	maker_file(maker, "evidence.json", "evidence.json");
	maker_file(maker, "raw/stat", "raw/stat");
	maker_close(maker);
}

START_TEST(packings_are_read)
{
	_cleanup_(maker_free) struct maker maker = { 0 };
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	struct err err = { "" };
	const char *bytes;
	size_t len;

	make_good(&maker, (enum packing)_i);
	ck_assert(bundle_looks_like(maker.bytes, maker.len));
	ck_assert_msg(bundle_load_memory(maker.bytes, maker.len, "b", 0, &bundle, &err) == 0, "%s",
		      err.msg);
	ck_assert_uint_eq(bundle_about(bundle)->dropped, 3);
	ck_assert_int_eq(bundle_about(bundle)->created_unix_s, 1785499200);
	ck_assert(bundle_find(bundle, "evidence.json", &bytes, &len));
	ck_assert_str_eq(bytes, "evidence.json");
}
END_TEST

START_TEST(truncated_is_told_at_every_length)
{
	_cleanup_(maker_free) struct maker maker = { 0 };
	int told = 0, whole = 0;
	struct err err;

	make_good(&maker, (enum packing)_i);
	for (size_t len = 0; len < maker.len; len++) {
		if (maker_load(&maker, len, &err) == 0)
			whole++; /* only padding was cut off: the checksums hold */
		else if (strstr(err.msg, "truncated"))
			told++;
	}
	ck_assert_int_gt(told, (int)maker.len / 16);
	if (_i == PLAIN) /* four entries and their headers, five blocks of 512 bytes at least */
		ck_assert_int_lt(whole, (int)maker.len - 5 * 512);
	else
		ck_assert_int_lt(whole, 32);
}
END_TEST

START_TEST(every_sixteenth_is_truncated)
{
	_cleanup_(maker_free) struct maker maker = { 0 };
	struct str noise = { 0 };
	struct err err;
	uint64_t x = 1;

	for (int i = 0; i < 1 << 20; i++, x = x * 6364136223846793005 + 1442695040888963407)
		str_append_char(&noise, (char)('!' + (x >> 58)));
	maker_open(&maker, (enum packing)_i);
	maker_manifest(&maker, noise.data, NULL); /* its name is too long, but it is not reached */
	str_free(&noise);
	maker_close(&maker);
	for (size_t i = 1; i < 16; i++) {
		ck_assert_int_eq(maker_load(&maker, maker.len * i / 16, &err), -EBADMSG);
		ck_assert_ptr_nonnull(strstr(err.msg, "truncated"));
	}
}
END_TEST

START_TEST(cut_between_entries_is_truncated)
{
	_cleanup_(maker_free) struct maker maker = { 0 };

	maker_begin(&maker, PLAIN);
	ck_refused(&maker, -EBADMSG,
		   "\"b\": the bundle is truncated: \"raw/stat\" and 0 more of its files are "
		   "missing; copy it again from its host");
}
END_TEST

START_TEST(foreign_archives_are_told)
{
	_cleanup_(maker_free) struct maker maker = { 0 };
	_cleanup_(maker_free) struct maker empty = { 0 };

	maker_open(&maker, GZIP);
	maker_header(&maker, "project/", AE_IFDIR, NULL, 0);
	maker_file(&maker, "project/README", "hello");
	ck_refused(&maker, -EBADMSG,
		   "\"b\": not a triage bundle: it begins with \"project/README\", not with "
		   "manifest.json");
	maker_open(&empty, PLAIN);
	ck_refused(&empty, -EBADMSG, "\"b\": not a triage bundle: it holds no manifest.json");
}
END_TEST

START_TEST(other_bytes_are_told)
{
	static const char text[] = "procs -----------memory---------- ---swap--\n r b swpd free\n";
	struct bundle *bundle = NULL;
	struct err err;
	char noise[4096];
	uint64_t x = (uint64_t)_i;

	ck_assert_int_eq(bundle_load_memory("", 0, "b", 0, &bundle, &err), -EBADMSG);
	ck_assert_str_eq(err.msg, "\"b\": the file is empty");
	ck_assert_int_eq(bundle_load_memory(text, sizeof(text), "b", 0, &bundle, &err), -EBADMSG);
	ck_assert_str_eq(err.msg, "\"b\": not a triage bundle: not a tar.zst archive");
	for (size_t i = 0; i < sizeof(noise);
	     i++, x = x * 6364136223846793005 + 1442695040888963407)
		noise[i] = (char)(x >> 56);
	if (_i % 2)
		memcpy(noise, "\x28\xb5\x2f\xfd", 4);
	ck_assert_int_eq(bundle_load_memory(noise, sizeof(noise), "b", 0, &bundle, &err), -EBADMSG);
	ck_assert_ptr_null(bundle);
}
END_TEST

START_TEST(flipped_bits_never_pass_for_good)
{
	_cleanup_(maker_free) struct maker maker = { 0 };
	struct bundle *bundle;
	struct err err;
	const char *bytes;
	size_t len;

	make_good(&maker, (enum packing)_i);
	for (size_t bit = 0; bit < maker.len * 8; bit += 41) {
		maker.bytes[bit / 8] ^= (char)(1 << bit % 8);
		bundle = NULL;
		if (bundle_load_memory(maker.bytes, maker.len, "b", BUNDLE_WITH_RAW, &bundle,
				       &err) == 0 &&
		    bundle_find(bundle, "evidence.json", &bytes, &len))
			ck_assert_str_eq(bytes, "evidence.json");
		bundle_free(bundle);
		maker.bytes[bit / 8] ^= (char)(1 << bit % 8);
	}
}
END_TEST

START_TEST(folders_and_missing_files_are_told)
{
	struct bundle *bundle = NULL;
	struct err err;

	ck_assert_int_eq(bundle_load("/no/such\n", 0, &bundle, &err), -ENOENT);
	ck_assert_str_eq(err.msg, "\"/no/such\\x0a\": No such file or directory");
	ck_assert_int_eq(bundle_load("/", 0, &bundle, &err), -EISDIR);
	ck_assert_str_eq(err.msg, "\"/\": is a folder, not a bundle");
	ck_assert_int_eq(bundle_load("/dev/null", 0, &bundle, NULL), -EBADMSG);
}
END_TEST

START_TEST(kinds_are_told_by_their_beginning)
{
	char tar[300] = "";

	ck_assert(bundle_looks_like("\x28\xb5\x2f\xfd", 4));
	ck_assert(!bundle_looks_like("\x28\xb5\x2f\xfd", 3));
	ck_assert(bundle_looks_like("\x1f\x8b", 2));
	ck_assert(!bundle_looks_like("", 0));
	ck_assert(!bundle_looks_like("PERFILE2", 8));
	ck_assert(!bundle_looks_like(tar, sizeof(tar)));
	memcpy(tar + 257, "ustar", 5);
	ck_assert(bundle_looks_like(tar, sizeof(tar)));
	ck_assert(bundle_looks_like(tar, 262));
	ck_assert(!bundle_looks_like(tar, 261));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bundle load");
	TCase *tests = tcase_create("load");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, packings_are_read, PLAIN, ZSTD + 1);
	tcase_add_loop_test(tests, truncated_is_told_at_every_length, PLAIN, ZSTD + 1);
	tcase_add_loop_test(tests, every_sixteenth_is_truncated, PLAIN, ZSTD + 1);
	tcase_add_test(tests, cut_between_entries_is_truncated);
	tcase_add_loop_test(tests, flipped_bits_never_pass_for_good, PLAIN, ZSTD + 1);
	tcase_add_test(tests, foreign_archives_are_told);
	tcase_add_loop_test(tests, other_bytes_are_told, 0, 20);
	tcase_add_test(tests, folders_and_missing_files_are_told);
	tcase_add_test(tests, kinds_are_told_by_their_beginning);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
