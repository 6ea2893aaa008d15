/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/debug_file.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define DEBUG_ROOT "usr/lib/debug"
#define NOTES_MAX 65536
#define CRC_BYTES_MAX ((uint64_t)256 << 20)

/* ---- what the file tells --------------------------------------------------------------------- */

static bool take_build_id(Elf_Data *data, struct debug_key *key)
{
	size_t at = 0, next, name, desc;
	GElf_Nhdr note;

	while ((next = gelf_getnote(data, at, &note, &name, &desc)) > 0) {
		const char *bytes = data->d_buf;

		if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof("GNU") &&
		    memcmp(bytes + name, "GNU", sizeof("GNU")) == 0 && note.n_descsz >= 2 &&
		    note.n_descsz <= sizeof(key->build_id)) {
			memcpy(key->build_id, bytes + desc, note.n_descsz);
			key->build_id_len = note.n_descsz;
			return true;
		}
		at = next;
	}
	return false;
}

static void find_build_id(Elf *elf, struct debug_key *key)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section))) {
		Elf_Data *data;

		if (!gelf_getshdr(section, &header) || header.sh_type != SHT_NOTE ||
		    header.sh_size > NOTES_MAX || (header.sh_flags & SHF_COMPRESSED))
			continue;
		data = elf_getdata(section, NULL);
		if (data && data->d_buf && take_build_id(data, key))
			return;
	}
}

/* A name, a NUL, padding to four bytes, the checksum. */
static void find_link(Elf *elf, struct debug_key *key)
{
	GElf_Shdr header;
	Elf_Scn *section = elf_source_section(elf, ".gnu_debuglink", &header);
	const char *bytes, *nul;
	size_t len, name;

	if (!section)
		return;
	bytes = elf_source_content(section, &header, sizeof(key->link) + 8, &len);
	nul = bytes ? memchr(bytes, '\0', len) : NULL;
	name = nul ? (size_t)(nul - bytes) : 0;
	if (name == 0 || name >= sizeof(key->link) || memchr(bytes, '/', name) ||
	    strcmp(bytes, "..") == 0 || strcmp(bytes, ".") == 0 || name / 4 * 4 + 8 > len)
		return;
	memcpy(key->link, bytes, name + 1);
	memcpy(&key->crc, bytes + name / 4 * 4 + 4, sizeof(key->crc));
}

void debug_key_of(Elf *elf, struct debug_key *ret)
{
	*ret = (struct debug_key){ 0 };
	find_build_id(elf, ret);
	find_link(elf, ret);
}

/* ---- is it the right one? -------------------------------------------------------------------- */

static uint32_t crc_step(uint32_t crc, unsigned char byte)
{
	crc ^= byte;
	for (int bit = 0; bit < 8; bit++)
		crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	return crc;
}

static bool has_crc(const struct elf_source *source, uint32_t expected)
{
	unsigned char buffer[8192];
	uint32_t table[256], crc = ~0u;
	size_t n;

	if (source->size > CRC_BYTES_MAX)
		return false;
	for (unsigned int i = 0; i < 256; i++)
		table[i] = crc_step(0, (unsigned char)i);
	for (uint64_t at = 0; (n = elf_source_read(source, at, buffer, sizeof(buffer))) > 0;
	     at += n)
		for (size_t i = 0; i < n; i++)
			crc = crc >> 8 ^ table[(crc ^ buffer[i]) & 0xff];
	return ~crc == expected;
}

static bool belongs(const struct elf_source *source, const struct debug_key *key)
{
	_cleanup_(elf_endp) Elf *elf = elf_source_begin(source);
	struct debug_key own = { 0 };

	if (!elf)
		return false;
	find_build_id(elf, &own);
	if (key->build_id_len && own.build_id_len)
		return own.build_id_len == key->build_id_len &&
		       memcmp(own.build_id, key->build_id, own.build_id_len) == 0;
	return *key->link && has_crc(source, key->crc);
}

/* ---- where it is ----------------------------------------------------------------------------- */

static int open_checked(struct procroot *root, const char *folder_path, const char *name,
			const struct debug_key *key, uint64_t bytes_max, struct elf_source *ret)
{
	_cleanup_(cleanup_close) int folder = procroot_open_folder(root, folder_path);
	struct elf_source source;
	int fd, r;

	if (folder < 0)
		return -ENOENT;
	fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -ENOENT;
	r = elf_source_open(fd, bytes_max, &source);
	if (r < 0)
		return r;
	if (!belongs(&source, key)) {
		elf_source_close(&source);
		return -ESTALE;
	}
	*ret = source;
	return 0;
}

static int open_by_build_id(struct procroot *root, const struct debug_key *key, uint64_t bytes_max,
			    struct elf_source *ret)
{
	char folder[sizeof(DEBUG_ROOT "/.build-id/ab")];
	char name[2 * DEBUG_BUILD_ID_MAX + sizeof(".debug")];
	int len = 0;

	if (key->build_id_len < 2)
		return -ENOENT;
	snprintf(folder, sizeof(folder), DEBUG_ROOT "/.build-id/%02x", key->build_id[0]);
	for (size_t i = 1; i < key->build_id_len; i++)
		len += snprintf(name + len, sizeof(name) - (size_t)len, "%02x", key->build_id[i]);
	snprintf(name + len, sizeof(name) - (size_t)len, ".debug");
	return open_checked(root, folder, name, key, bytes_max, ret);
}

static int open_by_link(struct procroot *root, const struct debug_key *key, const char *path,
			uint64_t bytes_max, struct elf_source *ret)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int len;

	if (!*key->link || *path != '/' || !slash)
		return -ENOENT;
	len = snprintf(folder, sizeof(folder), DEBUG_ROOT "%.*s", (int)(slash - path), path);
	if (len < 0 || len >= (int)sizeof(folder))
		return -ENOENT;
	return open_checked(root, folder, key->link, key, bytes_max, ret);
}

int debug_file_open(struct procroot *root, const struct debug_key *key, const char *path,
		    uint64_t bytes_max, struct elf_source *ret)
{
	int first, r;

	if (!root || !procroot_is_live(root))
		return -ENOENT;
	first = open_by_build_id(root, key, bytes_max, ret);
	if (first == 0)
		return 0;
	r = open_by_link(root, key, path, bytes_max, ret);
	return r == -ENOENT ? first : r;
}
