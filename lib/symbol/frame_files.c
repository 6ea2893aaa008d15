/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "symbol/frame_files.h"

#include "base/cleanup.h"

#include <errno.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#define BUCKETS 256
#define BYTES_MAX ((size_t)256 << 20)
#define FILE_MAX ((uint64_t)8 << 30) /* of which frame information is a small part */
#define VDSO_MAX ((size_t)1 << 20)
#define TRIES_MAX 3

struct slot {
	/* What it is known by; the path is shared by all who have it. `pid` only where the inode is
	 * not known. */
	const char *path;
	uint64_t inode;
	uint32_t major, minor;
	pid_t pid;

	struct frame_file *file; /* NULL: could not be had */
	pid_t tried_pid;	 /* another process may have a way to it */
	unsigned tries;
	uint64_t used; /* count of calls when it was last asked for */
	int32_t next;
};

struct frame_files {
	const struct address_spaces *spaces;
	uint32_t files_max;
	VEC(struct slot) slots;
	int32_t buckets[BUCKETS];
	uint64_t calls, failed;
	uint32_t last_id;
	size_t bytes;
};

struct frame_files *frame_files_new(const struct address_spaces *spaces, uint32_t files_max)
{
	struct frame_files *files = calloc(1, sizeof(*files));

	if (!files)
		return NULL;
	files->spaces = spaces;
	files->files_max = files_max;
	memset(files->buckets, 0xff, sizeof(files->buckets));
	return files;
}

void frame_files_free(struct frame_files *files)
{
	if (!files)
		return;
	vec_each(slot, &files->slots)
		frame_file_free(slot->file);
	vec_free(&files->slots);
	free(files);
}

uint64_t frame_files_failed(const struct frame_files *files)
{
	return files->failed;
}

size_t frame_files_bytes(const struct frame_files *files)
{
	return files->bytes;
}

/* ---- reading --------------------------------------------------------------------------------- */

static size_t vdso_len(const ElfW(Ehdr) * header)
{
	const char *base = (const char *)header;
	size_t len = header->e_shoff + (size_t)header->e_shnum * header->e_shentsize;

	for (unsigned i = 0; i < header->e_phnum; i++) {
		const ElfW(Phdr) *program =
			(const void *)(base + header->e_phoff + (size_t)i * header->e_phentsize);

		if (program->p_type == PT_LOAD && program->p_offset + program->p_filesz > len)
			len = program->p_offset + program->p_filesz;
	}
	return len;
}

/* The kernel gives all processes of a host the same one, this one too. */
static int copy_own_vdso(struct elf_source *ret)
{
	const void *vdso = (const void *)getauxval(AT_SYSINFO_EHDR);
	size_t len = vdso ? vdso_len(vdso) : 0;
	void *copy;

	if (len == 0 || len > VDSO_MAX)
		return -ENOENT;
	copy = malloc(len);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, vdso, len);
	return elf_source_of_image(copy, len, ret);
}

static int open_source(const struct frame_files *files, pid_t pid, const struct mapping *mapping,
		       struct elf_source *ret)
{
	int fd;

	if (strcmp(mapping->path, "[vdso]") == 0)
		return address_spaces_is_live(files->spaces) ? copy_own_vdso(ret) : -ENOENT;
	fd = address_spaces_open_file(files->spaces, pid, mapping);
	return fd < 0 ? fd : elf_source_open(fd, FILE_MAX, ret);
}

static int read_file(const struct frame_files *files, pid_t pid, const struct mapping *mapping,
		     struct frame_file **ret)
{
	_cleanup_(elf_source_close) struct elf_source source = ELF_SOURCE_NONE;
	int r = open_source(files, pid, mapping, &source);

	return r < 0 ? r : frame_file_read(&source, ret);
}

/* ---- the table ------------------------------------------------------------------------------- */

static struct slot key_of(pid_t pid, const struct mapping *mapping)
{
	bool vdso = strcmp(mapping->path, "[vdso]") == 0;

