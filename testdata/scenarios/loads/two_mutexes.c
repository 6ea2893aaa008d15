/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * two_mutexes [N]: N threads named clerk-K look things up under one mutex and now and then count under another; one thread named
 * indexer holds the first for long at a time. The first mutex is hot, look_up() asks for it most often, and rebuild_index() holds it
 * longest.
 */
#include "load.h"

#include <pthread.h>
#include <time.h>

#define ENTRIES 4096

static pthread_mutex_t hot = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t cold = PTHREAD_MUTEX_INITIALIZER;
static volatile long entries[ENTRIES];
static volatile long lookups;

static __attribute__((noinline)) long look_up(unsigned key)
{
	long found;

	pthread_mutex_lock(&hot);
	found = entries[key % ENTRIES];
	pthread_mutex_unlock(&hot);
	return found;
}

static __attribute__((noinline)) long count_lookups(void)
{
	long count;

	pthread_mutex_lock(&cold);
	count = ++lookups;
	pthread_mutex_unlock(&cold);
	return count;
}

/* About a millisecond of work. */
static __attribute__((noinline)) long rebuild_index(void)
{
	long sum = 0;

	pthread_mutex_lock(&hot);
	for (int round = 0; round < 400; round++)
		for (int i = 0; i < ENTRIES; i++)
			sum += entries[i];
	pthread_mutex_unlock(&hot);
	return sum;
}

static void take_nap(long ns)
{
	nanosleep(&(struct timespec){ .tv_nsec = ns }, NULL);
}

/* What a request costs beside the lookup. */
static __attribute__((noinline)) unsigned answer(unsigned seed)
{
	for (int i = 0; i < 3000; i++)
		seed = seed * 1664525u + 1013904223u;
	return seed;
}

static __attribute__((noreturn)) void *serve(void *argument)
{
	unsigned seed = (unsigned)(size_t)argument;
	char name[16];

	snprintf(name, sizeof(name), "clerk-%u", seed % 10000);
	prctl(PR_SET_NAME, name);
	for (;;) {
		seed = answer(seed);
		seed += (unsigned)look_up(seed >> 12) & 1;
		if (!(seed >> 20 & 63))
			seed += (unsigned)count_lookups() & 1;
	}
}

static __attribute__((noreturn)) void *keep_index(void *argument)
{
	long sum = 0;

	prctl(PR_SET_NAME, "indexer");
	for (;;) {
		sum += rebuild_index();
		take_nap(500000 + (sum & 1));
	}
	(void)argument;
}

static int start_thread(void *(*run)(void *), size_t number)
{
	pthread_t thread;

	return pthread_create(&thread, NULL, run, (void *)number);
}

int main(int argc, char **argv)
{
	int threads = load_arg(argc, argv, 1, 12);

	load_bound();
	if (start_thread(keep_index, 0))
		return 77;
	for (int i = 1; i <= threads; i++)
		if (start_thread(serve, (size_t)i))
			return 77;
	load_ready();
	for (;;)
		pause();
}
