/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One file that processes map for execution: where its bytes are meant to be, its functions and its
 * lines. Functions come from .symtab; where that is stripped, from .dynsym together with the
 * separate debug file or else .gnu_debugdata.
 */
#ifndef TRIAGE_SYMBOL_OBJECT_FILE_H
#define TRIAGE_SYMBOL_OBJECT_FILE_H

#include "source/procroot.h"
#include "symbol/names.h"

struct object_file;

/* Takes the descriptor over, on failure too. `root`: where debug files are looked for (NULL:
 * nowhere), `path`: of the file, for that. -EINVAL: no regular file; -EFBIG: above `bytes_max`;
 * -ENOEXEC: no ELF file; -ENOMEM. `root` must outlive it. */
int object_file_open(int fd, const char *path, struct procroot *root, uint64_t bytes_max,
		     struct object_file **ret);

/* From a copy of an image in memory. */
int object_file_of_image(const void *image, size_t len, struct object_file **ret);

/* The image of the vdso that the kernel gave this process; all 64-bit processes have the same.
 * -ENOENT. */
int object_file_of_vdso(struct object_file **ret);

void object_file_free(struct object_file *object);

/* The address of a byte of the file in the file's own terms (what symbols and lines are in); false:
 * it is in no segment. */
bool object_file_address(const struct object_file *object, uint64_t offset, uint64_t *ret);

/* The function that holds the address. 1 and a name of `names`; 0; -ENOMEM. */
int object_file_find(struct object_file *object, uint64_t address, struct names *names,
		     const char **ret_name);

/* Replaces `out` by "spin.c:42", raw bytes, or empties it. Keeps what it loaded for the next
 * call. */
void object_file_line(struct object_file *object, uint64_t address, struct str *out);
bool object_file_has_lines(const struct object_file *object); /* that are loaded */
void object_file_drop_lines(struct object_file *object);

/* It has the names of .dynsym alone, or none. */
bool object_file_is_stripped(const struct object_file *object);
size_t object_file_symbols(const struct object_file *object);
uint64_t object_file_bytes(const struct object_file *object);

#endif
