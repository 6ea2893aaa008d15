/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * working_set MIB [N]: N processes that write to all pages of MIB MiB each, over and over, in an
 * order without pattern.
 */
#include "load.h"

#include <stdint.h>
#include <sys/mman.h>

#define BURST 64
#define REST_US 300

static __attribute__((noreturn)) void use_memory(size_t bytes)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	volatile char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t state = (uint64_t)getpid();

	if (memory == MAP_FAILED)
		_exit(1);
	for (unsigned turn = 1;; turn++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		memory[(state >> 33) % (bytes / page) * page] = 1;
		/* else all pages are in use or on their way out, and the OOM killer is the end */
		if (turn % BURST == 0)
			usleep(REST_US);
	}
}

int main(int argc, char **argv)
{
	size_t bytes = (size_t)load_arg(argc, argv, 1, 64) << 20;
	int processes = load_arg(argc, argv, 2, 2);

	load_bound();
	for (int i = 1; i < processes; i++) {
		if (fork() == 0) {
			load_bound();
			use_memory(bytes);
		}
	}
	load_ready();
	use_memory(bytes);
}
