/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timed_waits [N]: N threads that wait for a message that never comes, with the shortest timeout
 * there is. The timer softirq ends every wait.
 */
#include "load.h"

#include <limits.h>
#include <sys/time.h>

static __attribute__((noreturn)) void *run_waiter(void *unused)
{
	struct timeval shortest = { .tv_usec = 1 };
	struct sockaddr_in address;
	int fd = load_socket(SOCK_DGRAM, &address);
	char byte;

	(void)unused;
	prctl(PR_SET_NAME, "lease-watch");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &shortest, sizeof(shortest));
	for (;;)
		if (recv(fd, &byte, 1, 0) > 0)
			_exit(1);
}

int main(int argc, char **argv)
{
	load_bound();
	load_threads(load_arg(argc, argv, 1, 500), run_waiter);
	load_ready();
	for (;;)
		pause();
}
