/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/symbol_table.h"

#include "base/vec.h"
#include "symbol/symbol_alias.h"

#include <errno.h>
#include <string.h>

#define TABLE_BYTES_MAX ((uint64_t)64 << 20) /* of a section: 2.8 million symbols */
#define SIZE_MAX_KEPT ((1u << 28) - 1)
#define NAME_READ 4096
#define LOOK_BACK 64 /* symbols; functions within functions are few */

struct table_symbol {
	uint64_t start;
	uint32_t name;	    /* in the string table of its source */
	uint32_t size : 28; /* unsized: up to the end of its section */
	uint32_t binding : 2;
	uint32_t source : 1;
	uint32_t unsized : 1;
};

struct string_table {
	const struct elf_source *source;
	uint64_t offset, size;
};

struct symbol_table {
	VEC(struct table_symbol) list;
	struct string_table strings[SYMBOL_TABLE_SOURCES];
	unsigned int sources;
	const char **shared; /* names found, of the first symbol at an address; NULL: not yet */
};

struct symbol_table *symbol_table_new(void)
{
	return calloc(1, sizeof(struct symbol_table));
}

void symbol_table_free(struct symbol_table *table)
{
	if (!table)
		return;
	vec_free(&table->list);
	free(table->shared);
	free(table);
}

size_t symbol_table_count(const struct symbol_table *table)
{
	return table->list.len;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Hand-written assembly may have no type; a local one without type and size is a label or marks
 * data among code. */
static bool is_function(const GElf_Sym *symbol, bool in_code)
{
	unsigned int type = GELF_ST_TYPE(symbol->st_info);

	if (symbol->st_name == 0 || symbol->st_shndx == SHN_UNDEF ||
	    symbol->st_shndx == SHN_COMMON || symbol->st_shndx == SHN_ABS)
		return false;
	if (type == STT_FUNC || type == STT_GNU_IFUNC)
		return true;
	return type == STT_NOTYPE && in_code &&
	       (symbol->st_size > 0 || GELF_ST_BIND(symbol->st_info) != STB_LOCAL);
}

static enum symbol_binding binding_of(const GElf_Sym *symbol)
{
	switch (GELF_ST_BIND(symbol->st_info)) {
	case STB_LOCAL:
		return SYMBOL_LOCAL;
	case STB_WEAK:
		return SYMBOL_WEAK;
	default:
		return SYMBOL_GLOBAL;
	}
}

/* How far a symbol without size may reach. */
static uint64_t room_in(const GElf_Shdr *section, uint64_t start)
{
	return start >= section->sh_addr && start - section->sh_addr < section->sh_size ?
		       section->sh_size - (start - section->sh_addr) :
		       0;
}

static int add_symbol(struct symbol_table *table, Elf *elf, const GElf_Sym *symbol)
{
	struct table_symbol added = { .start = symbol->st_value, .name = symbol->st_name };
	GElf_Shdr section = { 0 };
	uint64_t size = symbol->st_size;

	if (symbol->st_shndx < SHN_LORESERVE)
		gelf_getshdr(elf_getscn(elf, symbol->st_shndx), &section);
	if (!is_function(symbol, section.sh_flags & SHF_EXECINSTR))
		return 0;
	if (size == 0) {
		added.unsized = true;
		size = room_in(&section, symbol->st_value);
	}
	if (size == 0)
		return 0;
	added.size = size < SIZE_MAX_KEPT ? (uint32_t)size : SIZE_MAX_KEPT;
	added.binding = binding_of(symbol) & 3;
	added.source = table->sources & 1;
	return vec_push(&table->list, added);
}

static Elf_Scn *find_section(Elf *elf, uint32_t type, GElf_Shdr *ret)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)))
		if (gelf_getshdr(section, ret) && ret->sh_type == type)
			return section;
	return NULL;
}

static bool find_strings(Elf *elf, uint32_t index, const struct elf_source *source,
			 struct string_table *ret)
{
	GElf_Shdr header;

	if (!gelf_getshdr(elf_getscn(elf, index), &header) || header.sh_type != SHT_STRTAB ||
	    (header.sh_flags & SHF_COMPRESSED))
		return false;
	*ret = (struct string_table){ source, header.sh_offset, header.sh_size };
	return true;
}

