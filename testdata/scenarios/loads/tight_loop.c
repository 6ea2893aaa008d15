/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tight_loop [N]: N threads that spend their time in one function of this file. */
#include "load.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#define BLOCK_BYTES 4096

static __attribute__((noinline)) uint32_t spin_checksum(const uint8_t *bytes, size_t n,
							uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum = (sum ^ bytes[i]) * 16777619u;
	return sum;
}

static __attribute__((noreturn)) void *check_blocks(void *unused)
{
	uint8_t block[BLOCK_BYTES];
	volatile uint32_t result = 2166136261u;
	volatile size_t bytes = sizeof(block); /* of a constant comes a renamed copy */

	memset(block, 0x5a, sizeof(block));
	for (;;)
		result = spin_checksum(block, bytes, result);
}

int main(int argc, char **argv)
{
	int threads = load_arg(argc, argv, 1, 1);

	load_bound();
	for (int i = 1; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, check_blocks, NULL))
			return 77;
	}
	load_ready();
	check_blocks(NULL);
}
