/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crash_loop: a supervisor that starts a service; the service aborts at once, and is started
 * again.
 */
#include "load.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

static __attribute__((noreturn)) void fail_to_start(void)
{
	struct rlimit none = { 0 };

	setrlimit(RLIMIT_CORE, &none);
	abort();
}

int main(int argc, char **argv)
{
	char service[] = "service";

	if (argc == 2 && !strcmp(argv[1], service))
		fail_to_start();
	load_bound();
	load_ready();
	for (;;) {
		pid_t pid = fork();

		if (pid == 0) {
			execl("/proc/self/exe", service, service, NULL);
			_exit(127);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			return 1;
	}
}
