/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spinning_lock [N]: N threads named trader-K under one adaptive mutex: who finds it taken spins for a while before it
 * sleeps. What they do under it is long enough for that to happen often.
 */
#include "load.h"

#define LEVELS 64

static pthread_mutex_t book = PTHREAD_ADAPTIVE_MUTEX_INITIALIZER_NP;
static volatile long depth[LEVELS];

static __attribute__((noinline)) void match_order(unsigned price)
{
	pthread_mutex_lock(&book);
	for (int i = 0; i < LEVELS / 4; i++)
		depth[(price + (unsigned)i) % LEVELS]++;
	pthread_mutex_unlock(&book);
}

static __attribute__((noreturn)) void *trade(void *argument)
{
	unsigned seed = (unsigned)(size_t)argument;
	char name[16];

	snprintf(name, sizeof(name), "trader-%u", seed % 10000);
	prctl(PR_SET_NAME, name);
	for (;;) {
		seed = seed * 1664525u + 1013904223u;
		match_order(seed >> 16);
	}
}

int main(int argc, char **argv)
{
	load_bound();
	load_threads(load_arg(argc, argv, 1, 4), trade);
	load_ready();
	for (;;)
		pause();
}
