/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/cleanup.h"
#include "base/quote.h"
#include "bundle/manifest.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define READ_SIZE 65536
/* What headers and padding of the entries may add to the bytes of the files. */
#define UNPACKED_MAX ((int64_t)BUNDLE_BYTES_MAX + (64 << 20))

struct bundle {
	struct bundle_info info;
	struct manifest_texts texts;
	struct bundle_file_list files;
	struct bundle_file **by_name;
};

struct loader {
	struct archive *archive;
	struct bundle *bundle;
	unsigned flags;
	bool has_manifest;
	size_t entries;
	size_t bytes;
	struct err *err;
};

void bundle_free(struct bundle *bundle)
{
	if (!bundle)
		return;
	bundle_files_free(&bundle->files);
	free(bundle->by_name);
	free(bundle->texts.version);
	free(bundle->texts.host);
	free(bundle);
}

void bundle_freep(struct bundle **bundle)
{
	bundle_free(*bundle);
}

const struct bundle_info *bundle_about(const struct bundle *bundle)
{
	return &bundle->info;
}

size_t bundle_files(const struct bundle *bundle)
{
	return bundle->files.len;
}

const char *bundle_file_name(const struct bundle *bundle, size_t index)
{
	return bundle->files.data[index].name;
}

/* ---- the list of the manifest ---- */

static int compare_files(const void *a, const void *b)
{
	const struct bundle_file *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

static int compare_name(const void *name, const void *file)
{
	return strcmp(name, (*(const struct bundle_file *const *)file)->name);
}

static struct bundle_file *find_file(const struct bundle *bundle, const char *name)
{
	struct bundle_file **found;

	if (!bundle->by_name)
		return NULL;
	found = bsearch(name, bundle->by_name, bundle->files.len, sizeof(struct bundle_file *),
			compare_name);
	return found ? *found : NULL;
}

static int index_files(struct loader *loader)
{
	struct bundle *bundle = loader->bundle;
	size_t count = bundle->files.len;

	bundle->by_name = calloc(count + 1, sizeof(struct bundle_file *));
	if (!bundle->by_name)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		bundle->by_name[i] = vec_at(&bundle->files, i);
	qsort(bundle->by_name, count, sizeof(struct bundle_file *), compare_files);
	for (size_t i = 1; i < count; i++)
		if (strcmp(bundle->by_name[i - 1]->name, bundle->by_name[i]->name) == 0)
			return err_set(loader->err, -EBADMSG, "manifest.json lists %s twice",
				       quote(bundle->by_name[i]->name).text);
	return 0;
}

bool bundle_find(const struct bundle *bundle, const char *name, const char **ret_bytes,
		 size_t *ret_len)
{
	const struct bundle_file *file = find_file(bundle, name);

	if (!file || !file->bytes)
		return false;
	*ret_bytes = file->bytes;
	*ret_len = file->len;
	return true;
}

/* ---- entries ---- */

static int archive_failed(const struct loader *loader)
{
	const char *text = archive_error_string(loader->archive);
	int code = archive_errno(loader->archive);

	if (text && strcasestr(text, "truncated"))
		return err_set(loader->err, -EBADMSG,
			       "the bundle is truncated; copy it again from its host");
	if (code > 0 && code < 4096 && code != EINVAL && code != EILSEQ)
		return err_set(loader->err, -code, "%s", strerror(code));
	if (!loader->has_manifest)
		return err_set(loader->err, -EBADMSG, "not a triage bundle: not a tar.zst archive");
	return err_set(loader->err, -EBADMSG, "the bundle is damaged: %s", quote(text).text);
}

static int refuse(const struct loader *loader, const char *name, const char *fault)
{
	return err_set(loader->err, -EBADMSG, "entry %s %s; refused", quote(name).text, fault);
}

static const char *type_fault(struct archive_entry *entry)
{
	if (archive_entry_hardlink(entry) || archive_entry_hardlink_utf8(entry))
		return "is a hard link";
	switch (archive_entry_filetype(entry)) {
	case AE_IFREG:
	case AE_IFDIR:
		return NULL;
	case AE_IFLNK:
		return "is a symbolic link";
	default:
		return "is a device, pipe or socket";
	}
}

/* Reads the entry's bytes, as many as the header promised and no more, whatever comes out of it. */
static int read_bytes(struct loader *loader, struct archive_entry *entry, const char *name,
		      struct str *out)
{
	size_t promised = (size_t)archive_entry_size(entry);
	char *piece;
	la_ssize_t got;

	/* grown as bytes arrive: a header alone costs no memory */
	do {
		if (str_reserve(out, READ_SIZE) < 0)
			return -ENOMEM;
		piece = out->data + out->len;
		got = archive_read_data(loader->archive, piece, READ_SIZE);
		if (got < 0)
			return archive_failed(loader);
		out->len += (size_t)got;
		if (out->len > promised)
			return refuse(loader, name, "is longer than its header says");
	} while (got > 0);
	if (out->len < promised)
		return err_set(loader->err, -EBADMSG, "the bundle is truncated in %s",
			       quote(name).text);
	out->data[out->len] = '\0';
	return 0;
}

static int load_manifest(struct loader *loader, struct archive_entry *entry)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct bundle *bundle = loader->bundle;
	int r;

	r = read_bytes(loader, entry, MANIFEST_NAME, &text);
	if (r == 0)
		r = manifest_read(str_text(&text), text.len, &bundle->files, &bundle->info,
				  &bundle->texts, loader->err);
	if (r == 0)
		r = index_files(loader);
	loader->has_manifest = r == 0;
	return r;
}

