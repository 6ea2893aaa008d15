/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * getppid_loop [N]: N threads that ask again and again who their parent is: the smallest system
 * call there is.
 */
#include "load.h"

#include <sys/syscall.h>

static __attribute__((noreturn)) void *run_watcher(void *unused)
{
	pid_t parent = getppid();

	(void)unused;
	prctl(PR_SET_NAME, "parent-watch");
	for (;;)
		if (syscall(SYS_getppid) != parent)
			_exit(0);
}

int main(int argc, char **argv)
{
	load_bound();
	load_threads(load_arg(argc, argv, 1, 4), run_watcher);
	load_ready();
	for (;;)
		pause();
}
