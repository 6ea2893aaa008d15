/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the load programs: each ends by itself after a minute at the latest, even if whoever started
 * it is gone, and says when the load stands.
 */
#ifndef TRIAGE_LOADS_LOAD_H
#define TRIAGE_LOADS_LOAD_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOAD_LIMIT_S 60

/* Ends this process with SIGALRM after LOAD_LIMIT_S and when its parent dies. Forked children inherit
 * neither: they call it too. */
static inline void load_bound(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(LOAD_LIMIT_S);
}

/* Creates the file that $READY names, if any. */
static inline void load_ready(void)
{
	const char *path = getenv("READY");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd >= 0)
		close(fd);
}

/* argv[index] as a positive number, or `otherwise`. */
static inline int load_arg(int argc, char **argv, int index, int otherwise)
{
	int number = index < argc ? atoi(argv[index]) : 0;

	return number > 0 ? number : otherwise;
}

/* `threads` threads that run(1), run(2), ... for ever; ends the program, as skipped, when they can't be had. */
static inline void load_threads(int threads, void *(*run)(void *))
{
	for (int i = 1; i <= threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, run, (void *)(size_t)i)) {
			fprintf(stderr, "only %d of %d threads\n", i - 1, threads);
			exit(77);
		}
	}
}

/* A socket bound to a free port of loopback, its address in *address; else ends the program, as skipped. */
static inline int load_socket(int type, struct sockaddr_in *address)
{
	socklen_t length = sizeof(*address);
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (fd < 0 || bind(fd, (void *)address, length) ||
	    getsockname(fd, (void *)address, &length)) {
		perror("loopback");
		exit(77);
	}
	return fd;
}

#endif