int symbol_table_add(struct symbol_table *table, const struct elf_source *source, Elf *elf,
		     uint32_t type)
{
	GElf_Shdr header;
	Elf_Scn *section = find_section(elf, type, &header);
	Elf_Data *data;
	size_t entry = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	GElf_Sym symbol;
	int r = 0;

	if (table->sources >= SYMBOL_TABLE_SOURCES)
		return -EINVAL;
	if (!section || entry == 0 || header.sh_size > TABLE_BYTES_MAX ||
	    (header.sh_flags & SHF_COMPRESSED) ||
	    !find_strings(elf, header.sh_link, source, &table->strings[table->sources]))
		return -ENOENT;
	data = elf_getdata(section, NULL);
	if (!data || !data->d_buf || data->d_type != ELF_T_SYM)
		return -ENOENT;
	for (size_t i = 0; r == 0 && i < data->d_size / entry && i < INT32_MAX; i++)
		if (gelf_getsym(data, (int)i, &symbol))
			r = add_symbol(table, elf, &symbol);
	table->sources++;
	return r;
}

static int compare(const void *left, const void *right)
{
	const struct table_symbol *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->source != b->source)
		return a->source < b->source ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

int symbol_table_finish(struct symbol_table *table)
{
	size_t len = table->list.len;
	void *trimmed;

	if (len == 0)
		return 0;
	qsort(table->list.data, len, sizeof(*table->list.data), compare);
	trimmed = realloc(table->list.data, len * sizeof(*table->list.data));
	if (trimmed) {
		table->list.data = trimmed;
		table->list.cap = len;
	}
	/* Fresh zero pages: those of symbols that nobody asks for are never touched. */
	table->shared = calloc(len, sizeof(*table->shared));
	return table->shared ? 0 : -ENOMEM;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* The symbols that start at one address: [first, end). */
struct group {
	size_t first, end;
	bool sized; /* then those without size don't count */
	uint64_t size;
};

static size_t count_before(const struct symbol_table *table, uint64_t address)
{
	size_t low = 0, high = table->list.len;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->list.data[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The group whose last symbol is before `end`. */
static struct group group_before(const struct symbol_table *table, size_t end)
{
	const struct table_symbol *list = table->list.data;
	struct group group = { .first = end - 1, .end = end };

	while (group.first > 0 && list[group.first - 1].start == list[end - 1].start)
		group.first--;
	for (size_t i = group.first; i < end; i++)
		group.sized = group.sized || !list[i].unsized;
	for (size_t i = group.first; i < end; i++)
		if (group.sized != list[i].unsized && list[i].size > group.size)
			group.size = list[i].size;
	return group;
}

/* A function with a size that holds the address comes before a nearer label without one. */
static bool find_group(const struct symbol_table *table, uint64_t address, struct group *ret)
{
	size_t end = count_before(table, address), nearest = end;
	bool found = false;

	while (end > 0 && nearest - end < LOOK_BACK) {
		struct group group = group_before(table, end);
		uint64_t start = table->list.data[group.first].start;
		bool holds = address - start < group.size;

		if (holds && (group.sized || end == nearest)) {
			*ret = group;
			found = true;
			if (group.sized)
				break;
		}
		end = group.first;
	}
	return found;
}

static bool read_name(const struct symbol_table *table, const struct table_symbol *symbol,
		      char name[NAME_READ])
{
	const struct string_table *strings = &table->strings[symbol->source];
	size_t len = NAME_READ - 1;

	if (symbol->name >= strings->size || strings->offset > UINT64_MAX - symbol->name)
		return false;
	if (len > strings->size - symbol->name)
		len = (size_t)(strings->size - symbol->name);
	name[elf_source_read(strings->source, strings->offset + symbol->name, name, len)] = '\0';
	return *name != '\0';
}

static bool choose_name(const struct symbol_table *table, const struct group *group,
			char best[NAME_READ])
{
	enum symbol_binding binding = SYMBOL_LOCAL;
	char name[NAME_READ];
	size_t most = group->first + LOOK_BACK;

	*best = '\0';
	for (size_t i = group->first; i < group->end && i < most; i++) {
		const struct table_symbol *symbol = &table->list.data[i];
		struct symbol_alias alias = { name, symbol->binding };
		struct symbol_alias best_alias = { best, binding };

		if (group->sized == symbol->unsized || !read_name(table, symbol, name))
			continue;
		if (!*best || symbol_alias_compare(&alias, &best_alias) < 0) {
			memcpy(best, name, NAME_READ);
			binding = symbol->binding;
		}
	}
	return *best != '\0';
}

int symbol_table_find(struct symbol_table *table, uint64_t address, struct names *names,
		      const char **ret_name)
{
	struct group group;
	char name[NAME_READ];
	const char *shared;

	if (!find_group(table, address, &group))
		return 0;
	shared = table->shared[group.first];
	if (!shared) {
		if (!choose_name(table, &group, name))
			return 0;
		shared = names_share_symbol(names, name);
	}
	if (!shared)
		return -ENOMEM;
	table->shared[group.first] = shared;
	*ret_name = shared;
	return 1;
}
