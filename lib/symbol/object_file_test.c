/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files that are not what they seem. The well-formed ones are looked at in symbolizer_test.c, in
 * processes that run them. */
#include "symbol/object_file.h"

#include "base/cleanup.h"
#include "base/testing.h"
#include "symbol/test_subject.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define BYTES_MAX ((uint64_t)1 << 30)

static struct names names;

static void setup(void)
{
	tree_make();
	subject_build("program", "-no-pie -fno-pie");
}

static void teardown(void)
{
	names_clear(&names);
	tree_remove();
}

static int open_path(const char *path, struct object_file **ret)
{
	int fd = open(tree_path(path), O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	return object_file_open(fd, tree_path(path), NULL, BYTES_MAX, ret);
}

static void read_program(struct str *out)
{
	FILE *file = fopen(tree_path("program"), "r");
	char buffer[4096];
	size_t n;

	ck_assert_ptr_nonnull(file);
	while ((n = fread(buffer, 1, sizeof(buffer), file)) > 0)
		str_append_bytes(out, buffer, n);
	fclose(file);
}

START_TEST(no_object_files)
{
	struct object_file *object = NULL;

	tree_put("empty", "");
	tree_put("text",
		 "#!/bin/sh\necho hello, this is longer than the header of an object file\n");
	tree_put_bytes("short", "\177ELF\2\1\1", 7);
	tree_put("archive",
		 "!<arch>\nfoo/            0           0     0     644     4         `\nabcd");
	ck_assert_int_eq(mkfifo(tree_path("fifo"), 0600), 0);
	ck_assert_int_eq(open_path("empty", &object), -ENOEXEC);
	ck_assert_int_eq(open_path("text", &object), -ENOEXEC);
	ck_assert_int_eq(open_path("short", &object), -ENOEXEC);
	ck_assert_int_eq(open_path("archive", &object), -ENOEXEC);
	ck_assert_int_eq(open_path("fifo", &object), -EINVAL);
	ck_assert_ptr_null(object);
	ck_assert_int_eq(object_file_open(open(tree_path("program"), O_RDONLY), "", NULL, 1000,
					  &object),
			 -EFBIG);
}
END_TEST

START_TEST(segments)
{
	struct object_file *object = NULL;
	uint64_t address;

	ck_assert_int_eq(open_path("program", &object), 0);
	ck_assert(object_file_address(object, 0, &address));
	ck_assert_uint_eq(address % 4096, 0);
	ck_assert_uint_gt(address, 0);
	ck_assert(!object_file_address(object, (uint64_t)1 << 40, &address));
	ck_assert(!object_file_address(object, UINT64_MAX, &address));
	ck_assert(!object_file_is_stripped(object));
	ck_assert_uint_gt(object_file_symbols(object), 8);
	object_file_free(object);
}
END_TEST

/* What a hostile file may do at worst is to give wrong names. */
static void ask_everything(const char *bytes, size_t len)
{
	struct object_file *object = NULL;
	_cleanup_(str_free) struct str line = { 0 };
	int fd = memfd_create("object", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	if (object_file_open(fd, "/object", NULL, BYTES_MAX, &object) < 0)
		return;
	for (uint64_t offset = 0; offset < len; offset += 509) {
		const char *name;
		uint64_t address;

		if (!object_file_address(object, offset, &address))
			continue;
		ck_assert_int_ge(object_file_find(object, address, &names, &name), 0);
		if (offset < 0x2000)
			object_file_line(object, address, &line);
	}
	object_file_free(object);
}

START_TEST(cut_files)
{
	_cleanup_(str_free) struct str bytes = { 0 };

	read_program(&bytes);
	for (size_t len = 0; len < bytes.len; len += len < 256 ? 7 : 487)
		ask_everything(bytes.data, len);
}
END_TEST

START_TEST(changed_files)
{
	_cleanup_(str_free) struct str bytes = { 0 };
	unsigned int seed = 4711;

	read_program(&bytes);
	for (int i = 0; i < 300; i++) {
		_cleanup_(cleanup_free) char *copy = malloc(bytes.len);

		memcpy(copy, bytes.data, bytes.len);
		for (int j = 0; j < 8; j++) {
			/* headers of the file and of its sections more often than the rest */
			size_t at = (size_t)rand_r(&seed);

			at = j < 2 ? at % 64 : j < 6 ? bytes.len - 1 - at % 2500 : at % bytes.len;
			copy[at] = (char)rand_r(&seed);
		}
		ask_everything(copy, bytes.len);
	}
}
END_TEST

/* A gigabyte that is not there: what it claims must not be taken as memory. */
START_TEST(sparse_files)
{
	_cleanup_(str_free) struct str bytes = { 0 };
	struct object_file *object = NULL;
	Elf64_Ehdr header;
	Elf64_Shdr section;
	int fd = open(tree_path("program"), O_RDWR | O_CLOEXEC);
	struct rusage before, after;

	getrusage(RUSAGE_SELF, &before);
	read_program(&bytes);
	memcpy(&header, bytes.data, sizeof(header));
	for (int i = 1; i < header.e_shnum; i++) {
		off_t at = (off_t)(header.e_shoff + (uint64_t)i * sizeof(section));

		memcpy(&section, bytes.data + at, sizeof(section));
		section.sh_size = (uint64_t)900 << 20;
		section.sh_offset = 0;
		ck_assert_int_eq(pwrite(fd, &section, sizeof(section), at), sizeof(section));
	}
	ck_assert_int_eq(ftruncate(fd, (off_t)1 << 30), 0);
	ck_assert_int_le(object_file_open(fd, "", NULL, BYTES_MAX, &object), 0);
	getrusage(RUSAGE_SELF, &after);
	ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 128 << 10); /* KiB */
	object_file_free(object);
}
END_TEST

/* With none in the header their number is in the first section, and libelf takes memory for each. */
START_TEST(too_many_sections)
{
	_cleanup_(str_free) struct str bytes = { 0 };
	struct object_file *object = NULL;
	int fd = open(tree_path("program"), O_RDWR | O_CLOEXEC);
	const Elf64_Shdr first = { .sh_size = 10000000 };
	const uint16_t none = 0;
	Elf64_Ehdr header;

	read_program(&bytes);
	memcpy(&header, bytes.data, sizeof(header));
	ck_assert_int_eq(pwrite(fd, &none, 2, offsetof(Elf64_Ehdr, e_shnum)), 2);
	ck_assert_int_eq(pwrite(fd, &first, sizeof(first), (off_t)header.e_shoff), sizeof(first));
	ck_assert_int_eq(ftruncate(fd, (off_t)1 << 30), 0);
	ck_assert_int_eq(object_file_open(fd, "", NULL, BYTES_MAX, &object), -ENOEXEC);
}
END_TEST

START_TEST(own_vdso)
{
	struct object_file *object = NULL;

	if (object_file_of_vdso(&object) == -ENOENT) {
		puts("skipped: no vdso");
		return;
	}
	ck_assert_uint_gt(object_file_symbols(object), 2);
	object_file_free(object);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("object_file");
	TCase *c = tcase_create("files");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, no_object_files);
	tcase_add_test(c, segments);
	tcase_add_test(c, cut_files);
	tcase_add_test(c, changed_files);
	tcase_add_test(c, sparse_files);
	tcase_add_test(c, too_many_sections);
	tcase_add_test(c, own_vdso);
	suite_add_tcase(s, c);
	return s;
}

int main(void)
{
	return run_suite(suite());
}
