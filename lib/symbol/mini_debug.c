/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/mini_debug.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <archive.h>
#include <errno.h>

#define PACKED_MAX ((uint64_t)16 << 20)
#define UNPACKED_MAX ((size_t)64 << 20) /* a few bytes of xz may unpack to gigabytes */
#define READ_SIZE ((size_t)256 << 10)

static void archive_freep(struct archive **archive)
{
	archive_read_free(*archive);
}

static int read_all(struct archive *archive, struct str *out)
{
	la_ssize_t n;

	do {
		if (str_reserve(out, READ_SIZE) < 0)
			return -ENOMEM;
		n = archive_read_data(archive, out->data + out->len, READ_SIZE);
		if (n < 0)
			return -ENOEXEC;
		out->len += (size_t)n;
		if (out->len > UNPACKED_MAX)
			return -EFBIG;
	} while (n > 0);
	return 0;
}

static int unpack(const void *bytes, size_t len, struct str *out)
{
	_cleanup_(archive_freep) struct archive *archive = archive_read_new();
	struct archive_entry *entry;

	if (!archive)
		return -ENOMEM;
	if (archive_read_support_filter_xz(archive) != ARCHIVE_OK ||
	    archive_read_support_format_raw(archive) != ARCHIVE_OK ||
	    archive_read_open_memory(archive, bytes, len) != ARCHIVE_OK ||
	    archive_read_next_header(archive, &entry) != ARCHIVE_OK)
		return -ENOEXEC;
	return read_all(archive, out);
}

int mini_debug_open(Elf *elf, struct elf_source *ret)
{
	_cleanup_(str_free) struct str image = { 0 };
	GElf_Shdr header;
	Elf_Scn *section = elf_source_section(elf, ".gnu_debugdata", &header);
	const void *bytes;
	size_t len;
	int r;

	if (!section)
		return -ENOENT;
	bytes = elf_source_content(section, &header, PACKED_MAX, &len);
	if (!bytes)
		return -ENOEXEC;
	r = unpack(bytes, len, &image);
	if (r < 0)
		return r;
	len = image.len;
	return elf_source_of_image(TAKE_PTR(image.data), len, ret);
}
