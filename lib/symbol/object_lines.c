/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/object_lines.h"

#include "base/cleanup.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LOADED_MAX ((uint64_t)128 << 20) /* bytes read or unpacked into memory */
#define UNIT_LINES_MAX \
	((uint64_t)4   \
	 << 20) /* bytes of a unit's line program: libdw takes ten times that, or a hundred */
#define UNITS_MAX 100000

struct object_lines {
	Elf *elf;
	Dwarf *dwarf;
	Elf_Data *programs; /* .debug_line */
};

/* ---- opening --------------------------------------------------------------------------------- */

/* What libdw is going to hold in memory of a section. */
static uint64_t loaded_bytes(Elf_Scn *section, const GElf_Shdr *header, bool mapped)
{
	GElf_Chdr compressed;

	if (header->sh_type == SHT_NOBITS)
		return 0;
	if (!(header->sh_flags & SHF_COMPRESSED))
		return mapped ? 0 : header->sh_size;
	if (!gelf_getchdr(section, &compressed) || compressed.ch_size > LOADED_MAX)
		return LOADED_MAX;
	return compressed.ch_size + header->sh_size;
}

static int check_size(Elf *elf, bool mapped)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	uint64_t total = 0;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) < 0)
		return -ENOEXEC;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, &header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		/* The old way of compressing tells its size inside. */
		if (name && strncmp(name, ".zdebug", 7) == 0)
			return -ENOENT;
		if (name && strncmp(name, ".debug", 6) == 0)
			total += loaded_bytes(section, &header, mapped);
		if (total >= LOADED_MAX)
			return -EFBIG;
	}
	return 0;
}

static int open_dwarf(struct object_lines *lines, bool own)
{
	GElf_Shdr header;
	Elf_Scn *section = elf_source_section(lines->elf, ".debug_line", &header);
	int r;

	if (!section || header.sh_type == SHT_NOBITS)
		return -ENOENT;
	r = check_size(lines->elf, own);
	if (r < 0)
		return r;
	lines->dwarf = dwarf_begin_elf(lines->elf, DWARF_C_READ, NULL);
	if (!lines->dwarf)
		return -ENOEXEC;
	/* Else libdw opens the supplementary file that it names, be it a FIFO. */
	if (!own)
		dwarf_setalt(lines->dwarf, lines->dwarf);
	lines->programs = elf_getdata(section, NULL);
	return lines->programs && lines->programs->d_buf ? 0 : -ENOEXEC;
}

static Elf *begin(const struct elf_source *source, bool own)
{
	Elf *checked = elf_source_begin(source);

	if (!checked || !own || source->fd < 0)
		return checked;
	elf_end(checked);
	return elf_begin(source->fd, ELF_C_READ_MMAP, NULL);
}

int object_lines_open(const struct elf_source *source, bool own, struct object_lines **ret)
{
	struct object_lines *lines = calloc(1, sizeof(*lines));
	int r = -ENOEXEC;

	if (!lines)
		return -ENOMEM;
	lines->elf = begin(source, own);
	if (lines->elf)
		r = open_dwarf(lines, own);
	if (r < 0)
		object_lines_free(lines);
	else
		*ret = lines;
	return r;
}

void object_lines_free(struct object_lines *lines)
{
	if (!lines)
		return;
	if (lines->dwarf)
		dwarf_end(lines->dwarf);
	if (lines->elf)
		elf_end(lines->elf);
	free(lines);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* A skeleton makes libdw look for the other half of the unit by a path that the file names. */
static bool is_whole_unit(Dwarf_Die *die)
{
	Dwarf_Half version;
	uint8_t type;

	return dwarf_cu_info(die->cu, &version, &type, NULL, NULL, NULL, NULL, NULL) == 0 &&
	       (type == DW_UT_compile || type == DW_UT_partial);
}

/* Some compilers (clang) write no .debug_aranges: then every unit is asked. */
static bool find_unit(Dwarf *dwarf, uint64_t address, Dwarf_Die *ret)
{
	Dwarf_CU *unit = NULL;
	int left = UNITS_MAX;

	if (dwarf_addrdie(dwarf, address, ret))
		return is_whole_unit(ret);
	while (left-- > 0 && dwarf_get_units(dwarf, unit, &unit, NULL, NULL, ret, NULL) == 0)
		if (is_whole_unit(ret) && dwarf_haspc(ret, address) > 0)
			return true;
	return false;
}

static bool program_is_small(const struct object_lines *lines, Dwarf_Die *unit)
{
	const Elf_Data *data = lines->programs;
	Dwarf_Attribute attribute;
	Dwarf_Word at;
	uint32_t len;
	uint64_t long_len;

	if (!dwarf_attr(unit, DW_AT_stmt_list, &attribute) ||
	    dwarf_formudata(&attribute, &at) < 0 || data->d_size < 12 || at > data->d_size - 12)
		return false;
	memcpy(&len, (const char *)data->d_buf + at, sizeof(len));
	memcpy(&long_len, (const char *)data->d_buf + at + 4, sizeof(long_len));
	return (len == UINT32_MAX ? long_len : len) <= UNIT_LINES_MAX;
}

static void format_line(Dwarf_Line *line, struct str *out)
{
	const char *path = dwarf_linesrc(line, NULL, NULL);
	const char *slash = path ? strrchr(path, '/') : NULL;
	int number;

	if (!path || dwarf_lineno(line, &number) < 0 || number <= 0)
		return;
	str_format(out, "%s:%d", slash ? slash + 1 : path, number);
}

void object_lines_find(struct object_lines *lines, uint64_t address, struct str *out)
{
	Dwarf_Die unit;
	Dwarf_Line *line;

	str_clear(out);
	if (!find_unit(lines->dwarf, address, &unit) || !program_is_small(lines, &unit))
		return;
	line = dwarf_getsrc_die(&unit, address);
	if (line)
		format_line(line, out);
}