	return (struct slot){ .path = mapping->path,
			      .inode = mapping->inode,
			      .major = mapping->major,
			      .minor = mapping->minor,
			      .pid = mapping->inode || vdso ? 0 : pid };
}

static int32_t *bucket_of(struct frame_files *files, const struct slot *key)
{
	uint64_t hash =
		((uint64_t)(uintptr_t)key->path >> 4) + key->inode * 31 + (uint64_t)key->pid;

	return &files->buckets[(hash ^ hash >> 8) % BUCKETS];
}

static bool is_same(const struct slot *a, const struct slot *b)
{
	return a->path == b->path && a->inode == b->inode && a->major == b->major &&
	       a->minor == b->minor && a->pid == b->pid;
}

static struct slot *find_slot(struct frame_files *files, const struct slot *key)
{
	int32_t i = *bucket_of(files, key);

	while (i >= 0 && !is_same(&files->slots.data[i], key))
		i = files->slots.data[i].next;
	return i < 0 ? NULL : &files->slots.data[i];
}

static void drop_file(struct frame_files *files, struct slot *slot)
{
	files->bytes -= slot->file ? slot->file->bytes : 0;
	frame_file_free(slot->file);
	slot->file = NULL;
}

static struct slot *least_used(struct frame_files *files, bool with_file)
{
	struct slot *least = NULL;

	vec_each(slot, &files->slots)
		if ((slot->file || !with_file) && (!least || slot->used < least->used))
			least = slot;
	return least;
}

static int32_t reuse_least_used(struct frame_files *files)
{
	struct slot *least = least_used(files, false);
	int32_t index = (int32_t)(least - files->slots.data);
	int32_t *link = bucket_of(files, least);

	while (*link != index)
		link = &files->slots.data[*link].next;
	*link = least->next;
	drop_file(files, least);
	return index;
}

static int add_slot(struct frame_files *files, const struct slot *key, struct slot **ret)
{
	int32_t index = (int32_t)files->slots.len;
	int32_t *bucket;

	if (files->slots.len >= files->files_max)
		index = reuse_least_used(files);
	else if (vec_push(&files->slots, *key) < 0)
		return -ENOMEM;
	bucket = bucket_of(files, key);
	*ret = &files->slots.data[index];
	**ret = *key;
	(*ret)->next = *bucket;
	*bucket = index;
	return 0;
}

/* The one that was just read is the most used: it stays. */
static void shrink(struct frame_files *files, const struct slot *keep)
{
	while (files->bytes > BYTES_MAX) {
		struct slot *least = least_used(files, true);

		if (!least || least == keep)
			return;
		drop_file(files, least);
		least->tries = 0;
	}
}

static int fill_slot(struct frame_files *files, pid_t pid, const struct mapping *mapping,
		     struct slot *slot)
{
	int r = read_file(files, pid, mapping, &slot->file);

	if (r == -ENOMEM)
		return r;
	if (r < 0 && slot->tries == 0)
		files->failed++;
	slot->tries++;
	slot->tried_pid = pid;
	if (r < 0)
		return -ENOENT;
	slot->file->id = ++files->last_id;
	files->bytes += slot->file->bytes;
	shrink(files, slot);
	return 0;
}

int frame_files_get(struct frame_files *files, pid_t pid, const struct mapping *mapping,
		    struct frame_file **ret)
{
	struct slot key = key_of(pid, mapping), *slot = find_slot(files, &key);
	int r = 0;

	if (*mapping->path != '/' && strcmp(mapping->path, "[vdso]") != 0)
		return -ENOENT;
	if (!slot)
		r = add_slot(files, &key, &slot);
	if (r < 0)
		return r;
	slot->used = ++files->calls;
	if (!slot->file) {
		if (slot->tries >= TRIES_MAX || (slot->tries && slot->tried_pid == pid))
			return -ENOENT;
		r = fill_slot(files, pid, mapping, slot);
		if (r < 0)
			return r;
	}
	*ret = slot->file;
	return 0;
}
