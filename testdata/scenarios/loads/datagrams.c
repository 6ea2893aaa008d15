/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * datagrams [SENDERS [PAUSE_US]]: processes telemetry that send small datagrams over loopback as
 * fast as they can, and one process collector that reads them and rests PAUSE_US after each (0:
 * no rest).
 */
#include "load.h"

#include <string.h>

#define DATAGRAM_BYTES 64

static __attribute__((noreturn)) void send_on(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char bytes[DATAGRAM_BYTES];

	load_bound();
	prctl(PR_SET_NAME, "telemetry");
	memset(bytes, 0x55, sizeof(bytes));
	if (fd < 0 || connect(fd, (const void *)to, sizeof(*to)))
		_exit(1);
	for (;;)
		send(fd, bytes, sizeof(bytes), 0);
}

static __attribute__((noreturn)) void collect(int fd, int pause_us)
{
	char bytes[DATAGRAM_BYTES];

	prctl(PR_SET_NAME, "collector");
	for (;;) {
		if (recv(fd, bytes, sizeof(bytes), 0) < 0)
			_exit(1);
		if (pause_us)
			usleep((useconds_t)pause_us);
	}
}

int main(int argc, char **argv)
{
	int senders = load_arg(argc, argv, 1, 2);
	struct sockaddr_in address;
	int fd = load_socket(SOCK_DGRAM, &address);

	load_bound();
	for (int i = 0; i < senders; i++)
		if (fork() == 0)
			send_on(&address);
	load_ready();
	collect(fd, load_arg(argc, argv, 2, 0));
}
