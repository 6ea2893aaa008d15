/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An object file, as an image and as a file. */
#include "symbol/object_file.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define ASKED 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(struct object_file *object, size_t size)
{
	struct names names = { 0 };
	struct str line = { 0 };
	const char *name;
	uint64_t address;

	for (uint64_t i = 0; i < ASKED; i++) {
		if (!object_file_address(object, size * i / ASKED, &address))
			continue;
		if (object_file_find(object, address, &names, &name) > 0 && !*name)
			abort();
		object_file_line(object, address, &line);
	}
	str_free(&line);
	names_clear(&names);
	object_file_free(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct object_file *object;
	int fd;

	if (object_file_of_image(data, size, &object) == 0)
		ask(object, size);
	fd = memfd_create("object", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	if (object_file_open(fd, "/object", NULL, (uint64_t)1 << 30, &object) == 0)
		ask(object, size);
	return 0;
}
