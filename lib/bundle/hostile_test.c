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

static const struct {
	const char *name;
	const char *fault;
} bad_names[] = {
	{ "../../etc/passwd", "\"../../etc/passwd\" leaves the bundle" },
	{ "raw/../../x", "\"raw/../../x\" leaves the bundle" },
	{ "raw/..", "\"raw/..\" leaves the bundle" },
	{ "/etc/passwd", "\"/etc/passwd\" leaves the bundle" },
	{ "raw//stat", "\"raw//stat\" has an empty part in its name" },
	{ "./raw", "\"./raw\" has an empty part in its name" },
	{ "raw/\x1b[2J", "\"raw/\\x1b[2J\" has control characters in its name" },
	{ "a\nb", "\"a\\x0ab\" has control characters in its name" },
	{ "raw/new", "\"raw/new\" is not listed in manifest.json" },
	{ "manifest.json", "\"manifest.json\" occurs twice" },
	{ "evidence.json", "\"evidence.json\" occurs twice" },
};

START_TEST(bad_names_are_refused)
{
	_cleanup_(maker_free) struct maker maker = { 0 };
	char message[256];

	maker_begin(&maker, ZSTD);
	maker_file(&maker, bad_names[_i].name, "x");
	snprintf(message, sizeof(message), "\"b\": entry %s; refused", bad_names[_i].fault);
	ck_refused(&maker, -EBADMSG, message);
}
END_TEST

START_TEST(bad_first_names_are_refused)
{
	_cleanup_(maker_free) struct maker maker = { 0 };

	maker_open(&maker, ZSTD);
	maker_file(&maker, "../x", "x");
	ck_refused(&maker, -EBADMSG, "\"b\": entry \"../x\" leaves the bundle; refused");
}
END_TEST

START_TEST(bad_folders_are_refused)
{
	_cleanup_(maker_free) struct maker maker = { 0 };

	maker_begin(&maker, ZSTD);
	maker_header(&maker, "raw/../../etc/", AE_IFDIR, NULL, 0);
	ck_refused(&maker, -EBADMSG, "\"b\": entry \"raw/../../etc\" leaves the bundle; refused");
}
END_TEST

START_TEST(long_names_are_cut_in_messages)
{
	_cleanup_(maker_free) struct maker maker = { 0 };
	char name[700] = "";
	struct err err;

	memset(name, 'n', sizeof(name) - 1);
	maker_begin(&maker, ZSTD);
	maker_file(&maker, name, "x");
	maker_close(&maker);
	ck_assert_int_eq(maker_load(&maker, maker.len, &err), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(err.msg, "nnn...\" has a name that is too long; refused"));
}
END_TEST

static const struct {
	unsigned type;
	const char *link;
	const char *fault;
} bad_types[] = {
	{ AE_IFLNK, "/etc/passwd", "is a symbolic link" },
	{ AE_IFREG, "evidence.json", "is a hard link" },
	{ AE_IFCHR, NULL, "is a device, pipe or socket" },
	{ AE_IFBLK, NULL, "is a device, pipe or socket" },
	{ AE_IFIFO, NULL, "is a device, pipe or socket" },
};

START_TEST(only_files_are_taken)
{
	_cleanup_(maker_free) struct maker maker = { 0 };
	char message[256];

	maker_begin(&maker, ZSTD);
	maker_header(&maker, "raw/stat", bad_types[_i].type, bad_types[_i].link, 0);
	snprintf(message, sizeof(message), "\"b\": entry \"raw/stat\" %s; refused",
		 bad_types[_i].fault);
	ck_refused(&maker, -EBADMSG, message);
}
END_TEST

START_TEST(changed_bytes_are_refused)
{
	_cleanup_(maker_free) struct maker maker = { 0 };

	maker_begin(&maker, ZSTD);
	maker_file(&maker, "raw/stat", "raw/stAt");
	ck_refused(&maker, -EBADMSG,
		   "\"b\": entry \"raw/stat\" does not match its checksum: damaged or changed; "
		   "refused");
}
END_TEST

START_TEST(changed_size_is_refused)
{
	_cleanup_(maker_free) struct maker maker = { 0 };

	maker_begin(&maker, ZSTD);
	maker_file(&maker, "raw/stat", "raw/stat2");
	ck_refused(&maker, -EBADMSG,
		   "\"b\": entry \"raw/stat\" has another size than manifest.json says; refused");
}
END_TEST

