/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fsync_log FOLDER [N]: N threads that append a record to a log each and wait until it is on the
 * disk.
 */
#include "load.h"

#include <string.h>

#define RECORD_BYTES 4096

static const char *folder;

static __attribute__((noinline)) int commit_record(int fd, const char *record)
{
	return write(fd, record, RECORD_BYTES) == RECORD_BYTES ? fsync(fd) : -1;
}

static __attribute__((noreturn)) void *run_writer(void *argument)
{
	char path[4096], record[RECORD_BYTES];
	int fd;

	prctl(PR_SET_NAME, "wal-writer");
	memset(record, 0x2e, sizeof(record));
	snprintf(path, sizeof(path), "%s/wal.%u", folder, (unsigned)(size_t)argument);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	for (;;)
		if (fd < 0 || commit_record(fd, record))
			_exit(1);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	folder = argv[1];
	load_bound();
	load_threads(load_arg(argc, argv, 2, 12), run_writer);
	load_ready();
	for (;;)
		pause();
}
