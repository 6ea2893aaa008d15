/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/symbolizer.h"

#include "base/cleanup.h"
#include "symbol/jit_cache.h"
#include "symbol/kernel_symbols.h"
#include "symbol/object_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILES_DEFAULT 256
#define FILE_BYTES_DEFAULT ((size_t)1 << 30)
#define JIT_BYTES_DEFAULT ((size_t)16 << 20)
#define PAGE 4096u

static const char unknown[] = "[unknown]";
static const char jit_module[] = "[jit]";

struct symbolizer {
	struct procroot *root;
	const struct address_spaces *spaces;
	struct names names;
	struct kernel_symbols *kernel;
	struct object_cache *objects;
	struct object_file *vdso;
	struct jit_cache *jit;
	struct symbolizer_counts counts;
};

/* ---- life ------------------------------------------------------------------------------------ */

struct symbolizer *symbolizer_new(struct procroot *root, const struct address_spaces *spaces,
				  const struct symbolizer_options *options)
{
	_cleanup_(symbolizer_freep) struct symbolizer *symbolizer = calloc(1, sizeof(*symbolizer));
	struct symbolizer_options given = { 0 };

	if (!symbolizer)
		return NULL;
	if (options)
		given = *options;
	symbolizer->spaces = spaces;
	symbolizer->root = root;
	symbolizer->objects = object_cache_new(
		root, spaces, &symbolizer->names, given.files_max ? given.files_max : FILES_DEFAULT,
		given.file_bytes_max ? given.file_bytes_max : FILE_BYTES_DEFAULT);
	symbolizer->jit =
		jit_cache_new(root, given.jit_bytes_max ? given.jit_bytes_max : JIT_BYTES_DEFAULT);
	if (!symbolizer->objects || !symbolizer->jit)
		return NULL;
	/* A recorded host had another kernel. */
	if (procroot_is_live(root) && object_file_of_vdso(&symbolizer->vdso) == -ENOMEM)
		return NULL;
	return TAKE_PTR(symbolizer);
}

void symbolizer_free(struct symbolizer *symbolizer)
{
	if (!symbolizer)
		return;
	kernel_symbols_free(symbolizer->kernel);
	object_cache_free(symbolizer->objects);
	object_file_free(symbolizer->vdso);
	jit_cache_free(symbolizer->jit);
	names_clear(&symbolizer->names);
	free(symbolizer);
}

void symbolizer_freep(struct symbolizer **symbolizer)
{
	symbolizer_free(*symbolizer);
}

void symbolizer_counts(const struct symbolizer *symbolizer, struct symbolizer_counts *ret)
{
	struct object_cache_counts files;

	object_cache_counts(symbolizer->objects, &files);
	*ret = symbolizer->counts;
	ret->files_opened = files.opened;
	ret->files_failed = files.failed;
	ret->files_stripped = files.stripped;
}

/* ---- kernel ---------------------------------------------------------------------------------- */

int symbolizer_load_kernel(struct symbolizer *symbolizer, struct err *err)
{
	struct kernel_symbols *loaded;
	int r = kernel_symbols_load(symbolizer->root, &loaded, err);

	if (r < 0)
		return r;
	kernel_symbols_free(symbolizer->kernel);
	symbolizer->kernel = loaded;
	return 0;
}

int symbolizer_find_kernel(struct symbolizer *symbolizer, uint64_t address, struct symbol *ret)
{
	const char *name, *module, *shared_name, *shared_module;

	*ret = (struct symbol){ .function = unknown, .module = KERNEL_MODULE, .kernel = true };
	if (!symbolizer->kernel ||
	    !kernel_symbols_find(symbolizer->kernel, address, &name, &module)) {
		symbolizer->counts.kernel_missed++;
		return 0;
	}
	shared_name = names_share_symbol(&symbolizer->names, name);
	shared_module = names_share(&symbolizer->names, module, strlen(module));
	if (!shared_name || !shared_module)
		return -ENOMEM;
	ret->function = shared_name;
	ret->module = shared_module;
	ret->named = true;
	symbolizer->counts.kernel_found++;
	return 0;
}

/* ---- processes ------------------------------------------------------------------------------- */

/* Where an address is, in the terms of the file that is mapped there. */
struct place {
	struct object_file *object; /* NULL: it can't be read, or there is none */
	const char *module;
	uint64_t address; /* of the file; its offset when it has no segment there */
	bool has_address;
	bool anonymous; /* mapped, but no file */
};

static bool is_vdso(const struct symbolizer *symbolizer, const struct mapping *mapping)
{
	uint64_t bytes;

	if (strcmp(mapping->path, "[vdso]") != 0 || !symbolizer->vdso)
		return false;
	/* That of a 32-bit process is another one. */
	bytes = (object_file_bytes(symbolizer->vdso) + PAGE - 1) / PAGE * PAGE;
	return mapping->end - mapping->start == bytes;
}

static bool is_anonymous(const char *path)
{
	return !*path || strncmp(path, "//", 2) == 0 ||
	       (*path == '[' && strcmp(path, "[vdso]") != 0 && strcmp(path, "[vsyscall]") != 0);
}