static bool is_wanted(const struct loader *loader, const char *name)
{
	return loader->flags & BUNDLE_WITH_RAW ||
	       strncmp(name, BUNDLE_RAW_PREFIX, strlen(BUNDLE_RAW_PREFIX)) != 0;
}

static int load_file(struct loader *loader, struct archive_entry *entry, struct bundle_file *file)
{
	_cleanup_(str_free) struct str bytes = { 0 };
	struct bundle_file read = { 0 };
	int r;

	r = read_bytes(loader, entry, file->name, &bytes);
	if (r < 0)
		return r;
	read.len = bytes.len;
	read.bytes = str_take(&bytes);
	if (!read.bytes)
		return -ENOMEM;
	manifest_digest(&read);
	if (strcmp(read.sha256, file->sha256) != 0) {
		free(read.bytes);
		return refuse(loader, file->name,
			      "does not match its checksum: damaged or changed");
	}
	file->bytes = read.bytes;
	return 0;
}

static int take_listed(struct loader *loader, struct archive_entry *entry, const char *name)
{
	struct bundle_file *file = find_file(loader->bundle, name);

	if (!file)
		return refuse(loader, name,
			      strcmp(name, MANIFEST_NAME) == 0 ? "occurs twice" :
								 "is not listed in manifest.json");
	if (file->is_seen)
		return refuse(loader, name, "occurs twice");
	file->is_seen = true;
	if (archive_entry_size(entry) != (la_int64_t)file->len)
		return refuse(loader, name, "has another size than manifest.json says");
	return is_wanted(loader, name) ? load_file(loader, entry, file) : 0;
}

static int check_limits(struct loader *loader, struct archive_entry *entry, const char *name)
{
	la_int64_t size = archive_entry_size(entry);

	if (++loader->entries > BUNDLE_ENTRIES_MAX)
		return err_set(loader->err, -E2BIG, "more than %d entries; refused",
			       BUNDLE_ENTRIES_MAX);
	if (size < 0 || size > (la_int64_t)BUNDLE_FILE_BYTES_MAX)
		return err_set(loader->err, -E2BIG, "entry %s is larger than %zu MiB; refused",
			       quote(name).text, BUNDLE_FILE_BYTES_MAX >> 20);
	loader->bytes += (size_t)size;
	if (loader->bytes > BUNDLE_BYTES_MAX ||
	    archive_filter_bytes(loader->archive, 0) > UNPACKED_MAX)
		return err_set(loader->err, -E2BIG, "unpacks to more than %zu MiB; refused",
			       BUNDLE_BYTES_MAX >> 20);
	return 0;
}

/* In a C locale libarchive can't convert names that are not ASCII: they are taken as UTF-8. */
static const char *entry_name(struct archive_entry *entry)
{
	const char *name = archive_entry_pathname_utf8(entry);

	return name ? name : archive_entry_pathname(entry);
}

/* tar writes folders as "raw/": without the slash they are judged like files. */
static char *plain_name(struct archive_entry *entry)
{
	const char *raw = entry_name(entry);
	char *name = strdup(raw ? raw : "");
	size_t len = name ? strlen(name) : 0;

	if (len > 1 && archive_entry_filetype(entry) == AE_IFDIR && name[len - 1] == '/')
		name[len - 1] = '\0';
	return name;
}

static int take_entry(struct loader *loader, struct archive_entry *entry)
{
	_cleanup_(cleanup_free) char *name = plain_name(entry);
	const char *fault;
	int r;

	if (!name)
		return -ENOMEM;
	fault = bundle_name_fault(name);
	if (!fault)
		fault = type_fault(entry);
	if (fault)
		return refuse(loader, name, fault);
	r = check_limits(loader, entry, name);
	if (r < 0 || archive_entry_filetype(entry) == AE_IFDIR)
		return r;
	if (loader->has_manifest)
		return take_listed(loader, entry, name);
	if (strcmp(name, MANIFEST_NAME) != 0)
		return err_set(loader->err, -EBADMSG,
			       "not a triage bundle: it begins with %s, not with manifest.json",
			       quote(name).text);
	return load_manifest(loader, entry);
}