START_TEST(too_many_entries_are_refused)
{
	_cleanup_(maker_free) struct maker maker = { 0 };
	char name[32];

	maker_begin(&maker, ZSTD);
	for (int i = 0; i < BUNDLE_ENTRIES_MAX; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		maker_header(&maker, name, AE_IFDIR, NULL, 0);
	}
	ck_refused(&maker, -E2BIG, "\"b\": more than 50000 entries; refused");
}
END_TEST

static void maker_zeros(struct maker *maker, const char *name, size_t mib)
{
	static const char zeros[1 << 20];

	maker_header(maker, name, AE_IFREG, NULL, mib << 20);
	for (size_t i = 0; i < mib; i++)
		ck_assert_int_eq(archive_write_data(maker->archive, zeros, sizeof(zeros)),
				 sizeof(zeros));
}

START_TEST(bomb_is_refused)
{
	_cleanup_(maker_free) struct maker maker = { 0 };

	maker_begin(&maker, ZSTD);
	maker_zeros(&maker, "raw/stat", 1024);
	ck_refused(&maker, -E2BIG, "\"b\": entry \"raw/stat\" is larger than 64 MiB; refused");
	ck_assert_uint_lt(maker.len, 1 << 20);
}
END_TEST

START_TEST(bomb_as_manifest_is_refused)
{
	_cleanup_(maker_free) struct maker maker = { 0 };

	maker_open(&maker, ZSTD);
	maker_zeros(&maker, "manifest.json", 65);
	ck_refused(&maker, -E2BIG, "\"b\": entry \"manifest.json\" is larger than 64 MiB; refused");
}
END_TEST

START_TEST(many_small_bombs_are_refused)
{
	_cleanup_(maker_free) struct maker maker = { 0 };
	_cleanup_(str_free) struct str text = { 0 };
	char name[32];

	str_append(&text, MANIFEST_HEAD);
	for (int i = 0; i < 5; i++)
		str_format(&text, "%s{\"name\":\"raw/%d\",\"bytes\":67108864,\"sha256\":\"%064d\"}",
			   i ? "," : "", i, 0);
	str_append(&text, "]}");
	maker_open(&maker, ZSTD);
	maker_file(&maker, "manifest.json", text.data);
	for (int i = 0; i < 5; i++) {
		snprintf(name, sizeof(name), "raw/%d", i);
		maker_zeros(&maker, name, 64);
	}
	maker_close(&maker);
	{
		/* raw/ passed over: the checksums, which are wrong, are not looked at */
		struct bundle *bundle = NULL;
		struct err err;

		ck_assert_int_eq(bundle_load_memory(maker.bytes, maker.len, "b", 0, &bundle, &err),
				 -E2BIG);
		ck_assert_str_eq(err.msg, "\"b\": unpacks to more than 256 MiB; refused");
	}
}
END_TEST

/* Folders, each behind a header of a megabyte that libarchive reads and throws away. */
START_TEST(bomb_of_headers_is_refused)
{
	_cleanup_(maker_free) struct maker maker = { 0 };
	_cleanup_(cleanup_free) char *value = malloc(400000);
	struct archive_entry *entry;

	memset(value, 'v', 400000);
	maker_begin(&maker, ZSTD);
	for (int i = 0; i < 900; i++) {
		entry = archive_entry_new();
		archive_entry_set_pathname(entry, "d");
		archive_entry_set_filetype(entry, AE_IFDIR);
		archive_entry_xattr_add_entry(entry, "user.x", value, 400000);
		ck_assert_int_ge(archive_write_header(maker.archive, entry), ARCHIVE_WARN);
		archive_entry_free(entry);
	}
	ck_refused(&maker, -E2BIG, "\"b\": unpacks to more than 256 MiB; refused");
}
END_TEST

