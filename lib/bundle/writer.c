/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bundle/writer.h"

#include "base/cleanup.h"
#include "base/quote.h"
#include "bundle/manifest.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

/* Hashes of the raw names that are kept: open addressing, 0 is free, `size` a power of two. */
struct name_set {
	uint64_t *hashes;
	size_t size;
	size_t len;
};

struct bundle_writer {
	struct bundle_file_list files;
	struct name_set raw_names;
	size_t raw_bytes_max;
	size_t raw_bytes;
	uint64_t dropped;
};

int bundle_writer_new(size_t raw_bytes_max, struct bundle_writer **ret)
{
	struct bundle_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return -ENOMEM;
	/* a quarter is for the files that are not raw */
	writer->raw_bytes_max = raw_bytes_max < BUNDLE_BYTES_MAX / 4 * 3 ? raw_bytes_max :
									   BUNDLE_BYTES_MAX / 4 * 3;
	*ret = writer;
	return 0;
}

static uint64_t hash_name(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325; /* FNV-1a */

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3;
	return hash ? hash : 1;
}

static uint64_t *find_hash(const struct name_set *set, uint64_t hash)
{
	size_t at = hash & (set->size - 1);

	while (set->hashes[at] && set->hashes[at] != hash)
		at = (at + 1) & (set->size - 1);
	return &set->hashes[at];
}

static int grow_names(struct name_set *set)
{
	struct name_set bigger = { .size = set->size ? set->size * 2 : 1024, .len = set->len };

	if (set->len * 2 < set->size)
		return 0;
	bigger.hashes = calloc(bigger.size, sizeof(*bigger.hashes));
	if (!bigger.hashes)
		return -ENOMEM;
	for (size_t i = 0; i < set->size; i++)
		if (set->hashes[i])
			*find_hash(&bigger, set->hashes[i]) = set->hashes[i];
	free(set->hashes);
	*set = bigger;
	return 0;
}

/* 1: the name is new; 0: it was there; -ENOMEM. */
static int add_name(struct name_set *set, const char *name)
{
	uint64_t hash = hash_name(name), *slot;

	if (grow_names(set) < 0)
		return -ENOMEM;
	slot = find_hash(set, hash);
	if (*slot)
		return 0;
	*slot = hash;
	set->len++;
	return 1;
}

void bundle_writer_free(struct bundle_writer *writer)
{
	if (!writer)
		return;
	bundle_files_free(&writer->files);
	free(writer->raw_names.hashes);
	free(writer);
}

void bundle_writer_freep(struct bundle_writer **writer)
{
	bundle_writer_free(*writer);
}

uint64_t bundle_dropped(const struct bundle_writer *writer)
{
	return writer->dropped;
}

static bool has_room(const struct bundle_writer *writer, size_t len)
{
	/* a thousand entries are for the files that are not raw */
	return len <= BUNDLE_FILE_BYTES_MAX && len <= writer->raw_bytes_max - writer->raw_bytes &&
	       writer->files.len < BUNDLE_ENTRIES_MAX - 1000;
}

static int keep_file(struct bundle_writer *writer, const char *name, const char *bytes, size_t len)
{
	struct bundle_file file = { .name = strdup(name), .bytes = malloc(len + 1), .len = len };

	if (file.name && file.bytes) {
		if (len > 0)
			memcpy(file.bytes, bytes, len);
		file.bytes[len] = '\0';
		manifest_digest(&file);
		if (vec_push(&writer->files, file) == 0)
			return 0;
	}
	free(file.name);
	free(file.bytes);
	return -ENOMEM;
}

static int add_raw(struct bundle_writer *writer, const char *name, const char *bytes, size_t len)
{
	int r;

	if (bundle_name_fault(name) || !has_room(writer, len)) {
		writer->dropped++;
		return 0;
	}
	r = add_name(&writer->raw_names, name);
	if (r <= 0)
		return r;
	r = keep_file(writer, name, bytes, len);
	if (r == 0)
		writer->raw_bytes += len;
	return r;
}

