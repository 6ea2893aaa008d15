/* SPDX-License-Identifier: GPL-2.0-or-later */
/* faults [N]: N processes that map, touch and unmap memory: minor page faults and little else. */
#include "load.h"

#include <sys/mman.h>

#define MAP_BYTES (4 << 20)

static __attribute__((noinline)) void touch_pages(volatile char *memory, size_t bytes, size_t page)
{
	for (size_t at = 0; at < bytes; at += page)
		memory[at] = 1;
}

static __attribute__((noreturn)) void churn_memory(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (;;) {
		char *memory = mmap(NULL, MAP_BYTES, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			_exit(1);
		madvise(memory, MAP_BYTES, MADV_NOHUGEPAGE);
		touch_pages(memory, MAP_BYTES, page);
		munmap(memory, MAP_BYTES);
	}
}

int main(int argc, char **argv)
{
	int processes = load_arg(argc, argv, 1, 2);

	load_bound();
	for (int i = 1; i < processes; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			load_bound();
			churn_memory();
		}
		if (pid < 0)
			return 1;
	}
	load_ready();
	churn_memory();
}
