/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The bytes of an object file: a descriptor or an image in memory. Never mapped: who owns a file
 * may cut it short, and touching what is cut off ends the process (SIGBUS). Headers are looked at
 * before libelf sees them, so that it can't be talked into taking gigabytes.
 */
#ifndef TRIAGE_SYMBOL_ELF_SOURCE_H
#define TRIAGE_SYMBOL_ELF_SOURCE_H

#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct elf_source {
	int fd;	     /* -1: an image, or nothing */
	void *image; /* malloc() */
	uint64_t size;
};

#define ELF_SOURCE_NONE ((struct elf_source){ .fd = -1 })

/* Takes the descriptor over, on failure too. -EFBIG above `bytes_max`; -EINVAL: no regular file;
 * -ENOEXEC: no ELF file that is taken. */
int elf_source_open(int fd, uint64_t bytes_max, struct elf_source *ret);

/* Takes the image over, on failure too. -ENOEXEC. */
int elf_source_of_image(void *image, size_t len, struct elf_source *ret);

void elf_source_close(struct elf_source *source);
bool elf_source_is_open(const struct elf_source *source);

/* Up to `len` bytes from `offset`; how many there were, 0 behind the end or on errors. */
size_t elf_source_read(const struct elf_source *source, uint64_t offset, void *buffer, size_t len);

/* elf_end() by the caller, before the source is closed. NULL: not readable, or no memory. */
Elf *elf_source_begin(const struct elf_source *source);

void elf_endp(Elf **elf);

/* The section of that name; NULL. */
Elf_Scn *elf_source_section(Elf *elf, const char *name, GElf_Shdr *ret);

/* The content of a section of at most `len_max` bytes; NULL. Valid until elf_end(). */
const void *elf_source_content(Elf_Scn *section, const GElf_Shdr *header, uint64_t len_max,
			       size_t *ret_len);

#endif
