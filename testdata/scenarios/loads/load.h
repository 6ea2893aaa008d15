/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shared by the load programs: each ends by itself after a minute at the latest, even if whoever started
 * it is gone, and says when the load stands.
 */
#ifndef TRIAGE_LOADS_LOAD_H
#define TRIAGE_LOADS_LOAD_H

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
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

#endif