int bundle_add(struct bundle_writer *writer, const char *name, const char *bytes, size_t len)
{
	if (strncmp(name, BUNDLE_RAW_PREFIX, strlen(BUNDLE_RAW_PREFIX)) == 0)
		return add_raw(writer, name, bytes, len);
	if (bundle_name_fault(name) || strcmp(name, MANIFEST_NAME) == 0)
		return -EINVAL;
	if (len > BUNDLE_FILE_BYTES_MAX || writer->files.len >= BUNDLE_ENTRIES_MAX)
		return -E2BIG;
	return keep_file(writer, name, bytes, len);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int bundle_check_names(const struct bundle_writer *writer, struct err *err)
{
	_cleanup_(cleanup_free) const char **names = NULL;
	size_t count = writer->files.len;

	names = calloc(count + 1, sizeof(*names));
	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		names[i] = writer->files.data[i].name;
	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 1; i < count; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			return err_set(err, -EEXIST, "the bundle has two files named %s",
				       quote(names[i]).text);
	return 0;
}

/* archive_errno() holds an errno or a number of libarchive's own: -1 or above 20000. */
static int archive_failed(struct archive *archive, struct err *err)
{
	const char *text = archive_error_string(archive);
	int code = archive_errno(archive);

	if (code > 0 && code < 4096)
		return err_set(err, -code, "%s; another place can be named with -o FILE",
			       strerror(code));
	return err_set(err, -EIO, "%s", text ? text : "the archive could not be made");
}

static int write_entry(struct archive *archive, const char *name, const char *bytes, size_t len,
		       int64_t mtime_unix_s, struct err *err)
{
	struct archive_entry *entry = archive_entry_new();
	int r = 0;

	if (!entry)
		return -ENOMEM;
	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0600);
	archive_entry_set_size(entry, (la_int64_t)len);
	archive_entry_set_mtime(entry, mtime_unix_s, 0);
	if (archive_write_header(archive, entry) < ARCHIVE_WARN ||
	    (len > 0 && archive_write_data(archive, bytes, len) != (la_ssize_t)len))
		r = archive_failed(archive, err);
	archive_entry_free(entry);
	return r;
}

static int write_manifest(const struct bundle_writer *writer, const struct bundle_info *info,
			  struct archive *archive, struct err *err)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct bundle_info whole = *info;
	int r;

	whole.dropped = writer->dropped;
	r = manifest_write(&whole, &writer->files, &text);
	if (r < 0)
		return r;
	return write_entry(archive, MANIFEST_NAME, text.data, text.len, info->created_unix_s, err);
}

/* GNU tar and not pax: names that are not ASCII need no conversion, which libarchive can't do in a
 * C locale. ARCHIVE_WARN would mean that libarchive is going to run the zstd program. */
static int open_archive(struct archive *archive, int fd, struct err *err)
{
	if (archive_write_add_filter_zstd(archive) != ARCHIVE_OK ||
	    archive_write_set_format_gnutar(archive) != ARCHIVE_OK ||
	    archive_write_open_fd(archive, fd) != ARCHIVE_OK)
		return archive_failed(archive, err);
	return 0;
}

int bundle_write(const struct bundle_writer *writer, const struct bundle_info *info, int fd,
		 struct err *err)
{
	struct archive *archive;
	int r;

	archive = archive_write_new();
	if (!archive)
		return -ENOMEM;
	r = open_archive(archive, fd, err);
	if (r == 0)
		r = write_manifest(writer, info, archive, err);
	for (size_t i = 0; r == 0 && i < writer->files.len; i++) {
		const struct bundle_file *file = &writer->files.data[i];

		r = write_entry(archive, file->name, file->bytes, file->len, info->created_unix_s,
				err);
	}
	if (r == 0 && archive_write_close(archive) != ARCHIVE_OK)
		r = archive_failed(archive, err);
	archive_write_free(archive);
	return r;
}
