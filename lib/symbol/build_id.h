/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether the file that a recording tells of is the one that lies at its path: two builds differ
 * in their build id (a note that the linker writes, .note.gnu.build-id).
 */
#ifndef TRIAGE_SYMBOL_BUILD_ID_H
#define TRIAGE_SYMBOL_BUILD_ID_H

#include "symbol/address_space.h"

#define BUILD_ID_MAX 64

struct build_id {
	uint8_t bytes[BUILD_ID_MAX];
	size_t len;	/* 0: the file has none */
	uint64_t inode; /* of the file */
};

/* Of the regular file at an absolute path under the root of the address spaces. -ENOENT,
 * -EACCES; -ENOEXEC, -EFBIG: no ELF file that is taken; -ENOMEM. */
int build_id_of_file(const struct address_spaces *spaces, const char *path, struct build_id *ret);

#endif
