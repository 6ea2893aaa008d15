/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/object_file.h"

#include "base/cleanup.h"
#include "base/vec.h"
#include "symbol/debug_file.h"
#include "symbol/mini_debug.h"
#include "symbol/object_lines.h"
#include "symbol/symbol_table.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/auxv.h>

#define PAGE_MASK ((uint64_t)4095)
#define SEGMENTS_MAX 1024
#define VDSO_BYTES_MAX ((size_t)1 << 20)

struct segment {
	uint64_t offset, len; /* in the file */
	uint64_t address;
	bool executable;
};

struct object_file {
	struct elf_source file;
	struct elf_source extra; /* its debug file, or .gnu_debugdata unpacked */
	bool extra_is_debug_file;
	VEC(struct segment) segments;
	struct symbol_table *symbols;
	bool stripped;
	struct object_lines *lines;
	bool lines_failed;
	struct procroot *root;
	uint64_t bytes_max;
	char *path;
	struct debug_key key;
};

/* ---- opening --------------------------------------------------------------------------------- */

static int read_segments(struct object_file *object, Elf *elf)
{
	GElf_Phdr header;
	size_t count;
	int r = 0;

	if (elf_getphdrnum(elf, &count) < 0)
		return -ENOEXEC;
	for (size_t i = 0; r == 0 && i < count && i < SEGMENTS_MAX; i++) {
		struct segment segment;

		if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		segment = (struct segment){ header.p_offset, header.p_filesz, header.p_vaddr,
					    header.p_flags & PF_X };
		r = vec_push(&object->segments, segment);
	}
	return r;
}

static int open_debug_file(struct object_file *object)
{
	int r = debug_file_open(object->root, &object->key, object->path, object->bytes_max,
				&object->extra);

	object->extra_is_debug_file = r == 0;
	return r;
}

static int add_extra_symbols(struct object_file *object, Elf *elf)
{
	_cleanup_(elf_endp) Elf *extra = NULL;

	if (open_debug_file(object) < 0 && mini_debug_open(elf, &object->extra) < 0)
		return -ENOENT;
	extra = elf_source_begin(&object->extra);
	if (!extra)
		return -ENOENT;
	return symbol_table_add(object->symbols, &object->extra, extra, SHT_SYMTAB);
}

/* What is missing or broken leaves fewer names; only a lack of memory is a failure. */
static int read_symbols(struct object_file *object, Elf *elf)
{
	int r;

	object->symbols = symbol_table_new();
	if (!object->symbols)
		return -ENOMEM;
	r = symbol_table_add(object->symbols, &object->file, elf, SHT_SYMTAB);
	if (r == -ENOENT) {
		r = symbol_table_add(object->symbols, &object->file, elf, SHT_DYNSYM);
		if (r != -ENOMEM)
			r = add_extra_symbols(object, elf);
		object->stripped = r == -ENOENT;
	}
	return r == -ENOMEM ? r : symbol_table_finish(object->symbols);
}

static int read_object(struct object_file *object)
{
	_cleanup_(elf_endp) Elf *elf = elf_source_begin(&object->file);
	int r;

	if (!elf)
		return -ENOEXEC;
	debug_key_of(elf, &object->key);
	r = read_segments(object, elf);
	return r < 0 ? r : read_symbols(object, elf);
}

static int object_new(const struct elf_source *source, const char *path, struct procroot *root,
		      uint64_t bytes_max, struct object_file **ret)
{
	struct object_file *object = calloc(1, sizeof(*object));
	struct elf_source unused = *source;
	int r;

	if (!object) {
		elf_source_close(&unused);
		return -ENOMEM;
	}
	object->file = *source;
	object->extra = ELF_SOURCE_NONE;
	object->root = root;
	object->bytes_max = bytes_max;
	object->path = strdup(path);
	r = object->path ? read_object(object) : -ENOMEM;
	if (r < 0)
		object_file_free(object);
	else
		*ret = object;
	return r;
}