static int find_file(struct symbolizer *symbolizer, pid_t pid, const struct mapping *mapping,
		     struct place *ret)
{
	struct cached_object cached = { .module = NULL };
	int r;

	if (*mapping->path == '/') {
		r = object_cache_get(symbolizer->objects, pid, mapping, &cached);
		if (r < 0)
			return r;
	} else {
		cached.module =
			names_share(&symbolizer->names, mapping->path, strlen(mapping->path));
		if (!cached.module)
			return -ENOMEM;
		if (is_vdso(symbolizer, mapping))
			cached.object = symbolizer->vdso;
	}
	ret->object = cached.object;
	ret->module = cached.module;
	return 0;
}

static int find_place(struct symbolizer *symbolizer, pid_t pid, uint64_t address, struct place *ret)
{
	const struct mapping *mapping = address_spaces_find(symbolizer->spaces, pid, address);
	int r;

	*ret = (struct place){ .module = "" };
	if (!mapping)
		return 0;
	if (is_anonymous(mapping->path)) {
		ret->anonymous = true;
		return 0;
	}
	r = find_file(symbolizer, pid, mapping, ret);
	if (r < 0)
		return r;
	ret->address = address - mapping->start + mapping->offset;
	ret->has_address = ret->object &&
			   object_file_address(ret->object, ret->address, &ret->address);
	return 0;
}

static int find_jit(struct symbolizer *symbolizer, pid_t pid, uint64_t address, struct symbol *ret)
{
	struct span name;
	const char *shared;
	int r = jit_cache_find(symbolizer->jit, pid, address, &name);

	if (r <= 0)
		return r;
	shared = names_share(&symbolizer->names, name.p, span_len(name));
	if (!shared)
		return -ENOMEM;
	*ret = (struct symbol){
		.function = shared, .module = jit_module, .named = true, .jit = true
	};
	return 1;
}

/* "libfoo.so+0x1f30" */
static int tell_offset(struct symbolizer *symbolizer, const struct place *place, uint64_t address,
		       struct symbol *ret)
{
	_cleanup_(str_free) struct str text = { 0 };
	const char *shared;

	if (!*place->module)
		return 0;
	/* Of a long name, rather its end is missing than the offset. */
	str_format(&text, "%.*s+0x%llx", SYMBOL_NAME_MAX - 20, place->module,
		   (unsigned long long)address);
	if (str_error(&text) < 0)
		return -ENOMEM;
	shared = names_share(&symbolizer->names, text.data, text.len);
	if (!shared)
		return -ENOMEM;
	ret->function = strcmp(shared, NAMES_FULL) == 0 ? place->module : shared;
	return 0;
}

static int find_in_object(struct symbolizer *symbolizer, const struct place *place,
			  struct symbol *ret)
{
	const char *name;
	int r;

	if (!place->has_address)
		return 0;
	r = object_file_find(place->object, place->address, &symbolizer->names, &name);
	if (r <= 0)
		return r;
	ret->function = name;
	ret->named = true;
	return 1;
}

static int find_user(struct symbolizer *symbolizer, pid_t pid, uint64_t address, uint64_t before,
		     struct symbol *ret)
{
	struct place place;
	int r = find_place(symbolizer, pid, address - before, &place);

	if (r < 0)
		return r;
	ret->module = place.anonymous ? jit_module : place.module;
	ret->jit = place.anonymous;
	r = find_in_object(symbolizer, &place, ret);
	/* Runtimes put code into files of memory, too. */
	if (r == 0 && !place.object)
		r = find_jit(symbolizer, pid, address - before, ret);
	return r == 0 ? tell_offset(symbolizer, &place, place.address + before, ret) : r;
}

/* How far before an address the instruction is that it stands for. */
static uint64_t step_back(uint64_t address, bool is_return)
{
	return is_return && address ? 1 : 0;
}

int symbolizer_find_user(struct symbolizer *symbolizer, pid_t pid, uint64_t address, bool is_return,
			 struct symbol *ret)
{
	int r;

	*ret = (struct symbol){ .function = unknown, .module = "" };
	r = find_user(symbolizer, pid, address, step_back(address, is_return), ret);
	if (r < 0) {
		*ret = (struct symbol){ .function = unknown, .module = "" };
		return r;
	}
	symbolizer->counts.user_found += ret->named;
	symbolizer->counts.user_missed += !ret->named;
	return 0;
}

const char *symbolizer_line(struct symbolizer *symbolizer, pid_t pid, uint64_t address,
			    bool is_return)
{
	_cleanup_(str_free) struct str text = { 0 };
	struct place place;
	const char *shared;

	if (find_place(symbolizer, pid, address - step_back(address, is_return), &place) < 0 ||
	    !place.has_address)
		return "";
	object_file_line(place.object, place.address, &text);
	object_cache_bound_lines(symbolizer->objects);
	if (text.len == 0)
		return "";
	shared = names_share(&symbolizer->names, text.data,
			     text.len < SYMBOL_LINE_MAX ? text.len : SYMBOL_LINE_MAX - 1);
	return shared && strcmp(shared, NAMES_FULL) != 0 ? shared : "";
}
