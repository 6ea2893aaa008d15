/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cache_readers FILE [N]: N processes that read the file from one end to the other, over and over. */
#include "load.h"

static char bytes[128 * 1024];

static __attribute__((noreturn)) void read_on(int fd)
{
	off_t at = 0;

	load_bound();
	for (;;) {
		ssize_t n = pread(fd, bytes, sizeof(bytes), at);

		if (n < 0)
			_exit(1);
		at = n ? at + n : 0;
	}
}

int main(int argc, char **argv)
{
	int readers = load_arg(argc, argv, 2, 4);

	if (argc < 2)
		return 2;
	load_bound();
	for (int i = 1; i <= readers; i++) {
		/* a file description each: none reads ahead for another */
		int fd = open(argv[1], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			return 1;
		if (i == readers)
			load_ready();
		if (i == readers || fork() == 0)
			read_on(fd);
		close(fd);
	}
}