int object_file_open(int fd, const char *path, struct procroot *root, uint64_t bytes_max,
		     struct object_file **ret)
{
	struct elf_source source;
	int r = elf_source_open(fd, bytes_max, &source);

	return r < 0 ? r : object_new(&source, path, root, bytes_max, ret);
}

int object_file_of_image(const void *image, size_t len, struct object_file **ret)
{
	struct elf_source source;
	void *copy = malloc(len ? len : 1);
	int r;

	if (!copy)
		return -ENOMEM;
	memcpy(copy, image, len);
	r = elf_source_of_image(copy, len, &source);
	return r < 0 ? r : object_new(&source, "", NULL, len, ret);
}

/* The kernel's own image ends with its table of sections. */
int object_file_of_vdso(struct object_file **ret)
{
	const GElf_Ehdr *header = (const GElf_Ehdr *)getauxval(AT_SYSINFO_EHDR);
	size_t len;

	if (!header || sizeof(void *) != 8)
		return -ENOENT;
	len = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;
	if (len < sizeof(*header) || len > VDSO_BYTES_MAX)
		return -ENOENT;
	return object_file_of_image(header, len, ret);
}

void object_file_free(struct object_file *object)
{
	if (!object)
		return;
	object_lines_free(object->lines);
	symbol_table_free(object->symbols);
	vec_free(&object->segments);
	elf_source_close(&object->extra);
	elf_source_close(&object->file);
	free(object->path);
	free(object);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static bool holds(const struct segment *segment, uint64_t offset)
{
	return offset >= segment->offset && offset - segment->offset < segment->len;
}

/* Whole pages are mapped: bytes beside a segment are there too. The one for code comes first where
 * two share a page. */
static bool shares_page(const struct segment *segment, uint64_t offset)
{
	uint64_t start = segment->offset & ~PAGE_MASK;
	uint64_t len = (segment->len + (segment->offset & PAGE_MASK) + PAGE_MASK) & ~PAGE_MASK;

	return offset >= start && offset - start < len;
}

static const struct segment *find_segment(const struct object_file *object, uint64_t offset)
{
	const struct segment *found = NULL;

	vec_each(segment, &object->segments) {
		if (holds(segment, offset) && (!found || segment->executable))
			found = segment;
	}
	if (found)
		return found;
	vec_each(segment, &object->segments) {
		if (shares_page(segment, offset) && (!found || segment->executable))
			found = segment;
	}
	return found;
}

bool object_file_address(const struct object_file *object, uint64_t offset, uint64_t *ret)
{
	const struct segment *segment = find_segment(object, offset);

	if (!segment)
		return false;
	*ret = segment->address + (offset - segment->offset);
	return true;
}

int object_file_find(struct object_file *object, uint64_t address, struct names *names,
		     const char **ret_name)
{
	return symbol_table_find(object->symbols, address, names, ret_name);
}

static int open_lines(struct object_file *object)
{
	int r = object_lines_open(&object->file, false, &object->lines);

	if (r != -ENOENT)
		return r;
	if (!elf_source_is_open(&object->extra))
		open_debug_file(object);
	return object->extra_is_debug_file ?
		       object_lines_open(&object->extra, true, &object->lines) :
		       -ENOENT;
}

void object_file_line(struct object_file *object, uint64_t address, struct str *out)
{
	str_clear(out);
	if (!object->lines && !object->lines_failed)
		object->lines_failed = open_lines(object) < 0;
	if (object->lines)
		object_lines_find(object->lines, address, out);
}

bool object_file_has_lines(const struct object_file *object)
{
	return object->lines;
}

void object_file_drop_lines(struct object_file *object)
{
	object_lines_free(object->lines);
	object->lines = NULL;
}

bool object_file_is_stripped(const struct object_file *object)
{
	return object->stripped;
}

size_t object_file_symbols(const struct object_file *object)
{
	return symbol_table_count(object->symbols);
}

uint64_t object_file_bytes(const struct object_file *object)
{
	return object->file.size;
}
