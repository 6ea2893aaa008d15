/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hog [N]: N processes of one thread each that do nothing but count. */
#include "load.h"

#include <stdint.h>

static volatile uint64_t counter;

static __attribute__((noinline, noreturn)) void burn_cycles(void)
{
	for (;;)
		counter = counter * 6364136223846793005u + 1442695040888963407u;
}

int main(int argc, char **argv)
{
	int processes = load_arg(argc, argv, 1, 1);

	load_bound();
	for (int i = 1; i < processes; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			load_bound();
			burn_cycles();
		}
		if (pid < 0)
			return 1;
	}
	load_ready();
	burn_cycles();
}