/* tar has no mark that every truncation leaves: one between two entries shows here only. */
static int check_complete(const struct loader *loader)
{
	size_t missing = 0;
	const char *first = NULL;

	if (!loader->has_manifest)
		return err_set(loader->err, -EBADMSG,
			       "not a triage bundle: it holds no manifest.json");
	vec_each(file, &loader->bundle->files) {
		if (file->is_seen)
			continue;
		if (missing++ == 0)
			first = file->name;
	}
	if (missing == 0)
		return 0;
	return err_set(loader->err, -EBADMSG,
		       "the bundle is truncated: %s and %zu more of its files are missing; copy it "
		       "again from its host",
		       quote(first).text, missing - 1);
}

static int take_all(struct loader *loader)
{
	struct archive_entry *entry;
	int r;

	for (;;) {
		r = archive_read_next_header(loader->archive, &entry);
		if (r == ARCHIVE_EOF)
			return check_complete(loader);
		if (r < ARCHIVE_WARN)
			return archive_failed(loader);
		r = take_entry(loader, entry);
		if (r < 0)
			return r;
	}
}

/* ---- where the bytes come from ---- */

struct input {
	int fd; /* -1: from memory */
	const void *bytes;
	size_t len;
};

/* ARCHIVE_WARN would mean that libarchive is going to run an external program. */
static int open_input(struct archive *archive, const struct input *input)
{
	if (archive_read_support_format_tar(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(archive) != ARCHIVE_OK ||
	    archive_read_support_filter_gzip(archive) != ARCHIVE_OK)
		return -ENOSYS;
	if (input->fd >= 0)
		return archive_read_open_fd(archive, input->fd, READ_SIZE);
	return archive_read_open_memory(archive, input->bytes, input->len);
}

static int load_input(const struct input *input, unsigned flags, struct bundle **ret,
		      struct err *err)
{
	_cleanup_(bundle_freep) struct bundle *bundle = calloc(1, sizeof(*bundle));
	struct loader loader = { .bundle = bundle, .flags = flags, .err = err };
	int r;

	loader.archive = bundle ? archive_read_new() : NULL;
	if (!loader.archive)
		return -ENOMEM;
	r = open_input(loader.archive, input);
	if (r == -ENOSYS)
		r = err_set(err, r, "libarchive was built without zstd or gzip");
	else
		r = r == ARCHIVE_OK ? take_all(&loader) : archive_failed(&loader);
	archive_read_free(loader.archive);
	if (r == 0)
		*ret = TAKE_PTR(bundle);
	return r;
}

static int load_named(const struct input *input, const char *name, unsigned flags,
		      struct bundle **ret, struct err *err)
{
	int r = load_input(input, flags, ret, err);

	if (r == -ENOMEM)
		err_set(err, r, "out of memory");
	return r < 0 ? err_prefix(err, r, "%s", quote(name).text) : 0;
}

int bundle_load_memory(const void *bytes, size_t len, const char *name, unsigned flags,
		       struct bundle **ret, struct err *err)
{
	struct input input = { .fd = -1, .bytes = bytes, .len = len };

	if (len == 0)
		return err_set(err, -EBADMSG, "%s: the file is empty", quote(name).text);
	return load_named(&input, name, flags, ret, err);
}

int bundle_load_fd(int fd, const char *name, unsigned flags, struct bundle **ret, struct err *err)
{
	struct input input = { .fd = fd };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_set(err, -errno, "%s: %s", quote(name).text, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(err, -EISDIR, "%s: is a folder, not a bundle", quote(name).text);
	if (S_ISREG(st.st_mode) && st.st_size == 0)
		return err_set(err, -EBADMSG, "%s: the file is empty", quote(name).text);
	return load_named(&input, name, flags, ret, err);
}

int bundle_load(const char *path, unsigned flags, struct bundle **ret, struct err *err)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return err_set(err, -errno, "%s: %s", quote(path).text, strerror(errno));
	return bundle_load_fd(fd, path, flags, ret, err);
}

bool bundle_looks_like(const char *bytes, size_t len)
{
	static const size_t ustar_offset = 257;

	return (len >= 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0) ||
	       (len >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0) ||
	       (len >= ustar_offset + 5 && memcmp(bytes + ustar_offset, "ustar", 5) == 0);
}
