/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * open_crowd FOLDER [N]: N threads that make, rename and remove files of their own in one folder:
 * each step takes the folder's lock.
 */
#include "load.h"

static const char *folder;

static __attribute__((noinline)) int spool_one(int at, const char *name, const char *done)
{
	int fd = openat(at, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return -1;
	close(fd);
	return renameat(at, name, at, done) || unlinkat(at, done, 0);
}

static __attribute__((noreturn)) void *run_spooler(void *argument)
{
	int at = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned mine = (unsigned)(size_t)argument;
	char name[32], done[32];

	prctl(PR_SET_NAME, "spooler");
	snprintf(name, sizeof(name), "new.%u", mine);
	snprintf(done, sizeof(done), "done.%u", mine);
	for (;;)
		if (spool_one(at, name, done))
			_exit(1);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	folder = argv[1];
	load_bound();
	load_threads(load_arg(argc, argv, 2, 16), run_spooler);
	load_ready();
	for (;;)
		pause();
}