static const struct {
	const char *manifest;
	const char *message;
} bad_manifests[] = {
	{ "", "manifest.json: the file is empty" },
	{ "{", "manifest.json: line 1: not JSON" },
	{ "{}\n{}", "manifest.json: line 2: not JSON" },
	{ "[1]", "not a triage bundle: manifest.json has schema \"\", not triage-bundle/1" },
	{ "{\"schema\":1}",
	  "not a triage bundle: manifest.json has schema \"\", not triage-bundle/1" },
	{ "{\"schema\":\"x\\u001b\"}",
	  "not a triage bundle: manifest.json has schema \"x\\x1b\", not triage-bundle/1" },
	{ "{\"schema\":\"triage-bundle/2\"}",
	  "made by another version of triage: schema \"triage-bundle/2\", this one reads "
	  "triage-bundle/1" },
	{ "{\"schema\":\"triage-bundle/1\"}", "manifest.json: files: an array is expected" },
	{ "{\"schema\":\"triage-bundle/1\",\"files\":[]}",
	  "manifest.json: tool.version, host, created or dropped is missing or wrong" },
	{ MANIFEST_HEAD "7]}", "manifest.json: a file without name, bytes or sha256" },
	{ MANIFEST_HEAD "{\"name\":\"a\",\"bytes\":1,\"sha256\":\"0\"}]}",
	  "manifest.json: a file without name, bytes or sha256" },
	{ MANIFEST_HEAD "{\"name\":\"a\\u0000b\"}]}",
	  "manifest.json: line 1: NUL character in a string" },
	{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "manifest.json: line 1: nested too deeply" },
};

START_TEST(bad_manifests_are_refused)
{
	_cleanup_(maker_free) struct maker maker = { 0 };
	char message[256];

	maker_open(&maker, ZSTD);
	maker_file(&maker, "manifest.json", bad_manifests[_i].manifest);
	snprintf(message, sizeof(message), "\"b\": %s", bad_manifests[_i].message);
	ck_refused(&maker, -EBADMSG, message);
}
END_TEST

START_TEST(manifest_lists_are_checked)
{
	static const char digest[] = "%s{\"name\":\"%s\",\"bytes\":%s,\"sha256\":\"%064d\"},"
				     "{\"name\":\"a\",\"bytes\":0,\"sha256\":\"%064d\"}]}";
	static const struct {
		const char *name;
		const char *bytes;
		int code;
		const char *message;
	} cases[] = {
		{ "a", "1", -EBADMSG, "\"b\": manifest.json lists \"a\" twice" },
		{ "../a", "1", -EBADMSG, "\"b\": entry \"../a\" leaves the bundle; refused" },
		{ "c", "-1", -EBADMSG,
		  "\"b\": manifest.json: a file without name, bytes or sha256" },
		{ "c", "0.5", -EBADMSG,
		  "\"b\": manifest.json: a file without name, bytes or sha256" },
		{ "c", "1e300", -EBADMSG,
		  "\"b\": manifest.json: a file without name, bytes or sha256" },
		{ "c", "67108865", -E2BIG, "\"b\": entry \"c\" is larger than 64 MiB; refused" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(maker_free) struct maker maker = { 0 };
		_cleanup_(str_free) struct str text = { 0 };

		str_format(&text, digest, MANIFEST_HEAD, cases[i].name, cases[i].bytes, 0, 0);
		maker_open(&maker, ZSTD);
		maker_file(&maker, "manifest.json", text.data);
		ck_refused(&maker, cases[i].code, cases[i].message);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bundle hostile");
	TCase *tests = tcase_create("hostile");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, bad_names_are_refused, 0, ARRAY_SIZE(bad_names));
	tcase_add_test(tests, bad_first_names_are_refused);
	tcase_add_test(tests, bad_folders_are_refused);
	tcase_add_test(tests, long_names_are_cut_in_messages);
	tcase_add_loop_test(tests, only_files_are_taken, 0, ARRAY_SIZE(bad_types));
	tcase_add_test(tests, changed_bytes_are_refused);
	tcase_add_test(tests, changed_size_is_refused);
	tcase_add_test(tests, too_many_entries_are_refused);
	tcase_add_test(tests, bomb_is_refused);
	tcase_add_test(tests, bomb_as_manifest_is_refused);
	tcase_add_test(tests, many_small_bombs_are_refused);
	tcase_add_test(tests, bomb_of_headers_is_refused);
	tcase_add_loop_test(tests, bad_manifests_are_refused, 0, ARRAY_SIZE(bad_manifests));
	tcase_add_test(tests, manifest_lists_are_checked);
	suite_add_tcase(suite, tests);
	return run_suite(suite);
}
