/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bundle/archive_maker.h"

#include "base/cleanup.h"
#include "base/str.h"
#include "bundle/bundle.h"

#include <archive_entry.h>
#include <check.h>
#include <errno.h>
#include <sha2.h>
#include <string.h>

#define BUFFER_SIZE ((size_t)8 << 20)

void maker_open(struct maker *maker, enum packing packing)
{
	maker->archive = archive_write_new();
	maker->bytes = malloc(BUFFER_SIZE);
	if (packing == ZSTD)
		ck_assert_int_eq(archive_write_add_filter_zstd(maker->archive), ARCHIVE_OK);
	if (packing == GZIP)
		ck_assert_int_eq(archive_write_add_filter_gzip(maker->archive), ARCHIVE_OK);
	archive_write_set_format_pax_restricted(maker->archive);
	ck_assert_int_eq(archive_write_open_memory(maker->archive, maker->bytes, BUFFER_SIZE,
						   &maker->len),
			 ARCHIVE_OK);
}

void maker_header(struct maker *maker, const char *name, unsigned type, const char *link,
		  size_t len)
{
	struct archive_entry *entry = archive_entry_new();

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type ? type : AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)len);
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, link);
	else if (link)
		archive_entry_set_hardlink(entry, link);
	ck_assert_int_ge(archive_write_header(maker->archive, entry), ARCHIVE_WARN);
	archive_entry_free(entry);
}

void maker_file(struct maker *maker, const char *name, const char *text)
{
	size_t len = strlen(text);

	maker_header(maker, name, AE_IFREG, NULL, len);
	ck_assert_int_eq(archive_write_data(maker->archive, text, len), (la_ssize_t)len);
}

void maker_close(struct maker *maker)
{
	ck_assert_int_eq(archive_write_close(maker->archive), ARCHIVE_OK);
	archive_write_free(maker->archive);
	maker->archive = NULL;
}

void maker_free(struct maker *maker)
{
	archive_write_free(maker->archive);
	free(maker->bytes);
}

static void list_file(struct str *manifest, const char *name, const char *text)
{
	char sha256[SHA256_DIGEST_STRING_LENGTH];

	SHA256Data((const uint8_t *)text, strlen(text), sha256);
	str_format(manifest, "%s{\"name\":\"%s\",\"bytes\":%zu,\"sha256\":\"%s\"}",
		   manifest->data[manifest->len - 1] == '[' ? "" : ",", name, strlen(text), sha256);
}

void maker_manifest(struct maker *maker, const char *first, const char *second)
{
	_cleanup_(str_free) struct str text = { 0 };

	str_append(&text, MANIFEST_HEAD);
	if (first)
		list_file(&text, first, first);
	if (second)
		list_file(&text, second, second);
	str_append(&text, "]}");
	maker_file(maker, "manifest.json", text.data);
}

int maker_load(const struct maker *maker, size_t len, struct err *err)
{
	_cleanup_(bundle_freep) struct bundle *bundle = NULL;
	/* exactly as large, so that a read past the end is seen */
	_cleanup_(cleanup_free) char *exact = malloc(len ? len : 1);
	int r;

	memcpy(exact, maker->bytes, len);
	strcpy(err->msg, "");
	r = bundle_load_memory(exact, len, "b", BUNDLE_WITH_RAW, &bundle, err);
	ck_assert(r == 0 ? bundle != NULL : bundle == NULL && err->msg[0]);
	return r;
}

void ck_refused(struct maker *maker, int code, const char *message)
{
	struct err err;

	maker_close(maker);
	ck_assert_int_eq(maker_load(maker, maker->len, &err), code);
	ck_assert_str_eq(err.msg, message);
}

void maker_begin(struct maker *maker, enum packing packing)
{
	maker_open(maker, packing);
	maker_manifest(maker, "evidence.json", "raw/stat");
	maker_file(maker, "evidence.json", "evidence.json");
}
