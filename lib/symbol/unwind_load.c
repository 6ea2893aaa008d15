/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A load whose stacks are known: built with -O2 -fomit-frame-pointer. Says on its output, from the
 * outermost function to the innermost, where each returns to; an empty line; then it is busy there
 * until it is killed.
 *
 * usage: unwind_load chain|library|sort|mutex|signal
 */
#include "symbol/unwind_load.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static volatile uint64_t spun;

static void say_end(void)
{
	printf("\n");
	fflush(stdout);
}

static NOINLINE void spin(void)
{
	SAY_RETURN();
	say_end();
	for (;;)
		spun++;
}

static NOINLINE void chain_c(void)
{
	SAY_RETURN();
	spin();
	AFTER_CALL();
}

static NOINLINE void chain_b(void)
{
	char area[64];

	SAY_RETURN();
	memset(area, 1, sizeof(area));
	__asm__ volatile("" : : "r"(area) : "memory");
	chain_c();
	AFTER_CALL();
}

static NOINLINE void chain_a(void)
{
	SAY_RETURN();
	chain_b();
	AFTER_CALL();
}

static NOINLINE void run_library(void)
{
	SAY_RETURN();
	library_outer(spin);
	AFTER_CALL();
}

static int compare(const void *a, const void *b)
{
	spin();
	return 0;
}

static NOINLINE void run_sort(void)
{
	int numbers[2] = { 2, 1 };

	SAY_RETURN();
	qsort(numbers, 2, sizeof(*numbers), compare);
	AFTER_CALL();
}

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static sem_t said;

static NOINLINE void take_lock(const void *say)
{
	if (say) {
		SAY_RETURN();
		sem_post(&said);
	}
	for (;;) {
		pthread_mutex_lock(&mutex);
		spun++;
		pthread_mutex_unlock(&mutex);
	}
}

static NOINLINE void *run_worker(void *say)
{
	if (say)
		SAY_RETURN();
	take_lock(say);
	AFTER_CALL();
	return NULL;
}

static NOINLINE void run_mutex(void)
{
	pthread_t threads[4];

	sem_init(&said, 0, 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, run_worker, i ? NULL : threads);
	sem_wait(&said);
	say_end();
	pthread_join(threads[0], NULL);
}

static void handle(int signal)
{
	spin();
}

static NOINLINE void run_signal(void)
{
	SAY_RETURN();
	raise(SIGUSR1);
	AFTER_CALL();
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGUSR1, handle);
	if (strcmp(what, "chain") == 0)
		chain_a();
	else if (strcmp(what, "library") == 0)
		run_library();
	else if (strcmp(what, "sort") == 0)
		run_sort();
	else if (strcmp(what, "mutex") == 0)
		run_mutex();
	else if (strcmp(what, "signal") == 0)
		run_signal();
	return 1;
}
