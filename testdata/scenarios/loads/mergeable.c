/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mergeable [MIB]: MIB MiB of pages, no two alike, that the kernel is asked to merge (KSM): it
 * compares them for ever.
 */
#include "load.h"

#include <stdint.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
	size_t words = ((size_t)load_arg(argc, argv, 1, 256) << 20) / sizeof(uint64_t);
	uint64_t *memory = mmap(NULL, words * sizeof(*memory), PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || madvise(memory, words * sizeof(*memory), MADV_MERGEABLE)) {
		perror("mergeable");
		return 77;
	}
	for (size_t i = 0; i < words; i++)
		memory[i] = i;
	load_bound();
	load_ready();
	for (;;)
		pause();
}
