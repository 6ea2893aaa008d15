/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zombies [RATE] [MOST]: leaves RATE dead children a second unreaped, MOST in all. */
#include "load.h"

#include <time.h>

int main(int argc, char **argv)
{
	int per_s = load_arg(argc, argv, 1, 50);
	int most = load_arg(argc, argv, 2, 2000);
	struct timespec gap = { .tv_nsec = 999999999 / per_s };

	load_bound();
	load_ready();
	for (int i = 0; i < most; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(0);
		if (pid < 0)
			break;
		nanosleep(&gap, NULL);
	}
	for (;;)
		pause();
}
