/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/elf_source.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTION_NAMES_MAX ((uint64_t)4 << 20)

size_t elf_source_read(const struct elf_source *source, uint64_t offset, void *buffer, size_t len)
{
	size_t done = 0;

	if (offset >= source->size)
		return 0;
	if (len > source->size - offset)
		len = (size_t)(source->size - offset);
	if (source->fd < 0) {
		memcpy(buffer, (const char *)source->image + offset, len);
		return len;
	}
	while (done < len) {
		ssize_t n = pread(source->fd, (char *)buffer + done, len - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

/* More than 65,279 sections or segments are counted elsewhere in the file, with 32 bits: no linked
 * file has them, and libelf would take memory for each. Zero and all ones look the same in both
 * byte orders. */
static bool is_plain_header(const unsigned char *bytes, size_t len)
{
	Elf64_Ehdr wide;
	Elf32_Ehdr narrow;

	if (len < sizeof(narrow) || memcmp(bytes, ELFMAG, SELFMAG) != 0)
		return false;
	if (bytes[EI_CLASS] == ELFCLASS32) {
		memcpy(&narrow, bytes, sizeof(narrow));
		return (narrow.e_shnum != 0 || narrow.e_shoff == 0) && narrow.e_phnum != PN_XNUM;
	}
	if (bytes[EI_CLASS] != ELFCLASS64 || len < sizeof(wide))
		return false;
	memcpy(&wide, bytes, sizeof(wide));
	return (wide.e_shnum != 0 || wide.e_shoff == 0) && wide.e_phnum != PN_XNUM;
}

static int check_header(const struct elf_source *source)
{
	unsigned char bytes[sizeof(Elf64_Ehdr)];
	size_t len = elf_source_read(source, 0, bytes, sizeof(bytes));

	return is_plain_header(bytes, len) ? 0 : -ENOEXEC;
}

static int check_file(int fd, uint64_t bytes_max, uint64_t *ret_size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if ((uint64_t)st.st_size > bytes_max)
		return -EFBIG;
	*ret_size = (uint64_t)st.st_size;
	return 0;
}

int elf_source_open(int fd, uint64_t bytes_max, struct elf_source *ret)
{
	struct elf_source source = { .fd = fd };
	int r = check_file(fd, bytes_max, &source.size);

	if (r == 0)
		r = check_header(&source);
	if (r < 0)
		elf_source_close(&source);
	else
		*ret = source;
	return r;
}

int elf_source_of_image(void *image, size_t len, struct elf_source *ret)
{
	struct elf_source source = { .fd = -1, .image = image, .size = len };
	int r = check_header(&source);

	if (r < 0)
		elf_source_close(&source);
	else
		*ret = source;
	return r;
}

void elf_source_close(struct elf_source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	free(source->image);
	*source = ELF_SOURCE_NONE;
}

bool elf_source_is_open(const struct elf_source *source)
{
	return source->fd >= 0 || source->image;
}

/* Looking up the name of one section makes libelf read all of them. */
static bool section_names_are_small(Elf *elf)
{
	GElf_Shdr header;
	size_t index;

	if (elf_getshdrstrndx(elf, &index) < 0)
		return false;
	if (index == SHN_UNDEF)
		return true;
	return gelf_getshdr(elf_getscn(elf, index), &header) &&
	       header.sh_size <= SECTION_NAMES_MAX && !(header.sh_flags & SHF_COMPRESSED);
}

Elf *elf_source_begin(const struct elf_source *source)
{
	Elf *elf;

	elf_version(EV_CURRENT);
	elf = source->fd >= 0 ? elf_begin(source->fd, ELF_C_READ, NULL) :
				elf_memory(source->image, (size_t)source->size);
	if (!elf)
		return NULL;
	if (elf_kind(elf) == ELF_K_ELF && section_names_are_small(elf))
		return elf;
	elf_end(elf);
	return NULL;
}

void elf_endp(Elf **elf)
{
	if (*elf)
		elf_end(*elf);
}

Elf_Scn *elf_source_section(Elf *elf, const char *name, GElf_Shdr *ret)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		GElf_Shdr header;
		const char *found;

		if (!gelf_getshdr(section, &header))
			continue;
		found = elf_strptr(elf, names, header.sh_name);
		if (found && strcmp(found, name) == 0) {
			*ret = header;
			return section;
		}
	}
	return NULL;
}

const void *elf_source_content(Elf_Scn *section, const GElf_Shdr *header, uint64_t len_max,
			       size_t *ret_len)
{
	const Elf_Data *data;

	if (header->sh_type == SHT_NOBITS || header->sh_size > len_max ||
	    (header->sh_flags & SHF_COMPRESSED))
		return NULL;
	data = elf_rawdata(section, NULL);
	if (!data || !data->d_buf || !data->d_size)
		return NULL;
	*ret_len = data->d_size;
	return data->d_buf;
}
