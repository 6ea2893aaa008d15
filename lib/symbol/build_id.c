/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/build_id.h"

#include "base/cleanup.h"
#include "symbol/debug_file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_BYTES_MAX ((uint64_t)1 << 30)

static int read_id(const struct elf_source *source, struct build_id *ret)
{
	_cleanup_(elf_endp) Elf *elf = elf_source_begin(source);
	struct debug_key key;

	if (!elf)
		return -ENOEXEC;
	debug_key_of(elf, &key);
	memcpy(ret->bytes, key.build_id, key.build_id_len);
	ret->len = key.build_id_len;
	return 0;
}

int build_id_of_file(const struct address_spaces *spaces, const char *path, struct build_id *ret)
{
	struct mapping mapping = { .path = path };
	struct elf_source source;
	struct build_id id;
	struct stat st;
	int fd, r;

	/* No process has that id: the path itself is opened. */
	fd = address_spaces_open_file(spaces, 0, &mapping);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	id.inode = st.st_ino;
	r = elf_source_open(fd, FILE_BYTES_MAX, &source);
	if (r < 0)
		return r;
	r = read_id(&source, &id);
	elf_source_close(&source);
	if (r == 0)
		*ret = id;
	return r;
}
