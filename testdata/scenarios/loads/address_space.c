/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * address_space [N]: N threads mapper of one process that each map and unmap pieces of
 * their own. They share no data, only the address space: every mmap and munmap takes its lock for
 * writing.
 */
#include "load.h"

#include <sys/mman.h>

#define MAP_BYTES (64 << 10)
#define TOUCH_EVERY 8

static __attribute__((noinline)) void build_and_drop(int touch)
{
	volatile char *memory =
		mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(1);
	if (touch)
		memory[0] = 1;
	munmap((void *)memory, MAP_BYTES);
}

static __attribute__((noreturn)) void *run_mapper(void *unused)
{
	(void)unused;
	prctl(PR_SET_NAME, "mapper");
	for (unsigned turn = 0;; turn++)
		build_and_drop(turn % TOUCH_EVERY == 0);
}

int main(int argc, char **argv)
{
	load_bound();
	load_threads(load_arg(argc, argv, 1, 16), run_mapper);
	load_ready();
	for (;;)
		pause();
}
