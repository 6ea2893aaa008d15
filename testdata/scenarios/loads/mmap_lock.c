/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mmap_lock [N]: N threads named mapper-K of one process map, touch and unmap memory: all of them want the lock of their one address
 * space, most of them for writing.
 */
#include "load.h"

#include <pthread.h>
#include <sys/mman.h>

#define MAP_BYTES (64 << 10)

static __attribute__((noinline)) int churn_arena(size_t page)
{
	char *memory =
		mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return -1;
	for (size_t at = 0; at < MAP_BYTES; at += page)
		((volatile char *)memory)[at] = 1;
	return munmap(memory, MAP_BYTES);
}

static void *map_memory(void *argument)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char name[16];

	snprintf(name, sizeof(name), "mapper-%u", (unsigned)(size_t)argument % 10000);
	prctl(PR_SET_NAME, name);
	while (churn_arena(page) == 0)
		;
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = load_arg(argc, argv, 1, 16);

	load_bound();
	for (int i = 1; i <= threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, map_memory, (void *)(size_t)i))
			return 77;
	}
	load_ready();
	for (;;)
		pause();
}
