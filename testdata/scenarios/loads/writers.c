/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writers FOLDER [N]: N threads that append to a file each, ten times a second. Healthy by themselves; on a
 * frozen file system all of them end in state D without any IO.
 */
#include "load.h"

#include <pthread.h>
#include <time.h>

static const char *folder;

static void *append_often(void *arg)
{
	struct timespec gap = { .tv_nsec = 100000000 };
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/log.%d", folder, (int)(long)arg);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	while (fd >= 0 && write(fd, "line\n", 5) == 5)
		nanosleep(&gap, NULL);
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = load_arg(argc, argv, 2, 100);

	if (argc < 2)
		return 2;
	folder = argv[1];
	load_bound();
	for (int i = 0; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, append_often, (void *)(long)i))
			return 1;
	}
	for (;;)
		pause();
}
