/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sleeping_lock [N]: N threads named booker-K each take one mutex and wait for an answer under it, as a program does that asks a
 * disk or another host while it holds a lock. They hardly use the CPU, and one of them gets on at a time.
 */
#include "load.h"

#include <time.h>

#define ANSWER_NS 2000000
#define PAUSE_NS 3000000

static pthread_mutex_t ledger = PTHREAD_MUTEX_INITIALIZER;
static volatile long bookings;

static void take_nap(long ns)
{
	nanosleep(&(struct timespec){ .tv_nsec = ns }, NULL);
}

static __attribute__((noinline)) void book_under_lock(void)
{
	pthread_mutex_lock(&ledger);
	take_nap(ANSWER_NS);
	bookings++;
	pthread_mutex_unlock(&ledger);
}

static __attribute__((noreturn)) void *serve(void *argument)
{
	char name[16];

	snprintf(name, sizeof(name), "booker-%zu", (size_t)argument % 10000);
	prctl(PR_SET_NAME, name);
	for (;;) {
		book_under_lock();
		take_nap(PAUSE_NS);
	}
}

int main(int argc, char **argv)
{
	load_bound();
	load_threads(load_arg(argc, argv, 1, 12), serve);
	load_ready();
	for (;;)
		pause();
}
