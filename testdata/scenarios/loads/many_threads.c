/* SPDX-License-Identifier: GPL-2.0-or-later */
/* many_threads [N]: N threads that sleep. A large pool at rest is not an illness. */
#include "load.h"

#include <limits.h>
#include <pthread.h>

static void *doze(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = load_arg(argc, argv, 1, 1000);
	pthread_attr_t attr;

	load_bound();
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN + 16384);
	for (int i = 1; i < threads; i++) {
		pthread_t thread;

		if (pthread_create(&thread, &attr, doze, NULL)) {
			fprintf(stderr, "many_threads: only %d of %d threads\n", i, threads);
			return 77;
		}
	}
	load_ready();
	doze(NULL);
	return 0;
}
