/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slow_accept [CLIENTS]: a server that takes 20 connections a second from a queue of 16, and a
 * process of CLIENTS threads that connect without a pause, all on loopback.
 */
#include "load.h"

#include <poll.h>
#include <sys/time.h>

#define QUEUE 16
#define REST_US 50000
#define PATIENCE_MS 200

static struct sockaddr_in server;

static __attribute__((noreturn)) void *run_client(void *unused)
{
	struct linger reset = { .l_onoff = 1 };

	(void)unused;
	for (;;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		struct pollfd connected = { .fd = fd, .events = POLLOUT };

		if (fd < 0)
			_exit(1);
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)); /* no TIME_WAIT */
		connect(fd, (const void *)&server, sizeof(server));
		poll(&connected, 1, PATIENCE_MS);
		close(fd);
	}
}

static __attribute__((noreturn)) void run_clients(int clients)
{
	load_bound();
	prctl(PR_SET_NAME, "impatient");
	load_threads(clients, run_client);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int fd = load_socket(SOCK_STREAM, &server);

	if (listen(fd, QUEUE))
		return 1;
	load_bound();
	if (fork() == 0)
		run_clients(load_arg(argc, argv, 1, 64));
	load_ready();
	for (;;) {
		close(accept(fd, NULL, NULL));
		usleep(REST_US);
	}
}
