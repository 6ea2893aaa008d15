/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/frame_file.h"

#include "base/cleanup.h"
#include "symbol/frame_entry.h"

#include <dwarf.h>
#include <errno.h>

#define SEGMENTS_MAX 64
#define HEADER_MAX 64 /* of .eh_frame_hdr: what comes before its table */

#if defined(__aarch64__)
#define OWN_MACHINE EM_AARCH64
#else
#define OWN_MACHINE EM_X86_64
#endif

void frame_file_free(struct frame_file *file)
{
	if (!file)
		return;
	vec_free(&file->segments);
	frame_section_clear(&file->eh);
	frame_section_clear(&file->debug);
	free(file);
}

static void free_file(struct frame_file **file)
{
	frame_file_free(*file);
}

static int read_segments(Elf *elf, struct frame_file *file, GElf_Phdr *ret_header)
{
	size_t count;
	GElf_Phdr program;

	if (elf_getphdrnum(elf, &count) < 0)
		return -ENOEXEC;
	for (size_t i = 0; i < count && gelf_getphdr(elf, (int)i, &program); i++) {
		struct frame_segment segment = { program.p_offset, program.p_filesz,
						 program.p_vaddr };

		if (program.p_type == PT_GNU_EH_FRAME)
			*ret_header = program;
		if (program.p_type != PT_LOAD || file->segments.len == SEGMENTS_MAX)
			continue;
		if (vec_push(&file->segments, segment) < 0)
			return -ENOMEM;
	}
	return 0;
}

static const struct frame_segment *segment_of_address(const struct frame_file *file,
						      uint64_t address)
{
	vec_each(segment, &file->segments)
		if (address >= segment->address && address - segment->address < segment->len)
			return segment;
	return NULL;
}

static int read_section(Elf *elf, const char *name, bool eh, struct frame_section *ret)
{
	GElf_Shdr header;
	Elf_Scn *section = elf_source_section(elf, name, &header);
	const void *content;
	size_t len;

	content = section ? elf_source_content(section, &header, FRAME_SECTION_MAX, &len) : NULL;
	if (!content)
		return 0;
	ret->data = malloc(len);
	if (!ret->data)
		return -ENOMEM;
	memcpy(ret->data, content, len);
	ret->len = len;
	ret->address = header.sh_addr;
	ret->eh = eh;
	return 0;
}

/* .eh_frame_hdr begins with version, three encodings, and where .eh_frame is. */
static bool find_eh_frame(const struct elf_source *source, const GElf_Phdr *header,
			  uint64_t *ret_address)
{
	uint8_t content[HEADER_MAX];
	struct frame_section section = { .data = content, .address = header->p_vaddr };
	struct frame_bytes bytes = { .p = content };
	uint8_t version, encoding;

	section.len = elf_source_read(source, header->p_offset, content, sizeof(content));
	bytes.end = content + section.len;
	version = frame_bytes_u8(&bytes);
	encoding = frame_bytes_u8(&bytes);
	frame_bytes_skip(&bytes, 2);
	return version == 1 && frame_pointer_read(&section, &bytes, encoding, ret_address);
}

/* For files without section headers: to the end of its segment. */
static int read_by_header(const struct elf_source *source, const GElf_Phdr *header,
			  struct frame_file *file)
{
	struct frame_section *eh = &file->eh;
	const struct frame_segment *segment;
	uint64_t len, offset;

	if (!find_eh_frame(source, header, &eh->address))
		return 0;
	segment = segment_of_address(file, eh->address);
	if (!segment)
		return 0;
	offset = segment->offset + (eh->address - segment->address);
	len = segment->len - (eh->address - segment->address);
	if (offset >= source->size)
		return 0;
	if (len > source->size - offset)
		len = source->size - offset;
	if (len > FRAME_SECTION_MAX)
		len = FRAME_SECTION_MAX;
	eh->data = malloc(len);
	if (!eh->data)
		return -ENOMEM;
	eh->len = elf_source_read(source, offset, eh->data, len);
	eh->eh = true;
	eh->ends_at_zero = true;
	return 0;
}

static int read_sections(const struct elf_source *source, Elf *elf, const GElf_Phdr *header,
			 struct frame_file *file)
{
	int r = read_section(elf, ".eh_frame", true, &file->eh);

	if (r == 0 && !file->eh.data && header->p_type == PT_GNU_EH_FRAME)
		r = read_by_header(source, header, file);
	if (r == 0)
		r = read_section(elf, ".debug_frame", false, &file->debug);
	if (r == 0)
		r = frame_section_index(&file->eh);
	if (r == 0 || r == -ENODATA) {
		int debug = frame_section_index(&file->debug);

		r = r == 0 && debug == -ENODATA ? 0 : debug;
	}
	return r;
}

static size_t section_bytes(const struct frame_section *section)
{
	return section->len + section->entries.cap * sizeof(struct frame_entry);
}

static bool is_own_machine(Elf *elf)
{
	GElf_Ehdr header;

	return gelf_getehdr(elf, &header) && header.e_machine == OWN_MACHINE &&
	       header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB;
}

int frame_file_read(const struct elf_source *source, struct frame_file **ret)
{
	_cleanup_(free_file) struct frame_file *file = calloc(1, sizeof(*file));
	_cleanup_(elf_endp) Elf *elf = elf_source_begin(source);
	GElf_Phdr header = { 0 };
	int r;

	if (!file)
		return -ENOMEM;
	if (!elf || !is_own_machine(elf))
		return -ENOEXEC;
	r = read_segments(elf, file, &header);
	if (r == 0)
		r = read_sections(source, elf, &header, file);
	if (r < 0)
		return r;
	file->bytes = sizeof(*file) + section_bytes(&file->eh) + section_bytes(&file->debug);
	*ret = TAKE_PTR(file);
	return 0;
}

static bool find_address(const struct frame_file *file, uint64_t offset, uint64_t *ret)
{
	vec_each(segment, &file->segments) {
		if (offset < segment->offset || offset - segment->offset >= segment->len)
			continue;
		*ret = segment->address + (offset - segment->offset);
		return true;
	}
	return false;
}

int frame_file_find(struct frame_file *file, uint64_t offset, struct frame_row *ret,
		    const struct frame_section **ret_section)
{
	struct frame_section *section = &file->eh;
	uint64_t address;
	int r;

	if (!find_address(file, offset, &address))
		return -ENOENT;
	r = frame_section_find(section, address, ret);
	if (r == -ENOENT) {
		section = &file->debug;
		r = frame_section_find(section, address, ret);
	}
	if (r == 0)
		*ret_section = section;
	return r;
}
